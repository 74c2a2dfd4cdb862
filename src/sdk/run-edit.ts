// Changes of a run's properties by whoever looks at it: what may be said, and the check at the door.
//
// Spec: spec/edits.md. Test: test/sdk/run-view.test.ts.

import { checkMembers, checkType } from '../model/check.ts';
import { checkName } from '../model/names.ts';
import type { Change } from '../store/edits.ts';
import { checkTags, checkText } from './options.ts';

/** What is left out stays as it is. */
export interface RunEdit {
  /** Null clears it. */
  readonly name?: string | null;
  /** Null clears it. */
  readonly description?: string | null;
  readonly experiment?: string;
  /** True: `repo.runs` leaves the run out unless it is asked for archived ones. */
  readonly archived?: boolean;
  /** Adding one that is there, or removing one that is not, changes nothing. */
  readonly tags?: { readonly add?: readonly string[]; readonly remove?: readonly string[] };
  /** Added to the notes that are there, with the time of now. */
  readonly note?: string;
}

const editNames = new Set(['name', 'description', 'experiment', 'archived', 'tags', 'note']);
const tagsNames = new Set(['add', 'remove']);

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
  return changes;
}
