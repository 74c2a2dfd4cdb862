// Rewriting a stretch of a run's log: points become blocks over shared axes, lines of the terminal are
// put together, everything else stays.
//
// 1. Nothing is dropped unless it is ordered: hidden and replaced points are kept with their numbers.
// 2. Memory is bounded by points, not by bytes: a stretch is written in parts of about STRETCH_POINTS,
//    each with axes of its own. Columns that compress well would else fill it.
// 3. Works on its own output: the blocks of neighbouring stretches are merged, a sequence at a time.
// 4. Pauses between pieces, so that the event loop is never held for long.
//
// Spec: spec/records.md, Rewritten stretch; spec/columns.md. Test: test/store/rewrite-run.test.ts.

import type { LogRecord, RewriteHook, RewriteOutput } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import { type Axis, decodeAxis } from './format/axis.ts';
import { decodeBlock } from './format/block.ts';
import { HotPoints } from './hot-points.ts';
import { LinesPacker } from './lines-packer.ts';
import { hiddenObjects } from './object-contents.ts';
import {
  decodeBlocks,
  decodePoints,
  decodeSequence,
  decodeStretch,
  type Rewind,
  recordType,
} from './record.ts';
import { concatRows, cutsOf, makeRows, type Rows, sortRows, visibleRows } from './rows.ts';
import { type SequencePart, StretchWriter } from './stretch-writer.ts';

/** 40 bytes each in columns. */
const STRETCH_POINTS = 256 * 1024;

export const rewriteRun: RewriteHook = rewriting((_, rows) => rows);

/**
 * As `rewriteRun`, without the points and objects that these rewinds hide, and contents that nothing
 * names: an undo does not bring them back. `log` gives a snapshot of the log; it is asked by the first
 * rewriting, when nobody else writes.
 */
export function rewriteWithoutHidden(
  rewinds: readonly Rewind[],
  writer: string,
  log: () => Parameters<typeof hiddenObjects>[0],
): RewriteHook {
  let hidden: ReturnType<typeof hiddenObjects> | undefined;
  return rewriting(
    (key, rows) => {
      const sequence = parseSequenceKey(key);
      if (sequence === undefined) return rows;
      return visibleRows(rows, cutsOf(rewinds, writer, sequence.name, sequence.contextText));
    },
    (record) => {
      hidden ??= hiddenObjects(log(), rewinds, writer);
      return hidden(record);
    },
  );
}

type Kept = (key: string, rows: Rows) => Rows;
type IsDropped = (record: LogRecord) => boolean;

function rewriting(kept: Kept, isDropped: IsDropped = () => false): RewriteHook {
  return (input, output, range) => rewrite(input, output, range, kept, isDropped);
}

async function rewrite(
  input: Iterable<LogRecord>,
  output: RewriteOutput,
  { from, to }: { from: number; to: number },
  kept: Kept,
  isDropped: IsDropped,
): Promise<void> {
  const stretch = new Stretch();
  const lines = new LinesPacker(output);
  let start = from;
  for (const record of input) {
    if (isDropped(record) || (await lines.add(record))) continue;
    if (!stretch.add(record)) {
      // Records that are no points keep their order.
      await lines.write();
      output.append(
        [{ type: record.type, body: record.body, key: record.key, skippable: record.skippable }],
        record.position,
        record.end,
      );
    } else if (stretch.hotCount >= STRETCH_POINTS) {
      await write(stretch, kept, new StretchWriter(output, start, record.end), output);
      start = record.end;
    }
    await output.pause();
  }
  await lines.write();
  if (start < to) await write(stretch, kept, new StretchWriter(output, start, to), output);
}

async function write(
  stretch: Stretch,
  kept: Kept,
  writer: StretchWriter,
  output: RewriteOutput,
): Promise<void> {
  const { firstPoint, endPoint } = stretch;
  for await (const part of stretch.take(() => output.pause()))
    await writer.add({ ...part, rows: kept(part.key, part.rows) });
  await writer.end([firstPoint, endPoint, stretch.nextSequence]);
}

/** A stored block and the stored axis that it refers to. */
interface StoredPart {
  readonly stored: unknown;
  readonly axis: unknown;
  readonly count: number;
}

/** One sequence as it is met. */
interface Gathered {
  readonly id: number;
  readonly key: string;
  readonly kind: string;
  parts: StoredPart[];
  /** In an earlier part of the stretch: its definition need not be repeated. */
  isWritten: boolean;
}

