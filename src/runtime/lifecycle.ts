import { BehaviorSubject, type Observable } from 'rxjs';
import { MillraceError } from '../errors.ts';

/** created -> connecting -> rebalancing <-> restoring <-> running -> draining -> closed; failed from anywhere. */
export type AppState =
  | 'created'
  | 'connecting'
  | 'rebalancing'
  | 'restoring'
  | 'running'
  | 'draining'
  | 'closed'
  | 'failed';

const ended: ReadonlySet<AppState> = new Set(['closed', 'failed']);

/** The state of an application, and its only way to change: what has ended stays ended. */
export interface Lifecycle {
  readonly state: AppState;
  /** The current state at once, then every change; completes when the application has ended. */
  readonly states: Observable<AppState>;
  /** Ignored once draining has begun, except for the steps of ending. */
  to(state: AppState): void;
}

export function lifecycle(): Lifecycle {
  const states = new BehaviorSubject<AppState>('created');
  return {
    get state() {
      return states.value;
    },
    states: states.asObservable(),
    to(next) {
      const { value } = states;
      if (value === next || ended.has(value)) return;
      if (value === 'draining' && !ended.has(next)) return;
      states.next(next);
      if (ended.has(next)) states.complete();
    },
  };
}

export function notRunning(state: AppState, action: string): MillraceError {
  return new MillraceError('NOT_RUNNING', `The application cannot ${action} now`, {
    expected: action === 'start' ? 'an application that was never started' : 'a running application',
    found: state,
    next: action === 'start' ? 'Make a new one with app(): an application runs once.' : 'Start it first.',
  });
}
