// Properties of a run, changed from any process: a folder of numbered edits, put if absent.
//
// 1. One total order without a lock: the number under which an edit could be linked.
// 2. A publisher whose number a snapshot covers publishes again only if its id is not in it; readers
//    list again after reading, the folder before linking; edits go after the snapshot is durable.
// 3. Reading changes nothing.
//
// Spec: spec/edits.md. Test: test/store/edits.test.ts.

import { randomBytes } from 'node:crypto';

import {
  decodeDocument,
  encodeDocument,
  fileLetter,
  publish,
  readWhole,
  type Vfs,
} from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  applyEdit,
  type Change,
  type EditContent,
  type EditKind,
  NOTHING,
  type RunFacts,
} from './run-facts.ts';

export {
  applyEdit,
  type Change,
  DEFAULT_EXPERIMENT,
  type EditKind,
  type Note,
  noteSum,
  type Properties,
  type RunFacts,
} from './run-facts.ts';

interface Edit extends EditContent {
  readonly id: string;
}

interface Folded {
  readonly facts: RunFacts;
  /** Ids of the edits that it holds, newest last. */
  readonly ids: readonly string[];
}

/** Edits that are folded into one snapshot. */
const FOLD_COUNT = 32;
const IDS_KEPT = 256;

export const editName = (number: number): string => `edit-${String(number).padStart(8, '0')}`;
export const snapshotName = (number: number): string =>
  `snapshot-${String(number).padStart(8, '0')}`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export const newLife = (): string => hex(randomBytes(8));

const fileName = /^(edit|snapshot)-(\d{8,15})$/;

/** Whether a name of the folder may say something of the run. */
export const isEditName = (name: string): boolean => fileName.test(name);

interface EditListing {
  readonly edits: ReadonlySet<number>;
  /** Greatest number of an edit; -1 for none. */
  readonly last: number;
  /** Number of the newest snapshot, which may be an empty name; -1 for none. */
  readonly snapshot: number;
  /** Numbers of all snapshots, newest first. */
  readonly snapshots: readonly number[];
  /** The number of what is published next. */
  readonly next: number;
}

export function listEdits(vfs: Vfs, directory: string): EditListing {
  const edits = new Set<number>();
  const snapshots: number[] = [];
  let last = -1;
  for (const name of vfs.list(directory)) {
    const match = fileName.exec(name);
    const number = Number(match?.[2]);
    if (match?.[1] === 'edit') {
      edits.add(number);
      last = Math.max(last, number);
    } else if (match?.[1] === 'snapshot') snapshots.push(number);
  }
  snapshots.sort((a, b) => b - a);
  const [snapshot = -1] = snapshots;
  return { edits, last, snapshot, snapshots, next: Math.max(last, snapshot) + 1 };
}

/**
 * A listing made while edits are linked may miss one and show the next. What two listings miss is not
 * there: the name of an edit that no sync covered went with the power, and those after it did not.
 */
function listTwice(vfs: Vfs, directory: string): EditListing {
  let listing = listEdits(vfs, directory);
  for (;;) {
    const { edits, last, snapshot, snapshots } = listing;
    // Of the oldest: one after it may be an empty name.
    const base = snapshots.at(-1) ?? -1;
    const after = [...edits].filter((each) => each > base).length;
    if (after === Math.max(0, last - base)) return listing;
    const again = listEdits(vfs, directory);
    const isSame = [...again.edits].every((each) => each > last || edits.has(each));
    if (again.snapshot === snapshot && isSame) return listing;
    listing = again;
  }
}

/** A file of the folder that holds its name only (publish.ts). */
export const isEmpty = (vfs: Vfs, directory: string, name: string): boolean =>
  vfs.stat(`${directory}/${name}`)?.size === 0;

export function readEdit(vfs: Vfs, directory: string, number: number): Edit | undefined {
  const file = `${directory}/${editName(number)}`;
  const bytes = readWhole(vfs, file, limits.documentSizeMax);
  if (bytes.length === 0) return undefined;
  const { body } = decodeDocument(bytes, fileLetter.edit, file);
  const [id, kind, time, life, changes] = body as [
    Uint8Array,
    EditKind,
    number,
    Uint8Array,
    Change[],
  ];
  return { id: hex(id), kind, time, life: hex(life), changes };
}

