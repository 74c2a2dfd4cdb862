// Names of a repo become names of files that lie in one directory, on every system, and are never the same.

import { isAbsolute, join, normalize, win32 } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileNameOf, uniqueNames } from '../../src/cli/file-names.ts';

describe('the name of a file', () => {
  it.each([
    ['loss', 'loss'],
    ['samples subset=val', 'samples_subset=val'],
    ['gr\u00f6\u00dfe', 'gr\u00f6\u00dfe'],
    ['', '_'],
    ['.', '_'],
    ['..', '__'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['/etc/passwd', '_etc_passwd'],
    ['C:\\x', 'C__x'],
    ['a\0b\nc\u001b[2J', 'a_b_c_[2J'],
    ['.hidden', '_hidden'],
    ['-rf', '_rf'],
    ['a.', 'a_'],
    ['con', '_con'],
    ['NUL.txt', '_NUL.txt'],
    ['console', 'console'],
    ['a\u202egnp.exe', 'a_gnp.exe'],
  ])('of %j is %j', (text, name) => {
    expect(fileNameOf(text)).toBe(name);
  });

  it('of anything is one name in the directory, of at most 160 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const name = fileNameOf(text);
        expect(name).not.toBe('');
        expect(name).not.toMatch(/[\\/\0]|^\.|^-/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(161);
        expect(normalize(join('/directory', name))).toBe(`/directory/${name}`);
        expect([isAbsolute(name), win32.isAbsolute(name)]).toEqual([false, false]);
        expect(name.isWellFormed()).toBe(true);
      }),
    );
    expect(Buffer.byteLength(fileNameOf('\u00e4'.repeat(1000)))).toBe(160);
  });
});

it('a second of a name, also in another case or Unicode form, is told apart', () => {
  const unique = uniqueNames();
  expect(['a', 'A', 'a~2', 'a'].map((each) => unique(each, '.png'))).toEqual([
    'a.png',
    'A~2.png',
    'a~2~2.png',
    'a~3.png',
  ]);
  expect(unique('\u00e9')).toBe('\u00e9');
  expect(unique('e\u0301')).toBe('e\u0301~2');
});
