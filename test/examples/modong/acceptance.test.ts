import { describe, expect, it } from 'vitest';
import { grace, ids, noon, type Scene, scene } from './scene.ts';

/** The rows of bad and edge inputs that one partition can show; distributed.long.test.ts has those that take several. */

function neighbours(options?: Parameters<typeof scene>[0]): Scene {
  const play = scene(options);
  for (const id of ['kim', 'lee', 'park', 'choi'])
    play.user(id, { nickname: `이름 ${id}`, image: `/${id}.png` });
  return play;
}

describe('unknown board, test endpoint, host differs from board', () => {
  it('rejects the close of a board that nobody knows, once the board has had its time to come', () => {
    const play = neighbours();
    play.event({ id: 1, orderType: 'ORDER_DELIVERY', name: 'test-delivery', userId: '1' });
    play.wait(grace - 1);
    expect(play.rejects()).toEqual([]);
    play.wait(1);
    expect(play.rejects()).toEqual([{ reason: 'unknown-board', boardKey: 'ORDER_DELIVERY:1', userId: '1' }]);
    expect(play.rooms()).toEqual([]);
  });

  it('waits for the board first', () => {
    const play = neighbours();
    play.event({ id: 1, orderType: 'ORDER_DELIVERY', name: '교촌치킨', userId: 'kim' });
    play.wait(grace - 1);
    play.save(play.open(1), 'closed');
    play.wait(1);
    expect(play.rejects()).toEqual([]);
    expect(play.rooms()).toMatchObject([{ roomKey: 'ORDER_DELIVERY:1' }]);
  });

  it("rejects the close of somebody else's board, which can still be closed by its host", () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'park');
    play.event({ ...post, userId: 'lee' });
    play.settle();
    expect(play.rejects()).toEqual([
      { reason: 'host-mismatch', boardKey: 'ORDER_DELIVERY:1', userId: 'lee' },
    ]);
    expect(play.rooms()).toEqual([]);
    play.close(post);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'park']]);
  });
});

describe('no orders', () => {
  it('opens a room with the host alone', () => {
    const play = neighbours();
    play.close(play.open(1));
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim']]);
    expect(play.rejects()).toEqual([]);
  });

  it('rejects the close where the option says so', () => {
    const play = neighbours({ empty: 'reject' });
    play.close(play.open(1));
    const ordered = play.open(2);
    play.order('o1', ordered, 'lee');
    play.close(ordered);
    play.settle();
    expect(play.rejects()).toEqual([{ reason: 'no-orders', boardKey: 'ORDER_DELIVERY:1' }]);
    expect(play.rooms()).toMatchObject([{ roomKey: 'ORDER_DELIVERY:2' }]);
  });
});

describe('same id for delivery and purchase', () => {
  it('keeps the two apart', () => {
    const play = neighbours();
    const delivery = play.open(1);
    const purchase = play.open(1, { orderType: 'ORDER_GROUP', name: '휴지', host: 'choi' });
    play.order('o1', delivery, 'lee');
    play.order('o2', purchase, 'park');
    play.close(delivery);
    play.settle();
    expect(play.rooms()).toMatchObject([{ roomKey: 'ORDER_DELIVERY:1', roomType: 'ORDER_DELIVERY' }]);
    play.order('o3', purchase, 'lee');
    play.settle();
    expect(play.lateOrders()).toEqual([]);
    play.close(purchase);
    play.settle();
    const [room] = play.rooms();
    expect(room).toMatchObject({ roomKey: 'ORDER_GROUP:1', roomName: '휴지', roomType: 'ORDER_GROUP' });
    expect(ids(room)).toEqual(['choi', 'park', 'lee']);
  });
});

describe('close sent twice', () => {
  it('makes one room, and counts the second close', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.close(post);
    play.close(post, play.now() + 1);
    play.settle();
    expect(play.rooms()).toMatchObject([{ eventId: `ORDER_DELIVERY:1@${noon}` }]);
    expect(play.rejects()).toEqual([{ reason: 'duplicate-close', boardKey: 'ORDER_DELIVERY:1' }]);
  });

  it('makes no second room a month later either', () => {
    const play = neighbours();
    const post = play.open(1);
    play.close(post);
    play.settle();
    expect(play.rooms()).toHaveLength(1);
    play.wait(30 * 86_400_000);
    play.close(post);
    play.settle();
    expect(play.rooms()).toEqual([]);
    expect(play.rejects()).toMatchObject([{ reason: 'duplicate-close' }]);
  });
});

