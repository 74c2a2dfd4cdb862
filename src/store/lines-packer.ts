// Lines records of a stretch put together: fewer, larger, deflated where it pays.
//
// 1. Only records with none but points between them: what is no point keeps its order.
// 2. Of a line that stands several times in what is put together the last is kept: a progress bar is one
//    line, not one a turn. Each kept line still tells its position.
// 3. Deflating is done in the thread pool: the loop belongs to the training job.
//
// Spec: spec/records.md, Lines. Test: test/store/lines-packer.test.ts.

import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync } from 'node:zlib';

import type { LogRecord, RewriteOutput } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { type DecodedLines, decodeLines, encodeLines } from './lines.ts';
import { recordType } from './record.ts';

const deflateInPool = promisify(deflateRaw);
/** Below it the way to the thread pool costs more than the work. */
const POOL_SIZE_MIN = 2 * 1024;
const DEFLATE_SIZE_MIN = 128;
/** Characters of a record: what is read to have one line. */
const PACKED_SIZE = 256 * 1024;

interface Held {
  readonly record: LogRecord;
  readonly lines: DecodedLines;
}

export class LinesPacker {
  readonly #output: RewriteOutput;
  #held: Held[] = [];
  #size = 0;

  constructor(output: RewriteOutput) {
    this.#output = output;
  }

  /** False for a record that is none of ours, or not of its shape: it stays as it is. */
  async add(record: LogRecord): Promise<boolean> {
    if (record.type !== recordType.lines) return false;
    const lines = decoded(record.body);
    if (lines === undefined) return false;
    const size = lines.texts.reduce((sum, text) => sum + text.length + 1, 0);
    if (this.#size + size > PACKED_SIZE) await this.write();
    this.#held.push({ record, lines });
    this.#size += size;
    await this.#output.pause();
    return true;
  }

  /** Writes what is held as one record. */
  async write(): Promise<void> {
    const first = this.#held[0]?.record.position;
    const end = this.#held.at(-1)?.record.end;
    if (first === undefined || end === undefined) return;
    const body = packed(this.#held, first);
    this.#held = [];
    this.#size = 0;
    body[3] = await deflated(body[3] as string);
    this.#output.append([{ type: recordType.lines, body }], first, end);
  }
}

function decoded(body: unknown): DecodedLines | undefined {
  try {
    return decodeLines(body);
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return undefined;
  }
}

/** Pure: the body of one record. */
function packed(held: readonly Held[], first: number): unknown[] {
  /** Ordinal of the last line of each number, over all that are held. */
  const last = new Map<number, number>();
  let ordinal = 0;
  for (const { lines } of held) {
    for (const number of lines.numbers) {
      last.set(number, ordinal);
      ordinal += 1;
    }
  }
  const numbers: number[] = [];
  const streams: number[] = [];
  const times: number[] = [];
  const texts: string[] = [];
  const places: number[] = [];
  ordinal = 0;
  for (const { record, lines } of held) {
    const positions = positionsOf(record, lines);
    lines.numbers.forEach((number, index) => {
      ordinal += 1;
      if (last.get(number) !== ordinal - 1) return;
      numbers.push(number);
      streams.push(lines.streams[index] as number);
      times.push(lines.times[index] as number);
      texts.push(lines.texts[index] as string);
      const place = (positions[index] as number) - first;
      if (places.at(-2) === place) places[places.length - 1] = (places.at(-1) as number) + 1;
      else places.push(place, 1);
    });
  }
  const body = encodeLines({ numbers, streams, times, texts });
  body[4] = places;
  return body;
}

/** The position of each line. */
function positionsOf({ position }: LogRecord, { places, numbers }: DecodedLines): number[] {
  if (places === undefined) return numbers.map(() => position);
  const positions: number[] = [];
  for (let at = 0; at < places.length; at += 2)
    for (let count = places[at + 1] as number; count > 0; count -= 1)
      positions.push(position + (places[at] as number));
  return positions;
}

async function deflated(text: string): Promise<string | Uint8Array> {
  const bytes = Buffer.from(text);
  if (bytes.length < DEFLATE_SIZE_MIN) return text;
  const small = bytes.length < POOL_SIZE_MIN ? deflateRawSync(bytes) : await deflateInPool(bytes);
  return small.length < bytes.length * 0.95 ? small : text;
}
