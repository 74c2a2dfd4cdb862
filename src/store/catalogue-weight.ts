// About how much memory a row takes until it is written.
//
// Spec: spec/catalogue.md, Files. Test: test/store/catalogue.test.ts.

import type { CatalogueRow } from './catalogue-row.ts';

const ROW_SIZE = 1024;
const NODE_SIZE = 32;

/** Bytes, by the number of values and the lengths of texts and arrays of bytes. */
export function weightOf({ params, facts, writers, sequences, objects }: CatalogueRow): number {
  return (
    ROW_SIZE +
    weigh(params) +
    weigh(facts.notes) +
    weigh(facts.description) +
    weigh(writers) +
    weigh(sequences) +
    weigh(objects)
  );
}

function weigh(value: unknown): number {
  if (typeof value === 'string') return NODE_SIZE + value.length;
  if (typeof value !== 'object' || value === null) return NODE_SIZE;
  if (ArrayBuffer.isView(value)) return NODE_SIZE + value.byteLength;
  let sum = NODE_SIZE;
  if (value instanceof Map) {
    for (const [key, each] of value) sum += weigh(key) + weigh(each);
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const each of value) sum += weigh(each);
  } else
    for (const key of Object.keys(value))
      sum += key.length + weigh((value as Record<string, unknown>)[key]);
  return sum;
}
