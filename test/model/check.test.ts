// Options are checked whole, and the message names the option and what was given.

import { expect, it } from 'vitest';
import { checkMembers, checkObject, checkType } from '../../src/model/check.ts';

const names = new Set(['step', 'name']);

it('an object with members that are known is let through', () => {
  expect(() => checkMembers({ step: 1 }, 'options', names)).not.toThrow();
  expect(() => checkMembers({}, 'options', names)).not.toThrow();
});

it('a member that nothing would read is refused by its name', () => {
  expect(() => checkMembers({ stpe: 1 }, 'options', names)).toThrow(
    new TypeError('options.stpe: there is no such option; did you mean step?'),
  );
  expect(() => checkMembers({ retries: 1 }, 'options', names)).toThrow(
    new TypeError('options.retries: there is no such option'),
  );
});

it.each([undefined, null, 'text', 3, [1], () => 1])('%s is no object', (value) => {
  expect(() => checkObject(value, 'options')).toThrow(/^options: expected an object, got /);
});

it('a type is asked of what is given, not of what is left out', () => {
  expect(() => checkType(undefined, 'boolean', 'force')).not.toThrow();
  expect(() => checkType('yes', 'boolean', 'force')).toThrow(
    new TypeError('force: expected a boolean, got "yes"'),
  );
});
