// Counts and times the calls of node:fs that this process makes from here on.
//
// It replaces the functions for everybody who imported them. Calls of other threads are not seen.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const timed = [
  'openSync',
  'closeSync',
  'readSync',
  'writeSync',
  'fstatSync',
  'lstatSync',
  'readdirSync',
  'linkSync',
  'unlinkSync',
  'renameSync',
  'mkdirSync',
  'ftruncateSync',
  'fsyncSync',
  'fdatasyncSync',
] as const;

/** Calls that wait for stable storage. */
const syncs = ['fsyncSync', 'fdatasyncSync', 'fdatasync', 'fsync'];

interface CallFacts {
  count: number;
  /** Milliseconds, all together and the longest. */
  total: number;
  longest: number;
  /** Read or written. */
  bytes: number;
  sizes: number[];
}

type Anything = (...args: unknown[]) => unknown;

export class Calls {
  readonly #byName = new Map<string, CallFacts>();

  constructor() {
    const table = fs as unknown as Record<string, Anything>;
    for (const name of timed) this.#replace(table, name);
    for (const name of ['fdatasync', 'fsync']) {
      const original = table[name] as Anything;
      table[name] = (...args) => {
        this.of(name).count += 1;
        return original(...args);
      };
    }
    syncBuiltinESMExports();
  }

  #replace(table: Record<string, Anything>, name: string): void {
    const original = table[name] as Anything;
    const facts = this.of(name);
    table[name] = (...args) => {
      const start = performance.now();
      const result = original(...args);
      const time = performance.now() - start;
      facts.count += 1;
      facts.total += time;
      if (time > facts.longest) facts.longest = time;
      if (name === 'readSync' || name === 'writeSync') {
        facts.bytes += result as number;
        facts.sizes.push(result as number);
      }
      return result;
    };
  }

  of(name: string): CallFacts {
    let facts = this.#byName.get(name);
    if (facts === undefined) {
      facts = { count: 0, total: 0, longest: 0, bytes: 0, sizes: [] };
      this.#byName.set(name, facts);
    }
    return facts;
  }

  /** Calls of every kind. */
  get count(): number {
    return [...this.#byName.values()].reduce((sum, each) => sum + each.count, 0);
  }

  get syncCount(): number {
    return syncs.reduce((sum, name) => sum + this.of(name).count, 0);
  }

  /** Milliseconds in synchronous syncs. */
  get syncTime(): number {
    return syncs.reduce((sum, name) => sum + this.of(name).total, 0);
  }

  /** Milliseconds of the longest call of any kind. */
  get longest(): number {
    return Math.max(...[...this.#byName.values()].map((each) => each.longest));
  }

  clear(): void {
    for (const facts of this.#byName.values())
      Object.assign(facts, { count: 0, total: 0, longest: 0, bytes: 0, sizes: [] });
  }
}
