// format(value, spec): what f-strings do with `{value:spec}`. Python's format specification.
//
// Test: test/query/cpython.test.ts.

import { limits } from '../limits.ts';
import { charge, chargeText } from './budget.ts';
import { DateOnly, DateTime } from './date-value.ts';
import { type FailureKind, QueryFailure, typeError, valueError } from './failure.ts';
import { digitsOf, general, grouped } from './format-number.ts';
import { toFloat } from './number.ts';
import { textOf, textOfFloat } from './represent.ts';
import { formatDate } from './strftime.ts';
import { charactersOf, lengthOfText } from './text.ts';
import { typeNameOf, type Value } from './value.ts';

export interface FormatSpec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly dropsMinusZero: boolean;
  readonly isAlternate: boolean;
  readonly isZeroFilled: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly code: string;
}

const SPEC =
  /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;

export function format(value: Value, text: string): string {
  if (text === '') return textOf(value);
  charge(4);
  if (value instanceof DateTime || value instanceof DateOnly) return formatDate(value, text);
  // Before the specification is read: of other types there is none.
  if (value === null || typeof value === 'object')
    throw typeError(
      `unsupported format string for '${typeNameOf(value)}': ${JSON.stringify(text.slice(0, 50))}`,
      value === null,
    );
  const spec = parseSpec(text, value);
  if (typeof value === 'string') return formatText(value, spec);
  if (typeof value === 'boolean' || typeof value === 'bigint')
    return 'eEfFgG%'.includes(spec.code) && spec.code !== ''
      ? formatFloat(typeof value === 'bigint' ? toFloat(value) : Number(value), spec)
      : formatInteger(BigInt(value), spec);
  return formatFloat(value, spec);
}

function parseSpec(text: string, value: Value): FormatSpec {
  const match = SPEC.exec(text);
  if (match === null)
    throw valueError(`Invalid format specifier '${text}' for type '${typeNameOf(value)}'`);
  const [, fill, align, sign = '', dropsMinusZero, alternate, zero, width, grouping = ''] = match;
  const spec: FormatSpec = {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: align ?? '',
    sign,
    dropsMinusZero: dropsMinusZero !== undefined,
    isAlternate: alternate !== undefined,
    isZeroFilled: zero !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: match[9] === undefined ? undefined : Number(match[9]),
    code: match[10] ?? '',
  };
  chargeText(spec.width);
  return spec;
}

const wrongCode = (code: string, type: string): QueryFailure =>
  valueError(`Unknown format code '${code}' for object of type '${type}'`);

function formatText(value: string, spec: FormatSpec): string {
  if (spec.code !== '' && spec.code !== 's') throw wrongCode(spec.code, 'str');
  const { sign, isAlternate, grouping, dropsMinusZero } = spec;
  if (sign !== '' || isAlternate || dropsMinusZero || grouping !== '' || spec.align === '=')
    throw valueError('sign, #, z, = and grouping are not allowed in the format of a string');
  const cut =
    spec.precision === undefined ? value : charactersOf(value).slice(0, spec.precision).join('');
  return padded('', cut, spec, spec.align === '' ? '<' : spec.align);
}

function formatInteger(value: bigint, spec: FormatSpec): string {
  if (spec.precision !== undefined)
    throw valueError('Precision not allowed in integer format specifier');
  checkOfInteger(spec);
  const digits = value < 0n ? -value : value;
  const sign = signOf(value < 0n, spec);
  switch (spec.code) {
    case '':
    case 'd':
    case 'n':
      return finish(sign, digits.toString(), spec, 3);
    case 'b':
      return finish(sign + (spec.isAlternate ? '0b' : ''), digits.toString(2), spec, 4);
    case 'o':
      return finish(sign + (spec.isAlternate ? '0o' : ''), digits.toString(8), spec, 4);
    case 'x':
      return finish(sign + (spec.isAlternate ? '0x' : ''), digits.toString(16), spec, 4);
    case 'X':
      return finish(sign + (spec.isAlternate ? '0X' : ''), upper(digits.toString(16)), spec, 4);
    case 'c':
      return padded(
        '',
        characterOf(value, 'OverflowError'),
        spec,
        spec.align === '' ? (spec.isZeroFilled ? '=' : '>') : spec.align,
      );
    default:
      throw wrongCode(spec.code, 'int');
  }
}

/** What CPython refuses beside the code. */
function checkOfInteger({ code, grouping, sign, isAlternate, dropsMinusZero }: FormatSpec): void {
  if (dropsMinusZero) throw valueError('z is not allowed in the format of an integer');
  if (grouping === ',' && 'boxXcn'.includes(code) && code !== '')
    throw valueError(`Cannot specify ',' with '${code}'.`);
  if (grouping === '_' && (code === 'c' || code === 'n'))
    throw valueError(`Cannot specify '_' with '${code}'.`);
  if (code === 'c' && (sign !== '' || isAlternate))
    throw valueError("Sign and # are not allowed with 'c'");
}

