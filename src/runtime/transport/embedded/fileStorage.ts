import type { Statement } from 'better-sqlite3';
import type { TopicPartition } from '../transport.ts';
import { loadTopicFile } from './loadTopicFile.ts';
import type { LogBatch } from './logBatch.ts';
import { RecordCache } from './recordCache.ts';
import type { Records } from './records.ts';
import { decodeRecords, encodeRecords } from './recordsBlob.ts';
import type { Change, Storage } from './storage.ts';
import { openTopicFile, topicFileError } from './topicFile.ts';

type Kind = Change['kind'];
type ChangeOf<K extends Kind> = Extract<Change, { kind: K }>;

/**
 * Topics, committed positions and producers' epochs in one SQLite file. All changes of a call are one transaction, so
 * that whatever was acknowledged is there after a kill, and nothing by halves. The records of the last batches, up to
 * `cacheBytes`, are kept in memory as well.
 */
export function fileStorage(path: string, cacheBytes: number = 64 * 1024 * 1024): Storage {
  const file = openTopicFile(path);
  const { database } = file;
  const cache = new RecordCache(cacheBytes);
  const topicIds = new Map<string, number>();
  const apply = writer((sql) => database.prepare(sql), topicIds);
  const read = database
    .prepare<[number, number, number], Buffer>(
      'select records from batch where topic = ? and partition = ? and base_offset = ?',
    )
    .pluck();
  const writeAll = database.transaction((changes: readonly Change[]) => {
    for (const change of changes) apply(change);
  });

  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw topicFileError(error, path);
    }
  }

  return {
    load: () => guarded(() => loadTopicFile(database, topicIds)),
    write(changes) {
      if (changes.length === 0) return;
      guarded(() => writeAll(changes));
      for (const change of changes) {
        if (change.kind === 'batch' && change.batch.records !== undefined) {
          cache.add(change.batch, change.batch.records);
        }
      }
    },
    records({ topic, partition }: TopicPartition, batch: LogBatch): Records {
      const records = guarded(() =>
        decodeRecords(read.get(topicIds.get(topic)!, partition, batch.baseOffset)!),
      );
      cache.add(batch, records);
      return records;
    },
    close: () => file.close(),
  };
}

/** How each change is written. */
function writer(
  prepare: (sql: string) => Statement,
  topicIds: Map<string, number>,
): (change: Change) => void {
  const statements = prepareAll(prepare);
  const id = ({ topic }: { readonly topic: string }): number => topicIds.get(topic)!;
  const writers: { [K in Kind]: (change: ChangeOf<K>) => void } = {
    topic({ name, config, partitions }) {
      const { lastInsertRowid } = statements.topic.run(name, JSON.stringify(config), partitions);
      topicIds.set(name, Number(lastInsertRowid));
    },
    topicDeleted({ name }) {
      const topic = topicIds.get(name)!;
      for (const statement of statements.deletesById) statement.run(topic);
      statements.forgetOffsets.run(name);
    },
    batch(change) {
      const { batch, partition } = change;
      const { baseOffset, nextOffset, kind, producerId, aborted, maxTimestamp, count, bytes, deleteHorizon } =
        batch;
      const place = [id(change), partition, baseOffset, nextOffset] as const;
      const facts = [
        kind,
        producerId,
        aborted ? 1 : 0,
        maxTimestamp,
        count,
        bytes,
        deleteHorizon ?? null,
      ] as const;
      statements.batch.run(
        ...place,
        ...facts,
        batch.records === undefined ? null : encodeRecords(batch.records),
      );
    },
    batchDeleted: (change) => statements.batchDeleted.run(id(change), change.partition, change.baseOffset),
    batchAborted: (change) => statements.batchAborted.run(id(change), change.partition, change.baseOffset),
    bounds: (change) => {
      statements.bounds.run(id(change), change.partition, change.start, change.end, change.decided);
    },
    offset: ({ group, topic, partition, offset, metadata }) => {
      statements.offset.run(group, topic, partition, offset, metadata);
    },
    producer: ({ transactionalId, producerId, epoch }) => {
      statements.producer.run(transactionalId, producerId, epoch);
    },
    nextProducerId: ({ nextProducerId }) => statements.nextProducerId.run(`${nextProducerId}`),
  };
  return (change) => (writers[change.kind] as (change: Change) => void)(change);
}

function prepareAll(prepare: (sql: string) => Statement) {
  const place = 'where topic = ? and partition = ? and base_offset = ?';
  return {
    topic: prepare('insert into topic (name, config, partitions) values (?, ?, ?)'),
    deletesById: ['topic where id', 'batch where topic', 'bounds where topic'].map((what) =>
      prepare(`delete from ${what} = ?`),
    ),
    forgetOffsets: prepare('delete from committed where topic = ?'),
    batch: prepare('insert or replace into batch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    batchDeleted: prepare(`delete from batch ${place}`),
    batchAborted: prepare(`update batch set aborted = 1 ${place}`),
    bounds: prepare('insert or replace into bounds values (?, ?, ?, ?, ?)'),
    offset: prepare('insert or replace into committed values (?, ?, ?, ?, ?)'),
    producer: prepare('insert or replace into producer values (?, ?, ?)'),
    nextProducerId: prepare("insert or replace into meta values ('nextProducerId', ?)"),
  };
}
