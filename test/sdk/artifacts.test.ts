// A file or a directory that a run logs is given back byte for byte, as it was when it was logged; what
// cannot be kept is refused by name, and neither harms the run.

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeVfs } from '../../src/engine/index.ts';
import { type Artifact, Repo, Run, type RunlogError, type RunView } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { listSource, readUnchanged, type SourceEntry } from '../../src/sdk/artifact-source.ts';
import { collectContents } from '../../src/store/artifact-collect.ts';

const root = mkdtempSync(join(tmpdir(), 'runlog-artifacts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** Of one test. */
let directory = '';
let source = '';
beforeEach(() => {
  count += 1;
  directory = join(root, String(count));
  source = join(directory, 'source');
  mkdirSync(source, { recursive: true });
});

const open = (runHash = 'a', more: object = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...more,
  });

async function viewOf(hash = 'a', repo = directory): Promise<RunView> {
  const view = await (await Repo.open(repo)).run(hash);
  if (view === undefined) throw new Error(`no run ${hash}`);
  return view;
}

/** Logs one path in a run of its own opening. */
async function logged(path: string, options: object = {}, hash = 'a'): Promise<Artifact> {
  await using run = await open(hash);
  const { name } = (await run.logArtifact(path, options)) ?? {};
  await run.close();
  return (await viewOf(hash)).artifact(name as string) as Artifact;
}

function put(path: string, content: string | Uint8Array = path): string {
  const file = join(source, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const contents = (): string[] =>
  existsSync(join(directory, '.aim/artifacts'))
    ? readdirSync(join(directory, '.aim/artifacts'), { recursive: true, encoding: 'utf8' })
        .filter((each) => !/^[0-9a-f]{2}$/.test(each))
        .sort()
    : [];

const refusal = async (promise: Promise<unknown>): Promise<RunlogError> =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: RunlogError) => error,
  );

describe('a file', () => {
  it('is kept with what is known of it, and is read, verified and downloaded', async () => {
    const bytes = randomBytes(3 * limits.artifactChunkSize + 17);
    const file = put('model.bin', bytes);
    chmodSync(file, 0o750);
    const before = Date.now();
    const artifact = await logged(file, { name: 'weights', metadata: { epoch: 3, tags: ['a'] } });
    expect(artifact).toMatchObject({ name: 'weights', version: 1, kind: 'file', writer: 'main' });
    expect(artifact.metadata).toEqual({ epoch: 3, tags: ['a'] });
    expect(artifact.time).toBeGreaterThanOrEqual(before);
    expect(artifact.sha256).toBe(sha256(bytes));
    expect(artifact.size).toBe(bytes.length);
    expect(artifact.files).toEqual([
      {
        kind: 'file',
        path: 'model.bin',
        sha256: sha256(bytes),
        size: bytes.length,
        mode: 0o750,
        mtime: Math.trunc(statSync(file).mtimeMs),
      },
    ]);
    expect(Buffer.from(await artifact.bytes()).equals(bytes)).toBe(true);
    expect(await artifact.verify()).toEqual({ ok: true, damaged: [] });
    const target = join(directory, 'there', 'below');
    expect(await artifact.download(target)).toEqual([join(target, 'model.bin')]);
    expect(readFileSync(join(target, 'model.bin')).equals(bytes)).toBe(true);
    const mode = 0o110 & ~process.umask();
    expect(statSync(join(target, 'model.bin')).mode & 0o111).toBe(mode);
    expect(readdirSync(target)).toEqual(['model.bin']);
  });

  it('has the last part of its path as its name, and may be empty', async () => {
    const artifact = await logged(put('none.txt', ''));
    expect(artifact.name).toBe('none.txt');
    expect(await artifact.bytes()).toEqual(new Uint8Array(0));
    expect(artifact.metadata).toBeUndefined();
  });

  it('is kept once a repo, whichever runs and names refer to it, and nobody may write to it', async () => {
    const file = put('one', 'the same');
    await logged(file, { name: 'first' });
    await logged(put('sub/two', 'the same'), { name: 'second' }, 'b');
    await logged(source, { name: 'both' }, 'c');
    const sum = sha256('the same');
    expect(contents()).toEqual([join(sum.slice(0, 2), sum)]);
    const kept = statSync(join(directory, '.aim/artifacts', sum.slice(0, 2), sum));
    expect(kept.mode & 0o777).toBe(0o444);
  });

  it('that is logged again is a new version: the newest is found, all are listed', async () => {
    const file = put('model', 'one');
    await logged(file);
    writeFileSync(file, 'two');
    await logged(file);
    writeFileSync(file, 'three');
    await using other = await open('a', { writer: 'other' });
    await other.logArtifact(file, { name: 'model' });
    await other.close();
    const view = await viewOf();
    const text = async (each: Artifact): Promise<string> =>
      Buffer.from(await each.bytes()).toString();
    expect(view.artifacts().map(({ version, writer }) => [version, writer])).toEqual([
      [1, 'main'],
      [2, 'main'],
      [3, 'other'],
    ]);
    expect(await Promise.all(view.artifacts().map(text))).toEqual(['one', 'two', 'three']);
    expect(await text(view.artifact('model') as Artifact)).toBe('three');
    expect(view.artifact('other')).toBeUndefined();
  });

  it('is found after the run was rewritten, and while it is live', async () => {
    const file = put('model', 'bytes');
    await using run = await open();
    await run.logArtifact(file);
    expect((await viewOf()).artifact('model')?.size).toBe(5);
    for (let step = 0; step < 5000; step += 1) run.track(Math.random(), { name: 'loss' });
    await run.close();
    await (await Repo.open(directory)).compact();
    const artifact = (await viewOf()).artifact('model') as Artifact;
    expect(Buffer.from(await artifact.bytes()).toString()).toBe('bytes');
  });
});

describe('a directory', () => {
  it('comes back with names of any kind, empty directories and links that stay inside', async () => {
    const names = [
      'a',
      'b c',
      'new\nline',
      'back\\slash',
      'C:',
      '-rf',
      '\u00e4\u{1f600}',
      '.hidden',
      'con',
    ];
    for (const name of names) put(`deep/er/${name}`, name);
    put('deep/x', 'x');
    mkdirSync(join(source, 'empty/er'), { recursive: true });
    symlinkSync('er/a', join(source, 'deep/link'));
    symlinkSync('../deep', join(source, 'deep/loop'));
    symlinkSync('nowhere', join(source, 'dangling'));
    const artifact = await logged(source, { name: 'tree' });
    expect(artifact.kind).toBe('directory');
    const target = join(directory, 'target');
    await artifact.download(target);
    const shown = (path: string): string[] => {
      const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
      return names.flatMap((name) => {
        const facts = lstatSync(join(path, name));
        if (facts.isDirectory()) return [];
        const target = facts.isSymbolicLink() ? readlinkSync(join(path, name)) : undefined;
        return [JSON.stringify([name, facts.size, target])];
      });
    };
    expect(shown(target)).toEqual(shown(source));
    expect(statSync(join(target, 'empty/er')).isDirectory()).toBe(true);
    expect(readlinkSync(join(target, 'deep/loop'))).toBe('../deep');
    for (const name of names)
      expect(readFileSync(join(target, 'deep/er', name), 'utf8')).toBe(name);
    expect(Buffer.from(await artifact.bytes('deep/er/new\nline')).toString()).toBe('new\nline');
    await expect(artifact.bytes()).rejects.toThrow(TypeError);
    await expect(artifact.bytes('deep')).rejects.toThrow(RangeError);
    await expect(artifact.bytes('deep/link')).rejects.toThrow(RangeError);
  });

  it('has the digest of every equal tree, and of no other', async () => {
    put('a/x', '1');
    put('b', '2');
    const first = (await logged(source, { name: 'tree' })).sha256;
    const other = join(directory, 'other');
    mkdirSync(join(other, 'a'), { recursive: true });
    writeFileSync(join(other, 'b'), '2');
    writeFileSync(join(other, 'a/x'), '1', { mode: 0o600 });
    expect((await logged(other, { name: 'tree' })).sha256).toBe(first);
    renameSync(join(other, 'b'), join(other, 'c'));
    expect((await logged(other, { name: 'tree' })).sha256).not.toBe(first);
  });

  it('leaves the repo out that is in it', async () => {
    writeFileSync(join(directory, 'train.js'), 'code');
    const artifact = await logged(directory, { name: 'all' });
    expect(artifact.files.map((each) => each.path)).toEqual(['source', 'train.js']);
  });

  it('may hold many files: few are open at once, and the loop turns meanwhile', async () => {
    for (let index = 0; index < 500; index += 1) put(`${index % 7}/${index}`, String(index));
    await using run = await open();
    let most = 0;
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      most = Math.max(most, readdirSync('/proc/self/fd').length);
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const before = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
    const { size, fileCount } = (await run.logArtifact(source, { name: 'many' })) ?? {};
    clearInterval(timer);
    expect({ size, fileCount }).toEqual({ size: 1390, fileCount: 500 });
    if (process.platform === 'linux') {
      expect(most).toBeGreaterThan(0);
      expect(most - before).toBeLessThanOrEqual(3 * limits.artifactCopyCountMax + 8);
    }
    expect(longest).toBeLessThan(5000);
    await run.close();
    const artifact = (await viewOf()).artifact('many') as Artifact;
    expect(artifact.files).toHaveLength(500);
    expect((await artifact.verify()).ok).toBe(true);
  });
});

describe('what cannot be kept', () => {
  async function refusedBy(path: string, code: string, text: string | RegExp): Promise<void> {
    const told: string[] = [];
    const run = await open('a', { onError: (error: RunlogError) => told.push(error.message) });
    const error = await refusal(run.logArtifact(path, { name: 'x' }));
    expect(error).toMatchObject({ name: 'RunlogError', code });
    expect(error.message).toMatch(text);
    // Whoever awaits it has been told.
    expect(told).toEqual([]);
    run.track(1, { name: 'loss' });
    expect(run.flush()).toBe(true);
    await run.close();
    const view = await viewOf();
    expect(view.artifacts()).toEqual([]);
    expect(view.metric('loss')?.last).toBe(1);
  }

  it('is a path that is not there', () => refusedBy(join(source, 'gone'), 'IO', /gone/));

  it('is a file that may not be read', async (context) => {
    const file = put('a/secret');
    chmodSync(file, 0);
    if (process.getuid?.() === 0) return context.skip('root may read every file');
    await refusedBy(source, 'IO', /secret/);
  });

  it('is a pipe, a socket, a device, at once', async () => {
    const pipe = join(source, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await refusedBy(source, 'FILE_REFUSED', /pipe.*a pipe cannot be kept/);
    await refusedBy(pipe, 'FILE_REFUSED', /a pipe/);
    rmSync(pipe);
    await refusedBy('/dev/null', 'FILE_REFUSED', /a device/);
    const server = createServer().listen(join(source, 's'));
    await new Promise((resolve) => server.once('listening', resolve));
    await refusedBy(source, 'FILE_REFUSED', /a socket/);
    server.close();
  });

  it('is a link that leads out, whatever way', async () => {
    mkdirSync(join(source, 'deep'));
    for (const target of ['/etc/passwd', '../..', '../../x', 'a/../../..', '..//../x', 'deep/..']) {
      symlinkSync(target, join(source, 'deep/link'));
      await refusedBy(source, 'FILE_REFUSED', /link.*out of what is logged/);
      rmSync(join(source, 'deep/link'));
    }
  });

  it('is a name that is not UTF-8', async (context) => {
    if (process.platform !== 'linux') return context.skip('the file system refuses it itself');
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0x61, 0xff])]), '');
    await refusedBy(source, 'FILE_REFUSED', /not UTF-8/);
  });

  it('is a file without a size that has bytes', async (context) => {
    if (process.platform !== 'linux') return context.skip('there is no /proc');
    await refusedBy('/proc/self/status', 'FILE_REFUSED', /no size/);
  });

  it('is a file that cannot be read to its end', async (context) => {
    if (process.platform !== 'linux') return context.skip('there is no /proc');
    await refusedBy('/proc/self/mem', 'IO', /EIO/);
  });

  it('is what came in place of a file since it was listed: none is waited for or followed', async () => {
    const file = put('file', 'one');
    const { entries } = await listSource(source, '');
    const [entry] = entries as [SourceEntry];
    const read = (): Promise<string> =>
      readUnchanged(entry, false, async (chunks) => {
        let text = '';
        for await (const chunk of chunks) text += Buffer.from(chunk).toString();
        return text;
      });
    expect(await read()).toBe('one');
    rmSync(file);
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
    execFileSync('mkfifo', [file]);
    await expect(read()).rejects.toMatchObject({ code: 'FILE_REFUSED' });
    rmSync(file);
    symlinkSync('/etc/passwd', file);
    await expect(read()).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('is not a file that changed once: it is read anew', async () => {
    const harms: Record<string, (file: string) => void> = {
      'another in its place': (file) => {
        writeFileSync(`${file}-new`, 'two');
        renameSync(`${file}-new`, file);
      },
      'written over': (file) => writeFileSync(file, 'two'),
      longer: (file) => appendFileSync(file, 'two'),
      cut: (file) => truncateSync(file, 2),
    };
    for (const [what, harm] of Object.entries(harms)) {
      const file = put(`one/${what}`, 'one');
      const { entries } = await listSource(join(source, 'one', what), '');
      const texts: string[] = [];
      const found = await readUnchanged(entries[0] as SourceEntry, true, async (chunks) => {
        let text = '';
        for await (const chunk of chunks) text += Buffer.from(chunk).toString();
        texts.push(text);
        if (texts.length === 1) harm(file);
        return text;
      });
      expect(texts, what).toEqual(['one', readFileSync(file, 'utf8')]);
      expect(found).toBe(texts[1]);
    }
  });

  it('is more files than a list may hold', async () => {
    for (const name of ['a', 'b/c', 'b/d']) put(name);
    expect((await listSource(source, '', 3)).entries).toHaveLength(3);
    await expect(listSource(source, '', 2)).rejects.toMatchObject({
      code: 'LIMIT',
      details: { limit: 'artifactFileCountMax' },
    });
  });

  it('is a file that goes on changing, after three times', async () => {
    const file = put('growing', randomBytes(limits.artifactChunkSize * 4));
    const timer = setInterval(() => appendFileSync(file, 'x'), 0);
    const other = setInterval(() => appendFileSync(file, 'y'), 0);
    try {
      await refusedBy(file, 'FILE_REFUSED', /changed while it was copied, 3 times/);
    } finally {
      clearInterval(timer);
      clearInterval(other);
    }
    expect(contents().filter((each) => each.includes('temporary'))).toEqual([]);
  });

  it('is a wrong argument, told at the call', async () => {
    await using run = await open();
    const call = (path: unknown, options?: unknown) => () =>
      run.logArtifact(path as string, options as object);
    expect(call(5)).toThrow(TypeError);
    expect(call('')).toThrow(/path/);
    expect(call('a\0b')).toThrow(/path/);
    expect(call(source, { nam: 'x' })).toThrow(/options.nam/);
    expect(call(source, { name: 7 })).toThrow(/name/);
    expect(call(source, { name: '' })).toThrow(/name/);
    expect(call(source, { name: 'x'.repeat(limits.nameSizeMax + 1) })).toThrow(RangeError);
    expect(call(source, { metadata: 5 })).toThrow(/metadata/);
    expect(call(source, { metadata: { f: () => 0 } })).toThrow(/metadata/);
    await run.close();
    expect(call(source)).toThrow(expect.objectContaining({ code: 'RUN_CLOSED' }));
    const reading = await open('a', { readOnly: true });
    expect(() => reading.logArtifact(source)).toThrow(
      expect.objectContaining({ code: 'RUN_READ_ONLY' }),
    );
    process.env['RUNLOG_MODE'] = 'disabled';
    try {
      const disabled = await open('b');
      expect(await disabled.logArtifact(source)).toBeUndefined();
      expect(() => disabled.logArtifact('')).toThrow(TypeError);
    } finally {
      delete process.env['RUNLOG_MODE'];
    }
  });
});

