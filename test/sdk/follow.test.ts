// Following: each event once, in the order of its writer, whatever happens to the files meanwhile;
// a cursor goes on exactly behind its event, also in the middle of what was tracked together.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, inject, it } from 'vitest';
import {
  type FollowCursor,
  type FollowEvent,
  Repo,
  type RepoFollowEvent,
  Run,
  type RunView,
} from '../../src/index.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-follow-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;

const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({ repo: directory, runHash, ...quiet, ...more });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

/** 'writer name step value' of every point, in the order in which events bring them. */
const pointsOf = (events: readonly (FollowEvent | RepoFollowEvent)[]): string[] =>
  events.flatMap((event) =>
    event.type === 'points'
      ? Array.from(
          event.steps,
          (step, index) =>
            `${event.run} ${event.writer} ${event.name} ${step} ${event.values[index]}`,
        )
      : [],
  );

/** Events until `isDone`, or for as long as there is nothing new for `idleMs`. */
async function take<Event>(
  events: AsyncGenerator<Event>,
  isDone: (all: readonly Event[]) => boolean,
  idleMs = 20_000,
): Promise<Event[]> {
  const all: Event[] = [];
  while (!isDone(all)) {
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), idleMs);
    });
    const next = events.next();
    const got = await Promise.race([next, idle]);
    clearTimeout(timer);
    if (got === undefined || got.done) break;
    all.push(got.value);
  }
  return all;
}

const never = (): boolean => false;

const isClosed = (events: readonly FollowEvent[]): boolean =>
  events.some((each) => each.type === 'state' && each.close !== undefined);

/** Everything that is there: until `isDone`, and what comes within a third of a second after it. */
async function all(
  view: RunView,
  isDone: (events: readonly FollowEvent[]) => boolean = isClosed,
): Promise<FollowEvent[]> {
  const ending = new AbortController();
  const following = view.follow({ signal: ending.signal });
  const events = await take(following, isDone);
  const more = await take(following, never, 300);
  ending.abort();
  return [...events, ...more];
}

/** Points by sequence, in order of arrival. */
function bySequence(points: readonly string[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const point of points) {
    const [run, writer, name] = point.split(' ');
    const key = `${run} ${writer} ${name}`;
    groups[key] = [...(groups[key] ?? []), point];
  }
  return groups;
}

describe('a cursor', () => {
  it('goes on exactly behind its event: hot, sealed, and sealed in between', async () => {
    const { random, integer } = seeded('follow cursor');
    const run = await open('cursors');
    const tracked: string[] = [];
    const track = (name: string, step: number, value: number): void => {
      run.track(value, { name, step });
      tracked.push(`cursors main ${name} ${step} ${value}`);
    };
    for (let round = 0; round < 5; round += 1) {
      // Steps go back now and then, so that blocks sorted by step are not in order of arrival.
      for (let index = 0; index < 5; index += 1)
        for (const name of ['a', 'b', 'c']) track(name, integer(40), random());
      if (round === 1) run.set(['round'], round);
      if (round === 2) run.rewind({ step: 20, name: 'b' });
      run.flush();
    }
    const view = await viewOf('cursors');
    const hot = await all(view, (events) => pointsOf(events).length >= tracked.length);
    expect(bySequence(pointsOf(hot))).toEqual(bySequence(tracked));
    await run.close();
    const closed = await all(view);
    expect(closed.at(-1)).toMatchObject({ type: 'state', close: { outcome: 'finished' } });
    await (await Repo.open(directory)).compact();
    const sealed = await all(view);
    expect(bySequence(pointsOf(sealed))).toEqual(bySequence(tracked));
    for (const [name, events] of Object.entries({ closed, sealed })) {
      for (const [index, event] of events.entries()) {
        // Through JSON: a cursor is plain data.
        const cursor = JSON.parse(JSON.stringify(event.cursor)) as FollowCursor;
        const rest = await drained(view, cursor, index === events.length - 1);
        const expected = tracked.filter(
          (each) => !pointsOf(events.slice(0, index + 1)).includes(each),
        );
        expect(bySequence(pointsOf(rest)), `${name} ${index}`).toEqual(bySequence(expected));
        const kinds = (list: readonly FollowEvent[]) =>
          list.filter((each) => each.type !== 'points').map((each) => each.type);
        expect(kinds(rest), `${name} ${index}`).toEqual(kinds(events.slice(index + 1)));
      }
    }
  });

  /** All that is there behind the cursor, of a run that is closed: its close event is the last. */
  async function drained(
    view: RunView,
    from: FollowCursor,
    isLast: boolean,
  ): Promise<FollowEvent[]> {
    const ending = new AbortController();
    const events = await take(
      view.follow({ from, signal: ending.signal }),
      isClosed,
      isLast ? 300 : 20_000,
    );
    ending.abort();
    return events;
  }

  it('of something else is refused', async () => {
    await (await open('refused')).close();
    const view = await viewOf('refused');
    expect(() => view.follow({ from: 'end' as 'now' })).toThrow(/^from: expected 'start', 'now'/);
    expect(() => view.follow({ signal: {} as AbortSignal })).toThrow(/^signal: /);
    const wrong = { main: { position: -1 } } as unknown as FollowCursor;
    await expect(view.follow({ from: wrong }).next()).rejects.toThrow(/^from.main: /);
  });
});

