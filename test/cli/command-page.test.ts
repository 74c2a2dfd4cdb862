// spec/command.md and the program say the same: the commands, how they are called, the shape of their JSON.
// Every command has help with examples, and `--json`.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { commandEntries } from '../../src/cli/commands.ts';
import { eventFacts } from '../../src/cli/event-json.ts';
import { jsonText } from '../../src/cli/json.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { Distribution, Image, Repo, Run, Text } from '../../src/index.ts';
import { runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const page = readFileSync(resolve(import.meta.dirname, '../../spec/command.md'), 'utf8');

interface Section {
  readonly usage: string;
  readonly shape: unknown;
  /** Of a second one, where a command has two answers. */
  readonly other: unknown;
}

/** By name: what stands below `### runlog <name> <usage>`. */
const sections = new Map<string, Section>(
  [...page.matchAll(/^### runlog (\S+) ?(.*)$([\s\S]*?)(?=^##|(?![\s\S]))/gm)].map(
    ([, name = '', usage = '', text = '']) => {
      const [shape, other] = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
        ([, json = '']): unknown => JSON.parse(json),
      );
      return [name, { usage, shape, other }];
    },
  ),
);

beforeAll(async () => {
  await makeRepo(directory);
  // So that what an end may tell is there: an error, a note, a description.
  const run = await Run.open({ repo: join(directory, 'kept'), runHash: HASHES[2] });
  run.description = 'what it was for';
  run.addNote('why it failed');
  run.log.info('began');
  run.track(new Text('said'), { name: 'answers', step: 1, epoch: 2 });
  run.track([new Distribution([1, 2, 3]), new Distribution([1])], { name: 'weights', step: 1 });
  run.track(new Image({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 }), {
    name: 'samples',
    context: { subset: 'val' },
  });
  mkdirSync(join(directory, 'tree/empty'), { recursive: true });
  writeFileSync(join(directory, 'tree/file'), 'kept');
  symlinkSync('file', join(directory, 'tree/link'));
  await run.logArtifact(join(directory, 'tree'), { name: 'tree', metadata: { of: 1 } });
  await run.logArtifact(join(directory, 'tree/file'));
  run.fail(new Error('out of memory'));
  await run.close();
});

it('the page lists the commands that there are, as they are called', () => {
  const listed = [...sections].map(([name, { usage }]) => [name, usage]);
  expect(listed).toEqual(commandEntries.map(({ name, usage }) => [name, usage]));
});

describe('help', () => {
  it.each(commandEntries.map(({ name }) => name))('of %s has examples', async (name) => {
    const [help, also] = [
      await runlogHere(directory, [name, '--help']),
      await runlogHere(directory, ['help', name]),
    ];
    expect(help.status).toBe(0);
    expect(help.out).toMatch(new RegExp(`^Usage: runlog ${name} `));
    expect(help.out).toMatch(/\nExamples:\n {2}\$ \S/);
    expect(also).toEqual(help);
  });

  it('of every command but those that print for a shell has --json', async () => {
    for (const command of (await wholeProgram()).commands) {
      const hasJson = command.options.some(({ long }) => long === '--json');
      expect([command.name(), hasJson]).toEqual([
        command.name(),
        !['exec', 'complete'].includes(command.name()),
      ]);
    }
  });

  it('of the program lists every command once, with what it is for', async () => {
    const { out } = await runlogHere(directory, ['--help'], { COLUMNS: '200' });
    for (const { name } of commandEntries) expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    expect(out).toMatchSnapshot();
  });
});

/** What each is asked; those that change something change it in the order of the page. */
const asked: readonly (readonly string[])[] = [
  ['ls'],
  ['ls', '--archived', HASHES[1]],
  ['show', HASHES[2]],
  ['show', HASHES[0]],
  ['metrics'],
  ['values', HASHES[0], 'loss', '-c', 'subset=train', '--to', '5'],
  ['values', HASHES[0], 'accuracy'],
  ['artifacts', HASHES[2]],
  ['artifacts', HASHES[2], 'tree', '--out', 'fetched'],
  ['artifacts', HASHES[0]],
  ['plot', HASHES[0], HASHES[1]],
  ['compare', ...HASHES],
  ['compare', ...HASHES, '--all'],
  ['query'],
  ['query', '-m', 'loss', '-g', 'run.hparams.lr', ...HASHES],
  ['params'],
  ['params', '--system'],
  ['export', HASHES[0]],
  ['ls', '--order', 'run.seed'],
  ['metrics', '--order', 'metric.mean'],
  ['tag', HASHES[0], 'one'],
  ['untag', HASHES[0], 'one'],
  ['note', HASHES[0], 'text'],
  ['rename', HASHES[0], 'name'],
  ['archive', HASHES[0]],
  ['unarchive', HASHES[0]],
  ['cp', HASHES[0], 'other'],
  ['mv', HASHES[1], 'other', '--yes'],
  ['rm', HASHES[0], '--yes'],
  ['init'],
  ['size'],
  ['verify'],
  ['repair', '--yes'],
  ['compact'],
];

const logShape = {
  writer: 'text',
  level: 'text',
  time: 'number',
  message: 'text',
  fields: { '*': 'any' },
};

const elementOf = (name: string): object => (sections.get(name) as { shape: [object] }).shape[0];
const statistics = Object.fromEntries(
  ['steps', 'count', 'mean', 'median', 'std', 'min', 'max'].map((name) => [name, ['number']]),
);

/** What options make of an answer: the page says it in words. */
const otherForms: readonly [string, readonly string[], () => unknown][] = [
  [
    'names of metrics',
    ['metrics', '--names'],
    () => [{ name: 'text', context: { '*': 'any' }, runs: 'number' }],
  ],
  ...['answers', 'weights', 'samples'].map((name): (typeof otherForms)[number] => [
    `values of ${name}`,
    ['values', HASHES[2], name],
    () => sections.get('values')?.other,
  ]),
  [
    'values in files',
    ['values', HASHES[2], 'weights', '--out', 'written'],
    () => sections.get('values')?.other,
  ],
  [
    'curves of a query',
    ['query', '--curves'],
    () => [{ group: ['any'], metrics: 'number', ...statistics }],
  ],
  [
    'exported runs',
    ['export', '-w', 'runs'],
    () => ({
      ...elementOf('ls'),
      params: { '*': 'any' },
      metrics: [{ name: 'text', context: { '*': 'any' }, last: 'number' }],
    }),
  ],
  [
    'exported params',
    ['export', '-w', 'params'],
    () => ({ run: 'text', path: ['text'], value: 'any' }),
  ],
  ['exported metrics', ['export', '-w', 'metrics'], () => elementOf('metrics')],
];

/** They print a value a line. */
const inLines = ['export', 'logs', 'follow'];
/** Which are said to answer as another does. */
const asOther: Readonly<Record<string, string>> = Object.fromEntries(
  ['untag', 'note', 'rename', 'archive', 'unarchive'].map((name) => [name, 'tag']),
);

describe('the JSON of the page is what the program prints', () => {
  it.each(asked.map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
    const [name = ''] = args;
    const { status, out } = await runlogHere(directory, [...args, '--json', '--repo', 'kept']);
    expect(status).toBe(0);
    const shape = sections.get(asOther[name] ?? name)?.shape;
    expect(shape).toBeDefined();
    const texts = inLines.includes(name) ? out.split('\n').slice(0, -1) : [out];
    for (const text of texts) expect(faults(JSON.parse(text), shape, name)).toEqual([]);
    if (!inLines.includes(name)) expect(out.endsWith('\n')).toBe(true);
  });

  it('follow prints an event of each type in its shape', async () => {
    const run = await Run.open({ repo: join(directory, 'events'), systemTrackingInterval: null });
    run.set('lr', Number.NaN);
    run.unset('lr');
    run.track(Number.NaN, { name: 'loss', step: 1, context: { subset: 'val' } });
    run.track(1, { name: 'loss', step: 2, epoch: 0.5, context: { subset: 'val' } });
    run.track(new Text('said'), { name: 'answers', step: 1 });
    run.undoRewind(run.rewind({ step: 1, name: 'loss', context: { subset: 'val' } }));
    run.log.warn('told', { a: Number.POSITIVE_INFINITY });
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await run.spawn(process.execPath, ['-e', 'console.log(1)']);
    printed.mockRestore();
    run.fail(new Error('why'));
    await run.close();
    const shapes = sections.get('follow')?.shape as Record<string, unknown>;
    const seen = new Set<string>();
    for await (const event of (await Repo.open(join(directory, 'events'))).follow()) {
      const facts = JSON.parse(jsonText(eventFacts(event))) as Record<string, unknown>;
      expect(faults(facts, shapes[event.type], event.type)).toEqual([]);
      for (const [key, shape] of [
        ['opening', 'opening'],
        ['close', 'close'],
        ['rewind', 'hidden'],
      ] as const) {
        if (facts[key] === undefined) continue;
        seen.add(shape);
        expect(faults(facts[key], shapes[shape], key)).toEqual([]);
      }
      if (event.type === 'points')
        expect(facts).toMatchObject({ values: ['NaN', 1], epochs: [null, 0.5] });
      seen.add(event.type);
      if (event.type === 'state' && event.close !== undefined) break;
    }
    expect([...seen].sort()).toEqual(Object.keys(shapes).sort());
  });

  it('logs prints lines and records in their shapes', async () => {
    const shape = sections.get('logs')?.shape;
    for (const [args, expected] of [
      [[], shape],
      [['--records'], { ...logShape, place: 'any?' }],
    ] as const) {
      const { status, out } = await runlogHere(directory, [
        'logs',
        '-1',
        '--repo',
        'events',
        '--json',
        ...args,
      ]);
      const lines = out.split('\n').slice(0, -1);
      expect([status, lines.length]).toEqual([0, 1]);
      for (const line of lines) expect(faults(JSON.parse(line), expected, 'logs')).toEqual([]);
    }
  });

  it.each(otherForms)('%s', async (_, args, shapeOf) => {
    const given = ['--json', '--repo', 'kept'];
    const { status, out } = await runlogHere(directory, [...args, ...given]);
    expect(status).toBe(0);
    const texts = args[0] === 'export' ? out.split('\n').slice(0, -1) : [out];
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts)
      expect(faults(JSON.parse(text), shapeOf(), args.join(' '))).toEqual([]);
  });

  it('of every command that has one', () => {
    const named = new Set(asked.map(([name]) => name));
    const left = [...sections].filter(
      ([name, { shape }]) => shape !== undefined && !named.has(name),
    );
    // They are asked above.
    expect(left.map(([name]) => name)).toEqual(['follow', 'logs']);
  });
});

