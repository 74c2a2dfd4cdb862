// Decoding one column of a sealed block.
//
// 1. Believes no count before it has bounded it, and never reads past its bytes: they may be anything.
// 2. What comes out is bit for bit what went in.
//
// Spec: spec/columns.md, Sealed column. Test: test/store/format/column.test.ts.

import { inflateRawSync } from 'node:zlib';

import { RunlogError } from '../../errors.ts';

export const columnForm = {
  constant: 0,
  linear: 1,
  integer: 2,
  float32: 3,
  float64: 4,
  runs: 5,
  patched: 6,
} as const;

/** Bit of the form byte: the planes are deflated. */
export const DEFLATED = 0x80;
/** Greatest power of ten by which elements are scaled to integers. */
export const SCALE_MAX = 14;
/** From here on `fill` is faster than a loop; it does not keep the payload of a NaN. */
const LONG_RUN = 16;
/** Each level of runs is at most an eighth of the one around it. */
const DEPTH_MAX = 8;

/** The words of a column, for comparing and copying elements bit by bit. */
export const bitsOf = (column: Float64Array): Uint32Array =>
  new Uint32Array(column.buffer, column.byteOffset, column.length * 2);

const corrupt = (reason: string): RunlogError =>
  new RunlogError('CORRUPT', `a sealed column: ${reason}`);

/** @throws RunlogError CORRUPT. Requires: `count` was bounded by the caller. */
export function decodeColumn(bytes: Uint8Array, count: number): Float64Array {
  const column = new Float64Array(count);
  decodeColumnInto(bytes, column);
  return column;
}

/**
 * Fills `column`, which may be a part of a longer one: what is read at once is not copied together.
 * What it holds after a throw means nothing.
 *
 * @throws RunlogError CORRUPT.
 */
export function decodeColumnInto(bytes: Uint8Array, column: Float64Array, depth = 0): void {
  // It stands in a body: that may hold anything.
  if (!(bytes instanceof Uint8Array)) throw corrupt('no bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  need(bytes, 1);
  switch ((bytes[0] as number) & ~DEFLATED) {
    case columnForm.constant:
      need(bytes, 9);
      // As whole numbers: a NaN keeps its payload.
      new BigUint64Array(column.buffer, column.byteOffset, column.length).fill(
        view.getBigUint64(1, true),
      );
      return;
    case columnForm.linear:
      need(bytes, 17);
      fillLinear(column, view.getFloat64(1, true), view.getFloat64(9, true));
      return;
    case columnForm.integer:
      decodeIntegers(bytes, view, column);
      return;
    case columnForm.float32: {
      const singles = new Float32Array(column.length);
      joinWords(planesOf(bytes, 1, 4 * column.length), new Uint32Array(singles.buffer), 1);
      column.set(singles);
      return;
    }
    case columnForm.float64:
      joinWords(planesOf(bytes, 1, 8 * column.length), bitsOf(column), 2);
      return;
    case columnForm.runs:
      need(bytes, 9);
      if (depth > DEPTH_MAX) throw corrupt('runs within runs');
      decodeRuns(bytes, view, column, depth + 1);
      return;
    case columnForm.patched:
      need(bytes, 13);
      if (depth > DEPTH_MAX) throw corrupt('patches within patches');
      decodePatched(bytes, view, column, depth + 1);
      return;
    default:
      throw corrupt(`unknown form ${(bytes[0] as number) & ~DEFLATED}`);
  }
}

const isDeflated = (bytes: Uint8Array): boolean => ((bytes[0] as number) & DEFLATED) !== 0;

function need(bytes: Uint8Array, size: number): void {
  if (bytes.length < size) throw corrupt('too short');
}

function planesOf(bytes: Uint8Array, start: number, size: number): Uint8Array {
  need(bytes, start);
  const stored = bytes.subarray(start);
  const whole = isDeflated(bytes) ? inflate(stored, size) : stored;
  if (whole.length !== size) throw corrupt('planes of another size');
  return whole;
}

/**
 * The same column with its planes as they are, where those are at most `sizeMax` bytes: to inflate so few takes
 * longer than to read them. Columns within it stay as they are.
 *
 * @throws RunlogError CORRUPT. Requires: `count` was bounded by the caller.
 */
export function inflatedColumn(bytes: Uint8Array, count: number, sizeMax: number): Uint8Array {
  need(bytes, 1);
  const form = (bytes[0] as number) & ~DEFLATED;
  const isInteger = form === columnForm.integer;
  const isFloat = form === columnForm.float32 || form === columnForm.float64;
  if (!isDeflated(bytes) || !(isInteger || isFloat)) return bytes;
  need(bytes, 4);
  const order = isInteger ? (bytes[2] as number) : 0;
  const width = isInteger ? (bytes[3] as number) : form === columnForm.float32 ? 4 : 8;
  const start = isInteger ? 4 + 8 * order : 1;
  const size = (count - order) * width;
  if (size > sizeMax) return bytes;
  const plain = new Uint8Array(start + Math.max(0, size));
  plain.set(planesOf(bytes, start, size), start);
  plain.set(bytes.subarray(0, start));
  plain[0] = form;
  return plain;
}

function inflate(stored: Uint8Array, size: number): Uint8Array {
  try {
    // Room for all of it at once: pieces of 16 KiB would be copied together.
    const chunkSize = Math.max(64, size + 1);
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, size), chunkSize });
  } catch (error) {
    throw new RunlogError('CORRUPT', 'a sealed column: does not inflate', { cause: error });
  }
}

