import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import { fitted } from './columns.ts';
import type { Outcome } from './outcome.ts';
import { dailyLines, roomLines } from './tables.ts';
import { totalsOf } from './totals.ts';

/** Where a run stands. */
export interface Status {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly total: number;
  readonly phase: string;
  readonly workers: readonly { readonly state: string; readonly restored: number }[];
  readonly outcome: Outcome;
}

export interface Display {
  /** A line that stays. */
  note(line: string): void;
  update(status: Status): void;
  /** Nothing moves any more. */
  end(): void;
}

type Terminal = NodeJS.WriteStream;

/** A table that is drawn anew in place. */
export function liveDisplay(out: Terminal): Display {
  const draw = createLogUpdate(out);
  const rate = rates();
  let shown = -Infinity;
  return {
    note: (line) => draw.persist(line),
    update(status) {
      if (status.elapsedMs - shown < 80) return;
      shown = status.elapsedMs;
      draw(screen(status, rate(status), out).join('\n'));
    },
    end: () => draw.clear(),
  };
}

/** A line now and then, for logs and pipes. */
export function plainDisplay(out: Terminal): Display {
  const every = 1_000;
  const rate = rates();
  let first = true;
  let told = 0;
  const write = (line: string): void => void out.write(`${line}\n`);
  return {
    note: write,
    update(status) {
      const { elapsedMs, outcome } = status;
      const [room] = outcome.rooms;
      if (first && room !== undefined) {
        first = false;
        write(`${seconds(elapsedMs)}  first room: ${roomLines([room], 1, 100)[0]}`);
      }
      const perSecond = rate(status);
      if (elapsedMs - told < every) return;
      told = elapsedMs;
      write(`${seconds(elapsedMs)}  ${summary(status, perSecond)}`);
    },
    end() {},
  };
}

function screen(status: Status, perSecond: number, out: Terminal): string[] {
  const { elapsedMs, sent, total, phase, workers, outcome } = status;
  const width = Math.min(out.columns ?? 100, 120) - 2;
  const bold = (text: string): string => styleText('bold', text, { stream: out });
  const dim = (text: string): string => styleText('dim', text, { stream: out });
  const done = Math.round((sent / total) * 30);
  const bar = `${'█'.repeat(done)}${'░'.repeat(30 - done)}`;
  const states = workers.map(({ state, restored }, index) => {
    const text = `worker ${index + 1} ${state}${restored > 0 ? ` (${restored.toLocaleString('en')} restored)` : ''}`;
    return styleText(state === 'killed' ? 'red' : state === 'running' ? 'green' : 'yellow', text, {
      stream: out,
    });
  });
  const figures = [...totalsOf(outcome)].map(
    ([name, value]) => `${bold(value.toLocaleString('en'))} ${name}`,
  );
  return [
    '',
    `${bar} ${Math.round((sent / total) * 100)} %  ${sent} of ${total} records in  ${perSecond}/s  ${dim(`${seconds(elapsedMs)} ${phase}`)}`,
    states.join('   '),
    '',
    figures.slice(0, 4).join('   '),
    figures.slice(4).join('   '),
    '',
    dim('latest rooms'),
    ...padded(roomLines(outcome.rooms, 6, width), 6),
    '',
    dim('orders and won by neighbourhood and day in Seoul'),
    ...padded(dailyLines(outcome), 5),
  ].map((line) => (line.includes('\u001b') ? line : fitted(line, width)));
}

/** So many lines that nothing jumps when there are more. */
const padded = (lines: readonly string[], least: number): string[] => [
  ...lines,
  ...Array<string>(Math.max(0, least - lines.length)).fill(''),
];

function summary({ sent, total, phase, workers, outcome }: Status, perSecond: number): string {
  const totals = totalsOf(outcome);
  const running = workers.filter(({ state }) => state === 'running').length;
  const figure = (name: string): string => `${totals.get(name)?.toLocaleString('en')} ${name}`;
  return [
    `${sent} of ${total} records in (${perSecond}/s)`,
    `${running} of ${workers.length} workers running`,
    ...['chat rooms', 'late orders', 'rejects', 'dead letters', 'orders that stand'].map(figure),
    phase,
  ].join(', ');
}

/** Records per second over about the last second. */
function rates(): (status: Status) => number {
  const marks: { readonly at: number; readonly sent: number }[] = [];
  return ({ elapsedMs: at, sent }) => {
    marks.push({ at, sent });
    while (marks.length > 1 && at - marks[1]!.at > 1_000) marks.shift();
    const first = marks[0]!;
    return at === first.at ? 0 : Math.round(((sent - first.sent) / (at - first.at)) * 1_000);
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1).padStart(5)} s`;
