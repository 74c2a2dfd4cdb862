// Redacting what is large without holding the event loop: 10,000 variables, a diff of a megabyte.
//
// 1. Variables by length, the shorter first: a secret that a name gives away is known by the time that
//    long texts, which may hold it and are cut, are looked at. What was redacted before it was known is
//    looked at again.
// 2. A diff hunk by hunk: what stands in two of them is not of one piece in the file either.
//
// Test: test/system/environment/redact-in-slices.test.ts.

import type { Redactor } from '../redact/redactor.ts';
import { Slices } from './slices.ts';
import { type CutText, cutText, REDACTED_BEYOND } from './texts.ts';

/** A millisecond or two of redacting. */
const PIECE_SIZE = 32 * 1024;

export interface Variables {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Bytes of a value that are kept. */
  readonly sizeMax: number;
  readonly redactor: Redactor;
}

/** In the order of the environment, names and values well-formed. */
export async function redactEnvironment({
  env,
  sizeMax,
  redactor,
}: Variables): Promise<[name: string, value: CutText][]> {
  const slices = new Slices();
  const names = Object.keys(env);
  const given: [string, CutText][] = [];
  for (const name of names) {
    await slices.rest();
    // Read one by one: another part of the program may have removed it meanwhile.
    const value = env[name];
    if (value !== undefined) given.push([name, cutText(value, sizeMax + REDACTED_BEYOND)]);
  }
  const redacted = new Map<string, string>();
  const pieces = piecesOf([...given].sort(([, a], [, b]) => a.text.length - b.text.length));
  for (const piece of pieces) {
    await slices.rest();
    const values = Object.fromEntries(piece.map(([name, { text }]) => [name, text]));
    for (const [name, value] of Object.entries(redactor.environment(values)))
      redacted.set(name, value);
  }
  const kept: [string, CutText][] = [];
  for (const [name, read] of given) {
    await slices.rest();
    const once = redacted.get(name) ?? '';
    const whole = pieces.length > 1 ? redactor.value(name, once) : once;
    const cut = cutText(whole, sizeMax);
    kept.push([name.toWellFormed(), { text: cut.text, isCut: cut.isCut || read.isCut }]);
  }
  return kept;
}

function piecesOf(variables: readonly [string, CutText][]): [string, CutText][][] {
  const pieces: [string, CutText][][] = [];
  let room = 0;
  for (const each of variables) {
    const size = each[0].length + each[1].text.length;
    if (size > room || pieces.length === 0) {
      pieces.push([]);
      room = PIECE_SIZE;
    }
    room -= size;
    pieces.at(-1)?.push(each);
  }
  return pieces;
}

export async function redactDiff(diff: string, redactor: Redactor): Promise<string> {
  const slices = new Slices();
  let redacted = '';
  for (const piece of hunksOf(diff)) {
    await slices.rest();
    redacted += redactor.text(piece);
  }
  return redacted;
}

/** The whole in order, divided only before a hunk or a file. */
export function hunksOf(diff: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let end = 0;
  for (const { index } of diff.matchAll(/^(?:@@ |diff --git )/gm)) {
    if (index - start > PIECE_SIZE && end > start) {
      pieces.push(diff.slice(start, end));
      start = end;
    }
    end = index;
  }
  if (diff.length - start > PIECE_SIZE && end > start) {
    pieces.push(diff.slice(start, end));
    start = end;
  }
  pieces.push(diff.slice(start));
  return pieces;
}
