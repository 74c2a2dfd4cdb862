// Following: every record once, in order, whatever happens to the files it stands in; with file events
// soon, with the poll alone within its bound. That it goes on over killed processes:
// test/process/follow.test.ts.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FollowOptions, follow } from '../../src/engine/follow.ts';
import {
  Log,
  type LogRecord,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  nodeVfs,
  type RewriteHook,
  type Vfs,
} from '../../src/engine/index.ts';
import {
  appendNumbers,
  copyRecords,
  DIRECTORY,
  flip,
  framesOf,
  namesOf,
  optionsOf,
  readFile,
  upTo,
  writeFile,
} from '../support/log-files.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const root = fs.mkdtempSync(path.join(tmpdir(), 'rl-follow-'));
beforeAll(loadXxhash);
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** A follower that is asked for what it has: everything that comes until nothing more does. */
/** Less than a poll a minute takes, on any machine. */
const SOON_MS = 45_000;

class Follower {
  readonly records: LogRecord[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(vfs: Vfs, directory: string, options: FollowOptions = {}) {
    const { signal } = this.#stop;
    this.#done = (async () => {
      const records = follow(vfs, directory, { pollMs: 1, events: false, ...options, signal });
      for await (const record of records) this.records.push(record);
    })();
  }

  get positions(): number[] {
    return this.records.map(({ position }) => position);
  }

  /** Waits until there are `count`, or far too long. */
  async reach(count: number): Promise<number[]> {
    const end = performance.now() + SOON_MS;
    while (this.records.length < count && performance.now() < end) await sleep(2);
    return this.positions;
  }

  async end(): Promise<number[]> {
    this.#stop.abort();
    await this.#done;
    return this.positions;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function openLog(vfs: MemoryVfs, rewrite?: RewriteHook): Promise<Log> {
  return Log.open(
    DIRECTORY,
    optionsOf(vfs, { sizes: { segmentSize: 400 }, ...(rewrite && { rewrite }) }),
  );
}

describe('every record once, in order', () => {
  it('while the log rolls, is sealed, rewritten, closed, killed, taken over', async () => {
    const { integer, pick } = seeded('follow');
    const vfs = memoryVfs();
    let log = await openLog(vfs, copyRecords);
    const follower = new Follower(vfs, DIRECTORY);
    const late = [follower];
    for (let round = 0; round < 120; round += 1) {
      appendNumbers(log, log.position, log.position + 1 + integer(5));
      const step = pick(['turn', 'wait', 'seal', 'rewrite', 'close', 'kill', 'follow'] as const);
      if (step === 'turn') await new Promise((resolve) => setImmediate(resolve));
      if (step === 'wait') await sleep(2);
      if (step === 'seal') await log.seal();
      if (step === 'rewrite') await log.rewrite();
      if (step === 'close') await log.close();
      if (step === 'close' || step === 'kill') log = await openLog(vfs, copyRecords);
      if (step === 'follow' && late.length < 6)
        late.push(new Follower(vfs, DIRECTORY, { from: integer(log.position) }));
    }
    const { position } = log;
    for (const each of late) {
      const first = (await each.reach(1))[0] as number;
      await each.reach(position - first);
      expect(await each.end()).toEqual(upTo(position).slice(first));
      for (const { body, position: at } of each.records) expect(body).toEqual([at]);
    }
  });

  it('of a log that does not exist yet, from a position that is not there yet', async () => {
    const vfs = memoryVfs();
    const follower = new Follower(vfs, DIRECTORY, { from: 2 });
    await sleep(10);
    const log = await openLog(vfs);
    appendNumbers(log, 0, 2);
    await sleep(10);
    expect(follower.positions).toEqual([]);
    appendNumbers(log, 2, 5);
    expect(await follower.reach(3)).toEqual([2, 3, 4]);
    await follower.end();
  });

  it('of a long log that nothing is added to: all of it, not the first round alone', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    const count = 150_000;
    for (let from = 0; from < count; from += 10_000)
      log.appendAll(upTo(10_000).map((at) => ({ type: 20, body: from + at })));
    await log.close();
    const follower = new Follower(vfs, DIRECTORY);
    expect((await follower.reach(count)).length).toBe(count);
    expect(await follower.end()).toEqual(upTo(count));
  });

  it('where a stretch was rewritten to other records: those that stand for what is due', async () => {
    const vfs = memoryVfs();
    const sum: RewriteHook = async (input, output, { from, to }) => {
      let total = 0;
      for (const { body } of input) total += (body as [number])[0];
      output.append([{ type: 21, body: [total] }], from, to);
    };
    const log = await openLog(vfs, sum);
    appendNumbers(log, 0, 6);
    await log.seal();
    await log.rewrite();
    const follower = new Follower(vfs, DIRECTORY, { from: 2 });
    await follower.reach(1);
    appendNumbers(log, 6, 8);
    await follower.reach(3);
    await follower.end();
    expect(follower.records.map(({ position, end, body }) => [position, end, body])).toEqual([
      [0, 6, [15]],
      [6, 7, [6]],
      [7, 8, [7]],
    ]);
  });

  it('damage is passed over, and what is behind it delivered', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    for (let number = 0; number < 5; number += 1) {
      appendNumbers(log, number, number + 1);
      await log.sync();
    }
    const name = namesOf(vfs, 'segment')[0] as string;
    flip(vfs, name, framesOf(readFile(vfs, name))[1]?.offset ?? 0);
    const follower = new Follower(vfs, DIRECTORY);
    expect(await follower.reach(4)).toEqual([0, 2, 3, 4]);
    await follower.end();
  });
});

