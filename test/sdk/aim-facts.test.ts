// 93 measured facts about Aim 3.29.1, each played against runlog: the answer is the same, or it is one of
// the differences of spec/aim-differences.md, by its number. A difference that is none any more fails too.
//
// The facts are data that this project does not hold: without them this skips and says so.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import {
  type Context,
  Repo,
  Run,
  RunlogError,
  type RunOptions,
  type RunView,
  Text,
} from '../../src/index.ts';

const root = resolve(import.meta.dirname, '../..');
const factsFile = resolve(root, '../shared/data/aimql/track_facts.jsonl');
const directory = mkdtempSync(join(tmpdir(), 'runlog-aim-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** An answer that is an error, of whatever class. */
const REFUSED = 'refused';

/** One sequence as both tell it: NaN where there is none, a warning or none. */
interface Told {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly epochs: readonly number[];
  readonly first: number;
  readonly firstStep: number;
  readonly last: number;
  readonly lastStep: number;
  readonly min: number;
  readonly max: number;
  readonly warns?: boolean;
}

interface AimFact {
  readonly fact: string;
  readonly result: unknown;
  readonly log?: readonly string[];
}

// ---- what Aim said, in the words of both

interface AimSequence {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly steps?: readonly unknown[];
  readonly values?: readonly unknown[];
  readonly epochs?: readonly unknown[];
}

const numberOf = (value: unknown): number => {
  if (value === undefined || value === null) return Number.NaN;
  return Number(
    String(value)
      .replace(/^(-?)inf$/, '$1Infinity')
      .replace('true', '1'),
  );
};

const isSequence = (result: unknown): result is AimSequence =>
  typeof result === 'object' && result !== null && 'meta' in result;

function aimSaid({ result, log }: AimFact): unknown {
  const warns = log === undefined ? {} : { warns: true };
  if (typeof result === 'string' && /^\w+(Error|Exception): /.test(result)) return REFUSED;
  if (!isSequence(result)) return log === undefined ? result : { result, warns: true };
  const { meta, steps = [], values = [], epochs = [] } = result;
  return {
    steps: steps.map(Number),
    values: values.map(numberOf),
    epochs: epochs.map(numberOf),
    // A step that is a bool is told as one.
    first: numberOf(meta['first']),
    firstStep: meta['first_step'] as number,
    last: numberOf(meta['last']),
    lastStep: meta['last_step'] as number,
    min: numberOf(meta['min']),
    max: numberOf(meta['max']),
    ...warns,
  } satisfies Told;
}

// ---- what runlog says

let count = 0;
const warnings: string[] = [];
const listen = (warning: Error): void => void warnings.push(warning.message);
process.on('warning', listen);
afterAll(() => void process.off('warning', listen));

const newHash = (): string => {
  count += 1;
  return `fact-${count}`;
};

const open = (options: RunOptions = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    runHash: newHash(),
    ...options,
  });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

/** Of the only sequence of this name and context. */
async function told(hash: string, name = 'm', context = {}): Promise<Told> {
  const metric = (await viewOf(hash)).metric(name, context);
  if (metric === undefined) throw new Error(`${hash}: no metric ${name}`);
  const { steps, values, epochs } = await metric.values();
  return {
    steps: [...steps],
    values: [...values],
    epochs: [...epochs],
    first: metric.first,
    firstStep: metric.firstStep ?? Number.NaN,
    last: metric.last,
    lastStep: metric.lastStep ?? Number.NaN,
    min: metric.min,
    max: metric.max,
  };
}

type TrackArguments = readonly [value: unknown, options?: object];

/** As a caller in JavaScript would: no type keeps it from anything. */
function trackAll(run: Run, calls: readonly TrackArguments[]): void {
  for (const [value, options] of calls) {
    const given = { ...(typeof value === 'object' ? {} : { name: 'm' }), ...options };
    run.track(value as number, given);
  }
}

/** Tracks, closes, and tells the sequence `m`. */
const tracked =
  (...calls: readonly TrackArguments[]) =>
  async (): Promise<Told> => {
    const run = await open();
    trackAll(run, calls);
    await run.close();
    return told(run.hash);
  };

/** One point in a context. */
const inContext =
  (context: unknown, where: object = context as object) =>
  async (): Promise<Told> => {
    const run = await open();
    run.track(1, { name: 'm', context: context as Context });
    await run.close();
    return told(run.hash, 'm', where);
  };

const named = (name: unknown) => async (): Promise<Told> => {
  const run = await open();
  run.track(1, { name: name as string });
  await run.close();
  return told(run.hash, name as string);
};

const param = (value: unknown) => async (): Promise<unknown> => {
  const run = await open();
  run.set('p', value);
  await run.close();
  return (await viewOf(run.hash)).get('p');
};

/** Taken, and nothing more is asked. */
const taken = (work: () => unknown) => async (): Promise<null> => {
  await work();
  return null;
};

/** Of Python, with no counterpart: nearest is an instance of a class. */
class Foreign {}

/** Opens the run in another process: what came of it. */
function openElsewhere(runHash: string, forceResume: boolean): string {
  const program = `
    const { Run } = await import(process.argv[1]);
    const run = await Run.open(JSON.parse(process.argv[2]));
    await run.close();`;
  const options = { repo: directory, runHash, forceResume, systemTrackingInterval: null };
  const sources = join(inject('toolsDirectory'), 'src/index.js');
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program, sources, JSON.stringify(options)],
    { encoding: 'utf8' },
  );
  if (status === 0) return 'opened';
  if (!stderr.includes('RUN_LOCKED')) throw new Error(stderr);
  return REFUSED;
}