describe('user has no profile', () => {
  it('opens the room without them and says who is missing', () => {
    const play = neighbours();
    const post = play.open(1);
    for (const id of ['lee', 'nobody', 'park']) play.order(`o-${id}`, post, id);
    play.close(post);
    play.settle();
    const [room] = play.rooms();
    expect(ids(room)).toEqual(['kim', 'lee', 'park']);
    expect(room?.missing).toEqual([{ userId: 'nobody', reason: 'missing-profile' }]);
    expect(play.rejects()).toEqual([
      { reason: 'missing-profile', boardKey: 'ORDER_DELIVERY:1', userId: 'nobody' },
    ]);
  });

  it('opens the room also if it is the host', () => {
    const play = neighbours();
    const post = play.open(1, { host: 'nobody' });
    play.order('o1', post, 'lee');
    play.close(post);
    play.settle();
    expect(play.rooms()).toMatchObject([
      { userList: [{ id: 'lee' }], missing: [{ userId: 'nobody', reason: 'missing-profile' }] },
    ]);
  });

  it('takes a profile that comes during the grace', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'slow');
    play.close(post);
    play.wait(grace - 1);
    play.user('slow', { nickname: '느림' });
    play.wait(1);
    expect(ids(play.rooms()[0])).toEqual(['kim', 'slow']);
  });
});

describe('user deleted or banned; null nickname or image', () => {
  it('leaves deleted and banned users out, with the reason', () => {
    const play = neighbours();
    play.user('gone', { nickname: '탈퇴', deleted: true });
    play.user('banned', { nickname: '정지', banned: true });
    const post = play.open(1);
    for (const [n, id] of ['gone', 'banned', 'lee'].entries()) play.order(`o${n}`, post, id);
    play.close(post);
    play.settle();
    const [room] = play.rooms();
    expect(ids(room)).toEqual(['kim', 'lee']);
    expect(room?.missing).toEqual([
      { userId: 'gone', reason: 'deleted' },
      { userId: 'banned', reason: 'banned' },
    ]);
    expect(play.rejects().map(({ reason }) => reason)).toEqual(['deleted', 'banned']);
  });

  it.each([null, '', '   ', undefined])('gives a name and an image to who has none (%j)', (none) => {
    const play = neighbours();
    play.user('u9', { nickname: none, image: none });
    const post = play.open(1);
    play.order('o1', post, 'u9');
    play.close(post);
    play.settle();
    expect(play.rooms()[0]?.userList[1]).toEqual({
      id: 'u9',
      nickname: '이웃 u9',
      image: '/images/neighbour.png',
    });
  });
});

describe('profile changes between order and close', () => {
  it('takes the profile as it is when the room is made', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.user('lee', { nickname: '새 이름', image: '/new.png' });
    play.close(post);
    play.settle();
    play.user('lee', { nickname: '더 새 이름' });
    expect(play.rooms()[0]?.userList[1]).toEqual({ id: 'lee', nickname: '새 이름', image: '/new.png' });
  });
});

describe('malformed JSON, empty value, tombstone event', () => {
  it.each([
    ['{"id": 1,', 'DECODE_FAILED'],
    ['', 'DECODE_FAILED'],
    [null, 'NULL_VALUE'],
    ['null', 'DECODE_FAILED'],
    ['[]', 'SCHEMA_MISMATCH'],
    ['"close"', 'SCHEMA_MISMATCH'],
    ['{"id":1,"orderType":"ORDER_DELIVERY","name":"x"}', 'SCHEMA_MISMATCH'],
  ])('puts %j among the dead letters as it was, with the reason', (value, code) => {
    const play = neighbours();
    play.event(value);
    expect(play.deadLetters()).toEqual([[value, code]]);
    play.close(play.open(2));
    play.settle();
    expect(play.rooms()).toHaveLength(1);
  });

  it('does the same with orders that cannot be read', () => {
    const play = neighbours();
    play.driver.sendRaw('orders', { key: 'o1', value: '{"boardKey":"1"}', timestamp: noon });
    play.settle();
    expect(play.driver.read('orders.dlq')).toMatchObject([{ key: Buffer.from('o1') }]);
    expect(play.lateOrders()).toEqual([]);
  });
});

