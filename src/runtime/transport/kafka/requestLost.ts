import { type ErrorCode, type ErrorDetails, MillraceError } from '../../../errors.ts';

/**
 * A request that got no answer: the broker could not be reached, closed the connection or took too long. Worth repeating
 * if doing the request twice does no harm or if it cannot have arrived.
 */
export class RequestLost extends MillraceError {
  /** false: nothing of it was sent, so the broker cannot have acted on it. */
  readonly mayHaveArrived: boolean;

  constructor(code: ErrorCode, what: string, mayHaveArrived: boolean, details: ErrorDetails = {}) {
    super(code, what, details);
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** No answer, and another attempt may get one: everything but the end of the connection by millrace itself. */
export function isLost(error: unknown): error is RequestLost {
  return error instanceof RequestLost && error.code !== 'TRANSPORT_CLOSED';
}
