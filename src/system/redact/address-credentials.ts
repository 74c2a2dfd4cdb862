// Credentials in addresses: `scheme://user:password@host`, `scheme://token@host`.
//
// 1. Host and user stay: they tell where a run read from. A user that is itself a token goes.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { isPlain, mark, randomness } from './secret-values.ts';

const pieceMax = 1024;

export const addressTrigger: Trigger = {
  literal: '://',
  find(text, at, from) {
    if (!/[a-z0-9+.-]/i.test(text.charAt(at - 1))) return undefined;
    const start = at + 3;
    // Everything is looked for in this piece alone: a search in the text would go to its ends.
    const { piece, firstStop } = pieceAt(text, start);
    let last = piece.lastIndexOf('@', firstStop - 1);
    // A password that was not encoded may hold a slash. In addresses of pages a path may hold an @.
    if (last < 0 || firstStop === 0 || !isPage(text, at, from)) {
      const later = piece.lastIndexOf('@');
      if (later > last && /^[^/?#:]{0,128}:(?!\d{1,5}(?:\/|$))./.test(piece.slice(0, later)))
        last = later;
    }
    return last <= 0 ? undefined : credentials(piece.slice(0, last), start);
  },
};

const isPage = (text: string, at: number, from: number): boolean =>
  /(?:https?|git|ftp|s3|gs)$/i.test(text.slice(Math.max(from, at - 8), at));

/** Up to what ends an address, and where in it host and user end. */
function pieceAt(text: string, start: number): { piece: string; firstStop: number } {
  const limit = Math.min(text.length, start + pieceMax);
  let firstStop = -1;
  let end = start;
  for (; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (code <= 32 || '"\'`<>\\'.includes(text.charAt(end))) break;
    if (code === 58 && text.startsWith('://', end)) break;
    if (firstStop === -1 && (code === 47 || code === 63 || code === 35)) firstStop = end;
  }
  const piece = text.slice(start, end);
  return { piece, firstStop: firstStop === -1 ? piece.length : firstStop - start };
}

function credentials(given: string, start: number): Found | undefined {
  const end = start + given.length;
  const colon = given.indexOf(':');
  if (colon === -1) return isToken(given) ? { start, end, name: 'address-token' } : undefined;
  const user = given.slice(0, colon);
  const password = given.slice(colon + 1);
  if (isToken(user) && !password.startsWith(mark)) return { start, end, name: 'address-token' };
  if (isPlain(password) || password === 'x-oauth-basic') return undefined;
  return { start: start + colon + 1, end, name: 'address-password' };
}

const isToken = (user: string): boolean =>
  user.length >= 16 &&
  !user.includes(mark) &&
  !/^\$|[{}]/.test(user) &&
  randomness(user) !== 'none';
