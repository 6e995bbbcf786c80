import { map as mapRx } from 'rxjs';
import {
  branch,
  count,
  filter,
  filterNot,
  flatMap,
  groupBy,
  headerText,
  keyBy,
  map,
  mapAsync,
  merge,
  peek,
  repartition,
  rxjs,
  type Sink,
  to,
  toStream,
  withHeaders,
  withTimestamp,
} from '../../../src/index.ts';
import { left, leftRows, right } from './statefulOperator.ts';

const { odd } = left.pipe(branch({ odd: (n) => (n ?? 0) % 2 === 1 }));

/** Every operator that keeps nothing, at work. What `table` and `count` keep is theirs. */
export const statelessOperators: Readonly<Record<string, Sink>> = {
  branch: odd.pipe(to('out')),
  filter: left.pipe(filter((n) => n !== null), to('out')), // biome-ignore format: one line
  filterNot: leftRows.pipe(filterNot((n) => n === 1), to('out')), // biome-ignore format: one line
  flatMap: left.pipe(flatMap((n) => [n, n]), to('out')), // biome-ignore format: one line
  groupBy: leftRows.pipe(groupBy((n) => `${n}`), count(), to('out')), // biome-ignore format: one line
  headerText: left.pipe(filter((_, message) => headerText(message, 'from') === null), to('out')), // biome-ignore format: one line
  keyBy: left.pipe(keyBy((n) => `${n}`), to('out')), // biome-ignore format: one line
  map: leftRows.pipe(map((n) => n + 1), to('out')), // biome-ignore format: one line
  mapAsync: left.pipe(mapAsync(async (n) => n), to('out')), // biome-ignore format: one line
  merge: left.pipe(merge(right), to('out')),
  peek: left.pipe(peek(() => {}), to('out')), // biome-ignore format: one line
  repartition: left.pipe(repartition({ name: 'again' }), to('out')),
  rxjs: left.pipe(rxjs(mapRx((message) => message)), to('out')), // biome-ignore format: one line
  to: left.pipe(to('out')),
  toStream: leftRows.pipe(toStream(), to('out')),
  withHeaders: left.pipe(withHeaders(() => []), to('out')), // biome-ignore format: one line
  withTimestamp: left.pipe(withTimestamp(() => 0), to('out')), // biome-ignore format: one line
};
