// The identity of a sequence within a run: its name and the canonical text of its context.
//
// Spec: spec/records.md. Test: test/model/sequence.test.ts.

/** Sequences that the library tracks by itself: rewinding leaves them alone. */
export const SYSTEM_PREFIX = '__system__';

const SEPARATOR = '\0';

/** One text for both. A canonical context holds no NUL, so the last one separates. */
export const sequenceKey = (name: string, contextText: string): string =>
  name + SEPARATOR + contextText;

/** Undoes `sequenceKey`; undefined where `key` is none. */
export function parseSequenceKey(key: string): { name: string; contextText: string } | undefined {
  const place = key.lastIndexOf(SEPARATOR);
  return place < 1 ? undefined : { name: key.slice(0, place), contextText: key.slice(place + 1) };
}

export const isSystemName = (name: string): boolean => name.startsWith(SYSTEM_PREFIX);
