// Downloading writes into its directory and nowhere else, whatever the artifact holds and whatever lies
// there; a file that has its name is whole; what is there already stays unless it is to be replaced.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { type Artifact, Repo, Run } from '../../src/index.ts';
import { download } from '../../src/sdk/artifact-download.ts';
import { foldedTwins, windowsFault } from '../../src/sdk/artifact-names.ts';
import type { ArtifactEntry } from '../../src/store/artifact-record.ts';

const root = mkdtempSync(join(tmpdir(), 'runlog-download-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
let directory = '';
let target = '';
let artifact: Artifact;
beforeEach(async () => {
  count += 1;
  directory = join(root, String(count));
  target = join(directory, 'target');
  const source = join(directory, 'source');
  mkdirSync(join(source, 'deep/er'), { recursive: true });
  mkdirSync(join(source, 'empty'));
  writeFileSync(join(source, 'deep/er/file'), 'new');
  writeFileSync(join(source, 'plain'), 'plain');
  symlinkSync('deep/er/file', join(source, 'link'));
  await using run = await Run.open({
    repo: directory,
    runHash: 'a',
    systemTrackingInterval: null,
    durability: { syncMs: null },
  });
  await run.logArtifact(source, { name: 'tree' });
  await run.close();
  artifact = (await (await Repo.open(directory)).run('a'))?.artifact('tree') as Artifact;
});

const refused = (text: RegExp) =>
  expect.objectContaining({ code: 'FILE_REFUSED', message: expect.stringMatching(text) });

/** Everything below a directory. */
const below = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

describe('what is there', () => {
  it('is never replaced, and then nothing is written', async () => {
    for (const [path, make] of [
      ['plain', (at: string) => writeFileSync(at, 'mine')],
      ['plain', (at: string) => symlinkSync('/etc/passwd', at)],
      ['link', (at: string) => writeFileSync(at, 'mine')],
    ] as const) {
      mkdirSync(target);
      make(join(target, path));
      await expect(artifact.download(target)).rejects.toEqual(refused(/there already/));
      expect(below(target)).toEqual([path]);
      rmSync(target, { recursive: true });
    }
  });

  it('is replaced by overwrite, links themselves and not what they lead to', async () => {
    mkdirSync(join(target, 'deep/er'), { recursive: true });
    const other = join(directory, 'other');
    writeFileSync(other, 'untouched');
    writeFileSync(join(target, 'deep/er/file'), 'old');
    writeFileSync(join(target, 'deep/mine'), 'mine');
    symlinkSync(other, join(target, 'plain'));
    symlinkSync(other, join(target, 'link'));
    await artifact.download(target, { overwrite: true });
    await artifact.download(target, { overwrite: true });
    expect(readFileSync(other, 'utf8')).toBe('untouched');
    expect(lstatSync(join(target, 'plain')).isFile()).toBe(true);
    expect(readlinkSync(join(target, 'link'))).toBe('deep/er/file');
    expect(readFileSync(join(target, 'link'), 'utf8')).toBe('new');
    expect(readFileSync(join(target, 'deep/mine'), 'utf8')).toBe('mine');
    expect(below(target).filter((each) => each.includes('.runlog'))).toEqual([]);
  });

  it('and is a link or a file on the way is refused, also by overwrite', async () => {
    const outside = join(directory, 'outside');
    mkdirSync(join(outside, 'er'), { recursive: true });
    for (const overwrite of [false, true]) {
      for (const [path, make] of [
        ['deep', (at: string) => symlinkSync(outside, at)],
        ['deep', (at: string) => writeFileSync(at, '')],
        ['deep/er', (at: string) => symlinkSync(join(outside, 'er'), at)],
        ['empty', (at: string) => symlinkSync(outside, at)],
        ['plain', (at: string) => mkdirSync(at)],
        ['link', (at: string) => mkdirSync(at)],
      ] as const) {
        mkdirSync(join(target, path, '..'), { recursive: true });
        make(join(target, path));
        const before = below(target);
        await expect(artifact.download(target, { overwrite }), path).rejects.toEqual(
          refused(/it is (a link|no directory|a directory)/),
        );
        expect(below(target)).toEqual(before);
        expect(below(outside)).toEqual(['er']);
        rmSync(target, { recursive: true });
      }
    }
  });

  it('is ended by a signal: nothing is half there, and nothing is left aside', async () => {
    const stop = new AbortController();
    const entries = ['a', 'b'].map(
      (path): ArtifactEntry => ({ kind: 'file', path, sha256: '', size: 9, mode: 0o644, mtime: 0 }),
    );
    const downloaded = download(entries, target, {
      overwrite: false,
      signal: stop.signal,
      async *read({ path }) {
        yield Buffer.from('begun');
        if (path === 'b') stop.abort();
        yield Buffer.from('done');
      },
    });
    await expect(downloaded).rejects.toMatchObject({ code: 'ABORTED' });
    expect(below(target)).toEqual([]);
    expect(readdirSync(target)).toEqual([]);
  });

  it('came while it was downloaded: neither replaced nor followed', async () => {
    const outside = join(directory, 'outside');
    mkdirSync(outside);
    const plant: Record<string, () => void> = {
      'a file': () => writeFileSync(join(target, 'plain'), 'mine'),
      'a link': () => symlinkSync(outside, join(target, 'deep')),
    };
    for (const [what, make] of Object.entries(plant)) {
      let isPlanted = false;
      const downloaded = download(artifact.files, target, {
        overwrite: false,
        async *read(entry) {
          if (!isPlanted) make();
          isPlanted = true;
          yield* artifact.open(entry.path);
        },
      });
      await expect(downloaded, what).rejects.toMatchObject({ code: 'FILE_REFUSED' });
      expect(below(outside)).toEqual([]);
      if (what === 'a file') expect(readFileSync(join(target, 'plain'), 'utf8')).toBe('mine');
      rmSync(target, { recursive: true });
    }
  });
});

describe('a wrong argument', () => {
  it('is told before anything is written', async () => {
    await expect(artifact.download('')).rejects.toThrow(TypeError);
    await expect(artifact.download('a\0b')).rejects.toThrow(/directory/);
    await expect(artifact.download(target, { overwrit: true } as object)).rejects.toThrow(
      /overwrit/,
    );
    await expect(artifact.download(target, { overwrite: 1 } as never)).rejects.toThrow(TypeError);
    expect(existsSync(target)).toBe(false);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(artifact.download(file)).rejects.toMatchObject({ code: 'IO' });
  });
});

describe('names', () => {
  it('that a file system does not tell apart are found, also of directories', () => {
    expect(foldedTwins(['a', 'b', 'a/b', 'ab'])).toBeUndefined();
    expect(foldedTwins(['a/x', 'a/y', 'b/x'])).toBeUndefined();
    expect(foldedTwins(['a', 'A'])).toEqual(['a', 'A']);
    expect(foldedTwins(['dir/x', 'Dir/y'])).toEqual(['dir', 'Dir']);
    expect(foldedTwins(['\u00e9', 'e\u0301'])).toEqual(['\u00e9', 'e\u0301']);
    expect(foldedTwins(['stra\u00dfe', 'STRASSE'])).toEqual(['stra\u00dfe', 'STRASSE']);
  });

  it('that Windows takes for others are found', () => {
    const wrong = [
      'a\\b',
      'C:',
      'C:\\x',
      'a:stream',
      'con',
      'x/NUL.txt',
      'com1',
      'a.',
      'a /b',
      'a?',
    ];
    for (const path of wrong) expect(windowsFault(path), path).toBeTypeOf('string');
    for (const path of ['a', 'a.b/c', 'console', '.git', 'a b', '\u00e4'])
      expect(windowsFault(path), path).toBeUndefined();
  });

  it('that only differ in case come back both, or are refused both', async () => {
    const entries = ['a', 'A'].map(
      (path): ArtifactEntry => ({
        kind: 'file',
        path,
        sha256: '',
        size: 1,
        mode: 0o644,
        mtime: 0,
      }),
    );
    const downloaded = download(entries, target, {
      overwrite: true,
      async *read({ path }) {
        yield Buffer.from(path);
      },
    });
    const error: unknown = await downloaded.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) {
      expect(readFileSync(join(target, 'a'), 'utf8')).toBe('a');
      expect(readFileSync(join(target, 'A'), 'utf8')).toBe('A');
    } else {
      expect(error).toMatchObject({ code: 'FILE_REFUSED' });
      expect(below(target)).toEqual([]);
    }
  });
});

it('a target that cannot be made is refused, also where the system says that nothing is above it', async (context) => {
  if (process.platform !== 'linux') context.skip('there is no /proc');
  await expect(artifact.download('/proc/nowhere/deep')).rejects.toMatchObject({ code: 'IO' });
});
