// Names: what may be a run hash, a writer, a metric, an experiment, a tag. Run hashes and writer
// names become names of directories, on any system, and cannot lead out of theirs.
//
// Spec: spec/directory.md. Test: test/model/names.test.ts.

import { randomBytes } from 'node:crypto';
import { limits } from '../limits.ts';
import { given } from './given.ts';

const GENERATED_HASH_BYTES = 12;

const identifier = /^[a-z0-9][a-z0-9._-]*$/;
/** Names that Windows takes for a device, whatever follows the first dot. */
const device = /^(?:con|nul|aux|prn|com[0-9]|lpt[0-9])(?:\.|$)/;
const generatedHash = /^[0-9a-f]{24}$/;
const hashPrefix = /^[0-9a-f]{4,23}$/;

/** A new run hash: 24 hex digits, 96 random bits. */
export const generateHash = (): string => randomBytes(GENERATED_HASH_BYTES).toString('hex');

export const isGeneratedHash = (text: string): boolean => generatedHash.test(text);

/** True for 4 to 23 hex digits: they may stand for the one generated hash that begins so. */
export const isHashPrefix = (text: string): boolean => hashPrefix.test(text);

/** @throws TypeError, RangeError naming `argument` and what was given. */
export function checkRunHash(value: unknown, argument = 'runHash'): string {
  return checkIdentifier(value, argument);
}

/** @throws TypeError, RangeError naming `argument` and what was given. */
export function checkWriterName(value: unknown, argument = 'writer'): string {
  return checkIdentifier(value, argument);
}

/** True for what `checkRunHash` and `checkWriterName` accept: also what a listing of ours may hold. */
export function isIdentifier(text: string): boolean {
  return (
    text.length <= limits.identifierSizeMax &&
    identifier.test(text) &&
    !text.endsWith('.') &&
    !device.test(text)
  );
}

function checkIdentifier(value: unknown, argument: string): string {
  if (typeof value !== 'string')
    throw new TypeError(`${argument}: expected a string, got ${given(value)}`);
  if (isIdentifier(value)) return value;
  if (value.length > limits.identifierSizeMax) {
    const bound = `at most ${limits.identifierSizeMax} characters (identifierSizeMax)`;
    throw new RangeError(`${argument}: ${bound}, got ${given(value)}`);
  }
  if (device.test(value))
    throw new RangeError(`${argument}: ${given(value)} names a device on Windows`);
  throw new RangeError(
    `${argument}: expected [a-z0-9][a-z0-9._-]* without a dot at the end, got ${given(value)}`,
  );
}

/**
 * A name that people read: metric, experiment, tag, run.
 *
 * @throws TypeError unless a well-formed string, RangeError when empty or too long.
 */
export function checkName(value: unknown, argument: string): string {
  if (typeof value !== 'string')
    throw new TypeError(`${argument}: expected a string, got ${given(value)}`);
  if (value.length === 0) throw new RangeError(`${argument}: expected a name, got an empty string`);
  if (value.length > limits.nameSizeMax) {
    const bound = `at most ${limits.nameSizeMax} characters (nameSizeMax)`;
    throw new RangeError(`${argument}: ${bound}, got ${given(value)}`);
  }
  if (!value.isWellFormed())
    throw new TypeError(`${argument}: not well-formed Unicode, got ${given(value)}`);
  return value;
}
