// A collector takes what no run refers to and nothing else, whatever it meets: a process that logs the
// same content, paused before any of its calls or running between any two of the collector's; another
// collector; the death of either; the loss of power before every call.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import {
  Log,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  namedCrashRules,
  type PendingChange,
} from '../../src/engine/index.ts';
import { durations } from '../../src/limits.ts';
import { logArtifact } from '../../src/sdk/log-artifact.ts';
import { type Collected, collectContents } from '../../src/store/artifact-collect.ts';
import { contentPath, readContent } from '../../src/store/artifact-contents.ts';
import { ARTIFACT_KEY, decodeArtifact, decodeEntries } from '../../src/store/artifact-record.ts';
import { contentDisk } from '../../src/store/content-disk.ts';
import { makeDirectories } from '../../src/store/repo-directory.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { Coroutine, type Stage } from '../support/coroutine.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof import('node:crypto')>()),
  ...(await import('../support/replayed-random.ts')),
}));

beforeAll(loadXxhash);

const directory = mkdtempSync(join(tmpdir(), 'runlog-collect-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const REPO = '/r/.aim';
const LOG = `${REPO}/runs/a/logs/main`;
const GRACE = durations.artifactGraceMs;

const source = join(directory, 'model');
writeFileSync(source, 'weights');

/** One disk, its clock, and a run on it. */
interface World {
  readonly vfs: MemoryVfs;
  time: number;
  readonly writer: RunWriter;
}

async function worldOf(options: { withContent?: boolean } = {}): Promise<World> {
  const world = { time: 1000 };
  const vfs = memoryVfs({ clock: () => world.time });
  for (const made of makeDirectories(vfs, LOG))
    vfs.syncDirectory(made.slice(0, made.lastIndexOf('/')) || '/');
  const writer = await RunWriter.open({
    directory: LOG,
    writer: 'main',
    log: { vfs, host: simulatedHost(), durability: { syncMs: null } },
    others: [],
    rewinds: [],
    undone: [],
    onError: (error) => {
      throw error;
    },
  });
  const whole = Object.assign(world, { vfs, writer });
  if (options.withContent ?? true) {
    // Placed, and never referred to: its writer died before its record.
    const log = { appendAll: () => 0, recording: 'on' as const };
    const stub = { flush: () => true, log };
    await logArtifact({ vfs, repo: REPO, writer: stub, isClosed: () => false }, artifact());
  }
  return whole;
}

const artifact = (path = source) => ({ path, name: 'model', metadata: undefined });

/** Logs the artifact in the run of the world; what is recorded is recorded once. */
const logging =
  ({ writer }: World) =>
  async ({ vfs, once }: Stage): Promise<void> => {
    const log = {
      appendAll: (records: Parameters<RunWriter['log']['appendAll']>[0]) =>
        once(() => writer.log.appendAll(records)),
      recording: writer.log.recording,
    };
    const target = { flush: () => once(() => writer.flush()), log };
    await logArtifact({ vfs, repo: REPO, writer: target, isClosed: () => false }, artifact());
  };

/** Counts the copies that an actor makes: a second one needs its source, which may be gone. */
function counted(world: World): { readonly vfs: MemoryVfs; copies: number } {
  const count = {
    copies: 0,
    vfs: world.vfs.attach({
      onCall: ({ name, mode, path }) => {
        if (name === 'open' && mode === 'create' && path.includes('/temporary-')) count.copies += 1;
      },
    }),
  };
  return count;
}

const collecting =
  (tell: (found: Collected) => void = () => {}) =>
  async ({ vfs }: Stage): Promise<void> =>
    tell(await collectContents(vfs, REPO));

/** How many records there are; each refers to what is there, whole. */
async function checkReferences(vfs: MemoryVfs): Promise<number> {
  if (vfs.stat(LOG) === undefined) return 0;
  const log = Log.snapshot(LOG, { vfs });
  expect(log.damage).toEqual([]);
  const records = log.find(ARTIFACT_KEY);
  for (const { body } of records) {
    const { files, kind } = decodeArtifact(body);
    for (const entry of decodeEntries(files, kind)) {
      if (entry.kind !== 'file') continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of readContent(contentDisk(vfs), REPO, entry, 'it'))
        chunks.push(new Uint8Array(chunk));
      expect(Buffer.concat(chunks).toString()).toBe('weights');
    }
  }
  return records.length;
}

const names = (vfs: MemoryVfs): string[] =>
  vfs
    .list(`${REPO}/artifacts`)
    .flatMap((name) =>
      name.startsWith('temporary-') ? [name] : vfs.list(`${REPO}/artifacts/${name}`),
    );

describe('a collection', () => {
  it('takes what is old and not referred to', async () => {
    const world = await worldOf();
    expect(await collectContents(world.vfs, REPO)).toMatchObject({ count: 0 });
    world.time += GRACE - 1;
    expect(await collectContents(world.vfs, REPO)).toMatchObject({ count: 0 });
    world.time += 1;
    expect(await collectContents(world.vfs, REPO)).toEqual({
      count: 1,
      bytes: 7,
      doubt: undefined,
    });
    expect(names(world.vfs)).toEqual([]);
  });

  it('leaves what is referred to, however old, also through a rewritten log', async () => {
    const world = await worldOf();
    await new Coroutine('l', world.vfs.attach(), logging(world)).go(1000);
    world.time += 10 * GRACE;
    expect(await collectContents(world.vfs, REPO)).toMatchObject({ count: 0, doubt: undefined });
    await world.writer.close(undefined);
    expect(await collectContents(world.vfs, REPO)).toMatchObject({ count: 0, doubt: undefined });
    expect(await checkReferences(world.vfs)).toBe(1);
  });

  it('takes nothing where a log is damaged, or its end not decided', async () => {
    const world = await worldOf();
    world.time += GRACE;
    await new Coroutine('l', world.vfs.attach(), logging(world)).go(1000);
    await world.writer.sync();
    // A frame behind it says that it is durable: what is harmed is damage, and no torn end.
    world.writer.unsetParams(['x']);
    await world.writer.sync();
    world.time += GRACE;
    const { vfs } = world;
    const other = `${REPO}/runs/b/logs/main`;
    makeDirectories(vfs, other);
    const segment = vfs.list(LOG).find((name) => name.startsWith('segment-'));
    const file = vfs.open(`${LOG}/${segment}`, 'write');
    const byte = new Uint8Array(1);
    vfs.read(file, byte, 200);
    vfs.write(file, Uint8Array.of((byte[0] as number) ^ 1), 200);
    const found = await collectContents(vfs, REPO);
    expect(found).toMatchObject({ count: 0, doubt: expect.stringContaining(LOG) });
    vfs.write(file, byte, 200);
    expect(await collectContents(vfs, REPO)).toMatchObject({ doubt: undefined });
    expect(names(vfs)).toHaveLength(1);
  });

  it('takes temporary files that nobody renames any more', async () => {
    const { vfs, ...world } = await worldOf();
    vfs.close(vfs.open(`${REPO}/artifacts/temporary-0123456789abcdef`, 'create'));
    vfs.close(vfs.open(`${REPO}/artifacts/mine`, 'create'));
    await collectContents(vfs, REPO);
    expect(vfs.list(`${REPO}/artifacts`)).toContain('temporary-0123456789abcdef');
    expect(world.time).toBe(1000);
  });
});

describe('a process that logs what is collected', () => {
  /** Steps of each alone. */
  async function lengths(): Promise<[collector: number, logger: number]> {
    const world = await worldOf();
    world.time += GRACE;
    const collector = new Coroutine('c', world.vfs.attach(), collecting());
    await collector.go(10_000);
    const other = await worldOf();
    const logger = new Coroutine('l', other.vfs.attach(), logging(other));
    await logger.go(10_000);
    return [collector.steps, logger.steps];
  }

  it('comes between any two of the collector: its content is there', async () => {
    const [length] = await lengths();
    expect(length).toBeGreaterThan(15);
    const counts = new Set<number>();
    for (let step = 0; step <= length; step += 1) {
      const world = await worldOf();
      world.time += GRACE;
      let count = 0;
      const collector = new Coroutine(
        'c',
        world.vfs.attach(),
        collecting((found) => {
          count = found.count;
        }),
      );
      await collector.go(step);
      const own = counted(world);
      await new Coroutine('l', own.vfs, logging(world)).go(10_000);
      expect(await checkReferences(world.vfs)).toBe(1);
      await collector.go(10_000);
      expect(own.copies, `after step ${step}`).toBe(1);
      counts.add(count);
      expect(await checkReferences(world.vfs), `after step ${step}`).toBe(1);
      expect(names(world.vfs), `after step ${step}`).toHaveLength(1);
    }
    // Both came: it was kept, and its old file went while the new one had its name.
    expect([...counts].sort()).toEqual([0, 1]);
  });

  it('is paused before any of its calls while a collector works, for a minute or for days', async () => {
    const [, length] = await lengths();
    for (const [age, pause] of [
      [GRACE, 0],
      [GRACE / 2 - 1, GRACE],
      [0, 3 * GRACE],
      [GRACE / 2, GRACE / 2],
    ] as const) {
      for (let step = 0; step <= length; step += 1) {
        const world = await worldOf();
        world.time += age;
        const logger = new Coroutine('l', world.vfs.attach(), logging(world));
        await logger.go(step);
        world.time += pause;
        await collectContents(world.vfs, REPO);
        await logger.go(10_000);
        const what = `age ${age}, pause ${pause}, step ${step}`;
        expect(await checkReferences(world.vfs), what).toBe(1);
      }
    }
  });

  it.each([
    { what: 'in any order', seed: undefined },
    { what: 'one of which finds a content gone between its look and its hand', seed: 239_793_711 },
  ])('meets two collectors $what: none takes what the other has put back', async ({ seed }) => {
    const { random } = seeded('artifact-collect schedules', seed);
    for (let round = 0; round < 150; round += 1) {
      const world = await worldOf();
      world.time += GRACE;
      const own = counted(world);
      const actors = [
        new Coroutine('c', world.vfs.attach(), collecting()),
        new Coroutine('d', world.vfs.attach(), collecting()),
        new Coroutine('l', own.vfs, logging(world)),
      ];
      const order: string[] = [];
      while (actors.some((each) => !each.isOver)) {
        const waiting = actors.filter((each) => !each.isOver);
        const next = waiting[Math.floor(random() * waiting.length)] as Coroutine;
        const steps = 1 + Math.floor(random() * 6);
        order.push(`${next.name}${steps}`);
        await next.go(steps);
      }
      expect(await checkReferences(world.vfs), order.join(' ')).toBe(1);
      expect(own.copies, order.join(' ')).toBe(1);
    }
  });

  it('keeps the file that is there while it is young, and gives it a new one before it is old', async () => {
    for (const [age, isKept] of [
      [GRACE / 2 - 1, true],
      [GRACE / 2, false],
    ] as const) {
      const world = await worldOf();
      const path = contentPath(REPO, names(world.vfs)[0] as string);
      const before = world.vfs.stat(path)?.changed;
      world.time += age;
      await new Coroutine('l', world.vfs.attach(), logging(world)).go(10_000);
      expect(world.vfs.stat(path)?.changed === before).toBe(isKept);
      expect(names(world.vfs)).toHaveLength(1);
    }
  });
});

describe('a collector that dies', () => {
  it('before any of its calls leaves everything readable, and the next one finishes', async () => {
    for (let step = 0; ; step += 1) {
      const world = await worldOf();
      world.time += GRACE;
      const collector = new Coroutine('c', world.vfs.attach(), collecting());
      const isOver = await collector.go(step);
      collector.kill();
      // Read aside, where a record came while it was working.
      await new Coroutine('l', world.vfs.attach(), logging(world)).go(10_000);
      await checkReferences(world.vfs);
      await collectContents(world.vfs, REPO);
      expect(await checkReferences(world.vfs)).toBe(1);
      world.time += 2 * GRACE;
      await collectContents(world.vfs, REPO);
      await collectContents(world.vfs, REPO);
      expect(await checkReferences(world.vfs), `after step ${step}`).toBe(1);
      expect(names(world.vfs), `after step ${step}`).toHaveLength(1);
      if (isOver) break;
    }
  });

  it('or loses power before any of its calls loses nothing that is referred to', async () => {
    let images = 0;
    // Nothing is referred to and old; or it is, and a crash has put it aside; or it has also been placed
    // again, and the name of that is not durable yet.
    for (const state of ['not referred to', 'aside', 'placed again'] as const) {
      const world = await worldOf();
      const { vfs: disk } = world;
      if (state !== 'not referred to') {
        await new Coroutine('l', world.vfs.attach(), logging(world)).go(10_000);
        await world.writer.sync();
        const name = names(disk)[0] as string;
        const path = contentPath(REPO, name);
        disk.rename(path, path.replace(name, `aside-${name}-0123456789abcdef`));
        disk.syncDirectory(path.slice(0, path.lastIndexOf('/')));
        if (state === 'placed again') {
          const temporary = `${REPO}/artifacts/temporary-0123456789abcdef`;
          const file = disk.open(temporary, 'create');
          disk.write(file, Buffer.from('weights'), 0);
          disk.sync(file);
          disk.close(file);
          disk.rename(temporary, path);
        }
      }
      world.time += 2 * GRACE;
      const clones: MemoryVfs[] = [];
      const vfs = world.vfs.attach({ onCall: (_call, each) => void clones.push(each.clone()) });
      await collectContents(vfs, REPO);
      clones.push(world.vfs.clone());
      const noRenames = {
        choose: ({ kind }: PendingChange) => (kind === 'rename' ? 'dropped' : 'kept'),
      } as const;
      for (const clone of clones)
        for (const rule of [...namedCrashRules, noRenames]) {
          const disk = clone.crash(rule);
          expect(await checkReferences(disk)).toBe(state === 'not referred to' ? 0 : 1);
          images += 1;
        }
    }
    expect(images).toBeGreaterThan(300);
  });
});

describe('a process that logs an artifact', () => {
  it('and loses power before any of its calls leaves no reference without its content', async () => {
    let recorded = 0;
    for (const hasContent of [false, true]) {
      const world = await worldOf({ withContent: hasContent });
      // Old enough to be replaced, or not there at all.
      world.time += GRACE;
      const images: MemoryVfs[] = [];
      const onCall = (): void => void images.push(world.vfs.clone());
      // Calls of the log and of the contents: on one disk, both are seen.
      world.vfs.configure({ onCall });
      const { writer, vfs } = world;
      await logArtifact({ vfs, repo: REPO, writer, isClosed: () => false }, artifact());
      await writer.sync();
      world.vfs.configure({ onCall: undefined });
      const end = world.vfs.clone();
      const { random } = seeded('artifact crashes');
      for (const image of [...images, end]) {
        const disks = [
          image.kill(),
          ...namedCrashRules.map((rule) => image.crash(rule)),
          image.crash({ random }),
          image.crash({ random }),
        ];
        for (const disk of disks) {
          const count = await checkReferences(disk);
          if (image === end) expect(count).toBe(1);
          recorded += count;
        }
      }
      expect(images.length).toBeGreaterThan(10);
    }
    expect(recorded).toBeGreaterThan(20);
  });

  it('and is refused any of its calls records nothing, and leaves nothing half-written', async () => {
    for (const code of ['ENOSPC', 'EIO', 'EACCES']) {
      for (let call = 0; ; call += 1) {
        const world = await worldOf({ withContent: false });
        let left = call;
        let isRefused = false;
        const vfs = world.vfs.attach({
          onCall: ({ name }) => {
            if (name === 'close' || name === 'unlink') return;
            left -= 1;
            if (left !== -1) return;
            isRefused = true;
            throw Object.assign(new Error(code), { code });
          },
        });
        const { writer } = world;
        const logged = logArtifact({ vfs, repo: REPO, writer, isClosed: () => false }, artifact());
        const error: unknown = await logged.then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        const count = await checkReferences(world.vfs);
        if (error === undefined) expect(count).toBe(1);
        if (!isRefused) break;
      }
    }
  });
});
