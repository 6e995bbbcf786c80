import { describe, expect, it } from 'vitest';
import { json, stream, text, to } from '../../../src/index.ts';
import { drive } from '../../../src/runtime/testing/index.ts';
import { failure } from '../../dsl/failure.ts';

const codecs = { key: text, value: json<{ readonly total: number }>() };
const passed = stream('orders', { ...codecs, onError: { deadLetters: 'dead' } }).pipe(to('passed'));

describe('drive', () => {
  it('feeds records encoded as the source reads them, and reads them back', () => {
    const driver = drive([passed]);
    driver.send('orders', { key: 'a', value: { total: 1 }, timestamp: 7 });
    expect(driver.read('passed')).toEqual([{ key: 'a', value: { total: 1 }, timestamp: 7, headers: [] }]);
    expect(driver.read('passed')).toEqual([]);
  });

  it('feeds bytes as they are, for what the source cannot read', () => {
    const driver = drive([passed]);
    driver.sendRaw('orders', { key: 'a', value: '{"total":2}' });
    driver.sendRaw('orders', { key: Buffer.from('b'), value: '{oops', timestamp: 9 });
    expect(driver.read('passed')).toMatchObject([{ key: 'a', value: { total: 2 } }]);
    expect(driver.read('dead')).toMatchObject([
      { key: Buffer.from('b'), value: Buffer.from('{oops'), timestamp: 9 },
    ]);
    expect(driver.drops).toMatchObject([{ reason: 'undecodable', topic: 'orders', offset: 1 }]);
  });

  it('refuses topics that nothing reads', () => {
    const driver = drive([passed]);
    expect(failure(() => driver.send('order', {}))).toMatchObject({ code: 'UNKNOWN_TOPIC' });
    expect(failure(() => driver.sendRaw('order', {}))).toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });
});
