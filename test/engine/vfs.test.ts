// Both file systems against the contract; then what only one of them has: names of file systems, and
// hooks, refusals and fingerprints of the memory one. Its power losses are in memory-vfs.test.ts.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileSystemName, isRemoteFileSystem } from '../../src/engine/vfs/file-system-names.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import { type MemoryVfs, memoryVfs } from '../../src/engine/vfs/memory-vfs.ts';
import { nodeVfs } from '../../src/engine/vfs/node-vfs.ts';
import type { FileFacts, FileHandle, Vfs } from '../../src/engine/vfs/vfs.ts';
import { errorCode } from '../../src/errors.ts';
import { seeded } from '../support/random.ts';
import { bytesOf, describeVfs, failure, get, put, putSynced, withLog } from './vfs-suite.ts';

const temporary = mkdtempSync(join(tmpdir(), 'runlog-vfs-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describeVfs('node-vfs', () => ({ vfs: nodeVfs(), root: mkdtempSync(join(temporary, 'case-')) }));
describeVfs('memory-vfs', () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  return { vfs, root: '/log' };
});
describeVfs('memory-vfs after a power loss', () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  return { vfs: vfs.crash('all kept'), root: '/log' };
});

it('opening a pipe in place of a file does not wait for who writes to it; reading is an error', (context) => {
  const path = join(temporary, 'pipe');
  if (spawnSync('mkfifo', [path]).status !== 0) context.skip('mkfifo is not here');
  const vfs = nodeVfs();
  const file = vfs.open(path, 'read');
  expect(() => vfs.read(file, new Uint8Array(8), 0)).toThrow(failure('ESPIPE'));
  vfs.close(file);
});

// One sequence of random calls on both, results and error codes compared after each: where the memory
// disk differs from the real one, tests on it prove nothing.
describe('random calls', () => {
  it('have the same results on both', () => {
    const { integer, pick, random } = seeded('random calls on both');
    for (let round = 0; round < 60; round++) {
      const memory = memoryVfs();
      memory.makeDirectory('/log');
      const root = mkdtempSync(join(temporary, 'random-'));
      const both: Sides = [new Side(nodeVfs(), root), new Side(memory, '/log')];
      for (let count = 0; count < 60; count++) {
        const call: RandomCall = {
          kind: pick(randomCalls),
          path: pick(['a', 'b', 'd', 'd/a', 'd/b', 'e', 'e/a']),
          target: pick(['a', 'b', 'd', 'd/a', 'e', 'e/b']),
          offset: integer(40),
          size: integer(1200),
          handle: random(),
        };
        const [real, simulated] = both.map((side) => side.run(call));
        expect(simulated, `${round}.${count} ${JSON.stringify(call)}`).toEqual(real);
      }
      for (const side of both) side.closeAll();
    }
  });
});

const randomCalls = [
  ...(['create', 'read', 'write', 'get', 'put', 'put', 'truncate', 'close', 'stat'] as const),
  ...(['list', 'link', 'rename', 'unlink', 'makeDirectory', 'removeDirectory'] as const),
];

interface RandomCall {
  readonly kind: (typeof randomCalls)[number];
  readonly path: string;
  readonly target: string;
  readonly offset: number;
  readonly size: number;
  /** Which of the open handles, in [0, 1). */
  readonly handle: number;
}

type Sides = readonly [Side, Side];

/** One of two file systems that are called alike. */
class Side {
  readonly #vfs: Vfs;
  readonly #root: string;
  readonly #open: FileHandle[] = [];

  constructor(vfs: Vfs, root: string) {
    this.#vfs = vfs;
    this.#root = root;
  }

  /** The result of a call, or the code of its error; where two apply, systems differ in the choice. */
  run(call: RandomCall): unknown {
    try {
      return this.#run(call);
    } catch (error) {
      return process.platform === 'linux' ? errorCode(error) : 'failed';
    }
  }

