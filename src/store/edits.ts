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
  loadXxhash,
  publish,
  readWhole,
  type Vfs,
} from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';

export type EditKind = 'create' | 'change' | 'deleted';

/** One change of a property, as it is stored. */
export type Change =
  | readonly ['name' | 'experiment' | 'description', string | null]
  | readonly ['archived', boolean]
  | readonly ['addTag' | 'removeTag', string]
  | readonly ['addNote', readonly [time: number, text: string]]
  | readonly ['createdAt', number];

export interface Note {
  readonly time: number;
  readonly text: string;
}

export interface Properties {
  readonly name: string | undefined;
  readonly experiment: string;
  readonly description: string | undefined;
  readonly archived: boolean;
  readonly tags: readonly string[];
  readonly notes: readonly Note[];
}

/** What the edits of a run add up to. */
export interface RunFacts extends Properties {
  /** 16 hex digits; '' when there is no edit yet. */
  readonly life: string;
  readonly createdAt: number;
  readonly isDeleted: boolean;
}

interface Edit {
  readonly id: string;
  readonly kind: EditKind;
  readonly time: number;
  readonly life: string;
  readonly changes: readonly Change[];
}

interface Folded {
  readonly facts: RunFacts;
  /** Ids of the edits that it holds, newest last. */
  readonly ids: readonly string[];
}

export const DEFAULT_EXPERIMENT = 'default';
/** Edits that are folded into one snapshot. */
const FOLD_COUNT = 32;
const IDS_KEPT = 256;

const NOTHING: RunFacts = {
  life: '',
  createdAt: 0,
  isDeleted: false,
  name: undefined,
  experiment: DEFAULT_EXPERIMENT,
  description: undefined,
  archived: false,
  tags: [],
  notes: [],
};

const editName = (number: number): string => `edit-${String(number).padStart(8, '0')}`;
const snapshotName = (number: number): string => `snapshot-${String(number).padStart(8, '0')}`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export const newLife = (): string => hex(randomBytes(8));

interface EditListing {
  readonly edits: ReadonlySet<number>;
  /** Greatest number of an edit; -1 for none. */
  readonly last: number;
  /** Number of the newest snapshot; -1 for none. */
  readonly snapshot: number;
}

function listEdits(vfs: Vfs, directory: string): EditListing {
  const edits = new Set<number>();
  let last = -1;
  let snapshot = -1;
  for (const name of vfs.list(directory)) {
    const match = /^(edit|snapshot)-(\d{8,15})$/.exec(name);
    const number = Number(match?.[2]);
    if (match?.[1] === 'edit') {
      edits.add(number);
      last = Math.max(last, number);
    } else if (match?.[1] === 'snapshot') snapshot = Math.max(snapshot, number);
  }
  return { edits, last, snapshot };
}

/** Applies one edit. Pure. */
export function applyEdit(facts: RunFacts, edit: Omit<Edit, 'id'>): RunFacts {
  if (edit.kind === 'deleted') return { ...NOTHING, life: facts.life, isDeleted: true };
  if (edit.kind === 'change' && edit.life !== facts.life) return facts;
  const start =
    edit.kind === 'create' ? { ...NOTHING, life: edit.life, createdAt: edit.time } : facts;
  return edit.changes.reduce(applyChange, start);
}

function applyChange(facts: RunFacts, [field, value]: Change): RunFacts {
  switch (field) {
    case 'name':
    case 'description':
      return { ...facts, [field]: value ?? undefined };
    case 'experiment':
      return { ...facts, experiment: value ?? DEFAULT_EXPERIMENT };
    case 'archived':
    case 'createdAt':
      return { ...facts, [field]: value };
    case 'addTag':
      return facts.tags.includes(value) ? facts : { ...facts, tags: [...facts.tags, value] };
    case 'removeTag':
      return { ...facts, tags: facts.tags.filter((tag) => tag !== value) };
    case 'addNote':
      return { ...facts, notes: [...facts.notes, { time: value[0], text: value[1] }] };
    default:
      return facts;
  }
}