describe('a rewind in a sealed stretch', () => {
  it('comes between the points before it and those after it', async () => {
    const run = await open('rewound');
    run.track({ a: 1, b: 2 }, { step: 5 });
    run.rewind({ step: 5 });
    run.track({ a: 3, b: 4 }, { step: 5 });
    await run.close();
    await (await Repo.open(directory)).compact();
    const events = await all(await viewOf('rewound'));
    const order = events.map((event) =>
      event.type === 'points' ? `${event.name} ${event.values.join()}` : event.type,
    );
    expect(order.filter((each) => each !== 'state')).toEqual([
      'a 1',
      'b 2',
      'rewind',
      'a 3',
      'b 4',
    ]);
  });
});

describe('a live run', () => {
  it('brings each point once, in order, through closing, compacting and resuming', async () => {
    const { integer, random } = seeded('follow live');
    const first = await open('live');
    first.track(0.5, { name: 'loss', step: 0 });
    first.flush();
    const expected = ['live main loss 0 0.5'];
    const ending = new AbortController();
    const view = await viewOf('live');
    const events: FollowEvent[] = [];
    const following = (async () => {
      for await (const event of view.follow({ signal: ending.signal })) events.push(event);
    })();
    const repo = await Repo.open(directory);
    let run = first;
    for (let round = 0; round < 15; round += 1) {
      for (let index = 0; index < 1 + integer(200); index += 1) {
        const [name, step, value] = [integer(2) ? 'loss' : 'accuracy', integer(50), random()];
        run.track(value, { name, step });
        expected.push(`live main ${name} ${step} ${value}`);
      }
      run.flush();
      if (round % 3 === 2) {
        await run.close();
        if (integer(2)) await repo.compact();
        run = await open('live');
      }
      await new Promise((resolve) => setTimeout(resolve, integer(60)));
    }
    await run.close();
    const stateCount = (): number => events.filter((each) => each.type === 'state').length;
    const isWhole = (): boolean => pointsOf(events).length >= expected.length && stateCount() >= 12;
    for (let tries = 0; tries < 1000 && !isWhole(); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    ending.abort();
    await expect(following).rejects.toMatchObject({ code: 'ABORTED' });
    expect(bySequence(pointsOf(events))).toEqual(bySequence(expected));
    expect(stateCount()).toBe(12);
  });

  it("from 'now' brings only what comes, of writers that come later everything", async () => {
    const run = await open('now');
    run.track(1, { name: 'loss' });
    run.flush();
    const view = await viewOf('now');
    const ending = new AbortController();
    const following = view.follow({ from: 'now', signal: ending.signal });
    const events: FollowEvent[] = [];
    const taken = (async () => {
      for await (const event of following) {
        events.push(event);
        if (pointsOf(events).filter((each) => each.includes(' helper ')).length === 2) break;
      }
    })();
    // Until it has found out where now is, on any machine.
    for (let value = 2; events.length === 0; value += 1) {
      run.track(value, { name: 'loss' });
      run.flush();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const other = await open('now', { writer: 'helper' });
    other.track(3, { name: 'loss' });
    other.track(4, { name: 'loss' });
    await other.close();
    await taken;
    const [first, ...rest] = pointsOf(events).filter((each) => each.startsWith('now main '));
    const begin = Number(first?.split(' ')[3]);
    expect(begin).toBeGreaterThan(0);
    expect([first, ...rest]).toEqual(
      Array.from({ length: 1 + rest.length }, (_, index) => {
        const step = begin + index;
        return `now main loss ${step} ${step + 1}`;
      }),
    );
    expect(pointsOf(events).filter((each) => each.startsWith('now helper '))).toEqual([
      'now helper loss 0 3',
      'now helper loss 1 4',
    ]);
    ending.abort();
    await run.close();
  });

  it('that is killed and resumed brings each point once', async () => {
    const program = join(inject('toolsDirectory'), 'test/process/programs/tracker.js');
    const events: FollowEvent[] = [];
    const ending = new AbortController();
    let following: Promise<unknown> | undefined;
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, [program, directory, 'killed', String(round), '50'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      following ??= (async (view: RunView) => {
        for await (const event of view.follow({ signal: ending.signal })) events.push(event);
      })(await viewOf('killed')).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 60));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    const view = await viewOf('killed');
    const raw = (
      await Promise.all(
        view.metrics().map(async (metric) => [metric, await metric.values({ raw: true })] as const),
      )
    ).flatMap(([metric, { steps, values }]) =>
      Array.from(steps, (step, index) => `killed main ${metric.name} ${step} ${values[index]}`),
    );
    expect(raw.length).toBeGreaterThan(0);
    for (let tries = 0; tries < 1000 && pointsOf(events).length < raw.length; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 300));
    ending.abort();
    expect(await following).toMatchObject({ code: 'ABORTED' });
    expect(pointsOf(events).sort()).toEqual(raw.sort());
  });

  it('ends with ABORTED, at once when the signal was aborted before, and leaves no listener', async () => {
    const run = await open('aborted');
    run.flush();
    const view = await viewOf('aborted');
    await expect(view.follow({ signal: AbortSignal.abort('why') }).next()).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'why',
    });
    const ending = new AbortController();
    let added = 0;
    const add = ending.signal.addEventListener.bind(ending.signal);
    const remove = ending.signal.removeEventListener.bind(ending.signal);
    ending.signal.addEventListener = (...args: Parameters<typeof add>) => {
      added += 1;
      add(...args);
    };
    ending.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      added -= 1;
      remove(...args);
    };
    const following = view.follow({ from: 'now', signal: ending.signal });
    const next = following.next();
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(added).toBeLessThanOrEqual(1);
    ending.abort();
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
    expect(added).toBe(0);
    await run.close();
  });

  it('that is deleted ends the following', async () => {
    const run = await open('deleted');
    run.track(1, { name: 'loss' });
    await run.close();
    const following = (await viewOf('deleted')).follow();
    await take(following, (events) => events.length === 3);
    const next = following.next();
    await (await Repo.open(directory)).delete('deleted');
    await expect(next).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('a metric', () => {
  it('is followed with its own points and the rewinds that reach it', async () => {
    const run = await open('metric');
    run.track({ loss: 1, accuracy: 2 });
    run.track(3, { name: 'loss', context: { subset: 'val' } });
    run.rewind({ step: 9, name: 'accuracy' });
    run.rewind({ step: 8, name: 'loss', context: { subset: 'val' } });
    run.rewind({ step: 7, name: 'loss' });
    const id = run.rewind({ step: 6 });
    run.undoRewind(id);
    run.set('lr', 1);
    run.flush();
    for (const form of ['hot', 'sealed']) {
      const metric = (await viewOf('metric')).metric('loss');
      const ending = new AbortController();
      const events = await take(metric?.follow({ signal: ending.signal }) as never, never, 500);
      ending.abort();
      const shown = (events as FollowEvent[]).map((event) =>
        event.type === 'points'
          ? `${event.values.join()} ${JSON.stringify(event.context)}`
          : event.type === 'rewind'
            ? (event.rewind?.step ?? event.undone)
            : event.type,
      );
      expect(shown, form).toEqual(['1 {}', 7, 6, id]);
      if (form === 'sealed') break;
      await run.close();
      await (await Repo.open(directory)).compact();
    }
  });
});

describe('a repo', () => {
  const path = join(directory, 'repo');
  const openHere = (runHash: string): Promise<Run> => Run.open({ repo: path, runHash, ...quiet });

  it('is followed with every run, those that begin later, and the next life of a deleted one', async () => {
    for (const hash of ['one', 'two']) {
      const run = await openHere(hash);
      run.track({ loss: 1, accuracy: 2 });
      await run.close();
    }
    const repo = await Repo.open(path);
    const ending = new AbortController();
    const events: RepoFollowEvent[] = [];
    const following = (async () => {
      for await (const event of repo.follow({ signal: ending.signal })) events.push(event);
    })().catch((error: unknown) => error);
    const until = async (count: number): Promise<void> => {
      for (let tries = 0; tries < 1000 && pointsOf(events).length < count; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await until(4);
    const later = await openHere('three');
    later.track(3, { name: 'loss' });
    later.flush();
    await until(5);
    await repo.delete('one');
    const again = await openHere('one');
    again.track(4, { name: 'loss' });
    await again.close();
    const resumed = await openHere('two');
    resumed.track(5, { name: 'loss' });
    await resumed.close();
    await until(7);
    await later.close();
    ending.abort();
    expect(await following).toMatchObject({ code: 'ABORTED' });
    expect(bySequence(pointsOf(events))).toEqual({
      'one main loss': ['one main loss 0 1', 'one main loss 0 4'],
      'one main accuracy': ['one main accuracy 0 2'],
      'two main loss': ['two main loss 0 1', 'two main loss 1 5'],
      'two main accuracy': ['two main accuracy 0 2'],
      'three main loss': ['three main loss 0 3'],
    });
    const cursor = events.find((event) => event.type === 'points' && event.run === 'two')?.cursor;
    const more = new AbortController();
    const delivered = pointsOf(
      events.slice(0, events.findIndex((each) => each.cursor === cursor) + 1),
    );
    // The deleted life is gone; all else that the cursor had not seen comes.
    const expected = pointsOf(events).filter(
      (each) => !delivered.includes(each) && !/^one main (accuracy|loss 0 1$)/.test(each),
    );
    const anew = repo.follow({ from: cursor as never, signal: more.signal });
    const isWhole = (found: readonly RepoFollowEvent[]): boolean =>
      pointsOf(found).length >= expected.length;
    const rest = [...(await take(anew, isWhole)), ...(await take(anew, never, 300))];
    more.abort();
    expect(pointsOf(rest).sort()).toEqual(expected.sort());
  });

  it("from 'now' brings only what comes, and leaves out what cannot be read", async () => {
    const repo = await Repo.open(path);
    const told: string[] = [];
    const ending = new AbortController();
    const following = repo.follow({
      from: 'now',
      signal: ending.signal,
      onUnreadable: (hash) => told.push(hash),
    });
    let found: string[] = [];
    const taken = take(following, (events) => events.some((each) => each.type === 'points')).then(
      (events) => {
        found = pointsOf(events);
      },
    );
    // Until it has found out where now is, on any machine.
    for (let count = 1; found.length === 0; count += 1) {
      const run = await openHere(`four-${count}`);
      run.track(count, { name: 'loss' });
      await run.close();
      await Promise.race([taken, new Promise((resolve) => setTimeout(resolve, 1000))]);
    }
    const [, count] = /^four-(\d+) main loss 0 /.exec(found[0] ?? '') ?? [];
    expect(found).toEqual([`four-${count} main loss 0 ${count}`]);
    expect(told).toEqual([]);
    ending.abort();
  });
});
