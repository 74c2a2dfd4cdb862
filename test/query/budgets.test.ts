// Whatever a method does with a long text, many bytes, deep or shared values is paid for before it is
// done: a loop around it ends at a limit, soon, and nothing but an error of ours comes out.

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { parseQuery, parseRowValue, RowFailures, RunObject } from '../../src/query/query.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(
  memoryRun({
    params: {
      text: 'a'.repeat(1 << 20),
      spaces: ' '.repeat(1 << 20),
      wide: '\u{1F680}'.repeat(200_000),
      bytes: new Uint8Array(1 << 20),
      long: 'a'.repeat(1 << 24),
      members: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`m${index}`, index])),
    },
    sequences: [{ name: 'loss', values: [1] }],
  }),
);

/** Of processor time: the machine of a test may be busy. The goal is 0.1 s. */
const SOON_MS = 1000;
const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The limit that is hit, or what comes out. */
async function outcome(text: string, asValue = false): Promise<unknown> {
  const failures = new RowFailures();
  const start = usedMs();
  try {
    const found = asValue
      ? (await parseRowValue(text)).value(run, undefined, failures)
      : (await parseQuery(text)).matches(run, undefined, failures);
    return failures.kinds[0]?.message ?? found;
  } catch (error) {
    if (error instanceof RunlogError) return error.details.limit ?? error.code;
    throw new Error(`not an error of ours, from ${text}`, { cause: error });
  } finally {
    expect(usedMs() - start, text).toBeLessThan(SOON_MS);
  }
}

describe('a loop around it ends at the steps', () => {
  it.each([
    'run.text.encode()',
    "run.text.encode('latin-1')",
    "bytes(run.text, 'utf-8')",
    'run.text.removeprefix(run.text)',
    'run.text.removesuffix(run.text)',
    'run.text.startswith(run.text)',
    "run.text.partition('b')",
    "run.text.rpartition('b')",
    'run.text.islower()',
    'run.text.isupper()',
    "run.text.strip('a')",
    "run.text.translate({98: 'c'})",
    'run.text.expandtabs()',
    'run.text[5:]',
    'run.text[::-1]',
    're.escape(run.text[:50000])',
    're.compile(str(a))',
    "re.search('(a)', 'a').groups()",
    'run.spaces.strip()',
    'run.spaces.lstrip()',
    'run.spaces.rstrip()',
    'run.spaces[:400000].split()',
    'run.wide[5]',
    'run.wide[:5]',
    'len(run.wide)',
    "run.wide < run.wide + 'a'",
    'repr(run.bytes)',
    'run.bytes == run.bytes[0:240000]',
    'run.bytes < run.bytes',
    "b'x' in run.bytes",
    "run.bytes.find(b'x')",
    'run.bytes.startswith(run.bytes)',
    "run.bytes.decode('latin-1')",
    'timedelta(days=5e-324, seconds=5e-324, hours=5e-324)',
    'timedelta(days=1) * 5e-324',
    '(5e-324).as_integer_ratio()',
    'datetime.fromtimestamp(5e-324)',
    "datetime.strptime('2024-01-01', '%Y-%m-%d')",
    "f'{1:09000,}'",
    "f'{5e-324:e}'",
    'round(5e-324, 2)',
    '(7**1400).bit_count()',
    'len(run.members)',
    'bool(run.members)',
    'run.members == run.members',
    "b'a' * 100",
    'math.ldexp(1.7, -1073)',
    'math.remainder(1e308, 3)',
    'math.fsum([5e-324, 1e308])',
    '1e308 % 3',
    "datetime(2024, 1, 1).strftime('%c')",
    'datetime(2024, 1, 1).replace(day=2)',
    'datetime(2024, 1, 1).timetuple()',
    'str(timedelta(1.5))',
    'zip([1], [2])',
    'run.info',
    "run.metrics['loss', {'a': 1}]",
    "complex(' ' * 190 + '1+2j')",
  ])('%s', async (expression) => {
    expect(await outcome(`all((${expression}) is not 1 for a in range(240000))`)).toBe(
      'queryStepCountMax',
    );
  });
});

