// Every call of every kind fails once, or from then on for good, with every error a disk gives.
// Oracle: append and flush never throw (G1); what a flush was true for is read afterwards, in order
// and without a hole (G2, G4); `recording` and `trouble` say what happened; once the disk is well
// again the log opens and goes on.

import { expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RewriteHook,
  RunlogError,
  type Vfs,
} from '../../src/engine/index.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';

const rewrite: RewriteHook = async (input, output) => {
  for (const { type, body, key, position, end } of input)
    output.append([{ type, body, key }], position, end);
};

const optionsOf = (vfs: MemoryVfs, onError: (error: RunlogError) => void): LogOptions => ({
  vfs,
  host: simulatedHost(),
  rewrite,
  durability: { syncMs: null },
  onError,
  sizes: { segmentSize: 500, stateInterval: 400 },
});

interface Outcome {
  appended: number;
  acknowledged: number;
  recording: string;
  opened: boolean;
}

/** Appends, flushes, syncs, rolls, rewrites, closes; a second owner goes on. */
async function work(vfs: MemoryVfs, troubles: RunlogError[]): Promise<Outcome> {
  const outcome: Outcome = { appended: 0, acknowledged: 0, recording: 'on', opened: false };
  for (let opening = 0; opening < 2; opening += 1) {
    let log: Log;
    try {
      log = await Log.open(
        DIRECTORY,
        optionsOf(vfs, (error) => troubles.push(error)),
      );
    } catch (error) {
      if (!(error instanceof RunlogError)) throw error;
      continue;
    }
    outcome.opened = true;
    for (let round = 0; round < 12; round += 1) {
      for (let index = 0; index < 3; index += 1) {
        // A record that is refused is not in the log: the next one takes its number.
        if (log.append(20, [outcome.appended], { key: `k${outcome.appended % 5}` }) >= 0)
          outcome.appended += 1;
      }
      if (log.flush()) outcome.acknowledged = outcome.appended;
      if (round === 6)
        await log.sync().catch((error: unknown) => expect(error).toBeInstanceOf(RunlogError));
    }
    outcome.recording = log.recording;
    if (log.recording === 'failed') expect(log.trouble).toBeInstanceOf(RunlogError);
    await log.close().catch((error: unknown) => expect(error).toBeInstanceOf(RunlogError));
    // Nothing of a failed owner's unacknowledged records is known: numbers go on where the log ends.
    outcome.appended = Math.max(outcome.acknowledged, numbersOf(vfs).length);
    outcome.acknowledged = Math.min(outcome.acknowledged, outcome.appended);
  }
  return outcome;
}

function numbersOf(vfs: MemoryVfs): number[] {
  vfs.configure({ onCall: undefined });
  if (vfs.stat(DIRECTORY) === undefined) return [];
  const log = Log.snapshot(DIRECTORY, { vfs });
  expect(log.damage).toEqual([]);
  return [...log.records()].map((record) => (record.body as number[])[0] as number);
}

const calls: readonly (keyof Vfs)[] = [
  'open',
  'write',
  'sync',
  'syncLater',
  'syncDirectory',
  'link',
  'unlink',
  'list',
  'stat',
  'read',
  'truncate',
  'facts',
  'close',
  'makeDirectory',
];
const errors = ['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'EACCES', 'EROFS'];

/** One workload with the Nth call of a kind failing; false when there is no Nth call. */
async function failNth(
  name: keyof Vfs,
  code: string,
  nth: number,
  forGood: boolean,
): Promise<boolean> {
  const vfs = memoryVfs();
  let seen = 0;
  let total = 0;
  let hasFailed = false;
  const hook = (call: { name: string; path: string }): void => {
    total += 1;
    if (total > 20_000) throw new Error(`calls without end: ${call.name} ${call.path}`);
    if (call.name !== name) return;
    seen += 1;
    if (seen < nth || (hasFailed && !forGood)) return;
    hasFailed = true;
    throw fileSystemError(code, call.name, call.path);
  };
  vfs.configure({ onCall: hook });
  const troubles: RunlogError[] = [];
  const outcome = await work(vfs, troubles);
  vfs.configure({ onCall: undefined });
  const numbers = numbersOf(vfs);
  numbers.forEach((number, index) => {
    if (number !== index) throw new Error(`position ${index} holds ${number}`);
  });
  if (numbers.length < outcome.acknowledged)
    throw new Error(`${numbers.length} records, ${outcome.acknowledged} were acknowledged`);
  const after = await Log.open(DIRECTORY, { ...optionsOf(vfs, () => {}), force: true });
  expect(after.position).toBe(numbers.length);
  expect(after.append(20, [numbers.length])).toBe(numbers.length);
  expect(after.flush()).toBe(true);
  return hasFailed;
}

for (const name of calls) {
  it(`${name}: fails the Nth time, once and for good, with ${errors.join(' ')}`, async () => {
    await loadXxhash();
    for (const code of errors) {
      for (const forGood of [false, true]) {
        for (let nth = 1; ; nth += forGood ? 3 : 1) {
          let hasFailed: boolean;
          try {
            hasFailed = await failNth(name, code, nth, forGood);
          } catch (error) {
            throw new Error(`call ${nth} of ${name}: ${code}${forGood ? ' for good' : ''}`, {
              cause: error,
            });
          }
          if (!hasFailed) break;
        }
      }
    }
  });
}

it('short writes change nothing', async () => {
  await loadXxhash();
  for (const size of [1, 7, 100]) {
    const vfs = memoryVfs({
      onCall: (call) => (call.name === 'write' ? { writeAtMost: size } : undefined),
    });
    const outcome = await work(vfs, []);
    expect(outcome.recording).toBe('on');
    expect(numbersOf(vfs)).toHaveLength(72);
  }
});

it('a full disk pauses recording; once there is room everything that was held is written', async () => {
  await loadXxhash();
  const vfs = memoryVfs({ capacity: 4000 });
  const host = simulatedHost();
  const troubles: RunlogError[] = [];
  const ballast = vfs.open('/ballast', 'create');
  vfs.write(ballast, new Uint8Array(1500), 0);
  vfs.close(ballast);
  const log = await Log.open(DIRECTORY, {
    vfs,
    host,
    durability: { syncMs: null },
    onError: (error) => troubles.push(error),
  });
  let appended = 0;
  const append = (): void => {
    expect(log.append(20, [appended, 'x'.repeat(50)])).toBe(appended);
    appended += 1;
  };
  while (log.recording === 'on') {
    append();
    log.flush();
  }
  expect(log.recording).toBe('paused');
  expect(troubles.map((each) => each.code)).toEqual(['IO']);
  for (let index = 0; index < 5; index += 1) append();
  expect(log.flush(), 'not tried again at once').toBe(false);
  host.advance(1000);
  expect(log.flush(), 'the disk is still full').toBe(false);
  expect(numbersOf(vfs).every((number, index) => number === index)).toBe(true);
  vfs.unlink('/ballast');
  host.advance(1000);
  expect(log.flush()).toBe(true);
  expect(log.recording).toBe('on');
  expect(log.lost).toBe(0);
  expect(numbersOf(vfs)).toHaveLength(appended);
});
