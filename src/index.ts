// first of all: what comes behind it may crash an older Node
import './nodeVersion.ts';

// what a user says
export { bytes } from './dsl/codecs/bytes.ts';
export type { BytesCodec, Codec, Encoded, TextCodec } from './dsl/codecs/codec.ts';
export { float64 } from './dsl/codecs/float64.ts';
export { int64 } from './dsl/codecs/int64.ts';
export { json } from './dsl/codecs/json.ts';
export { nullable } from './dsl/codecs/nullable.ts';
export { sessionWindowed } from './dsl/codecs/sessionWindowed.ts';
export { text } from './dsl/codecs/text.ts';
export { windowed } from './dsl/codecs/windowed.ts';
export { globalTable } from './dsl/globalTable.ts';
export type { Change, Header, Headers, Message, RecordOrigin, WindowKey } from './dsl/message.ts';
export type { AlignedWindows, SessionWindows, SlidingWindows, WindowSpec } from './dsl/node.ts';
export type { ErrorPolicy, FixedErrorPolicy } from './dsl/policyFor.ts';
export type {
  Emission,
  ProcessClock,
  ProcessContext,
  ProcessStore,
  ProcessStoreOptions,
  ProcessTable,
  ProcessTimer,
  ProcessTimeStore,
  ProcessVersionedStore,
  RowsFrom,
} from './dsl/processContext.ts';
export { type StreamOptions, stream } from './dsl/stream.ts';
export { table } from './dsl/table.ts';
export type { TableOptions } from './dsl/tableSource.ts';
export { type Subtopology, type Topology, topology } from './dsl/topology.ts';
export type {
  GlobalTable,
  GroupedTable,
  InSessions,
  NeedsCodec,
  Op,
  Sink,
  Stream,
  Table,
  Windowed,
} from './dsl/types.ts';
export type { Duration } from './dsl/windows/duration.ts';
export { type HoppingOptions, hopping } from './dsl/windows/hopping.ts';
export { type SessionOptions, session } from './dsl/windows/session.ts';
export { type SlidingOptions, sliding } from './dsl/windows/sliding.ts';
export { type TumblingOptions, tumbling } from './dsl/windows/tumbling.ts';
export { type ErrorCode, type ErrorDetails, errorCodes, MillraceError } from './errors.ts';
// operators
export { aggregate } from './operators/aggregate.ts';
export { branch } from './operators/branch.ts';
export { cogroup } from './operators/cogroup.ts';
export { count } from './operators/count.ts';
export { delay } from './operators/delay.ts';
export { emitOnCommit } from './operators/emitOnCommit.ts';
export { filter } from './operators/filter.ts';
export { filterNot } from './operators/filterNot.ts';
export { flatMap } from './operators/flatMap.ts';
export { groupBy } from './operators/groupBy.ts';
export { headerText } from './operators/headerText.ts';
export { joinForeignKey } from './operators/joinForeignKey.ts';
export { joinGlobal } from './operators/joinGlobal.ts';
export { joinStream } from './operators/joinStream.ts';
export { joinTable } from './operators/joinTable.ts';
export type { ForeignKeyOptions } from './operators/kernels/foreignKeyJoin.ts';
export type { JoinStreamOptions } from './operators/kernels/joinWindow.ts';
export type { Store, StoreOptions } from './operators/kernels/storeSettings.ts';
export type { JoinTableOptions } from './operators/kernels/tableJoin.ts';
export { keyBy } from './operators/keyBy.ts';
export { leftJoinForeignKey } from './operators/leftJoinForeignKey.ts';
export { leftJoinGlobal } from './operators/leftJoinGlobal.ts';
export { leftJoinStream } from './operators/leftJoinStream.ts';
export { leftJoinTable } from './operators/leftJoinTable.ts';
export { map } from './operators/map.ts';
export { type MapAsyncOptions, mapAsync } from './operators/mapAsync.ts';
export { max } from './operators/max.ts';
export { merge } from './operators/merge.ts';
export { min } from './operators/min.ts';
export { outerJoinStream } from './operators/outerJoinStream.ts';
export { outerJoinTable } from './operators/outerJoinTable.ts';
export { peek } from './operators/peek.ts';
export { type ProcessOptions, process } from './operators/process.ts';
export { reduce } from './operators/reduce.ts';
export { type RepartitionOptions, repartition } from './operators/repartition.ts';
export { rxjs } from './operators/rxjs.ts';
export { sum } from './operators/sum.ts';
export { suppress, type UntilTimeLimit, type UntilWindowCloses } from './operators/suppress.ts';
export { type ToOptions, to } from './operators/to.ts';
export { toStream } from './operators/toStream.ts';
export { type ToTableOptions, toTable } from './operators/toTable.ts';
export { type WindowOptions, window } from './operators/window.ts';
export { type NewHeader, withHeaders } from './operators/withHeaders.ts';
export { withTimestamp } from './operators/withTimestamp.ts';
// running
export { type App, type AppOptions, app } from './runtime/app.ts';
export {
  type Client,
  type NewRecord,
  openClient,
  type ReadOptions,
  type TopicCodecs,
  type TopicRecord,
} from './runtime/client.ts';
export type { ConnectOptions } from './runtime/connect.ts';
export type { AppState } from './runtime/lifecycle.ts';
export type { RestoreProgress } from './runtime/restoreState.ts';
export type { SettingOptions } from './runtime/settingOptions.ts';
export { folderSnapshots } from './runtime/snapshots/folderSnapshots.ts';
export type { SnapshotStore } from './runtime/snapshots/snapshotStore.ts';
export type { RowsOptions } from './runtime/standby/staleness.ts';
export type { StandbyProgress } from './runtime/standby/standbySetting.ts';
export {
  type SuperviseOptions,
  type Supervisor,
  type SupervisorEvent,
  supervise,
} from './runtime/supervise.ts';
export type { Drop } from './runtime/task/rejects.ts';
export {
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
  embeddedBroker,
} from './runtime/transport/embedded/embeddedBroker.ts';
export type { NewTopic } from './runtime/transport/transport.ts';
