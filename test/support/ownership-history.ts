// What all actors of one schedule have seen of one log, and what must be true of every later reading.
//
// Oracle, by the numbers of the model: I1 what a flush acknowledged is in every later decided result;
// I2 what a sync resolved for survives power loss; I3 what one reader was given and what another was
// given, one is the beginning of the other; I4 no hole, no duplicate, nobody's records twice in two
// places, owners in the order of their fences; I5, I8 no damage where nothing was damaged.

import type { Vfs } from '../../src/engine/index.ts';
import { readRecords } from '../../src/engine/log-reader.ts';
import { readSnapshot, type Snapshot } from '../../src/engine/snapshot.ts';
import type { Damage } from '../../src/engine/tail.ts';

export const LOG = '/log';

export interface Reading {
  /** Labels in order: `<owner>.<number>`. */
  readonly records: readonly string[];
  readonly decided: boolean;
}

/** What was promised when a reading began. */
export interface Promised {
  readonly acknowledged: readonly string[];
  readonly delivered: readonly (readonly string[])[];
}

/** The labels that a reader is given; looks again while files go away under it, as readers do. */
export function readLog(vfs: Vfs): Reading {
  for (let tries = 0; ; tries += 1) {
    const snapshot = readSnapshot(vfs, LOG);
    try {
      return { records: labelsOf(vfs, snapshot), decided: snapshot.decided };
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT' || tries === 20) throw error;
    }
  }
}

function labelsOf(vfs: Vfs, snapshot: Snapshot): string[] {
  const damage: Damage[] = [...snapshot.damage];
  const records = [...readRecords(vfs, LOG, snapshot.segments, damage)];
  if (damage.length > 0) throw new Error(`damage: ${JSON.stringify(damage)}`);
  records.forEach(({ position }, index) => {
    if (position !== index) throw new Error(`record ${index} has position ${position}`);
  });
  return records.map(({ body }) => (body as [string])[0]);
}

export class History {
  readonly acknowledged: string[] = [];
  readonly synced: string[] = [];
  readonly #delivered: (readonly string[])[] = [];
  readonly #fences = new Map<string, number>();

  owns(owner: string, fence: number): void {
    this.#fences.set(owner, fence);
  }

  /** Nothing is promised any more. */
  forget(): void {
    for (const list of [this.acknowledged, this.synced, this.#delivered]) list.splice(0);
  }

  /** What is seen from here on is seen by one of the two alone. */
  copy(): History {
    const copy = new History();
    copy.acknowledged.push(...this.acknowledged);
    copy.synced.push(...this.synced);
    copy.#delivered.push(...this.#delivered);
    for (const [owner, fence] of this.#fences) copy.#fences.set(owner, fence);
    return copy;
  }

  /** Tells apart what was seen and promised. */
  get state(): string {
    return [this.acknowledged, this.synced, ...this.#delivered]
      .map((each) => each.join())
      .join(';');
  }

  promised(): Promised {
    return { acknowledged: [...this.acknowledged], delivered: [...this.#delivered] };
  }

  /** Judges a reading that began when `before` was promised, and remembers it. */
  deliver(reading: Reading, before: Promised): void {
    const { records, decided } = reading;
    this.#checkOrder(records);
    for (const other of this.#delivered) checkBeginning(records, other);
    if (decided) checkHolds(records, before.acknowledged, 'acknowledged');
    for (const earlier of before.delivered) {
      if (decided && earlier.length > records.length)
        throw new Error(`taken back: ${earlier.join()} became ${records.join()}`);
    }
    this.#delivered.push(records);
  }

  /** Judges what a power loss and an opening after it have left. */
  survive({ records }: Reading, synced: readonly string[]): void {
    this.#checkOrder(records);
    checkHolds(records, synced, 'synced');
  }

  /** I4. */
  #checkOrder(records: readonly string[]): void {
    const counts = new Map<string, number>();
    let last = 0;
    for (const each of records) {
      const [owner = '', number] = each.split('.');
      const fence = this.#fences.get(owner) ?? 0;
      const count = counts.get(owner) ?? 0;
      if (Number(number) !== count || fence < last)
        throw new Error(`hole, duplicate or interleaving at ${each}: ${records.join()}`);
      counts.set(owner, count + 1);
      last = fence;
    }
  }
}

function checkBeginning(one: readonly string[], other: readonly string[]): void {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (short.some((each, index) => long[index] !== each))
    throw new Error(`replaced: one reader was given ${one.join()}, another ${other.join()}`);
}

function checkHolds(records: readonly string[], wanted: readonly string[], what: string): void {
  const held = new Set(records);
  const missing = wanted.filter((each) => !held.has(each));
  if (missing.length > 0)
    throw new Error(`${what} and missing: ${missing.join()} from ${records.join()}`);
}
