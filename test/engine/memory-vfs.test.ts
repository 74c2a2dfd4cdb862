// Power losses on the memory disk. A crash test is worth no more than the disk it runs on, so each
// habit of careless code is planted here and must be seen: a file without its directory sync, a name
// without its content, an order of calls that the disk did not keep.

import { describe, expect, it } from 'vitest';
import { namedCrashRules } from '../../src/engine/vfs/crash-rules.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import type { Fate } from '../../src/engine/vfs/memory-image.ts';
import { memoryVfs } from '../../src/engine/vfs/memory-vfs.ts';
import { seeded } from '../support/random.ts';
import { bytesOf, contents, failure, get, put, putSynced, textOf, withLog } from './vfs-suite.ts';

describe('a power loss on the memory disk', () => {
  it('takes what was not synced and leaves what was', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/a', 'synced');
    vfs.syncDirectory('/log');
    put(vfs, '/log/b', 'not synced');
    expect(contents(vfs.crash('all dropped'))).toEqual({ a: 'synced' });
    expect(contents(vfs.crash('all kept'))).toEqual({ a: 'synced', b: 'not synced' });
    expect(contents(vfs)).toEqual({ a: 'synced', b: 'not synced' });
  });

  it('shows a lost directory sync: the content is durable, the name is not', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/a', 'synced');
    expect(contents(vfs.crash('content kept names dropped'))).toEqual({});
  });

  it('shows a lost directory sync of the parent', () => {
    const vfs = memoryVfs();
    vfs.makeDirectory('/log');
    putSynced(vfs, '/log/a', 'synced');
    vfs.syncDirectory('/log');
    expect(vfs.crash('all dropped').list('/')).toEqual([]);
  });

  it('shows a lost sync: the name is durable, the content is not', () => {
    const vfs = withLog();
    put(vfs, '/log/a', 'not synced');
    vfs.syncDirectory('/log');
    expect(contents(vfs.crash('all dropped'))).toEqual({ a: '' });
    expect(contents(vfs.crash('zeroed'))).toEqual({ a: '\0'.repeat(10) });
    expect(contents(vfs.crash('garbled'))).not.toEqual({ a: 'not synced' });
  });

  it('shows names that were unlinked before what replaces them was durable', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/old', 'old');
    vfs.syncDirectory('/log');
    putSynced(vfs, '/log/new', 'new');
    vfs.unlink('/log/old');
    expect(contents(vfs.crash('every other but the first'))).toEqual({});
    expect(contents(vfs.crash('every other'))).toEqual({ new: 'new', old: 'old' });
    expect(contents(vfs.crash('all dropped'))).toEqual({ old: 'old' });
  });

  it('keeps the halves of a rename together, also between directories', () => {
    const vfs = withLog();
    vfs.makeDirectory('/other');
    vfs.syncDirectory('/');
    putSynced(vfs, '/log/a', 'a');
    vfs.syncDirectory('/log');
    vfs.rename('/log/a', '/other/b');
    expect(vfs.pending()).toEqual([{ kind: 'rename', path: '/other/b', offset: 0, size: 0 }]);
    const dropped = vfs.crash('all dropped');
    expect([contents(dropped), contents(dropped, '/other')]).toEqual([{ a: 'a' }, {}]);
    vfs.syncDirectory('/other');
    const kept = vfs.crash('all dropped');
    expect([contents(kept), contents(kept, '/other')]).toEqual([{}, { b: 'a' }]);
  });

  it('does not give a directory two places, nor the content of one to the other', () => {
    const vfs = withLog();
    vfs.makeDirectory('/log/a');
    vfs.syncDirectory('/log');
    vfs.rename('/log/a', '/log/b');
    vfs.rename('/log/b', '/log/c');
    expect(vfs.crash('every other but the first').list('/log')).toHaveLength(1);
  });

  it('links count as names of one file', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/temporary', 'x');
    vfs.link('/log/temporary', '/log/fence');
    vfs.unlink('/log/temporary');
    vfs.syncDirectory('/log');
    expect(contents(vfs.crash('all dropped'))).toEqual({ fence: 'x' });
    vfs.link('/log/fence', '/log/again');
    const crashed = vfs.crash('all kept');
    expect(crashed.stat('/log/again')).toEqual(crashed.stat('/log/fence'));
  });

  it('brings a file back whose unlink was not synced, though its inode number was reused', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/a', 'a');
    vfs.syncDirectory('/log');
    const { identity } = vfs.stat('/log/a') ?? {};
    vfs.unlink('/log/a');
    putSynced(vfs, '/log/b', 'b');
    expect(vfs.stat('/log/b')?.identity).toBe(identity);
    const crashed = vfs.crash({ choose: ({ kind }) => (kind === 'unlink' ? 'dropped' : 'kept') });
    expect(contents(crashed)).toEqual({ a: 'a', b: 'b' });
    expect(crashed.stat('/log/a')?.identity).not.toBe(crashed.stat('/log/b')?.identity);
    put(crashed, '/log/c', 'c');
    const identities = ['a', 'b', 'c'].map((name) => crashed.stat(`/log/${name}`)?.identity);
    expect(new Set(identities).size).toBe(3);
  });

  it('leaves nothing pending and nothing open', () => {
    const vfs = withLog();
    vfs.open('/log/a', 'create');
    const crashed = vfs.crash('all kept');
    expect(crashed.pending()).toEqual([]);
    expect(crashed.openFileCount).toBe(0);
    expect(crashed.crash('all dropped').hash()).toBe(crashed.hash());
  });
});

