// A cut text is well-formed, within its size, and holds no half of what would have been redacted whole.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  cutLines,
  cutText,
  REDACTED_BEYOND,
  recordable,
} from '../../../src/system/environment/texts.ts';
import { seeded } from '../../support/random.ts';

it('any text is cut to the longest beginning of whole characters that fits', () => {
  const { seed } = seeded('cut texts');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, sizeMax) => {
      const cut = cutText(text, sizeMax);
      const whole = text.toWellFormed();
      expect(cut.text.isWellFormed()).toBe(true);
      expect(whole.startsWith(cut.text)).toBe(true);
      expect(Buffer.byteLength(cut.text)).toBeLessThanOrEqual(sizeMax);
      expect(cut.isCut).toBe(cut.text !== whole);
      const next = [...whole.slice(cut.text.length)][0] ?? '';
      if (cut.isCut) expect(Buffer.byteLength(cut.text + next)).toBeGreaterThan(sizeMax);
    }),
    { seed },
  );
});

it('lines are cut behind a line where there is one', () => {
  expect(cutLines('one\ntwo\n', 100)).toEqual({ text: 'one\ntwo\n', isCut: false });
  expect(cutLines('one\ntwo\n', 6)).toEqual({ text: 'one\n', isCut: true });
  expect(cutLines('endless', 3)).toEqual({ text: 'end', isCut: true });
});

it('a secret at the cut is redacted before the cut', () => {
  const redact = (text: string): string => text.replace(/key-[0-9]{20}/g, '[redacted]');
  const text = `${'x'.repeat(95)}key-${'1'.repeat(20)}${'y'.repeat(2 * REDACTED_BEYOND)}`;
  const { text: kept, isCut } = recordable(text, 100, redact);
  expect([kept, isCut]).toEqual([`${'x'.repeat(95)}[reda`, true]);
  expect(recordable('short', 100, redact)).toEqual({ text: 'short', isCut: false });
});
