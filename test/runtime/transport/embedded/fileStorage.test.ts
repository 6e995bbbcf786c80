import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/runtime/clock.ts';
import {
  type EmbeddedBroker,
  embeddedBroker,
} from '../../../../src/runtime/transport/embedded/embeddedBroker.ts';
import { fileStorage } from '../../../../src/runtime/transport/embedded/fileStorage.ts';
import { openDatabase } from '../../../../src/state/openDatabase.ts';
import { tempFolder } from '../../../kit/tempFolder.ts';
import { append, ContractKit, numbered, readAll, values, write } from '../contractKit.ts';

function newFile(): string {
  return join(tempFolder(), 'deep', 'topics.db');
}

function open(file: string): EmbeddedBroker {
  const broker = embeddedBroker({ storage: { file }, clock: systemClock });
  onTestFinished(() => broker.close());
  return broker;
}

function kitOf(broker: EmbeddedBroker): ContractKit {
  return new ContractKit({
    clock: systemClock,
    transport: (clientId) => broker.transport(clientId),
    run: (work) => work,
    close: async () => {},
  });
}

describe('fileStorage', () => {
  it('keeps topics, records and positions', async () => {
    const file = newFile();
    const first = open(file);
    const transport = first.transport();
    const topic = 'kept';
    await transport.admin.create([{ topic, partitions: 2, config: { 'max.message.bytes': '5000' } }]);
    const headers = [['name', Buffer.from('content')] as const, ['none', null] as const];
    await write(transport, topic, ...numbered(3), {
      partition: 1,
      key: null,
      value: '',
      timestamp: 7,
      headers,
    });
    await write(transport, topic, { partition: 1, key: Buffer.from([255, 0]), value: null });
    await transport.admin.deleteRecords([{ topic, partition: 0, before: 1 }]);
    const producer = await transport.producer({ transactionalId: 'id' });
    const offsets = [{ topic, partition: 1, offset: 2, metadata: 'größer' }];
    await producer.commit({ group: 'group', generation: -1, memberId: '', offsets });
    first.close();

    const kit = kitOf(open(file));
    const later = await kit.transport();
    const [described] = await later.admin.describe([topic]);
    expect(described).toMatchObject({ partitions: 2, config: { 'max.message.bytes': '5000' } });
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    expect(await later.admin.startOffsets(partitions)).toEqual([1, 0]);
    expect(await later.admin.endOffsets(partitions, 'committed')).toEqual([3, 2]);
    expect(values(await readAll(kit, later, partitions[0]!, 'committed', 1))).toEqual(['1', '2']);
    const reader = later.reader({ isolation: 'committed', maxBytes: 1000 });
    reader.assign([{ ...partitions[1]!, offset: 0 }]);
    const [batch] = await reader.poll(0);
    batch!.next();
    expect([batch!.keyText(), batch!.valueText(), batch!.timestamp, batch!.headers()]).toEqual([
      null,
      '',
      7,
      headers,
    ]);
    batch!.next();
    expect([batch!.keyBytes(), batch!.valueBytes(), batch!.headers()]).toEqual([
      Buffer.from([255, 0]),
      null,
      [],
    ]);
    const position = { offset: 2, metadata: 'größer' };
    expect(await later.committed('group', partitions)).toEqual([undefined, position]);
    await write(later, topic, ...numbered(1, 3));
    expect(values(await readAll(kit, later, partitions[0]!, 'committed', 1))).toEqual(['1', '2', '3']);
  });

  it('forgets deleted topics and their positions', async () => {
    const file = newFile();
    const first = open(file);
    const transport = first.transport();
    await transport.admin.create([{ topic: 'gone', partitions: 1 }]);
    await write(transport, 'gone', ...numbered(3));
    const producer = await transport.producer({ transactionalId: 'id' });
    const offsets = [{ topic: 'gone', partition: 0, offset: 2, metadata: '' }];
    await producer.commit({ group: 'group', generation: -1, memberId: '', offsets });
    await transport.admin.delete(['gone']);
    first.close();
    const later = open(file).transport();
    expect(await later.admin.describe(['gone'])).toEqual([undefined]);
    await later.admin.create([{ topic: 'gone', partitions: 1 }]);
    expect(await later.admin.endOffsets([{ topic: 'gone', partition: 0 }], 'uncommitted')).toEqual([0]);
    expect(await later.committed('group', [{ topic: 'gone', partition: 0 }])).toEqual([undefined]);
  });

  it('aborts what was open when the process ended, and never gives an epoch or an id again', async () => {
    const file = newFile();
    const first = open(file);
    const transport = first.transport();
    await transport.admin.create([{ topic: 'topic', partitions: 1 }]);
    const producer = await transport.producer({ transactionalId: 'id' });
    append(producer, 'topic', ...numbered(2));
    await producer.commit(undefined);
    append(producer, 'topic', ...numbered(2, 2));
    await producer.flush();
    const epochOf = (storage = fileStorage(file)) => {
      const { producers, nextProducerId } = storage.load();
      storage.close();
      return { ...producers[0]!, nextProducerId };
    };
    first.close();
    const before = epochOf();
    const second = open(file);
    const kit = kitOf(second);
    const later = await kit.transport();
    expect(values(await readAll(kit, later, { topic: 'topic', partition: 0 }))).toEqual(['0', '1']);
    await later.producer({ transactionalId: 'id' });
    await later.producer({});
    await write(later, 'topic', ...numbered(1, 4));
    expect(values(await readAll(kit, later, { topic: 'topic', partition: 0 }))).toEqual(['0', '1', '4']);
    second.close();
    const after = epochOf();
    expect([after.producerId, after.epoch]).toEqual([before.producerId, before.epoch + 1]);
    expect(after.nextProducerId).toBeGreaterThan(before.nextProducerId);
    const third = kitOf(open(file));
    const partition = { topic: 'topic', partition: 0 };
    expect(values(await readAll(third, await third.transport(), partition))).toEqual(['0', '1', '4']);
  });

  it('reads records back that it no longer has in memory', async () => {
    const file = newFile();
    const kit = kitOf(open(file));
    const transport = await kit.transport();
    await transport.admin.create([{ topic: 'large', partitions: 1 }]);
    const filler = 'x'.repeat(1_000_000);
    for (let number = 0; number < 80; number++)
      await write(transport, 'large', { key: `${number}`, value: filler });
    const seen = await readAll(kit, transport, { topic: 'large', partition: 0 });
    expect(seen.map(({ key }) => key)).toEqual(Array.from({ length: 80 }, (_, index) => `${index}`));
    expect(seen.every(({ value }) => value === filler)).toBe(true);
  });

  it('changes nothing when the file cannot be written, and goes on when it can', async () => {
    const file = newFile();
    const kit = kitOf(open(file));
    const transport = await kit.transport();
    await transport.admin.create([{ topic: 'topic', partitions: 1 }]);
    const other = openDatabase(file);
    other.exec('begin immediate');
    const partition = { topic: 'topic', partition: 0 };
    await expect(write(transport, 'topic', ...numbered(1))).rejects.toMatchObject({ code: 'STATE_LOCKED' });
    expect(await transport.admin.endOffsets([partition], 'uncommitted')).toEqual([0]);
    other.exec('rollback');
    other.close();
    await write(transport, 'topic', ...numbered(1));
    expect(values(await readAll(kit, transport, partition))).toEqual(['0']);
  });

  it('is for one broker: another is told which process has it', async () => {
    const file = newFile();
    const broker = open(file);
    const found = expect.objectContaining({ path: file, found: `process ${process.pid}` });
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED', details: found }));
    broker.close();
    open(file);
  });

  it('is let go of with the last client where that is asked for', async () => {
    const file = newFile();
    const broker = embeddedBroker({ storage: { file }, closesWithClients: true });
    const [first, second] = [broker.transport(), broker.transport()];
    await first.admin.create([{ topic: 'topic', partitions: 1 }]);
    await first.close();
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
    expect(await second.admin.describe(['topic'])).toMatchObject([{ partitions: 1 }]);
    await second.close();
    expect(await open(file).transport().admin.describe(['topic'])).toMatchObject([{ partitions: 1 }]);
    await expect(broker.transport().admin.describe(['topic'])).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
    });
  });

  it('refuses a path that cannot be written', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'topics.db');
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'STATE_UNWRITABLE' }));
  });

  it('refuses a damaged file, and lets go of it', () => {
    const file = newFile();
    open(file).close();
    writeFileSync(
      file,
      'this is not a database, and it is longer than a header of one hundred bytes '.repeat(10),
    );
    const damaged = expect.objectContaining({ code: 'STATE_CORRUPT' });
    expect(() => open(file)).toThrow(damaged);
    expect(() => open(file)).toThrow(damaged);
  });

  it('refuses a file of another format', () => {
    const file = newFile();
    open(file).close();
    const database = openDatabase(file);
    database.exec("update meta set value = '99' where name = 'format'");
    database.close();
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }));
  });
});

