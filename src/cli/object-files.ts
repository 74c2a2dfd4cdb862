// Names of the files that objects are written to: sequence, context, step and ending, so that they stand in
// the order of their steps. Pure.
//
// Spec: spec/command.md, values. Test: test/cli/values.test.ts.

import type { ObjectSequence, ObjectsAtStep, StoredObject } from '../index.ts';
import { contextText } from './facts.ts';
import { fileNameOf, uniqueNames } from './file-names.ts';

const endings: Readonly<Record<string, string>> = {
  texts: '.txt',
  distributions: '.json',
  figures: '.json',
  tables: '.json',
};

/** What the format of a content is called as the ending of a file. */
function endingOf(kind: string, object: StoredObject): string {
  const known = endings[kind];
  if (known !== undefined) return known;
  const { format } = object.toJSON();
  if (typeof format !== 'string' || !/^[a-z0-9]{1,8}$/.test(format)) return '.bin';
  return format === 'jpeg' ? '.jpg' : `.${format}`;
}

/** Objects of a sequence in their order: the same names for the same objects each time. */
export function objectFileNames({
  kind,
  name,
  context,
  writers,
  firstStep = 0,
  lastStep = 0,
}: ObjectSequence): (at: ObjectsAtStep, index: number, object: StoredObject) => string {
  const begin = fileNameOf([name, contextText(context)].filter((each) => each !== '').join(' '));
  const digits = String(Math.max(Math.abs(firstStep), Math.abs(lastStep))).length;
  const unique = uniqueNames();
  return ({ step, writer, objects }, index, object) => {
    const number = String(Math.abs(step)).padStart(digits, '0');
    const parts = [
      `-${step < 0 ? '-' : ''}${number}`,
      ...(objects.length > 1 ? [`-${index + 1}`] : []),
      // No name of a writer holds the sign.
      ...(writers.length > 1 ? [`@${writer}`] : []),
    ];
    return unique(begin + parts.join(''), endingOf(kind, object));
  };
}
