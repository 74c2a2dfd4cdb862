// How a run ended is recorded as it was, and recording it changes nothing: each program ends with an open
// run exactly as without one, by exit code, signal and everything that it prints.

import { spawn } from 'node:child_process';
import { afterAll, it } from 'vitest';
import { type OpeningFacts, Repo } from '../../src/index.ts';
import { endChildren, pathOfProgram, temporaryDirectory } from './child.ts';

const repo = temporaryDirectory();
afterAll(endChildren);

interface Seen {
  readonly end: number | string | null;
  readonly out: string;
  readonly err: string;
}

/** What is seen of the program from outside. A thread that ends may print in another order. */
function ended(args: readonly string[], flags: readonly string[]): Promise<Seen> {
  const child = spawn(process.execPath, [...flags, pathOfProgram('endings'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    texts.out += data;
  });
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    texts.err += data;
  });
  return new Promise((resolve) =>
    child.once('close', (code, signal) =>
      resolve({
        end: code ?? signal,
        out: texts.out,
        err: shown(texts.err).replaceAll(`(node:${child.pid})`, '(node)'),
      }),
    ),
  );
}

/**
 * Without the frames of stacks: which of them are there depends on how long was waited, and the run's own
 * are among them; without the place in Node.js that says how an error came up.
 */
const shown = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^ {4,}at /.test(line))
    .join('\n')
    .replace(/^node:internal\S*:\d+\n.*\n *\^\n|^file:.*\n.*\n *\^\n/gm, '');

interface Expected {
  readonly how: string;
  /** As the program ends, also without a run. */
  readonly end: number | string;
  readonly state?: string;
  readonly ending?: OpeningFacts['ending'];
  readonly exitCode?: number | undefined;
  readonly error?: string;
  readonly origin?: string;
  /** Points tracked. */
  readonly count?: number;
  readonly flags?: readonly string[];
}

const broken = 'RangeError: the job is broken';
const brokenExit = 'RangeError: the exit is broken';
const exited = (how: string, end: number, more: Partial<Expected> = {}): Expected => ({
  how,
  end,
  state: end === 0 ? 'finished' : 'failed',
  ending: 'exited',
  exitCode: end,
  ...more,
});
const uncaught = (how: string, more: Partial<Expected> = {}): Expected => ({
  how,
  end: 1,
  state: 'failed',
  ending: 'uncaught',
  exitCode: 1,
  error: broken,
  origin: 'uncaughtException',
  ...more,
});
const killed = (how: string, end: string | number, more: Partial<Expected> = {}): Expected => ({
  how,
  end,
  state: 'killed',
  ending: 'killed',
  ...more,
});
const closed = (how: string, end: number, more: Partial<Expected> = {}): Expected => ({
  how,
  end,
  state: 'finished',
  ending: 'closed',
  ...more,
});
const byRejection = { origin: 'unhandledRejection' } as const;

