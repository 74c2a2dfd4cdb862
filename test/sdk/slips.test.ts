// Slips of the pen: an option that nothing reads is said, not ignored, where ignoring it would hide points
// or record something false; and what was said instead of an argument is named.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Metric, Repo, Run, type RunView, Text } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-slips-'));
const options = { repo: directory, runHash: 'slips', systemTrackingInterval: null } as const;

let run: Run;
let repo: Repo;
let view: RunView;
let metric: Metric;
beforeAll(async () => {
  run = await Run.open(options);
  run.track(1, { name: 'loss' });
  run.flush();
  repo = await Repo.open(directory);
  view = (await repo.run('slips')) as RunView;
  metric = view.metric('loss') as Metric;
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Whatever a call gives or throws, as a promise; of a generator its first value. */
async function outcome(call: () => unknown): Promise<unknown> {
  const given = call() as { next?: () => unknown };
  return await (typeof given?.next === 'function' ? given.next() : given);
}

// biome-ignore lint/suspicious/noExplicitAny: what no compiler would let through is the point.
const any = (value: unknown): any => value;

it.each<[string, () => unknown, RegExp]>([
  ['track, a first point', () => run.track(1, any({ name: 'first', stepp: 3 })), /options\.stepp/],
  [
    'track, a point without the step that others have',
    () => {
      for (const step of [5, 6]) run.track(step, { name: 'loss', step, context: {} });
      run.track(7, any({ name: 'loss', stpe: 7, context: {} }));
    },
    /options\.stpe: there is no such option; did you mean step\?/,
  ],
  [
    'track, a point without the context that others have',
    () => {
      run.track(7, { name: 'loss', context: { subset: 'val' } });
      run.track(7, any({ name: 'loss', contxt: { subset: 'val' } }));
    },
    /options\.contxt: there is no such option; did you mean context\?/,
  ],
  ['track of several', () => run.track({ a: 1 }, any({ stepp: 3 })), /options\.stepp/],
  [
    'track of a text',
    () => run.track(new Text('a'), any({ name: 'said', contxt: {} })),
    /options\.contxt/,
  ],
  ['rewind', () => run.rewind(any({ step: 0, metric: 'x' })), /options\.metric/],
  [
    'trackColumns',
    () => run.sequence('loss').trackColumns(any({ values: [1], step: [5] })),
    /columns\.step:/,
  ],
  ['close', () => run.close(any({ outcom: 'failed' })), /options\.outcom/],
  ['metric.values', () => metric.values(any({ from: 5 })), /options\.from/],
  ['metric.blocks', () => metric.blocks(any({ from: 5 })), /options\.from/],
  ['metric.follow', () => metric.follow(any({ form: 'now' })), /options\.form/],
  ['view.follow', () => view.follow(any({ form: 'now' })), /options\.form/],
  ['view.follow told of runs', () => view.follow(any({ onUnreadable() {} })), /onUnreadable/],
  ['repo.follow', () => repo.follow(any({ form: 'now' })), /options\.form/],
  ['repo.runs', () => repo.runs(any({ limt: 1 })), /options\.limt/],
  ['Repo.open', () => Repo.open(directory, any({ create: true })), /options\.create/],
])('%s refuses an option that there is not', async (_, call, message) => {
  const error: unknown = await outcome(call).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toMatch(message);
});

it.each([undefined, null, 5, ''])(
  'a copy and a move to %s go nowhere, least of all to the nearest repo',
  async (other) => {
    for (const call of [repo.copy('slips', any(other)), repo.move('slips', any(other))])
      await expect(call).rejects.toThrow(/^other: expected a path or a Repo, got/);
  },
);

it('a property that a run does not have is no place for params', () => {
  expect(() => {
    any(run)['hparams'] = { lr: 0.1 };
  }).toThrow(TypeError);
  expect(() => {
    any(run).nmae = 'baseline';
  }).toThrow(TypeError);
});

it('who tracks a text is told of objects', () => {
  expect(() => run.track(any('text'), { name: 'said' })).toThrow(/new Text\(\.\.\.\)/);
});

it('what was refused changed nothing: the points stand, the run is open', async () => {
  await view.refresh();
  expect(view.metric('loss')?.count).toBe(1);
  expect(view.state).toBe('running');
});

describe('what was given instead', () => {
  it.each<[string, () => unknown, string]>([
    [
      'mustExist without a hash',
      () => Run.open({ repo: directory, mustExist: true }),
      'runHash: expected one together with mustExist',
    ],
    [
      'a name instead of the options',
      () => run.track(1, any('loss')),
      'options: expected an object, got "loss"',
    ],
    [
      'values instead of columns',
      () => run.sequence('loss').trackColumns(any([1, 2])),
      'columns: expected an object, got an array',
    ],
    ['a key without a value', () => any(run).set('a'), 'value: undefined cannot be stored'],
    ['new Run', () => Reflect.construct(Run, []), 'Run: use Run.open'],
    ['new Run with options', () => Reflect.construct(Run, [options]), 'Run: use Run.open'],
  ])('%s is said', async (_, call, message) => {
    const error: unknown = await (async () => outcome(call))().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(message);
  });

  it('a cycle is named by where it begins and ends, not by each of its turns', () => {
    const cycle: Record<string, unknown> = {};
    cycle['itself'] = cycle;
    const said = (call: () => unknown): string => {
      try {
        call();
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const message of [
      said(() => run.set('a', cycle)),
      said(() => run.track(1, { name: 'loss', context: any(cycle) })),
    ]) {
      expect(message).toMatch(
        /^(params\.a|context)\.itself.* \.\.\. .*\.itself: nested deeper than/,
      );
      expect(message.length).toBeLessThan(250);
    }
  });
});

describe('a copy into a repo that holds the run', () => {
  it('is a mistake of the caller, not a lock that somebody holds', async () => {
    const other = join(directory, 'other');
    await repo.copy('slips', other);
    for (const target of [repo, directory, other]) {
      const error: unknown = await repo.copy('slips', target).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RangeError);
      // Who would delete it in this repo had no other.
      const message = target === other ? /^other: .*holds a run slips/ : /^other: it is the repo/;
      expect((error as Error).message).toMatch(message);
    }
  });
});

describe('a hash of fewer than 4 characters', () => {
  it('stands for itself alone; who must have the run is told so', async () => {
    expect(await repo.run('sli')).toBeUndefined();
    for (const call of [
      () => repo.delete('sli'),
      () => Run.open({ ...options, runHash: 'sli', mustExist: true }),
      () => Run.open({ ...options, runHash: 'sli', readOnly: true }),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'RUN_NOT_FOUND',
        message: expect.stringContaining('slips begins so; a prefix has 4 characters') as string,
      });
    }
    await expect(repo.delete('zzz')).rejects.toMatchObject({
      message: expect.not.stringContaining('prefix') as string,
    });
  });
});
