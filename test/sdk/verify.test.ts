// Damage: a bit flipped in any file of a run is found by verify, or stands outside live data, or in a
// torn end; never is a wrong value read. Verifying changes nothing. Repair makes the run whole again as
// far as it can, and keeps what was damaged.

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { type MemoryVfs, RunlogError } from '../../src/engine/index.ts';
import { Repo, Run } from '../../src/index.ts';
import { type RepoReport, verifyRepo } from '../../src/sdk/repo-maintenance.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { copyToMemory } from '../support/copy-to-memory.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-verify-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;

/** Every kind of file: edits with and without a snapshot, hot and rewritten segments, torn ends. */
async function makeRepo(path: string): Promise<void> {
  const sealed = await Run.open({ repo: path, runHash: 'sealed', name: 'sealed', ...quiet });
  for (let step = 0; step < 300; step += 1)
    sealed.track({ loss: Math.sin(step), accuracy: step / 300 }, { step, epoch: step % 7 });
  sealed.set('lr', 0.1);
  sealed.rewind({ step: 290 });
  await sealed.close();
  const hot = await Run.open({ repo: path, runHash: 'hot', name: 'hot', ...quiet });
  for (let step = 0; step < 20; step += 1) {
    hot.track(step * 3, { name: 'loss', step });
    hot.flush();
  }
  hot.set('lr', 0.2);
  for (let note = 0; note < 33; note += 1) {
    hot.addNote(`note ${note}`);
    hot.flush();
  }
  await hot.close();
  await (await Run.open({ repo: path, runHash: 'hot', ...quiet })).close();
}

interface Reading {
  /** 'run writer name step value time epoch number' of every point. */
  readonly points: ReadonlySet<string>;
  readonly params: readonly string[];
  readonly facts: readonly string[];
}

async function readAll(vfs: MemoryVfs): Promise<Reading> {
  const points = new Set<string>();
  const params: string[] = [];
  const facts: string[] = [];
  for (const hash of ['sealed', 'hot']) {
    const reader = await RunReader.open(vfs, runPlaces('/repo', hash));
    params.push(JSON.stringify(reader.params));
    facts.push(JSON.stringify(reader.facts));
    for (const sequence of reader.sequences().values()) {
      for (const { writer, rows } of reader.rowsByWriter(sequence, true)) {
        for (const [index, step] of rows.steps.entries()) {
          const columns = [rows.values, rows.times, rows.epochs, rows.numbers].map(
            (each) => each[index],
          );
          points.add([hash, writer, sequence.name, step, ...columns].join(' '));
        }
      }
    }
  }
  return { points, params, facts };
}

function filesOf(vfs: MemoryVfs, path: string): string[] {
  return vfs.list(path).flatMap((name) => {
    const file = `${path}/${name}`;
    return vfs.stat(file)?.isDirectory ? filesOf(vfs, file) : [file];
  });
}

/** What is wrong with how one flipped bit was taken, or undefined. */
async function faultOf(vfs: MemoryVfs, file: string, before: Reading): Promise<string | undefined> {
  let report: RepoReport | undefined;
  try {
    report = await verifyRepo(vfs, '/repo');
  } catch (error) {
    if (!(error instanceof RunlogError)) return `verify threw ${String(error)}`;
  }
  const isTold =
    report === undefined ||
    report.damaged.some((each) => each.file === file) ||
    report.torn.some((each) => each.file === file);
  let after: Reading;
  try {
    after = await readAll(vfs);
  } catch (error) {
    if (!(error instanceof RunlogError)) return `reading threw ${String(error)}`;
    return isTold ? undefined : `reading threw ${error.message}, verify found nothing`;
  }
  for (const point of after.points) if (!before.points.has(point)) return `a wrong point: ${point}`;
  const isSame =
    after.points.size === before.points.size &&
    after.params.join() === before.params.join() &&
    after.facts.join() === before.facts.join();
  if (after.facts.join() !== before.facts.join()) return 'wrong properties';
  return isSame || isTold ? undefined : 'something is missing, verify found nothing';
}

