// The list of an artifact is read as it was written, and one that would lead out of the artifact, or
// through a link of it, is refused whole, whoever wrote it.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { packBody, unpackBody } from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import {
  type ArtifactEntry,
  decodeArtifact,
  decodeEntries,
  digestOf,
  encodeArtifact,
  isInsideLink,
} from '../../src/store/artifact-record.ts';

const SUM = 'ab'.repeat(32);

const file = (path: string): ArtifactEntry => ({
  kind: 'file',
  path,
  sha256: SUM,
  size: 1,
  mode: 0o644,
  mtime: 1.5,
});
const link = (path: string, target: string): ArtifactEntry => ({
  kind: 'link',
  path,
  target,
  size: 0,
  mode: 0o777,
  mtime: 0,
});
const folder = (path: string): ArtifactEntry => ({
  kind: 'directory',
  path,
  size: 0,
  mode: 0o755,
  mtime: 0,
});

async function stored(entries: readonly ArtifactEntry[]): Promise<ArtifactEntry[]> {
  const facts = { name: 'x', kind: 'directory', time: 1, metadata: undefined } as const;
  const { body } = await encodeArtifact(facts, entries);
  const decoded = decodeArtifact(unpackBody(packBody(body)));
  return decodeEntries(decoded.files, decoded.kind);
}

it('comes back whole, of any length', async () => {
  const entries = [
    ...Array.from({ length: 5000 }, (_, index) => file(`${index % 9}/\u{1f600}\n${index}`)),
    link('l', '0'),
    folder('d/e'),
  ];
  for (const count of [0, 1, 8, 9, 1024, 1025, entries.length])
    expect(await stored(entries.slice(0, count))).toEqual(entries.slice(0, count));
});

it('of 200,000 files fits its record', async () => {
  const entries = Array.from({ length: limits.artifactFileCountMax }, (_, index) =>
    file(`train/images/class-${index % 1000}/n0${index}.jpeg`),
  );
  const facts = { name: 'x', kind: 'directory', time: 1, metadata: undefined } as const;
  const { body } = await encodeArtifact(facts, entries);
  expect(packBody(body).length).toBeLessThan(limits.frameBodySizeMax);
  await expect(stored([...entries, file('one')])).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('is refused where a path leads out, is there twice, or leads through another entry', async () => {
  const wrong: ArtifactEntry[][] = [
    ...['', '/', '/etc/passwd', '..', '../x', 'a/../../x', 'a/..', './x', 'a//b', 'a/', 'a\0b'].map(
      (path) => [file(path)],
    ),
    [file('a'), file('a')],
    [file('a'), file('a/b')],
    [link('a', 'b'), file('a/x')],
    [link('a', 'b'), file('a/x/y')],
    [folder('a'), file('a/b')],
    [link('a', '..')],
    [link('a', '/')],
    [link('a/b', '../../x')],
    [link('a', '')],
    [link('a', 'x\0')],
    [link('a', 'b/..')],
  ];
  for (const entries of wrong)
    await expect(stored(entries), JSON.stringify(entries)).rejects.toMatchObject({
      code: 'CORRUPT',
    });
});

it('is refused where it is not of its shape', () => {
  const bodies: unknown[] = [
    null,
    5,
    [],
    ['x', [], 1, 'file'],
    ['', [], 1, 'file', null],
    ['x', [], 1, 'folder', null],
    ['x', [], 'now', 'file', null],
    ['x', 7, 1, 'file', null],
    ['x', [], 1, 'file', [1]],
    ['x', [], 1, 'file', 5],
  ];
  for (const body of bodies)
    expect(() => decodeArtifact(body), JSON.stringify(body)).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    );
  const sum = new Uint8Array(32);
  const lists: unknown[] = [
    [[['a', sum, 1, 0]]],
    [[['a', new Uint8Array(31), 1, 0, 0]]],
    [[['a', 5, 1, 0, 0]]],
    [[[5, sum, 1, 0, 0]]],
    [[['a', sum, -1, 0, 0]]],
    [[['a', sum, 1.5, 0, 0]]],
    [[['a', sum, 1, 0, 'x']]],
    [['a']],
    ['a'],
    [new Uint8Array([1, 2, 3])],
    [deflateRawSync(packBody(5))],
    [deflateRawSync(Buffer.alloc(limits.frameBodySizeMax + 1))],
  ];
  for (const list of lists)
    expect(() => decodeEntries(list, 'directory'), JSON.stringify(list)).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    );
  const several = [
    [
      ['a', sum, 1, 0, 0],
      ['b', sum, 1, 0, 0],
    ],
  ];
  for (const list of [several, [], [[['a', null, 0, 0, 0]]]])
    expect(() => decodeEntries(list, 'file')).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

it('has a digest that tells entries apart, and no times', () => {
  const digest = (...entries: ArtifactEntry[]): string => digestOf('directory', entries);
  const different = [
    digest(),
    digest(file('a')),
    digest(file('b')),
    digest({ ...file('a'), sha256: 'cd'.repeat(32) } as ArtifactEntry),
    digest(link('a', 'b')),
    digest(link('a', 'c')),
    digest(folder('a')),
    digest(file('a'), file('b')),
  ];
  expect(new Set(different).size).toBe(different.length);
  expect(digest({ ...file('a'), mtime: 9, mode: 0 })).toBe(digest(file('a')));
  expect(digestOf('file', [file('a')])).toBe(SUM);
});

it('holds only links that the kernel also resolves inside, however they are combined', () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'runlog-links-'));
  const outside = fs.realpathSync(root);
  const name = fc.constantFrom('a', 'b', 'c', 'd/a', 'd/b', 'd/e/a');
  const part = fc.constantFrom('..', '.', 'a', 'b', 'c', 'd', 'e', '');
  const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  let kept = 0;
  try {
    fc.assert(
      fc.property(fc.dictionary(name, target, { maxKeys: 5 }), (links) => {
        const inside = join(outside, 'in');
        fs.rmSync(inside, { recursive: true, force: true });
        fs.mkdirSync(join(inside, 'd/e'), { recursive: true });
        for (const [path, to] of Object.entries(links)) {
          if (!isInsideLink(path, to)) continue;
          fs.symlinkSync(to, join(inside, path));
          kept += 1;
        }
        for (const path of Object.keys(links)) {
          let real: string;
          try {
            real = fs.realpathSync(join(inside, path));
          } catch {
            continue; // Dangling, or a loop.
          }
          expect(`${real}/`.startsWith(`${inside}/`), `${path} leads to ${real}`).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
    expect(kept).toBeGreaterThan(50);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

it('is refused at its limit, before what follows is inflated', () => {
  const part = deflateRawSync(
    packBody(Array(limits.artifactFileCountMax).fill(['a', null, 0, 0, 0])),
  );
  const second = deflateRawSync(packBody(['a']));
  // The third is not inflated any more.
  const files = [part, second, new Uint8Array([255])];
  expect(() => decodeEntries(files, 'directory')).toThrow(/entries or more/);
});
