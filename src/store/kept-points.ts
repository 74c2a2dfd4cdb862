// Points of short sequences that the catalogue keeps, so that a question about those of one metric in many
// runs is one read, and opens no run.
//
// 1. What a reader is shown. Where the run's own blocks hold just that they are kept as they stand, but for
//    small columns that are deflated: those are inflated once, not in each question.
// 2. Bounded: of a sequence, of a run, in the number of sections, and what is held of all that were read:
//    points are asked for after the scan too, of any number of runs.
//
// Spec: spec/catalogue.md, Points. Test: test/store/kept-points.test.ts, test/store/catalogue-history.test.ts.

import { packBody, unpackBody } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import {
  decodeShownInto,
  inflatedBlock,
  plainBlock,
  type ShownBlock,
  shownCount,
} from './format/block.ts';
import { wordsAt } from './format/catalogue-column.ts';
import { type Section, sectionKind } from './format/catalogue-part.ts';
import { HeldMemory } from './held-memory.ts';
import { firstAtLeast } from './point-piece.ts';
import { makeShownRows, partOfShown, type ShownRows } from './rows.ts';
import type { RunReader, SequenceFacts } from './run-reader.ts';

/** Points of a sequence, and bytes. */
export const keptCountMax = 256;
export const keptSizeMax = 4096;
/** Bytes of a run: a file system gives it more for its directories alone. */
export const keptRunSizeMax = 16 * 1024;
/** Planes of a column up to which they are kept as they are: zlib takes 15 us for each, however small. */
const INFLATED_SIZE_MAX = 256;
/** Points that are read to be kept, replaced and hidden ones among them. */
const READ_COUNT_MAX = 4096;
/** Sequences of one part that have a section: those of most runs. */
export const keptKeysMax = 256;

/** What of a run is kept, sequence by sequence, while there is room. */
export class PointsToKeep {
  readonly #reader: RunReader;
  #size = 0;

  constructor(reader: RunReader) {
    this.#reader = reader;
  }

  /** Packed; undefined: they are to be read from the run. `count`: of its visible points. */
  of(sequence: SequenceFacts, count: number): Uint8Array | undefined {
    if (count > keptCountMax || this.#size >= keptRunSizeMax) return undefined;
    const stored = this.#reader.storedRows(sequence);
    const blocks =
      stored?.map((each) => inflatedBlock(each, INFLATED_SIZE_MAX)) ?? this.#spelled(sequence);
    if (blocks === undefined) return undefined;
    const packed = packBody(blocks);
    if (packed.length > keptSizeMax || this.#size + packed.length > keptRunSizeMax)
      return undefined;
    this.#size += packed.length;
    // Of many small ones some share their memory.
    return Buffer.from(packed);
  }

  #spelled(sequence: SequenceFacts): readonly ShownBlock[] | undefined {
    if (this.#reader.summaryCost(sequence) > READ_COUNT_MAX) return undefined;
    const rows = this.#reader.rows(sequence);
    const { length } = rows.steps;
    return length === 0 || length > keptCountMax ? undefined : [plainBlock(rows)];
  }
}

/** A section for each sequence of one of these rows. */
export function pointsSections(
  rows: readonly (readonly { readonly key: string; readonly points?: Uint8Array | undefined }[])[],
): Section[] {
  const cells = new Map<string, (readonly [row: number, points: Uint8Array])[]>();
  for (const [row, sequences] of rows.entries())
    for (const { key, points } of sequences) {
      if (points === undefined) continue;
      const own = cells.get(key);
      if (own === undefined) cells.set(key, [[row, points]]);
      else own.push([row, points]);
    }
  return [...cells]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, keptKeysMax)
    .map(([key, own]) => ({ kind: sectionKind.points, key: [key], bytes: encodePoints(own) }));
}

function encodePoints(cells: readonly (readonly [row: number, points: Uint8Array])[]): Uint8Array {
  const count = cells.length;
  const words = new Uint32Array(2 * count + 2);
  const start = words.byteLength;
  const size = cells.reduce((sum, [, points]) => sum + points.length, 0);
  const bytes = new Uint8Array(start + size);
  words[0] = count;
  let end = 0;
  for (const [index, [row, points]] of cells.entries()) {
    words[1 + index] = row;
    bytes.set(points, start + end);
    end += points.length;
    words[2 + count + index] = end;
  }
  bytes.set(new Uint8Array(words.buffer));
  return bytes;
}

/** Points of one sequence by row, packed. */
class SectionPoints {
  readonly release: () => void;
  /** Ascending. */
  readonly #rows: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #bytes: Uint8Array;

