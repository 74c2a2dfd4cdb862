// Commands whose short flags, or whose words, are passwords: as words of a program, and on a line of
// a script.
//
// 1. Short flags mean different things to different commands: `-p` is a password only after a command
//    for which it is one.
// 2. In a text a plain word is none: lines speak of commands too.
//
// Test: test/system/redact/commands.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { isGuarded, isPlain } from './secret-values.ts';

export interface KnownCommand {
  /** The next word is a password. */
  readonly next?: readonly string[];
  /** The rest of the word is a password. */
  readonly rest?: string;
  /** The next word is `user:password`; of the first, the rest of the same word too. */
  readonly pair?: readonly string[];
  /** Before this word nothing of it holds. */
  readonly after?: string;
  /** A word that is no flag and hard to guess is a password. */
  readonly isBare?: boolean;
}

const mysql: KnownCommand = { rest: '-p' };
const mongo: KnownCommand = { next: ['-p'] };
const login: KnownCommand = { next: ['-p'], rest: '-p', after: 'login' };
const key: KnownCommand = { isBare: true, after: 'login' };

/** Also looked for in texts. */
const inTexts: Readonly<Record<string, KnownCommand>> = {
  mysql,
  mysqldump: mysql,
  mysqladmin: mysql,
  mysqlimport: mysql,
  mariadb: mysql,
  'mariadb-dump': mysql,
  sshpass: { next: ['-p'], rest: '-p' },
  docker: login,
  podman: login,
  helm: login,
  'redis-cli': { next: ['-a'] },
  mongo,
  mongosh: mongo,
  mongodump: mongo,
  mongorestore: mongo,
  sqlcmd: { next: ['-P'], rest: '-P' },
  ldapsearch: { next: ['-w'] },
  twine: { next: ['-p'] },
  openssl: { next: ['-k', '-K'] },
  'ssh-keygen': { next: ['-N'] },
  vault: key,
  wandb: key,
  cargo: key,
  curl: { pair: ['-u', '--user', '-U', '--proxy-user'] },
};

const others: Readonly<Record<string, KnownCommand>> = {
  oc: login,
  az: login,
  bcp: { next: ['-P'], rest: '-P' },
  '7z': { rest: '-p' },
  unrar: { rest: '-p' },
  zip: { next: ['-P'] },
  unzip: { next: ['-P'] },
  http: { pair: ['-a', '--auth'] },
  https: { pair: ['-a', '--auth'] },
  xh: { pair: ['-a', '--auth'] },
};

const known = new Map(Object.entries({ ...inTexts, ...others }));

const baseName = (word: string): string =>
  /[/\\.]/.test(word) ? word.replace(/^.*[/\\]/s, '').replace(/\.exe$/i, '') : word;

export interface SecretWord {
  /** The flag, or the command. */
  readonly name: string;
  /** Where the secret begins in its word: the rest of it. */
  readonly start: number;
}

/** Goes through the words of a command line, in order. */
export class CommandWords {
  #name = '';
  #command: KnownCommand = {};
  #isAfter = true;
  #before = '';

  /** What of the word is a secret for the command that it belongs to. */
  take(word: string): SecretWord | undefined {
    const before = this.#before;
    this.#before = word;
    const name = baseName(word);
    const command = known.get(name);
    if (command !== undefined) {
      this.#name = name;
      this.#command = command;
      this.#isAfter = command.after === undefined;
      return undefined;
    }
    if (word === this.#command.after) {
      this.#isAfter = true;
      return undefined;
    }
    return this.#isAfter ? this.#secretIn(word, before) : undefined;
  }

  #secretIn(word: string, before: string): SecretWord | undefined {
    const { next = [], rest, pair = [], isBare = false } = this.#command;
    if (next.includes(before)) return isPlain(word) ? undefined : { name: before, start: 0 };
    if (rest !== undefined && word.startsWith(rest) && !isPlain(word.slice(rest.length)))
      return { name: rest, start: rest.length };
    const [short = ' '] = pair;
    const isPair = pair.includes(before) || (word.startsWith(short) && !word.startsWith('--'));
    const start = isPair ? word.indexOf(':') + 1 : 0;
    if (start > 0)
      return isPlain(word.slice(start))
        ? undefined
        : { name: pair.includes(before) ? before : short, start };
    return isBare && !word.startsWith('-') && isGuarded(word)
      ? { name: this.#name, start: 0 }
      : undefined;
  }
}

/** Characters of a line that are looked at. */
const lineMax = 512;
const blanks = /[ \t]*/y;
/** Quoted, or up to a blank or what ends a command. */
const quoted = /(["'])([^"'\n]{1,256})\1/y;
const bare = /[^\s;|&]{1,512}/y;

export const commandTriggers: readonly Trigger[] = [
  ...Object.keys(inTexts).map((literal): Trigger => ({ literal, find: findOnLine })),
  // Names of two letters are those of other things too.
  { literal: 'az login', find: findOnLine },
  { literal: 'oc login', find: findOnLine },
];

/** The first secret of the command that begins at a place. */
function findOnLine(text: string, at: number, from: number): Found | undefined {
  if (at > 0 && /[\w.-]/.test(text.charAt(at - 1))) return undefined;
  const words = new CommandWords();
  const limit = Math.min(text.length, at + lineMax);
  for (let place = at; place < limit; ) {
    const { start, end, next } = wordAt(text, place);
    const word = text.slice(start, end);
    // Another command is looked at by itself: whatever the text holds, its work is once its length.
    if (word === '' || (place > at && known.has(baseName(word)))) return undefined;
    const secret = words.take(word);
    if (secret !== undefined && start + secret.start >= from) {
      const value = text.slice(start + secret.start, end);
      if (!/^[A-Za-z-]+$/.test(value))
        return { start: start + secret.start, end, name: secret.name };
    }
    blanks.lastIndex = next;
    blanks.test(text);
    place = blanks.lastIndex;
  }
  return undefined;
}

/** Without quotes, and without what closes a string that the whole command stands in. */
function wordAt(text: string, at: number): { start: number; end: number; next: number } {
  quoted.lastIndex = at;
  const found = quoted.exec(text);
  if (found !== null) return { start: at + 1, end: quoted.lastIndex - 1, next: quoted.lastIndex };
  bare.lastIndex = at;
  const word = bare.exec(text)?.[0] ?? '';
  const end = at + word.replace(/["'`)}\],\\]+$/, '').length;
  return { start: at, end, next: at + word.length };
}