describe('fileStorage of a process that is killed', () => {
  it('has every transaction that was acknowledged, and none by halves', { timeout: 60_000 }, async () => {
    const file = newFile();
    for (let round = 0; round < 3; round++) {
      const { child, lines } = start(file);
      await lines(20 + 7 * round);
      const lock = expect.objectContaining({
        code: 'STATE_LOCKED',
        details: expect.objectContaining({ path: file, found: `process ${child.pid}` }),
      });
      expect(() => open(file)).toThrow(lock);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const acknowledged = Number((await lines()).at(-1));

      const broker = open(file);
      const kit = kitOf(broker);
      const transport = await kit.transport();
      const [one, two] = await Promise.all(
        ['one', 'two'].map((topic) => readAll(kit, transport, { topic, partition: 0 })),
      );
      expect(one!.map(({ key, value }) => [key, value])).toEqual(two!.map(({ key, value }) => [key, value]));
      const numbers = one!.map(({ timestamp }) => timestamp);
      const committed = (await transport.committed('group', [{ topic: 'one', partition: 0 }]))[0]!.offset;
      const lastRun = numbers.slice(numbers.lastIndexOf(1) - 2);
      expect(lastRun).toEqual(Array.from({ length: 3 * committed }, (_, index) => 1 + Math.floor(index / 3)));
      expect(committed).toBeGreaterThanOrEqual(acknowledged);
      expect(committed).toBeLessThanOrEqual(acknowledged + 1);
      broker.close();
    }
  });
});

/** `lines(n)`: resolves with all that it has said once that is n lines, or it has ended. */
function start(file: string): { child: ChildProcess; lines(count?: number): Promise<string[]> } {
  const script = join(import.meta.dirname, 'holdTopics.child.ts');
  const child = spawn(process.execPath, ['--conditions=millrace:source', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  const output = createInterface({ input: child.stdout! });
  output.on('line', (line) => said.push(line));
  const closed = once(output, 'close');
  return {
    child,
    async lines(count = Number.POSITIVE_INFINITY) {
      while (said.length < count) {
        const ended = await Promise.race([closed.then(() => true), once(output, 'line').then(() => false)]);
        if (ended) break;
      }
      return said;
    },
  };
}
