// How many columns a character takes on a terminal: 0, 1 or 2.
//
// Ranges, coarse where Unicode is fine-grained: what matters is where a later character lands when the
// cursor comes back into the middle of a line.
//
// Spec: spec/terminal.md, Columns. Test: test/system/terminal/screen.test.ts.

/** Pairs of first and last code point, ascending: East Asian wide and fullwidth, and emoji. */
const wide: readonly number[] = [
  0x1100, 0x115f, 0x231a, 0x231b, 0x23e9, 0x23ec, 0x2614, 0x2615, 0x26a1, 0x26a1, 0x2705, 0x2705,
  0x2728, 0x2728, 0x274c, 0x274c, 0x2753, 0x2755, 0x2795, 0x2797, 0x2b50, 0x2b50, 0x2e80, 0x303e,
  0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000, 0xa4cf, 0xa960, 0xa97f, 0xac00, 0xd7a3,
  0xf900, 0xfaff, 0xfe30, 0xfe6f, 0xff00, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18aff, 0x1b000,
  0x1b2ff, 0x1f300, 0x1f64f, 0x1f680, 0x1f6ff, 0x1f900, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd,
];

const noWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Of the first plane, 1 more than the width; 0: not looked at yet. */
let known: Uint8Array | undefined;

export function widthOf(codePoint: number): 0 | 1 | 2 {
  if (codePoint > 0xffff) return findWidth(codePoint);
  known ??= new Uint8Array(0x10000);
  const kept = known[codePoint] as number;
  if (kept > 0) return (kept - 1) as 0 | 1 | 2;
  const width = findWidth(codePoint);
  known[codePoint] = width + 1;
  return width;
}

function findWidth(codePoint: number): 0 | 1 | 2 {
  // No mark stands below; blocks, lines and arrows of progress bars are told at once.
  if (codePoint < 0x300 || (codePoint >= 0x2190 && codePoint < 0x231a))
    return codePoint === 0xad ? 0 : 1;
  if (noWidth.test(String.fromCodePoint(codePoint))) return 0;
  for (let index = 0; index < wide.length; index += 2) {
    if (codePoint < (wide[index] as number)) return 1;
    if (codePoint <= (wide[index + 1] as number)) return 2;
  }
  return 1;
}
