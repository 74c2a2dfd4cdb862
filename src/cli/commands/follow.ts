// `runlog follow`: the values of live runs as they come. On a terminal a table that is rewritten in
// place, in a pipe a line for each change.
//
// 1. Following begins before the values that are there are read: no point falls between.
// 2. Ends when the given runs have closed; without words it goes on until Ctrl-C.

import type { Command } from 'commander';
import type { FollowEvent, Metric, Repo, RepoFollowEvent, RunView } from '../../index.ts';
import { eventFacts } from '../event-json.ts';
import { contextText } from '../facts.ts';
import { tellMissingMetrics, tellNothing } from '../hints.ts';
import { jsonText, numberText } from '../json.ts';
import { type LiveRow, LiveTable } from '../live-table.ts';
import { openRepo, shortHashes } from '../open.ts';
import { contextOption, jsonOption, metricOption, systemOption, withExamples } from '../options.ts';
import { escaped, isTerminal, print, printAside, time } from '../print.ts';
import { isWanted, metricsOf, selectRuns, type WantedMetrics } from '../select.ts';
import { tellUnreadable } from '../trouble.ts';
import { begin, type Following, isLive, untilEnded } from '../until-ended.ts';

interface FollowOptions extends WantedMetrics {
  readonly json: boolean;
}

type Event = RepoFollowEvent | FollowEvent;

async function follow(words: string[], options: FollowOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const following = begin((signal) =>
    repo.follow({ from: 'now', signal, onUnreadable: tellUnreadable }),
  );
  try {
    await show(repo, following, words, options);
  } finally {
    following.stop.abort();
  }
}

async function show(
  repo: Repo,
  following: Following,
  words: readonly string[],
  options: FollowOptions,
): Promise<void> {
  const views: RunView[] = [];
  const rows: LiveRow[] = [];
  for await (const view of selectRuns(repo, words)) {
    // Of all runs, only what may still change is worth a line.
    if (words.length === 0 && !isLive(view)) continue;
    views.push(view);
    for (const metric of metricsOf(view, options)) rows.push(rowOf(metric));
  }
  if (!options.json && views.length === 0)
    await tellNothing(repo, words.length === 0 ? 'live run' : 'run', words);
  else if (!options.json && !views.some(isLive) && words.length > 0)
    printAside(
      `${views.length === 1 ? 'the run has' : 'these runs have'} ended; \`runlog metrics\` shows what is there`,
    );
  // It may come yet; one that is misspelt never does.
  if (!options.json && rows.length === 0) await tellMissingMetrics(repo, options.metric);
  const given = words.length === 0 ? undefined : new Set(views.map(({ hash }) => hash));
  const shown = shower(repo, rows, options);
  for await (const event of untilEnded(following, given === undefined ? undefined : views))
    if (given?.has(event.run) ?? true) shown.event(event);
  shown.end();
}

const rowOf = ({ run, name, context, lastStep, last, count }: Metric): LiveRow => ({
  run: run.hash,
  name,
  context: contextText(context),
  step: lastStep ?? Number.NaN,
  value: last,
  points: count,
  known: lastStep ?? Number.NEGATIVE_INFINITY,
  time: undefined,
});

interface Shower {
  event(event: Event): void;
  end(): void;
}

function shower(repo: Repo, live: readonly LiveRow[], options: FollowOptions): Shower {
  if (options.json) {
    const isChosen = choice(options);
    return {
      event(event) {
        if (isChosen(event)) print(jsonText(eventFacts(event)));
      },
      end() {},
    };
  }
  if (!isTerminal()) return { event: (event) => tellLine(event, options), end: () => {} };
  const table = new LiveTable(live, () => shortHashes(repo.hashes()));
  return {
    event(event) {
      if (event.type === 'points' && isWanted(event, options)) table.add(event);
    },
    end: () => table.end(),
  };
}

/**
 * Whether an event was asked for. Who names metrics wants their points, and to be told of those that a
 * rewind hides or shows again.
 */
function choice(options: FollowOptions): (event: Event) => boolean {
  const { metric, context } = options;
  const rewinds = new Set<string>();
  return (event) => {
    if (event.type === 'points') return isWanted(event, options);
    if (metric === undefined && context === undefined) return true;
    if (event.type !== 'rewind') return false;
    const { rewind, undone } = event;
    if (rewind === undefined) return rewinds.has(undone ?? '');
    const isReached = rewind.name === undefined || (metric?.includes(rewind.name) ?? true);
    if (isReached) rewinds.add(rewind.id);
    return isReached;
  };
}

function tellLine(event: Event, options: FollowOptions): void {
  if (event.type === 'state') {
    const what = event.opening === undefined ? `closed: ${event.close?.outcome}` : 'opened';
    print(escaped(`${event.run} ${what}`));
    return;
  }
  if (event.type !== 'points' || !isWanted(event, options)) return;
  const context = contextText(event.context);
  for (let index = 0; index < event.steps.length; index += 1) {
    const step = numberText(event.steps[index] as number);
    const value = numberText(event.values[index] as number);
    const place = [event.run, event.name, ...(context === '' ? [] : [context])].join(' ');
    print(`${time(event.times[index] as number)} ${escaped(place)} step ${step}: ${value}`);
  }
}

export function addFollow(program: Command): void {
  withExamples(
    program
      .command('follow')
      .description('shows values as they come, until the runs end; of all runs until Ctrl-C')
      .argument('[what...]', 'runs, or one query')
      .addOption(metricOption())
      .addOption(contextOption())
      .addOption(systemOption())
      .addOption(jsonOption())
      .action(follow),
    ['runlog follow', 'every run, also those that begin later'],
    ['runlog follow -1 -m loss', 'one metric of the newest run'],
    ['runlog follow -1 --json -m loss | jq -c .values', 'for another program'],
  );
}