  closeAll(): void {
    for (const handle of this.#open) this.#vfs.close(handle);
  }

  #run({ kind, path, target, offset, size, handle }: RandomCall): unknown {
    const vfs = this.#vfs;
    const at = (name: string): string => `${this.#root}/${name}`;
    if (kind === 'create' || kind === 'read' || kind === 'write') {
      // A directory opens on the real disk and does not on the other: no caller of ours tries.
      if (kind === 'read' && vfs.stat(at(path))?.isDirectory) return undefined;
      this.#open.push(vfs.open(at(path), kind));
      return undefined;
    }
    if (kind === 'stat') return this.#facts(vfs.stat(at(path)));
    if (kind === 'list') return vfs.list(at(path)).sort();
    if (kind === 'link' || kind === 'rename') return vfs[kind](at(path), at(target));
    if (kind === 'unlink' || kind === 'makeDirectory' || kind === 'removeDirectory') {
      return vfs[kind](at(path));
    }
    const index = Math.floor(handle * this.#open.length);
    const file = this.#open[index];
    if (file === undefined) return undefined;
    if (kind === 'put') return vfs.write(file, new Uint8Array(size).fill(offset + 1), offset * 20);
    if (kind === 'truncate') return vfs.truncate(file, size);
    if (kind === 'close') {
      this.#open.splice(index, 1);
      return vfs.close(file);
    }
    const bytes = new Uint8Array(size);
    return { count: vfs.read(file, bytes, offset), bytes, facts: this.#facts(vfs.facts(file)) };
  }

  #facts(facts: FileFacts | undefined): unknown {
    if (facts === undefined) return undefined;
    return facts.isDirectory ? 'directory' : facts.size;
  }
}

describe('names of file systems', () => {
  it('knows the numbers, with their sign too', () => {
    expect(fileSystemName(0xef53)).toBe('ext4');
    expect(fileSystemName(0x9123683e | 0)).toBe('btrfs');
    expect(fileSystemName(0)).toBeUndefined();
  });

  it('takes other machines for remote and what it does not know for local', () => {
    expect(['nfs', 'smb', '9p', 'fuse'].every(isRemoteFileSystem)).toBe(true);
    expect(['ext4', 'overlay', undefined].some(isRemoteFileSystem)).toBe(false);
  });
});

describe('the hook of the memory disk', () => {
  it('sees each call before it takes effect', () => {
    const trace: string[] = [];
    const vfs = withLog();
    vfs.configure({
      onCall: ({ name, path, target, size }, disk) => {
        const there = disk.list('/log').length;
        trace.push(
          [name, path, target, size, there].filter((part) => part !== undefined).join(' '),
        );
      },
    });
    put(vfs, '/log/a', 'abc');
    vfs.link('/log/a', '/log/b');
    expect(trace).toEqual([
      'open /log/a 0',
      'write /log/a 3 1',
      'close /log/a 1',
      'link /log/a /log/b 1',
    ]);
  });

  it('fails calls: nothing has happened', () => {
    const vfs = withLog();
    vfs.configure({
      onCall: ({ name, path }) => {
        if (name !== 'list') throw fileSystemError('EIO', name, path);
      },
    });
    expect(() => vfs.open('/log/a', 'create')).toThrow(failure('EIO'));
    expect(vfs.list('/log')).toEqual([]);
  });

  it('close loses the handle even when it fails', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.configure({
      onCall: ({ name, path }) => {
        if (name === 'close') throw fileSystemError('EDQUOT', name, path);
      },
    });
    expect(() => vfs.close(file)).toThrow(failure('EDQUOT'));
    expect(vfs.openFileCount).toBe(0);
  });

  it('shortens writes, to one byte at least', () => {
    const vfs = withLog();
    const file = vfs.open('/log/a', 'create');
    vfs.configure({ onCall: () => ({ writeAtMost: 2 }) });
    expect(vfs.write(file, bytesOf('abc'), 0)).toBe(2);
    vfs.configure({ onCall: () => ({ writeAtMost: 0 }) });
    expect(vfs.write(file, bytesOf('cde'), 2)).toBe(1);
    expect(get(vfs, '/log/a')).toBe('abc');
  });

  it('lets another process run between two calls', () => {
    const vfs = withLog();
    const other = vfs.attach();
    vfs.configure({
      onCall: ({ name }) => {
        if (name === 'link') put(other, '/log/b', 'other');
      },
    });
    put(vfs, '/log/a', 'a');
    expect(() => vfs.link('/log/a', '/log/b')).toThrow(failure('EEXIST'));
    const file = other.open('/log/b', 'read');
    expect(() => vfs.facts(file)).toThrow(failure('EBADF'));
    other.detach();
    expect(() => other.facts(file)).toThrow(failure('EBADF'));
  });
});

