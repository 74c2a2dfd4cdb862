// Names: every case accepted or refused, and what the refusal says.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkName,
  checkRunHash,
  checkWriterName,
  generateHash,
  isGeneratedHash,
  isHashPrefix,
  isIdentifier,
} from '../../src/model/names.ts';
import { seeded } from '../support/random.ts';

describe('run hash and writer name', () => {
  it.each([
    'a',
    '0',
    'main',
    'rank-7',
    'a.b_c-d',
    'console',
    'com',
    'com10',
    'nulls',
    'aux1',
    'lpt',
    'x'.repeat(64),
    '7f3c',
  ])('accepts %s', (name) => {
    expect(checkRunHash(name)).toBe(name);
    expect(checkWriterName(name)).toBe(name);
  });

  it.each([
    { name: 'empty', value: '' },
    { name: 'parent', value: '..' },
    { name: 'hidden', value: '.a' },
    { name: 'slash', value: 'a/b' },
    { name: 'backslash', value: 'a\\b' },
    { name: 'NUL', value: 'a\0' },
    { name: 'upper case', value: 'Main' },
    { name: 'space', value: 'a b' },
    { name: 'new line at the end', value: 'a\n' },
    { name: 'colon', value: 'a:b' },
    { name: 'minus first', value: '-a' },
    { name: 'underscore first', value: '_a' },
    { name: 'dot at the end', value: 'a.' },
    { name: 'letter beyond ASCII', value: 'k\u212a' },
    { name: '65 characters', value: 'x'.repeat(65) },
    { name: 'device', value: 'con' },
    { name: 'device with an extension', value: 'nul.txt' },
    { name: 'numbered device', value: 'com1' },
    { name: 'numbered device with extensions', value: 'lpt9.a.b' },
    { name: 'device aux', value: 'aux' },
    { name: 'device prn', value: 'prn.' },
  ])('refuses $name', ({ value }) => {
    expect(() => checkRunHash(value)).toThrow(RangeError);
    expect(() => checkRunHash(value)).toThrow(/^runHash: /);
    expect(() => checkWriterName(value)).toThrow(/^writer: /);
    expect(isIdentifier(value)).toBe(false);
  });

  it.each([undefined, null, 1, {}, ['a'], Symbol('a')])('refuses %s', (value) => {
    expect(() => checkRunHash(value)).toThrow(TypeError);
    expect(() => checkWriterName(value, 'options.writer')).toThrow(
      /^options\.writer: expected a string, got /,
    );
  });

  it('says what was given', () => {
    expect(() => checkRunHash('A/B')).toThrow(
      'runHash: expected [a-z0-9][a-z0-9._-]* without a dot at the end, got "A/B"',
    );
    expect(() => checkRunHash('con')).toThrow('runHash: "con" names a device on Windows');
    expect(() => checkRunHash('x'.repeat(500))).toThrow(
      /at most 64 characters \(identifierSizeMax\), got "x+\.\.\. \(500 characters\)$/,
    );
  });

  it('any accepted name stays in its directory', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 70 }), (name) => {
        expect(isIdentifier(name)).toBe(
          /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) &&
            name.length <= 64 &&
            !name.endsWith('.') &&
            !/^(con|nul|aux|prn|(com|lpt)[0-9])(\.|$)/.test(name),
        );
      }),
      { seed: seeded('names').seed, numRuns: 2000 },
    );
  });
});

describe('hashes', () => {
  it('generates 24 hex digits, each time others', () => {
    const hashes = Array.from({ length: 1000 }, generateHash);
    expect(hashes.every(isGeneratedHash)).toBe(true);
    expect(hashes.every((hash) => checkRunHash(hash) === hash)).toBe(true);
    expect(new Set(hashes).size).toBe(1000);
  });

  it.each([
    ['abc', false],
    ['abcd', true],
    ['0123456789abcdef0123456', true],
    ['0123456789abcdef01234567', false],
    ['ABCD', false],
    ['abcg', false],
    ['abcd\n', false],
    ['', false],
  ])('prefix %s: %s', (text, expected) => {
    expect(isHashPrefix(text)).toBe(expected);
  });

  it.each([
    ['0123456789abcdef01234567', true],
    ['0123456789abcdef0123456', false],
    ['0123456789ABCDEF01234567', false],
  ])('generated %s: %s', (text, expected) => {
    expect(isGeneratedHash(text)).toBe(expected);
  });
});

describe('names that people read', () => {
  it.each(['loss', 'a/b c', '\u00e9\u{1f600}', '\0', ' ', 'x'.repeat(1024), '..'])(
    'accepts %j',
    (name) => {
      expect(checkName(name, 'name')).toBe(name);
    },
  );

  it.each([
    { value: '', error: RangeError, message: 'name: expected a name, got an empty string' },
    {
      value: 'x'.repeat(1025),
      error: RangeError,
      message: /^name: at most 1024 characters \(nameSizeMax\), got "x/,
    },
    {
      value: 'a\ud800',
      error: TypeError,
      message: 'name: not well-formed Unicode, got "a\\ud800"',
    },
    { value: 5, error: TypeError, message: 'name: expected a string, got 5' },
    { value: undefined, error: TypeError, message: 'name: expected a string, got undefined' },
    { value: ['a'], error: TypeError, message: 'name: expected a string, got an array' },
  ])('refuses $value', ({ value, error, message }) => {
    expect(() => checkName(value, 'name')).toThrow(error);
    expect(() => checkName(value, 'name')).toThrow(message);
  });
});
