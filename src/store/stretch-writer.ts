// Writing a part of a rewritten stretch: sorted rows become blocks over shared axes, in frames.
//
// 1. Blocks are encoded side by side, up to POINTS_AT_ONCE: while the thread pool deflates one, the
//    next is split into planes.
// 2. An axis stands in the frame of its first block, or in one before it.
//
// Spec: spec/records.md, Rewritten stretch. Test: test/store/rewrite-run.test.ts.

import type { RecordInput, RewriteOutput } from '../engine/index.ts';
import { type Axis, encodeAxis, type StoredAxis } from './format/axis.ts';
import { encodeBlock, rowsWithin, type StoredBlock } from './format/block.ts';
import { recordType } from './record.ts';
import { partOfRows, type Rows } from './rows.ts';

/** Points of a new block: what is split between two pauses. */
const BLOCK_POINTS = 32 * 1024;
const POINTS_AT_ONCE = 64 * 1024;
/** Blocks whose records are put into one frame until it is about so large. */
const FRAME_SIZE = 32 * 1024;
/** Blocks of one sequence are split over several records beyond it. */
const FRAME_SIZE_LARGE = 1024 * 1024;
/** Axes that a sequence is compared with before it gets its own. */
const AXES_TRIED = 8;

/** Rows of a sequence, sorted by (step, number); none: its definition alone. */
export interface SequencePart {
  readonly id: number;
  readonly key: string;
  readonly kind: string;
  readonly rows: Rows;
}

interface SharedAxis {
  readonly axis: Axis;
  readonly stored: Promise<StoredAxis>;
  /** Undefined until its frame is begun. */
  index: number | undefined;
  /** Byte place of its frame; 0 until that is written. */
  frame: number;
}

/** A block being encoded. */
interface Begun {
  readonly shared: SharedAxis;
  readonly block: Promise<StoredBlock>;
}

export class StretchWriter {
  readonly #output: RewriteOutput;
  readonly #from: number;
  readonly #to: number;
  /** The newest, that rows are compared with. */
  #axes: SharedAxis[] = [];
  #begun: { readonly part: SequencePart; readonly blocks: readonly Begun[] }[] = [];
  #begunCount = 0;
  /** Records of the next frame, axes first. */
  #axisRecords: RecordInput[] = [];
  #blockRecords: RecordInput[] = [];
  #framed: SharedAxis[] = [];
  #size = 0;

  /** What it writes stands for positions [from, to). */
  constructor(output: RewriteOutput, from: number, to: number) {
    this.#output = output;
    this.#from = from;
    this.#to = to;
  }

  async add(part: SequencePart): Promise<void> {
    const { rows } = part;
    const blocks: Begun[] = [];
    for (let start = 0; start < rows.steps.length; start += BLOCK_POINTS) {
      blocks.push(this.#begin(partOfRows(rows, start, start + BLOCK_POINTS)));
      await this.#output.pause();
    }
    this.#begun.push({ part, blocks });
    this.#begunCount += rows.steps.length;
    if (this.#begunCount >= POINTS_AT_ONCE) await this.#drain();
  }

  #begin(rows: Rows): Begun {
    let own: Uint32Array | 'all' | undefined;
    let shared = this.#axes.findLast((each) => {
      own = rowsWithin(rows, each.axis);
      return own !== undefined;
    });
    if (shared === undefined) {
      shared = { axis: rows, stored: handled(encodeAxis(rows)), index: undefined, frame: 0 };
      this.#axes = [...this.#axes, shared].slice(-AXES_TRIED);
    }
    const places = own === undefined || own === 'all' ? undefined : own;
    return { shared, block: handled(encodeBlock(rows, shared.axis.steps.length, places)) };
  }

  /** Puts what was begun into frames, in order. */
  async #drain(): Promise<void> {
    const begun = this.#begun;
    this.#begun = [];
    this.#begunCount = 0;
    for (const { part, blocks } of begun) {
      const { id, key, kind } = part;
      let stored: unknown[] = [];
      const endRecord = (): void => {
        this.#blockRecords.push({ type: recordType.blocks, key, body: [id, kind, stored] });
        stored = [];
      };
      for (const each of blocks) {
        stored.push(await this.#put(each));
        if (this.#size < FRAME_SIZE_LARGE) continue;
        endRecord();
        this.#endFrame();
      }
      if (stored.length > 0 || blocks.length === 0) endRecord();
      if (this.#size >= FRAME_SIZE) this.#endFrame();
    }
  }

  async #put({ shared, block }: Begun): Promise<unknown> {
    if (shared.index === undefined) {
      const stored = await shared.stored;
      shared.index = this.#axisRecords.length;
      this.#axisRecords.push({ type: recordType.axis, body: stored });
      this.#framed.push(shared);
      this.#size += stored[1].length + stored[2].length + (stored[3]?.length ?? 0);
    }
    const spelled = await block;
    this.#size += spelled[12].length + spelled[13].length + 100;
    return [shared.frame, shared.index, spelled];
  }

  /** From here on the axes of the frame are named by its byte place. */
  #endFrame(): void {
    const records = [...this.#axisRecords, ...this.#blockRecords];
    if (records.length === 0) return;
    const frame = this.#output.append(records, this.#from, this.#to);
    for (const each of this.#framed) each.frame = frame;
    this.#framed = [];
    this.#axisRecords = [];
    this.#blockRecords = [];
    this.#size = 0;
  }

  /** `body`: of the stretch record, which is the last. */
  async end(
    body: readonly [firstPoint: number, endPoint: number, nextSequence: number],
  ): Promise<void> {
    await this.#drain();
    this.#blockRecords.push({ type: recordType.stretch, body });
    this.#endFrame();
  }
}

/** Awaited later, maybe after another one has failed: its failure is told then. */
function handled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