describe('orderType ORDER_ALL or unknown; id as string; userId number vs string', () => {
  it.each(['ORDER_ALL', 'ORDER_PICKUP', 'order_delivery', '', null, 7])(
    'refuses the type %j',
    (orderType) => {
      const play = neighbours();
      play.event({ id: 1, orderType, name: 'x', userId: 'kim' });
      expect(play.deadLetters().map(([, code]) => code)).toEqual(['SCHEMA_MISMATCH']);
    },
  );

  it.each([1, '1'])('takes the id %j for the number', (id) => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.save(post, 'closed');
    play.event({ id, orderType: 'ORDER_DELIVERY', name: 'x', userId: 'kim' });
    play.settle();
    expect(play.rooms()).toMatchObject([{ roomKey: 'ORDER_DELIVERY:1' }]);
  });

  it.each(['one', '01', '1.5', '-1', '', ' 1', '１', '1e3', 0, -1, 1.5, 2 ** 53, '9007199254740993', null])(
    'refuses the id %j',
    (id) => {
      const play = neighbours();
      play.event({ id, orderType: 'ORDER_DELIVERY', name: 'x', userId: 'kim' });
      expect(play.deadLetters().map(([, code]) => code)).toEqual(['SCHEMA_MISMATCH']);
    },
  );

  it('takes users for the same whether they come as numbers or as text', () => {
    const play = neighbours();
    play.user('7', { nickname: '일곱' });
    const post = play.open(1, { host: '7' });
    play.order('o1', post, 7 as unknown as string);
    play.order('o2', post, '7');
    play.save(post, 'closed');
    play.event({ id: 1, orderType: 'ORDER_DELIVERY', name: 'x', userId: 7 });
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['7']]);
  });
});

describe('one user, several orders; host also ordered', () => {
  it('seats everybody once, the host first, the others by their first order', () => {
    const play = neighbours();
    const post = play.open(1);
    const times = { park: -50, lee: -60, kim: -70, choi: -40 };
    for (const [id, at] of Object.entries(times)) {
      play.order(`second-${id}`, post, id, { at: noon + at + 30 });
      play.order(`first-${id}`, post, id, { at: noon + at });
    }
    play.close(post);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee', 'park', 'choi']]);
  });

  it('keeps a user in the room who cancels one of two orders, at the place of the other', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee', { at: noon - 30 });
    play.order('o2', post, 'park', { at: noon - 20 });
    play.order('o3', post, 'lee', { at: noon - 10 });
    play.cancel('o1');
    play.close(post);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'park', 'lee']]);
  });
});

describe('cancel before close; cancel of unknown order', () => {
  it('takes the order out, of the room and of the books', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee', { price: 7_000, quantity: 2 });
    play.order('o2', post, 'park', { price: 5_000 });
    play.cancel('o1');
    play.close(post);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'park']]);
    expect(play.dongDaily()).toEqual([['역삼', '2026-03-01 00:00', { orders: 1, amount: 5_000 }]]);
    expect(play.rejects()).toEqual([]);
  });

  it('takes it out although the cancellation comes with the close only', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.close(post);
    play.wait(grace - 1);
    play.cancel('o1');
    play.wait(1);
    expect(play.rooms().map(ids)).toEqual([['kim']]);
    play.settle();
    expect(play.lateOrders()).toEqual([]);
  });

  it('ignores and counts the cancellation of an order that is not there', () => {
    const play = neighbours();
    const post = play.open(1);
    play.cancel('o9');
    play.order('o1', post, 'lee');
    play.cancel('o1');
    play.cancel('o1');
    play.settle();
    expect(play.rejects()).toEqual([
      { reason: 'unknown-order', orderId: 'o9' },
      { reason: 'unknown-order', orderId: 'o1' },
    ]);
    expect(play.dongDaily()).toEqual([['역삼', '2026-03-01 00:00', { orders: 0, amount: 0 }]]);
  });
});

