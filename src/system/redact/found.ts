// What a search for secrets yields, and how a search is set off.
//
// Test: test/system/redact/redactor.test.ts.

/** A secret in a text: from `start` to `end`, known by the name of its variable, flag or rule. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** It stands under this name, rather than that it has a shape. */
  readonly isNamed?: boolean;
}

/** Looks for a secret at a place where its literal stands. */
export interface Trigger {
  /** At least three characters. */
  readonly literal: string;
  readonly anyCase?: boolean;
  /**
   * `at` is where the literal begins; nothing before `from` may be taken. The work of all calls on a
   * text together is linear: bounded when nothing is found, at most its length when something is.
   */
  readonly find: (text: string, at: number, from: number) => Found | undefined;
}
