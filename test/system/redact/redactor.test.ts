// What is taken out of names and values, and what stays.

import { expect, it } from 'vitest';
import { createRedactor } from '../../../src/system/redact/redactor.ts';

it('keeps the name of a variable and takes its value', () => {
  const redactor = createRedactor();
  expect(
    redactor.environment({ DB_PASSWORD: 'hunter2', HOME: '/home/ada', GONE: undefined }),
  ).toEqual({ DB_PASSWORD: '[redacted]', HOME: '/home/ada' });
  expect(redactor.counts).toEqual({ DB_PASSWORD: 1 });
});
