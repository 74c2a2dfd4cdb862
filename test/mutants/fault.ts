// A planted fault: a place of the sources, what stands there instead, and the test that fails then.

export interface Edit {
  /** Below src. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly search: string;
  readonly replace: string;
}

export interface Fault {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly proof: Proof;
}

export interface Proof {
  /** Below test. */
  readonly file: string;
  /** A part of the names of the tests that are run; without: all of the file. */
  readonly test?: string;
}

export const edit = (file: string, search: string, replace: string): Edit => ({
  file,
  search,
  replace,
});

/** Why an edit cannot be made in this text; undefined when it can. */
export function whyNot({ file, search }: Edit, text: string): string | undefined {
  const count = text.split(search).length - 1;
  if (count === 1) return undefined;
  return `src/${file}: its place is there ${count} times; bring the fault up to date`;
}
