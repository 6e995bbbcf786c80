import type { Fault } from '../../src/runtime/transport/embedded/faults.ts';
import { brokenVariants } from './broken.ts';
import type { Disturbance, Strike } from './disturbances.ts';
import { shrink } from './shrink.ts';
import { type Simulated, simulate } from './simulate.ts';

/** What a failed run comes down to: as few disturbances and records as make it fail, and what is wrong then. */
export async function smallestFailure(
  { seed, struck, records }: Simulated,
  variant: string | undefined,
): Promise<Simulated> {
  const broken = variant === undefined ? undefined : brokenVariants[variant];
  const whole = { disturbances: struck, records };
  const smallest = await shrink(whole, async (smaller) => {
    const { violations } = await simulate({ seed, ...smaller, broken });
    return violations.length > 0;
  });
  return simulate({ seed, ...smallest, broken });
}

export function reportOf({ seed, guarantee, hasStandbys, records, struck, violations }: Simulated): string {
  return [
    `seed ${seed}, ${guarantee}${hasStandbys ? ', with standbys' : ''}, ${records} records`,
    ...(struck.length === 0 ? ['  nothing is disturbed'] : struck.map((one) => `  ${disturbanceText(one)}`)),
    '  broken:',
    ...violations.map((violation) => `    ${violation.replaceAll('\n', '\n    ')}`),
  ].join('\n');
}

function disturbanceText(one: Disturbance): string {
  switch (one.at) {
    case 'call':
      return `${one.api} number ${one.nth}: ${faultText(one.fault)}${one.killedAfterMs === undefined ? '' : `, and the process is killed after ${one.killedAfterMs} ms`}`;
    case 'write':
      return `transaction number ${one.nth} on the disk of machine ${one.machine + 1}: ${faultText(one.fault)}`;
    case 'move':
      return `at ${one.ms} ms: for ${one.lasts} ms ${one.apis.join(', ')} are refused, their coordinator moves`;
    case 'late':
      return `at ${one.ms} ms: for ${one.lasts} ms committed offsets are visible ${one.by} ms late`;
    case 'time':
      return `at ${one.ms} ms: ${strikeText(one.what)}, machine ${one.machine + 1}`;
  }
}

function faultText(fault: Fault | 'crash-before' | 'crash-after'): string {
  if (fault === 'crash-before') return 'the process is killed, it takes no effect';
  if (fault === 'crash-after') return 'it takes effect, the process is killed';
  switch (fault.kind) {
    case 'refuse':
      return 'refused';
    case 'loseRequest':
      return `the request is lost${fault.arrivesAfterMs === undefined ? '' : `, and arrives after ${fault.arrivesAfterMs} ms`}`;
    case 'loseResponse':
      return 'the answer is lost';
    case 'delayRequest':
      return `the request takes ${fault.ms} ms`;
    case 'delayResponse':
      return `the answer takes ${fault.ms} ms`;
    case 'pauseClient':
      return `the process stands still for ${fault.ms} ms`;
  }
}

function strikeText(what: Strike): string {
  switch (what.kind) {
    case 'crash':
      return 'the process is killed';
    case 'stop':
      return 'the process is stopped, another starts';
    case 'join':
      return `a third machine joins for ${what.lasts} ms`;
    case 'full':
      return `the disk is full for ${what.lasts} ms`;
    case 'tear':
      return `power is lost, and up to ${what.most} transactions of each database`;
    case 'loseFolders':
      return 'the process is killed, and folders of its tasks are deleted';
    case 'oldCopies':
      return 'the process is killed, and older copies stand in the place of its state';
    case 'clock':
      return `the wall clock jumps by ${what.by} ms`;
    case 'clean':
      return 'topics are compacted and cut';
  }
}
