// Redacted in slices, variables and diffs are what they would be redacted at once, and the event loop
// turns meanwhile.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  hunksOf,
  redactDiff,
  redactEnvironment,
} from '../../../src/system/environment/redact-in-slices.ts';
import { createRedactor } from '../../../src/system/redact/redactor.ts';
import { seeded } from '../../support/random.ts';

// Made up.
const password = 'k7Qx-correct-horse-41';

const variables = async (
  env: Record<string, string>,
  sizeMax = 1000,
): Promise<Record<string, string>> => {
  const all = await redactEnvironment({ env, sizeMax, redactor: createRedactor() });
  return Object.fromEntries(all.map(([name, { text }]) => [name, text]));
};

it('a few variables are as the redactor has them, in their order', async () => {
  const env = { B: `uses ${password}`, DB_PASSWORD: password, A: 'x', EMPTY: '' };
  const redacted = await variables(env);
  expect(redacted).toEqual(createRedactor().environment(env));
  expect(Object.keys(redacted)).toEqual(Object.keys(env));
});

it('what one name gives away is taken out of every value, however many and long they are', async () => {
  const env: Record<string, string> = { FIRST: `begins with ${password}` };
  for (let index = 0; index < 5000; index += 1) env[`NAME_${index}`] = `value ${index} of many`;
  env['AT_THE_CUT'] = `${'x'.repeat(990)}${password}${'y'.repeat(20_000)}`;
  env['DB_PASSWORD'] = password;
  const text = JSON.stringify(await variables(env));
  expect(text).not.toContain(password.slice(0, 6));
  expect(text).toContain('value 4999 of many');
});

it('the loop turns while 10,000 variables are redacted', async () => {
  const env: Record<string, string> = {};
  for (let index = 0; index < 10_000; index += 1)
    env[`NAME_${index}`] = `value ${index} `.repeat(5);
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await variables(env);
  isOver = true;
  expect(turns).toBeGreaterThan(5);
});

it('a diff is divided before hunks alone, and nothing of it is lost', () => {
  const { seed } = seeded('hunks');
  const line = fc.oneof(
    fc.constantFrom('@@ -1 +1 @@', 'diff --git a/x b/x', `+${'x'.repeat(20_000)}`, ' @@ no'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const diff = lines.join('\n');
      const pieces = hunksOf(diff);
      expect(pieces.join('')).toBe(diff);
      for (const piece of pieces.slice(1)) expect(piece).toMatch(/^(?:@@ |diff --git )/);
    }),
    { seed },
  );
});

it('a secret of a diff is taken out of whichever piece', async () => {
  const hunk = `@@ -1 +1 @@\n+${'word '.repeat(3000)}\n`;
  const diff = `diff --git a/x b/x\n${hunk}${hunk}${hunk}@@ -9 +9 @@\n+password = '${password}'\n${hunk}`;
  expect(hunksOf(diff).length).toBeGreaterThan(1);
  expect(await redactDiff(diff, createRedactor())).toBe(createRedactor().text(diff));
  expect(await redactDiff(diff, createRedactor())).not.toContain(password);
});
