// Reading what a run printed and said.
//
// 1. Memory does not grow with the number of lines: a line is given out once nothing can replace it.
// 2. A rewriting that takes a file away while it is read is gone on behind: nothing is lost or repeated.
//
// Spec: spec/records.md, Lines and Log. Test: test/sdk/terminal.test.ts.

import type { LogRecord } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { checkMembers } from '../model/check.ts';
import { given } from '../model/given.ts';
import { checkWriterName } from '../model/names.ts';
import { decodeLines, FinalLines, linesFrom, type TerminalLine } from '../store/lines.ts';
import { decodeLogEntry, type LogEntry, type LogLevel, logLevels } from '../store/log-entry.ts';
import { isNoObject } from '../store/object-record.ts';
import { recordType } from '../store/record.ts';
import type { WriterLog } from '../store/run-reader.ts';

/** Which lines `view.terminalLines` gives. */
export interface TerminalLinesOptions {
  /** First line number; negative: counted from the end, -200 for the last 200. Default 0. */
  readonly from?: number | undefined;
  /** One past the last line number. Default: all that there are. */
  readonly to?: number | undefined;
  /** Default: both, in the order in which lines were begun. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
  /** Default: every writer, one after the other by name. */
  readonly writer?: string | undefined;
}

/** Which messages `view.logRecords` gives. */
export interface LogRecordsOptions {
  /** This level and those above: debug, info, warn, error. Default 'debug'. */
  readonly level?: LogLevel | undefined;
  /** Milliseconds since 1970: those of this time and later. Default: all. */
  readonly from?: number | undefined;
  readonly writer?: string | undefined;
}

/** A line as it stood last, and which writer's it is. */
export type WrittenLine = TerminalLine & { readonly writer: string };

/** A message of `run.log`, with the writer that said it. */
export type LogRecordView = LogEntry & { readonly writer: string };

const linesNames = new Set(['from', 'to', 'stream', 'writer']);
const logNames = new Set(['level', 'from', 'writer']);

/** @throws TypeError, RangeError naming the option. */
export function checkTerminalLinesOptions(options: TerminalLinesOptions): void {
  checkMembers(options, 'options', linesNames);
  const { stream, writer } = options;
  for (const name of ['from', 'to'] as const) {
    const value = options[name];
    const isLeast = name === 'from' || (value ?? 0) >= 0;
    if (value !== undefined && !(Number.isSafeInteger(value) && isLeast))
      throw new RangeError(`${name}: expected a line number, got ${given(value)}`);
  }
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr')
    throw new RangeError(`stream: expected 'stdout' or 'stderr', got ${given(stream)}`);
  if (writer !== undefined) checkWriterName(writer);
}

/** @throws TypeError, RangeError naming the option. */
export function checkLogRecordsOptions(options: LogRecordsOptions): void {
  checkMembers(options, 'options', logNames);
  const { level, from, writer } = options;
  if (level !== undefined && !Object.hasOwn(logLevels, level))
    throw new RangeError(
      `level: expected ${Object.keys(logLevels).join(', ')}, got ${given(level)}`,
    );
  if (from !== undefined && typeof from !== 'number')
    throw new TypeError(`from: expected milliseconds, got ${given(from)}`);
  if (writer !== undefined) checkWriterName(writer);
}

// One generator, not one that delegates to another: each layer would cost a line three turns of the
// microtask queue.
export async function* terminalLines(
  logs: readonly WriterLog[],
  options: TerminalLinesOptions,
): AsyncGenerator<WrittenLine> {
  const { from = 0, to = Number.POSITIVE_INFINITY, stream } = options;
  for (const each of logsOf(logs, options.writer)) {
    const { writer, state } = each;
    const first = from < 0 ? Math.max(0, state.nextLine + from) : from;
    for await (const lines of finalLines(each)) {
      for (const line of lines) {
        if (line.line < first || (stream !== undefined && line.stream !== stream)) continue;
        if (line.line >= to) break;
        yield { ...line, writer };
      }
      if ((lines.at(-1)?.line ?? 0) >= to) break;
    }
  }
}

/** In order, in parts. */
async function* finalLines(log: WriterLog): AsyncGenerator<TerminalLine[]> {
  const final = new FinalLines();
  for await (const { record, position } of recordsOf(log, recordType.lines))
    yield final.add(linesFrom(decodeLines(record.body), record.position, position));
  yield final.rest();
}

export async function* logRecords(
  logs: readonly WriterLog[],
  options: LogRecordsOptions,
): AsyncGenerator<LogRecordView> {
  const { level = 'debug', from = Number.NEGATIVE_INFINITY } = options;
  for (const each of logsOf(logs, options.writer)) {
    for await (const { record } of recordsOf(each, recordType.log)) {
      const entry = decodeLogEntry(record.body);
      if (entry.time >= from && logLevels[entry.level] >= logLevels[level])
        yield { ...entry, writer: each.writer };
    }
  }
}

const logsOf = (logs: readonly WriterLog[], writer: string | undefined): readonly WriterLog[] =>
  writer === undefined ? logs : logs.filter((each) => each.writer === writer);

/** Readings anew when files keep vanishing: each means that an owner has rewritten. */
const TRIES = 8;

/**
 * Records of a type, each with the position that it is to be read from: of a rewritten one some may have
 * been read before it was.
 */
async function* recordsOf(
  { log }: WriterLog,
  type: number,
): AsyncGenerator<{ readonly record: LogRecord; readonly position: number }> {
  let position = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      const from = position;
      for await (const record of log.read({ from, isWanted: isNoObject })) {
        if (record.type === type && record.end > position) {
          yield { record, position };
          position = record.end;
        }
      }
      return;
    } catch (error) {
      const isGone = errorCode((error as Error).cause ?? error) === 'ENOENT';
      if (!isGone || tries === TRIES) throw error;
      log.renew();
    }
  }
}
