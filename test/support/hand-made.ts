// Files of a log made by hand: what no owner would write, byte for byte in the format.

import { encodeFrame, FRAME_HEADER_SIZE, SegmentSum } from '../../src/engine/format/frame.ts';
import type { SealedSegment } from '../../src/engine/format/manifest.ts';
import {
  encodeSegmentHeader,
  NO_PREDECESSOR,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '../../src/engine/format/segment-header.ts';
import { packRecords, type RecordInput } from '../../src/engine/record.ts';

/** The next random bytes are these: nothing in a file made by hand is random. */
const SALT = 0x0123_4567_89ab_cdefn;

export class HandMadeSegment {
  readonly header: SegmentHeader;
  readonly #pieces: Uint8Array[] = [];
  readonly #sum: SegmentSum;
  #size = SEGMENT_HEADER_SIZE;
  #end: number;

  constructor(given: Partial<SegmentHeader> & Pick<SegmentHeader, 'logId'>) {
    this.header = {
      rewritten: false,
      repeat: false,
      fence: 1,
      number: 1,
      first: 0,
      salt: SALT,
      predecessor: NO_PREDECESSOR,
      nonce: new Uint8Array(16),
      ...given,
    };
    const bytes = encodeSegmentHeader(this.header);
    this.#pieces.push(bytes);
    this.#sum = new SegmentSum(sumAt(bytes, SEGMENT_HEADER_SIZE - 8));
    this.#end = this.header.first;
  }

  /** A frame of these records; its byte place. */
  records(records: readonly RecordInput[], watermark = 0): number {
    const { type, flags, body } = packRecords(records);
    return this.frame({ type, flags, count: records.length, watermark }, body);
  }

  frame(
    header: { type: number; flags?: number; count?: number; watermark?: number; first?: number },
    body: Uint8Array,
  ): number {
    const { type, flags = 0, count = 0, watermark = 0, first = this.#end } = header;
    const bytes = encodeFrame({ type, flags, count, first, watermark }, body, this.header.salt);
    this.#sum.add(sumAt(bytes, FRAME_HEADER_SIZE - 8));
    const offset = this.#size;
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    this.#end = first + count;
    return offset;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  /** As a manifest lists it. */
  sealed(given: Partial<SealedSegment> = {}): SealedSegment {
    const { fence, number, rewritten, first } = this.header;
    return {
      fence,
      number,
      rewritten,
      first,
      end: this.#end,
      length: this.#size,
      sum: this.#sum.digest(),
      index: 0,
      state: 0,
      ...given,
    };
  }
}

const sumAt = (bytes: Uint8Array, offset: number): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