const rows: readonly Expected[] = [
  exited('falls', 0),
  exited('exits-0', 0),
  exited('exits-3', 3),
  exited('exit-code', 4),
  exited('exit-code-text', 5),
  // The module waits for what never comes: Node.js exits with 13.
  exited('never-settles', 13),
  // The module is a promise.
  uncaught('throws-at-top', byRejection),
  uncaught('throws', { count: 2 }),
  uncaught('rejects', byRejection),
  uncaught('rejects-object', {
    ...byRejection,
    error:
      'UnhandledPromiseRejection: This error originated either by throwing inside of an async function',
  }),
  uncaught('throws-text', { error: 'Error: plain' }),
  uncaught('throws-null', { error: 'Error: null' }),
  uncaught('throws-hostile', { error: 'Error: hostile' }),
  uncaught('throws-huge', { error: 'Error: xxxxxxxx' }),
  uncaught('throws-caused', { error: 'RangeError: top' }),
  uncaught('overflows', { error: 'RangeError: Maximum call stack size exceeded' }),

  killed('SIGINT', 'SIGINT'),
  killed('SIGTERM', 'SIGTERM'),
  killed('SIGHUP', 'SIGHUP'),
  exited('signal-handler-exits', 130),
  exited('signal-handler-goes-on', 0, { count: 2 }),
  killed('signal-handler-again', 'SIGTERM'),
  closed('signal-handler-closes', 129),

  exited('uncaught-handler-goes-on', 0, { count: 2 }),
  uncaught('uncaught-handler-exits-later', { end: 8, exitCode: 8, count: 2 }),
  exited('uncaught-handler-exits-much-later', 8, { count: 2 }),
  uncaught('uncaught-handler-before', { end: 9, exitCode: 9, count: 2 }),
  // No event comes after it.
  killed('uncaught-handler-throws', 7, { count: 2 }),
  exited('uncaught-capture', 0),
  exited('domain', 0),
  uncaught('domain-without-handler'),
  exited('rejection-handler', 0),
  ...['warn', 'none'].map((flag) =>
    exited('rejection-flag', 0, { flags: [`--unhandled-rejections=${flag}`] }),
  ),
  exited('rejection-flag', 1, { flags: ['--unhandled-rejections=warn-with-error-code'] }),
  uncaught('rejection-flag', { ...byRejection, flags: ['--unhandled-rejections=strict'] }),
  uncaught('throws', { count: 2, flags: ['--enable-source-maps', '--trace-uncaught'] }),

  exited('before-exit-revives', 0, { count: 3 }),
  exited('before-exit-tracks', 0, { count: 2 }),
  exited('before-exit-tracks-first', 0, { count: 2 }),
  exited('exit-handler-before', 3, { count: 2 }),
  exited('exit-handler-after', 3, { count: 3 }),
  exited('exit-handler-last-turn', 3, { count: 3 }),
  exited('exit-handler-exits-before', 9),
  exited('exit-handler-exits-after', 9, { count: 2 }),
  exited('exit-handler-fails-a-good-end', 9, { count: 2 }),
  exited('exit-handler-sets-code', 6),
  uncaught('exit-handler-throws', { error: brokenExit, count: 2 }),
  uncaught('exit-handler-throws-after-exit', {
    end: 3,
    exitCode: 3,
    error: brokenExit,
    ...byRejection,
  }),
  uncaught('exit-handler-throws-and-lives', { end: 3, exitCode: 3, error: brokenExit, count: 2 }),
  closed('exit-handler-closes', 3),
  exited('nine-listeners', 0),

  exited('fails-exits-0', 0, { state: 'failed', error: 'RangeError: diverged' }),
  uncaught('fails-throws', { error: 'RangeError: diverged' }),
  closed('closes-exits', 3),
  closed('closes-throws', 1),
  closed('closes-twice', 0),
  { how: 'using', end: 0, state: 'finished', ending: 'disposed' },
  // What an `await using` is not told.
  { how: 'using-throws', end: 1, state: 'finished', ending: 'disposed' },
  closed('with', 0),
  closed('with-throws', 1, { state: 'failed', error: broken }),
  exited('with-exits', 3),

  exited('thread-falls', 0),
  exited('thread-exits', 0, { state: 'failed', exitCode: 3 }),
  uncaught('thread-throws', { end: 0, count: 2 }),
  uncaught('thread-throws-unheard'),
  uncaught('thread-rejects', { end: 0, ...byRejection }),
  killed('thread-terminated', 0),
  killed('thread-left', 0),
];

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

it.concurrent.for(rows.map((row) => [row.how, row.flags?.join(' ') ?? '', row] as const))(
  '%s %s',
  async ([, , { flags = [], count = 1, ...row }], { expect }) => {
    const hash = [row.how.toLowerCase(), ...flags.map((flag) => flag.replace(/.*=|--/, ''))].join(
      '.',
    );
    const [seen, control] = await Promise.all([
      ended([row.how, repo, hash, 'run'], flags),
      ended([row.how, repo, hash, 'control'], flags),
    ]);
    expect(seen).toEqual(control);
    expect(seen.end, seen.err).toBe(row.end);
    const view = await (await Repo.open(repo)).run(hash);
    const opening = view?.openings.at(-1);
    const text = opening?.error && `${opening.error.name}: ${firstLine(opening.error.message)}`;
    expect({
      how: row.how,
      state: view?.state,
      ending: opening?.ending,
      exitCode: opening?.exitCode,
      error: text?.slice(0, row.error?.length),
      origin: opening?.origin,
      count: view?.metric('loss')?.count,
    }).toEqual({
      how: row.how,
      state: row.state,
      ending: row.ending,
      exitCode: row.exitCode,
      error: row.error,
      origin: row.origin,
      count,
    });
    expect(view?.duration).toBeLessThan(60_000);
    expect(opening?.lastSeenAt).toBeGreaterThanOrEqual(opening?.openedAt as number);
    if (!row.how.startsWith('thread-')) return;
    // The run of the process beside the thread ends as the process does.
    const beside = (await (await Repo.open(repo)).run(`${hash}-main`))?.openings.at(-1);
    expect([beside?.ending, beside?.outcome]).toEqual(
      row.end === 0 ? ['exited', 'finished'] : ['uncaught', 'failed'],
    );
  },
);
