// The types that a query can name: they convert, and isinstance asks them.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { limits } from '../limits.ts';
import { integer, stringOf, trimEnd, trimStart } from './argument.ts';
import { charge, chargeElements, chargeText } from './budget.ts';
import { isTrue } from './compare.ts';
import { Complex } from './complex.ts';
import { encode } from './encoding.ts';
import { limitError, typeError, valueError } from './failure.ts';
import { dictOf, elementsOf, setOf } from './iterate.ts';
import { integerOf, toFloat } from './number.ts';
import { parseFloating, parseInteger } from './number-text.ts';
import { complexOf } from './operators.ts';
import { represent, textOf } from './represent.ts';
import { type Keywords, signature } from './signature.ts';
import { charactersOf } from './text.ts';
import {
  Bytes,
  Dict,
  ELLIPSIS,
  FunctionValue,
  List,
  RangeValue,
  SetValue,
  SliceValue,
  Tuple,
  TypeValue,
  typeNameOf,
  type Value,
} from './value.ts';

function type(
  text: string,
  has: (value: Value) => boolean,
  make: (...given: Value[]) => Value,
  members?: ReadonlyMap<string, Value>,
): TypeValue {
  const parsed = signature(text);
  const call = (given: readonly Value[], keywords: Keywords) =>
    make(...parsed.bind(given, keywords));
  return new TypeValue(parsed.name, has, call, members);
}

function toInteger(value: Value, base: Value): Value {
  if (typeof value === 'string') {
    const number = base === ELLIPSIS ? 10 : Number(integer(base));
    if (number !== 0 && (number < 2 || number > 36))
      throw valueError('int() base must be >= 2 and <= 36, or 0');
    const parsed = parseInteger(value, number);
    if (parsed !== undefined) return parsed;
    throw valueError(`invalid literal for int() with base ${number}: ${represent(value)}`);
  }
  if (base !== ELLIPSIS) throw typeError("int() can't convert non-string with explicit base");
  if (typeof value === 'bigint' || typeof value === 'boolean') return BigInt(value);
  if (typeof value === 'number') return integerOf(value);
  throw typeError(
    `int() argument must be a string or a number, not '${typeNameOf(value)}'`,
    value === null,
  );
}

