// One log and its actors, played turn by turn: who goes, and for how many steps.
//
// 1. After every turn a fresh owner opens a copy of the disk alone, as if all others had been killed:
//    it must succeed, decide, and deliver what was promised. Where the scene says so, another copy loses
//    its power first.
// 2. `explore` plays a form with every number of steps in its places, the later place inside the
//    earlier one: all schedules with so few changes of turn.

import { type CrashRule, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import { Coroutine } from './coroutine.ts';
import { type OwnerPlan, ownerProgram, readerProgram } from './ownership-actors.ts';
import { History, LOG, readLog } from './ownership-history.ts';

export interface Scene {
  readonly owners: readonly OwnerPlan[];
  /** Names of readers and how often each looks. */
  readonly readers?: Readonly<Record<string, number>>;
  /** Of the owner named, this one of its syncs fails, counted from 1. */
  readonly failingSync?: { readonly owner: string; readonly nth: number };
  readonly refuseLinks?: boolean;
  /** The power is lost by these rules after every turn. */
  readonly power?: readonly CrashRule[];
}

/** A name, and how many steps it goes, or to which place of its plan; none: to its end. */
export type Turn = readonly [name: string, steps?: number | `${number}.${number}`];

export class World {
  readonly history = new History();
  readonly #disk: MemoryVfs;
  readonly #actors = new Map<string, Coroutine>();
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#disk = memoryVfs({ refuseLinks: scene.refuseLinks ?? false });
    this.#disk.makeDirectory(LOG);
    this.#disk.syncDirectory('/');
    for (const plan of scene.owners)
      this.#add(plan.name, ownerProgram(plan, this.history, this.#disk));
    for (const [name, rounds] of Object.entries(scene.readers ?? {}))
      this.#add(name, readerProgram(rounds, this.history));
  }

  #add(name: string, program: ConstructorParameters<typeof Coroutine>[2]): void {
    const { failingSync } = this.#scene;
    let left = failingSync?.owner === name ? failingSync.nth : 0;
    const vfs = this.#disk.attach({
      onCall: (call) => {
        if (call.name !== 'sync') return;
        left -= 1;
        if (left === 0) throw fileSystemError('EIO', 'fdatasync', call.path);
      },
    });
    this.#actors.set(name, new Coroutine(name, vfs, program));
  }

  /** True when the actor has come to its end. */
  go(name: string, steps: Turn[1] = Number.POSITIVE_INFINITY): Promise<boolean> {
    const actor = this.#actor(name);
    return typeof steps === 'number' ? actor.go(steps) : actor.goTo(steps);
  }

  kill(name: string): void {
    this.#actor(name).kill();
  }

  #actor(name: string): Coroutine {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`nobody is called ${name}`);
    return actor;
  }

  /** Everybody stops, and a fresh owner opens alone. */
  async openAlone(): Promise<void> {
    const history = this.history.copy();
    const disk = this.#disk.kill();
    await lastOwner(disk, history);
    history.deliver(decidedOf(disk), history.promised());
  }

  /** The power is lost, and a fresh owner opens alone. */
  async losePower(rule: CrashRule): Promise<void> {
    const history = this.history.copy();
    const disk = this.#disk.crash(rule);
    await lastOwner(disk, history);
    history.survive(decidedOf(disk), history.synced);
  }

  /** What must be true at any moment; once for what is the same in `known`. */
  async check(known: Set<string>): Promise<void> {
    const state = `${this.#disk.hash()} ${this.history.state}`;
    if (known.has(state)) return;
    known.add(state);
    await this.openAlone();
    for (const rule of this.#scene.power ?? []) await this.losePower(rule);
  }
}

async function lastOwner(disk: MemoryVfs, history: History): Promise<void> {
  const plan: OwnerPlan = { name: 'z', openings: [['append', 'flush']] };
  const last = new Coroutine('z', disk, ownerProgram(plan, history, disk));
  await last.go(Number.POSITIVE_INFINITY);
}

function decidedOf(disk: MemoryVfs): ReturnType<typeof readLog> {
  const reading = readLog(disk);
  if (!reading.decided) throw new Error('an owner alone leaves the log undecided');
  return reading;
}

/** Plays the turns; which of them came to their actor's end. */
export async function play(
  scene: Scene,
  turns: readonly Turn[],
  known: Set<string> = new Set(),
): Promise<boolean[]> {
  const world = new World(scene);
  const over: boolean[] = [];
  try {
    for (const [name, steps] of turns) {
      over.push(await world.go(name, steps));
      await world.check(known);
    }
  } catch (error) {
    const told = turns.map(([name, steps = 'to its end']) => `${name} ${steps}`).join(', ');
    throw new Error(`${told}: ${(error as Error).message}`, { cause: error });
  }
  return over;
}

/** A turn of a form: `any` number of steps from the first given to the actor's end. */
export type FormTurn = Turn | readonly [name: string, steps: 'any', from?: number, to?: number];

/** Plays a form with all numbers of steps in its places; how many schedules and states these were. */
export async function explore(
  scene: Scene,
  form: readonly FormTurn[],
): Promise<{ schedules: number; states: number }> {
  const known = new Set<string>();
  const places = form.flatMap((turn, index) => (turn[1] === 'any' ? [index] : []));
  const steps = places.map((place) => fromOf(form[place] as FormTurn));
  for (let schedules = 1; ; schedules += 1) {
    const turns = form.map((turn, index): Turn => {
      const place = places.indexOf(index);
      return place < 0 ? (turn as Turn) : [turn[0], steps[place] as number];
    });
    const over = await play(scene, turns, known);
    let place = places.length - 1;
    while (place >= 0 && isLast(form, places[place] as number, steps[place] as number, over)) {
      steps[place] = fromOf(form[places[place] as number] as FormTurn);
      place -= 1;
    }
    if (place < 0) return { schedules, states: known.size };
    steps[place] = (steps[place] as number) + 1;
  }
}

const fromOf = (turn: FormTurn): number => (turn[1] === 'any' ? (turn[2] ?? 0) : 0);

function isLast(
  form: readonly FormTurn[],
  index: number,
  steps: number,
  over: readonly boolean[],
): boolean {
  const turn = form[index] as FormTurn;
  const to = turn[1] === 'any' ? (turn[3] ?? Number.POSITIVE_INFINITY) : 0;
  return over[index] === true || steps >= to;
}
