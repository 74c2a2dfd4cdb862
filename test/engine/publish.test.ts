// Put if absent: one publisher of a name succeeds, whole; nothing is replaced, and what fails leaves
// nothing behind, with links and where links are refused.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  fileSystemError,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  publish,
  readWhole,
  type VfsCall,
} from '../../src/engine/index.ts';
import { publishOpen, writeWhole } from '../../src/engine/publish.ts';

beforeAll(loadXxhash);

const D = '/d';
const one = Uint8Array.from([1, 1, 1]);
const two = Uint8Array.from([2, 2, 2, 2]);

function disk(refuseLinks = false): MemoryVfs {
  const vfs = memoryVfs({ refuseLinks });
  vfs.makeDirectory(D);
  return vfs;
}

const content = (vfs: MemoryVfs): number[] => [...readWhole(vfs, `${D}/name`, 100)];

describe.each([
  { how: 'with links', refuseLinks: false },
  { how: 'where links are refused', refuseLinks: true },
])('publish, $how', ({ refuseLinks }) => {
  it('gives the name the whole content; the second is told no, and replaces nothing', () => {
    const vfs = disk(refuseLinks);
    expect(publish(vfs, D, 'name', one, { sync: true })).toBe(true);
    expect(publish(vfs, D, 'name', two, { sync: true })).toBe(false);
    expect(content(vfs)).toEqual([1, 1, 1]);
    expect(vfs.list(D)).toEqual(['name']);
    expect(vfs.openFileCount).toBe(0);
  });

  it('one of two succeeds, whatever call the other comes in at', () => {
    for (let at = 0; ; at += 1) {
      const vfs = disk(refuseLinks);
      let calls = 0;
      let second: boolean | undefined;
      const first = vfs.attach({
        onCall: () => {
          if (calls++ === at) second = publish(vfs, D, 'name', two, { sync: false });
        },
      });
      const isFirst = publish(first, D, 'name', one, { sync: false });
      if (second === undefined) break;
      expect([isFirst, second].filter(Boolean), `call ${at}`).toHaveLength(1);
      expect(content(vfs)).toEqual(isFirst ? [1, 1, 1] : [2, 2, 2, 2]);
      expect(vfs.list(D)).toEqual(['name']);
    }
  });

  it('with sync the content is durable before the name is there', () => {
    const vfs = disk(refuseLinks);
    vfs.syncDirectory('/');
    publish(vfs, D, 'name', one, { sync: true });
    const crashed = vfs.crash('names kept content dropped');
    expect(content(crashed)).toEqual([1, 1, 1]);
    expect(
      vfs.crash('all dropped').stat(`${D}/name`),
      'to sync the name is left to the caller',
    ).toBe(undefined);
    vfs.syncDirectory(D);
    expect(content(vfs.crash('all dropped'))).toEqual([1, 1, 1]);
  });

  it('that fails throws the error of the call, and leaves neither handle nor file', () => {
    const calls: VfsCall['name'][] = refuseLinks
      ? ['open', 'write', 'sync', 'rename']
      : ['open', 'write', 'sync', 'link'];
    for (const name of calls) {
      const vfs = disk(refuseLinks);
      vfs.configure({
        onCall: (call) => {
          if (call.name === name) throw fileSystemError('EIO', name);
        },
      });
      expect(() => publish(vfs, D, 'name', one, { sync: true })).toThrow('EIO');
      vfs.configure({ onCall: undefined });
      // Where links are refused, an empty file may have taken the name: it counts as one (G5).
      expect(vfs.list(D)).toEqual(name === 'rename' ? ['name'] : []);
      expect(vfs.openFileCount).toBe(0);
    }
  });

  it('a temporary file that was collected under it is written again; one that always is, is an error', () => {
    const vfs = disk(refuseLinks);
    let times = 1;
    const publisher = vfs.attach({
      onCall: ({ name }) => {
        if (name !== 'sync' || times-- <= 0) return;
        for (const each of vfs.list(D)) vfs.unlink(`${D}/${each}`);
      },
    });
    expect(publish(publisher, D, 'name', one, { sync: true })).toBe(true);
    expect(content(vfs)).toEqual([1, 1, 1]);
    times = Number.POSITIVE_INFINITY;
    vfs.unlink(`${D}/name`);
    expect(() => publish(publisher, D, 'name', one, { sync: true })).toThrow('ENOENT');
    expect(publisher.openFileCount).toBe(0);
  });

  it('publishOpen gives the handle of the very file that has the name', () => {
    const vfs = disk(refuseLinks);
    const handle = publishOpen(vfs, D, 'name', one, { sync: false });
    if (handle === undefined) throw new Error('a handle');
    expect(vfs.facts(handle).identity).toBe(vfs.stat(`${D}/name`)?.identity);
    expect(publishOpen(vfs, D, 'name', two, { sync: false })).toBeUndefined();
    vfs.close(handle);
  });
});

it('an error of link that is no refusal is not answered by taking the name in another way', () => {
  for (const code of ['EIO', 'ENOSPC', 'EACCES', 'EROFS']) {
    const vfs = disk();
    const names: string[] = [];
    vfs.configure({
      onCall: ({ name, path, mode }) => {
        if (name === 'link') throw fileSystemError(code, 'link');
        if (mode === 'create') names.push(path);
      },
    });
    expect(() => publish(vfs, D, 'name', one, { sync: false })).toThrow(code);
    expect(names.filter((path) => path.endsWith('/name'))).toEqual([]);
  }
});

it('writeWhole goes on after short writes; readWhole reads no more than its bound and one', () => {
  const vfs = disk();
  vfs.configure({ onCall: ({ name }) => (name === 'write' ? { writeAtMost: 3 } : undefined) });
  const file = vfs.open(`${D}/name`, 'create');
  const bytes = Uint8Array.from({ length: 50 }, (_, index) => index);
  writeWhole(vfs, file, bytes, 0);
  vfs.close(file);
  expect(readWhole(vfs, `${D}/name`, 100)).toEqual(bytes);
  expect(
    readWhole(vfs, `${D}/name`, 10),
    'so that the caller sees that it is too long',
  ).toHaveLength(11);
  expect(() => readWhole(vfs, `${D}/none`, 10)).toThrow('ENOENT');
});
