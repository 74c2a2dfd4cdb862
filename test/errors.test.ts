// The one error class: a code that is known, facts beside the message, the cause kept; and the place
// where errors of the file system are wrapped, once.

import { expect, it } from 'vitest';
import { asRunlogError, errorCode, errorCodes, RunlogError } from '../src/errors.ts';

const ofNode = (code: string): Error => Object.assign(new Error(`${code}: failed`), { code });

it('has a code, a message, details and a cause, and is an Error', () => {
  const cause = new Error('before');
  const error = new RunlogError('CORRUPT', 'what', { file: '/f', offset: 8, size: 3, cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'RunlogError', code: 'CORRUPT', message: 'what', cause });
  expect(error.details).toEqual({ file: '/f', offset: 8, size: 3 });
  const plain = new RunlogError('IO', 'what');
  expect([plain.details, 'cause' in plain]).toEqual([{}, false]);
});

it('codes are upper case and each says what it means', () => {
  for (const [code, meaning] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(meaning).toMatch(/^\S.*\S$/);
  }
});

it('an error of Node is wrapped as IO with what was being done; ours and all others pass', () => {
  const wrapped = asRunlogError(ofNode('ENOSPC'), '/log') as RunlogError;
  expect(wrapped).toMatchObject({ code: 'IO', message: '/log: ENOSPC: failed' });
  expect(errorCode(wrapped.cause)).toBe('ENOSPC');
  expect(asRunlogError(wrapped, '/again'), 'once').toBe(wrapped);
  const mistake = new TypeError('a mistake of the caller');
  expect(asRunlogError(mistake, '/log')).toBe(mistake);
  for (const thrown of [undefined, null, 'text', 7]) {
    expect(asRunlogError(thrown, '/log')).toBe(thrown);
    expect(errorCode(thrown)).toBeUndefined();
  }
});
