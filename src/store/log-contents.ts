// The points of one log by sequence: sealed blocks and what is still hot.
//
// 1. A log is passed over once, when everything is asked for; one sequence alone is found by its key.
// 2. Blocks are decoded when their values are asked for; summaries stand beside them.
//
// Spec: spec/records.md. Test: test/store/log-contents.test.ts.

import type { FramePlace, Log, LogRecord } from '../engine/index.ts';
import { isCapture, SYSTEM_PARAMS_KEY } from '../model/system-params.ts';
import { type CleanBlock, cleanRowsOf } from './clean-rows.ts';
import {
  type Axis,
  type AxisToTake,
  axisCount,
  decodeAxis,
  type StoredAxis,
} from './format/axis.ts';
import {
  type BlockSummary,
  blockSummary,
  decodeBlockInto,
  hasWholeAxis,
  type ShownBlock,
  shownBlock,
} from './format/block.ts';
import { type Hot, HotRecords, NO_HOT } from './hot-records.ts';
import { isNoObject } from './object-record.ts';
import type { PointPiece } from './point-piece.ts';
import { pieceOfBlock, piecesBehind } from './point-pieces.ts';
import { readAnew } from './read-anew.ts';
import { decodeBlocks, decodeParams, type Rewind, recordType } from './record.ts';
import {
  type Cut,
  cutsOf,
  makeRows,
  NO_ROWS,
  partOfRows,
  type Rows,
  setRows,
  sortRows,
  visibleRows,
} from './rows.ts';

interface BlockPlace {
  readonly summary: BlockSummary;
  readonly stored: unknown;
  readonly axisPlace: FramePlace;
  readonly axisIndex: number;
}

interface Everything {
  readonly blocks: Map<string, BlockPlace[]>;
  readonly openings: [opening: unknown, close: unknown][];
  /** Where the capture of each opening stands, by its index: they are too large to be held. */
  readonly captures: Map<number, LogRecord['place'] & { readonly position: number }>;
}

/** Only what this module needs, so that an owner's log serves as well as a reader's. */
type ContentsLog = Pick<Log, 'records' | 'find' | 'frame' | 'manifest' | 'renew'>;

/** Rows of decoded axes that are kept: 24 bytes each. */
const AXIS_ROWS_KEPT = 1024 * 1024;

export class LogContents {
  readonly #log: ContentsLog;
  readonly writer: string;
  readonly #only: string | undefined;
  #all: Everything | undefined;
  #hot: Hot | undefined;
  /** The clean blocks that were asked for last: what they cost, amount to and hold is asked in turn. */
  #asked: { readonly key: string; readonly blocks: BlockPlace[] | undefined } | undefined;
  /** Decoded, of those that a second sequence has asked for. */
  readonly #axes = new Map<string, Axis>();
  /** Which sequence has asked first. */
  readonly #askers = new Map<string, string>();
  #axisRows = 0;
  /** Axis records by frame, as stored. */
  readonly #storedAxes = new Map<string, unknown[]>();

  /** `only`: blocks of other sequences are passed over. */
  constructor(log: ContentsLog, writer: string, only?: string) {
    this.#log = log;
    this.writer = writer;
    this.#only = only;
  }