/** Undefined for an empty file, which only holds the name (publish.ts). */
export function readSnapshot(vfs: Vfs, directory: string, number: number): Folded | undefined {
  const file = `${directory}/${snapshotName(number)}`;
  const bytes = readWhole(vfs, file, limits.propertiesSizeMax);
  if (bytes.length === 0) return undefined;
  const { body } = decodeDocument(bytes, fileLetter.snapshot, file);
  const [life, createdAt, isDeleted, properties, ids] = body as [
    Uint8Array,
    number,
    boolean,
    [string | null, string, string | null, boolean, string[], [number, string][]],
    Uint8Array[],
  ];
  const [name, experiment, description, archived, tags, notes] = properties;
  const facts = {
    life: hex(life),
    createdAt,
    isDeleted,
    name: name ?? undefined,
    experiment,
    description: description ?? undefined,
    archived,
    tags,
    notes: notes.map(([time, text]) => ({ time, text })),
  };
  return { facts, ids: ids.map(hex) };
}

/** Number and content of the newest snapshot that has one: an empty one is passed over. */
export function newestSnapshot(
  vfs: Vfs,
  directory: string,
  { snapshots }: EditListing,
): Folded & { readonly number: number } {
  for (const number of snapshots) {
    const folded = readSnapshot(vfs, directory, number);
    if (folded !== undefined) return { ...folded, number };
  }
  return { facts: NOTHING, ids: [], number: -1 };
}

/**
 * Whether no empty snapshot that was passed over has been filled since: then edits are unlinked, and their
 * numbers may be used again.
 */
const isStillBase = (vfs: Vfs, directory: string, listing: EditListing, base: number): boolean =>
  listing.snapshot === base || newestSnapshot(vfs, directory, listing).number === base;

/** What a reader sees, up to which number, and from which snapshot on; `listing` is of before. */
function readFolded(
  vfs: Vfs,
  directory: string,
  listing: EditListing,
): Folded & { readonly number: number; readonly base: number } {
  const base = newestSnapshot(vfs, directory, listing);
  let { facts, number } = base;
  const ids = [...base.ids];
  const after = [...listing.edits].filter((each) => each > base.number);
  for (const each of after.sort((a, b) => a - b)) {
    const edit = readEdit(vfs, directory, each);
    number = each;
    // An empty file holds the name only: where links are refused its publisher died, or is about to
    // fill it and will find itself overtaken if a snapshot comes first.
    if (edit === undefined) continue;
    // Published again by who could not tell whether it was folded.
    if (ids.includes(edit.id)) continue;
    facts = applyEdit(facts, edit);
    ids.push(edit.id);
  }
  return { facts, ids, number, base: base.number };
}

/**
 * The properties of the run, or undefined when its folder holds nothing.
 *
 * @throws RunlogError CORRUPT naming the edit that does not verify; Node's error.
 */
export function readFacts(vfs: Vfs, directory: string): RunFacts | undefined {
  for (;;) {
    const { facts, snapshot } = readListed(vfs, directory);
    if (facts === undefined || listEdits(vfs, directory).snapshot === snapshot) return facts;
  }
}

/** As `readFacts`, also where there is no folder. */
export const readFactsIfThere = (vfs: Vfs, directory: string): RunFacts | undefined =>
  vfs.stat(directory) === undefined ? undefined : readFacts(vfs, directory);

/** Neither a tombstone nor what a crash left before there was a run; one that is damaged, or newer, is one. */
export function holdsRun(vfs: Vfs, directory: string): boolean {
  try {
    const facts = readFactsIfThere(vfs, directory);
    return facts !== undefined && !facts.isDeleted;
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (!['CORRUPT', 'FORMAT_TOO_NEW', 'ENOTDIR'].includes(code)) throw error;
    // A file in its place is none.
    return code !== 'ENOTDIR';
  }
}

/** Not listed again: what is folded meanwhile may be missing. */
function readListed(
  vfs: Vfs,
  directory: string,
): { readonly facts: RunFacts | undefined; readonly snapshot: number } {
  for (;;) {
    try {
      const listing = listTwice(vfs, directory);
      const { snapshot, last } = listing;
      if (last < 0 && snapshot < 0) return { facts: undefined, snapshot };
      const { facts, ids, base } = readFolded(vfs, directory, listing);
      if (!isStillBase(vfs, directory, listing, base)) continue;
      // Names alone: nobody has filled one yet.
      return { facts: facts === NOTHING && ids.length === 0 ? undefined : facts, snapshot };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || vfs.stat(directory) === undefined) throw error;
    }
  }
}