function fillLinear(column: Float64Array, first: number, increment: number): void {
  for (let index = 0; index < column.length; index += 1) column[index] = first + index * increment;
}

/** Elements of one or two words of four bytes, each byte from its plane. */
function joinWords(planes: Uint8Array, words: Uint32Array, wordsEach: number): void {
  const count = words.length / wordsEach;
  for (let word = 0; word < wordsEach; word += 1) {
    const low = 4 * word * count;
    for (let index = 0, place = word; index < count; index += 1, place += wordsEach) {
      const at = low + index;
      words[place] =
        (planes[at] as number) |
        ((planes[at + count] as number) << 8) |
        ((planes[at + 2 * count] as number) << 16) |
        ((planes[at + 3 * count] as number) << 24);
    }
  }
}

function decodeIntegers(bytes: Uint8Array, view: DataView, column: Float64Array): void {
  need(bytes, 4);
  const [exponent, order, width] = bytes.subarray(1, 4) as unknown as [number, number, number];
  if (exponent > SCALE_MAX || order > 2 || width < 1 || width > 7 || order >= column.length)
    throw corrupt('numbers out of range');
  need(bytes, 4 + 8 * order);
  const planes = planesOf(bytes, 4 + 8 * order, (column.length - order) * width);
  const codes = order === 0 ? column : column.subarray(order);
  const first = order > 0 ? view.getFloat64(4, true) : 0;
  const difference = order > 1 ? view.getFloat64(12, true) : 0;
  const scale = 10 ** exponent;
  if (order > 0) column[0] = first / scale;
  if (order > 1) column[1] = (first + difference) / scale;
  if (width <= 3) fillNarrow(planes, codes, { width, order, scale, first, difference });
  else {
    fillWide(planes, codes, width);
    if (order === 1) addOnce(codes, first);
    else if (order === 2) addTwice(codes, first + difference, difference);
    for (let index = 0; index < codes.length; index += 1)
      codes[index] = (codes[index] as number) / scale;
  }
}

interface Integers {
  readonly width: number;
  readonly order: number;
  readonly scale: number;
  readonly first: number;
  readonly difference: number;
}

/**
 * Codes of at most three bytes, in one pass: each order adds up what the next one has added up. A loop for
 * each order, none of which meets wider codes: one for all of them takes twice as long.
 */
function fillNarrow(planes: Uint8Array, codes: Float64Array, integers: Integers): void {
  const { width, order, scale, first, difference } = integers;
  const count = codes.length;
  // Of a plane that is not there another is read, and nothing kept.
  const second = width > 1 ? count : 0;
  const third = width > 2 ? 2 * count : 0;
  const mask = width === 1 ? 0xff : width === 2 ? 0xffff : 0xff_ffff;
  let value = first + difference;
  let step = difference;
  if (order === 0)
    for (let index = 0; index < count; index += 1)
      codes[index] = narrowAt(planes, index, second, third, mask) / scale;
  else if (order === 1)
    for (let index = 0; index < count; index += 1) {
      value += narrowAt(planes, index, second, third, mask);
      codes[index] = value / scale;
    }
  else
    for (let index = 0; index < count; index += 1) {
      step += narrowAt(planes, index, second, third, mask);
      value += step;
      codes[index] = value / scale;
    }
}

