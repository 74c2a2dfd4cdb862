// The packages that are found are those that are installed where the entry file runs, each version once,
// in every layout of node_modules, whatever is broken in it, and within limits.

// The packages that are found are those that are installed where the entry file runs, each version once,
// in every layout of node_modules, whatever is broken in it, and within limits.

import crypto, { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path, { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { readInstalled, scanLimits } from '../../../src/system/environment/packages.ts';
import { type Installed, InstalledScan } from '../../../src/system/environment/scan-installed.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-packages-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

let count = 0;

/** A directory of files; a value of `-> target` is a link, an object a package.json. */
function tree(files: Readonly<Record<string, string | object>>): string {
  count += 1;
  const at = join(directory, `tree-${count}`);
  for (const [file, content] of Object.entries(files)) {
    const place = join(at, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    const target = typeof content === 'string' ? /^-> (.*)$/.exec(content)?.[1] : undefined;
    if (target !== undefined) fs.symlinkSync(target, place);
    else fs.writeFileSync(place, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return at;
}

const manifest = (version: string): object => ({ name: 'any', version });

/** The file system without what stands beside the directory of temporary files, which is anybody's. */
const below = {
  ...fs,
  statSync: (place: string, options: { throwIfNoEntry: false }) =>
    place.startsWith(directory) ? fs.statSync(place, options) : undefined,
} as typeof fs;

const scan = (start: string, more: object = {}): Installed =>
  new InstalledScan({ ...scanLimits, timeMs: 30_000, start, ...more }, below, path, crypto).run();

describe('found', () => {
  it('flat and scoped, at the entry file and above it, the nearest version first', () => {
    const at = tree({
      'node_modules/a/package.json': manifest('1.0.0'),
      'node_modules/@s/b/package.json': manifest('2.0.0-rc.1'),
      'node_modules/.bin/tool': '',
      'node_modules/.cache/c/package.json': manifest('9.9.9'),
      'node_modules/file': '',
      'packages/app/node_modules/a/package.json': manifest('3.0.0'),
      'packages/app/src/entry.js': '',
    });
    expect(scan(join(at, 'packages/app/src/entry.js'))).toMatchObject({
      packages: { a: '3.0.0', '@s/b': '2.0.0-rc.1' },
      nested: { a: ['1.0.0'] },
      unreadableCount: 0,
      stopped: null,
    });
    // Of the file, not of where the program stands: a link to it is followed, as Node does.
    const other = tree({ 'link.js': `-> ${at}/packages/app/src/entry.js` });
    expect(scan(join(other, 'link.js')).packages).toEqual({ a: '3.0.0', '@s/b': '2.0.0-rc.1' });
    // A directory, and a file that is not there, begin where they would be.
    expect(scan(join(at, 'packages')).packages).toEqual({ a: '1.0.0', '@s/b': '2.0.0-rc.1' });
    expect(scan(join(at, 'gone.js')).packages['a']).toBe('1.0.0');
  });

  it('nested, several versions of one name, and names that the entry does not resolve', () => {
    const at = tree({
      'node_modules/a/package.json': manifest('1.0.0'),
      'node_modules/b/package.json': manifest('1.0.0'),
      'node_modules/b/node_modules/a/package.json': manifest('2.0.0'),
      'node_modules/b/node_modules/deep/package.json': manifest('5.0.0'),
      'node_modules/b/node_modules/a/node_modules/@x/y/package.json': manifest('6.0.0'),
      'node_modules/c/node_modules/a/package.json': manifest('1.0.0'),
      'node_modules/c/package.json': manifest('1.0.0'),
      'node_modules/d/package.json': manifest('1.0.0'),
      'node_modules/d/node_modules/a/package.json': manifest('0.9.0'),
    });
    expect(scan(at)).toMatchObject({
      packages: { a: '1.0.0', b: '1.0.0', c: '1.0.0', d: '1.0.0', deep: '5.0.0', '@x/y': '6.0.0' },
      nested: { a: ['0.9.0', '2.0.0'] },
    });
  });

  it("in pnpm's layout: what packages find beside them, through links", () => {
    const store = 'node_modules/.pnpm';
    const at = tree({
      [`${store}/a@1.0.0/node_modules/a/package.json`]: manifest('1.0.0'),
      [`${store}/a@1.0.0/node_modules/b`]: '-> ../../b@2.0.0/node_modules/b',
      [`${store}/a@1.0.0/node_modules/@s/c`]: '-> ../../../@s+c@3.0.0/node_modules/@s/c',
      [`${store}/b@2.0.0/node_modules/b/package.json`]: manifest('2.0.0'),
      [`${store}/b@2.0.0/node_modules/a`]: '-> ../../a@0.1.0/node_modules/a',
      [`${store}/a@0.1.0/node_modules/a/package.json`]: manifest('0.1.0'),
      [`${store}/@s+c@3.0.0/node_modules/@s/c/package.json`]: manifest('3.0.0'),
      [`${store}/@s+c@3.0.0/node_modules/d`]: '-> ../../d@4.0.0/node_modules/d',
      [`${store}/d@4.0.0/node_modules/d/package.json`]: manifest('4.0.0'),
      [`${store}/unused@7.0.0/node_modules/unused/package.json`]: manifest('7.0.0'),
      'node_modules/a': '-> .pnpm/a@1.0.0/node_modules/a',
      'app.js': '',
    });
    expect(scan(join(at, 'app.js'))).toMatchObject({
      packages: { a: '1.0.0', b: '2.0.0', '@s/c': '3.0.0', d: '4.0.0' },
      nested: { a: ['0.1.0'] },
      unreadableCount: 0,
    });
  });

  it('packages of a workspace, which are links to one another', () => {
    const at = tree({
      'node_modules/one': '-> ../packages/one',
      'node_modules/two': '-> ../packages/two',
      'packages/one/package.json': { name: 'one' },
      'packages/two/package.json': manifest('2.0.0'),
      'packages/one/node_modules/two': '-> ../../two',
      'packages/two/node_modules/one': '-> ../../one',
      'packages/two/node_modules/x/package.json': manifest('1.0.0'),
    });
    expect(scan(at)).toMatchObject({
      packages: { one: null, two: '2.0.0', x: '1.0.0' },
      nested: {},
      unreadableCount: 0,
    });
  });
});

describe('broken', () => {
  it('links, loops and package.json are passed over, and said', () => {
    const at = tree({
      'node_modules/good/package.json': manifest('1.0.0'),
      'node_modules/gone': '-> ../nowhere',
      'node_modules/self': '-> self',
      'node_modules/round': '-> ..',
      'node_modules/good/node_modules': '-> ../../node_modules',
      'node_modules/empty/readme': '',
      'node_modules/torn/package.json': '{"name": "torn", "vers',
      'node_modules/list/package.json': '[]',
      'node_modules/null/package.json': 'null',
      'node_modules/number/package.json': { version: 1 },
      'node_modules/mark/package.json': `\ufeff${JSON.stringify(manifest('1.2.3'))}`,
      'node_modules/surrogate/package.json': '{"version":"1.\\ud800"}',
      'node_modules/huge/package.json': 'x'.repeat(2000),
      'node_modules/folder/package.json/x': '',
      'package.json': '{',
    });
    const { packages, unreadable, unreadableCount, stopped } = scan(at, { manifestSizeMax: 1000 });
    expect([packages, stopped]).toEqual([
      { good: '1.0.0', list: null, mark: '1.2.3', number: null, surrogate: '1.\ufffd' },
      null,
    ]);
    const said = unreadable.map((each) => each.replace(`${at}/`, '')).sort();
    expect(said).toEqual([
      'node_modules/folder/package.json (not a file)',
      'node_modules/gone (ENOENT)',
      'node_modules/huge/package.json (longer than 1000 bytes)',
      'node_modules/null/package.json (not JSON)',
      'node_modules/self (ELOOP)',
      'node_modules/torn/package.json (not JSON)',
      'package.json (not JSON)',
      // `round` is the package of the directory above, whose package.json it is.
      'package.json (not JSON)',
    ]);
    expect(unreadableCount).toBe(8);
  });

  it('names that are members of every object stay names', () => {
    const at = tree({
      'node_modules/__proto__/package.json': manifest('1.0.0'),
      'node_modules/constructor/package.json': manifest('2.0.0'),
    });
    expect(Object.entries(scan(at).packages)).toEqual([
      ['__proto__', '1.0.0'],
      ['constructor', '2.0.0'],
    ]);
  });
});

describe('limits', () => {
  it('of number, depth and time are kept and said; exactly the number is not over it', () => {
    const files: Record<string, object> = {};
    for (let index = 0; index < 20; index += 1)
      files[`node_modules/p${index}/package.json`] = manifest('1.0.0');
    for (let index = 0, place = ''; index < 10; index += 1) {
      place += `node_modules/d${index}/`;
      files[`${place}package.json`] = manifest('1.0.0');
    }
    const at = tree(files);
    expect(scan(at, { packageCountMax: 30 }).stopped).toBeNull();
    const few = scan(at, { packageCountMax: 7 });
    expect(few.stopped).toBe('more than 7 packages are installed');
    expect(Object.keys(few.packages)).toHaveLength(7);
    const flat = scan(at, { depthMax: 2 });
    expect(flat.stopped).toBe('packages are nested deeper than 2');
    expect(Object.keys(flat.packages)).toHaveLength(23);
    expect(scan(at, { timeMs: -1 }).stopped).toBe('the scan took longer than -1 ms');
  });
});

it('the lockfile is the nearest one, by its bytes; the package manager is that of the nearest field', () => {
  const at = tree({
    'package-lock.json': 'npm',
    'package.json': { packageManager: 'pnpm@9.1.0' },
    'app/pnpm-lock.yaml': 'pnpm',
    'app/package.json': {},
    'app/src/x.js': '',
  });
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(scan(join(at, 'app/src/x.js'))).toMatchObject({
    lockfile: { kind: 'pnpm', file: join(at, 'app/pnpm-lock.yaml'), hash: hash('pnpm') },
    packageManager: 'pnpm@9.1.0',
  });
  expect(scan(at).lockfile).toMatchObject({ kind: 'npm', hash: hash('npm') });
  expect(scan(at, { lockfileSizeMax: 2 })).toMatchObject({ lockfile: null, unreadableCount: 1 });
});

it('3,000 packages are found in a thread of their own', async () => {
  const files: Record<string, object> = {};
  for (let index = 0; index < 3000; index += 1) {
    const name = index % 4 === 0 ? `@s${index % 40}/p${index}` : `p${index}`;
    files[`node_modules/${name}/package.json`] = manifest(`1.0.${index}`);
  }
  const found = await readInstalled({ start: tree(files), timeoutMs: 30_000 });
  const own = Object.entries(found.packages).filter(([, version]) => version?.startsWith('1.0.'));
  expect(own.length).toBeGreaterThanOrEqual(3000);
  expect(found.packages).toMatchObject({ '@s0/p0': '1.0.0', p2999: '1.0.2999' });
  expect(found.stopped).toBeNull();
});

it('the thread ends when it is told to, and at its time', async () => {
  const at = tree({ 'node_modules/a/package.json': manifest('1.0.0') });
  const told = new AbortController();
  const scanning = readInstalled({ start: at, timeoutMs: 30_000, signal: told.signal });
  told.abort();
  await expect(scanning).rejects.toThrow('the run ended before the packages were scanned');
  await expect(
    readInstalled({ start: at, timeoutMs: 30_000, signal: told.signal }),
  ).rejects.toThrow('the run ended');
  expect((await readInstalled({ start: at, timeoutMs: -1 })).stopped).toMatch(/took longer/);
});