const elsewhere = (forceResume: boolean) => async (): Promise<string> => {
  const run = await open({ onError() {} });
  run.flush();
  const answer = openElsewhere(run.hash, forceResume);
  await run.close().catch(() => {});
  return answer;
};

/** Opens a run twice in this process; what `look` then says of it. */
const twice =
  (look: (first: Run) => unknown = () => [true]) =>
  async (): Promise<unknown> => {
    const first = await open();
    trackAll(first, [[1]]);
    first.flush();
    try {
      const second = await open({ runHash: first.hash });
      trackAll(second, [[2]]);
      await second.close();
      return await look(first);
    } finally {
      await first.close();
    }
  };

/** 0, 1, 2 and then 10; closed; opened again. */
async function resumed(...calls: readonly TrackArguments[]): Promise<Told & { end: unknown }> {
  const run = await open();
  trackAll(run, [[0], [1], [2], [7, { step: 10 }]]);
  await run.close();
  const again = await open({ runHash: run.hash });
  again.flush();
  const end = (await viewOf(run.hash)).endedAt ?? null;
  trackAll(again, [[8], ...calls]);
  await again.close();
  return { ...(await told(run.hash)), end };
}

async function closed(): Promise<Run> {
  const run = await open();
  trackAll(run, [[1]]);
  await run.close();
  return run;
}

interface Played {
  readonly play: () => Promise<unknown>;
  /** Number in spec/aim-differences.md; absent: it is the same. */
  readonly differs?: number;
  /** What Aim said, where its own form has to be read. */
  readonly aim?: (result: unknown) => unknown;
}

const same = (play: Played['play'], aim?: Played['aim']): Played => ({ play, ...(aim && { aim }) });
const differs = (number: number, play: Played['play'], aim?: Played['aim']): Played => ({
  differs: number,
  ...same(play, aim),
});