describe('the end of a run', () => {
  it('waits for artifacts that were not awaited', async () => {
    const file = put('large', randomBytes(20 * limits.artifactChunkSize));
    const run = await open();
    void run.logArtifact(file);
    void run.logArtifact(source, { name: 'all' });
    await run.close();
    const view = await viewOf();
    expect(view.state).toBe('finished');
    expect(
      view
        .artifacts()
        .map((each) => each.name)
        .sort(),
    ).toEqual(['all', 'large']);
  });

  it('is not disturbed by one that failed and that nobody awaited, which is told', async () => {
    const told: string[] = [];
    const run = await open('a', { onError: (error: RunlogError) => told.push(error.code) });
    void run.logArtifact(join(source, 'gone'));
    await run.close();
    expect(told).toEqual(['IO']);
    expect((await viewOf()).state).toBe('finished');
  });
});

it('that fails is told once, however it is awaited', async () => {
  const told: string[] = [];
  const run = await open('a', { onError: (error: RunlogError) => told.push(error.code) });
  const gone = join(source, 'gone');
  const heard: ((path: string) => Promise<unknown>)[] = [
    async (path) => await run.logArtifact(path),
    async (path) => run.logArtifact(path),
    (path) => Promise.all([run.logArtifact(path)]),
    (path) => run.logArtifact(path).finally(() => {}),
  ];
  for (const log of heard) await expect(log(gone)).rejects.toMatchObject({ code: 'IO' });
  await run.logArtifact(gone).catch(() => {});
  await run.close();
  expect(told).toEqual([]);
});

