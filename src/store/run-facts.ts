// Properties of a run, and how one edit changes them. Pure.
//
// Spec: spec/edits.md. Test: test/store/edits.test.ts.

import { xxh64 } from '../engine/index.ts';

export type EditKind = 'create' | 'change' | 'deleted';

/** One change of a property, as it is stored. */
export type Change =
  | readonly ['name' | 'experiment' | 'description', string | null]
  | readonly ['archived', boolean]
  | readonly ['addTag' | 'removeTag', string]
  | readonly ['addNote', readonly [time: number, text: string]]
  | readonly ['changeNote', readonly [time: number, sum: Uint8Array, changed: string]]
  | readonly ['removeNote', readonly [time: number, sum: Uint8Array]]
  | readonly ['createdAt', number];

/** What somebody has noted of a run. `time`: milliseconds since 1970. */
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

/** What an edit says. */
export interface EditContent {
  readonly kind: EditKind;
  readonly time: number;
  readonly life: string;
  readonly changes: readonly Change[];
}

export const DEFAULT_EXPERIMENT = 'default';

export const NOTHING: RunFacts = {
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

/** What a note is named by beside its time: the text itself may be as long as an edit. */
export function noteSum(text: string): Uint8Array {
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(xxh64(Buffer.from(text), 0n));
  return new Uint8Array(sum);
}

/** Applies one edit. Pure. */
export function applyEdit(facts: RunFacts, edit: EditContent): RunFacts {
  if (edit.kind === 'create') {
    // Two have created the run at once: whoever came first did, and may have tracked to it since.
    if (facts.life !== '' && !facts.isDeleted) return facts;
    const start = { ...NOTHING, life: edit.life, createdAt: edit.time };
    return edit.changes.reduce(applyChange, start);
  }
  // Of another life: its author did not know that the run had ended, or begun again, meanwhile.
  if (edit.life !== facts.life || facts.isDeleted) return facts;
  if (edit.kind === 'deleted') return { ...NOTHING, life: facts.life, isDeleted: true };
  return edit.changes.reduce(applyChange, facts);
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
    case 'changeNote':
      return withNotes(facts, value, { time: value[0], text: value[2] });
    case 'removeNote':
      return withNotes(facts, value);
    default:
      return facts;
  }
}

/**
 * With the first note of this time and sum changed, or without it; nothing where none is so any more:
 * somebody else was faster.
 */
function withNotes(
  facts: RunFacts,
  [time, sum]: readonly [number, Uint8Array, ...unknown[]],
  ...changed: readonly Note[]
): RunFacts {
  const index = facts.notes.findIndex(
    (each) => each.time === time && Buffer.compare(noteSum(each.text), sum) === 0,
  );
  return index < 0 ? facts : { ...facts, notes: facts.notes.toSpliced(index, 1, ...changed) };
}
