// Whether a value is a secret, given what its name says and how it is written.
//
// Test: test/system/redact/redactor.test.ts. Page: spec/redaction.md.

import type { NameLevel } from './secret-names.ts';
import {
  isClearlyRandom,
  isExpression,
  isGuarded,
  isIdentifier,
  isNumber,
  isPath,
  isPlain,
  isProse,
  judgedSize,
} from './secret-values.ts';

const isAddress = (value: string): boolean => /^[a-z][\w+.-]{1,20}:\/\//i.test(value);

/** A whole value of a name: a variable of the environment, a flag of a command. */
export function isSecretValue(level: NameLevel, whole: string): boolean {
  if (level === 'none') return false;
  const value = whole.slice(0, judgedSize).trim();
  if (isPlain(value) || isReference(value)) return false;
  if (level === 'likely') return isGuarded(value);
  if (level === 'weak') return isClearlyRandom(value);
  if (isAddress(value)) return false;
  return level === 'password' || !/^[+-]?\d{1,7}(?:\.\d+)?$/.test(value);
}

/** A file that holds the secret, rather than the secret. */
const isReference = (value: string): boolean =>
  (value.match(/[/\\]/g)?.length ?? 0) >= 2 && isPath(value);

const labels =
  /^(?:password|passwd|passphrase|secret|token|api[-_ ]?key|key|string|str|text|hidden|required|optional|bearer|basic|masked|username|user|email|object|boolean|integer|number)s?$/i;

/** Between quotes, in a file or a program. */
export function isSecretQuoted(level: NameLevel, whole: string): boolean {
  const value = whole.slice(0, judgedSize);
  if (level !== 'password' && level !== 'secret') return isSecretValue(level, value);
  if (labels.test(value) || isProse(value) || isTemplate(value)) return false;
  return isSecretValue(level, value);
}

/** Places for values, and little besides. */
const isTemplate = (value: string): boolean =>
  /[{%$]/.test(value) &&
  value.replace(/\$?\{\{?[^{}]{0,100}\}\}?|%[sdr]|\$\w+/g, '').replace(/\W+/g, '').length < 4 &&
  /\{[^{}]*\}|%[sdr]|\$\w/.test(value);

/** How a value without quotes stands in its line. */
export interface Place {
  readonly name: string;
  readonly isColon: boolean;
  /** Blanks between the name and the value. */
  readonly isSpaced: boolean;
  readonly isLineStart: boolean;
  /** Nothing but a comment comes after it. */
  readonly isLineEnd: boolean;
  /** Between the brackets of a call, so that a word is a variable. */
  readonly isArgument: boolean;
}

/** Without quotes: in programs an expression, in settings and logs the value itself. */
export function isSecretBare(level: NameLevel, whole: string, place: Place): boolean {
  const value = whole.slice(0, judgedSize);
  if (isPlain(value) || isExpression(value)) return false;
  if (level === 'likely' || level === 'weak') return isSecretValue(level, value);
  if (isPath(value) && /^[~.]{0,2}[/\\]/.test(value)) return false;
  if (!isSecretValue(level, value)) return false;
  if (isIdentifier(value)) return isWordSecret(level, value, place);
  if (!place.isSpaced || (place.isLineEnd && place.isLineStart))
    return !isNumericArgument(value, place);
  return isGuarded(value) || (value.length >= 6 && /\d/.test(value) && /[a-z]/i.test(value));
}

const isNumericArgument = (value: string, place: Place): boolean =>
  place.isArgument && isNumber(value);

/** A word is a password in a file of settings, and a variable in a program. */
function isWordSecret(level: NameLevel, value: string, place: Place): boolean {
  if (place.isSpaced)
    return (
      level === 'password' &&
      place.isColon &&
      place.isLineStart &&
      place.isLineEnd &&
      value === value.toLowerCase() &&
      !labels.test(value)
    );
  if (place.isArgument) return false;
  if (place.name.toLowerCase().endsWith(value.toLowerCase())) return false;
  const isConstant = /^[A-Z_]+$/.test(value) && place.name === place.name.toLowerCase();
  return !isConstant && !place.isColon;
}
