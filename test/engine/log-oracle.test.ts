// A log against the simplest model of it, a list: random appends, flushes, syncs, rolls, rewritings,
// closes, kills, and disks that refuse for a while. At each step owner and reader say what the list
// says: records, each key's records, its newest, the state. FUZZ_SECONDS goes on for as long.

import { beforeAll, expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type VfsCall,
} from '../../src/engine/index.ts';
import { copyRecords, countAndSum, DIRECTORY, optionsOf, upTo } from '../support/log-files.ts';
import { type Seeded, seeded } from '../support/random.ts';
import { type SimulatedHost, simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

type State = [number, number];

interface Entry {
  readonly body: readonly [number];
  readonly key: string | undefined;
}

const keys = [{ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: undefined }];

/** Not a heartbeat; a segment that repeats another was opened under a temporary name. */
const isFrameWrite = ({ name, size }: VfsCall): boolean => name === 'write' && size !== 8;

class Oracle {
  readonly #vfs: MemoryVfs = memoryVfs();
  readonly #chance: Seeded;
  readonly #host: SimulatedHost = simulatedHost();
  readonly #list: Entry[] = [];
  readonly #reader: MemoryVfs = this.#vfs.attach();
  readonly #readers: Log<State>[] = [];
  #log: Log<State> | undefined;
  #flushed = 0;
  #number = 0;

  constructor(chance: Seeded) {
    this.#chance = chance;
  }

  get #options(): LogOptions<State> {
    const sizes = { segmentSize: 600, stateInterval: 400 };
    const options = { host: this.#host, fold: countAndSum, rewrite: copyRecords, sizes };
    return optionsOf<State>(this.#vfs, options);
  }

  async #opened(): Promise<Log<State>> {
    this.#log ??= await Log.open<State>(DIRECTORY, this.#options);
    return this.#log;
  }

  async run(steps: number): Promise<void> {
    const { pick } = this.#chance;
    const names = [
      'append',
      'append',
      'batch',
      'flush',
      'flush',
      'sync',
      'seal',
      'rewrite',
    ] as const;
    for (let step = 0; step < steps; step += 1) {
      const name = pick([...names, 'close', 'kill', 'fail sync', 'fail write', 'no room'] as const);
      const log = await this.#opened();
      if (name === 'append') this.#append(log, 1);
      else if (name === 'batch') this.#append(log, 2 + this.#chance.integer(4));
      else if (name === 'flush') this.#flush(log);
      else if (name === 'sync' || name === 'seal') await log[name]();
      else if (name === 'rewrite') await log.rewrite();
      else if (name === 'no room') this.#withoutRoom(log);
      else if (name === 'close') {
        await log.close();
        this.#log = undefined;
      } else if (name === 'kill') {
        // What was not flushed is gone with its owner.
        this.#list.splice(this.#flushed);
        this.#log = undefined;
      } else await this.#withFailure(log, name === 'fail sync');
      if (!['append', 'batch', 'flush', 'rewrite'].includes(name))
        this.#flushed = this.#list.length;
      await this.#check(`step ${step}: ${name}`);
    }
  }

  #append(log: Log<State>, count: number): void {
    const records = upTo(count).map(() => {
      this.#number += 1;
      return { type: 20, body: [this.#number] as const, ...this.#chance.pick(keys) };
    });
    expect(log.appendAll(records)).toBe(this.#list.length);
    this.#list.push(...records);
  }

  #flush(log: Log<State>): void {
    expect(log.flush()).toBe(true);
    this.#flushed = this.#list.length;
  }

  /** The next sync, or write, of a segment fails once: it is repeated elsewhere. */
  async #withFailure(log: Log<State>, isSync: boolean): Promise<void> {
    this.#append(log, 1);
    let isDue = true;
    this.#vfs.configure({
      onCall: (call) => {
        const { name, path } = call;
        const fits = isSync ? name === 'syncLater' : isFrameWrite(call);
        if (!isDue || !fits || path.includes('rewritten')) return;
        isDue = false;
        throw fileSystemError('EIO', name, path);
      },
    });
    await log.sync();
    this.#vfs.configure({ onCall: undefined });
    expect(log.recording).toBe('on');
  }

  #withoutRoom(log: Log<State>): void {
    this.#append(log, 2);
    this.#vfs.configure({
      onCall: (call) => {
        if (isFrameWrite(call)) throw fileSystemError('ENOSPC', call.name, call.path);
      },
    });
    expect(log.flush()).toBe(false);
    this.#append(log, 1);
    this.#vfs.configure({ onCall: undefined });
    this.#host.advance(1000);
    expect(log.flush()).toBe(true);
  }

  async #check(what: string): Promise<void> {
    if (this.#log !== undefined) await this.#says(this.#log, this.#list, this.#flushed, what);
    const fresh = Log.snapshot<State>(DIRECTORY, { vfs: this.#reader, fold: countAndSum });
    if (this.#readers.length < 3) this.#readers.push(fresh);
    const flushed = this.#list.slice(0, this.#flushed);
    await this.#says(fresh, flushed, this.#flushed, `${what}, a reader`);
    const old = this.#chance.pick(this.#readers);
    old.renew();
    await this.#says(old, flushed, this.#flushed, `${what}, a reader that was renewed`);
  }

  /** `log` knows `list`, and reads its first `flushed`. */
  async #says(
    log: Log<State>,
    list: readonly Entry[],
    flushed: number,
    what: string,
  ): Promise<void> {
    const read = Array.from(log.records(), ({ position, key, body }) => [position, key, body]);
    expect(read, what).toEqual(list.slice(0, flushed).map(({ key, body }, at) => [at, key, body]));
    expect(log.position, what).toBe(list.length);
    expect(log.state, what).toEqual([
      list.length,
      list.reduce((sum, { body }) => sum + body[0], 0),
    ]);
    for (const key of ['a', 'b', 'c', 'd']) {
      const places = list.flatMap((each, at) => (each.key === key ? [at] : []));
      expect(
        log.find(key).map(({ position }) => position),
        `${what}: ${key}`,
      ).toEqual(places);
      expect((await log.latest(key))?.position, `${what}: latest ${key}`).toBe(places.at(-1));
    }
    expect(log.damage, what).toEqual([]);
  }
}

it('says what a list says, whatever happens', async () => {
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < 25 || performance.now() < end; round += 1)
    await new Oracle(seeded(`log oracle ${round}`)).run(40);
}, 600_000);
