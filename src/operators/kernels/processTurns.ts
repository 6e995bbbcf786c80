import type { AnyFunction, AnyMessage, Receive, StepContext } from '../../dsl/node.ts';
import { checkTimestamp } from './checkTimestamp.ts';
import type { ProcessErrors } from './processErrors.ts';

/** When a function given to process() may emit and change rows: while a record or a timer has its turn. */
export interface Turns {
  /** Calls a function in the turn of a record, or of what stands for it in a timer; then sends on what was emitted. */
  take(message: AnyMessage, work: AnyFunction, first: unknown, second?: unknown): void;
  /** The message whose turn it is. Throws out of turn, naming what was called. */
  current(what: string): AnyMessage;
  emit(emission: Partial<AnyMessage>): void;
  /** From now on records have their turns. */
  begin(): void;
  readonly begun: boolean;
}

export function processTurns(task: StepContext, errors: ProcessErrors, emit: Receive): Turns {
  let turn: AnyMessage | undefined;
  let begun = false;
  // Collected, not handed on at once: what a later step throws is not to be seen, or caught, by the user's function.
  let emitted: AnyMessage[] = [];

  const current = (what: string): AnyMessage => {
    if (turn !== undefined) return turn;
    throw errors.outOfTurn(what, !begun);
  };
  return {
    take(message, work, first, second) {
      turn = message;
      try {
        work(first, second);
      } catch (error) {
        emitted = [];
        throw error;
      } finally {
        turn = undefined;
      }
      if (emitted.length === 0) return;
      const ready = emitted;
      emitted = [];
      for (const made of ready) emit(made);
    },
    current,
    emit(emission) {
      emitted.push(completed(emission, current('emit()'), task, errors));
    },
    begin() {
      begun = true;
    },
    get begun() {
      return begun;
    },
  };
}

function completed(
  emission: Partial<AnyMessage>,
  { key, value, timestamp, headers }: AnyMessage,
  task: StepContext,
  errors: ProcessErrors,
): AnyMessage {
  const made = {
    key: 'key' in emission ? emission.key : key,
    value: 'value' in emission ? emission.value : value,
    timestamp:
      emission.timestamp === undefined
        ? timestamp
        : checkTimestamp(emission.timestamp, task.step, 'The function given to process() emitted'),
    headers: emission.headers ?? headers,
  };
  if (made.key === undefined) throw errors.incomplete('key');
  if (made.value === undefined) throw errors.incomplete('value');
  return made;
}