describe('refusals of the memory disk', () => {
  it('links refused, read-only, too many files', () => {
    const vfs = withLog();
    put(vfs, '/log/a', 'abc');
    vfs.configure({ refuseLinks: true });
    expect(() => vfs.link('/log/a', '/log/b')).toThrow(failure('EPERM'));
    const reader = vfs.attach({ readOnly: true, openFilesMax: 1, fileSystem: 'nfs' });
    expect(() => reader.open('/log/c', 'create')).toThrow(failure('EROFS'));
    expect(() => reader.open('/log/a', 'write')).toThrow(failure('EROFS'));
    expect(() => reader.unlink('/log/a')).toThrow(failure('EROFS'));
    expect(() => reader.rename('/log/a', '/log/b')).toThrow(failure('EROFS'));
    expect(() => reader.makeDirectory('/log/d')).toThrow(failure('EROFS'));
    expect(reader.fileSystem('/log')).toBe('nfs');
    const file = reader.open('/log/a', 'read');
    expect(() => reader.open('/log/a', 'read')).toThrow(failure('EMFILE'));
    reader.close(file);
    expect(get(reader, '/log/a')).toBe('abc');
  });

  it('a full disk writes short, then ENOSPC, and freed space is used again', () => {
    const vfs = withLog();
    vfs.configure({ capacity: 5 });
    const file = vfs.open('/log/a', 'create');
    expect(vfs.write(file, bytesOf('abc'), 0)).toBe(3);
    expect(vfs.write(file, bytesOf('defg'), 3)).toBe(2);
    expect(() => vfs.write(file, bytesOf('f'), 5)).toThrow(failure('ENOSPC'));
    expect(vfs.write(file, bytesOf('XY'), 0)).toBe(2);
    vfs.truncate(file, 4);
    expect(vfs.write(file, bytesOf('Z!'), 4)).toBe(1);
    vfs.unlink('/log/a');
    const next = vfs.open('/log/b', 'create');
    expect(() => vfs.write(next, bytesOf('b'), 0)).toThrow(failure('ENOSPC'));
    vfs.close(file);
    expect(vfs.write(next, bytesOf('b'), 0)).toBe(1);
    expect(vfs.attach().used).toBe(1);
    vfs.attach({ capacity: 2 });
    expect(vfs.write(next, bytesOf('bcd'), 1)).toBe(1);
  });

  it('inode numbers are given again at once, or never', () => {
    const identities = (reuseInodes: boolean): Array<string | undefined> => {
      const vfs = memoryVfs({ reuseInodes });
      return [1, 2, 3].map(() => {
        put(vfs, '/a', '');
        const found = vfs.stat('/a')?.identity;
        vfs.unlink('/a');
        return found;
      });
    };
    expect(new Set(identities(true)).size).toBe(1);
    expect(new Set(identities(false)).size).toBe(3);
  });
});

describe('fingerprints of the memory disk', () => {
  it('hash tells content, names and durability apart, and nothing else', () => {
    const build = (change: (vfs: MemoryVfs) => void): bigint => {
      const vfs = withLog();
      put(vfs, '/log/a', 'abc');
      change(vfs);
      return vfs.hash();
    };
    const sync = (vfs: Vfs, name: string): void => vfs.sync(vfs.open(`/log/${name}`, 'read'));
    const different: Array<(vfs: MemoryVfs) => void> = [
      () => {},
      (vfs) => sync(vfs, 'a'),
      (vfs) => vfs.syncDirectory('/log'),
      (vfs) => vfs.unlink('/log/a'),
      (vfs) => vfs.link('/log/a', '/log/b'),
      (vfs) => put(vfs, '/log/b', 'abc'),
      (vfs) => put(vfs, '/log/b', 'abd'),
      (vfs) => put(vfs, '/log/c', 'abc'),
      (vfs) => vfs.truncate(vfs.open('/log/a', 'write'), 2),
    ];
    expect(new Set(different.map(build)).size).toBe(different.length);
    expect(build(() => {})).toBe(build(() => {}));
    const vfs = withLog();
    put(vfs, '/log/a', 'abc');
    expect([vfs.clone().hash(), vfs.kill().hash()]).toEqual([vfs.hash(), vfs.hash()]);
    const afterCrash = (change: (disk: MemoryVfs) => void): bigint => {
      const disk = withLog();
      put(disk, '/log/a', 'abc');
      change(disk);
      return disk.crash('all kept').hash();
    };
    // Two names of one file and two equal files, with nothing pending that could tell them apart.
    expect(afterCrash((disk) => disk.link('/log/a', '/log/b'))).not.toBe(
      afterCrash((disk) => put(disk, '/log/b', 'abc')),
    );
    const ordered = ['ab', 'ba'].map((names) => {
      const disk = withLog();
      for (const name of names) putSynced(disk, `/log/${name}`, name);
      disk.syncDirectory('/log');
      return disk.hash();
    });
    expect(ordered[0]).toBe(ordered[1]);
  });
});

describe('seeded', () => {
  it('gives the same numbers for a name and a seed, others for another name', () => {
    const take = (name: string, seed: number): number[] => {
      const { random } = seeded(name, seed);
      return Array.from({ length: 4 }, random);
    };
    expect(take('a', 1)).toEqual(take('a', 1));
    expect(take('a', 1)).not.toEqual(take('b', 1));
    expect(take('a', 1)).not.toEqual(take('a', 2));
  });
});
