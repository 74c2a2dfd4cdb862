// Bytes and strings in turn are one text: cut characters are put together, what is no text is marked.

import { expect, it } from 'vitest';
import { BytesToText } from '../../../src/system/terminal/bytes-to-text.ts';

it('a character that is cut by writes is one', () => {
  const decoder = new BytesToText();
  const bytes = Buffer.from('a\u{1f600}b');
  const parts = [...bytes].map((byte) => decoder.decode(Uint8Array.of(byte)));
  expect(parts).toEqual(['a', '', '', '', '\u{1f600}', 'b']);
  expect(decoder.end()).toBe('');
});

it('bytes that are no text are marked, also at the end and before a string', () => {
  const decoder = new BytesToText();
  expect(decoder.decode(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb');
  expect(decoder.decode(Uint8Array.of(0xe4, 0xbd))).toBe('');
  expect(decoder.decode('x')).toBe('\ufffdx');
  expect(decoder.decode(Uint8Array.of(0xe4))).toBe('');
  expect(decoder.end()).toBe('\ufffd');
});

it('strings are well-formed; an encoding says which bytes they are', () => {
  const decoder = new BytesToText();
  expect(decoder.decode('a\ud800b')).toBe('a\ufffdb');
  expect(decoder.decode('c3a9', 'hex')).toBe('\u00e9');
  expect(decoder.decode('\u00e9', 'latin1')).toBe('');
  expect(decoder.decode('x', 'UTF-8')).toBe('\ufffdx');
  expect(decoder.decode('w6k=', 'base64')).toBe('\u00e9');
});