const valueFacts: Readonly<Record<string, Played>> = {
  'explicit duplicate step 1 (5.0 then 9.0)': differs(
    1,
    tracked([1], [5, { step: 1 }], [9, { step: 1 }]),
  ),
  'out of order 30,10,20 then auto': differs(
    2,
    tracked([3, { step: 30 }], [1, { step: 10 }], [2, { step: 20 }], [4]),
  ),
  'NaN, inf, -inf': same(tracked([1], [Number.NaN], [Infinity], [-Infinity])),
  'all NaN': same(tracked([Number.NaN])),
  'int only': same(tracked([1], [2])),
  'int then float': differs(3, tracked([1], [2.5])),
  bool: same(tracked([true], [false])),
  'bool then float': differs(3, tracked([true], [0.5])),
  None: same(tracked([null])),
  str: same(tracked(['a'])),
  bytes: same(tracked([Buffer.from('a')])),
  complex: same(tracked([new Foreign()])),
  Decimal: same(tracked([new Foreign()])),
  Fraction: same(tracked([new Foreign()])),
  'np.float32(1)': same(tracked([Math.fround(1)])),
  'np.float64(1)': same(tracked([1])),
  'np.float16(1)': same(tracked([1])),
  'np.int64(1)': same(tracked([1n])),
  'np.uint64(1)': same(tracked([BigInt.asUintN(64, 1n)])),
  'np.bool_(1)': same(tracked([true])),
  'np.longdouble(1)': same(tracked([new Foreign()])),
  'np.array(1.5) 0-d': differs(5, tracked([new Float64Array([1.5])])),
  'np.array([[1.5]])': differs(5, tracked([[[1.5]]])),
  'np.array([1,2])': same(tracked([new Float64Array([1, 2])])),
  'np.array(["a"])': differs(5, tracked([['a']])),
  'np.array([])': same(tracked([new Float64Array()])),
  'int 2**63-1': differs(4, tracked([2n ** 63n - 1n])),
  'int 2**63': same(tracked([2n ** 63n])),
  'int -2**63-1': same(tracked([-(2n ** 63n) - 1n])),
};

const stepFacts: Readonly<Record<string, Played>> = {
  'negative step -5,-1 then auto': differs(2, tracked([1, { step: -5 }], [2, { step: -1 }], [3])),
  'float step 1.5 then auto': differs(6, tracked([1, { step: 1.5 }], [2])),
  'str step': same(tracked([1, { step: 'a' }])),
  'step True': differs(6, tracked([1, { step: true }])),
  'step np.int64(3) then auto': same(tracked([1, { step: 3n }], [2])),
  'step 2**62': differs(7, tracked([1, { step: 2 ** 62 }])),
  'step 2**63': same(tracked([1, { step: 2 ** 63 }])),
  'epoch float 1.5': same(tracked([1, { epoch: 1.5 }])),
  'epoch str': differs(8, tracked([1, { epoch: '1' }])),
  'resume after steps 0,1,2,10: next auto step': same(
    () => resumed(),
    (result) => ({
      ...(aimSaid({ fact: '', result }) as Told),
      end: (result as Record<string, unknown>)['end_time on reopen'],
    }),
  ),
  'resume and overwrite an earlier step (1)': same(async () => {
    const { end: _, ...rest } = await resumed([1.5, { step: 1 }]);
    return rest;
  }),
};

const nameFacts: Readonly<Record<string, Played>> = {
  'no name': same(async () => (await open()).track(1)),
  'name int 5': differs(9, named(5)),
  'name ""': differs(9, named('')),
  'after name "": run.collect_sequence_info("metric")': differs(9, async () => {
    const run = await open();
    expect(() => run.track(1, { name: '' })).toThrow(RangeError);
    trackAll(run, [[1]]);
    await run.close();
    return (await viewOf(run.hash)).metrics().map((each) => each.name);
  }),
  'name with name+dict': same(async () => (await open()).track({ a: 1 }, { name: 'm' })),
  'dict value, first key ahead of the other': same(async () => {
    const run = await open();
    run.track(1, { name: 'a' });
    run.track(1, { name: 'a' });
    run.track({ a: 1, b: 1 });
    await run.close();
    const view = await viewOf(run.hash);
    const steps = ['a', 'b'].map(async (name) => [
      ...((await view.metric(name)?.values())?.steps ?? []),
    ]);
    return Promise.all(steps);
  }),
  'empty dict value': same(taken(async () => (await open()).track({}))),
  'context key order and 1 / True / 2.0': differs(10, async () => {
    const run = await open();
    trackAll(run, [
      [1, { context: { a: 1, b: 2 } }],
      [2, { context: { b: 2.0, a: 1.0 } }],
      [3, { context: { a: true, b: 2 } }],
    ]);
    await run.close();
    return told(run.hash, 'm', { a: 1, b: 2 });
  }),
  'context str value "1" is another sequence': same(async () => {
    const run = await open();
    trackAll(run, [
      [1, { context: { a: 1 } }],
      [3, { context: { a: '1' } }],
    ]);
    await run.close();
    return told(run.hash, 'm', { a: '1' });
  }),
  'context [1]': differs(11, inContext([1])),
  "context 'x'": differs(11, inContext('x')),
  'context 5': differs(11, inContext(5)),
  "context {'a': (1, 2)}": same(inContext({ a: [1, 2] })),
  "context {'a': {1, 2}}": same(inContext({ a: new Set([1, 2]) })),
  "context {1: 'a'}": same(inContext({ 1: 'a' })),
  "context {'': 1}": same(inContext({ '': 1 })),
  "context {'a': np.int64(1)}": same(inContext({ a: 1n })),
  "context {'a': None}": same(inContext({ a: null })),
  "context {'a': <class 'object'>}": same(inContext({ a: Foreign })),
};

