// Encoding one column of a sealed block, as small as it gets without loss.
//
// 1. Every form that fits is tried; the smallest wins. What is decoded (column.ts) is bit for bit what
//    went in.
// 2. Deflating large planes goes to the thread pool; everything else is arithmetic.
//
// Spec: spec/columns.md, Sealed column. Test: test/store/format/column.test.ts.

import { bitsOf, columnForm, DEFLATED, SCALE_MAX } from './column.ts';
import { deflatePlanes, deflatePlanesSync } from './plane-deflate.ts';

/** Bytes of `planes` behind `header`, before deflating. */
interface Candidate {
  readonly form: number;
  readonly header: Uint8Array;
  readonly planes: Uint8Array;
  /** Of the planes; 0: they are columns, deflated already where it paid. */
  readonly width: number;
}

/** The column, spelled. `column` may be empty. */
export async function encodeColumn(column: Float64Array): Promise<Uint8Array> {
  const simple = encodeSimple(column);
  if (simple !== undefined) return simple;
  const spelled = await Promise.all(candidatesOf(column).map(seal));
  return spelled.reduce((best, each) => (each.length < best.length ? each : best));
}

/** As `encodeColumn`, at once: for columns that are known to be small. */
export function encodeColumnSync(column: Float64Array): Uint8Array {
  const simple = encodeSimple(column);
  if (simple !== undefined) return simple;
  const spelled = candidatesOf(column).map((each) =>
    each.width === 0 ? join(each) : join(each, deflatePlanesSync(each.planes, each.width)),
  );
  return spelled.reduce((best, each) => (each.length < best.length ? each : best));
}

/** Quickly, rather than as small as it gets. */
export const encodeColumnPlain = (column: Float64Array): Uint8Array =>
  encodeSimple(column) ?? join(plain(column));

const plain = (column: Float64Array): Candidate => ({
  form: columnForm.float64,
  header: NO_HEADER,
  planes: planesOf(column, 8),
  width: 8,
});

const seal = async (candidate: Candidate): Promise<Uint8Array> =>
  candidate.width === 0
    ? join(candidate)
    : join(candidate, await deflatePlanes(candidate.planes, candidate.width));

function join({ form, header, planes }: Candidate, deflated = planes): Uint8Array {
  const isSmaller = deflated.length < planes.length * 0.98;
  const body = isSmaller ? deflated : planes;
  const bytes = new Uint8Array(1 + header.length + body.length);
  bytes[0] = form | (isSmaller ? DEFLATED : 0);
  bytes.set(header, 1);
  bytes.set(body, 1 + header.length);
  return bytes;
}

/** Constant and linear columns cost a few bytes. */
function encodeSimple(column: Float64Array): Uint8Array | undefined {
  const count = column.length;
  if (count === 0) return new Uint8Array([columnForm.constant, ...new Uint8Array(8)]);
  const bits = bitsOf(column);
  const low = bits[0];
  const high = bits[1];
  let isConstant = true;
  for (let index = 2; index < bits.length && isConstant; index += 2)
    isConstant = bits[index] === low && bits[index + 1] === high;
  const first = column[0] as number;
  if (isConstant) return withFloats(columnForm.constant, column.subarray(0, 1));
  const increment = (column[1] as number) - first;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(increment) || isMinusZero(first))
    return undefined;
  for (let index = 0; index < count; index += 1) {
    const value = column[index] as number;
    if (value !== first + index * increment || isMinusZero(value)) return undefined;
  }
  return withFloats(columnForm.linear, new Float64Array([first, increment]));
}

const isMinusZero = (value: number): boolean => value === 0 && 1 / value < 0;

function withFloats(form: number, floats: Float64Array): Uint8Array {
  const bytes = new Uint8Array(1 + floats.byteLength);
  bytes[0] = form;
  bytes.set(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength), 1);
  return bytes;
}

function candidatesOf(column: Float64Array): Candidate[] {
  const candidates: Candidate[] = [];
  const scaled = scale(column);
  if (scaled !== undefined) {
    for (const order of [0, 1, 2]) {
      const candidate = encodeIntegers(scaled.integers, scaled.exponent, order);
      if (candidate !== undefined) candidates.push(candidate);
    }
    // Widths tell the order apart well enough: only the narrowest go on to be deflated.
    candidates.sort((a, b) => a.planes.length - b.planes.length);
    candidates.length = Math.min(candidates.length, 2);
  }
  const singles = encodeSingles(column);
  if (singles !== undefined) candidates.push(singles);
  const patched = candidates.length === 0 ? encodePatched(column) : undefined;
  if (patched !== undefined) candidates.push(patched);
  if (candidates.length === 0) candidates.push(plain(column));
  const runs = encodeRuns(column);
  if (runs !== undefined) candidates.push(runs);
  return candidates;
}

const NO_HEADER = new Uint8Array(0);

/** Integers m with m / 10^exponent equal to each element, bit for bit; undefined where there are none. */
function scale(column: Float64Array): { integers: Float64Array; exponent: number } | undefined {
  let exponent = 0;
  for (let index = 0; index < column.length; index += 1) {
    const value = column[index] as number;
    if (!Number.isFinite(value) || isMinusZero(value)) return undefined;
    while (!isScaled(value, exponent)) {
      exponent += 1;
      if (exponent > SCALE_MAX) return undefined;
    }
  }
  const factor = 10 ** exponent;
  const integers = new Float64Array(column.length);
  for (let index = 0; index < column.length; index += 1) {
    const value = column[index] as number;
    // An element that a smaller exponent fits may not fit the greatest one.
    if (!isScaled(value, exponent)) return undefined;
    integers[index] = Math.round(value * factor);
  }
  return { integers, exponent };
}

