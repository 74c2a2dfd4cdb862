// Rewriting a stretch of a run's log: points become blocks over shared axes, everything else stays.
//
// 1. Nothing is dropped: hidden and replaced points are kept with their numbers.
// 2. Works on its own output: neighbouring stretches are merged by decoding and sealing anew.
// 3. Pauses between pieces, so that the event loop is never held for long.
//
// Spec: spec/records.md, Rewritten stretch; spec/columns.md. Test: test/store/rewrite-run.test.ts.

import type { LogRecord, RecordInput, RewriteHook, RewriteOutput } from '../engine/index.ts';
import { limits } from '../limits.ts';
import { encodeBatch, PointBuffer } from './format/batch.ts';
import {
  type Axis,
  decodeAxis,
  decodeBlock,
  encodeAxis,
  encodeBlock,
  rowsWithin,
} from './format/block.ts';
import { type BatchBody, HotPoints } from './hot-points.ts';
import { recordType } from './record.ts';
import { concatRows, makeRows, type Rows, sortRows } from './rows.ts';

/** Points of one sequence as they are met. */
interface Gathered {
  readonly id: number;
  readonly key: string;
  readonly kind: string;
  parts: Rows[];
}

/** Blocks whose records are put into one frame until it is about so large. */
const FRAME_SIZE = 32 * 1024;
/** Blocks of one sequence are split over several records beyond it. */
const FRAME_SIZE_LARGE = 1024 * 1024;
const BATCH_POINTS = 8192;
/** Axes that a sequence is compared with before it gets its own. */
const AXES_TRIED = 8;

export const rewriteRun: RewriteHook = async (input, output, { from, to }) => {
  const stretch = new Stretch();
  for (const record of input) {
    if (!stretch.add(record))
      output.append(
        [{ type: record.type, body: record.body, key: record.key, skippable: record.skippable }],
        record.position,
        record.end,
      );
    await output.pause();
  }
  await new StretchWriter(output, from, to).write(stretch);
};

/** What a stretch holds, by sequence. */
class Stretch {
  readonly #byId = new Map<number, Gathered>();
  readonly #points = new HotPoints();
  readonly #axes = new Map<string, Axis[]>();
  firstPoint = Number.POSITIVE_INFINITY;
  endPoint = 0;
  nextSequence = 0;

  /** False for a record that stays as it is. */
  add(record: LogRecord): boolean {
    switch (record.type) {
      case recordType.sequence: {
        const [id, kind] = record.body as [number, string];
        this.#define(id, record.key as string, kind);
        return true;
      }
      case recordType.points:
        this.#addPoints(record.body as BatchBody);
        return true;
      case recordType.axis:
        this.#axesOf(record, 0).push(decodeAxis(record.body));
        return true;
      case recordType.blocks:
        this.#addBlocks(record);
        return true;
      case recordType.stretch: {
        const [first, end, next] = record.body as [number, number, number];
        this.#covers(first, end);
        this.nextSequence = Math.max(this.nextSequence, next);
        return true;
      }
      default:
        return false;
    }
  }