const objectFacts: Readonly<Record<string, Played>> = {
  'empty list value': differs(37, tracked([[], { name: 'm' }])),
  'list of floats value': differs(37, tracked([[1, 2], { name: 'm' }])),
  'track Text on a metric sequence': same(tracked([1], [new Text('a'), { name: 'm' }])),
};

const lifeFacts: Readonly<Record<string, Played>> = {
  'track after close': differs(
    12,
    taken(async () => trackAll(await closed(), [[2]])),
  ),
  'track after close: stored data of m (1.0 tracked before close, 2.0 after) and of a metric first tracked after close':
    differs(
      12,
      async () => {
        const run = await closed();
        expect(() => trackAll(run, [[2]])).toThrow(RunlogError);
        expect(() => run.track(5, { name: 'n' })).toThrow(RunlogError);
        const view = await viewOf(run.hash);
        const { steps, values } = await told(run.hash);
        return [[steps, values], view.metric('n') ?? null];
      },
      (result) => (result as unknown[]).slice(0, 2),
    ),
  'set param after close': same(async () => (await closed()).set('a', 1)),
  'read run.name after close': differs(13, async () => (await closed()).name),
  'close twice': same(taken(async () => (await closed()).close())),
  'Run("nonexistent")': differs(
    14,
    taken(async () => (await open()).close()),
  ),
  'Run("nonexistent", read_only=True)': differs(
    15,
    async () => (await open({ readOnly: true, runHash: 'nonexistent' })).hash,
    (result) => String(result).replaceAll("'", ''),
  ),
  'Run("nonexistent", read_only=True).name': same(
    async () => (await open({ readOnly: true, runHash: 'nonexistent' })).name,
  ),
  'Run(read_only=True) without hash': same(() =>
    Run.open({ repo: directory, readOnly: true } as RunOptions),
  ),
  'Run("x", repo=missing dir, read_only=True)': differs(15, async () => {
    const repo = join(directory, 'missing');
    const run = await open({ repo, readOnly: true, runHash: 'x' });
    return [run.hash, existsSync(repo)];
  }),
  'Repo(missing path)': same(() => Repo.open(join(directory, 'missing'))),
  'same hash opened twice in one process': differs(16, twice()),
  'same hash twice in one process, both track auto steps': differs(16, twice()),
  'lock file left after closing the second': differs(
    16,
    twice((first) => readdirSync(join(directory, '.aim/runs', first.hash)).includes('.lock')),
  ),
  'end_time after closing the second while the first is open': differs(
    16,
    twice(async (first) => (await viewOf(first.hash)).endedAt !== undefined),
  ),
  'same hash opened by another process while open': same(elsewhere(false)),
  'live run opened by another process': same(elsewhere(false)),
  'same, force_resume=True': differs(17, elsewhere(true)),
  'live run opened by another process with force_resume': differs(17, elsewhere(true)),
};

