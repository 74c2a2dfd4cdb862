// The bins of a distribution as a row of bars, an eighth of a line each. Pure.
//
// Test: test/cli/values.test.ts.

const BARS = ' \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';

/**
 * At most `width` characters: where there are more bins, as many neighbours stand together as it takes, by
 * their mean. What is there is seen: only bins without any count are blank.
 */
export function bars(counts: readonly number[], width: number): string {
  const together = Math.ceil(counts.length / Math.max(1, width));
  const means = Array.from({ length: Math.ceil(counts.length / together) }, (_, column) => {
    const there = counts.slice(column * together, (column + 1) * together);
    return there.reduce((sum, each) => sum + each / there.length, 0);
  });
  const most = Math.max(...means);
  return means
    .map((mean) => (mean > 0 ? BARS[Math.max(1, Math.round((mean / most) * 8))] : ' '))
    .join('');
}
