// The methods of lists, tuples, sets, dicts, ranges and bytes that read. What changes a collection in
// Python is not there: a query changes nothing.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { integer, placeWithin } from './argument.ts';
import { charge, chargeElements, chargeText } from './budget.ts';
import { isSame, isSubset, keyOf } from './compare.ts';
import { decode } from './encoding.ts';
import { QueryFailure, typeError, valueError } from './failure.ts';
import { elementsOf, setOf } from './iterate.ts';
import { type MemberTable, members } from './methods.ts';
import { represent } from './represent.ts';
import {
  Bytes,
  type Dict,
  DictView,
  ELLIPSIS,
  type List,
  type RangeValue,
  SetValue,
  type SliceValue,
  type Tuple,
  type Value,
} from './value.ts';

function indexOf(items: readonly Value[], wanted: Value, start: Value, stop: Value): bigint {
  if (start === null || stop === null)
    throw typeError('index() takes integers as its places', true);
  chargeElements(items.length);
  const from = placeWithin(start, items.length, 0);
  const to = placeWithin(stop === ELLIPSIS ? null : stop, items.length, items.length);
  const place = items.findIndex(
    (each, index) => index >= from && index < to && isSame(each, wanted),
  );
  if (place < 0) throw valueError(`${represent(wanted)} is not in the list`);
  return BigInt(place);
}

function countOf(items: readonly Value[], wanted: Value): bigint {
  chargeElements(items.length);
  return BigInt(items.filter((each) => isSame(each, wanted)).length);
}

export const listMembers: MemberTable<List> = members<List>({
  'copy()': (self) => self,
  'count(value)': (self, value) => countOf(self.items, value as Value),
  'index(value, start=0, stop=...)': (self, value, start, stop) =>
    indexOf(self.items, value as Value, start as Value, stop as Value),
});

export const tupleMembers: MemberTable<Tuple> = members<Tuple>({
  'count(value)': (self, value) => countOf(self.items, value as Value),
  'index(value, start=0, stop=...)': (self, value, start, stop) =>
    indexOf(self.items, value as Value, start as Value, stop as Value),
});

const asSet = (value: Value): SetValue =>
  value instanceof SetValue ? value : setOf(elementsOf(value));

const othersOf = (value: Value | undefined): SetValue[] => (value as Tuple).items.map(asSet);

function filtered(set: SetValue, keep: (key: never) => boolean): SetValue {
  chargeElements(set.members.size);
  const kept = [...set.members].filter(([key]) => keep(key as never));
  return new SetValue(new Map(kept), set.typeName);
}

export const setMembers: MemberTable<SetValue> = members<SetValue>({
  'copy()': (self) => self,
  'difference(*others)': (self, others) => {
    const sets = othersOf(others);
    return filtered(self, (key) => !sets.some((each) => each.members.has(key)));
  },
  'intersection(*others)': (self, others) => {
    const sets = othersOf(others);
    return filtered(self, (key) => sets.every((each) => each.members.has(key)));
  },
  'isdisjoint(other)': (self, other) => {
    const set = asSet(other as Value);
    chargeElements(self.members.size);
    return ![...self.members.keys()].some((key) => set.members.has(key));
  },
  'issubset(other)': (self, other) => isSubset(self, asSet(other as Value)),
  'issuperset(other)': (self, other) => isSubset(asSet(other as Value), self),
  'symmetric_difference(other)': (self, other) => {
    const set = asSet(other as Value);
    const left = filtered(self, (key) => !set.members.has(key));
    const right = filtered(set, (key) => !self.members.has(key));
    return new SetValue(new Map([...left.members, ...right.members]), self.typeName);
  },
  'union(*others)': (self, others) => {
    const all = [self, ...othersOf(others)].flatMap((each) => [...each.members.values()]);
    chargeElements(all.length);
    return setOf(all, self.typeName);
  },
});