const paramFacts: Readonly<Record<string, Played>> = {
  'param np.float64': same(taken(param(1.5))),
  'param set()': differs(18, param(new Set([1]))),
  'param 2**63': same(param(2n ** 63n)),
  'param key ""': same(async () => {
    const run = await open();
    run.set('', 1);
    await run.close();
    return (await viewOf(run.hash)).get('');
  }),
  'param dict with key ""': differs(19, param({ '': 1, a: 2 })),
  'param dict with key None': differs(19, param({ [String(null)]: 1 })),
  'param dict with key 1.5': differs(19, param({ 1.5: 1 })),
  'param dict with key True': differs(19, param({ [String(true)]: 1 })),
  'param tuple reads back': same(param([1, 2])),
  'param key order': differs(20, async () => {
    const run = await open();
    for (const key of ['z', 'a', 'm']) run.set(['p', key], 1);
    await run.close();
    return Object.keys((await viewOf(run.hash)).get('p') as object);
  }),
  'add_tag twice': differs(21, async () => {
    const run = await open();
    run.addTag('t');
    run.addTag('t');
    await run.close();
    return (await viewOf(run.hash)).tags;
  }),
  'add_tag(None)': same(async () => (await open()).addTag(null as unknown as string)),
};

const played: Readonly<Record<string, Played>> = {
  ...valueFacts,
  ...stepFacts,
  ...nameFacts,
  ...lifeFacts,
  ...paramFacts,
  ...objectFacts,
};

interface Answer {
  readonly said: unknown;
  /** Of what was refused: class or code, and the argument where the message names one. */
  readonly by?: string;
}

async function answerOf(play: Played['play']): Promise<Answer> {
  warnings.length = 0;
  try {
    const result = (await play()) ?? null;
    return { said: warnings.length === 0 ? result : { result, warns: true } };
  } catch (error) {
    if (error instanceof RunlogError && error.code !== 'IO')
      return { said: REFUSED, by: error.code };
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const [argument] = error.message.split(':', 1);
    return { said: REFUSED, by: `${error.name} ${argument}` };
  }
}

const isEqual = (a: unknown, b: unknown): boolean => {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
};

const page = readFileSync(join(root, 'spec/aim-differences.md'), 'utf8');
const rowsShownBy = (what: string): number[] =>
  page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => /^\d+$/.test(cells[1] ?? '') && cells.at(-2) === what)
    .map((cells) => Number(cells[1]));

it('the page lists what the facts need, and names tests that are there', () => {
  const needed = Object.values(played).flatMap((each) => each.differs ?? []);
  expect(rowsShownBy('facts')).toEqual([...new Set(needed)].sort((a, b) => a - b));
  const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  for (const [file = ''] of page.matchAll(/test\/[\w/.-]+\.ts/g))
    expect(existsSync(join(root, file)), file).toBe(true);
});

it('each fact is the same here, or a listed difference', async (context) => {
  if (!existsSync(factsFile)) {
    context.skip(`${factsFile} is not there`);
    return;
  }
  const lines = readFileSync(factsFile, 'utf8').trim().split('\n');
  const facts = lines.map((line) => JSON.parse(line) as AimFact);
  expect(facts.map((each) => each.fact).sort()).toEqual(Object.keys(played).sort());
  const wrong: unknown[] = [];
  const told: Record<string, unknown> = {};
  for (const fact of facts) {
    const each = played[fact.fact];
    if (each === undefined) continue;
    const aim = each.aim === undefined ? aimSaid(fact) : each.aim(fact.result);
    const here = await answerOf(each.play);
    if (isEqual(here.said, aim) !== (each.differs === undefined))
      wrong.push({ fact: fact.fact, differs: each.differs, aim, here });
    // What is said instead, and why what both refuse is refused here.
    if (each.differs !== undefined || here.said === REFUSED)
      told[fact.fact] = each.differs === undefined ? here.by : { differs: each.differs, ...here };
  }
  expect(wrong).toEqual([]);
  expect(told).toMatchSnapshot();
  expect(facts).toHaveLength(93);
});