const upper = (text: string): string => text.toUpperCase();

export function characterOf(value: bigint, kind: FailureKind = 'ValueError'): string {
  if (value < 0n || value > 0x10ffffn)
    throw new QueryFailure(kind, 'a character is in range(0x110000)');
  if (value >= 0xd800n && value <= 0xdfffn)
    throw valueError('half of a surrogate pair is no character');
  return String.fromCodePoint(Number(value));
}

function formatFloat(value: number, spec: FormatSpec): string {
  if ('bcdoxXs'.includes(spec.code) && spec.code !== '') throw wrongCode(spec.code, 'float');
  if (spec.grouping !== '' && spec.code === 'n')
    throw valueError(`Cannot specify '${spec.grouping}' with 'n'.`);
  const scaled = spec.code === '%' ? value * 100 : value;
  const digits = Number.isFinite(scaled)
    ? finiteDigits(Math.abs(scaled), spec)
    : Number.isNaN(scaled)
      ? 'nan'
      : 'inf';
  const isNegative = scaled < 0 || Object.is(scaled, -0);
  const isZero = spec.dropsMinusZero && /^[0.]*(?:e.*)?$/.test(digits);
  const shown = 'EFG'.includes(spec.code) && spec.code !== '' ? upper(digits) : digits;
  const ended = spec.code === '%' ? `${shown}%` : shown;
  return finish(signOf(isNegative && !isZero, spec), ended, spec, 3);
}

function finiteDigits(value: number, spec: FormatSpec): string {
  const { precision, isAlternate } = spec;
  const code = spec.code.toLowerCase();
  if (code === '%') return digitsOf(value, 'f', precision ?? 6, isAlternate);
  if (code === 'e' || code === 'f' || code === 'g')
    return digitsOf(value, code, precision ?? 6, isAlternate);
  if (code === 'n') return digitsOf(value, 'g', precision ?? 6, isAlternate);
  if (precision !== undefined) return general(value, precision, isAlternate, 1);
  const text = textOfFloat(value);
  return isAlternate && !text.includes('.') ? text.replace('e', '.e') : text;
}

function signOf(isNegative: boolean, spec: FormatSpec): string {
  if (isNegative) return '-';
  return spec.sign === '-' ? '' : spec.sign;
}

/** Groups the digits before the point and fills up to the width. */
function finish(sign: string, digits: string, spec: FormatSpec, groupSize: number): string {
  const whole = /^[0-9a-fA-F]+/.exec(digits)?.[0] ?? '';
  const isDigits =
    spec.grouping !== '' && /^[0-9a-fA-F]/.test(digits) && !/^inf|^nan/i.test(digits);
  const wholeDigits = groupSize === 3 ? (/^[0-9]+/.exec(digits)?.[0] ?? '') : whole;
  const rest = digits.slice(wholeDigits.length);
  const align = spec.align === '' ? (spec.isZeroFilled ? '=' : '>') : spec.align;
  if (!isDigits) return padded(sign, digits, spec, align);
  let shown = grouped(wholeDigits, spec.grouping, groupSize);
  if (align === '=' && spec.fill === '0') {
    // Zeros are grouped too, and never begin with a separator.
    const room = spec.width - sign.length - rest.length;
    const size = (count: number): number => count + Math.floor((count - 1) / groupSize);
    let count = wholeDigits.length;
    if (size(count) < room) charge(room - size(count));
    while (size(count) < room) count += 1;
    shown = grouped(wholeDigits.padStart(count, '0'), spec.grouping, groupSize);
  }
  return padded(sign, shown + rest, spec, align);
}

function padded(sign: string, body: string, spec: FormatSpec, align: string): string {
  const missing = spec.width - lengthOfText(sign) - lengthOfText(body);
  if (missing <= 0) return sign + body;
  chargeText(missing);
  if (align === '=') return sign + spec.fill.repeat(missing) + body;
  if (align === '<') return sign + body + spec.fill.repeat(missing);
  if (align === '>') return spec.fill.repeat(missing) + sign + body;
  const before = Math.floor(missing / 2);
  return spec.fill.repeat(before) + sign + body + spec.fill.repeat(missing - before);
}

/** Width of a padding that a method asks for. @throws RunlogError LIMIT */
export function checkedWidth(width: bigint): number {
  const size =
    width > BigInt(limits.queryStringSizeMax) ? limits.queryStringSizeMax + 1 : Number(width);
  chargeText(Math.max(0, size));
  return size;
}
