// How many secrets are found, and how much that is none is left alone.

import fs from 'node:fs';
import { expect, it } from 'vitest';
import { createRedactor } from '../../../src/system/redact/redactor.ts';
import { tokenShapes } from '../../../src/system/redact/token-shapes.ts';
import { seeded } from '../../support/random.ts';
import { firstHarmlessTexts, firstHarmlessVariables } from './first-harmless.ts';
import { firstSecrets, type SecretCase } from './first-secrets.ts';
import { madeTokens, SecretMaker } from './made-secrets.ts';
import { secondHarmlessTexts, secondHarmlessVariables } from './second-harmless.ts';
import { secondSecrets } from './second-secrets.ts';

/** What comes of a case, with what was given away and what was taken too much. */
function outcomeOf(given: SecretCase): { output: string; leaked: string[]; lost: string[] } {
  const redactor = createRedactor();
  const output = [
    given.env === undefined ? '' : JSON.stringify(redactor.environment(given.env)),
    given.args === undefined ? '' : JSON.stringify(redactor.arguments(given.args)),
    given.text === undefined ? '' : redactor.text(given.text),
  ].join('');
  return {
    output,
    leaked: given.secrets.filter((secret) => output.includes(secret)),
    lost: (given.stays ?? []).filter((each) => !output.includes(each)),
  };
}

it('takes each token of a listed shape, wherever it stands', () => {
  const make = new SecretMaker(seeded('shapes'));
  const misses = madeTokens(make).flatMap(([rule, token]) =>
    [
      token,
      `see ${token} there`,
      `{"a":"${token}"}`,
      `x=${token}&y=1`,
      `'${token}'`,
      `a\\n${token}`,
    ]
      .filter((text) => {
        const redactor = createRedactor();
        const output = redactor.text(text);
        return output === text || (text === token && redactor.counts[rule] !== 1);
      })
      .map((text) => `${rule}: ${text}`),
  );
  expect(misses).toEqual([]);
});

it('finds the secrets of the first part', () => {
  const make = new SecretMaker(seeded('first secrets'));
  const misses = firstSecrets(make)
    .map((each) => ({ name: each.name, ...outcomeOf(each) }))
    .filter(({ leaked, lost }) => leaked.length + lost.length > 0);
  expect(misses).toEqual([]);
});

/** What was changed of what should have stayed. */
function alarms(
  variables: readonly (readonly [string, string])[],
  texts: readonly string[],
): string[] {
  const ofVariables = variables.flatMap(([name, value]) => {
    const output = createRedactor().environment({ [name]: value })[name];
    return output === value ? [] : [`${name}=${value} -> ${output}`];
  });
  const ofTexts = [...variables.map(([name, value]) => `${name}=${value}`), ...texts].flatMap(
    (text) => {
      const output = createRedactor().text(text);
      return output === text ? [] : [`${text} -> ${output}`];
    },
  );
  return [...ofVariables, ...ofTexts];
}

it('leaves what is harmless of the first part', () => {
  expect(alarms(firstHarmlessVariables, firstHarmlessTexts)).toEqual([]);
});

it('finds the secrets of the second part', () => {
  const make = new SecretMaker(seeded('second secrets'));
  const misses = secondSecrets(make)
    .map((each) => ({ name: each.name, ...outcomeOf(each) }))
    .filter(({ leaked, lost }) => leaked.length + lost.length > 0);
  expect(misses.map(({ name, output }) => `${name}: ${output}`)).toEqual([]);
});

it('leaves what is harmless of the second part', () => {
  expect(alarms(secondHarmlessVariables, secondHarmlessTexts)).toEqual([]);
});

it('holds at least 150 secrets and 300 harmless look-alikes', () => {
  const make = new SecretMaker(seeded('sizes'));
  const secrets = [...madeTokens(make), ...firstSecrets(make), ...secondSecrets(make)];
  expect(secrets.length).toBeGreaterThanOrEqual(150);
  const harmless = new Set([
    ...[...firstHarmlessVariables, ...secondHarmlessVariables].map((each) => each.join('=')),
    ...firstHarmlessTexts,
    ...secondHarmlessTexts,
  ]);
  expect(harmless.size).toBeGreaterThanOrEqual(300);
  process.stdout.write(`${secrets.length} secrets, ${harmless.size} harmless\n`);
});

it('lists each rule with its shape on the page', () => {
  const page = fs.readFileSync(new URL('../../../spec/redaction.md', import.meta.url), 'utf8');
  const missing = tokenShapes.filter(
    ({ name, pattern }) =>
      !page.includes(`| \`${name}\` | \`${pattern.source.replaceAll('|', '\\|')}\` |`),
  );
  expect(missing.map(({ name, pattern }) => `| \`${name}\` | \`${pattern.source}\` |`)).toEqual([]);
});
