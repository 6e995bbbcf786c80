import type Database from 'better-sqlite3';
import type { LogBatch } from './logBatch.ts';
import type { Stored, StoredOffset, StoredPartition, StoredProducer, StoredTopic } from './storage.ts';

interface TopicRow {
  readonly id: number;
  readonly name: string;
  readonly config: string;
  readonly partitions: number;
}

interface BatchRow extends Omit<LogBatch, 'aborted' | 'records' | 'deleteHorizon'> {
  readonly partition: number;
  readonly aborted: number;
  readonly deleteHorizon: number | null;
}

interface BoundsRow {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly decided: number;
}

/** Everything but the records, which are read when they are asked for. */
export function loadTopicFile(database: Database.Database, topicIds: Map<string, number>): Stored {
  const batches = database.prepare<[number], BatchRow>(`
    select partition, base_offset baseOffset, next_offset nextOffset, kind, producer_id producerId, aborted,
      max_timestamp maxTimestamp, count, bytes, delete_horizon deleteHorizon
    from batch where topic = ? order by partition, base_offset`);
  const bounds = database.prepare<[number], BoundsRow>(
    'select partition, start_offset start, end_offset "end", decided from bounds where topic = ?',
  );
  const topics = database
    .prepare<[], TopicRow>('select id, name, config, partitions from topic order by id')
    .all();
  const next = database
    .prepare<[], string>("select value from meta where name = 'nextProducerId'")
    .pluck()
    .get();
  for (const { id, name } of topics) topicIds.set(name, id);
  return {
    topics: topics.map((topic) => storedTopic(topic, bounds.all(topic.id), batches.all(topic.id))),
    offsets: database
      .prepare<[], StoredOffset>('select group_id "group", topic, partition, offset, metadata from committed')
      .all(),
    producers: database
      .prepare<[], StoredProducer>(
        'select transactional_id transactionalId, producer_id producerId, epoch from producer',
      )
      .all(),
    nextProducerId: Number(next ?? 1),
  };
}

function storedTopic(
  { name, config, partitions: count }: TopicRow,
  bounds: readonly BoundsRow[],
  rows: readonly BatchRow[],
): StoredTopic {
  const partitions: StoredPartition[] = Array.from({ length: count }, (_, partition) => ({
    start: 0,
    end: 0,
    decided: 0,
    ...bounds.find((one) => one.partition === partition),
    batches: [],
  }));
  for (const { partition, aborted, deleteHorizon, ...batch } of rows) {
    partitions[partition]!.batches.push({
      ...batch,
      aborted: aborted === 1,
      records: undefined,
      deleteHorizon: deleteHorizon ?? undefined,
    });
  }
  return { name, config: JSON.parse(config), partitions };
}
