// `runlog logs`: what a run printed to its terminal, as it looked; or what it said with `run.log`.
//
// 1. Following begins before the lines that are there are read: none falls between.

import { type Command, Option } from 'commander';
import type { LogEntry, RunView, TerminalLine } from '../../index.ts';
import { textOf } from '../facts.ts';
import { jsonText } from '../json.ts';
import { lineText } from '../line-text.ts';
import { type LiveLines, liveLines } from '../live-lines.ts';
import { findRun, openRepo } from '../open.ts';
import { jsonOption, natural, withExamples } from '../options.ts';
import { escaped, print, printAside, type Style, styled, time } from '../print.ts';
import { tellDamage } from '../trouble.ts';
import { begin, type Following, untilEnded } from '../until-ended.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

interface LogsOptions {
  readonly follow: boolean;
  readonly tail?: number;
  readonly stream?: 'stdout' | 'stderr';
  readonly writer?: string;
  readonly times: boolean;
  readonly records: boolean;
  readonly level?: Level;
  readonly json: boolean;
}

async function logs(run: string, options: LogsOptions, command: Command): Promise<void> {
  const view = await findRun(await openRepo(command), run);
  const following = options.follow
    ? begin((signal) => view.follow({ from: 'now', signal }))
    : undefined;
  if (following !== undefined) await view.refresh();
  const isRecords = options.records || options.level !== undefined;
  const count = isRecords
    ? await tellRecords(view, options, following)
    : await tellLines(view, options, following);
  if (count === 0 && !options.json) tellNone(isRecords);
  tellDamage(view);
}

function tellNone(isRecords: boolean): void {
  printAside(
    isRecords
      ? 'the run said nothing; a program does with run.log.info(...)'
      : 'no output was captured; open the run with captureTerminalLogs: true, or start the program ' +
          'with `runlog exec`. What was said with run.log: --records',
  );
}

const keyOf = (writer: string, line: number): string => `${writer} ${line}`;

async function tellLines(
  view: RunView,
  options: LogsOptions,
  following: Following | undefined,
): Promise<number> {
  const { tail, stream, writer, json } = options;
  const shown: LiveLines = liveLines();
  /** Of the newest lines what was shown: the first events may bring them again. */
  const texts = new Map<string, string>();
  let count = 0;
  const tell = (line: TerminalLine & { writer: string }): void => {
    const key = keyOf(line.writer, line.line);
    if (texts.get(key) === line.text) return;
    texts.set(key, line.text);
    if (texts.size > 1000) texts.delete(texts.keys().next().value as string);
    count += 1;
    if (json) print(jsonText(line));
    else shown.tell(key, `${timeOf(line.time, options)}${lineText(line.text)}`);
  };
  const from = tail === undefined ? {} : { from: -tail };
  const which = {
    ...(stream === undefined ? {} : { stream }),
    ...(writer === undefined ? {} : { writer }),
  };
  for await (const line of view.terminalLines({ ...from, ...which })) tell(line);
  if (following !== undefined)
    for await (const event of untilEnded(following, [view])) {
      if (event.type !== 'terminal' || (writer ?? event.writer) !== event.writer) continue;
      for (const line of event.lines)
        if ((stream ?? line.stream) === line.stream) tell({ ...line, writer: event.writer });
    }
  shown.end();
  return count;
}

const timeOf = (at: number, { times }: LogsOptions): string =>
  times ? `${styled('dim', time(at))}  ` : '';

async function tellRecords(
  view: RunView,
  options: LogsOptions,
  following: Following | undefined,
): Promise<number> {
  const { tail, writer, level = 'debug' } = options;
  const found: Said[] = [];
  /** What was said between the beginning of the following and the reading stands in both. */
  const again = new Set<string>();
  let count = 0;
  for await (const entry of view.logRecords({
    level,
    ...(writer === undefined ? {} : { writer }),
  })) {
    count += 1;
    if (following !== undefined) again.add(jsonText(recordFacts(entry)));
    if (again.size > 1000) again.delete(again.values().next().value as string);
    if (tail === undefined) tellRecord(entry, options);
    else {
      found.push(entry);
      if (found.length > tail) found.shift();
    }
  }
  for (const entry of found) tellRecord(entry, options);
  if (following === undefined) return count;
  for await (const event of untilEnded(following, [view])) {
    if (event.type !== 'log' || (writer ?? event.writer) !== event.writer) continue;
    if (levels.indexOf(event.level) < levels.indexOf(level)) continue;
    if (again.delete(jsonText(recordFacts(event)))) continue;
    count += 1;
    tellRecord(event, options);
  }
  return count;
}

type Said = LogEntry & { readonly writer: string };

const recordFacts = (entry: Said): object => ({
  writer: entry.writer,
  level: entry.level,
  time: entry.time,
  message: entry.message,
  fields: entry.fields,
  place: entry.place,
});

const levelStyles: Readonly<Record<Level, Style>> = {
  debug: 'dim',
  info: 'reset',
  warn: 'yellow',
  error: 'red',
};

function tellRecord(entry: Said, options: LogsOptions): void {
  if (options.json) {
    print(jsonText(recordFacts(entry)));
    return;
  }
  const fields = Object.entries(entry.fields).map(([key, value]) => ` ${key}=${textOf(value)}`);
  const level = styled(levelStyles[entry.level], entry.level.padEnd(5));
  print(
    `${styled('dim', time(entry.time))}  ${level}  ${escaped(entry.message + fields.join(''))}`,
  );
}

export function addLogs(program: Command): void {
  withExamples(
    program
      .command('logs')
      .description('prints what a run printed, or said with run.log')
      .argument('<run>', 'a hash, a prefix of it, or -1')
      .option('-f, --follow', 'goes on with what comes, until the run ends', false)
      .option('-n, --tail <count>', 'only so many of the last', natural)
      .addOption(new Option('--stream <stream>', 'only this one').choices(['stdout', 'stderr']))
      .option('--writer <name>', 'only of this writer of the run')
      .option('-t, --times', 'when each line changed last', false)
      .option('--records', 'what was said with run.log, instead of what was printed', false)
      .addOption(new Option('--level <level>', 'records of this level and above').choices(levels))
      .addOption(jsonOption())
      .action(logs),
    ['runlog logs -1', 'what the newest run printed'],
    ['runlog logs -1 -f -n 20', 'the last lines, and what comes'],
    ['runlog logs 3fa9 --level warn', 'what went wrong, as the program said it'],
  );
}
