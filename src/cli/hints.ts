// The first minute: what a person may do next, said beside the answer. JSON has no such lines.
//
// Test: test/cli/first-minute.test.ts, test/cli/looked-at.test.ts.

import { type MissingName, nearestName, type Repo } from '../index.ts';
import { textOf } from './facts.ts';
import { objectsCalled } from './object-names.ts';
import type { WantedContext } from './options.ts';
import { counted, printAside, stateNames } from './print.ts';
import { queryIn } from './words.ts';

/** What this command has looked at is not looked at again. */
export const LOOKED_AT_MS = 60_000;

export const howToRecord = 'a program records one with: const run = await Run.open()';

/** What an answer with nothing in it was asked for, besides its words. */
export interface AskedFor {
  /** Metrics by name. */
  readonly metric?: readonly string[];
  /** What their context holds. */
  readonly context?: WantedContext;
  /** Archived runs were looked at too; default: they were. */
  readonly archived?: boolean;
  /** The hash of the one run that was looked at, where no words said which. */
  readonly newest?: string;
  /** What the query is about. */
  readonly kind?: 'run' | 'metric';
}

/** Nothing was found to show. `what`: 'run', 'metric'. */
export async function tellNothing(
  repo: Repo,
  what: 'run' | 'live run' | 'metric' | 'param',
  words: readonly string[],
  asked: AskedFor = {},
): Promise<void> {
  const { metric = [], context, kind = what === 'metric' ? 'metric' : 'run' } = asked;
  if (repo.hashes().length === 0) printAside(`no runs in ${repo.path} yet; ${howToRecord}`);
  else if (what === 'live run' && words.length === 0)
    printAside(`no run of ${repo.path} is live; what begins is shown, Ctrl-C ends it`);
  else if (words.length === 0 && what === 'run')
    printAside(`every run in ${repo.path} is archived or deleted; --archived lists archived ones`);
  else {
    printAside(`no ${what} found in ${await lookedAt(repo, words, asked)}`);
    await tellMissing(repo, queryIn(words) ?? '', kind);
    await tellMissingMetrics(repo, metric);
    if (context !== undefined) await tellMissingContext(repo, context);
  }
}

/** Where something was looked for, and where else it may be. */
async function lookedAt(
  repo: Repo,
  words: readonly string[],
  { newest, archived = true }: AskedFor,
): Promise<string> {
  if (newest !== undefined) return `the newest run, ${newest}; name runs or a query`;
  const whatThere = '`runlog params` and `runlog metrics` say what there is';
  if (queryIn(words) === undefined) {
    const named = new Set(words).size;
    return `the ${named === 1 ? 'run' : `${named} runs`} named; ${whatThere}`;
  }
  // Hashes alone are also those of deleted runs.
  const quiet = { onUnreadable: () => {}, onFailures: () => {}, maxAgeMs: LOOKED_AT_MS };
  const there = await repo.evaluateRuns([], '', { archived, ...quiet });
  return `${counted(there.length, 'run')} of ${repo.path}; ${whatThere}`;
}

/** Of what `--context` asks for the keys and values that no metric has. */
async function tellMissingContext(repo: Repo, context: WantedContext): Promise<void> {
  const { metrics } = await repo.keys('', { archived: true });
  const there = metrics.flatMap(({ contexts }) => contexts.flatMap((each) => Object.entries(each)));
  const pairs = there.map(([key, value]) => `${key}=${textOf(value)}`);
  const keys = there.map(([key]) => key);
  for (const [key, value] of Object.entries(context)) {
    const pair = `${key}=${value}`;
    if (pairs.includes(pair)) continue;
    const isKey = keys.includes(key);
    const near = isKey ? nearestName(pair, new Set(pairs)) : nearestName(key, new Set(keys));
    const what = isKey ? `context ${pair}` : `key ${key} in its context`;
    printAside(`no metric has the ${what}${near === undefined ? '' : `; near: ${near}`}`);
  }
}

/** Of metrics that `--metric` names those that no run has. */
export const tellMissingMetrics = async (
  repo: Repo,
  metric: readonly string[] = [],
): Promise<void> =>
  metric.length === 0
    ? undefined
    : await tellMissing(repo, `metric.name in ${JSON.stringify(metric)}`, 'metric');

/** Names in a query that no run has, with the near ones that there are: a slip of the pen matches nothing. */
export async function tellMissing(
  repo: Repo,
  query: string,
  kind: 'run' | 'metric',
): Promise<void> {
  if (query === '') return;
  const missing = await repo.missingNames(query, kind);
  const bare = /\brun\.metrics\[\s*(['"])[^'"]*\1\s*\]/.exec(query)?.[0];
  if (missing.length === 0 && bare !== undefined)
    printAside(`${bare} is the one without a context; \`runlog metrics --names\` lists others`);
  for (const { kind: what, name, near } of missing) {
    const objects =
      what === 'metric' && near === undefined ? await objectsCalled(repo, name) : undefined;
    const held =
      objects === undefined
        ? ''
        : `; it is the name of ${objects}: \`runlog values <run> ${shellWord(name)}\``;
    const meant = near === undefined ? held : `; near: ${near}`;
    printAside(`${sayMissing(what, name)}${meant}`);
  }
}

function sayMissing(what: MissingName['kind'], name: string): string {
  if (what === 'property') return `${name}: there is no such property`;
  if (what === 'state') return `'${name}' is no state of a run (${stateNames.join(', ')})`;
  if (what !== 'context') return `no run has the ${what} ${name}`;
  return name.includes('{')
    ? `no run has ${name}`
    : `${name} is the one without a context, which no run has`;
}

/** An expression that has a value nowhere looks like one that has: it is said, with what it may have meant. */
export async function tellNoValue(
  repo: Repo,
  option: '--order' | '--value',
  expression: string,
  kind: 'run' | 'metric',
): Promise<void> {
  const isAlone = kind === 'metric' && /^\w+$/.test(expression);
  const how = isAlone ? `: of a metric it is metric.${expression}` : '';
  printAside(`${option}: no ${kind} has a value of ${expression}${how}`);
  await tellMissing(repo, expression, kind);
}

/** As a shell takes it for one word that does nothing: names are anybody's, and hints are pasted. */
export const shellWord = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** To somebody who has one run so far: what can be done with it. */
export function tellNext(repo: Repo, ...commands: readonly string[]): void {
  if (repo.hashes().length !== 1) return;
  printAside(`next: ${commands.map((each) => `\`${each}\``).join(', ')}`);
}
