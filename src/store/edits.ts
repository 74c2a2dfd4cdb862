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
  /** Number of the newest snapshot; -1 for none. */
  readonly snapshot: number;
}

export function listEdits(vfs: Vfs, directory: string): EditListing {
  const edits = new Set<number>();
  let last = -1;
  let snapshot = -1;
  for (const name of vfs.list(directory)) {
    const match = fileName.exec(name);
    const number = Number(match?.[2]);
    if (match?.[1] === 'edit') {
      edits.add(number);
      last = Math.max(last, number);
    } else if (match?.[1] === 'snapshot') snapshot = Math.max(snapshot, number);
  }
  return { edits, last, snapshot };
}

/**
 * A listing made while edits are linked may miss one and show the next. What two listings miss is not
 * there: the name of an edit that no sync covered went with the power, and those after it did not.
 */
function listTwice(vfs: Vfs, directory: string): EditListing {
  let listing = listEdits(vfs, directory);
  for (;;) {
    const { edits, last, snapshot } = listing;
    const after = [...edits].filter((each) => each > snapshot).length;
    if (after === Math.max(0, last - snapshot)) return listing;
    const again = listEdits(vfs, directory);
    const isSame = [...again.edits].every((each) => each > last || edits.has(each));
    if (again.snapshot === snapshot && isSame) return listing;
    listing = again;
  }
}

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

export function readSnapshot(vfs: Vfs, directory: string, number: number): Folded {
  const file = `${directory}/${snapshotName(number)}`;
  const { body } = decodeDocument(
    readWhole(vfs, file, limits.propertiesSizeMax),
    fileLetter.snapshot,
    file,
  );
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

/** What a reader sees, and up to which number; `listing` is of before. */
function readFolded(
  vfs: Vfs,
  directory: string,
  listing: EditListing,
): Folded & { readonly number: number } {
  const base =
    listing.snapshot >= 0
      ? readSnapshot(vfs, directory, listing.snapshot)
      : { facts: NOTHING, ids: [] };
  let { facts } = base;
  const ids = [...base.ids];
  let number = listing.snapshot;
  const after = [...listing.edits].filter((each) => each > listing.snapshot);
  for (const each of after.sort((a, b) => a - b)) {
    const edit = readEdit(vfs, directory, each);
    number = each;
    // An empty file holds the name only: where links are refused its publisher died, or is about to
    // fill it and will find itself overtaken if a snapshot comes first.
    if (edit === undefined) continue;
    facts = applyEdit(facts, edit);
    ids.push(edit.id);
  }
  return { facts, ids, number };
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

/** Neither a tombstone nor what a crash left before there was a run; one that is damaged is one. */
export function holdsRun(vfs: Vfs, directory: string): boolean {
  try {
    const facts = vfs.stat(directory) === undefined ? undefined : readFacts(vfs, directory);
    return facts !== undefined && !facts.isDeleted;
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return true;
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
      const { facts, ids } = readFolded(vfs, directory, listing);
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
  const body = [id, edit.kind, edit.time, unhex(edit.life), edit.changes];
  const bytes = encodeDocument(fileLetter.edit, 0, body);
  for (;;) {
    const { last, snapshot } = listEdits(vfs, directory);
    const number = Math.max(last, snapshot) + 1;
    // Synced before it has its name: a crash of the machine leaves no edit without its content.
    if (!publish(vfs, directory, editName(number), bytes, { sync: true })) continue;
    if (!isOvertaken(vfs, directory, number, hex(id))) return;
  }
}

function isOvertaken(vfs: Vfs, directory: string, number: number, id: string): boolean {
  for (;;) {
    const { snapshot } = listEdits(vfs, directory);
    if (snapshot < number) return false;
    try {
      return !readSnapshot(vfs, directory, snapshot).ids.includes(id);
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
    const { last, snapshot } = listEdits(vfs, directory);
    const name = snapshotName(Math.max(last, snapshot) + 1);
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
  const name = snapshotName(folded.number);
  // There already where its publisher died before it had unlinked what it folded.
  const isThere = folded.number === listing.snapshot;
  if (!isThere && !publish(vfs, directory, name, encodeSnapshot(folded), { sync: true })) return;
  vfs.syncDirectory(directory);
  for (const each of vfs.list(directory)) {
    const [, kind, digits] = fileName.exec(each) ?? [];
    const number = Number(digits);
    if (kind === 'edit' ? number <= folded.number : number < folded.number)
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
