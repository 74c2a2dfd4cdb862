// Decoding one column of a sealed block.
//
// 1. Believes no count before it has bounded it, and never reads past its bytes: they may be anything.
// 2. What comes out is bit for bit what went in.
//
// Spec: spec/columns.md, Sealed column. Test: test/store/column.test.ts.

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
/** Each level of runs is at most an eighth of the one around it. */
const DEPTH_MAX = 8;

/** The words of a column, for comparing and copying elements bit by bit. */
export const bitsOf = (column: Float64Array): Uint32Array =>
  new Uint32Array(column.buffer, column.byteOffset, column.length * 2);

const corrupt = (reason: string): RunlogError =>
  new RunlogError('CORRUPT', `a sealed column: ${reason}`);

/** @throws RunlogError CORRUPT. Requires: `count` was bounded by the caller. */
export function decodeColumn(bytes: Uint8Array, count: number, depth = 0): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (size: number): void => {
    if (bytes.length < size) throw corrupt('too short');
  };
  need(1);
  const form = (bytes[0] as number) & ~DEFLATED;
  const planes = (start: number, size: number): Uint8Array => {
    need(start);
    const stored = bytes.subarray(start);
    const isDeflated = ((bytes[0] as number) & DEFLATED) !== 0;
    const whole = isDeflated ? inflate(stored, size) : stored;
    if (whole.length !== size) throw corrupt('planes of another size');
    return whole;
  };
  switch (form) {
    case columnForm.constant:
      need(9);
      return constantColumn(bytes, count);
    case columnForm.linear: {
      need(17);
      const first = view.getFloat64(1, true);
      const increment = view.getFloat64(9, true);
      const column = new Float64Array(count);
      for (let index = 0; index < count; index += 1) column[index] = first + index * increment;
      return column;
    }
    case columnForm.integer: {
      need(4);
      const [exponent, order, width] = bytes.subarray(1, 4) as unknown as [number, number, number];
      if (exponent > SCALE_MAX || order > 2 || width < 1 || width > 7 || order >= count)
        throw corrupt('numbers out of range');
      need(4 + 8 * order);
      const heads = Array.from({ length: order }, (_, level) =>
        view.getFloat64(4 + 8 * level, true),
      );
      const size = (count - order) * width;
      return decodeIntegers(planes(4 + 8 * order, size), count, { exponent, order, width, heads });
    }
    case columnForm.float32: {
      const singles = new Float32Array(count);
      fromPlanes(planes(1, 4 * count), new Uint8Array(singles.buffer), 4);
      return Float64Array.from(singles);
    }
    case columnForm.float64: {
      const column = new Float64Array(count);
      fromPlanes(planes(1, 8 * count), new Uint8Array(column.buffer), 8);
      return column;
    }
    case columnForm.runs: {
      need(9);
      if (depth > DEPTH_MAX) throw corrupt('runs within runs');
      return decodeRuns(bytes, view, count, depth + 1);
    }
    case columnForm.patched:
      need(13);
      if (depth > DEPTH_MAX) throw corrupt('patches within patches');
      return decodePatched(bytes, view, count, depth + 1);
    default:
      throw corrupt(`unknown form ${form}`);
  }
}

function constantColumn(bytes: Uint8Array, count: number): Float64Array {
  const column = new Float64Array(count);
  const all = new Uint8Array(column.buffer);
  // Copied as bytes: a NaN keeps its payload.
  for (let place = 0; place < all.length; place += 8) all.set(bytes.subarray(1, 9), place);
  return column;
}

function inflate(stored: Uint8Array, size: number): Uint8Array {
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new RunlogError('CORRUPT', 'a sealed column: does not inflate', { cause: error });
  }
}

function decodeIntegers(
  planes: Uint8Array,
  count: number,
  form: { exponent: number; order: number; width: number; heads: number[] },
): Float64Array {
  const { exponent, order, width, heads } = form;
  const column = new Float64Array(count);
  const rest = count - order;
  for (let plane = width - 1; plane >= 0; plane -= 1) {
    const start = plane * rest;
    for (let index = 0; index < rest; index += 1) {
      const place = index + order;
      column[place] = (column[place] as number) * 256 + (planes[start + index] as number);
    }
  }
  for (let index = order; index < count; index += 1) {
    const code = column[index] as number;
    column[index] = code % 2 === 0 ? code / 2 : -(code + 1) / 2;
  }
  for (let level = order - 1; level >= 0; level -= 1) {
    let value = heads[level] as number;
    column[level] = value;
    for (let index = level + 1; index < count; index += 1) {
      value += column[index] as number;
      column[index] = value;
    }
  }
  if (exponent > 0) {
    const factor = 10 ** exponent;
    for (let index = 0; index < count; index += 1)
      column[index] = (column[index] as number) / factor;
  }
  return column;
}

function fromPlanes(planes: Uint8Array, target: Uint8Array, width: number): void {
  const count = planes.length / width;
  for (let plane = 0; plane < width; plane += 1) {
    const start = plane * count;
    for (let index = 0, place = plane; index < count; index += 1, place += width)
      target[place] = planes[start + index] as number;
  }
}

function decodeRuns(bytes: Uint8Array, view: DataView, count: number, depth: number): Float64Array {
  const runs = view.getUint32(1, true);
  const size = view.getUint32(5, true);
  if (runs > count || ((bytes[0] as number) & DEFLATED) !== 0 || 9 + size > bytes.length)
    throw corrupt('runs out of range');
  const lengths = decodeColumn(bytes.subarray(9, 9 + size), runs, depth);
  const elements = decodeColumn(bytes.subarray(9 + size), runs, depth);
  const column = new Float64Array(count);
  const target = bitsOf(column);
  const source = bitsOf(elements);
  let place = 0;
  for (let run = 0; run < runs; run += 1) {
    const length = lengths[run] as number;
    if (!(length > 0) || place + length > count) throw corrupt('runs longer than the column');
    for (let index = 0; index < length; index += 1, place += 1) {
      target[2 * place] = source[2 * run] as number;
      target[2 * place + 1] = source[2 * run + 1] as number;
    }
  }
  if (place !== count) throw corrupt('runs shorter than the column');
  return column;
}

function decodePatched(
  bytes: Uint8Array,
  view: DataView,
  count: number,
  depth: number,
): Float64Array {
  const patches = view.getUint32(1, true);
  const placesEnd = 13 + view.getUint32(5, true);
  const elementsEnd = placesEnd + view.getUint32(9, true);
  if (patches > count || elementsEnd > bytes.length) throw corrupt('patches out of range');
  const places = decodeColumn(bytes.subarray(13, placesEnd), patches, depth);
  const elements = bitsOf(decodeColumn(bytes.subarray(placesEnd, elementsEnd), patches, depth));
  const column = decodeColumn(bytes.subarray(elementsEnd), count, depth);
  const target = bitsOf(column);
  places.forEach((place, index) => {
    if (!Number.isInteger(place) || place < 0 || place >= count)
      throw corrupt('a patch outside the column');
    target[2 * place] = elements[2 * index] as number;
    target[2 * place + 1] = elements[2 * index + 1] as number;
  });
  return column;
}
