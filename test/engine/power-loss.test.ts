// Power lost before every call of a workload, by every rule of the simulated disk, and again before
// every call of the recovery that follows. Oracle (G4, G7): what is read is a prefix of what was
// appended, at least as long as what a sync had resolved for; a kill keeps what a flush was true for;
// a second recovery reads the same; and the mark of a crash is never reported as damage.
//
// Distinct disk states are counted by the hash of the disk image: at least 100,000 in the ordinary
// run. FUZZ_SECONDS goes on with other seeds for as long.

import { expect, it } from 'vitest';
import {
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type NamedCrashRule,
  namedCrashRules,
  type RewriteHook,
} from '../../src/engine/index.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';

/** Copies records into one frame each, so that rewriting changes bytes and not what is read. */
const rewrite: RewriteHook = async (input, output) => {
  for (const { type, body, key, position, end } of input)
    output.append([{ type, body, key }], position, end);
};

const fold = {
  initial: (): number[] => [0],
  apply: (state: number[]): number[] => [(state[0] as number) + 1],
};

/** Stops an actor at a call, as if its process had died before it. */
class Died extends Error {}

const optionsOf = (vfs: MemoryVfs): LogOptions<number[]> => ({
  vfs,
  host: simulatedHost(),
  rewrite,
  fold,
  durability: { syncMs: null },
  sizes: { segmentSize: 400, stateInterval: 300 },
});

/** What was promised when the power went. */
interface Promised {
  appended: number;
  flushed: number;
  synced: number;
}

type Step = 'append' | 'flush' | 'sync' | 'seal' | 'rewrite' | 'close' | 'reopen' | 'batch';

async function work(vfs: MemoryVfs, steps: readonly Step[], promised: Promised): Promise<void> {
  let log = await Log.open(DIRECTORY, optionsOf(vfs));
  const append = (count: number): void => {
    const records = Array.from({ length: count }, (_, index) => ({
      type: 20,
      body: [promised.appended + index],
      key: `k${(promised.appended + index) % 3}`,
    }));
    log.appendAll(records);
    promised.appended += count;
  };
  for (const step of steps) {
    if (step === 'append') append(1);
    else if (step === 'batch') append(3);
    else if (step === 'flush') {
      const { appended } = promised;
      if (log.flush()) promised.flushed = appended;
    } else if (step === 'sync') {
      const { appended } = promised;
      await log.sync();
      promised.flushed = promised.synced = appended;
    } else if (step === 'seal') await log.seal();
    else if (step === 'rewrite') await log.rewrite();
    else if (step === 'close') {
      const { appended } = promised;
      await log.close();
      promised.flushed = promised.synced = appended;
    } else log = await Log.open(DIRECTORY, { ...optionsOf(vfs), force: true });
  }
}

/** The numbers that the log holds, as a reader is given them. */
function numbersOf(vfs: MemoryVfs): number[] {
  if (vfs.stat(DIRECTORY) === undefined) return [];
  const log = Log.snapshot(DIRECTORY, optionsOf(vfs));
  const numbers = [...log.records()].map((record) => (record.body as number[])[0] as number);
  if (log.damage.length > 0) throw new Error(`damage after a crash: ${JSON.stringify(log.damage)}`);
  return numbers;
}

function checkPrefix(numbers: readonly number[], atLeast: number, most: number): void {
  numbers.forEach((number, index) => {
    if (number !== index) throw new Error(`position ${index} holds ${number}: ${numbers.join()}`);
  });
  if (numbers.length < atLeast)
    throw new Error(`${numbers.length} records, ${atLeast} were promised`);
  if (numbers.length > most) throw new Error(`${numbers.length} records, ${most} were appended`);
}

/** Disks that were recovered, each with the most that was asked of it. */
const states = new Map<bigint, number>();

/** The same disk may come again when more has been promised: then it is another question. */
const isJudged = (vfs: MemoryVfs, atLeast: number): boolean =>
  (states.get(vfs.hash()) ?? -1) >= atLeast;

/** Opens what the crash left, twice; dies again in the recovery when `again` says so. */
async function recover(vfs: MemoryVfs, atLeast: number, most: number): Promise<void> {
  states.set(vfs.hash(), atLeast);
  const log = await Log.open(DIRECTORY, { ...optionsOf(vfs), force: true });
  if (log.damage.length > 0) throw new Error(`damage: ${JSON.stringify(log.damage)}`);
  const first = numbersOf(vfs);
  checkPrefix(first, atLeast, most);
  expect(log.position).toBe(first.length);
  expect(log.state).toEqual([first.length]);
  const second = await Log.open(DIRECTORY, { ...optionsOf(vfs), force: true });
  expect(numbersOf(vfs)).toEqual(first);
  expect(second.position).toBe(first.length);
}

