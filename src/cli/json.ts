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

export const jsonText = (value: unknown, indent?: number): string =>
  // JSON has a minus zero, JSON.stringify does not.
  Object.is(value, -0) ? '-0' : JSON.stringify(value, jsonValue, indent);

/** A number in full: reading it gives the same double. */
export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