/** The integer of a code; `second` and `third`: where its other planes begin. */
function narrowAt(
  planes: Uint8Array,
  index: number,
  second: number,
  third: number,
  mask: number,
): number {
  const bytes =
    (planes[index] as number) |
    ((planes[second + index] as number) << 8) |
    ((planes[third + index] as number) << 16);
  const code = bytes & mask;
  return (code >>> 1) ^ -(code & 1);
}

/** Codes of four to seven bytes as the integers that they stand for. */
function fillWide(planes: Uint8Array, codes: Float64Array, width: number): void {
  const count = codes.length;
  for (let index = 0; index < count; index += 1) {
    let code = 0;
    for (let place = (width - 1) * count + index; place >= 0; place -= count)
      code = code * 256 + (planes[place] as number);
    codes[index] = code % 2 === 0 ? code / 2 : -(code + 1) / 2;
  }
}

function addOnce(codes: Float64Array, first: number): void {
  let value = first;
  for (let index = 0; index < codes.length; index += 1) {
    value += codes[index] as number;
    codes[index] = value;
  }
}

/** One pass: each order adds up what the next one has added up. */
function addTwice(codes: Float64Array, second: number, difference: number): void {
  let value = second;
  let step = difference;
  for (let index = 0; index < codes.length; index += 1) {
    step += codes[index] as number;
    value += step;
    codes[index] = value;
  }
}

function decodeRuns(bytes: Uint8Array, view: DataView, column: Float64Array, depth: number): void {
  const runs = view.getUint32(1, true);
  const size = view.getUint32(5, true);
  if (runs > column.length || isDeflated(bytes) || 9 + size > bytes.length)
    throw corrupt('runs out of range');
  const lengths = new Float64Array(runs);
  decodeColumnInto(bytes.subarray(9, 9 + size), lengths, depth);
  const elements = new Float64Array(runs);
  decodeColumnInto(bytes.subarray(9 + size), elements, depth);
  const target = bitsOf(column);
  const source = bitsOf(elements);
  let place = 0;
  for (let run = 0; run < runs; run += 1) {
    const length = lengths[run] as number;
    if (!Number.isInteger(length) || length < 1) throw corrupt('a run of no whole length');
    if (place + length > column.length) throw corrupt('runs longer than the column');
    const element = elements[run] as number;
    if (length >= LONG_RUN && Number.isInteger(length) && !Number.isNaN(element)) {
      column.fill(element, place, place + length);
      place += length;
      continue;
    }
    for (let index = 0; index < length; index += 1, place += 1) {
      target[2 * place] = source[2 * run] as number;
      target[2 * place + 1] = source[2 * run + 1] as number;
    }
  }
  if (place !== column.length) throw corrupt('runs shorter than the column');
}

function decodePatched(
  bytes: Uint8Array,
  view: DataView,
  column: Float64Array,
  depth: number,
): void {
  const patches = view.getUint32(1, true);
  const placesEnd = 13 + view.getUint32(5, true);
  const elementsEnd = placesEnd + view.getUint32(9, true);
  if (patches > column.length || isDeflated(bytes) || elementsEnd > bytes.length)
    throw corrupt('patches out of range');
  const places = new Float64Array(patches);
  decodeColumnInto(bytes.subarray(13, placesEnd), places, depth);
  const patched = new Float64Array(patches);
  decodeColumnInto(bytes.subarray(placesEnd, elementsEnd), patched, depth);
  decodeColumnInto(bytes.subarray(elementsEnd), column, depth);
  const elements = bitsOf(patched);
  const target = bitsOf(column);
  places.forEach((place, index) => {
    if (!Number.isInteger(place) || place < 0 || place >= column.length)
      throw corrupt('a patch outside the column');
    target[2 * place] = elements[2 * index] as number;
    target[2 * place + 1] = elements[2 * index + 1] as number;
  });
}
