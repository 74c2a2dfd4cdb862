// Credentials in addresses: `scheme://user:password@host`, `scheme://token@host`.
//
// 1. Host and user stay: they tell where a run read from. A user that is itself a token goes.
//
// Test: test/system/redact/address-credentials.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { isPlain, mark, randomness } from './secret-values.ts';

const regionMax = 1024;

export const addressTrigger: Trigger = {
  literal: '://',
  find(text, at, from) {
    if (!/[a-z0-9+.-]/i.test(text.charAt(at - 1))) return undefined;
    const start = at + 3;
    const { firstStop, end } = region(text, start);
    let last = text.lastIndexOf('@', firstStop - 1);
    // A password that was not encoded may hold a slash. In addresses of pages a path may hold an @.
    if (last < start || !isPage(text, at, from)) {
      const later = text.lastIndexOf('@', end - 1);
      const head = text.slice(start, later);
      if (later > last && /^[^/?#:]{0,128}:(?!\d{1,5}(?:\/|$))./.test(head)) last = later;
    }
    return last < start ? undefined : credentials(text, start, last);
  },
};

const isPage = (text: string, at: number, from: number): boolean =>
  /(?:https?|git|ftp|s3|gs)$/i.test(text.slice(Math.max(from, at - 8), at));

function region(text: string, start: number): { firstStop: number; end: number } {
  const limit = Math.min(text.length, start + regionMax);
  let firstStop = -1;
  let end = start;
  for (; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (code <= 32 || '"\'`<>\\'.includes(text.charAt(end))) break;
    if (text.startsWith('://', end)) break;
    if (firstStop === -1 && '/?#'.includes(text.charAt(end))) firstStop = end;
  }
  return { firstStop: firstStop === -1 ? end : firstStop, end };
}

function credentials(text: string, start: number, end: number): Found | undefined {
  const colon = text.indexOf(':', start);
  if (colon === -1 || colon >= end) {
    const user = text.slice(start, end);
    return isToken(user) ? { start, end, name: 'address-token' } : undefined;
  }
  const user = text.slice(start, colon);
  const password = text.slice(colon + 1, end);
  if (isToken(user) && !password.startsWith(mark)) return { start, end, name: 'address-token' };
  if (isPlain(password) || password === 'x-oauth-basic') return undefined;
  return { start: colon + 1, end, name: 'address-password' };
}

const isToken = (user: string): boolean =>
  user.length >= 16 &&
  !user.includes(mark) &&
  !/^\$|[{}]/.test(user) &&
  randomness(user) !== 'none';