describe('nothing is taken back', () => {
  it('while a new owner has not decided, the tail is not delivered', async () => {
    const vfs = memoryVfs();
    const log = await openLog(vfs);
    appendNumbers(log, 0, 2);
    const follower = new Follower(vfs, DIRECTORY);
    await follower.reach(2);
    // A successor that was stopped between its fence and its manifest.
    writeFile(vfs, 'fence-00000002', readFile(vfs, 'fence-00000001'));
    log.append(20, [2]);
    expect(log.flush(), 'the successor decides on it').toBe(false);
    await sleep(20);
    expect(follower.positions).toEqual([0, 1]);
    const next = await openLog(vfs);
    const { position } = next;
    appendNumbers(next, position, position + 2);
    const records = await follower.reach(position + 2);
    expect(records).toEqual(upTo(position + 2));
    const kept = Array.from(Log.snapshot(DIRECTORY, { vfs }).records(), ({ body }) => body);
    await follower.end();
    expect(follower.records.map(({ body }) => body)).toEqual(kept);
  });

  it('half a frame is waited for', async () => {
    const vfs = memoryVfs();
    const log = await openLog(vfs);
    appendNumbers(log, 0, 3);
    const bytes = readFile(vfs, 'segment-00000001-000001');
    const last = framesOf(bytes)[2] as { offset: number; end: number };
    const disk = vfs.kill();
    writeFile(disk, 'segment-00000001-000001', bytes.slice(0, last.offset));
    const follower = new Follower(disk, DIRECTORY);
    await follower.reach(2);
    const file = disk.open(`${DIRECTORY}/segment-00000001-000001`, 'write');
    for (let at = last.offset; at < last.end; at += 7) {
      expect(follower.positions).toEqual([0, 1]);
      disk.write(file, bytes.subarray(at, Math.min(at + 7, last.end)), at);
      await sleep(2);
    }
    expect(await follower.reach(3)).toEqual([0, 1, 2]);
    await follower.end();
  });
});

describe('the end', () => {
  it('comes with the signal, also while it waits, and before it has begun', async () => {
    const vfs = memoryVfs();
    const log = await openLog(vfs);
    appendNumbers(log, 0, 2);
    const waiting = new Follower(vfs, DIRECTORY, { pollMs: 60_000 });
    await waiting.reach(2);
    const start = performance.now();
    expect(await waiting.end()).toEqual([0, 1]);
    expect(performance.now() - start).toBeLessThan(SOON_MS);
    const signal = AbortSignal.abort();
    const never = follow(vfs, DIRECTORY, { signal, events: false });
    expect(await never.next()).toMatchObject({ done: true });
  });

  it('comes when the caller stops asking', async () => {
    const vfs = memoryVfs();
    const log = await openLog(vfs);
    appendNumbers(log, 0, 4);
    const seen: number[] = [];
    for await (const { position } of log.follow({ from: 1 })) {
      seen.push(position);
      if (position === 2) break;
    }
    expect(seen).toEqual([1, 2]);
    expect(vfs.openFileCount, 'fence and segment of the owner').toBe(2);
  });

  it('is an error of the disk that is none of a file that went away', async () => {
    const vfs = memoryVfs();
    const log = await openLog(vfs);
    appendNumbers(log, 0, 2);
    const reader = vfs.attach({
      onCall: ({ name }) => {
        if (name === 'read') throw Object.assign(new Error('EIO'), { code: 'EIO' });
      },
    });
    const next = follow(reader, DIRECTORY, { events: false }).next();
    await expect(next).rejects.toMatchObject({ code: 'EIO' });
  });
});

describe('on a real file system', () => {
  /** Milliseconds until a record that was flushed now arrives; the log lives in `name`. */
  async function latency(name: string, options: FollowOptions): Promise<number[]> {
    const directory = path.join(root, name);
    const vfs = nodeVfs();
    const host = simulatedHost();
    const log = await Log.open(directory, { vfs, host, durability: { syncMs: null } });
    appendNumbers(log, 0, 1);
    const follower = new Follower(vfs, directory, options);
    await follower.reach(1);
    // The watcher takes its time to begin; what is appended before that is the poll's to find.
    await sleep(1000);
    const times: number[] = [];
    for (let number = 1; number < 6; number += 1) {
      const start = performance.now();
      appendNumbers(log, number, number + 1);
      while (follower.records.length <= number && performance.now() - start < SOON_MS)
        await sleep(5);
      times.push(performance.now() - start);
      await sleep(80);
    }
    expect(await follower.end()).toEqual(upTo(6));
    await log.close();
    return times;
  }

  // With a poll each minute only an event can be that fast.
  it.each(['plain', 'temporary-probe-.lock'])(
    'an event shows each append long before the poll, in a directory named %s',
    async (name) => {
      const times = await latency(name, { events: true, pollMs: 60_000 });
      expect(Math.max(...times)).toBeLessThan(SOON_MS);
    },
  );

  it('without events the poll shows it', async () => {
    const times = await latency('polled', { events: false, pollMs: 50 });
    expect(Math.max(...times)).toBeLessThan(SOON_MS);
  });
});