  /** `release`: lets go of it. */
  constructor(bytes: Uint8Array, release: () => void) {
    this.release = release;
    const [count = 0] = wordsAt(bytes, 0, 1);
    this.#rows = wordsAt(bytes, 4, count);
    this.#ends = wordsAt(bytes, 4 + 4 * count, count + 1);
    this.#bytes = bytes.subarray(8 + 8 * count);
    const ascend =
      this.#ends.every((end, index, all) => end >= (all[index - 1] ?? 0)) &&
      this.#rows.every((row, index, all) => index === 0 || row > (all[index - 1] as number));
    if (!ascend || this.#ends[0] !== 0 || this.#ends[count] !== this.#bytes.length) throw corrupt();
  }

  at(row: number): Uint8Array | undefined {
    const index = firstAtLeast(this.#rows, row, 0);
    if (this.#rows[index] !== row) return undefined;
    return this.#bytes.subarray(this.#ends[index], this.#ends[index + 1]);
  }
}

/** Bytes of sections that are held, in the whole process. */
export const heldSectionsSizeMax = 64 * 1024 * 1024;

const heldSections = new HeldMemory(heldSectionsSizeMax);

/** Those of a part: a section is read when the first of its points are asked for. */
export class PartPoints {
  readonly #try: <T>(read: () => T) => T;
  readonly #section: (key: string) => Uint8Array | undefined;
  readonly #sections = new Map<string, SectionPoints | undefined>();

  /** `attempt` ends the use of the part where its bytes are refused. */
  constructor(attempt: <T>(read: () => T) => T, section: (key: string) => Uint8Array | undefined) {
    this.#try = attempt;
    this.#section = section;
  }

  /** As they are kept; undefined: they are not. @throws PartUnusable. */
  packed(row: number, key: string): Uint8Array | undefined {
    return this.#try(() => this.#of(key)?.at(row));
  }

  /** What a reader is shown; undefined: they are not kept. @throws PartUnusable. */
  rows(row: number, key: string): ShownRows | undefined {
    const packed = this.packed(row, key);
    if (packed === undefined) return undefined;
    try {
      return decodeKept(packed);
    } catch (error) {
      // Its section agrees with its sum: the run says so itself, and is read, not the part at an end.
      if (errorCode(error) !== 'CORRUPT') throw error;
      return undefined;
    }
  }

  #of(key: string): SectionPoints | undefined {
    if (this.#sections.has(key)) return this.#sections.get(key);
    const bytes = this.#section(key);
    const release = (): boolean => this.#sections.delete(key);
    const section = bytes === undefined ? undefined : new SectionPoints(bytes, release);
    this.#sections.set(key, section);
    if (section !== undefined && bytes !== undefined) heldSections.use(section, bytes.length);
    return section;
  }

  forget(): void {
    for (const section of this.#sections.values()) if (section) heldSections.leave(section);
    this.#sections.clear();
  }
}

function decodeKept(packed: Uint8Array): ShownRows {
  const blocks = unpackBody(packed);
  if (!Array.isArray(blocks)) throw corrupt();
  const counts = blocks.map(shownCount);
  const rows = makeShownRows(counts.reduce((sum, each) => sum + each, 0));
  let end = 0;
  for (const [index, block] of blocks.entries()) {
    const start = end;
    end += counts[index] as number;
    decodeShownInto(block, blocks.length === 1 ? rows : partOfShown(rows, start, end));
  }
  return rows;
}

const corrupt = (): RunlogError =>
  new RunlogError('CORRUPT', 'points of the catalogue: their shape');
