import { MillraceError } from '../../errors.ts';
import type { Draft } from './link.ts';

const longest = 200;

/**
 * Names every step by the user's name or by its path from the source, never by a counter that would move when a step is
 * added elsewhere: stores, repartition and changelog topics keep theirs. Where two would get the same, the user has to say.
 */
export function nameSteps(drafts: Draft[]): Draft[] {
  for (const draft of drafts) draft.path = draft.node.name ?? pathOf(draft);
  const kept = new Map<string, Draft>();
  for (const draft of drafts) {
    if (keepsRows(draft)) claim(kept, draft.path, draft);
    if (draft.crossing !== undefined && draft.operator.sink !== undefined) nameCrossing(kept, draft);
  }
  nameForPeople(drafts);
  return drafts;
}

function pathOf(draft: Draft): string {
  const { source } = draft.operator;
  if (source !== undefined) return source.topic;
  // What follows a repartition topic goes on with the path of what was written to it.
  if (draft.crossing !== undefined && draft.inputs.length === 0) return draft.crossing.from.path;
  return `${draft.inputs[0]!.path}.${draft.operator.kind}`;
}

/** A step with timers alone has an empty list of stores. */
const keepsRows = ({ operator }: Draft): boolean => (operator.stores ?? []).length > 0;

function nameCrossing(kept: Map<string, Draft>, sink: Draft): void {
  const crossing = sink.crossing!;
  const base = [...crossing.readers].sort()[0] ?? behind(crossing.from);
  crossing.topic = `${base}-repartition`;
  claim(kept, crossing.topic, sink);
}

/** A step may have a topic in front of it that is named after it, and one behind it. */
function behind({ path, inputs }: Draft): string {
  return inputs.some(({ crossing }) => crossing?.topic === `${path}-repartition`) ? `${path}.out` : path;
}

function claim(kept: Map<string, Draft>, name: string, draft: Draft): void {
  if (name.length > longest) {
    throw new MillraceError('INVALID_NAME', `A name derived from the path is too long: ${name}`, {
      step: draft.path,
      expected: `at most ${longest} characters`,
      found: `${name.length}`,
      next: "Give the step a name of its own, as in count('orders-per-user').",
    });
  }
  if (kept.has(name)) {
    throw new MillraceError('AMBIGUOUS_NAME', `Two steps would keep their data under the name ${name}`, {
      step: draft.path,
      expected:
        'a name of its own for every store and repartition topic, since it names topics that outlive a deployment',
      found: `${kept.get(name)!.operator.kind} and ${draft.operator.kind}, both ${name}`,
      next: "Name one of them, as in count('orders-per-user') or repartition({ name: 'by-user' }); or use one handle twice instead of describing the same twice. Steps do not share stores: what needs the same rows belongs into one step.",
    });
  }
  kept.set(name, draft);
}

function nameForPeople(drafts: readonly Draft[]): void {
  const taken = new Set<string>();
  for (const draft of drafts) {
    const base = draft.crossing === undefined ? draft.path : crossingName(draft);
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    draft.name = name;
  }
}

function crossingName(draft: Draft): string {
  return draft.operator.sink === undefined ? draft.crossing!.topic : `${draft.crossing!.topic}.to`;
}
