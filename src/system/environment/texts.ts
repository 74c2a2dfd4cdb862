// Texts as they may be recorded: without secrets, well-formed, within a size.
//
// 1. A text is redacted before it is cut, and of a long one more is redacted than is kept: half of a
//    secret, as a cut would leave it, is not recognized as one.
//
// Test: test/system/environment/texts.test.ts.

/** Longer than any secret whose shape is known; a private key of 8192 bits has 6.4 KiB. */
export const REDACTED_BEYOND = 8 * 1024;

export interface CutText {
  readonly text: string;
  readonly isCut: boolean;
}

/** At most `sizeMax` bytes of UTF-8, ended at a character. */
export function cutText(text: string, sizeMax: number): CutText {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length * 3 <= sizeMax) return { text: wellFormed, isCut: false };
  const bytes = Buffer.from(wellFormed);
  if (bytes.length <= sizeMax) return { text: wellFormed, isCut: false };
  let end = sizeMax;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return { text: bytes.toString('utf8', 0, end), isCut: true };
}

/** As `cutText`, ended at a line if there is one. */
export function cutLines(text: string, sizeMax: number): CutText {
  const cut = cutText(text, sizeMax);
  if (!cut.isCut) return cut;
  const end = cut.text.lastIndexOf('\n') + 1;
  return end === 0 ? cut : { text: cut.text.slice(0, end), isCut: true };
}

/** What `redact` leaves of a text, at most `sizeMax` bytes. */
export function recordable(
  text: string,
  sizeMax: number,
  redact: (text: string) => string,
): CutText {
  const read = cutText(text, sizeMax + REDACTED_BEYOND);
  const cut = cutText(redact(read.text), sizeMax);
  return { text: cut.text, isCut: cut.isCut || read.isCut };
}