  #anew<T>(read: () => T): T {
    return readAnew(this.#log, read, () => {
      this.#all = undefined;
      this.#hot = undefined;
      this.#asked = undefined;
      this.#forgetAxes();
      this.#storedAxes.clear();
    });
  }

  /** Keys of every sequence with a definition, sealed ones first. */
  keys(): string[] {
    return this.#anew(() => {
      const { blocks } = this.#everything();
      return [...new Set([...blocks.keys(), ...this.#hotPart().keys.values()])];
    });
  }

  /** Bodies of every opening and of its close, oldest first. */
  openings(): readonly [opening: unknown, close: unknown][] {
    return this.#anew(() => this.#everything().openings);
  }

  /** What the opening of this index has captured of program and machine; undefined: nothing. */
  capture(index: number): unknown {
    return this.#anew(() => {
      const place = this.#everything().captures.get(index);
      if (place === undefined) return undefined;
      const record = this.#log.frame(place).find((each) => each.position === place.position);
      return record === undefined ? undefined : captureOf(record);
    });
  }

  #everything(): Everything {
    if (this.#all !== undefined) return this.#all;
    const blocks = new Map<string, BlockPlace[]>();
    const openings: [unknown, unknown][] = [];
    const captures: Everything['captures'] = new Map();
    const hot = new HotRecords();
    for (const record of this.#log.records(0, Number.POSITIVE_INFINITY, isNoObject)) {
      switch (record.type) {
        case recordType.opening:
          openings.push([record.body, null]);
          break;
        case recordType.close: {
          const last = openings.at(-1);
          if (last !== undefined) last[1] = record.body;
          break;
        }
        case recordType.params:
          if (captureOf(record) !== undefined)
            captures.set(openings.length - 1, { ...record.place, position: record.position });
          break;
        case recordType.axis: {
          const name = placeName(record.place);
          const axes = this.#storedAxes.get(name);
          if (axes === undefined) this.#storedAxes.set(name, [record.body]);
          else axes.push(record.body);
          break;
        }
        case recordType.blocks: {
          const key = record.key as string;
          if (this.#only !== undefined && this.#only !== key) {
            hot.add(record);
            break;
          }
          const known = blocks.get(key);
          if (known === undefined) blocks.set(key, blocksOf(record));
          else known.push(...blocksOf(record));
          hot.add(record);
          break;
        }
        default:
          hot.add(record);
      }
    }
    this.#all = { blocks, openings, captures };
    this.#hot = hot.finish();
    return this.#all;
  }

  /** What no rewriting has taken yet: mostly the end, and what was damaged before it. */
  #hotPart(): Hot {
    if (this.#hot !== undefined) return this.#hot;
    const { segments = [], end = 0 } = this.#log.manifest ?? {};
    const hot = new HotRecords();
    const from = segments.find((each) => !each.rewritten)?.first ?? end;
    for (const record of this.#log.records(from, Number.POSITIVE_INFINITY, isNoObject))
      hot.add(record);
    if (hot.isDefined) this.#hot = hot.finish();
    // After a failed sync a definition may stand before the points that were repeated.
    else this.#everything();
    return this.#hot ?? NO_HOT;
  }

  /** Points of a sequence, also replaced and hidden ones. */
  pointCount(key: string): number {
    return this.#anew(() => {
      const hot = this.#hotPart().rows.get(key)?.steps.length ?? 0;
      return this.#blocksOf(key).reduce((sum, { summary }) => sum + summary.count, hot);
    });
  }

  #blocksOf(key: string): BlockPlace[] {
    if (this.#all !== undefined) return this.#all.blocks.get(key) ?? [];
    return this.#log
      .find(key)
      .filter((each) => each.type === recordType.blocks)
      .flatMap(blocksOf);
  }

  /** Every row of a sequence, also replaced and hidden ones, by (step, number). */
  rows(key: string): Rows {
    return this.#anew(() => this.#rows(key));
  }

  #rows(key: string): Rows {
    const blocks = this.#blocksOf(key);
    const hot = this.#hotPart().rows.get(key);
    if (blocks.length === 0) return hot === undefined ? NO_ROWS : sortRows(hot);
    const hotCount = hot?.steps.length ?? 0;
    const rows = makeRows(blocks.reduce((sum, each) => sum + each.summary.count, hotCount));
    let count = 0;
    for (const block of blocks) {
      const axis = this.#axisOf(block, key);
      if (axis === undefined) continue;
      const start = count;
      count += block.summary.count;
      decodeBlockInto(block.stored, axis, partOfRows(rows, start, count));
    }
    if (hot !== undefined) setRows(rows, hot, count);
    return sortRows(partOfRows(rows, 0, count + hotCount));
  }

  /** Undefined: it is not there. */
  #axisOf(block: BlockPlace, key: string): AxisToTake | undefined {
    const place = placeName(block.axisPlace);
    const storedAxis = this.#storedAxesAt(block.axisPlace, place)[block.axisIndex];
    if (storedAxis === undefined) return undefined;
    const name = `${place}/${block.axisIndex}`;
    const known = this.#axes.get(name);
    if (known !== undefined) return known;
    const asker = this.#askers.get(name);
    if (asker === undefined) this.#askers.set(name, key);
    if (hasWholeAxis(block.stored) && (asker ?? key) === key) {
      axisCount(storedAxis);
      return storedAxis as StoredAxis;
    }
    const axis = decodeAxis(storedAxis);
    if (this.#axisRows > AXIS_ROWS_KEPT) this.#forgetAxes();
    this.#axisRows += axis.steps.length;
    this.#axes.set(name, axis);
    return axis;
  }

  #storedAxesAt(place: FramePlace, name: string): unknown[] {
    const known = this.#storedAxes.get(name);
    if (known !== undefined) return known;
    const axes = this.#log
      .frame(place)
      .filter((each) => each.type === recordType.axis)
      .map((each) => each.body);
    this.#storedAxes.set(name, axes);
    return axes;
  }

  #forgetAxes(): void {
    this.#axes.clear();
    this.#askers.clear();
    this.#axisRows = 0;
  }

  /**
   * Summaries of the blocks of a sequence when they say everything: each clean, none overlapping
   * another, nothing hot, nothing reached by a cut. Undefined: the values have to be read.
   */
  cleanSummaries(key: string, cuts: readonly Cut[]): BlockSummary[] | undefined {
    return this.#anew(() => this.#cleanSummaries(key, cuts));
  }

  #cleanSummaries(key: string, cuts: readonly Cut[]): BlockSummary[] | undefined {
    return this.#cleanBlocks(key, cuts)?.map((each) => each.summary);
  }

  #cleanBlocks(key: string, cuts: readonly Cut[]): BlockPlace[] | undefined {
    if (cuts.length === 0 && this.#asked?.key === key) return this.#asked.blocks;
    const isHot = this.#hotPart().rows.has(key);
    const blocks = isHot ? undefined : this.#orderedBlocks(key, cuts);
    if (cuts.length === 0) this.#asked = { key, blocks };
    return blocks;
  }

  #orderedBlocks(key: string, cuts: readonly Cut[]): BlockPlace[] | undefined {
    const blocks = this.#blocksOf(key).sort((a, b) => a.summary.firstStep - b.summary.firstStep);
    for (const [index, { summary }] of blocks.entries()) {
      const before = blocks[index - 1]?.summary;
      if (!summary.isClean || (before !== undefined && before.lastStep >= summary.firstStep))
        return undefined;
      if (cuts.some((cut) => summary.lastStep >= cut.step && summary.firstNumber < cut.number))
        return undefined;
    }
    return blocks;
  }

  /** Its points in pieces, where what is hot stands behind all blocks; undefined: values have to be read. */
  pieces(key: string, cuts: readonly Cut[]): PointPiece[] | undefined {
    return this.#anew(() => {
      const blocks = this.#orderedBlocks(key, cuts) ?? [undefined];
      const hot = this.#hotPart().rows.get(key) ?? NO_ROWS;
      return piecesBehind(
        blocks.map((each) => this.#pieceOf(each)),
        hot,
        cuts,
      );
    });
  }

  #pieceOf(block: BlockPlace | undefined): PointPiece | undefined {
    if (block === undefined) return undefined;
    const axes = this.#storedAxesAt(block.axisPlace, placeName(block.axisPlace));
    return pieceOfBlock(block.summary, block.stored, axes[block.axisIndex]);
  }

  /** Those blocks as they are stored, each with its axis; undefined also where an axis is not there. */
  cleanStored(key: string, cuts: readonly Cut[]): ShownBlock[] | undefined {
    return this.#anew(() => {
      const found = this.#cleanBlocks(key, cuts)?.map(({ stored, axisPlace, axisIndex }) => {
        const axis = this.#storedAxesAt(axisPlace, placeName(axisPlace))[axisIndex];
        return axis === undefined ? undefined : shownBlock(stored, axis);
      });
      return found?.every((each) => each !== undefined) ? found : undefined;
    });
  }

  /** The rows of a sequence that `cleanSummaries` speaks for: in order, each step once, none hidden. */
  cleanRows(key: string, cuts: readonly Cut[]): Rows | undefined {
    return this.#anew(() => this.#cleanRows(key, cuts));
  }

  #cleanRows(key: string, cuts: readonly Cut[]): Rows | undefined {
    const blocks = this.#cleanBlocks(key, cuts);
    if (blocks === undefined) return undefined;
    const parts: CleanBlock[] = [];
    for (const block of blocks) {
      const axis = this.#axisOf(block, key);
      if (axis === undefined) return undefined;
      parts.push({ ...block, axis });
    }
    return cleanRowsOf(parts);
  }

  /** The greatest step that no rewind hides, of a sequence; undefined when there is none. */
  lastStep(
    sequence: { key: string; name: string; contextText: string },
    rewinds: readonly Rewind[],
  ): number | undefined {
    const cuts = cutsOf(rewinds, this.writer, sequence.name, sequence.contextText);
    if (cuts.length === 0) {
      const sealed = this.#blocksOf(sequence.key).map((each) => each.summary.lastStep);
      const hot = this.#hotPart().rows.get(sequence.key)?.steps ?? [];
      return greatest([...sealed, ...hot]);
    }
    return visibleRows(this.rows(sequence.key), cuts).steps.at(-1);
  }
}

/** What a params record captures of program and machine; undefined: it sets something else. */
function captureOf({ body }: LogRecord): unknown {
  const { path, value } = decodeParams(body);
  return path.length === 1 && path[0] === SYSTEM_PARAMS_KEY && isCapture(value) ? value : undefined;
}

const greatest = (steps: readonly number[]): number | undefined =>
  steps.length === 0 ? undefined : steps.reduce((most, each) => Math.max(most, each));

const placeName = ({ fence, number, offset }: FramePlace): string => `${fence}-${number}@${offset}`;

function blocksOf(record: LogRecord): BlockPlace[] {
  const [, , blocks] = decodeBlocks(record.body);
  return blocks.map(([axisFrame, axisIndex, stored]) => ({
    summary: blockSummary(stored),
    stored,
    axisIndex,
    axisPlace: axisFrame === 0 ? record.place : { ...record.place, offset: axisFrame },
  }));
}
