// A column of the catalogue: one value of each row, or none. Pure bytes.
//
// 1. The smallest of three forms that suits: few distinct values by number, numbers as they are, each
//    value in msgpack.
// 2. A value is decoded when it is asked for; what is given is shared and not to be changed.
// 3. Whatever contradicts its own lengths is CORRUPT, and never read past.
//
// Spec: spec/catalogue.md, Column. Test: test/store/format/catalogue-column.test.ts.

import { packBody, unpackBody } from '../../engine/index.ts';
import { RunlogError } from '../../errors.ts';

export const catalogueForm = { dictionary: 1, numbers: 2, heap: 3 } as const;

export interface CatalogueColumn {
  readonly count: number;
  /** Undefined: the row has none. @throws RunlogError CORRUPT. */
  at(row: number): unknown;
}

const HEAD_SIZE = 8;
/** Distinct values that are always worth a dictionary. */
const FEW = 256;

export const corruptColumn = (): RunlogError =>
  new RunlogError('CORRUPT', 'column of the catalogue: its shape');

/** An aligned view, or a copy where there is none. */
function numbersAt<Kind extends Float64Array | Uint32Array | Uint16Array>(
  Numbers: new (buffer: ArrayBuffer, offset?: number, length?: number) => Kind,
  size: number,
  bytes: Uint8Array,
  { start, count }: { start: number; count: number },
): Kind {
  const end = start + size * count;
  if (end > bytes.length) throw corruptColumn();
  if ((bytes.byteOffset + start) % size === 0)
    return new Numbers(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, count);
  return new Numbers(bytes.slice(start, end).buffer);
}

export const wordsAt = (bytes: Uint8Array, start: number, count: number): Uint32Array =>
  numbersAt(Uint32Array, 4, bytes, { start, count });
export const doublesAt = (bytes: Uint8Array, start: number, count: number): Float64Array =>
  numbersAt(Float64Array, 8, bytes, { start, count });

/** Where what each row has begins and ends, of these sizes: as `wordsAt` gives it. */
export function bytesOfEnds(sizes: readonly number[]): Uint8Array {
  const ends = new Uint32Array(sizes.length + 1);
  for (const [index, size] of sizes.entries()) ends[index + 1] = (ends[index] as number) + size;
  return new Uint8Array(ends.buffer);
}

/** Gives equal values equal numbers, from 1; 0 stands for none. */
class Distinct {
  readonly codes: Uint32Array;
  /** By number less 1: the value, until it is known whether it is to be packed. */
  readonly #values: unknown[] = [];
  /** What is one object or one plain value is equal to itself, without a look at its bytes. */
  readonly #same = new Map<unknown, number>();
  readonly #others = new Map<string, number>();

  constructor(values: readonly unknown[]) {
    this.codes = new Uint32Array(values.length);
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row];
      if (value !== undefined) this.codes[row] = this.#codeOf(value);
    }
  }

  get count(): number {
    return this.#values.length;
  }

  packed(): Uint8Array[] {
    return this.#values.map((each) =>
      each instanceof PackedValue ? each.bytes : packBody(each).slice(),
    );
  }

  #codeOf(value: unknown): number {
    const isMinusZero = value === 0 && Object.is(value, -0);
    const known = isMinusZero ? undefined : this.#same.get(value);
    if (known !== undefined) return known;
    if (typeof value === 'object' || isMinusZero) return this.#codeOfBytes(value);
    this.#values.push(value);
    this.#same.set(value, this.#values.length);
    return this.#values.length;
  }

  #codeOfBytes(value: unknown): number {
    const bytes = packBody(value).slice();
    const text = Buffer.from(bytes.buffer).toString('latin1');
    let code = this.#others.get(text);
    if (code === undefined) {
      this.#values.push(new PackedValue(bytes));
      code = this.#values.length;
      this.#others.set(text, code);
    }
    if (value !== 0) this.#same.set(value, code);
    return code;
  }
}

class PackedValue {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Undefined stands for none. */
export function encodeCatalogueColumn(values: readonly unknown[]): Uint8Array {
  const isNumbers = values.every((each) => each === undefined || typeof each === 'number');
  const distinct = new Distinct(values);
  const { codes, count } = distinct;
  if (count <= FEW || count <= values.length / 2) return encodeDictionary(codes, distinct.packed());
  if (isNumbers) return encodeNumbers(values as readonly (number | undefined)[]);
  const packed = distinct.packed();
  return encodeHeap(Array.from(codes, (code) => packed[code - 1]));
}

function head(form: number, width: number, count: number, size: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_SIZE + size);
  bytes[0] = form;
  bytes[1] = width;
  new DataView(bytes.buffer).setUint32(4, count, true);
  return bytes;
}

/** Where each part ends, behind a zero; then the parts. */
function setParts(bytes: Uint8Array, start: number, parts: readonly (Uint8Array | undefined)[]) {
  const ends = new Uint32Array(parts.length + 1);
  let end = 0;
  const first = start + ends.byteLength;
  for (const [index, part] of parts.entries()) {
    if (part !== undefined) bytes.set(part, first + end);
    end += part?.length ?? 0;
    ends[index + 1] = end;
  }
  bytes.set(new Uint8Array(ends.buffer), start);
}

