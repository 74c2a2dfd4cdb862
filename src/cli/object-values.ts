// What `runlog values` says of texts, images and other objects: a line each, JSON, or files of their contents.
//
// 1. Contents are read one at a time: memory holds one, and what is known of 1,024 steps.
// 2. A content that cannot be read is said, also in the exit code; the others are told.
//
// Spec: spec/command.md. Test: test/cli/values.test.ts.

import { join } from 'node:path';

import {
  type ObjectSequence,
  type ObjectsAtStep,
  type ObjectValuesOptions,
  RunlogError,
  type RunView,
  type StoredObject,
} from '../index.ts';
import { confirm } from './confirm.ts';
import { jsonText, numberText } from './json.ts';
import { objectFileNames } from './object-files.ts';
import { columnsOf, contentOf, tailOf } from './object-kinds.ts';
import { isThere, makeDirectory, openOutput } from './output-file.ts';
import {
  counted,
  escaped,
  isTerminal,
  print,
  printAside,
  styled,
  time,
  widthOfOutput,
} from './print.ts';
import { beginProgress } from './progress.ts';
import { type Cell, table } from './table.ts';
import { shortened, widthOf } from './text-width.ts';
import { tellUnreadable } from './trouble.ts';
import { turns, untilSignal } from './until-signal.ts';

export interface ObjectsOptions {
  readonly range: ObjectValuesOptions;
  /** The directory of the files. */
  readonly out?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/** One object, at its step. */
interface Told {
  readonly at: ObjectsAtStep;
  /** From 0, among those of the step. */
  readonly index: number;
  readonly object: StoredObject;
}

/** False: there was none. */
export async function tellObjects(
  view: RunView,
  sequence: ObjectSequence,
  options: ObjectsOptions,
): Promise<boolean> {
  const { out, json } = options;
  const files = out === undefined ? undefined : await filesIn(out, sequence, options);
  if (files === 'refused') return true;
  if (files === undefined) {
    if (!json) return printLines(sequence, options);
    await printJsonOf(view, sequence, options);
    return true;
  }
  let isAny = true;
  await untilSignal(async (signal) => {
    const writing = { files, turn: turns(signal) };
    if (json) await printJsonOf(view, sequence, options, writing);
    else isAny = await writeAll(sequence, options, writing);
  });
  return isAny;
}

const objectsIn = (piece: readonly ObjectsAtStep[]): Told[] =>
  piece.flatMap((at) => at.objects.map((object, index) => ({ at, index, object })));

/** What the content is read for; undefined: it cannot be, and that was said. */
async function readable<T>(object: StoredObject, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    tellUnreadable(`content ${object.hash}`, error);
    return undefined;
  }
}

const UNREADABLE = '(cannot be read)';

async function printLines(sequence: ObjectSequence, { range }: ObjectsOptions): Promise<boolean> {
  const output = openOutput(undefined);
  const hasWriters = sequence.writers.length > 1;
  let isFirst = true;
  for await (const piece of sequence.blocks(range)) {
    const told = objectsIn(piece);
    const { heads, cells, tail, room: kept } = columnsOf(sequence.kind);
    const rows = told.map(({ at, index, object }): Cell[] => [
      numberText(at.step),
      at.objects.length > 1 ? String(index + 1) : '',
      hasWriters ? at.writer : '',
      at.epoch === undefined ? '' : numberText(at.epoch),
      time(at.time),
      ...cells(object),
    ]);
    const columns = [
      { right: 'step' },
      { right: 'no' },
      { whole: 'writer' },
      { right: 'epoch' },
      { whole: 'time', spare: 1 },
      ...heads,
    ];
    const whole = widthOfOutput();
    const lines = table(columns, rows, Math.max(whole / 3, whole - kept - 2));
    const width = lines.reduce((most, line) => Math.max(most, widthOf(line)), 0);
    const padded = (line: string): string => `${line}${' '.repeat(width - widthOf(line))}  `;
    const room = whole - width - 2;
    if (isFirst) print(styled('bold', `${padded(lines[0] ?? '')}${tail}`.trimEnd()));
    isFirst = false;
    for (const [place, { object }] of told.entries()) {
      const text = await readable(object, () => tailOf(sequence.kind, object, room));
      const shown = escaped(text ?? UNREADABLE);
      const cut = isTerminal() ? shortened(shown, Math.max(0, room)) : shown;
      await output.write(`${padded(lines[place + 1] ?? '')}${cut}`.trimEnd().concat('\n'));
    }
  }
  return !isFirst;
}

