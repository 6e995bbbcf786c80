import '../../nodeVersion.ts';

export type { Drop } from '../task/rejects.ts';
export { type Driver, type DriverRecord, drive, type RawDriverRecord } from './drive.ts';