it('a shape that does not hold is found', () => {
  expect(faults({ a: 1, c: 2 }, { a: 'text', b: 'number' }, 'x')).toEqual([
    'x.a: expected text, got 1',
    'x.b: absent',
    'x.c: not listed',
  ]);
  expect(faults([{ a: 'NaN' }], [{ a: 'number', b: 'number?' }], 'x')).toEqual([]);
});

/** Where a value is not of its shape. */
function faults(value: unknown, shape: unknown, place: string): string[] {
  if (typeof shape === 'string') {
    const type = shape.replace('?', '');
    return isOf(value, type) ? [] : [`${place}: expected ${type}, got ${JSON.stringify(value)}`];
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${place}: expected an array`];
    return value.flatMap((each, index) => faults(each, shape[0], `${place}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [`${place}: expected an object`];
  const shapes = shape as Record<string, unknown>;
  if ('*' in shapes)
    return Object.entries(value).flatMap(([key, each]) =>
      faults(each, shapes['*'], `${place}.${key}`),
    );
  const given = value as Record<string, unknown>;
  const listed = Object.entries(shapes).flatMap(([key, each]) => {
    if (key in given) return faults(given[key], each, `${place}.${key}`);
    const mayLack = (typeof each === 'string' && each.endsWith('?')) || key === 'error';
    return mayLack ? [] : [`${place}.${key}: absent`];
  });
  const more = Object.keys(given).filter((key) => !(key in shapes));
  return [...listed, ...more.map((key) => `${place}.${key}: not listed`)];
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'any') return true;
  if (type === 'text') return typeof value === 'string';
  if (type === 'boolean') return typeof value === 'boolean';
  return typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(value as string);
}