function freshDisk(): MemoryVfs {
  return memoryVfs();
}

/** Runs the workload once, taking an image before each call and judging each. */
async function crashEverywhere(
  steps: readonly Step[],
  random: () => number,
  rules: readonly NamedCrashRule[],
): Promise<void> {
  const promised: Promised = { appended: 0, flushed: 0, synced: 0 };
  const images: { vfs: MemoryVfs; promised: Promised; call: string }[] = [];
  const vfs = freshDisk();
  vfs.configure({
    onCall: (call, on) => {
      images.push({
        vfs: on.clone(),
        promised: { ...promised },
        call: `${call.name} ${call.path}`,
      });
    },
  });
  await work(vfs, steps, promised);
  vfs.configure({ onCall: undefined });
  images.push({ vfs: vfs.clone(), promised: { ...promised }, call: 'the end' });
  for (const [index, image] of images.entries()) {
    try {
      await judge(image.vfs, image.promised, random, rules);
    } catch (error) {
      throw new Error(`before call ${index}: ${image.call}`, { cause: error });
    }
  }
}

async function judge(
  vfs: MemoryVfs,
  promised: Promised,
  random: () => number,
  rules: readonly NamedCrashRule[],
): Promise<void> {
  const killed = vfs.kill();
  if (!isJudged(killed, promised.flushed))
    await recover(killed, promised.flushed, promised.appended);
  const crashed = [
    ...rules.map((rule) => vfs.crash(rule)),
    vfs.crash({ random }),
    vfs.crash({ random }),
  ];
  for (const disk of crashed) {
    if (isJudged(disk, promised.synced)) continue;
    await recover(disk.clone(), promised.synced, promised.appended);
    if (random() < 0.02) await crashInRecovery(disk, promised, random);
  }
}

/** The recovery itself loses power before each of its calls. */
async function crashInRecovery(
  disk: MemoryVfs,
  promised: Promised,
  random: () => number,
): Promise<void> {
  for (let call = 0; ; call += 1) {
    const vfs = disk.clone();
    let left = call;
    vfs.configure({
      onCall: () => {
        if (left === 0) throw new Died();
        left -= 1;
      },
    });
    let isDone = true;
    try {
      await Log.open(DIRECTORY, { ...optionsOf(vfs), force: true });
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      isDone = false;
    }
    vfs.configure({ onCall: undefined });
    const after = vfs.crash({ random });
    if (!isJudged(after, promised.synced)) await recover(after, promised.synced, promised.appended);
    if (isDone) return;
  }
}

const fixed: Record<string, readonly Step[]> = {
  'open, append, flush, sync, close': ['append', 'flush', 'append', 'sync', 'append', 'close'],
  'batches are whole or not there': ['batch', 'flush', 'batch', 'flush', 'sync', 'batch', 'flush'],
  'roll, seal and rewrite': [
    'batch',
    'batch',
    'batch',
    'flush',
    'batch',
    'sync',
    'batch',
    'batch',
    'batch',
    'flush',
    'seal',
    'rewrite',
    'append',
    'close',
  ],
  'resume after a close': [
    'batch',
    'close',
    'reopen',
    'batch',
    'flush',
    'sync',
    'close',
    'reopen',
    'append',
    'sync',
  ],
  'take over a tail that was never synced': [
    'batch',
    'flush',
    'reopen',
    'batch',
    'flush',
    'reopen',
    'append',
    'sync',
  ],
};

for (const [name, steps] of Object.entries(fixed)) {
  it(`power lost before every call: ${name}`, async () => {
    await loadXxhash();
    const { random } = seeded(name);
    await crashEverywhere(steps, random, namedCrashRules);
  });
}

const actions: readonly Step[] = [
  'append',
  'append',
  'batch',
  'flush',
  'flush',
  'sync',
  'seal',
  'rewrite',
  'close',
];

/** Fewer only for the runs of `npm run mutants`, which plant a fault and expect to fail early. */
const statesMin = Number(process.env['RUNLOG_STATES'] ?? 100_000);

it('power lost before every call of random workloads: 100,000 states', async () => {
  await loadXxhash();
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
  const end = performance.now() + seconds * 1000;
  for (let round = 0; states.size < statesMin || performance.now() < end; round += 1) {
    const { random, pick, integer } = seeded(`power loss ${round}`);
    const steps: Step[] = [];
    for (let index = 0; index < 6 + integer(10); index += 1) {
      const step = pick(actions);
      steps.push(step);
      if (step === 'close') steps.push('reopen');
    }
    try {
      await crashEverywhere(steps, random, [pick(namedCrashRules), pick(namedCrashRules)]);
    } catch (error) {
      throw new Error(`workload: ${steps.join(', ')}`, { cause: error });
    }
  }
  expect(states.size).toBeGreaterThanOrEqual(statesMin);
}, 600_000);
