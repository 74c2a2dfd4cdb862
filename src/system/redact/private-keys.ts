// Private keys in armour: PEM, OpenSSH, PGP, PuTTY; on lines of their own, escaped in a string, or in
// the lines of a diff. Certificates and public keys stay.
//
// 1. A key whose end was cut off (a bounded diff) goes to where its lines end.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { mark } from './secret-values.ts';

const opening = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const closing = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const puttyOpening = /Private-Lines:/y;
const puttyClosing = /Private-MAC:[ \t]{0,4}[0-9a-f]{1,128}/;

/** Longer than any key: RSA of 16,384 bits has 13 KiB. */
const keyMax = 24 * 1024;

/** Base64 alone, or a header of an armour; marks of a diff, quotes and escapes around it. */
const bodyLine =
  /(?:\r?\n)?[ \t+>|"'#-]{0,40}(?:[A-Za-z0-9+/=\\]{1,4096}|(?:Proc-Type|DEK-Info|Version|Comment)[^\n]{0,200})?["',+ \t]{0,8}(?=\r?\n|$)/y;
const linesMax = 400;

export const privateKeyTriggers: readonly Trigger[] = [
  { literal: '-----BEGIN ', find: (text, at) => findKey(text, at, opening, closing) },
  { literal: 'LS0tLS1CRUdJTi', find: findEncoded },
  { literal: 'Private-Lines:', find: (text, at) => findKey(text, at, puttyOpening, puttyClosing) },
];

function findKey(text: string, at: number, open: RegExp, close: RegExp): Found | undefined {
  open.lastIndex = at;
  if (!open.test(text)) return undefined;
  const start = open.lastIndex;
  if (text.startsWith(mark, start)) return undefined;
  const ahead = close.exec(text.slice(start, start + keyMax));
  const end = ahead === null ? endOfLines(text, start) : start + ahead.index;
  return end - start < 16 ? undefined : { start, end, name: 'private-key' };
}

const base64 = /[A-Za-z0-9+/_-]+={0,2}/y;

/** In base64, as in a kubeconfig. Its beginning is looked at before its end is looked for. */
function findEncoded(text: string, at: number): Found | undefined {
  const beginning = Buffer.from(text.slice(at, at + 96), 'base64').toString('latin1');
  if (!/^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(beginning)) return undefined;
  base64.lastIndex = at;
  base64.test(text);
  return { start: at, end: base64.lastIndex, name: 'encoded-private-key' };
}

function endOfLines(text: string, start: number): number {
  let at = start;
  for (let line = 0; line < linesMax; line++) {
    bodyLine.lastIndex = at;
    if (!bodyLine.test(text) || bodyLine.lastIndex === at) break;
    at = bodyLine.lastIndex;
  }
  return at;
}
