// What of a run's directories shows that something in it has changed, without reading it.
//
// 1. Whatever changes what a reader is given of a run makes a name: an edit, a fence before anything is
//    appended, a manifest. The time of the last change of the three kinds of directory shows it, whatever
//    the modification times say; numbers of inodes show a directory that was put in place of another.
// 2. One who holds a log appends without making a name: of a log that was not released the file that
//    grows is part of the stamp, and the stamp holds until the machine starts anew.
// 3. Edits are looked at as files too: what copies a whole run over another in place makes no name, and
//    writes at least one of them.
// 4. A change in the same tick of the clock would not show: a stamp counts only once everything in it is
//    older than any tick, by that same clock.
// 5. On a file system of other machines the names are compared too, and logs that were not released are
//    read each time.
//
// Spec: spec/catalogue.md, Stamp. Test: test/store/catalogue.test.ts.

import { type FileFacts, readNewestFence, type Vfs, xxh64 } from '../engine/index.ts';
import { isEditName } from './edits.ts';
import { listWriters } from './repo-directory.ts';

/** Milliseconds of the file system's clock: above the tick of every file system. */
export const TICK_MAX_MS = 2000;

/** Files of edits that are looked at one by one. */
const EDITS_MAX = 64;

export interface Stamp {
  /** The files of edits; then each writer, with the segment that may still grow; a line each. */
  readonly names: string;
  readonly numbers: Float64Array;
  /** Where its numbers begin and end, among those of many. Default: they are alone. */
  readonly start?: number;
  readonly end?: number;
}

export interface TakenStamp extends Stamp {
  /** Nothing of the run can grow: the stamp holds as long as nothing makes a name. */
  readonly isSettled: boolean;
  /** The time of the newest change in it. */
  readonly newest: number;
  /** All of it is on one file system; what identities of its files begin with. */
  readonly device: string | undefined;
}

/** What is looked at, in the order of the numbers. */
interface Look {
  readonly path: string;
  readonly hasSize: boolean;
  readonly isDirectory: boolean;
}

const deviceOf = ({ identity }: FileFacts): string => identity.slice(0, identity.lastIndexOf(':'));

export const deviceAt = (vfs: Vfs, path: string): string | undefined => {
  const facts = vfs.stat(path);
  return facts === undefined ? undefined : deviceOf(facts);
};

/** What stamps of these names are made of: the same for most runs. */
const looksOf = new Map<string, readonly Look[]>();
const LOOKS_KEPT = 4096;

function looks(names: string): readonly Look[] {
  const known = looksOf.get(names);
  if (known !== undefined) return known;
  const [edits = '', ...writers] = names.split('\n');
  const directory = (path: string): Look => ({ path, hasSize: false, isDirectory: true });
  const made: Look[] = [directory('/edits'), directory('/logs')];
  for (const edit of edits.split(' '))
    made.push({ path: `/edits/${edit}`, hasSize: false, isDirectory: false });
  for (const each of writers) {
    const [writer, segment] = each.split('/');
    made.push(directory(`/logs/${writer}`));
    if (segment !== undefined)
      made.push({ path: `/logs/${each}`, hasSize: true, isDirectory: false });
  }
  if (looksOf.size >= LOOKS_KEPT) looksOf.clear();
  looksOf.set(names, made);
  return made;
}

/** Whether nothing of the run in `directory` has changed since the stamp. */
export function stampHolds(
  vfs: Vfs,
  directory: string,
  { names, numbers, start = 0, end = numbers.length }: Stamp,
  isRemote: boolean,
): boolean {
  let place = start;
  const all = looks(names);
  for (const { path, hasSize } of all) {
    const facts = vfs.stat(directory + path);
    if (facts === undefined) {
      if (numbers[place] !== 0 || numbers[place + 1] !== 0) return false;
    } else if (facts.number !== numbers[place] || facts.changed !== numbers[place + 1])
      return false;
    place += 2;
    if (hasSize) {
      if (facts?.size !== numbers[place]) return false;
      place += 1;
    }
  }
  if (isRemote)
    for (const { path, isDirectory } of all) {
      if (!isDirectory) continue;
      if (namesHash(vfs, directory + path) !== numbers[place]) return false;
      place += 1;
    }
  return place === end;
}

/** Of a run that is there; undefined where it has no edits. Throws Node's error. */
export function takeStamp(vfs: Vfs, directory: string, isRemote: boolean): TakenStamp | undefined {
  const edits = vfs.list(`${directory}/edits`).filter(isEditName).sort();
  // So many are folded soon.
  if (edits.length === 0 || edits.length > EDITS_MAX) return undefined;
  const lines = [edits.join(' ')];
  let isSettled = true;
  for (const writer of listWriters(vfs, `${directory}/logs`)) {
    const log = `${directory}/logs/${writer}`;
    const isReleased = readNewestFence(vfs, log)?.isReleased ?? false;
    isSettled &&= isReleased;
    const segment = isReleased ? undefined : growingSegment(vfs.list(log));
    lines.push(segment === undefined ? writer : `${writer}/${segment}`);
  }
  const names = lines.join('\n');
  const all = looks(names);
  const numbers: number[] = [];
  let newest = Number.NEGATIVE_INFINITY;
  const devices = new Set<string>();
  for (const { path, hasSize, isDirectory } of all) {
    const facts = vfs.stat(directory + path);
    // Gone since it was listed. A run whose first writer has not come yet has no folder of logs.
    if (facts === undefined && path !== '/logs') return undefined;
    // A link to a directory: it stays as it is, whatever is made behind it.
    if (isDirectory && facts?.isDirectory === false) return undefined;
    numbers.push(facts?.number ?? 0, facts?.changed ?? 0);
    if (hasSize) numbers.push(facts?.size ?? 0);
    if (facts === undefined) continue;
    newest = Math.max(newest, facts.changed);
    devices.add(deviceOf(facts));
  }
  if (isRemote)
    for (const { path, isDirectory } of all)
      if (isDirectory) numbers.push(namesHash(vfs, directory + path));
  const [device] = devices;
  return {
    names,
    numbers: Float64Array.from(numbers),
    isSettled,
    newest,
    device: devices.size === 1 ? device : undefined,
  };
}

const segmentPattern = /^segment-(\d{8,15})-(\d{6,10})$/;

/** The newest segment that a writer has made: all that it appends is at the end of it. */
function growingSegment(names: readonly string[]): string | undefined {
  let found: { name: string; fence: number; number: number } | undefined;
  for (const name of names) {
    const match = segmentPattern.exec(name);
    if (match === null) continue;
    const [fence, number] = [Number(match[1]), Number(match[2])];
    const isNewer =
      found === undefined ||
      fence > found.fence ||
      (fence === found.fence && number > found.number);
    if (isNewer) found = { name, fence, number };
  }
  return found?.name;
}

/** 52 bits of the hash of the names in a directory; -1 where it is missing. */
function namesHash(vfs: Vfs, path: string): number {
  if (vfs.stat(path) === undefined) return -1;
  const text = Buffer.from(vfs.list(path).sort().join('/'));
  return Number(xxh64(text, 0n) >> 12n);
}
