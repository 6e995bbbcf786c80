import { sqliteBackend } from '../../src/state/sqlite.ts';
import { backendContract } from './backendContract.ts';
import { temporaryFolder } from './temporaryFolder.ts';

backendContract('sqliteBackend', () => sqliteBackend(temporaryFolder()));
