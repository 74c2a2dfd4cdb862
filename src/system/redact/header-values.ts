// What requests carry: `Authorization: Bearer x`, `Basic x`, cookies; and what stands beside a name
// without being its value: the token of a Telegram bot, `user:password` after `curl -u`.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { isExpression, isPlain, mark, randomness } from './secret-values.ts';

const authorization =
  /authorization["'\\\]]{0,6}\s{0,4}[:=,]\s{0,4}[bfr]?["'`\\]{0,6}(?:(?:bearer|basic|token|apikey|api-key|digest|negotiate|ntlm|key|bot|splunk|genieKey|sso-key|pve[a-z]*token=|aws4-hmac-sha256)[ \t]{1,4})?/iy;
const credential = /[^\s"'`\\<>,;]{1,8192}/y;
const bearer = /bearer(?:[ \t]{1,4}|%20)/iy;
const bearerToken = /[\w.~+/=-]{12,8192}/y;
const basic = /basic[ \t]{1,4}/iy;
const basicToken = /[A-Za-z0-9+/]{6,4096}={0,2}/y;
const cookie = /(?:set-)?cookie["'\\]{0,4}[ \t]{0,4}:[ \t]{0,4}["'\\]{0,4}/iy;
const cookies = /[\w.%-]{1,128}=[^\r\n"'\\]{4,8192}/y;
const userFlag = /-(?:u|-user|-proxy-user|U)(?:[ \t]{1,4}|=)["']?[\w.@-]{1,64}:/y;
const identified = /identified by (?:password )?['"]/iy;
const quotedRest = /[^'"\r\n]{1,512}/y;
const login = /wandb login[ \t]{1,4}(?:--\w{1,16}[ \t]{1,4})?/y;
const loginKey = /[\w-]{32,128}/y;
const oracle = /oracle:(?:thin|oci8?):[\w.$#-]{1,64}\//iy;
const oraclePassword = /[^@\s"'`]{1,256}(?=@)/y;
const telegram = /:AA[\w-]{32,34}(?![\w-])/y;

/** Where a pattern ends that begins at a place, or -1. */
function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** What comes after a lead, if it is a secret. */
const following =
  (
    name: string,
    lead: RegExp,
    value: RegExp,
    isSecret: (value: string, lead: string) => boolean,
  ): Trigger['find'] =>
  (text, at): Found | undefined => {
    const start = after(lead, text, at);
    if (start === -1 || text.startsWith(mark, start)) return undefined;
    const end = after(value, text, start);
    if (end === -1) return undefined;
    return isSecret(text.slice(start, Math.min(end, start + 1024)), text.slice(at, start))
      ? { start, end, name }
      : undefined;
  };

const isCredential = (value: string, lead: string): boolean => {
  if (isPlain(value) || isExpression(value) || value.length < 6) return false;
  // `Authorization: required` says nothing; `Authorization: Bearer required` is a value all the same.
  return /\w[ \t]+$/.test(lead) ? !/^[a-z]+$/.test(value) || value.length >= 20 : /\d/.test(value);
};

const isBasic = (value: string): boolean =>
  /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(value, 'base64').toString('latin1'));

export const headerTriggers: readonly Trigger[] = [
  {
    literal: 'authorization',
    anyCase: true,
    find: following('authorization', authorization, credential, isCredential),
  },
  {
    literal: 'bearer',
    anyCase: true,
    find: following(
      'bearer',
      bearer,
      bearerToken,
      (value) => /\d/.test(value) || randomness(value) !== 'none',
    ),
  },
  { literal: 'basic', anyCase: true, find: following('basic-auth', basic, basicToken, isBasic) },
  { literal: 'cookie', anyCase: true, find: following('cookie', cookie, cookies, () => true) },
  ...['-u ', '-u=', '--user ', '--user=', '--proxy-user ', '-U '].map(
    (literal): Trigger => ({ literal, find: findUserPassword }),
  ),
  {
    literal: 'identified by',
    anyCase: true,
    find: following('sql-password', identified, quotedRest, (value) => !isPlain(value)),
  },
  {
    literal: 'oracle:',
    anyCase: true,
    find: following('address-password', oracle, oraclePassword, (value) => !isPlain(value)),
  },
  { literal: 'wandb login', find: following('wandb-login', login, loginKey, () => true) },
  { literal: ':AA', find: findTelegram },
];

/** Only after a command of which it is known: `docker run -u user:group` is none. */
function findUserPassword(text: string, at: number): Found | undefined {
  if (!/\b(?:curl|wget|https?|xh)\b[^\n]{0,200}$/.test(text.slice(Math.max(0, at - 210), at)))
    return undefined;
  return userPassword(text, at, 0);
}

const userPassword = following(
  'user-password',
  userFlag,
  credential,
  (value) => !isPlain(value) && !/^\d+$/.test(value),
);

/** The number of the bot stays. */
function findTelegram(text: string, at: number): Found | undefined {
  const end = after(telegram, text, at);
  return end !== -1 && /\d{6,12}$/.test(text.slice(Math.max(0, at - 12), at))
    ? { start: at + 1, end, name: 'telegram-token' }
    : undefined;
}
