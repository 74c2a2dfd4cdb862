// str() and repr() of each value, as Python writes them.
//
// Test: test/query/cpython.test.ts.

import { charge, chargeGrowth } from './budget.ts';
import { Complex } from './complex.ts';
import { DateOnly, DateTime, Delta } from './date-value.ts';
import { isoDate, isoDateTime } from './iso-date.ts';
import { QueryObject } from './query-object.ts';
import {
  Bytes,
  Dict,
  DictView,
  FunctionValue,
  List,
  ModuleValue,
  NamedTuple,
  RangeValue,
  SetValue,
  SliceValue,
  type Structure,
  Tuple,
  TypeValue,
  type Value,
} from './value.ts';

export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof DateTime) return isoDateTime(value, ' ', 'auto');
  if (value instanceof DateOnly) return isoDate(value.date);
  if (value instanceof Delta) {
    charge(12);
    return textOfDelta(value);
  }
  return represent(value);
}

export function represent(value: Value): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'bigint':
      charge(Number.isSafeInteger(Number(value)) ? 1 : 256);
      return value.toString();
    case 'number':
      return textOfFloat(value);
    default:
      return value === null ? 'None' : representStructure(value);
  }
}

function representStructure(value: Structure): string {
  charge(1);
  if (value instanceof List) return `[${joined(value.items)}]`;
  if (value instanceof NamedTuple) {
    const members = value.names.map(
      (name, index) => `${name}=${represent(value.items[index] as Value)}`,
    );
    return `${value.shownName}(${members.join(', ')})`;
  }
  if (value instanceof Tuple)
    return value.items.length === 1 ? `(${joined(value.items)},)` : `(${joined(value.items)})`;
  if (value instanceof Dict) return `{${joinedEntries(value)}}`;
  if (value instanceof SetValue) return representSet(value);
  if (value instanceof Bytes) return quoteBytes(value.bytes);
  if (value instanceof RangeValue) {
    const step = value.step === 1n ? '' : `, ${value.step}`;
    return `range(${value.start}, ${value.stop}${step})`;
  }
  if (value instanceof SliceValue) return `slice(${joined([value.start, value.stop, value.step])})`;
  if (value instanceof DateTime || value instanceof DateOnly) return representDate(value);
  if (value instanceof Complex) return representComplex(value);
  if (value instanceof Delta) return representDelta(value);
  if (value instanceof DictView) return representView(value);
  if (value instanceof TypeValue) return `<class '${value.name}'>`;
  if (value instanceof FunctionValue) return `<function ${value.name}>`;
  if (value instanceof ModuleValue) return `<module '${value.name}'>`;
  if (value instanceof QueryObject) return value.text();
  return value.typeName === 'ellipsis' ? 'Ellipsis' : `<${value.typeName} object>`;
}

/** Pays for the text as it grows: shared elements could make it exponentially large. */
function joined(items: readonly Value[]): string {
  let size = 0;
  const parts = items.map((each) => {
    const part = represent(each);
    size += part.length + 2;
    chargeGrowth(size, part.length);
    return part;
  });
  return parts.join(', ');
}

function joinedEntries(dict: Dict): string {
  let size = 0;
  charge(dict.size);
  const parts = Array.from(dict.entries.values(), ([key, value]) => {
    const part = `${represent(key)}: ${represent(value)}`;
    size += part.length + 2;
    chargeGrowth(size, part.length);
    return part;
  });
  return parts.join(', ');
}

function representSet(value: SetValue): string {
  const inside = value.members.size === 0 ? '' : `{${joined([...value.members.values()])}}`;
  if (value.typeName === 'frozenset') return `frozenset(${inside})`;
  return inside === '' ? 'set()' : inside;
}

function representView({ typeName, dict }: DictView): string {
  const entries = [...dict.entries.values()];
  const items = entries.map(([key, value]) =>
    typeName === 'dict_keys' ? key : typeName === 'dict_values' ? value : new Tuple([key, value]),
  );
  return `${typeName}([${joined(items)}])`;
}

function representDate(value: DateTime | DateOnly): string {
  const { year, month, day } = value.date;
  if (value instanceof DateOnly) return `datetime.date(${year}, ${month}, ${day})`;
  const { hour, minute, second, microsecond } = value.time;
  const parts = [year, month, day, hour, minute];
  if (second !== 0 || microsecond !== 0) parts.push(second);
  if (microsecond !== 0) parts.push(microsecond);
  return `datetime.datetime(${parts.join(', ')})`;
}

function representDelta(value: Delta): string {
  const parts = (['days', 'seconds', 'microseconds'] as const)
    .filter((name) => value[name] !== 0n)
    .map((name) => `${name}=${value[name]}`);
  return `datetime.timedelta(${parts.length === 0 ? '0' : parts.join(', ')})`;
}

function representComplex({ real, imag }: Complex): string {
  const short = (value: number): string => textOfFloat(value).replace(/\.0$/, '');
  if (real === 0 && !Object.is(real, -0)) return `${short(imag)}j`;
  const sign = imag < 0 || Object.is(imag, -0) ? '' : '+';
  return `(${short(real)}${sign}${short(imag)}j)`;
}

function textOfDelta(value: Delta): string {
  const { days, seconds, microseconds } = value;
  const two = (number: bigint): string => number.toString().padStart(2, '0');
  const day = days === 1n || days === -1n ? 'day' : 'days';
  const before = days === 0n ? '' : `${days} ${day}, `;
  const after = microseconds === 0n ? '' : `.${microseconds.toString().padStart(6, '0')}`;
  return `${before}${seconds / 3600n}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${after}`;
}

/** The shortest digits that read back as the same float; an exponent below 1e-4 and from 1e16. */
export function textOfFloat(value: number): string {
  charge(3);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [digits = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${Math.abs(exponent).toString().padStart(2, '0')}`;
  }
  // JavaScript writes an exponent below 1e-6 and from 1e21 only.
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

export function quote(text: string): string {
  charge(text.length >>> 5);
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replace(/[\\\n\r\t'"]|[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, (character) => {
    charge(1);
    if (character === "'" || character === '"')
      return character === mark ? `\\${character}` : character;
    return escapes.get(character) ?? escapeOf(character.codePointAt(0) as number);
  });
  return mark + inside + mark;
}

/** repr() with escapes for all that is not ASCII. */
export function asciiOf(value: Value): string {
  const text = represent(value);
  charge(text.length >>> 4);
  return text.replace(/\P{ASCII}/gu, (character) => {
    charge(1);
    return escapeOf(character.codePointAt(0) as number);
  });
}

function escapeOf(point: number): string {
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function quoteBytes(bytes: Uint8Array): string {
  charge(bytes.length >>> 2);
  const text = Buffer.from(bytes).toString('latin1');
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = Array.from(text, (character) => {
    if (character === mark) return `\\${character}`;
    const point = character.charCodeAt(0);
    return escapes.get(character) ?? (point < 32 || point > 126 ? escapeOf(point) : character);
  });
  return `b${mark}${inside.join('')}${mark}`;
}
