// Our own mistakes, never the caller's: an impossible state ends here and is not caught.

/** Thrown where the program contradicts itself. */
export class AssertionError extends Error {
  override readonly name: string = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
