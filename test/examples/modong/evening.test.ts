import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { expected } from '../../../examples/modong/demo/expected.ts';
import { generate, lately } from '../../../examples/modong/demo/generator.ts';
import { differences, type Outcome } from '../../../examples/modong/demo/outcome.ts';
import { type Script, script } from '../../../examples/modong/demo/script.ts';
import type { OrderType } from '../../../examples/modong/domain/inputs.ts';
import { driveEvents } from './driveEvents.ts';

const base = Date.UTC(2026, 2, 1) - 9 * 3_600_000;
const grace = 1_000;
const pace = { span: 8_000, grace, base };

describe('generate', () => {
  it('gives the same events for the same seed, and others for another', () => {
    expect(generate(1, pace)).toEqual(generate(1, pace));
    expect(generate(1, pace)).not.toEqual(generate(2, pace));
  });

  it('tells them in the order in which they are sent, and nothing that lies in the future', () => {
    const now = Date.UTC(2026, 10, 22, 20);
    const events = generate(1, { ...pace, base: lately(now) });
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).sort((a, b) => a - b));
    expect(Math.max(...events.map(({ timestamp }) => timestamp))).toBeLessThan(now);
  });

  it('has every kind of result and of reject in it', () => {
    const { rooms, lateOrders, rejects, deadCloses, dongDaily } = expected(generate(1, pace), grace);
    expect(rooms.length).toBeGreaterThan(90);
    expect(new Set(lateOrders.map(({ reason }) => reason))).toEqual(
      new Set(['board-closed', 'never-opened']),
    );
    expect([...new Set(rejects.map(({ reason }) => reason))].sort()).toEqual(
      [
        'banned',
        'board-open',
        'deleted',
        'duplicate-close',
        'host-mismatch',
        'missing-profile',
        'unknown-board',
        'unknown-order',
      ].sort(),
    );
    expect(deadCloses).toBe(8);
    expect(dongDaily.size).toBeGreaterThanOrEqual(8);
    expect(Math.max(...rooms.map(({ userList }) => userList.length))).toBe(401);
  });
});

describe('the job', () => {
  it.each([1, 2, 3])('does what somebody would say who has all events before them, seed %i', (seed) => {
    const events = generate(seed, pace);
    expect(differences(driveEvents(events, grace), expected(events, grace))).toEqual([]);
  });

  test.prop([fc.array(action(), { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 3 })])(
    'does so whatever happens, and whenever it is started anew',
    (actions, restarts) => {
      const story = script(pace);
      let at = 0;
      for (const [pause, act] of actions) {
        at += pause;
        act(story, at);
      }
      const found = driveEvents(story.events, grace, {}, (driver, index) => {
        if (!restarts.includes(index)) return;
        driver.commit();
        driver.restart();
      });
      expect(differences(found, expected(story.events, grace))).toEqual([]);
    },
  );
});

describe('differences', () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({
    rooms: [],
    lateOrders: [],
    rejects: [],
    deadCloses: 0,
    deadOrders: 0,
    dongDaily: new Map(),
    ...more,
  });
  const reject = { reason: 'no-orders', boardKey: 'ORDER_GROUP:1' } as const;

  it('finds what is missing, what is too much, and what is there twice', () => {
    const once = outcome({ rejects: [reject] });
    expect(differences(once, once)).toEqual([]);
    expect(differences(outcome({}), once)).toEqual([expect.stringContaining('reject missing (1)')]);
    expect(differences(outcome({ rejects: [reject, reject] }), once)).toEqual([
      expect.stringContaining('reject too much (1)'),
    ]);
    expect(differences(outcome({ deadCloses: 1 }), outcome({}))).toHaveLength(2);
    expect(
      differences(outcome({ dongDaily: new Map([['a@0', { orders: 1, amount: 2 }]]) }), outcome({})),
    ).toHaveLength(1);
  });

  it('does not mind the order of records and properties', () => {
    const other = { boardKey: 'ORDER_GROUP:1', reason: 'no-orders' } as const;
    const more = { reason: 'banned', userId: 'u' } as const;
    expect(differences(outcome({ rejects: [reject, more] }), outcome({ rejects: [more, other] }))).toEqual(
      [],
    );
  });
});

/** A step of a random story; prints as what it does. */
interface Act {
  (story: Script, at: number): void;
  toString(): string;
}

function act<T>(what: fc.Arbitrary<T>, play: (of: T, story: Script, at: number) => void): fc.Arbitrary<Act> {
  return what.map((of) =>
    Object.assign((story: Script, at: number) => play(of, story, at), { toString: () => JSON.stringify(of) }),
  );
}

/** Something that anybody could do: three posts, three users, six orders, so that they get into each other's way. */
function action(): fc.Arbitrary<readonly [pause: number, act: Act]> {
  const id = fc.integer({ min: 1, max: 2 });
  const orderType = fc.constantFrom<OrderType>('ORDER_DELIVERY', 'ORDER_GROUP');
  const user = fc.constantFrom('a', 'b', 'c');
  const post = fc.record({
    id,
    orderType,
    name: fc.constant('가게'),
    host: user,
    dongCode: fc.constantFrom('d', 'e'),
  });
  const orderId = fc.integer({ min: 1, max: 6 }).map((n) => `o${n}`);
  const profile = fc.record({
    nickname: fc.option(fc.string()),
    deleted: fc.boolean(),
    banned: fc.boolean(),
  });
  const acts = fc.oneof(
    act(fc.tuple(post, fc.constantFrom('open', 'closed')), ([of, state], story, at) =>
      story.post(of, state, at),
    ),
    act(post, (of, story, at) => story.close(of, at)),
    act(post, (of, story, at) => story.event({ ...of, userId: of.host }, at)),
    act(
      fc.tuple(orderId, post, user, fc.integer({ min: -2_000_000, max: 2_000_000 })),
      ([order, of, by, shift], story, at) =>
        story.order(order, `${of.orderType}:${of.id}`, by, at, { placedAt: story.time(at) + shift }),
    ),
    act(orderId, (order, story, at) => story.cancel(order, at)),
    act(fc.tuple(user, fc.option(profile)), ([of, is], story, at) => story.user(of, is, at)),
    act(fc.constantFrom('{', '', null, '{}'), (bad, story, at) => story.event(bad, at)),
  );
  // Short enough that no day of the story is closed before a cancellation comes.
  const pause = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.constant(grace / 2));
  return fc.tuple(pause, acts);
}
