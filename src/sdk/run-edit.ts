// Changes of a run's properties by whoever looks at it: what may be said, and the check at the door.
//
// Spec: spec/edits.md. Test: test/sdk/run-view.test.ts.

import type { Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkMembers, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import { checkName } from '../model/names.ts';
import {
  type Change,
  type Note,
  noteSum,
  type Properties,
  publishEdit,
  type RunFacts,
  syncEdits,
} from '../store/edits.ts';
import { changeSize, checkTags, checkText } from './options.ts';

/** What is left out stays as it is. */
export interface RunEdit {
  /** Null clears it. */
  readonly name?: string | null | undefined;
  /** Null clears it. */
  readonly description?: string | null | undefined;
  readonly experiment?: string | undefined;
  /** True: `repo.runs` leaves the run out unless it is asked for archived ones. */
  readonly archived?: boolean | undefined;
  /** Adding one that is there, or removing one that is not, changes nothing. */
  readonly tags?:
    | {
        readonly add?: readonly string[] | undefined;
        readonly remove?: readonly string[] | undefined;
      }
    | undefined;
  /** Added to the notes that are there, with the time of now. */
  readonly note?: string | undefined;
  /**
   * Notes of `view.notes`: changed with their time kept, or removed. One that is not so any more, because
   * another process was faster, stays as that one left it.
   */
  readonly notes?:
    | {
        readonly change?: readonly { readonly note: Note; readonly text: string }[] | undefined;
        readonly remove?: readonly Note[] | undefined;
      }
    | undefined;
}

const editNames = new Set([
  'name',
  'description',
  'experiment',
  'archived',
  'tags',
  'note',
  'notes',
]);
const tagsNames = new Set(['add', 'remove']);
const notesNames = new Set(['change', 'remove']);
const noteNames = new Set(['time', 'text']);
const changeNames = new Set(['note', 'text']);

/** @throws TypeError, RangeError naming the property. */
export function changesOf(edit: RunEdit): Change[] {
  checkMembers(edit, 'edit', editNames);
  const { name, description, experiment, archived, tags = {}, note } = edit;
  checkMembers(tags, 'tags', tagsNames);
  checkTags(tags.add, 'tags.add');
  checkTags(tags.remove, 'tags.remove');
  checkType(archived, 'boolean', 'archived');
  const changes: Change[] = [];
  if (name !== undefined) changes.push(['name', name === null ? null : checkName(name, 'name')]);
  if (description !== undefined) {
    checkText(description ?? undefined, 'description');
    changes.push(['description', description]);
  }
  if (experiment !== undefined) changes.push(['experiment', checkName(experiment, 'experiment')]);
  if (archived !== undefined) changes.push(['archived', archived]);
  for (const tag of tags.add ?? []) changes.push(['addTag', tag]);
  for (const tag of tags.remove ?? []) changes.push(['removeTag', tag]);
  if (note !== undefined) {
    checkText(note, 'note');
    changes.push(['addNote', [Date.now(), note]]);
  }
  return [...changes, ...changesOfNotes(edit.notes)];
}

function changesOfNotes(notes: RunEdit['notes'] = {}): Change[] {
  checkMembers(notes, 'notes', notesNames);
  const { change = [], remove = [] } = notes;
  const changed = listed(change, 'notes.change').map((each, index): Change => {
    const place = `notes.change[${index}]`;
    checkMembers(each, place, changeNames);
    checkNote(each.note, `${place}.note`);
    checkText(each.text ?? null, `${place}.text`);
    return ['changeNote', [each.note.time, noteSum(each.note.text), each.text]];
  });
  const removed = listed(remove, 'notes.remove').map((each, index): Change => {
    checkNote(each, `notes.remove[${index}]`);
    return ['removeNote', [each.time, noteSum(each.text)]];
  });
  return [...changed, ...removed];
}

/** @throws RunlogError LIMIT where no snapshot would hold what the properties are then. */
export function checkRoom(facts: Properties, changes: readonly Change[]): void {
  const added = changes.filter(
    ([field]) => !['removeNote', 'removeTag', 'archived'].includes(field),
  );
  if (added.length === 0) return;
  const { name, experiment, description, tags, notes } = facts;
  const texts = [
    name ?? '',
    experiment,
    description ?? '',
    ...tags,
    ...notes.map((each) => each.text),
  ];
  const held = texts.map((each): Change => ['addTag', each]);
  const size = [...held, ...added].reduce((sum, each) => sum + changeSize(each), 0);
  if (size <= limits.propertiesSizeMax) return;
  throw new RunlogError(
    'LIMIT',
    `notes, tags and description of the run would take ${size} bytes, at most ${limits.propertiesSizeMax} (propertiesSizeMax); remove notes, or log a file`,
    { limit: 'propertiesSizeMax' },
  );
}

/** All or none; durable on return. @throws RunlogError LIMIT, IO. */
export function publishChanges(
  vfs: Vfs,
  edits: string,
  facts: RunFacts,
  changes: readonly Change[],
): void {
  checkRoom(facts, changes);
  try {
    publishEdit(vfs, edits, { kind: 'change', time: Date.now(), life: facts.life, changes });
    syncEdits(vfs, edits);
  } catch (error) {
    throw asRunlogError(error, `${edits}: the edit could not be written`);
  }
}

function listed<T>(list: readonly T[], argument: string): readonly T[] {
  if (Array.isArray(list)) return list;
  throw new TypeError(`${argument}: expected an array, got ${given(list)}`);
}

function checkNote(note: Note, argument: string): void {
  checkMembers(note, argument, noteNames);
  if (typeof note.time !== 'number' || typeof note.text !== 'string')
    throw new TypeError(`${argument}: expected a note of view.notes, got ${given(note)}`);
}
