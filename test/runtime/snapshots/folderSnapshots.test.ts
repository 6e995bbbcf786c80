import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { folderSnapshots } from '../../../src/index.ts';
import { tempFolder } from '../../kit/tempFolder.ts';

describe('folderSnapshots', () => {
  it('keeps what it is given under its name, and finds names by how they begin', async () => {
    const folder = join(tempFolder(), 'not', 'there', 'yet');
    const store = folderSnapshots(folder);
    expect(await store.list('')).toEqual([]);
    expect(await store.get('shop/a_0/1')).toBeUndefined();
    await store.put('shop/a_0/1', Readable.from(['one']));
    await store.put('shop/a_1/1', Readable.from(['t', 'wo']));
    await store.put('shop/a_0/1', Readable.from(['again']));
    expect(await text((await store.get('shop/a_0/1'))!)).toBe('again');
    expect((await store.list('shop/')).toSorted()).toEqual(['shop/a_0/1', 'shop/a_1/1']);
    expect(await store.list('shop/a_1/')).toEqual(['shop/a_1/1']);
    await store.delete('shop/a_1/1');
    await store.delete('shop/a_1/1');
    expect(await store.list('shop/')).toEqual(['shop/a_0/1']);
  });

  it('keeps nothing of what was cut off while it was given', async () => {
    const folder = tempFolder();
    const store = folderSnapshots(folder);
    await store.put('shop/a_0/1', Readable.from(['before']));
    const broken = Readable.from(
      (function* () {
        yield 'half';
        throw new Error('the network is gone');
      })(),
    );
    await expect(store.put('shop/a_0/1', broken)).rejects.toThrow('the network is gone');
    expect(await text((await store.get('shop/a_0/1'))!)).toBe('before');
    expect(readdirSync(join(folder, 'shop', 'a_0'))).toEqual(['1']);
  });

  it.each(['', '..', 'a/../../b', '/etc/passwd', 'a//b', 'a b', 'a\\b'])(
    'refuses the name %j',
    async (name) => {
      const store = folderSnapshots(tempFolder());
      await expect((async () => store.put(name, Readable.from(['x'])))()).rejects.toThrow('INVALID_NAME');
      await expect((async () => store.get(name))()).rejects.toThrow('INVALID_NAME');
    },
  );
});