/** Publishes an edit; its id stays the same however often it has to be published. Throws Node's error. */
export function publishEdit(
  vfs: Vfs,
  directory: string,
  edit: EditContent,
  id: Uint8Array = randomBytes(16),
): void {
  const bytes = encodeEdit(edit, id);
  for (;;) {
    const number = listEdits(vfs, directory).next;
    // Synced before it has its name: a crash of the machine leaves no edit without its content.
    if (!publish(vfs, directory, editName(number), bytes, { sync: true })) continue;
    if (!isOvertaken(vfs, directory, number, hex(id))) return;
  }
}

/** The bytes of its file. */
export const encodeEdit = (edit: EditContent, id: Uint8Array = randomBytes(16)): Uint8Array =>
  encodeDocument(fileLetter.edit, 0, [id, edit.kind, edit.time, unhex(edit.life), edit.changes]);

function isOvertaken(vfs: Vfs, directory: string, number: number, id: string): boolean {
  for (;;) {
    const { snapshot } = listEdits(vfs, directory);
    if (snapshot < number) return false;
    try {
      // Of an empty one nobody can tell: an edit that stands twice counts once.
      return !(readSnapshot(vfs, directory, snapshot)?.ids.includes(id) ?? false);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/**
 * Begins a life with these properties, as one snapshot: for what no edit would hold. Throws Node's error;
 * RunlogError LIMIT.
 */
export function publishFacts(vfs: Vfs, directory: string, facts: RunFacts): void {
  const bytes = encodeSnapshot({ facts, ids: [] });
  for (;;) {
    const name = snapshotName(listEdits(vfs, directory).next);
    if (publish(vfs, directory, name, bytes, { sync: true })) return;
  }
}

/** Makes the name of every edit durable that was linked so far. Throws Node's error. */
export function syncEdits(vfs: Vfs, directory: string): void {
  vfs.syncDirectory(directory);
}

/** Folds the edits into a snapshot where there are many. */
export function foldEdits(vfs: Vfs, directory: string, count: number = FOLD_COUNT): void {
  const listing = listTwice(vfs, directory);
  if (listing.edits.size < count) return;
  let folded: ReturnType<typeof readFolded>;
  try {
    folded = readFolded(vfs, directory, listing);
  } catch (error) {
    // Another folder is faster.
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (listEdits(vfs, directory).snapshot !== listing.snapshot) return;
  // Names alone, or edits that have lost the one that made the run: nothing that a snapshot could say.
  if (folded.facts.life === '') return;
  const { number, base } = folded;
  // Read again where the name comes first: an edit that was empty and has been filled since would be
  // missing, and its publisher, who found no snapshot then, would not know.
  const renew = (): Uint8Array | undefined => {
    try {
      const again = readFolded(vfs, directory, listing);
      const now = listEdits(vfs, directory);
      const others = { ...now, snapshots: now.snapshots.filter((each) => each !== number) };
      const isOvertaken = newestSnapshot(vfs, directory, others).number !== again.base;
      return isOvertaken ? undefined : encodeSnapshot(again);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };
  // There already where its publisher died before it had unlinked what it folded.
  const isThere = number === base;
  const options = { sync: true, renew };
  if (!isThere && !publish(vfs, directory, snapshotName(number), encodeSnapshot(folded), options))
    return;
  vfs.syncDirectory(directory);
  for (const each of vfs.list(directory)) {
    const [, kind, digits] = fileName.exec(each) ?? [];
    const other = Number(digits);
    if (kind === 'edit' ? other <= number : other < number)
      unlinkQuietly(vfs, `${directory}/${each}`);
  }
}

export function encodeSnapshot({ facts, ids }: Folded): Uint8Array {
  const { name, experiment, description, archived, tags, notes } = facts;
  const properties = [
    name ?? null,
    experiment,
    description ?? null,
    archived,
    tags,
    notes.map(({ time, text }) => [time, text]),
  ];
  const kept = ids.slice(-IDS_KEPT).map(unhex);
  return encodeDocument(fileLetter.snapshot, 0, [
    unhex(facts.life),
    facts.createdAt,
    facts.isDeleted,
    properties,
    kept,
  ]);
}

function unlinkQuietly(vfs: Vfs, path: string): void {
  try {
    vfs.unlink(path);
  } catch {
    // Another folder was faster.
  }
}