function isScaled(value: number, exponent: number): boolean {
  const factor = 10 ** exponent;
  const integer = Math.round(value * factor);
  return Math.abs(integer) <= 2 ** 51 && integer / factor === value;
}

/** Differences of the given order, zigzag, in byte planes. The first `order` integers are in the header. */
function encodeIntegers(
  integers: Float64Array,
  exponent: number,
  order: number,
): Candidate | undefined {
  const count = integers.length;
  if (count <= order) return undefined;
  const heads = new Float64Array(order);
  let current = integers;
  for (let level = 0; level < order; level += 1) {
    heads[level] = current[0] as number;
    const next = new Float64Array(current.length - 1);
    for (let index = 0; index < next.length; index += 1)
      next[index] = (current[index + 1] as number) - (current[index] as number);
    current = next;
  }
  let most = 0;
  const zigzag = new Float64Array(current.length);
  for (let index = 0; index < current.length; index += 1) {
    const value = current[index] as number;
    const code = value >= 0 ? value * 2 : -value * 2 - 1;
    if (code > 2 ** 53) return undefined;
    zigzag[index] = code;
    if (code > most) most = code;
  }
  let width = 1;
  while (width < 7 && most >= 256 ** width) width += 1;
  const header = new Uint8Array(3 + heads.byteLength);
  header.set([exponent, order, width]);
  header.set(new Uint8Array(heads.buffer), 3);
  return { form: columnForm.integer, header, planes: integerPlanes(zigzag, width), width };
}

function integerPlanes(codes: Float64Array, width: number): Uint8Array {
  const count = codes.length;
  const planes = new Uint8Array(count * width);
  for (let index = 0; index < count; index += 1) {
    let code = codes[index] as number;
    for (let plane = 0; plane < width; plane += 1) {
      const rest = Math.floor(code / 256);
      planes[plane * count + index] = code - rest * 256;
      code = rest;
    }
  }
  return planes;
}

function encodeSingles(column: Float64Array): Candidate | undefined {
  const singles = new Float32Array(column.length);
  for (let index = 0; index < column.length; index += 1) {
    const value = column[index] as number;
    if (Math.fround(value) !== value) return undefined;
    singles[index] = value;
  }
  return { form: columnForm.float32, header: NO_HEADER, planes: planesOf(singles, 4), width: 4 };
}

/** The bytes of all elements, plane by plane: equal exponents then lie side by side. */
function planesOf(column: Float64Array | Float32Array, width: number): Uint8Array {
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const count = column.length;
  const planes = new Uint8Array(bytes.length);
  for (let plane = 0; plane < width; plane += 1) {
    const start = plane * count;
    for (let index = 0, place = plane; index < count; index += 1, place += width)
      planes[start + index] = bytes[place] as number;
  }
  return planes;
}

/**
 * A few elements that are no finite number, apart from the others: [count, size of places, size of
 * elements] places, elements, the column with each replaced by the one before it.
 */
function encodePatched(column: Float64Array): Candidate | undefined {
  const places: number[] = [];
  const rest = column.slice();
  for (let index = 0; index < column.length; index += 1) {
    if (Number.isFinite(column[index])) continue;
    places.push(index);
    if (places.length * 8 > column.length) return undefined;
    rest[index] = index === 0 ? (column.find(Number.isFinite) ?? 0) : (rest[index - 1] as number);
  }
  if (places.length === 0) return undefined;
  const parts = [
    encodeColumnSync(Float64Array.from(places)),
    encodeColumnSync(takeBits(column, places)),
    encodeColumnSync(rest),
  ];
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setUint32(0, places.length, true);
  view.setUint32(4, (parts[0] as Uint8Array).length, true);
  view.setUint32(8, (parts[1] as Uint8Array).length, true);
  return { form: columnForm.patched, header, planes: Buffer.concat(parts), width: 0 };
}

/** Elements as they are: a NaN keeps its payload. */
function takeBits(column: Float64Array, places: readonly number[]): Float64Array {
  const taken = new Float64Array(places.length);
  const source = bitsOf(column);
  const target = bitsOf(taken);
  places.forEach((place, index) => {
    target[2 * index] = source[2 * place] as number;
    target[2 * index + 1] = source[2 * place + 1] as number;
  });
  return taken;
}

/** Runs of equal elements, where they are long: [count of runs] lengths, elements. */
function encodeRuns(column: Float64Array): Candidate | undefined {
  const bits = bitsOf(column);
  const starts: number[] = [0];
  for (let index = 1; index < column.length; index += 1) {
    if (bits[2 * index] !== bits[2 * index - 2] || bits[2 * index + 1] !== bits[2 * index - 1]) {
      starts.push(index);
      if (starts.length * 8 > column.length) return undefined;
    }
  }
  const lengths = Float64Array.from(
    starts,
    (start, index) => (starts[index + 1] ?? column.length) - start,
  );
  const first = encodeColumnSync(lengths);
  const second = encodeColumnSync(takeBits(column, starts));
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, starts.length, true);
  new DataView(header.buffer).setUint32(4, first.length, true);
  const planes = new Uint8Array(first.length + second.length);
  planes.set(first);
  planes.set(second, first.length);
  return { form: columnForm.runs, header, planes, width: 0 };
}
