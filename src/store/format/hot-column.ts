// One column of a hot batch in its narrowest lossless form.
//
// 1. Encoding is one or two passes over typed arrays: it is on the path of every flush.
// 2. What is decoded is bit for bit what was encoded; -0 and NaN take the raw form.
// 3. Decoding never reads past its bytes: they may be anything.
//
// Both need a little-endian host, as all that run Node are.
//
// Spec: spec/columns.md, Hot batch. Test: test/store/format/hot-column.test.ts.

import { RunlogError } from '../../errors.ts';

export const hotForm = {
  constant: 0,
  linear: 1,
  offset8: 2,
  offset16: 3,
  offset32: 4,
  float32: 5,
  float64: 6,
  periodic: 7,
  repeated: 8,
  none: 9,
} as const;

/** Bytes that one column of `count` may need at most. */
export const hotSizeMax = (count: number): number => 32 + 8 * count;

/** Where columns are written. */
export class ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  size = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  reserve(size: number): void {
    if (this.size + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.size + size));
    larger.set(this.bytes.subarray(0, this.size));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  byte(value: number): void {
    this.bytes[this.size] = value;
    this.size += 1;
  }

  float(value: number): void {
    this.view.setFloat64(this.size, value, true);
    this.size += 8;
  }

  copy(source: Uint8Array): void {
    this.bytes.set(source, this.size);
    this.size += source.length;
  }
}

/** Every epoch is NaN: none was given. */
export function encodeNone(writer: ByteWriter): void {
  writer.byte(hotForm.none);
}

/** What `encodeIntegers` makes of one number, however often it stands there. Requires: it is not NaN. */
export function encodeConstant(writer: ByteWriter, value: number): void {
  writer.byte(hotForm.constant);
  writer.float(value);
}

/** What `encodeIntegers` makes of `count` safe integers, each one more than the one before. */
export function encodeCounted(writer: ByteWriter, first: number, count: number): void {
  writer.byte(count > 1 ? hotForm.linear : hotForm.constant);
  writer.float(first);
  if (count > 1) writer.float(1);
}

/** A column whose elements are mostly integers: sequences, steps, times, epochs. */
export function encodeIntegers(writer: ByteWriter, column: Float64Array, count: number): void {
  writer.reserve(hotSizeMax(count));
  const first = column[0] as number;
  const increment = count > 1 ? (column[1] as number) - first : 0;
  if (isLinear(column, count, first, increment)) {
    writer.byte(increment === 0 ? hotForm.constant : hotForm.linear);
    writer.float(first);
    if (increment !== 0) writer.float(increment);
    return;
  }
  let isInteger = true;
  let min = first;
  let max = first;
  for (let index = 0; index < count; index += 1) {
    const value = column[index] as number;
    if (value < min) min = value;
    else if (value > max) max = value;
    if (isInteger && (!Number.isSafeInteger(value) || isMinusZero(value))) isInteger = false;
  }
  const range = max - min;
  if (!isInteger || range > 0xffff_ffff) {
    encodeRaw(writer, column, count);
    return;
  }
  const repeat = repeatLength(column, count);
  if (repeat > 1) {
    writer.byte(hotForm.repeated);
    writer.view.setUint32(writer.size, repeat, true);
    writer.size += 4;
    const firsts = new Float64Array(Math.ceil(count / repeat));
    for (let run = 0; run < firsts.length; run += 1) firsts[run] = column[run * repeat] as number;
    encodeIntegers(writer, firsts, firsts.length);
    return;
  }
  const period = periodLength(column, count);
  if (period < count) {
    writer.byte(hotForm.periodic);
    writer.view.setUint32(writer.size, period, true);
    writer.size += 4;
    encodeIntegers(writer, column, period);
    return;
  }
  encodeOffsets(writer, column, count, min, range);
}

const isMinusZero = (value: number): boolean => Object.is(value, -0);

/** A loop: `some` calls for each element, which took half of the time of tracking columns. */
function holdsMinusZero(column: Float64Array, count: number): boolean {
  for (let index = 0; index < count; index += 1)
    if (isMinusZero(column[index] as number)) return true;
  return false;
}

/**
 * Whether the first element and the increment give back every element, bit for bit: one value that is
 * no NaN, or safe integers, of which only the one that is zero could be minus zero.
 */
function isLinear(column: Float64Array, count: number, first: number, increment: number): boolean {
  const isSafe = Number.isSafeInteger(first) && Number.isSafeInteger(column[count - 1]);
  if (increment === 0 ? Number.isNaN(first) : !(isSafe && Number.isInteger(increment)))
    return false;
  for (let index = 1; index < count; index += 1)
    if (column[index] !== first + index * increment) return false;
  if (increment === 0) return first !== 0 || !holdsMinusZero(column, count);
  // A plain index: reading at -7, -0 or a half takes longer than all of the above.
  const zero = Math.round(-first / increment) + 0;
  return zero < 0 || zero >= count || !isMinusZero(column[zero] as number);
}

function encodeOffsets(
  writer: ByteWriter,
  column: Float64Array,
  count: number,
  min: number,
  range: number,
): void {
  const { view } = writer;
  writer.byte(
    range < 0x100 ? hotForm.offset8 : range < 0x1_0000 ? hotForm.offset16 : hotForm.offset32,
  );
  writer.float(min);
  let place = writer.size;
  if (range < 0x100) {
    for (let index = 0; index < count; index += 1)
      writer.bytes[place++] = (column[index] as number) - min;
  } else if (range < 0x1_0000) {
    for (let index = 0; index < count; index += 1, place += 2)
      view.setUint16(place, (column[index] as number) - min, true);
  } else {
    for (let index = 0; index < count; index += 1, place += 4)
      view.setUint32(place, (column[index] as number) - min, true);
  }
  writer.size = place;
}