const sizeOf = (parts: readonly (Uint8Array | undefined)[]): number =>
  parts.reduce((sum, part) => sum + 4 + (part?.length ?? 0), 4);

function encodeDictionary(codes: Uint32Array, packed: readonly Uint8Array[]): Uint8Array {
  const width = packed.length < 256 ? 1 : packed.length < 65_536 ? 2 : 4;
  const codesSize = Math.ceil((codes.length * width) / 4) * 4;
  const size = 4 + codesSize + sizeOf(packed);
  const bytes = head(catalogueForm.dictionary, width, codes.length, size);
  new DataView(bytes.buffer).setUint32(HEAD_SIZE, packed.length, true);
  const start = HEAD_SIZE + 4;
  const Codes = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  new Codes(bytes.buffer as ArrayBuffer, start, codes.length).set(codes);
  setParts(bytes, start + codesSize, packed);
  return bytes;
}

function encodeNumbers(values: readonly (number | undefined)[]): Uint8Array {
  const isWhole = values.every((each) => each !== undefined);
  const count = values.length;
  const bitmapSize = isWhole ? 0 : (count + 7) >> 3;
  const bytes = head(catalogueForm.numbers, isWhole ? 0 : 1, count, count * 8 + bitmapSize);
  const numbers = new Float64Array(bytes.buffer, HEAD_SIZE, count);
  const bitmap = bytes.subarray(HEAD_SIZE + count * 8);
  for (const [row, value] of values.entries()) {
    if (value === undefined) continue;
    numbers[row] = value;
    if (!isWhole) bitmap[row >> 3] = (bitmap[row >> 3] as number) | (1 << (row & 7));
  }
  return bytes;
}

function encodeHeap(packed: readonly (Uint8Array | undefined)[]): Uint8Array {
  const bytes = head(catalogueForm.heap, 0, packed.length, sizeOf(packed));
  setParts(bytes, HEAD_SIZE, packed);
  return bytes;
}

/** @throws RunlogError CORRUPT. */
export function openCatalogueColumn(bytes: Uint8Array): CatalogueColumn {
  if (bytes.length < HEAD_SIZE) throw corruptColumn();
  const [form, width] = bytes;
  const [count = 0] = wordsAt(bytes, 4, 1);
  switch (form) {
    case catalogueForm.dictionary:
      return openDictionary(bytes, width as number, count);
    case catalogueForm.numbers:
      return openNumbers(bytes, width === 0, count);
    case catalogueForm.heap: {
      const heap = new Packed(bytes, HEAD_SIZE, count);
      return { count, at: (row) => heap.at(row) };
    }
    default:
      throw corruptColumn();
  }
}

/** Values in msgpack, one behind the other; an empty one stands for none. */
class Packed {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;

  constructor(bytes: Uint8Array, start: number, count: number) {
    this.#ends = wordsAt(bytes, start, count + 1);
    this.#bytes = bytes.subarray(start + 4 * (count + 1));
    if (this.#ends[0] !== 0 || this.#ends[count] !== this.#bytes.length) throw corruptColumn();
  }

  at(index: number): unknown {
    const [start, end] = [this.#ends[index] as number, this.#ends[index + 1] as number];
    if (start > end || end > this.#bytes.length) throw corruptColumn();
    return start === end ? undefined : unpackBody(this.#bytes.subarray(start, end));
  }
}

function openDictionary(bytes: Uint8Array, width: number, count: number): CatalogueColumn {
  const [size = 0] = wordsAt(bytes, HEAD_SIZE, 1);
  const start = HEAD_SIZE + 4;
  const codes = codesAt(bytes, width, { start, count });
  const packed = new Packed(bytes, start + Math.ceil((count * width) / 4) * 4, size);
  const values: unknown[] = new Array(size + 1);
  return {
    count,
    at(row) {
      const code = codes[row] as number;
      if (code === 0) return undefined;
      if (code > size) throw corruptColumn();
      values[code] ??= packed.at(code - 1);
      return values[code];
    },
  };
}

function codesAt(
  bytes: Uint8Array,
  width: number,
  { start, count }: { start: number; count: number },
): Uint8Array | Uint16Array | Uint32Array {
  if (width === 4) return wordsAt(bytes, start, count);
  if (width === 2) return numbersAt(Uint16Array, 2, bytes, { start, count });
  if (width !== 1 || start + count > bytes.length) throw corruptColumn();
  return bytes.subarray(start, start + count);
}

function openNumbers(bytes: Uint8Array, isWhole: boolean, count: number): CatalogueColumn {
  const numbers = doublesAt(bytes, HEAD_SIZE, count);
  if (isWhole) return { count, at: (row) => numbers[row] };
  const bitmap = bytes.subarray(HEAD_SIZE + count * 8);
  if (bitmap.length !== (count + 7) >> 3) throw corruptColumn();
  return {
    count,
    at: (row) => (((bitmap[row >> 3] as number) >> (row & 7)) & 1 ? numbers[row] : undefined),
  };
}