function readEdit(vfs: Vfs, directory: string, number: number): Edit | undefined {
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

function readSnapshot(vfs: Vfs, directory: string, number: number): Folded {
  const file = `${directory}/${snapshotName(number)}`;
  const { body } = decodeDocument(
    readWhole(vfs, file, limits.documentSizeMax),
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
  while (listing.edits.has(number + 1)) {
    const edit = readEdit(vfs, directory, number + 1);
    number += 1;
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
    try {
      const listing = listEdits(vfs, directory);
      if (listing.last < 0 && listing.snapshot < 0) return undefined;
      const { facts } = readFolded(vfs, directory, listing);
      if (listEdits(vfs, directory).snapshot === listing.snapshot) return facts;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || vfs.stat(directory) === undefined) throw error;
    }
  }
}

export interface NewEdit {
  readonly kind: EditKind;
  readonly time: number;
  readonly life: string;
  readonly changes: readonly Change[];
}

/** Publishes an edit; its id stays the same however often it has to be published. Throws Node's error. */
export function publishEdit(
  vfs: Vfs,
  directory: string,
  edit: NewEdit,
  id: Uint8Array = randomBytes(16),
): void {
  const body = [id, edit.kind, edit.time, unhex(edit.life), edit.changes];
  const bytes = encodeDocument(fileLetter.edit, 0, body);
  for (;;) {
    const { last, snapshot } = listEdits(vfs, directory);
    const number = Math.max(last, snapshot) + 1;
    if (!publish(vfs, directory, editName(number), bytes, { sync: false })) continue;
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
 * Creates the run unless it is there: its facts either way. `changes` are the first values of a new
 * life.
 */
export async function createRun(
  vfs: Vfs,
  directory: string,
  create: { time: number; changes: readonly Change[] },
): Promise<{ facts: RunFacts; created: boolean }> {
  await loadXxhash();
  const life = newLife();
  const id = randomBytes(16);
  const bytes = encodeDocument(fileLetter.edit, 0, [
    id,
    'create',
    create.time,
    unhex(life),
    create.changes,
  ]);
  for (;;) {
    const facts = readFacts(vfs, directory);
    if (facts !== undefined && !facts.isDeleted) return { facts, created: facts.life === life };
    if (facts?.isDeleted) {
      publishEdit(
        vfs,
        directory,
        { kind: 'create', time: create.time, life, changes: create.changes },
        id,
      );
    } else publish(vfs, directory, editName(0), bytes, { sync: true });
  }
}

/** Makes every edit durable that this process may have linked. Throws Node's error. */
export function syncEdits(vfs: Vfs, directory: string): void {
  for (const number of listEdits(vfs, directory).edits) {
    const file = vfs.open(`${directory}/${editName(number)}`, 'write');
    try {
      vfs.sync(file);
    } finally {
      vfs.close(file);
    }
  }
  vfs.syncDirectory(directory);
}

/** Folds the edits into a snapshot where there are many. */
export function foldEdits(vfs: Vfs, directory: string, count: number = FOLD_COUNT): void {
  const listing = listEdits(vfs, directory);
  if (listing.edits.size < count) return;
  const folded = readFolded(vfs, directory, listing);
  if (folded.number <= listing.snapshot || listEdits(vfs, directory).snapshot !== listing.snapshot)
    return;
  if (!publish(vfs, directory, snapshotName(folded.number), encodeSnapshot(folded), { sync: true }))
    return;
  vfs.syncDirectory(directory);
  for (const number of listing.edits)
    if (number <= folded.number) unlinkQuietly(vfs, `${directory}/${editName(number)}`);
  if (listing.snapshot >= 0) unlinkQuietly(vfs, `${directory}/${snapshotName(listing.snapshot)}`);
}

function encodeSnapshot({ facts, ids }: Folded): Uint8Array {
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

/** Checks every file of the folder; what does not verify. */
export function verifyEdits(
  vfs: Vfs,
  directory: string,
): { file: string; offset: number; size: number; reason: string }[] {
  const damaged = [];
  const { edits, snapshot } = listEdits(vfs, directory);
  const checks = [...edits].map((number) => ({
    name: editName(number),
    read: () => readEdit(vfs, directory, number) as unknown,
  }));
  if (snapshot >= 0)
    checks.push({
      name: snapshotName(snapshot),
      read: () => readSnapshot(vfs, directory, snapshot),
    });
  for (const { name, read } of checks) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof RunlogError)) throw error;
      const file = `${directory}/${name}`;
      damaged.push({ file, offset: 0, size: vfs.stat(file)?.size ?? 0, reason: error.message });
    }
  }
  return damaged;
}
