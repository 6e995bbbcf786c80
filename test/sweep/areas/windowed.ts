import { foldWindows } from '../steps/aggregationSteps.ts';
import { randomWindow, type WindowType } from '../windows.ts';
import { type Area, end, source } from './around.ts';

export const windowed =
  (type: WindowType): Area =>
  (sketch) =>
    end(sketch, foldWindows(sketch, source(sketch), { window: randomWindow(sketch.dice, type) }));

/** All windows, emitted once they are closed. */
export const onClose: Area = (sketch) =>
  end(
    sketch,
    foldWindows(sketch, source(sketch), {
      emit: sketch.dice.pick('onWindowClose', 'onWindowClose', 'onWindowUpdate'),
    }),
  );
