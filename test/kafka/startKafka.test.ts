import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { aliveBrokers } from '../../scripts/kafka/aliveBrokers.ts';
import { startKafka } from '../../scripts/kafka/startKafka.ts';
import { javaMissing } from './brokers.ts';

/** What startCluster.child.ts tells about its cluster. */
interface Started {
  readonly port: number;
  readonly pids: readonly number[];
  readonly folder: string;
}

describe.skipIf(javaMissing)('startKafka', () => {
  it('restarts a node that was killed, and refuses a node that is not there', async () => {
    await using cleanup = new AsyncDisposableStack();
    const cluster = await startKafka({ nodes: 1, config: { 'num.partitions': 7 } });
    cleanup.defer(() => cluster.stop());
    const port = Number(cluster.brokers[0]!.split(':')[1]);
    expect(await aliveBrokers(port)).toEqual([1]);
    await cluster.kill(0, 'SIGKILL');
    expect(await aliveBrokers(port)).toEqual([]);
    await cluster.restart(0);
    expect(await aliveBrokers(port)).toEqual([1]);
    await expect(cluster.restart(1)).rejects.toThrow('there is no node 1');
    await cluster.stop();
    expect(await aliveBrokers(port)).toEqual([]);
    await cluster.stop();
  });

  it('leaves nothing behind when the process that started it is killed', async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, 'startCluster.child.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    const { port, pids, folder } = JSON.parse((await lines.next()).value!) as Started;
    expect(await aliveBrokers(port)).toEqual([1]);
    // A stopped node cannot end by itself.
    process.kill(pids[0]!, 'SIGSTOP');
    parent.kill('SIGKILL');
    await expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
  });

  it('takes one to three nodes', async () => {
    await expect(startKafka({ nodes: 0 })).rejects.toThrow(RangeError);
    await expect(startKafka({ nodes: 4 })).rejects.toThrow(RangeError);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