describe('the fate of a pending write', () => {
  const sector = 512;
  const letters = (size: number): string => 'abcdefgh'.repeat(size / 8);

  /** A durable file of `before`, over which `after` is written at `offset`, after a power loss. */
  function after(before: string, offset: number, written: string, fate: Fate): string {
    const vfs = withLog();
    putSynced(vfs, '/log/a', before);
    vfs.syncDirectory('/log');
    const file = vfs.open('/log/a', 'write');
    vfs.write(file, bytesOf(written), offset);
    return get(vfs.crash({ choose: () => fate }), '/log/a');
  }

  it.each<[string, Fate, string]>([
    ['kept', 'kept', '01abcd67'],
    ['dropped', 'dropped', '01234567'],
    ['zeroed', 'zeroed', '01\0\0\0\x0067'],
    ['cut at 0', { cutAt: 0 }, '01234567'],
    ['cut at 3', { cutAt: 3 }, '01abc567'],
    ['cut past its end', { cutAt: 9 }, '01abcd67'],
  ])('overwriting, %s', (_name, fate, expected) => {
    expect(after('01234567', 2, 'abcd', fate)).toBe(expected);
  });

  it.each<[string, Fate, string]>([
    ['kept', 'kept', '0123abcd'],
    ['dropped', 'dropped', '0123'],
    ['zeroed: the size without the bytes', 'zeroed', '0123\0\0\0\0'],
    ['cut at 2', { cutAt: 2 }, '0123ab'],
  ])('appending, %s', (_name, fate, expected) => {
    expect(after('0123', 4, 'abcd', fate)).toBe(expected);
  });

  it('garbled: the size is right, the bytes are not', () => {
    const garbled = after('0123', 4, 'abcd', 'garbled');
    expect(garbled.slice(0, 4)).toBe('0123');
    expect(garbled.slice(4)).not.toBe('abcd');
  });

  it('sectors of the file, not of the write, have their own fates', () => {
    const written = letters(2 * sector);
    const result = after(letters(sector), sector - 8, written, {
      sectors: (index) => (index === 1 ? 'zeroed' : 'kept'),
    });
    expect(result).toBe(
      letters(sector - 8) + letters(8) + '\0'.repeat(sector) + letters(sector - 8),
    );
  });

  it('a dropped write before a kept one leaves zeros', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.syncDirectory('/log');
    vfs.write(file, bytesOf('first'), 0);
    vfs.write(file, bytesOf('second'), 5);
    expect(get(vfs.crash('every other but the first'), '/log/a')).toBe('\0\0\0\0\0second');
    expect(get(vfs.crash({ lastWriteCutAt: 3 }), '/log/a')).toBe('firstsec');
  });

  it('a truncate is kept or dropped on its own', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/a', 'abcdef');
    vfs.syncDirectory('/log');
    const file = vfs.open('/log/a', 'write');
    vfs.truncate(file, 2);
    vfs.write(file, bytesOf('X'), 2);
    const afterFates = (...fates: Fate[]): string =>
      get(vfs.crash({ choose: (_change, index) => fates[index] ?? 'kept' }), '/log/a');
    expect(afterFates('kept', 'kept')).toBe('abX');
    expect(afterFates('dropped', 'kept')).toBe('abXdef');
    expect(afterFates('kept', 'dropped')).toBe('ab');
  });
});

