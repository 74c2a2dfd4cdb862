// Every file-system call of one owner, with a whole second owner run inside it, at times a third
// inside that, and readers before, between and after. The second takes over by force, as after a
// wrong verdict or an endless pause; then the first goes on as if nothing had happened.
//
// Oracle, after spec/ownership.md: what a flush acknowledged is in every later decided result (I1);
// what a reader delivered is a prefix of every later decided result (I3); no hole, no duplicate, owners
// in the order of their fences (I4); the newest manifest needs no missing file (I5); a fresh owner alone
// can always open (I6).

import { expect, it } from 'vitest';
import { Appender } from '../../src/engine/appender.ts';
import { packBody } from '../../src/engine/format/msgpack.ts';
import { loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { readRecords } from '../../src/engine/log-reader.ts';
import { HotKeys } from '../../src/engine/lookup.ts';
import { removeOpenEnd } from '../../src/engine/open-ends.ts';
import { acquire, findHolder } from '../../src/engine/owner.ts';
import { readSnapshot } from '../../src/engine/snapshot.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';

/** What all actors of one schedule have seen. */
class History {
  readonly acknowledged: string[] = [];
  readonly delivered: string[][] = [];

  read(vfs: MemoryVfs): { records: string[]; decided: boolean } {
    const snapshot = readSnapshot(vfs, DIRECTORY);
    if (snapshot.damage.length > 0) throw new Error(`damage: ${JSON.stringify(snapshot.damage)}`);
    const segments = [...(snapshot.manifest?.segments ?? []), ...snapshot.tail.segments];
    const records = [...readRecords(vfs, DIRECTORY, segments, [])].map(
      (each) => (each.body as [string])[0],
    );
    return { records, decided: snapshot.decided };
  }

  /** A reader looks: keeps what it was given, and compares it with what others were given before. */
  look(vfs: MemoryVfs): void {
    const { records, decided } = this.read(vfs);
    if (decided) this.check(records);
    this.delivered.push(records);
  }

  check(records: readonly string[]): void {
    const text = records.join();
    for (const before of this.delivered) {
      if (before.some((each, index) => records[index] !== each))
        throw new Error(`taken back: ${before.join()} became ${text}`);
    }
    for (const each of this.acknowledged) {
      if (!records.includes(each)) throw new Error(`acknowledged ${each} is missing from ${text}`);
    }
    if (new Set(records).size !== records.length) throw new Error(`twice: ${text}`);
    const owners = records.map((each) => each.split('.')[0]);
    const changes = owners.filter((owner, index) => owner !== owners[index - 1]);
    if (new Set(changes).size !== changes.length) throw new Error(`interleaved: ${text}`);
  }
}

type Action = 'append' | 'flush' | 'roll' | 'close';

class Actor {
  readonly #name: string;
  readonly #vfs: MemoryVfs;
  readonly #history: History;
  #appender: Appender | undefined;
  #count = 0;
  #pending: string[] = [];

  constructor(name: string, vfs: MemoryVfs, history: History) {
    this.#name = name;
    this.#vfs = vfs;
    this.#history = history;
  }

  run(actions: readonly Action[]): void {
    try {
      this.#open();
      for (const action of actions) this.#act(action);
    } finally {
      // Many processes are played in this one: it must not count what all of them have open.
      if (this.#appender !== undefined) removeOpenEnd(this.#appender);
    }
  }

  /** More of the same owner, which may have been replaced meanwhile. */
  goOn(actions: readonly Action[]): void {
    for (const action of actions) this.#act(action);
    if (this.#appender !== undefined) removeOpenEnd(this.#appender);
  }

  #open(): void {
    const host = simulatedHost();
    for (;;) {
      const holder = findHolder(this.#vfs, DIRECTORY);
      const owner = host.liveness.self();
      const ownership = acquire(this.#vfs, DIRECTORY, holder, { kind: 'writer', owner });
      if (ownership === undefined) continue;
      this.#appender = new Appender({
        vfs: this.#vfs,
        host,
        directory: DIRECTORY,
        ownership,
        syncMs: null,
        onFlush: 'write',
        sizes: limits,
        parents: [],
        keys: new HotKeys(),
        packState: () => undefined,
        onTrouble() {},
        onSeal() {},
      });
      return;
    }
  }

  #act(action: Action): void {
    const appender = this.#appender as Appender;
    if (action === 'append') {
      const label = `${this.#name}.${this.#count}`;
      this.#count += 1;
      if (appender.append(20, 0, 1, packBody([label])) !== undefined) this.#pending.push(label);
    } else if (action === 'flush') {
      if (!appender.flush()) return;
      this.#history.acknowledged.push(...this.#pending);
      this.#pending = [];
    } else if (action === 'roll') appender.roll();
    else appender.close();
  }
}

const work: readonly Action[] = [
  'append',
  'append',
  'flush',
  'append',
  'flush',
  'roll',
  'append',
  'flush',
  'append',
  'flush',
  'close',
];
const short: readonly Action[] = ['append', 'flush', 'roll', 'append', 'flush'];

interface Schedule {
  /** Calls of the first before the second comes, of the second before the third, ... */
  readonly pauses: readonly number[];
  readonly withReaders: boolean;
  readonly refuseLinks: boolean;
}

/** Runs actor 0; inside its call `pauses[0]` actor 1, inside that one's `pauses[1]` actor 2 ... */
function play({ pauses, withReaders, refuseLinks }: Schedule): boolean {
  const disk = memoryVfs({ refuseLinks });
  disk.makeDirectory(DIRECTORY);
  const history = new History();
  const observer = disk.attach({ refuseLinks });
  let reached = 0;
  const start = (depth: number): void => {
    let left = pauses[depth] ?? Number.POSITIVE_INFINITY;
    const vfs = disk.attach({
      refuseLinks,
      onCall: () => {
        left -= 1;
        if (left !== -1) return;
        reached += 1;
        if (withReaders) history.look(observer);
        start(depth + 1);
        if (withReaders) history.look(observer);
      },
    });
    new Actor('abcd'[depth] as string, vfs, history).run(depth === 0 ? work : short);
  };
  start(0);
  history.look(observer);
  new Actor('z', disk.attach({ refuseLinks }), history).run(short);
  const { records, decided } = history.read(observer);
  expect(decided, 'a fresh owner alone decides').toBe(true);
  history.check(records);
  return reached === pauses.length;
}

function playAll(name: string, schedule: Schedule): boolean {
  try {
    return play(schedule);
  } catch (error) {
    throw new Error(`${name}: pauses ${schedule.pauses.join(', ')}`, { cause: error });
  }
}

for (const refuseLinks of [false, true]) {
  const mode = refuseLinks ? ', links refused' : '';
  it(`a second owner inside every call of the first${mode}`, async () => {
    await loadXxhash();
    let pause = 0;
    while (playAll('two', { pauses: [pause], withReaders: true, refuseLinks })) pause += 1;
    expect(pause).toBeGreaterThanOrEqual(50);
  });

  it(`a third owner inside every call of the second, inside every call of the first${mode}`, async () => {
    await loadXxhash();
    let schedules = 0;
    // Every third pause of the first where links are refused: the rest of it is the same code.
    const stride = refuseLinks ? 3 : 1;
    for (let outer = 0; ; outer += stride) {
      let inner = 0;
      while (
        playAll('three', { pauses: [outer, inner], withReaders: inner % 3 === 0, refuseLinks })
      )
        inner += 1;
      schedules += inner;
      if (inner === 0) break;
    }
    expect(schedules).toBeGreaterThan(2500 / stride);
  });
}

it('three whole openings inside one call of the first: its fence and the next are collected meanwhile', async () => {
  await loadXxhash();
  for (let pause = 0, isOver = false; !isOver; pause += 1) {
    const disk = memoryVfs();
    disk.makeDirectory(DIRECTORY);
    const history = new History();
    let left = pause;
    isOver = true;
    const vfs = disk.attach({
      onCall: () => {
        left -= 1;
        if (left !== -1) return;
        isOver = false;
        for (const name of ['b', 'c', 'd']) new Actor(name, disk.attach(), history).run(short);
      },
    });
    new Actor('a', vfs, history).run(work);
    new Actor('z', disk.attach(), history).run(short);
    try {
      history.look(disk.attach());
    } catch (error) {
      throw new Error(`pause ${pause}`, { cause: error });
    }
  }
});

/** More of the tests by chance, for as long each. */
const fuzzMs = Number(process.env['FUZZ_SECONDS'] ?? 0) * 1000;

/** Ends an actor at a call, as a kill does. */
class Died extends Error {}

it(
  'an owner that dies at any call, inside every call of a second, inside every call of the first',
  async () => {
    await loadXxhash();
    const { integer, seed } = seeded('interleaving with kills');
    const end = performance.now() + fuzzMs;
    for (let round = 0; round < 2000 || performance.now() < end; round += 1) {
      const [first, second, life] = [integer(52), integer(40), integer(40)];
      const disk = memoryVfs();
      disk.makeDirectory(DIRECTORY);
      const history = new History();
      const pausing = (calls: number, inside: () => void): MemoryVfs => {
        let left = calls;
        return disk.attach({
          onCall: () => {
            left -= 1;
            if (left === -1) inside();
          },
        });
      };
      const dying = (): void => {
        let left = life;
        const vfs = disk.attach({
          onCall: () => {
            left -= 1;
            if (left < 0) throw new Died();
          },
        });
        try {
          new Actor('c', vfs, history).run(short);
        } catch (error) {
          if (!(error instanceof Died)) throw error;
        }
      };
      try {
        new Actor(
          'a',
          pausing(first, () => new Actor('b', pausing(second, dying), history).run(short)),
          history,
        ).run(work);
        history.look(disk.attach());
        new Actor('z', disk.attach(), history).run(short);
        history.check(history.read(disk.attach()).records);
      } catch (error) {
        throw new Error(`seed ${seed}: pauses ${first}, ${second}, killed at ${life}`, {
          cause: error,
        });
      }
    }
  },
  60_000 + fuzzMs,
);

it('a whole owner inside every call of a reader: what the reader delivers is never taken back', async () => {
  await loadXxhash();
  for (const before of [
    ['append', 'flush'],
    ['append', 'flush', 'roll', 'append', 'flush'],
    work,
  ] as const) {
    for (let pause = 0, isOver = false; !isOver; pause += 1) {
      const disk = memoryVfs();
      disk.makeDirectory(DIRECTORY);
      const history = new History();
      // Written, not acknowledged: the successor may have read the log before it was there.
      new Actor('a', disk.attach(), history).run(before);
      let left = pause;
      isOver = true;
      const reader = disk.attach({
        onCall: () => {
          left -= 1;
          if (left !== -1) return;
          isOver = false;
          new Actor('b', disk.attach(), history).run(short);
        },
      });
      const delivered = history.read(reader).records;
      history.delivered.push(delivered);
      new Actor('z', disk.attach(), history).run(short);
      try {
        history.look(disk.attach());
      } catch (error) {
        throw new Error(`pause ${pause}`, { cause: error });
      }
    }
  }
});

it('an owner goes on inside every call of a successor, with a reader before: nothing delivered is taken back', async () => {
  await loadXxhash();
  for (let pause = 0, isOver = false; !isOver; pause += 1) {
    const disk = memoryVfs();
    disk.makeDirectory(DIRECTORY);
    const history = new History();
    const owner = new Actor('a', disk.attach(), history);
    owner.run(['append', 'flush']);
    let left = pause;
    isOver = true;
    const vfs = disk.attach({
      onCall: () => {
        left -= 1;
        if (left !== -1) return;
        isOver = false;
        owner.goOn(['append', 'flush']);
        history.look(disk.attach());
      },
    });
    new Actor('b', vfs, history).run(short);
    owner.goOn(['append', 'flush']);
    new Actor('z', disk.attach(), history).run(short);
    try {
      history.look(disk.attach());
    } catch (error) {
      throw new Error(`pause ${pause}`, { cause: error });
    }
  }
});

it(
  'a fourth inside the third, at random; fences and manifests are collected under the sleepers',
  async () => {
    await loadXxhash();
    const { integer } = seeded('interleaving');
    const end = performance.now() + fuzzMs;
    for (let round = 0; round < 1000 || performance.now() < end; round += 1) {
      playAll('four', {
        pauses: [integer(90), integer(60), integer(60)],
        withReaders: round % 2 === 0,
        refuseLinks: false,
      });
    }
  },
  60_000 + fuzzMs,
);
