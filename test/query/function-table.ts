// Every function, method and property that the code knows, as the tables of spec/query.md show them.

import { tables } from '../../src/query/attribute.ts';
import { dateMakers, dateTimeMakers } from '../../src/query/date-methods.ts';
import { builtins, extremeSignatures } from '../../src/query/functions.ts';
import {
  mathConstants,
  mathFunctions,
  stringConstants,
  stringFunctions,
} from '../../src/query/math-module.ts';
import { pointMethods, sequenceProperties } from '../../src/query/metric-object.ts';
import { regexFunctions } from '../../src/query/regex.ts';
import { runProperties } from '../../src/query/run-object.ts';
import { typeSignatures } from '../../src/query/types.ts';

/** Rows by what they are of; the texts in the order of the page. */
export function functionTable(): Map<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  rows.set('functions', [...Object.keys(builtins), ...extremeSignatures].sort());
  rows.set('types', [
    ...typeSignatures,
    'date(year, month, day)',
    'datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0)',
    'timedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)',
  ]);
  for (const [name, { methods, properties }] of Object.entries(tables))
    rows.set(name, [
      ...[...methods.values()].map((each) => each.signature.text).sort(),
      ...[...properties.keys()].sort(),
    ]);
  rows.set('str.', ['maketrans(x, y=None, z=None)']);
  rows.set('datetime.', [...dateTimeMakers.map(([name]) => name).sort(), 'max', 'min']);
  rows.set(
    'date.',
    dateMakers().map(([name]) => name),
  );
  rows.set('math.', [...Object.keys(mathFunctions), ...Object.keys(mathConstants)]);
  rows.set('re.', [...regexFunctions, 'I', 'IGNORECASE', 'M', 'MULTILINE', 'S', 'DOTALL']);
  rows.set('string.', [...Object.keys(stringFunctions), ...Object.keys(stringConstants)]);
  rows.set('run', [...runProperties.keys(), 'get(key, default=None)']);
  rows.set('metric', [...sequenceProperties.keys(), ...pointMethods.keys()]);
  return rows;
}

export const functionRows = (): string[] =>
  [...functionTable()].map(
    ([name, texts]) => `| \`${name}\` | ${texts.map((each) => `\`${each}\``).join(' ')} |`,
  );
