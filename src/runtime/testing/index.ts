import '../../nodeVersion.ts';

export type { StoreRow } from '../storeRows.ts';
export type { Drop } from '../task/rejects.ts';
export type { Cluster, ClusterInstance, ClusterOptions, ClusterRecord } from './cluster.ts';
export { type Driver, type DriverRecord, drive, type RawDriverRecord } from './drive.ts';
export { driveCluster } from './driveCluster.ts';
export type { PipelineSnapshot } from './snapshot.ts';
export type { Chaos, Injection } from './trouble.ts';