describe('syncs on the memory disk', () => {
  it('cover what was written before, through any handle of the file', () => {
    const vfs = withLog();
    const writer = vfs.open('/log/a', 'create');
    vfs.syncDirectory('/log');
    vfs.write(writer, bytesOf('one'), 0);
    const reader = vfs.open('/log/a', 'read');
    vfs.sync(reader);
    vfs.write(writer, bytesOf('two'), 3);
    expect(get(vfs.crash('all dropped'), '/log/a')).toBe('one');
  });

  it('syncLater covers what was written before it began, once it has ended', async () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.syncDirectory('/log');
    vfs.write(file, bytesOf('one'), 0);
    const ended = vfs.syncLater(file);
    vfs.write(file, bytesOf('two'), 3);
    expect(get(vfs.crash('all dropped'), '/log/a')).toBe('');
    await ended;
    expect(get(vfs.crash('all dropped'), '/log/a')).toBe('one');
    expect(vfs.pending()).toHaveLength(1);
  });

  it('a syncLater that ends after a newer sync takes nothing back', async () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.syncDirectory('/log');
    const ended = vfs.syncLater(file);
    vfs.write(file, bytesOf('one'), 0);
    vfs.sync(file);
    await ended;
    expect(get(vfs.crash('all dropped'), '/log/a')).toBe('one');
  });

  it.each(['sync', 'syncLater', 'syncLaterEnds'])(
    'a failed %s loses its writes: the next one succeeds without them',
    async (name) => {
      const vfs = withLog();
      const file = vfs.open('/log/a', 'create');
      vfs.syncDirectory('/log');
      vfs.write(file, bytesOf('lost'), 0);
      vfs.configure({
        onCall: (call) => {
          if (call.name === name) throw fileSystemError('EIO', 'fdatasync', call.path);
        },
      });
      const sync = async (): Promise<void> =>
        name === 'sync' ? vfs.sync(file) : vfs.syncLater(file);
      await expect(sync()).rejects.toThrow(failure('EIO'));
      vfs.configure({ onCall: undefined });
      vfs.write(file, bytesOf('more'), 4);
      vfs.sync(file);
      expect(get(vfs, '/log/a')).toBe('lostmore');
      expect(get(vfs.crash('all dropped'), '/log/a')).toBe('\0\0\0\0more');
      expect(get(vfs.crash('all kept'), '/log/a')).toBe('lostmore');
    },
  );

  it('an error without a code is the end of the caller, not of the disk', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.syncDirectory('/log');
    vfs.write(file, bytesOf('kept'), 0);
    vfs.configure({
      onCall: () => {
        throw new Error('killed');
      },
    });
    expect(() => vfs.sync(file)).toThrow('killed');
    const next = vfs.kill();
    next.sync(next.open('/log/a', 'read'));
    expect(get(next.crash('all dropped'), '/log/a')).toBe('kept');
  });
});

describe('images of the memory disk', () => {
  it('kill keeps what the kernel holds, pending as it was', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.write(file, bytesOf('abc'), 0);
    const killed = vfs.kill();
    expect(contents(killed)).toEqual({ a: 'abc' });
    expect(killed.stat('/log/a')).toEqual(vfs.stat('/log/a'));
    expect(contents(killed.crash('all dropped'))).toEqual({});
    expect(() => killed.facts(file)).toThrow(failure('EBADF'));
  });

  it('kill and crash know the space and the names of each file', () => {
    const vfs = withLog();
    putSynced(vfs, '/log/a', 'abc');
    vfs.link('/log/a', '/log/b');
    for (const image of [vfs.kill(), vfs.clone(), vfs.crash('all kept')]) {
      expect(image.used).toBe(3);
      image.unlink('/log/a');
      expect(image.used).toBe(3);
      image.unlink('/log/b');
      expect(image.used).toBe(0);
    }
  });

  it('clone keeps handles, also on files without a name', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.write(file, bytesOf('abc'), 0);
    vfs.unlink('/log/a');
    const clone = vfs.clone();
    clone.write(file, bytesOf('def'), 3);
    expect(clone.facts(file).size).toBe(6);
    expect(vfs.facts(file).size).toBe(3);
    expect([vfs.used, clone.used, vfs.kill().used]).toEqual([3, 6, 0]);
  });

  it('images and disk share nothing that changes', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.write(file, bytesOf('abc'), 0);
    const images = [vfs.clone(), vfs.kill(), vfs.crash('all kept')];
    for (const [index, image] of images.entries()) {
      const own = image.open('/log/a', 'write');
      image.write(own, bytesOf(String(index)), 0);
      image.write(own, bytesOf(`end${index}`), 3);
      image.close(own);
    }
    vfs.write(file, bytesOf('xyz'), 3);
    expect(images.map((image) => get(image, '/log/a'))).toEqual(['0bcend0', '1bcend1', '2bcend2']);
    expect(get(vfs, '/log/a')).toBe('abcxyz');
  });
});

// Random calls on the memory disk and on a plain model of it: names to contents. After any power
// loss, what a sync and a directory sync have covered is there, and the rest is one of its versions.
describe('random calls', () => {
  it('never lose what was synced, whatever the power loss keeps', () => {
    const { random, integer, pick, bytes } = seeded('random calls');
    for (let round = 0; round < 300; round++) {
      const vfs = withLog();
      const durable = new Map<string, string>();
      for (let count = integer(30); count > 0; count--) {
        const name = pick(['a', 'b', 'c', 'd']);
        const path = `/log/${name}`;
        if (vfs.stat(path) !== undefined) continue;
        const file = vfs.open(path, 'create');
        const text = textOf(bytes(integer(1200)).map((byte) => byte & 0x7f));
        vfs.write(file, bytesOf(text), 0);
        if (random() < 0.5) {
          vfs.sync(file);
          vfs.syncDirectory('/log');
          durable.set(name, text);
        }
        vfs.write(file, bytesOf('tail'), text.length);
      }
      const rules = [...namedCrashRules, { random }, { random }, { lastWriteCutAt: integer(9) }];
      for (const rule of rules) {
        const crashed = vfs.crash(rule);
        for (const [name, text] of durable) {
          expect(get(crashed, `/log/${name}`).startsWith(text)).toBe(true);
        }
        expect(crashed.crash('all dropped').hash()).toBe(crashed.hash());
      }
      expect(contents(vfs.kill())).toEqual(contents(vfs));
    }
  });
});
