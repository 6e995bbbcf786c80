/**
 * The hook through which a test or the simulator makes calls go wrong. It is asked once for each attempt of each call
 * a client makes, in the order of the calls: a seeded answer makes a run that can be repeated.
 */
export interface Faults {
  /** undefined: the call goes through. */
  on(call: Call): Fault | undefined;
}

export interface Call {
  readonly api: Api;
  readonly clientId: string;
  readonly group?: string | undefined;
  readonly transactionalId?: string | undefined;
}

/** Kafka's names, as far as the transport speaks them. */
export type Api =
  | 'initProducerId'
  | 'produce'
  | 'txnOffsetCommit'
  | 'endTxn'
  | 'fetch'
  | 'joinGroup'
  | 'syncGroup'
  | 'heartbeat'
  | 'leaveGroup'
  | 'offsetCommit'
  | 'offsetFetch'
  | 'admin';

export type Fault =
  /** The broker answers with an error that repeating cures, and does nothing. */
  | { readonly kind: 'refuse' }
  /** The client waits for an answer in vain. The broker never gets the request, or too late: after `arrivesAfterMs`. */
  | { readonly kind: 'loseRequest'; readonly arrivesAfterMs?: number }
  /** It takes effect, and the client waits for the answer in vain. */
  | { readonly kind: 'loseResponse' }
  | { readonly kind: 'delayRequest'; readonly ms: number }
  | { readonly kind: 'delayResponse'; readonly ms: number }
  /** The whole client stands still, as a process that is stopped and then goes on. */
  | { readonly kind: 'pauseClient'; readonly ms: number };
