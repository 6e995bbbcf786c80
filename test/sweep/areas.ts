import type { Area } from './areas/around.ts';
import { cogrouping } from './areas/cogrouping.ts';
import { errors } from './areas/errors.ts';
import { grouping } from './areas/grouping.ts';
import { foreignKeyJoins, globalJoins, streamJoins, streamTableJoins, tableJoins } from './areas/joins.ts';
import { pipelines } from './areas/pipelines.ts';
import { processing } from './areas/processing.ts';
import { statelessSteps } from './areas/statelessSteps.ts';
import { suppressing } from './areas/suppressing.ts';
import { tableGrouping } from './areas/tableGrouping.ts';
import { tables } from './areas/tables.ts';
import { versioned } from './areas/versioned.ts';
import { onClose, windowed } from './areas/windowed.ts';

/** The areas of the format. */
export const areas: Readonly<Record<string, Area>> = {
  stateless: statelessSteps,
  process: processing,
  grouping,
  'table-grouping': tableGrouping,
  tables,
  tumbling: windowed('tumbling'),
  hopping: windowed('hopping'),
  sliding: windowed('sliding'),
  session: windowed('session'),
  cogroup: cogrouping,
  emit: onClose,
  suppress: suppressing,
  'stream-stream-join': streamJoins,
  'stream-table-join': streamTableJoins,
  'stream-global-join': globalJoins,
  'table-table-join': tableJoins,
  'foreign-key-join': foreignKeyJoins,
  versioned,
  pipeline: pipelines,
  errors,
};
