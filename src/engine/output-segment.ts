// A rewritten segment being written: frames that stand for ranges of positions, index, state.
//
// 1. The file is created by its first write, and taken away again unless a manifest lists it.
// 2. Work on the event loop comes in slices: `pause` is called between pieces of it.
//
// Spec: spec/segment.md. Test: test/engine/rewrite.test.ts.

import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

import { durations, limits } from '../limits.ts';
import {
  encodeFrame,
  FRAME_HEADER_SIZE,
  frameFlag,
  frameType,
  SegmentSum,
  SKIPPABLE,
} from './format/frame.ts';
import { hashKey, type IndexEntry } from './format/index-page.ts';
import type { SealedSegment } from './format/manifest.ts';
import { segmentName } from './format/names.ts';
import {
  encodeSegmentHeader,
  NO_PREDECESSOR,
  SEGMENT_HEADER_SIZE,
} from './format/segment-header.ts';
import { dataViewOf } from './format/version.ts';
import type { Host } from './host.ts';
import { writeIndex } from './index-writer.ts';
import { closeQuietly, unlinkQuietly, writeWhole } from './publish.ts';
import { checkRecord, packRecords, type RecordInput } from './record.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

const WRITE_SIZE = 256 * 1024;
const DEFLATE_SIZE_MIN = 128;
const DEFLATE_SIZE_MAX = 64 * 1024;
/** Of a larger body a piece from the middle tells whether it pays. */
const DEFLATE_SAMPLE_SIZE = 4 * 1024;

/** Work between two calls of `pause` takes a slice, and never as much as these. */
const OWN_SLICES_MAX = 4;

/** Params, states and the like, deflated where it pays; index pages are hashes, large bodies columns. */
function deflateSmall(type: number, body: Uint8Array): Uint8Array | undefined {
  const isIndex =
    type === (frameType.indexPage | SKIPPABLE) || type === (frameType.indexRoot | SKIPPABLE);
  if (isIndex || body.length < DEFLATE_SIZE_MIN || body.length > DEFLATE_SIZE_MAX) return undefined;
  const middle = (body.length - DEFLATE_SAMPLE_SIZE) >> 1;
  if (middle > DEFLATE_SAMPLE_SIZE) {
    const sample = body.subarray(middle, middle + DEFLATE_SAMPLE_SIZE);
    if (!isSmaller(deflateRawSync(sample), sample)) return undefined;
  }
  const deflated = deflateRawSync(body);
  return isSmaller(deflated, body) ? deflated : undefined;
}

const isSmaller = (deflated: Uint8Array, body: Uint8Array): boolean =>
  deflated.length < body.length * 0.95;

/** Where the hook puts its records. */
export interface RewriteOutput {
  /** Writes records as one frame that stands for positions [from, to); the frame's byte place. */
  append(records: readonly RecordInput[], from: number, to: number): number;
  /** Gives the event loop a turn when the slice is used up: called between pieces of work. */
  pause(): Promise<void>;
}

interface OutputOptions {
  readonly inBackground: () => boolean;
  readonly name: { readonly fence: number; readonly number: number; readonly rewritten: boolean };
  readonly first: number;
  readonly end: number;
  readonly logId: bigint;
  readonly nonce: Uint8Array;
}

/** A rewritten segment being written. */
export class OutputSegment implements RewriteOutput {
  readonly #vfs: Vfs;
  readonly #host: Host;
  readonly #path: string;
  readonly #options: OutputOptions;
  readonly #salt = dataViewOf(randomBytes(8)).getBigUint64(0, true);
  readonly #keys: IndexEntry[] = [];
  readonly #sum: SegmentSum;
  readonly #inBackground: () => boolean;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #size = 0;
  #written = 0;
  #file: FileHandle | undefined;
  #isCreated = false;
  #sliceStart: number;

  constructor(vfs: Vfs, host: Host, directory: string, options: OutputOptions) {
    this.#vfs = vfs;
    this.#host = host;
    this.#options = options;
    this.#inBackground = options.inBackground;
    this.#path = `${directory}/${segmentName(options.name)}`;
    this.#sliceStart = host.monotonic();
    const { logId, first, nonce, name } = options;
    const header = encodeSegmentHeader({
      rewritten: true,
      repeat: false,
      logId,
      fence: name.fence,
      number: name.number,
      first,
      salt: this.#salt,
      predecessor: NO_PREDECESSOR,
      nonce,
    });
    this.#sum = new SegmentSum(dataViewOf(header).getBigUint64(SEGMENT_HEADER_SIZE - 8, true));
    this.#push(header);
  }

  append(records: readonly RecordInput[], from: number, to: number): number {
    for (const record of records) checkRecord(record);
    const { type, flags, body } = packRecords(records);
    const offset = this.#frame(type, flags, body, from, to - from);
    for (const { key } of records) {
      if (key !== undefined) this.#keys.push({ ...this.#options.name, offset, hash: hashKey(key) });
    }
    return offset;
  }

  #frame(type: number, flags: number, body: Uint8Array, first: number, count: number): number {
    const offset = this.#size;
    const small = deflateSmall(type, body);
    const header = {
      type,
      flags: small === undefined ? flags : flags | frameFlag.deflated,
      count,
      first,
      watermark: 0,
    };
    const frame = encodeFrame(header, small ?? body, this.#salt);
    this.#sum.add(dataViewOf(frame).getBigUint64(FRAME_HEADER_SIZE - 8, true));
    this.#push(frame);
    return offset;
  }

  #push(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
    this.#size += bytes.length;
    if (this.#pendingSize >= WRITE_SIZE) this.#write();
  }

  #write(): void {
    this.#file ??= this.#vfs.open(this.#path, 'create');
    this.#isCreated = true;
    const bytes =
      this.#pending.length === 1 ? (this.#pending[0] as Uint8Array) : Buffer.concat(this.#pending);
    writeWhole(this.#vfs, this.#file, bytes, this.#written);
    this.#written += bytes.length;
    this.#pending = [];
    this.#pendingSize = 0;
  }

  async pause(): Promise<void> {
    const spent = this.#host.monotonic() - this.#sliceStart;
    if (spent < durations.sliceMs) return;
    // Of what went by while the thread pool worked and the job did not yield, no more is ours.
    const own = Math.min(spent, OWN_SLICES_MAX * durations.sliceMs);
    if (this.#inBackground()) await this.#host.schedule.rest(own);
    else await new Promise((resolve) => setImmediate(resolve));
    this.#sliceStart = this.#host.monotonic();
  }

  /** Index, state, sync. */
  async finish(state: { position: number; body: Uint8Array } | undefined): Promise<SealedSegment> {
    const { name, first, end } = this.#options;
    const isIndexed = this.#size >= limits.indexSizeMin;
    const index = isIndexed
      ? writeIndex(this.#keys, (type, body) => this.#frame(type, 0, body, first, 0))
      : 0;
    const isKept = state !== undefined && state.body.length <= limits.frameBodySizeMax;
    const place = !isKept ? 0 : this.#frame(frameType.state | SKIPPABLE, 0, state.body, end, 0);
    this.#write();
    if (this.#file !== undefined) await this.#vfs.syncLater(this.#file);
    this.#close();
    return {
      ...name,
      first,
      end,
      length: this.#size,
      sum: this.#sum.digest(),
      index,
      state: place,
    };
  }

  discard(): void {
    this.#close();
    if (this.#isCreated) unlinkQuietly(this.#vfs, this.#path);
  }

  /** Once: the number of a closed handle may be another file's. */
  #close(): void {
    closeQuietly(this.#vfs, this.#file);
    this.#file = undefined;
  }
}