/** `x` inside `make(x)`, as often as `count` says. */
const nested = (first: string, make: string, count: number): string =>
  `[x for x in [${first}] for y in range(${count}) for x in [${make}]][-1]`;

describe('ends at a limit', () => {
  it.each([
    ['looking from the right', "run.text.rfind('a' * 5000 + 'b')", 'queryStepCountMax'],
    ['partition from the right', "run.text.rpartition('a' * 5000 + 'b')", 'queryStepCountMax'],
    ['groups of digits', "f'{1:01000000,}'", 'queryStepCountMax'],
    ['more groups of digits', "f'{7**1400:0900000,}'", 'queryStepCountMax'],
    ['a key of many long texts', "('a' * 1000000,) * 900 in {1}", 'queryStringSizeMax'],
    ['a key of some long texts', "{('a' * 1000000,) * 500: 1}", 'queryStringSizeMax'],
    ['a key of many bytes', 'run.bytes in {1}', 'queryStringSizeMax'],
    ['a set of a set of a long text', 'frozenset([frozenset([run.text])])', 'queryStringSizeMax'],
    ['shared tuples in a key', `{${nested('()', '(x, x)', 40)}}`, 'queryStepCountMax'],
    ['texts of many escapes', "repr('\\x00' * 1000000)", 'queryStepCountMax'],
    ['kept bytes', '[run.text.encode() for a in range(10000)]', 'queryStepCountMax'],
    ['a search in 16 MB', "re.search('(a|b|c|d){1,300}e', run.long)", 'queryStepCountMax'],
    ['bytes of 16 MB', 'run.long.encode()', 'queryStringSizeMax'],
    [
      'a context of shared dicts',
      `run.metrics['loss', ${nested('{}', "{'a': x, 'b': x}", 40)}]`,
      'queryStepCountMax',
    ],
    [
      'a context that is deep',
      `run.metrics['loss', ${nested('{}', "{'a': x}", 9000)}] is None`,
      true,
    ],
    ['deep tuples in a key', `{${nested('()', '(x,)', 60_000)}}`, 'queryCallDepthMax'],
    ['deep lists', `${nested('[]', '[x]', 9000)} == ${nested('[]', '[x]', 9000)}`, true],
    ['a text of deep lists', `repr(${nested('[]', '[x]', 30_000)})`, 'queryCallDepthMax'],
    ['deep generators', `list(${nested('iter([1])', 'map(abs, x)', 20_000)})`, 'queryCallDepthMax'],
  ])('%s', async (_, text, limit) => {
    const found = await outcome(text);
    // How deep the stack is depends on how warm the code is.
    if (limit === 'queryCallDepthMax' || limit === true)
      expect([true, limit, 'queryCallDepthMax', 'queryStepCountMax']).toContain(found);
    else expect(found).toBe(limit);
  });

  it.each([
    ['shared dicts', nested('{}', "{'a': x, 'b': x}", 40)],
    ['deep lists', nested('[]', '[x]', 60_000)],
    ['deep generators', nested('iter([1])', 'map(abs, x)', 20_000)],
  ])('a value to order by: %s', async (_, text) => {
    expect(await outcome(text, true)).toMatch(/^query(?:CallDepth|StepCount|ElementCount)Max$/);
  });
});

it('a generator that asks itself fails as in Python', async () => {
  const text =
    '[next(g) for x in [1] for g in [(f() for _ in range(3))] for f in [lambda: next(g)]]';
  expect(await outcome(text)).toBe('ValueError: generator already executing');
});

it('messages do not repeat what is long', async () => {
  for (const text of [`run.name.${'x'.repeat(60_000)}()`, 'x'.repeat(60_000)])
    await expect(parseQuery(text)).rejects.toThrow(/^.{1,600}$/s);
  for (const text of ['float(run.text)', 'int(run.text[:1000])', '{}[run.text]'])
    expect(String(await outcome(text)).length).toBeLessThan(500);
});