/** The length of runs of equal elements where all runs (the last may be shorter) are of one length, else 1. */
function repeatLength(column: Float64Array, count: number): number {
  let length = 1;
  while (length < count && column[length] === column[0]) length += 1;
  if (length === 1) return 1;
  for (let start = length; start < count; start += length) {
    const end = Math.min(count, start + length);
    for (let index = start + 1; index < end; index += 1)
      if (column[index] !== column[index - 1]) return 1;
  }
  return length;
}

/** The smallest period that the first return of the first element suggests, or `count`. */
function periodLength(column: Float64Array, count: number): number {
  let period = 1;
  while (period < count && column[period] !== column[0]) period += 1;
  for (let index = period; index < count; index += 1)
    if (column[index] !== column[index - period]) return count;
  return period;
}

/** A column of measured values: constant, float32 where that is exact, else float64. */
export function encodeValues(writer: ByteWriter, column: Float64Array, count: number): void {
  writer.reserve(hotSizeMax(count));
  const first = column[0] as number;
  let isConstant = true;
  let isSingle = true;
  for (let index = 0; index < count && (isConstant || isSingle); index += 1) {
    const value = column[index] as number;
    if (value !== first) isConstant = false;
    if (Math.fround(value) !== value) isSingle = false;
  }
  if (isConstant && first !== 0) {
    writer.byte(hotForm.constant);
    writer.float(first);
  } else if (isSingle) {
    writer.byte(hotForm.float32);
    for (let index = 0; index < count; index += 1)
      writer.view.setFloat32(writer.size + 4 * index, column[index] as number, true);
    writer.size += 4 * count;
  } else encodeRaw(writer, column, count);
}

function encodeRaw(writer: ByteWriter, column: Float64Array, count: number): void {
  writer.byte(hotForm.float64);
  writer.copy(new Uint8Array(column.buffer, column.byteOffset, count * 8));
}

/** Where columns are read from. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** @throws RunlogError CORRUPT: `bytes` stand in a body, which may hold anything. */
  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new RunlogError('CORRUPT', 'columns: no bytes');
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The place of the next `size` bytes, which are there. @throws RunlogError CORRUPT. */
  take(size: number): number {
    const place = this.#offset;
    if (place + size > this.#bytes.length)
      throw new RunlogError('CORRUPT', 'a column ends before its count');
    this.#offset += size;
    return place;
  }

  get view(): DataView {
    return this.#view;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  float(): number {
    return this.#view.getFloat64(this.take(8), true);
  }
}

/** @throws RunlogError CORRUPT. */
export function decodeHotColumn(reader: ByteReader, count: number): Float64Array {
  const column = new Float64Array(count);
  decodeHotColumnInto(reader, column);
  return column;
}

/** Fills `column`, whatever it held. @throws RunlogError CORRUPT. */
export function decodeHotColumnInto(reader: ByteReader, column: Float64Array, depth = 0): void {
  const { view, bytes } = reader;
  const count = column.length;
  const form = bytes[reader.take(1)] as number;
  switch (form) {
    case hotForm.none:
      column.fill(Number.NaN);
      return;
    case hotForm.constant:
      column.fill(reader.float());
      return;
    case hotForm.linear: {
      const first = reader.float();
      const increment = reader.float();
      for (let index = 0; index < count; index += 1) column[index] = first + index * increment;
      return;
    }
    case hotForm.offset8:
    case hotForm.offset16:
    case hotForm.offset32:
      decodeOffsets(reader, column, form);
      return;
    case hotForm.float32: {
      const place = reader.take(4 * count);
      for (let index = 0; index < count; index += 1)
        column[index] = view.getFloat32(place + 4 * index, true);
      return;
    }
    case hotForm.float64: {
      const place = reader.take(8 * count);
      const target = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
      target.set(bytes.subarray(place, place + 8 * count));
      return;
    }
    case hotForm.periodic:
    case hotForm.repeated:
      decodeRepeats(reader, column, form === hotForm.periodic, depth);
      return;
    default:
      throw new RunlogError('CORRUPT', `a column of unknown form ${form}`);
  }
}

function decodeRepeats(
  reader: ByteReader,
  column: Float64Array,
  isPeriodic: boolean,
  depth: number,
): void {
  const count = column.length;
  const length = reader.view.getUint32(reader.take(4), true);
  if (length === 0 || length > count || depth > 2)
    throw new RunlogError('CORRUPT', 'a column repeats in no way');
  const part = new Float64Array(isPeriodic ? length : Math.ceil(count / length));
  decodeHotColumnInto(reader, part, depth + 1);
  for (let index = 0; index < count; index += 1) {
    column[index] = part[isPeriodic ? index % length : Math.floor(index / length)] as number;
  }
}

function decodeOffsets(reader: ByteReader, column: Float64Array, form: number): void {
  const { view, bytes } = reader;
  const base = reader.float();
  const count = column.length;
  if (form === hotForm.offset8) {
    const place = reader.take(count);
    for (let index = 0; index < count; index += 1)
      column[index] = base + (bytes[place + index] as number);
  } else if (form === hotForm.offset16) {
    const place = reader.take(2 * count);
    for (let index = 0; index < count; index += 1)
      column[index] = base + view.getUint16(place + 2 * index, true);
  } else {
    const place = reader.take(4 * count);
    for (let index = 0; index < count; index += 1)
      column[index] = base + view.getUint32(place + 4 * index, true);
  }
}
