import type { Encoded } from '../../../src/dsl/codecs/codec.ts';
import { type Headers, noHeaders } from '../../../src/dsl/message.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type {
  Batch,
  Isolation,
  NewTopic,
  Producer,
  Reader,
  TopicPartition,
  Transport,
} from '../../../src/runtime/transport/transport.ts';
import { eventually } from '../../kit/eventually.ts';

/** What a transport brings along to be held to the contract. */
export interface Fixture {
  readonly clock: Clock;
  /** A client of its own to the brokers that all clients of this fixture share; not connected yet. */
  transport(clientId: string): Transport;
  /** Lets time pass while the work waits: nothing to do on a real clock. */
  run(work: Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** A record as a test writes it. */
export interface Sent {
  readonly partition?: number;
  readonly key?: Encoded | null;
  readonly value?: Encoded | null;
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** A record as a test has read it. */
export interface Seen {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Headers;
}

let names = 0;

/** Three lines of set-up in one: what the tests of the contract do all the time. */
export class ContractKit {
  readonly clock: Clock;
  readonly #fixture: Fixture;
  readonly #transports: Transport[] = [];

  constructor(fixture: Fixture) {
    this.#fixture = fixture;
    this.clock = fixture.clock;
  }

  /** A name nobody has used: the brokers may be older than the test. */
  name(of: string): string {
    return `${of}-${process.pid}-${names++}-${Math.trunc(this.clock.now()).toString(36)}`;
  }

  async transport(clientId: string = this.name('client')): Promise<Transport> {
    const transport = this.#fixture.transport(clientId);
    this.#transports.push(transport);
    await transport.connect();
    return transport;
  }

  async topic(transport: Transport, options: Partial<Omit<NewTopic, 'topic'>> = {}): Promise<string> {
    const topic = this.name('topic');
    // Brokers drop what is a week old, and the records of tests are of 1970.
    const config = { 'retention.ms': '-1', ...options.config };
    await transport.admin.create([{ topic, partitions: 1, ...options, config }]);
    return topic;
  }

  eventually(condition: () => boolean | Promise<boolean>, limitMs?: number): Promise<void> {
    return eventually(this.clock, condition, limitMs);
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
  }
}

export function append(producer: Producer, topic: string, ...records: readonly Sent[]): void {
  for (const { partition, key = null, value = null, timestamp = 1_000, headers = noHeaders } of records) {
    producer.append(topic, partition, key, value, timestamp, headers);
  }
}

/** Writes with a producer of its own, and waits until it is there. */
export async function write(transport: Transport, topic: string, ...records: readonly Sent[]): Promise<void> {
  const producer = await transport.producer({});
  append(producer, topic, ...records);
  await producer.flush();
  await producer.close();
}

/** Values '0' to 'n-1' with keys 'k0' to 'kn-1', for partition 0. */
export function numbered(count: number, from = 0): Sent[] {
  return Array.from({ length: count }, (_, index) => ({
    partition: 0,
    key: `k${from + index}`,
    value: `${from + index}`,
  }));
}

export function open(transport: Transport, isolation: Isolation = 'committed', maxBytes = 1_000_000): Reader {
  return transport.reader({ isolation, maxBytes });
}

/** All records of batches, as text. */
export function records(batches: readonly Batch[]): Seen[] {
  const seen: Seen[] = [];
  for (const batch of batches) {
    while (batch.next()) {
      seen.push({
        partition: batch.partition,
        offset: batch.offset,
        timestamp: batch.timestamp,
        key: batch.keyText(),
        value: batch.valueText(),
        headers: batch.headers(),
      });
    }
  }
  return seen;
}

/** Polls until there are `count` records; what comes beyond is handed out as well. */
export async function take(kit: ContractKit, reader: Reader, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  await kit.eventually(async () => {
    if (seen.length < count) seen.push(...records(await reader.poll(200)));
    return seen.length >= count;
  });
  return seen;
}

/** Waits until no transaction is open there: what was decided shows a moment after the broker has said so. */
export async function settled(
  kit: ContractKit,
  transport: Transport,
  ...partitions: readonly TopicPartition[]
): Promise<void> {
  await kit.eventually(async () => {
    const [committed, all] = await Promise.all([
      transport.admin.endOffsets(partitions, 'committed'),
      transport.admin.endOffsets(partitions, 'uncommitted'),
    ]);
    return committed.every((end, index) => end === all[index]);
  }, 40_000); // a transaction that timed out is looked for every ten seconds
}

/** Everything from an offset to the end as a reader of that isolation sees it; judged by position, not by count. */
export async function readAll(
  kit: ContractKit,
  transport: Transport,
  of: TopicPartition,
  isolation: Isolation = 'committed',
  from = 0,
): Promise<Seen[]> {
  const reader = open(transport, isolation);
  reader.assign([{ ...of, offset: from }]);
  const seen: Seen[] = [];
  await kit.eventually(async () => {
    seen.push(...records(await reader.poll(200)));
    const end = reader.end(of);
    return end !== undefined && reader.position(of) >= end;
  });
  await reader.close();
  return seen;
}

export function values(seen: readonly Seen[]): (string | null)[] {
  return seen.map(({ value }) => value);
}