describe('order after close; order to a board never opened', () => {
  it('goes to late-orders with the state of the board, whether the room is made already or not', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.close(post);
    play.wait(1_000);
    play.order('o2', post, 'park');
    play.wait(grace);
    play.order('o3', post, 'lee');
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee']]);
    const board = { key: 'ORDER_DELIVERY:1', state: 'closed', closedAt: noon };
    expect(play.lateOrders()).toEqual([
      { reason: 'board-closed', orderId: 'o2', userId: 'park', placedAt: noon + 1_000, board },
      { reason: 'board-closed', orderId: 'o3', userId: 'lee', placedAt: noon + 6_000, board },
    ]);
  });

  it('reports an order once, also if its service sends it again', () => {
    const play = neighbours();
    const post = play.open(1);
    play.close(post);
    play.settle();
    for (let n = 0; n < 3; n++) play.order('o1', post, 'lee');
    play.settle();
    expect(play.lateOrders()).toHaveLength(1);
  });

  it('does not report what a room already has when it is sent or changed again', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.close(post);
    play.settle();
    play.order('o1', post, 'lee', { quantity: 3 });
    play.settle();
    expect(play.lateOrders()).toEqual([]);
  });

  it('reports an order of before the close that comes when the room is made', () => {
    const play = neighbours();
    const post = play.open(1);
    play.close(post);
    play.settle();
    play.order('o1', post, 'lee', { at: noon - 1 });
    play.settle();
    expect(play.lateOrders()).toMatchObject([{ reason: 'board-closed', orderId: 'o1', placedAt: noon - 1 }]);
  });

  it('reports an order to a board that was never opened', () => {
    const play = neighbours();
    play.order('o1', 'ORDER_GROUP:99', 'lee');
    play.settle();
    expect(play.lateOrders()).toEqual([
      {
        reason: 'never-opened',
        orderId: 'o1',
        userId: 'lee',
        placedAt: noon,
        board: { key: 'ORDER_GROUP:99', state: 'unknown', closedAt: null },
      },
    ]);
    expect(play.dongDaily()).toEqual([]);
  });

  it('does not report an order that has overtaken its board', () => {
    const play = neighbours();
    play.order('o1', 'ORDER_DELIVERY:1', 'lee');
    play.wait(grace - 1);
    play.close(play.open(1));
    play.settle();
    expect(play.lateOrders()).toEqual([]);
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee']]);
  });

  it('leaves the other board of the same id open', () => {
    const play = neighbours();
    play.close(play.open(1));
    const purchase = play.open(1, { orderType: 'ORDER_GROUP' });
    play.settle();
    play.order('o1', purchase, 'lee');
    play.settle();
    expect(play.lateOrders()).toEqual([]);
  });
});

describe('close overtakes orders', () => {
  it('takes in what comes during the grace and was placed before the close', () => {
    const play = neighbours();
    const post = play.open(1);
    play.close(post);
    play.wait(grace - 1);
    play.order('o1', post, 'lee', { at: noon });
    play.wait(1);
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee']]);
    play.settle();
    expect(play.lateOrders()).toEqual([]);
  });

  it('survives a restart in the grace', () => {
    const play = neighbours();
    const post = play.open(1);
    play.close(post);
    play.wait(2_000);
    play.order('o1', post, 'lee', { at: noon - 1 });
    play.driver.commit();
    play.driver.restart();
    play.wait(2_999);
    expect(play.rooms()).toEqual([]);
    play.wait(1);
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee']]);
  });

  it('finds out an order that is older than the close by arrival only', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee', { at: noon + 2_000 });
    play.wait(grace * 3);
    play.close(post, noon + 1_000);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim']]);
    expect(play.lateOrders()).toMatchObject([
      { orderId: 'o1', board: { state: 'closed', closedAt: noon + 1_000 } },
    ]);
  });
});