it('a bit flipped in any file is found, or outside live data, or in a torn end', async () => {
  const { integer, seed } = seeded('verify bits');
  const path = join(directory, 'bits');
  await makeRepo(path);
  const vfs = copyToMemory(join(path, '.aim'), '/repo');
  const before = await readAll(vfs);
  expect(await verifyRepo(vfs, '/repo')).toMatchObject({ ok: true, damaged: [] });
  const files = filesOf(vfs, '/repo/runs');
  const kinds = new Set(files.map((file) => /([a-z]+)-\d/.exec(file)?.[1]));
  expect([...kinds].sort()).toEqual([
    'edit',
    'fence',
    'manifest',
    'rewritten',
    'segment',
    'snapshot',
  ]);
  const isWhole = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0;
  for (const file of files) {
    const bits = (vfs.stat(file)?.size ?? 0) * 8;
    // Of each file about as many as of any other, at random places.
    const every = isWhole ? 1 : Math.max(1, Math.floor(bits / 60));
    for (
      let bit = isWhole ? 0 : integer(every);
      bit < bits;
      bit += 1 + (isWhole ? 0 : integer(2 * every))
    ) {
      const byte = new Uint8Array(1);
      const handle = vfs.open(file, 'write');
      vfs.read(handle, byte, bit >> 3);
      const flipped = Uint8Array.of((byte[0] as number) ^ (1 << (bit & 7)));
      vfs.write(handle, flipped, bit >> 3);
      const fault = await faultOf(vfs, file, before);
      vfs.write(handle, byte, bit >> 3);
      vfs.close(handle);
      if (fault !== undefined) throw new Error(`seed ${seed}: ${file}, bit ${bit}: ${fault}`);
    }
  }
}, 600_000);

/** Names and bytes of everything below a directory. */
const contentOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(path.length), readFileSync(file, 'hex')]),
  );

it('verify changes nothing, damaged or not, and names each damaged extent', async () => {
  const path = join(directory, 'named');
  await makeRepo(path);
  const repo = await Repo.open(path);
  const whole = contentOf(path);
  expect(await repo.verify()).toEqual({ ok: true, damaged: [], torn: [] });
  expect(contentOf(path)).toEqual(whole);
  const log = join(path, '.aim/runs/hot/logs/main');
  const segment = readdirSync(log).find((name) => name.startsWith('segment')) as string;
  const bytes = readFileSync(join(log, segment));
  for (const offset of [200, 900]) bytes[offset] = (bytes[offset] as number) ^ 1;
  writeFileSync(join(log, segment), bytes);
  const damagedContent = contentOf(path);
  const { ok, damaged } = await repo.verify();
  expect(ok).toBe(false);
  expect(damaged.map((each) => each.file)).toEqual([join(log, segment), join(log, segment)]);
  for (const [index, offset] of [200, 900].entries()) {
    const extent = damaged[index] as { offset: number; size: number };
    expect(extent.offset).toBeLessThanOrEqual(offset);
    expect(extent.offset + extent.size).toBeGreaterThan(offset);
  }
  expect(contentOf(path)).toEqual(damagedContent);
});

for (const [name, pick] of [
  ['the only edit', 'sealed/edits/edit-00000000'],
  ['the snapshot', 'hot/edits/snapshot-'],
] as const) {
  it(`repair after damage of ${name}: the run is read and written again, the bytes are kept`, async () => {
    const path = join(directory, `repair-${name.replaceAll(' ', '-')}`);
    await makeRepo(join(directory, 'made'));
    cpSync(join(directory, 'made'), path, { recursive: true });
    rmSync(join(directory, 'made'), { recursive: true });
    const hash = pick.split('/')[0] as string;
    const edits = join(path, '.aim/runs', hash, 'edits');
    const file = readdirSync(edits).find((each) => pick.includes(each.slice(0, 9))) as string;
    const bytes = readFileSync(join(edits, file));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 16;
    writeFileSync(join(edits, file), bytes);
    const repo = await Repo.open(path);
    await expect(repo.run(hash)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await repo.verify()).damaged.map((each) => each.file)).toEqual([join(edits, file)]);
    const { repaired } = await repo.repair();
    expect(repaired).toEqual([join(edits, `damaged-${file}`)]);
    expect(readFileSync(join(edits, `damaged-${file}`)).equals(bytes)).toBe(true);
    expect((await repo.verify()).damaged).toEqual([]);
    expect((await repo.repair()).repaired).toEqual([]);
    const count = (await repo.run(hash))?.metric('loss')?.count;
    expect(count).toBe(hash === 'sealed' ? 290 : 20);
    const run = await Run.open({ repo: path, runHash: hash, mustExist: true, ...quiet });
    run.name = 'named again';
    run.track(1, { name: 'loss' });
    await run.close();
    const view = await repo.run(hash);
    expect([view?.name, view?.metric('loss')?.count, view?.get('lr')]).toEqual([
      'named again',
      (count as number) + 1,
      hash === 'sealed' ? 0.1 : 0.2,
    ]);
  });
}