function toFloatValue(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return toFloat(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string')
    throw typeError(
      `float() argument must be a string or a number, not '${typeNameOf(value)}'`,
      value === null,
    );
  const parsed = parseFloating(value);
  if (parsed === undefined)
    throw valueError(`could not convert string to float: ${represent(value)}`);
  return parsed;
}

function makeTranslation(from: Value, to: Value, dropped: Value): Dict {
  if (to === null) {
    if (!(from instanceof Dict)) throw typeError('maketrans() with one argument takes a dict');
    return dictOf(
      Array.from(
        from.entries.values(),
        ([key, value]) =>
          [typeof key === 'string' ? BigInt(key.codePointAt(0) ?? 0) : key, value] as const,
      ),
    );
  }
  const point = (character: string): bigint => BigInt(character.codePointAt(0) as number);
  const sources = charactersOf(stringOf(from, 'the first argument'));
  const targets = charactersOf(stringOf(to, 'the second argument'));
  if (sources.length !== targets.length)
    throw valueError('the first two maketrans arguments must have equal length');
  return dictOf([
    ...sources.map((each, index) => [point(each), point(targets[index] as string)] as const),
    ...charactersOf(dropped === null ? '' : stringOf(dropped, 'the third argument')).map(
      (each) => [point(each), null] as const,
    ),
  ]);
}

/** Two floats as they are written have fewer characters. */
const COMPLEX_SIZE_MAX = 200;
const FLOAT = '(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?';
const COMPLEX = new RegExp(
  `^(?:([-+]?${FLOAT})(?:([-+](?:${FLOAT})?)j)?|([-+]?(?:${FLOAT})?)j)$`,
  'i',
);

/** As complex(text) reads it: no blanks within, brackets around are taken. */
function parseComplex(text: string): Complex {
  charge(8);
  const isShort = text.length <= COMPLEX_SIZE_MAX;
  const bare = isShort ? trimStart(trimEnd(text)) : '';
  const isBracketed = bare.startsWith('(') && bare.endsWith(')');
  const match = COMPLEX.exec(isBracketed ? trimStart(trimEnd(bare.slice(1, -1))) : bare);
  if (match === null) throw valueError('complex() arg is a malformed string');
  const [, real = '0', imag, alone] = match;
  // `1-j` has a sign only.
  const size = imag ?? alone ?? '0';
  return new Complex(Number(real), Number(/\d/.test(size) ? size : `${size}1`));
}

function makeComplex(real: Value, imag: Value): Complex {
  if (typeof real === 'string') {
    if (imag !== 0n) throw typeError("complex() can't take second arg if first is a string");
    return parseComplex(real);
  }
  const [left, right] = [complexOf(real), complexOf(imag)];
  if (left === undefined || right === undefined)
    throw typeError('complex() takes numbers', real === null || imag === null);
  return new Complex(left.real - right.imag, left.imag + right.real);
}

function makeRange(given: readonly Value[]): RangeValue {
  const [first, second, third] = given.map(integer);
  if (first === undefined || given.length > 3) throw typeError('range() takes 1 to 3 arguments');
  const [start, stop] = second === undefined ? [0n, first] : [first, second];
  const step = third ?? 1n;
  if (step === 0n) throw valueError('range() arg 3 must not be zero');
  const span = step > 0n ? stop - start : start - stop;
  const size = step > 0n ? step : -step;
  const count = span <= 0n ? 0n : (span + size - 1n) / size;
  if (count > BigInt(limits.queryElementCountMax))
    throw limitError('queryElementCountMax', 'a range of more elements');
  return new RangeValue(start, stop, step, Number(count));
}

function makeDict(source: Value, keywords: Keywords): Dict {
  const pairs: (readonly [Value, Value])[] = [];
  if (source instanceof Dict) pairs.push(...source.entries.values());
  else
    for (const each of elementsOf(source)) {
      const [key, value, ...rest] = elementsOf(each);
      if (key === undefined || value === undefined || rest.length > 0)
        throw valueError('dict() takes pairs of a key and a value');
      pairs.push([key, value]);
    }
  for (const entry of keywords ?? []) pairs.push(entry);
  chargeElements(pairs.length);
  return dictOf(pairs);
}

/** `encoding` is of texts only, as in Python. */
function makeBytes(value: Value, encoding: Value | undefined): Bytes {
  if (encoding !== undefined && typeof value !== 'string')
    throw typeError('encoding without a string argument');
  if (value instanceof Bytes) return value;
  if (typeof value === 'string') {
    if (encoding === undefined) throw typeError('string argument without an encoding');
    return encode(value, encoding);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') {
    const count = Number(value);
    if (count < 0) throw valueError('negative count');
    chargeText(count);
    return new Bytes(new Uint8Array(count));
  }
  const bytes = elementsOf(value).map(integer);
  if (bytes.some((each) => each < 0n || each > 255n))
    throw valueError('bytes must be in range(0, 256)');
  return new Bytes(Uint8Array.from(bytes, Number));
}

const maketrans = signature('maketrans(x, y=None, z=None)');

/** Each type with the signature that the page shows. */
export const typeSignatures: readonly string[] = [
  'bool(x=False)',
  'bytes(source=(), encoding=None)',
  'complex(real=0, imag=0)',
  'dict(source=(), **members)',
  'float(x=0)',
  'frozenset(iterable=())',
  'int(x=0, base=...)',
  'list(iterable=())',
  'range(start, stop, step=1)',
  'set(iterable=())',
  'slice(start, stop, step=None)',
  "str(object='')",
  'tuple(iterable=())',
];

const NOTHING = new Tuple([]);

/** Not by `??`: None may be given, and there is no loop over it. */
function onlyOne(name: string, given: readonly Value[]): Value {
  if (given.length > 1) throw typeError(`${name}() takes at most 1 argument, got ${given.length}`);
  return given.length === 0 ? NOTHING : (given[0] as Value);
}

const optional =
  (name: string, make: (value: Value) => Value): ((given: Value | undefined) => Value) =>
  (given) =>
    make(onlyOne(name, (given as Tuple).items));

export const types: readonly TypeValue[] = [
  type(
    'bool(x=False)',
    (value) => typeof value === 'boolean',
    (value) => isTrue(value as Value),
  ),
  new TypeValue(
    'bytes',
    (value) => value instanceof Bytes,
    ([value = NOTHING, ...encoding]) =>
      makeBytes(value, encoding.length === 0 ? undefined : onlyOne('bytes', encoding)),
  ),
  type(
    'complex(real=0, imag=0)',
    (value) => value instanceof Complex,
    (real, imag) => makeComplex(real as Value, imag as Value),
  ),
  new TypeValue(
    'dict',
    (value) => value instanceof Dict,
    (given, keywords) => makeDict(onlyOne('dict', given), keywords),
  ),
  type(
    'float(x=0)',
    (value) => typeof value === 'number',
    (value) => toFloatValue(value as Value),
  ),
  type(
    'frozenset(*iterable)',
    (value) => value instanceof SetValue && value.typeName === 'frozenset',
    optional('frozenset', (value) => setOf(elementsOf(value), 'frozenset')),
  ),
  type(
    'int(x=0, base=...)',
    (value) => typeof value === 'bigint' || typeof value === 'boolean',
    (value, base) => toInteger(value as Value, base as Value),
  ),
  type(
    'list(*iterable)',
    (value) => value instanceof List,
    optional('list', (value) => new List(elementsOf(value))),
  ),
  new TypeValue('range', (value) => value instanceof RangeValue, makeRange),
  type(
    'set(*iterable)',
    (value) => value instanceof SetValue && value.typeName === 'set',
    optional('set', (value) => setOf(elementsOf(value))),
  ),
  new TypeValue(
    'slice',
    (value) => value instanceof SliceValue,
    (given) => {
      if (given.length === 0 || given.length > 3) throw typeError('slice() takes 1 to 3 arguments');
      return given.length === 1
        ? new SliceValue(null, given[0] as Value, null)
        : new SliceValue(given[0] ?? null, given[1] ?? null, given[2] ?? null);
    },
  ),
  type(
    "str(object='')",
    (value) => typeof value === 'string',
    (value) => textOf(value as Value),
    new Map([
      [
        'maketrans',
        new FunctionValue('maketrans', (given, keywords) =>
          makeTranslation(...(maketrans.bind(given, keywords) as [Value, Value, Value])),
        ),
      ],
    ]),
  ),
  type(
    'tuple(*iterable)',
    (value) => value instanceof Tuple,
    optional('tuple', (value) => new Tuple(elementsOf(value))),
  ),
];
