// Values as JSON: everything that a param may be has a form.
//
// Test: test/cli/print.test.ts.

/**
 * JSON has no NaN, no infinity and no bigint: they are text. A Map is an object, one with other keys
 * than text an array of pairs; a Set and a column are arrays.
 */
function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Map)
    return [...value.keys()].every((key) => typeof key === 'string')
      ? Object.fromEntries(value)
      : [...value];
  if (value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as Float64Array)
    : value;
}

/** What a terminal takes for a command, or turns the direction of writing by, and JSON leaves as it is. */
const controls = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const escapeOf = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

export function jsonText(value: unknown, indent?: number): string {
  // JSON has a minus zero, JSON.stringify does not.
  if (Object.is(value, -0)) return '-0';
  const text = JSON.stringify(value, jsonValue, indent) as string | undefined;
  return text?.replace(controls, escapeOf) as string;
}

/** A number in full: reading it gives the same double. */
export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
