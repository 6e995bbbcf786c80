import type { Api, Call, Fault, Faults } from '../transport/embedded/faults.ts';

/** How often something goes wrong: the chance of each at every call an instance makes to the broker, 0 to 1. */
export interface Chaos {
  /** The instance is gone, as by SIGKILL, before or after the call has taken effect; another starts a second later. */
  readonly crash?: number;
  /** An instance joins, or one leaves. */
  readonly rebalance?: number;
  /** The broker answers with an error that passes. */
  readonly refuse?: number;
  /** The request, or the answer to it, is lost: the instance waits in vain and does not know which. */
  readonly lose?: number;
  /** The broker takes up to three seconds. */
  readonly slow?: number;
  /** The instance stands still for up to ten seconds, as by SIGSTOP: the group gives it up meanwhile, perhaps. */
  readonly pause?: number;
}

/** One thing that goes wrong, at the `nth` (default: first) call from now on that fits. */
export interface Injection {
  /** What is called; default: anything. 'endTxn' is the commit of a transaction, 'offsetCommit' of positions at-least-once. */
  readonly api?: Api;
  /** Default: any. */
  readonly instance?: string;
  readonly nth?: number;
  /**
   * 'crash-before' and 'crash-after' kill the instance that calls: the call has not, or has taken effect, and nobody hears of it.
   * Else as the broker fails: `{ kind: 'refuse' }`, `{ kind: 'loseResponse' }`, `{ kind: 'delayRequest', ms: 500 }`, ...
   */
  readonly fault: 'crash-before' | 'crash-after' | Fault;
}

export interface TroubleParts {
  readonly random: () => number;
  readonly chaos: Chaos;
  readonly isInstance: (name: string) => boolean;
  readonly crash: (name: string) => void;
  readonly rebalance: () => void;
}

/** What goes wrong between the instances and the broker. */
export interface Trouble {
  readonly faults: Faults;
  inject(injection: Injection): void;
  /** Whether chaos strikes. */
  chaotic: boolean;
}

/** ms a call takes at most when nothing is wrong: makes the instances meet in another order with each seed. */
const jitterMs = 8;

export function trouble(parts: TroubleParts): Trouble {
  const { random, chaos, isInstance } = parts;
  const pending: { readonly injection: Injection; left: number }[] = [];
  function injected({ api, clientId }: Call): Injection['fault'] | undefined {
    for (const [index, entry] of pending.entries()) {
      const { injection } = entry;
      if ((injection.api ?? api) !== api || (injection.instance ?? clientId) !== clientId) continue;
      if (--entry.left > 0) continue;
      pending.splice(index, 1);
      return injection.fault;
    }
    return undefined;
  }

  function by(fault: Injection['fault'], name: string): Fault {
    if (fault === 'crash-before') parts.crash(name);
    // The call takes effect as soon as this function is left.
    else if (fault === 'crash-after') void Promise.resolve().then(() => parts.crash(name));
    else return fault;
    return { kind: fault === 'crash-before' ? 'loseRequest' : 'loseResponse' };
  }

  const self: Trouble = {
    chaotic: true,
    faults: {
      on(call) {
        if (!isInstance(call.clientId)) return undefined;
        const fault = injected(call) ?? (self.chaotic ? drawn(chaos, random, parts.rebalance) : undefined);
        if (fault !== undefined) return by(fault, call.clientId);
        return { kind: 'delayRequest', ms: Math.floor(random() * (jitterMs + 1)) };
      },
    },
    inject: (injection) => void pending.push({ injection, left: injection.nth ?? 1 }),
  };
  return self;
}

function drawn(chaos: Chaos, random: () => number, rebalance: () => void): Injection['fault'] | undefined {
  const ms = (most: number): number => Math.floor(random() * most);
  const either = <T>(one: T, other: T): T => (random() < 0.5 ? one : other);
  const happens = (chance = 0): boolean => chance > 0 && random() < chance;
  if (happens(chaos.crash)) return either('crash-before', 'crash-after');
  if (happens(chaos.refuse)) return { kind: 'refuse' };
  if (happens(chaos.lose)) return { kind: either('loseRequest', 'loseResponse') };
  if (happens(chaos.slow)) return { kind: either('delayRequest', 'delayResponse'), ms: ms(3_000) };
  if (happens(chaos.pause)) return { kind: 'pauseClient', ms: ms(10_000) };
  if (happens(chaos.rebalance)) rebalance();
  return undefined;
}