/** Names that Python's dict has: of params too they are the methods, never the member. */
export const dictNames: ReadonlySet<string> = new Set([
  'clear',
  'copy',
  'fromkeys',
  'get',
  'items',
  'keys',
  'pop',
  'popitem',
  'setdefault',
  'update',
  'values',
]);

export const dictMembers: MemberTable<Dict> = members<Dict>({
  'copy()': (self) => self,
  'get(key, default=None)': (self, key, preset) => {
    if (typeof key === 'string') {
      // Not `??`: a stored None is there.
      const found = self.getByName(key);
      return found === undefined ? (preset as Value) : found;
    }
    const entry = self.entries.get(keyOf(key as Value));
    return entry === undefined ? (preset as Value) : entry[1];
  },
  'items()': (self) => new DictView('dict_items', self),
  'keys()': (self) => new DictView('dict_keys', self),
  'values()': (self) => new DictView('dict_values', self),
});

export const viewMembers: MemberTable<DictView> = members<DictView>({
  'isdisjoint(other)': (self, other) => {
    const set = asSet(other as Value);
    return !elementsOf(self).some((each) => set.members.has(keyOf(each)));
  },
});

export const rangeMembers: MemberTable<RangeValue> = members<RangeValue>(
  {
    'count(value)': (self, value) => (rangePlace(self, value as Value) < 0 ? 0n : 1n),
    'index(value)': (self, value) => {
      const place = rangePlace(self, value as Value);
      if (place < 0) throw valueError(`${represent(value as Value)} is not in range`);
      return BigInt(place);
    },
  },
  { start: (self) => self.start, stop: (self) => self.stop, step: (self) => self.step },
);

/** Where the value stands in the range, without a loop; -1: nowhere. */
export function rangePlace(range: RangeValue, value: Value): number {
  const wanted =
    typeof value === 'boolean'
      ? BigInt(value)
      : typeof value === 'number' && Number.isInteger(value)
        ? BigInt(value)
        : value;
  if (typeof wanted !== 'bigint' || range.length === 0) return -1;
  const distance = wanted - range.start;
  if (distance % range.step !== 0n) return -1;
  const place = distance / range.step;
  return place >= 0n && place < BigInt(range.length) ? Number(place) : -1;
}

export const sliceMembers: MemberTable<SliceValue> = members<SliceValue>(
  {},
  { start: (self) => self.start, stop: (self) => self.stop, step: (self) => self.step },
);

function isAtEdge(bytes: Uint8Array, edge: Value, atStart: boolean): boolean {
  if (!(edge instanceof Bytes)) throw new QueryFailure('TypeError', 'a bytes value is required');
  const { length } = edge.bytes;
  if (length > bytes.length) return false;
  charge(length >>> 6);
  const part = atStart ? bytes.subarray(0, length) : bytes.subarray(bytes.length - length);
  return Buffer.compare(part, edge.bytes) === 0;
}

export const bytesMembers: MemberTable<Bytes> = members<Bytes>({
  "decode(encoding='utf-8')": (self, encoding) => decode(self.bytes, encoding as Value),
  'endswith(suffix)': (self, suffix) => isAtEdge(self.bytes, suffix as Value, false),
  'find(sub)': (self, sub) => BigInt(placeInBytes(self, sub as Value)),
  'hex()': (self) => {
    chargeText(self.bytes.length * 2);
    return Buffer.from(self.bytes).toString('hex');
  },
  'startswith(prefix)': (self, prefix) => isAtEdge(self.bytes, prefix as Value, true),
});

/** -1: nowhere. */
export function placeInBytes({ bytes }: Bytes, sub: Value): number {
  charge(bytes.length >>> 5);
  const wanted = sub instanceof Bytes ? sub.bytes : byteOf(integer(sub));
  return viewOf(bytes).indexOf(viewOf(wanted));
}

function byteOf(value: bigint): Uint8Array {
  if (value < 0n || value > 255n) throw valueError('byte must be in range(0, 256)');
  return Uint8Array.of(Number(value));
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);
