// Words of the command line: runs (hash, prefix, -1), or one query. Pure.
//
// Test: test/cli/select.test.ts.

import { isForAll } from '../index.ts';

/** `run.archived` is a query, `run-3.b` a hash. */
const isReference = (word: string): boolean =>
  /^-[1-9]\d*$/.test(word) || (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(word) && !/^run\./.test(word));

/**
 * The query that the words are, or undefined where they are runs. None are a query for all.
 *
 * @throws TypeError where words say nothing: a variable that is not set must not mean every run. RunlogError
 *   QUERY_SYNTAX as `queryParts`.
 */
export function queryIn(words: readonly string[]): string | undefined {
  if (words.length > 0 && words.every(isReference)) return undefined;
  // A query that a shell took apart is one all the same.
  const query = words.join(' ');
  if (words.length > 0 && isForAll(query))
    throw new TypeError(`what: expected runs or a query, got ${JSON.stringify(query)}`);
  return query;
}
