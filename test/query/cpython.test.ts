// Expressions over plain values have the value, or the exception, that CPython gives them: thousands by
// chance where python3 is, recorded ones elsewhere.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { startBudget } from '../../src/query/budget.ts';
import { compile } from '../../src/query/compile.ts';
import { QueryFailure } from '../../src/query/failure.ts';
import { parseExpression } from '../../src/query/parse.ts';
import { loadRegex } from '../../src/query/regex.ts';
import { represent } from '../../src/query/represent.ts';
import { Names, Scope } from '../../src/query/scope.ts';
import { Dict, List, SetValue, Tuple, type Value } from '../../src/query/value.ts';
import { seeded } from '../support/random.ts';
import { Expressions } from './random-expression.ts';

const program = resolve(import.meta.dirname, 'cpython.py');
const recorded = resolve(import.meta.dirname, 'cpython-answers.json');
const hasPython =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;

const COUNT = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 100_000 : 6000;

function answersOfPython(expressions: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync('python3', ['-W', 'ignore', program], {
    input: expressions.map((each) => `${JSON.stringify(each)}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', TZ: 'UTC' },
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string);
}

/** As `shown` of cpython.py. */
function shown(value: Value): string {
  if (value instanceof SetValue)
    return `${value.typeName}{${[...value.members.values()].map(shown).sort(byPoints).join(', ')}}`;
  if (value instanceof List) return `[${value.items.map(shown).join(', ')}]`;
  if (value instanceof Tuple) return `(${value.items.map(shown).join(', ')})`;
  if (value instanceof Dict)
    return `{${[...value.entries.values()].map(([key, each]) => `${shown(key)}: ${shown(each)}`).join(', ')}}`;
  return represent(value);
}

const byPoints = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));

async function ours(text: string): Promise<string> {
  try {
    const expression = await parseExpression(text);
    if (expression === undefined) return '! SyntaxError';
    startBudget();
    return shown(compile(expression, new Names([]))(new Scope([])));
  } catch (error) {
    if (error instanceof QueryFailure) return `! ${error.kind}`;
    if (error instanceof RunlogError)
      return `! ${error.code === 'LIMIT' ? 'LIMIT' : 'SyntaxError'}`;
    throw error;
  }
}

/** Exceptions of CPython by the ones that we have. */
const aliases: Readonly<Record<string, string>> = {
  '! UnicodeEncodeError': '! ValueError',
  '! UnicodeDecodeError': '! ValueError',
  '! re.error': '! ValueError',
  '! error': '! ValueError',
};

/**
 * The same, or a difference that the page names: limits, formats of complex numbers, and the last digit of
 * a power, which the C library and JavaScript round apart.
 */
function isSame(mine: string, theirs: string, text: string): boolean {
  const python = aliases[theirs] ?? theirs;
  if (mine === python || mine === '! LIMIT') return true;
  // Complex numbers have no formats here.
  if (mine === '! TypeError' && text.includes('** 0.5')) return true;
  if (text.includes('**') && isNear(mine, python)) return true;
  // What is left of a division tells the last digit of a power.
  if (/\*\* (?:-1|0\.5)/.test(text) && /divmod|%|\/\//.test(text) && isNear(mine, python, 1e300))
    return true;
  // Nor is the order in which the text of a set has them, whatever is done with that text.
  if (/\b(?:frozen)?set\(|\{[\d('"-]/.test(text) && /\b(?:str|repr)\(/.test(text)) return true;
  // The order of a set, and which of equal members it holds, are nobody's promise.
  return /set|\{/.test(text) && unordered(mine) === unordered(python);
}

const unordered = (text: string): string =>
  [
    ...text
      .replace(/\bTrue\b/g, '1')
      .replace(/\bFalse\b/g, '0')
      .replace(/\b(\d+)\.0\b/g, '$1'),
  ]
    .sort()
    .join('');

function isNear(a: string, b: string, tolerance = 4e-16): boolean {
  const number = /-?\d+\.?\d*(?:e[-+]?\d+)?/g;
  if (a.replace(number, '#') !== b.replace(number, '#')) return false;
  const right = b.match(number) ?? [];
  return (a.match(number) ?? []).every((each, index) => {
    const [x, y] = [Number(each), Number(right[index])];
    return x === y || Math.abs(x - y) <= Math.abs(y) * tolerance;
  });
}

async function differences(pairs: readonly (readonly [string, string])[]): Promise<string[]> {
  await loadRegex();
  const found: string[] = [];
  for (const [text, theirs] of pairs) {
    const mine = await ours(text);
    if (!isSame(mine, theirs, text)) found.push(`${text}\n  ours ${mine}\n  Python ${theirs}`);
  }
  return found;
}

it(`${COUNT} expressions have the value that CPython gives them`, async (context) => {
  if (!hasPython) context.skip('python3 is not here: only recorded answers are compared');
  const random = new Expressions(seeded('cpython'));
  const texts = Array.from({ length: COUNT }, () => random.any());
  const answers = answersOfPython(texts);
  const pairs = texts.map((text, index) => [text, answers[index] as string] as const);
  if (process.env['RECORD_CPYTHON'] !== undefined) {
    const kept = pairs.filter(([text, answer]) => text.length < 200 && answer.length < 200);
    writeFileSync(recorded, `${JSON.stringify(kept.slice(0, 500), undefined, 1)}\n`);
  }
  const values = answers.filter((each) => !each.startsWith('!')).length;
  expect(values).toBeGreaterThan(COUNT / 3);
  expect((await differences(pairs)).slice(0, 40).join('\n')).toBe('');
});

it('recorded answers of CPython are ours', async () => {
  const pairs = JSON.parse(readFileSync(recorded, 'utf8')) as [string, string][];
  expect(pairs.length).toBeGreaterThanOrEqual(500);
  expect((await differences(pairs)).join('\n')).toBe('');
});