async function printJsonOf(
  view: RunView,
  sequence: ObjectSequence,
  { range }: ObjectsOptions,
  writing?: Writing,
): Promise<void> {
  const output = openOutput(undefined);
  const { kind, name, context, count } = sequence;
  const head = jsonText({ run: view.hash, kind, name, context, count }, 2);
  await output.write(`${head.slice(0, -2)},\n  "values": [`);
  const fileOf = objectFileNames(sequence);
  let isFirst = true;
  for await (const piece of sequence.blocks(range)) {
    for (const at of piece) {
      const { step, epoch, time: when, writer } = at;
      const begin = jsonText({ step, epoch, time: when, writer }).slice(0, -1);
      await output.write(`${isFirst ? '' : ','}\n    ${begin},"objects":[`);
      isFirst = false;
      for (const [index, object] of at.objects.entries()) {
        await writing?.turn();
        const file = writing && join(writing.files.directory, fileOf(at, index, object));
        const isWritten =
          file === undefined || (await writeContent(object, file, (writing as Writing).files));
        const value = await readable(object, () => contentOf(sequence.kind, object));
        const { size, hash, ...attributes } = object.toJSON() as Record<string, unknown>;
        const facts = { size, sha256: hash, attributes, file: isWritten ? file : undefined, value };
        await output.write(`${index === 0 ? '' : ','}${jsonText(facts)}`);
      }
      await output.write(']}');
    }
  }
  await output.write(`${isFirst ? '' : '\n  '}]\n}\n`);
}

interface Files {
  readonly directory: string;
  /** What is there was asked about. */
  readonly mayReplace: boolean;
}

/** The directory, made where it is not there; 'refused': files are there that are to stay, and that was said. */
async function filesIn(
  directory: string,
  sequence: ObjectSequence,
  { range, yes }: ObjectsOptions,
): Promise<Files | 'refused'> {
  const fileOf = objectFileNames(sequence);
  let there = 0;
  for await (const piece of sequence.blocks(range))
    for (const { at, index, object } of objectsIn(piece))
      if (isThere(join(directory, fileOf(at, index, object)))) there += 1;
  if (there > 0 && !(await confirm(`Replace ${counted(there, 'file')} in ${directory}?`, yes)))
    return 'refused';
  makeDirectory(directory);
  return { directory, mayReplace: there > 0 };
}

/** Files are written one by one; between them a signal is heard. */
interface Writing {
  readonly files: Files;
  turn(): Promise<void>;
}

async function writeAll(
  sequence: ObjectSequence,
  { range }: ObjectsOptions,
  { files, turn }: Writing,
): Promise<boolean> {
  const fileOf = objectFileNames(sequence);
  const progress = beginProgress();
  let count = 0;
  let isAny = false;
  try {
    for await (const piece of sequence.blocks(range))
      for (const { at, index, object } of objectsIn(piece)) {
        isAny = true;
        await turn();
        const file = join(files.directory, fileOf(at, index, object));
        if (!(await writeContent(object, file, files))) continue;
        count += 1;
        // A person has been told where; another program wants the paths.
        if (!isTerminal()) print(escaped(file));
        progress.tell(`${counted(count, 'file')} ...`);
      }
  } finally {
    progress.end();
  }
  if (isAny) printAside(`${counted(count, 'file')} in ${files.directory}`);
  return isAny;
}

/** False: its content cannot be read. */
async function writeContent(
  object: StoredObject,
  file: string,
  { mayReplace }: Files,
): Promise<boolean> {
  const bytes = await readable(object, () => object.data());
  if (bytes === undefined) return false;
  const output = openOutput(file, { isNew: !mayReplace, isWatched: true });
  try {
    await output.write(bytes);
    await output.close();
  } catch (error) {
    await output.discard();
    throw error;
  }
  return true;
}
