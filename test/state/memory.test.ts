import { memoryBackend } from '../../src/state/memory.ts';
import { backendContract } from './backendContract.ts';

backendContract('memoryBackend', memoryBackend);
