// A rewritten stretch as its records are met, for whoever wants its points in order of arrival.
//
// 1. Blocks are decoded when their points are asked for, and let go again.
// 2. Points that were left as batches (their definition stands elsewhere) are part of it.
//
// Spec: spec/records.md, Rewritten stretch. Test: test/store/rewrite-run.test.ts.

import type { LogRecord } from '../engine/index.ts';
import { limits } from '../limits.ts';
import { type Axis, decodeAxis } from './format/axis.ts';
import { blockSummary, decodeBlock } from './format/block.ts';
import { HotPoints } from './hot-points.ts';
import {
  type BatchBody,
  decodeBlocks,
  decodePoints,
  decodeSequence,
  decodeStretch,
  recordType,
} from './record.ts';
import { concatRows, type Rows, takeRows } from './rows.ts';

interface StoredPart {
  readonly firstNumber: number;
  readonly lastNumber: number;
  decode(): Rows;
}

/** Decoded axes that are kept: neighbouring sequences share theirs. */
const AXES_KEPT = 8;

export class StoredStretch {
  /** Records that are about no points, oldest first. */
  readonly kept: LogRecord[] = [];
  /** One past the last position that it stands for. */
  end: number;
  /** One past the number of its last point. */
  endPoint = 0;
  readonly #name: string;
  readonly #keys = new Map<number, string>();
  readonly #parts = new Map<number, StoredPart[]>();
  readonly #storedAxes = new Map<string, unknown[]>();
  readonly #axes = new Map<unknown, Axis>();

  /** Of the segment that holds `record`. */
  constructor(record: LogRecord) {
    this.#name = segmentOf(record);
    this.end = record.end;
  }

  holds(record: LogRecord): boolean {
    return record.rewritten && segmentOf(record) === this.#name;
  }

  add(record: LogRecord): void {
    const { type, body } = record;
    this.end = Math.max(this.end, record.end);
    switch (type) {
      case recordType.axis:
        this.#axesAt(record.place.offset).push(body);
        break;
      case recordType.blocks:
        this.#addBlocks(record);
        break;
      case recordType.points:
        this.#addBatch(decodePoints(body));
        break;
      case recordType.sequence:
        this.#keys.set(decodeSequence(body)[0], record.key as string);
        break;
      case recordType.stretch:
        this.#covers(decodeStretch(body)[1]);
        break;
      default:
        this.kept.push(record);
    }
  }

  #covers(endPoint: number): void {
    this.endPoint = Math.max(this.endPoint, endPoint);
  }

  #axesAt(offset: number): unknown[] {
    const axes = this.#storedAxes.get(String(offset)) ?? [];
    this.#storedAxes.set(String(offset), axes);
    return axes;
  }

  #addBlocks(record: LogRecord): void {
    const [id, , blocks] = decodeBlocks(record.body);
    this.#keys.set(id, record.key as string);
    for (const [axisFrame, axisIndex, stored] of blocks) {
      const storedAxis = this.#axesAt(axisFrame === 0 ? record.place.offset : axisFrame)[axisIndex];
      // Its frame was damaged, which reading has reported.
      if (storedAxis === undefined) continue;
      const { firstNumber, lastNumber } = blockSummary(stored);
      this.#covers(lastNumber + 1);
      this.#add(id, {
        firstNumber,
        lastNumber,
        decode: () => decodeBlock(stored, this.#axis(storedAxis)),
      });
    }
  }

  #addBatch(body: BatchBody): void {
    const points = new HotPoints();
    points.add(body);
    for (const [id, rows] of points.rows()) {
      const firstNumber = rows.numbers[0] as number;
      const lastNumber = rows.numbers.at(-1) as number;
      this.#covers(lastNumber + 1);
      this.#add(id, { firstNumber, lastNumber, decode: () => rows });
    }
  }

  #add(id: number, part: StoredPart): void {
    const parts = this.#parts.get(id);
    if (parts === undefined) this.#parts.set(id, [part]);
    else parts.push(part);
  }

  #axis(stored: unknown): Axis {
    let axis = this.#axes.get(stored);
    if (axis !== undefined) return axis;
    axis = decodeAxis(stored);
    this.#axes.set(stored, axis);
    const [oldest] = this.#axes.keys();
    if (this.#axes.size > AXES_KEPT) this.#axes.delete(oldest);
    return axis;
  }

  /** Keys of the sequences that it defines, by id. */
  keys(): ReadonlyMap<number, string> {
    return this.#keys;
  }

  /** Of the sequences that have points in it. */
  ids(): number[] {
    return [...this.#parts.keys()];
  }

  /** Points of a sequence with numbers in [from, until), in order of arrival, in pieces. */
  *rows(id: number, from: number, until: number): Generator<Rows> {
    const parts = (this.#parts.get(id) ?? [])
      .filter((each) => each.lastNumber >= from && each.firstNumber < until)
      .sort((a, b) => a.firstNumber - b.firstNumber);
    let waiting: Rows[] = [];
    for (const [index, part] of parts.entries()) {
      waiting.push(part.decode());
      // Blocks are sorted by step: where steps went back, later blocks hold earlier points.
      const next = parts[index + 1]?.firstNumber ?? Number.POSITIVE_INFINITY;
      const reach = Math.min(until, next);
      yield* rowsByArrival(waiting, from, reach);
      from = Math.max(from, reach);
      waiting = waiting.filter((rows) => rows.numbers.some((number) => number >= reach));
    }
  }
}

const segmentOf = ({ place }: LogRecord): string => `${place.fence}-${place.number}`;

/** The points of `parts` with numbers in [from, until), in order of arrival, in pieces of a block's size. */
export function* rowsByArrival(
  parts: readonly Rows[],
  from: number,
  until: number,
): Generator<Rows> {
  if (parts.length === 0) return;
  const rows = concatRows(parts);
  const { numbers } = rows;
  const own: number[] = [];
  let isSorted = true;
  for (let index = 0; index < numbers.length; index += 1) {
    const number = numbers[index] as number;
    if (number < from || number >= until) continue;
    isSorted &&= own.length === 0 || (numbers[own.at(-1) as number] as number) < number;
    own.push(index);
  }
  if (!isSorted) own.sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  for (let start = 0; start < own.length; start += limits.blockPointCountMax)
    yield takeRows(rows, own.slice(start, start + limits.blockPointCountMax));
}
