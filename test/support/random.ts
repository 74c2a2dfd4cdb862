// Random numbers that can be had again. Every test that uses chance takes it from here, so that one
// number, printed when the test fails, repeats the run: RUNLOG_SEED=<seed> npm test.

import { onTestFailed } from 'vitest';

export interface Seeded {
  /** What RUNLOG_SEED must be to repeat this run. */
  readonly seed: number;
  /** Next number in [0, 1). */
  readonly random: () => number;
  /** Next integer in [0, limit). */
  readonly integer: (limit: number) => number;
  /** One item of a list that is not empty. */
  readonly pick: <Item>(items: readonly Item[]) => Item;
  readonly bytes: (size: number) => Uint8Array;
}

/**
 * A generator for the test called `name`: two names give two independent sequences under one seed.
 * Called inside a test, it prints the seed if the test fails.
 */
export function seeded(name: string, seed: number = seedOfRun()): Seeded {
  printOnFailure(name, seed);
  const random = generator(seed, name);
  const integer = (limit: number): number => Math.floor(random() * limit);
  return {
    seed,
    random,
    integer,
    pick: (items) => {
      const item = items[integer(items.length)];
      if (item === undefined) throw new RangeError('pick: the list is empty');
      return item;
    },
    bytes: (size) => Uint8Array.from({ length: size }, () => integer(256)),
  };
}

/** Writes how to repeat the run if the test that calls this fails. */
function printOnFailure(name: string, seed: number): void {
  try {
    onTestFailed(() => {
      process.stderr.write(`${name}: repeat with RUNLOG_SEED=${seed}\n`);
    });
  } catch {
    // Outside a test there is nothing that could fail: the caller has the seed.
  }
}

let chosen: number | undefined;

function seedOfRun(): number {
  const given = process.env['RUNLOG_SEED'];
  chosen ??= given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given) >>> 0;
  return chosen;
}

/** sfc32 by Chris Doty-Humphrey, begun from the seed and an FNV-1a hash of the name. */
function generator(seed: number, name: string): () => number {
  let a = 0x811c_9dc5;
  for (let index = 0; index < name.length; index++) {
    a = Math.imul(a ^ name.charCodeAt(index), 0x0100_0193);
  }
  let b = seed | 0;
  let c = 0x9e37_79b9 | 0;
  let counter = 1;
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return (result >>> 0) / 2 ** 32;
  };
  // The state is nearly all of the seed at first; its author mixes this often.
  for (let index = 0; index < 15; index++) next();
  return next;
}