describe('damage', () => {
  const contentOf = (artifact: Artifact): string => {
    const [entry] = artifact.files;
    const sum = entry?.kind === 'file' ? entry.sha256 : '';
    return join(directory, '.aim/artifacts', sum.slice(0, 2), sum);
  };

  it('is told by reading, by downloading, which leaves the target alone, and by verifying', async () => {
    put('a', 'good');
    put('b', 'x'.repeat(1000));
    const artifact = await logged(source, { name: 'tree' });
    const b = artifact.files.find((each) => each.path === 'b');
    const sum = b?.kind === 'file' ? b.sha256 : '';
    const file = join(directory, '.aim/artifacts', sum.slice(0, 2), sum);
    const target = join(directory, 'target');
    const repo = await Repo.open(directory);
    expect((await repo.verify()).ok).toBe(true);

    const cases: [string, () => void][] = [
      ['damaged', () => writeFileSync(file, 'y'.repeat(1000))],
      ['has 999 bytes', () => truncateSync(file, 999)],
      ['missing', () => rmSync(file)],
    ];
    for (const [text, harm] of cases) {
      if (existsSync(file)) chmodSync(file, 0o644);
      harm();
      const error = await refusal(artifact.download(target));
      expect(error).toMatchObject({ code: 'CORRUPT', details: { file } });
      expect(error.message).toContain(text);
      expect(error.message).toContain('artifact "tree", "b"');
      expect(readdirSync(target)).toEqual([]);
      await expect(artifact.bytes('b')).rejects.toMatchObject({ code: 'CORRUPT' });
      expect(Buffer.from(await artifact.bytes('a')).toString()).toBe('good');
      const report = await artifact.verify();
      expect(report).toMatchObject({ ok: false, damaged: [{ path: 'b', file }] });
      const { ok, damaged } = await repo.verify();
      expect(ok).toBe(false);
      expect(damaged).toMatchObject([{ file, offset: 0, size: 1000 }]);
      expect(damaged[0]?.reason).toContain(text);
    }
    // Logged again, it is mended: for the earlier run too.
    await logged(source, { name: 'again' }, 'b');
    expect((await repo.verify()).ok).toBe(true);
    expect((await artifact.verify()).ok).toBe(true);
  });

  it('gives the last chunk of a stream only when all was verified', async () => {
    const artifact = await logged(put('big', Buffer.alloc(3 * limits.artifactChunkSize, 1)));
    const file = contentOf(artifact);
    chmodSync(file, 0o644);
    writeFileSync(file, Buffer.alloc(3 * limits.artifactChunkSize, 2));
    let size = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of artifact.open()) size += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(size).toBeLessThanOrEqual(2 * limits.artifactChunkSize);
  });

  it.each([
    ['hot', 0],
    ['rewritten, with an index', 20_000],
  ])('of one record hides no other artifact, and is told: %s', async (_, points) => {
    await using run = await open();
    for (const name of ['first-one', 'second-one']) {
      await run.logArtifact(put(name), { name });
      await run.sync();
    }
    for (let step = 0; step < points; step += 1) run.track(Math.random(), { name: 'loss' });
    await run.close();
    const log = join(directory, '.aim/runs/a/logs/main');
    const segment = readdirSync(log).find((each) => /^(segment|rewritten)-/.test(each)) as string;
    const bytes = readFileSync(join(log, segment));
    bytes.writeUInt8(0, bytes.indexOf('first-one') + 2);
    writeFileSync(join(log, segment), bytes);
    const view = await viewOf();
    expect(view.artifacts().map((each) => each.name)).toEqual(['second-one']);
    expect(view.damage).toMatchObject([{ file: join(log, segment) }]);
    const repo = await Repo.open(directory);
    expect((await repo.verify()).ok).toBe(false);
    // What the damaged record refers to is not known: nothing goes.
    expect(await collectContents(nodeVfs(), repo.path, 0)).toMatchObject({
      count: 0,
      doubt: expect.stringContaining(segment),
    });
    expect(contents()).toHaveLength(2);
  });

  it('is not what nothing refers to', async () => {
    await logged(put('a', 'good'));
    const folder = join(directory, '.aim/artifacts/00');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '0'.repeat(64)), 'not that');
    expect((await (await Repo.open(directory)).verify()).ok).toBe(true);
  });
});

