// The known name that a wrong one probably means: of a query, of an option.
//
// Test: test/query/syntax.test.ts.

/**
 * Of the known names the nearest, at most about one letter in three away, else one that begins with it.
 * Undefined: none is near.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let found: string | undefined;
  // Of `created` it is `created_at`: a whole word that a name begins with.
  let longer: string | undefined;
  // About one letter in three may be wrong, and a short name means itself.
  let best = Math.min(3, Math.floor((name.length + 1) / 3)) + 0.5;
  for (const each of known) {
    const distance =
      each.toLowerCase() === name.toLowerCase() ? 0.25 : editDistance(name, each, best);
    if (distance < best) {
      best = distance;
      found = each;
    }
    const isLonger = name.length >= WORD_MIN && each.startsWith(`${name}_`);
    if (isLonger && (longer === undefined || each.length < longer.length)) longer = each;
  }
  return found ?? longer;
}

const WORD_MIN = 3;

/** Insertions, deletions, exchanges and swaps of neighbours; at least `limit` where it is more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchange = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(exchange, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