/** What a stretch holds, by sequence. */
class Stretch {
  readonly #byId = new Map<number, Gathered>();
  readonly #points = new HotPoints();
  /** Stored, by the place of their frame. */
  readonly #axes = new Map<string, unknown[]>();
  readonly #decoded = new AxisCache();
  #isEmpty = true;
  firstPoint = 0;
  endPoint = 0;
  nextSequence = 0;

  get hotCount(): number {
    return this.#points.count;
  }

  /** False for a record that stays as it is. */
  add(record: LogRecord): boolean {
    switch (record.type) {
      case recordType.sequence: {
        const [id, kind] = decodeSequence(record.body);
        this.#define(id, record.key as string, kind);
        return true;
      }
      case recordType.points: {
        const body = decodePoints(record.body);
        this.#covers(body[0], body[0] + body[1]);
        this.#points.add(body);
        return true;
      }
      case recordType.axis: {
        const name = axisName(record, 0);
        const axes = this.#axes.get(name);
        if (axes === undefined) this.#axes.set(name, [record.body]);
        else axes.push(record.body);
        return true;
      }
      case recordType.blocks:
        this.#addBlocks(record);
        return true;
      case recordType.stretch: {
        const [first, end, next] = decodeStretch(record.body);
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
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const gathered = { id, key, kind, parts: [], isWritten: false };
    this.#byId.set(id, gathered);
    return gathered;
  }

  #covers(first: number, end: number): void {
    this.firstPoint = this.#isEmpty ? first : Math.min(this.firstPoint, first);
    this.endPoint = Math.max(this.endPoint, end);
    this.#isEmpty = false;
  }

  #addBlocks(record: LogRecord): void {
    const [id, kind, blocks] = decodeBlocks(record.body);
    const { parts } = this.#define(id, record.key as string, kind);
    for (const [axisFrame, axisIndex, stored] of blocks) {
      const axis = this.#axes.get(axisName(record, axisFrame))?.[axisIndex];
      // Refused, the stretch stays as it is; going on would throw its points away.
      if (axis === undefined)
        throw new RunlogError('CORRUPT', `sequence ${id}: a block refers to no axis`);
      parts.push({ stored, axis, count: (stored as [number, number])[1] });
    }
  }

  /** Takes out everything gathered, sorted; definitions of sequences without points as well. */
  async *take(pause: () => Promise<void>): AsyncGenerator<SequencePart> {
    const stranger = this.#points.ids().find((id) => !this.#byId.has(id));
    // After a failed sync a definition may stand before the points that were repeated.
    if (stranger !== undefined)
      throw new RunlogError(
        'CORRUPT',
        `sequence ${stranger}: its definition is in another stretch`,
      );
    const split = this.#points.split();
    let step = split.next();
    for (; !step.done; step = split.next()) await pause();
    const hot = step.value;
    for (const gathered of [...this.#byId.values()].sort((a, b) => a.id - b.id)) {
      const { id, key, kind, isWritten } = gathered;
      const own = hot.get(id);
      const pieces = this.#pieces(gathered);
      if (own !== undefined) pieces.push([() => own]);
      if (pieces.length === 0 && !isWritten) pieces.push([() => makeRows(0)]);
      gathered.isWritten = true;
      for (const piece of pieces) {
        yield { id, key, kind, rows: sortRows(concatRows(piece.map((part) => part()))) };
        await pause();
      }
    }
    this.#isEmpty = true;
  }

  /** Blocks that are decoded and merged together: as many as STRETCH_POINTS allows. */
  #pieces(gathered: Gathered): (() => Rows)[][] {
    const pieces: (() => Rows)[][] = [];
    let room = 0;
    for (const { stored, axis, count } of gathered.parts) {
      if (count > room) {
        pieces.push([]);
        room = STRETCH_POINTS;
      }
      room -= count;
      pieces.at(-1)?.push(() => decodeBlock(stored, this.#decoded.get(axis)));
    }
    gathered.parts = [];
    return pieces;
  }
}

const axisName = ({ place }: LogRecord, axisFrame: number): string =>
  `${place.fence}-${place.number}@${axisFrame === 0 ? place.offset : axisFrame}`;

/** Decoded axes, as many as STRETCH_POINTS allows: sequences tracked together share them. */
class AxisCache {
  readonly #axes = new Map<unknown, Axis>();
  #count = 0;

  get(stored: unknown): Axis {
    const known = this.#axes.get(stored);
    if (known !== undefined) return known;
    const axis = decodeAxis(stored);
    if (this.#count + axis.steps.length > STRETCH_POINTS) {
      this.#axes.clear();
      this.#count = 0;
    }
    this.#count += axis.steps.length;
    this.#axes.set(stored, axis);
    return axis;
  }
}