describe('names over 50 and 30 characters', () => {
  it('cuts them and says so', () => {
    const play = neighbours();
    play.user('long', { nickname: '가'.repeat(31) });
    const post = play.open(1, { name: '나'.repeat(51) });
    play.order('o1', post, 'long');
    play.close(post);
    play.settle();
    expect(play.rooms()).toMatchObject([
      {
        roomName: '나'.repeat(50),
        userList: [{ id: 'kim' }, { id: 'long', nickname: '가'.repeat(30) }],
        cut: ['roomName', 'nickname:long'],
      },
    ]);
  });

  it('leaves names of just that length alone', () => {
    const play = neighbours();
    play.user('just', { nickname: '가'.repeat(30) });
    const post = play.open(1, { name: '나'.repeat(50) });
    play.order('o1', post, 'just');
    play.close(post);
    play.settle();
    expect(play.rooms()[0]?.cut).toEqual([]);
  });
});

describe('close event out, board save fails', () => {
  it('rejects the close: the board is the judge, and it is open', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee');
    play.event({ ...post, userId: 'kim' });
    play.settle();
    expect(play.rejects()).toEqual([{ reason: 'board-open', boardKey: 'ORDER_DELIVERY:1', userId: 'kim' }]);
    expect(play.rooms()).toEqual([]);
    play.order('o2', post, 'park');
    play.settle();
    expect(play.lateOrders()).toEqual([]);
    play.close(post);
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee', 'park']]);
  });
});

describe('500 orders on one board', () => {
  it('seats them all', () => {
    const play = neighbours();
    const post = play.open(1);
    for (let n = 0; n < 500; n++) {
      play.user(`u${n}`, { nickname: `이웃 ${n}` });
      play.order(`o${n}`, post, `u${n}`, { at: noon - 500 + n });
    }
    play.close(post);
    play.settle();
    const [room] = play.rooms();
    expect(ids(room)).toEqual(['kim', ...Array.from({ length: 500 }, (_, n) => `u${n}`)]);
    expect(room?.overflow).toBe(0);
  });

  it('keeps no more than the bound, and says how many are beyond it', () => {
    const play = neighbours({ mostOrders: 2 });
    const post = play.open(1);
    for (const id of ['lee', 'park', 'choi', 'kim']) play.order(`o-${id}`, post, id);
    play.cancel('o-choi');
    play.close(post);
    play.settle();
    const [room] = play.rooms();
    expect(ids(room)).toEqual(['kim', 'lee', 'park']);
    expect(room?.overflow).toBe(1);
    play.order('o-late', post, 'choi');
    play.settle();
    expect(play.lateOrders()).toMatchObject([{ orderId: 'o-late' }]);
  });
});

describe('closeTime shifted by +9 h in code', () => {
  it('goes by no closing time but that of the close', () => {
    const play = neighbours();
    const post = play.open(1);
    play.order('o1', post, 'lee', { at: noon - 1 });
    play.save(post, 'closed', noon + 9 * 3_600_000);
    play.event({ ...post, userId: 'kim' });
    play.wait(1_000);
    play.order('o2', post, 'park');
    play.settle();
    expect(play.rooms().map(ids)).toEqual([['kim', 'lee']]);
    expect(play.lateOrders()).toMatchObject([{ orderId: 'o2' }]);
  });

  it.each([1_772_334_000, 1_772_334_000_000_000, '2026-03-01T12:00:00'])(
    'refuses %j for a time in epoch ms',
    (placedAt) => {
      const play = neighbours();
      const order = { boardKey: 'ORDER_DELIVERY:1', userId: 'lee', items: [], placedAt };
      play.driver.sendRaw('orders', { key: 'o1', value: JSON.stringify(order), timestamp: noon });
      expect(play.driver.read('orders.dlq')).toHaveLength(1);
    },
  );

  it('knows the day in Seoul only where days are counted', () => {
    const play = neighbours();
    const post = play.open(1, { dongCode: '합정' });
    const midnight = Date.UTC(2026, 2, 1, 15);
    play.order('o1', post, 'lee', { at: midnight - 1, price: 1_000, quantity: 3 });
    play.order('o2', post, 'lee', { at: midnight, price: 500 });
    play.settle();
    expect(play.dongDaily()).toEqual([
      ['합정', '2026-03-01 00:00', { orders: 1, amount: 3_000 }],
      ['합정', '2026-03-02 00:00', { orders: 1, amount: 500 }],
    ]);
  });
});
