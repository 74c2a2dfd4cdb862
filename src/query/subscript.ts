// `object[index]` and slices.
//
// Test: test/query/functions.test.ts.

import { chargeElements, chargeText } from './budget.ts';
import { keyOf } from './compare.ts';
import { QueryFailure, typeError } from './failure.ts';
import { QueryObject } from './query-object.ts';
import { Match } from './regex.ts';
import { represent } from './represent.ts';
import { characterAt, charactersOf, lengthOfText, partOfText } from './text.ts';
import {
  Bytes,
  Dict,
  EllipsisValue,
  List,
  RangeValue,
  SliceValue,
  Structure,
  Tuple,
  typeNameOf,
  type Value,
} from './value.ts';

export function subscript(object: Value, index: Value): Value {
  // Of a missing value everything is missing.
  if (object === null) return null;
  if (typeof object === 'string') return ofText(object, index);
  if (object instanceof Structure) {
    if (object instanceof Dict) return ofDict(object, index);
    if (object instanceof QueryObject) return object.item(index);
    const found = ofItems(object, index);
    if (found !== undefined) return found;
  }
  throw typeError(`'${typeNameOf(object)}' object is not subscriptable`);
}

function ofDict(dict: Dict, index: Value): Value {
  if (!dict.isLenient) {
    const entry = dict.entries.get(keyOf(index));
    if (entry === undefined) throw new QueryFailure('KeyError', represent(index));
    return entry[1];
  }
  if (typeof index === 'string') return dict.getByName(index) ?? null;
  // `run['a', 'b']` is `run['a']['b']`, and `run[()]` all of it.
  if (index instanceof Tuple) return index.items.reduce(subscript, dict as Value);
  if (index instanceof EllipsisValue) return dict;
  return dict.entries.get(keyOf(index))?.[1] ?? null;
}

function ofText(text: string, index: Value): Value {
  const length = lengthOfText(text);
  if (!(index instanceof SliceValue)) return characterAt(text, placeOf(index, length, 'string'));
  const { start, step, count } = picked(index, length);
  chargeText(count);
  if (step === 1) return partOfText(text, start, start + count);
  const characters = charactersOf(text);
  return Array.from({ length: count }, (_, place) => characters[start + place * step]).join('');
}

function ofItems(object: Structure, index: Value): Value | undefined {
  if (object instanceof List || object instanceof Tuple) {
    const { items } = object;
    if (!(index instanceof SliceValue))
      return items[placeOf(index, items.length, object.typeName)] as Value;
    const chosen = placesOf(index, items.length).map((place) => items[place] as Value);
    return object instanceof List ? new List(chosen) : new Tuple(chosen);
  }
  if (object instanceof Bytes) {
    const { bytes } = object;
    if (!(index instanceof SliceValue))
      return BigInt(bytes[placeOf(index, bytes.length, 'bytes')] as number);
    return new Bytes(
      Uint8Array.from(placesOf(index, bytes.length), (each) => bytes[each] as number),
    );
  }
  if (object instanceof Match) return object.group(index).text;
  if (object instanceof RangeValue) {
    if (!(index instanceof SliceValue)) return object.at(placeOf(index, object.length, 'range'));
    return partOfRange(object, index);
  }
  return undefined;
}

/** @throws QueryFailure IndexError, TypeError */
function placeOf(index: Value, length: number, what: string): number {
  if (typeof index !== 'bigint' && typeof index !== 'boolean')
    throw typeError(
      `${what} indices must be integers or slices, not ${typeNameOf(index)}`,
      index === null,
    );
  const given = Number(index);
  const place = given < 0 ? given + length : given;
  if (place < 0 || place >= length)
    throw new QueryFailure('IndexError', `${what} index out of range`);
  return place;
}

/** A range again; one of nothing keeps its ends, as in Python. */
function partOfRange(range: RangeValue, slice: SliceValue): RangeValue {
  const { start, stop, step, count } = picked(slice, range.length);
  const by = typeof slice.step === 'bigint' ? slice.step : BigInt(step);
  return new RangeValue(range.at(start), range.at(stop), range.step * by, count);
}

interface Picked {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly count: number;
}

/** What a slice picks, in its order. */
function picked(slice: SliceValue, length: number): Picked {
  const step = partOf(slice.step) ?? 1;
  if (step === 0) throw new QueryFailure('ValueError', 'slice step cannot be zero');
  const clamp = (part: number | undefined, preset: number): number => {
    if (part === undefined) return preset;
    const place = part < 0 ? part + length : part;
    return step > 0
      ? Math.min(Math.max(place, 0), length)
      : Math.min(Math.max(place, -1), length - 1);
  };
  const start = clamp(partOf(slice.start), step > 0 ? 0 : length - 1);
  const stop = clamp(partOf(slice.stop), step > 0 ? length : -1);
  return { start, stop, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

function placesOf(slice: SliceValue, length: number): number[] {
  const { start, step, count } = picked(slice, length);
  chargeElements(count);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** Beyond any length all are one: as floats they would be infinite, and no count comes out of that. */
function partOf(value: Value): number | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'bigint' && typeof value !== 'boolean')
    throw typeError('slice indices must be integers or None');
  const most = Number.MAX_SAFE_INTEGER;
  return Math.min(Math.max(Number(value), -most), most);
}