  #define(id: number, key: string, kind: string): Gathered {
    this.nextSequence = Math.max(this.nextSequence, id + 1);
    let gathered = this.#byId.get(id);
    if (gathered === undefined) {
      gathered = { id, key, kind, parts: [] };
      this.#byId.set(id, gathered);
    } else if (gathered.key === '') {
      gathered = { ...gathered, key, kind };
      this.#byId.set(id, gathered);
    }
    return gathered;
  }

  #covers(first: number, end: number): void {
    this.firstPoint = Math.min(this.firstPoint, first);
    this.endPoint = Math.max(this.endPoint, end);
  }

  #addPoints(body: BatchBody): void {
    this.#covers(body[0], body[0] + body[1]);
    this.#points.add(body);
  }

  /** Axes of one frame, in the order of their records. */
  #axesOf(record: LogRecord, offset: number): Axis[] {
    const { fence, number } = record.place;
    const name = `${fence}-${number}@${offset === 0 ? record.place.offset : offset}`;
    let axes = this.#axes.get(name);
    if (axes === undefined) {
      axes = [];
      this.#axes.set(name, axes);
    }
    return axes;
  }

  #addBlocks(record: LogRecord): void {
    const [id, kind, blocks] = record.body as [number, string, [number, number, unknown][]];
    const gathered = this.#define(id, record.key as string, kind);
    for (const [axisFrame, axisIndex, stored] of blocks) {
      const axis = this.#axesOf(record, axisFrame)[axisIndex];
      if (axis !== undefined) gathered.parts.push(decodeBlock(stored, axis));
    }
  }

  /** Every sequence with its rows sorted; definitions of sequences without points as well. */
  async *sequences(
    pause: () => Promise<void>,
  ): AsyncGenerator<{ id: number; key: string | undefined; kind: string; rows: Rows }> {
    const split = this.#points.split();
    let step = split.next();
    for (; !step.done; step = split.next()) await pause();
    const hot = step.value;
    const ids = new Set([...this.#byId.keys(), ...hot.keys()]);
    for (const id of [...ids].sort((a, b) => a - b)) {
      const known = this.#byId.get(id);
      const own = hot.get(id);
      const parts = [...(known?.parts ?? []), ...(own === undefined ? [] : [own])];
      yield {
        id,
        key: known?.key,
        kind: known?.kind ?? 'metric',
        rows: sortRows(concatRows(parts.length === 0 ? [makeRows(0)] : parts)),
      };
      await pause();
    }
  }
}

class StretchWriter {
  readonly #output: RewriteOutput;
  readonly #from: number;
  readonly #to: number;
  /** Axes already written, newest last: their frame and index there. */
  #axes: { axis: Axis; frame: number; index: number }[] = [];
  /** Records of the next frame, axes first. */
  #axisRecords: RecordInput[] = [];
  #blockRecords: RecordInput[] = [];
  #size = 0;

  constructor(output: RewriteOutput, from: number, to: number) {
    this.#output = output;
    this.#from = from;
    this.#to = to;
  }

  async write(stretch: Stretch): Promise<void> {
    for await (const { id, key, kind, rows } of stretch.sequences(() => this.#output.pause())) {
      if (key === undefined) {
        this.#keepHot(id, rows);
        continue;
      }
      let blocks: unknown[] = [];
      for (let start = 0; start < rows.steps.length; start += limits.blockPointCountMax) {
        blocks.push(await this.#block(slice(rows, start, start + limits.blockPointCountMax)));
        await this.#output.pause();
        if (this.#size < FRAME_SIZE_LARGE) continue;
        this.#blockRecords.push({ type: recordType.blocks, key, body: [id, kind, blocks] });
        blocks = [];
        this.#end();
      }
      if (blocks.length > 0 || rows.steps.length === 0)
        this.#blockRecords.push({ type: recordType.blocks, key, body: [id, kind, blocks] });
      if (this.#size >= FRAME_SIZE) this.#end();
    }
    const first = Number.isFinite(stretch.firstPoint) ? stretch.firstPoint : 0;
    this.#blockRecords.push({
      type: recordType.stretch,
      body: [first, stretch.endPoint, stretch.nextSequence],
    });
    this.#end();
  }

  /**
   * Points whose definition stands in another stretch: a repeat after a failed sync may begin between
   * the two. They stay as batches.
   */
  #keepHot(id: number, rows: Rows): void {
    for (let start = 0; start < rows.steps.length; ) {
      let end = start + 1;
      while (
        end < rows.steps.length &&
        end - start < BATCH_POINTS &&
        rows.numbers[end] === (rows.numbers[end - 1] as number) + 1
      )
        end += 1;
      const points = new PointBuffer();
      for (let index = start; index < end; index += 1) {
        points.push(
          id,
          rows.steps[index] as number,
          rows.values[index] as number,
          rows.times[index] as number,
          rows.epochs[index] as number,
        );
      }
      const body = [rows.numbers[start], end - start, encodeBatch(points).slice()];
      this.#output.append([{ type: recordType.points, body }], this.#from, this.#to);
      start = end;
    }
  }

  async #block(rows: Rows): Promise<unknown> {
    let own: Uint32Array | 'all' | undefined;
    let shared: { axis: Axis; frame: number; index: number } | undefined;
    for (const each of this.#axes.slice(-AXES_TRIED).reverse()) {
      own = rowsWithin(rows, each.axis);
      if (own !== undefined) {
        shared = each;
        break;
      }
    }
    shared ??= await this.#addAxis(rows);
    const block = await encodeBlock(
      rows,
      shared.axis.steps.length,
      own === undefined || own === 'all' ? undefined : own,
    );
    this.#size += (block[12] as Uint8Array).length + (block[13] as Uint8Array).length + 100;
    return [shared.frame, shared.index, block];
  }

  async #addAxis(rows: Rows): Promise<{ axis: Axis; frame: number; index: number }> {
    const stored = await encodeAxis(rows);
    const added = {
      axis: { steps: rows.steps, times: rows.times, epochs: rows.epochs },
      frame: 0,
      index: this.#axisRecords.length,
    };
    this.#axisRecords.push({ type: recordType.axis, body: stored });
    this.#axes.push(added);
    this.#size += stored[1].length + stored[2].length + (stored[3]?.length ?? 0);
    return added;
  }

  /** Ends the frame: from here on its axes are named by its byte place. */
  #end(): void {
    const records = [...this.#axisRecords, ...this.#blockRecords];
    if (records.length === 0) return;
    const frame = this.#output.append(records, this.#from, this.#to);
    for (const each of this.#axes) if (each.frame === 0) each.frame = frame;
    this.#axes = this.#axes.slice(-AXES_TRIED);
    this.#axisRecords = [];
    this.#blockRecords = [];
    this.#size = 0;
  }
}

function slice(rows: Rows, start: number, end: number): Rows {
  if (start === 0 && end >= rows.steps.length) return rows;
  const part = (column: Float64Array): Float64Array => column.subarray(start, end);
  return {
    steps: part(rows.steps),
    values: part(rows.values),
    times: part(rows.times),
    epochs: part(rows.epochs),
    numbers: part(rows.numbers),
  };
}