it('a run whose first edit has lost its content is damaged, begins no new life, and is repaired', async () => {
  const path = join(directory, 'emptied');
  const options = { repo: path, runHash: 'emptied', ...quiet };
  const run = await Run.open({ ...options, name: 'first' });
  for (let step = 0; step < 1000; step += 1) run.track(step, { name: 'loss', step });
  await run.close();
  const { edits } = runPlaces(join(path, '.aim'), 'emptied');
  const file = join(edits, readdirSync(edits)[0] as string);
  truncateSync(file, 0);
  const repo = await Repo.open(path);
  expect((await repo.verify()).damaged).toMatchObject([{ file, size: 0 }]);
  const unreadable: string[] = [];
  const onUnreadable = (hash: string, { code }: RunlogError): void => {
    unreadable.push(`${hash} ${code}`);
  };
  for await (const view of repo.runs('', { onUnreadable })) throw new Error(view.hash);
  expect(unreadable).toEqual(['emptied CORRUPT']);
  await expect(Run.open(options)).rejects.toMatchObject({ code: 'CORRUPT' });
  expect((await repo.repair()).repaired).toHaveLength(1);
  const again = await Run.open(options);
  again.track(1000, { name: 'loss', step: 1000 });
  await again.close();
  expect((await repo.run('emptied'))?.metric('loss')?.count).toBe(1001);
  expect((await repo.verify()).ok).toBe(true);
});

it('a run of a newer version hides none of the others, nor does a file in the place of one', async () => {
  const path = join(directory, 'newer');
  for (const runHash of ['a', 'b', 'c'])
    await (await Run.open({ repo: path, runHash, ...quiet })).close();
  const runs = join(path, '.aim/runs');
  writeFileSync(join(runs, 'notes.txt'), 'mine');
  const edit = (hash: string): string => join(runs, hash, 'edits/edit-00000000');
  for (const hash of ['a', 'c']) {
    const bytes = readFileSync(edit(hash));
    // The version of one, the body of the other.
    const place = hash === 'a' ? 8 : bytes.length - 3;
    bytes[place] = (bytes[place] as number) ^ 64;
    writeFileSync(edit(hash), bytes);
  }
  const repo = await Repo.open(path);
  const unreadable: string[] = [];
  for await (const _view of repo.runs({ onUnreadable: (hash) => unreadable.push(hash) }));
  expect(unreadable.sort()).toEqual(['a', 'c', 'notes.txt']);
  const named = (await repo.verify()).damaged.map(({ file }) => file);
  expect(named).toEqual(expect.arrayContaining([edit('a'), edit('c')]));
  const { repaired, failed } = await repo.repair();
  expect(repaired).toHaveLength(1);
  expect(failed).toMatchObject([
    { run: 'a', error: { code: 'FORMAT_TOO_NEW' } },
    { run: 'notes.txt', error: { code: 'IO' } },
  ]);
  const left = (await repo.verify()).damaged.map(({ file }) => file);
  expect(left).toContain(edit('a'));
  expect(left).not.toContain(edit('c'));
  expect((await repo.size()).runs).toBe(3);
  const artifacts = await Run.open({ repo: path, runHash: 'b', ...quiet });
  for (let step = 0; step < 1000; step += 1) artifacts.track(Math.sin(step), { name: 'loss' });
  artifacts.flush();
  await artifacts.close();
  expect(await repo.compact()).toMatchObject({ skipped: 1 });
});