describe('a repo', () => {
  it('counts contents, and copies and moves them with their runs', async () => {
    put('a', 'one');
    put('b', 'two two');
    const artifact = await logged(source, { name: 'tree' });
    const repo = await Repo.open(directory);
    const before = await repo.size();
    await logged(put('c', 'x'.repeat(100_000)), {}, 'b');
    expect((await repo.size()).bytes - before.bytes).toBeGreaterThan(100_000);
    const other = join(directory, 'other');
    await repo.copy('a', other);
    const copied = (await viewOf('a', other)).artifact('tree') as Artifact;
    expect(copied.sha256).toBe(artifact.sha256);
    expect(await copied.verify()).toEqual({ ok: true, damaged: [] });
    await repo.move('b', other);
    expect((await (await viewOf('b', other)).artifact('c')?.verify())?.ok).toBe(true);
    expect(await repo.run('b')).toBeUndefined();
    expect((await (await Repo.open(other)).verify()).ok).toBe(true);
    // What the moved run referred to stays until a compaction, a day later.
    expect(await repo.compact()).toMatchObject({ collected: 0 });
    expect(contents()).toHaveLength(3);
  });

  it('frees what deleted runs referred to, beside live, empty and silent ones', async () => {
    const kept = await logged(put('kept', 'kept'), {}, 'kept');
    await logged(put('gone', 'gone'), {}, 'gone');
    await using live = await open('live');
    await live.logArtifact(put('live', 'live'));
    live.track(1, { name: 'loss' });
    live.flush();
    await (await open('empty')).close();
    await using silent = await open('silent');
    const repo = await Repo.open(directory);
    const collect = () => collectContents(nodeVfs(), repo.path, 0);
    expect(await collect()).toEqual({ count: 0, bytes: 0, doubt: undefined });
    await repo.delete('gone');
    expect(await collect()).toEqual({ count: 1, bytes: 4, doubt: undefined });
    await repo.compact();
    expect(await collect()).toEqual({ count: 0, bytes: 0, doubt: undefined });
    expect(contents()).toHaveLength(2);
    expect(await kept.verify()).toMatchObject({ ok: true });
    await live.close();
    await silent.close();
    expect(await collect()).toEqual({ count: 0, bytes: 0, doubt: undefined });
    expect((await repo.verify()).ok).toBe(true);
  });

  it('refuses to copy a run whose content is damaged, and leaves no half of it there', async () => {
    const artifact = await logged(put('a', 'one'));
    const sum = artifact.sha256;
    rmSync(join(directory, '.aim/artifacts', sum.slice(0, 2), sum));
    const repo = await Repo.open(directory);
    const other = join(directory, 'other');
    await expect(repo.copy('a', other)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await (await Repo.open(other)).run('a')).toBeUndefined();
  });
});
