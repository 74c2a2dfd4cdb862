// The words of a command line, where a flag says what the next word is.
//
// 1. Short flags mean different things to different commands: `-p` is a password only after a command
//    for which it is one.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import { isPlain, mark } from './secret-values.ts';

/** How one word of a command line is dealt with; each counts what it takes. */
export interface WordRules {
  text(text: string): string;
  value(name: string, value: string): string;
  /** The whole value, whatever it is. */
  take(name: string, value: string): string;
  isTelling(name: string): boolean;
}

interface ShortFlags {
  /** The next word is a password. */
  readonly next?: string;
  /** The rest of the word is a password. */
  readonly rest?: string;
  /** The next word is `user:password`. */
  readonly pair?: readonly string[];
  /** After the command, a word without which the flag means something else. */
  readonly after?: string;
}

const commands: Readonly<Record<string, ShortFlags>> = {
  mysql: { rest: '-p' },
  mysqldump: { rest: '-p' },
  mysqladmin: { rest: '-p' },
  mysqlimport: { rest: '-p' },
  mariadb: { rest: '-p' },
  'mariadb-dump': { rest: '-p' },
  sshpass: { next: '-p', rest: '-p' },
  docker: { next: '-p', after: 'login' },
  podman: { next: '-p', after: 'login' },
  helm: { next: '-p', after: 'login' },
  oc: { next: '-p', after: 'login' },
  az: { next: '-p', after: 'login' },
  'redis-cli': { next: '-a' },
  mongo: { next: '-p' },
  mongosh: { next: '-p' },
  mongodump: { next: '-p' },
  mongorestore: { next: '-p' },
  sqlcmd: { next: '-P', rest: '-P' },
  bcp: { next: '-P', rest: '-P' },
  ldapsearch: { next: '-w' },
  '7z': { rest: '-p' },
  unrar: { rest: '-p' },
  zip: { next: '-P' },
  unzip: { next: '-P' },
  curl: { pair: ['-u', '--user', '-U', '--proxy-user'] },
  http: { pair: ['-a', '--auth'] },
  https: { pair: ['-a', '--auth'] },
  xh: { pair: ['-a', '--auth'] },
};

const flag = /^(--?[A-Za-z][\w.-]*)$/;
/** `--flag=value`, `NAME=value`, `+model.api_key=value`, `-Dname=value`. */
const assignment = /^((?:--?|[+~]{1,2})?[\w.@/-]{1,128})=(.*)$/s;

export function redactArguments(args: readonly string[], rules: WordRules): string[] {
  let command: ShortFlags = {};
  let isAfter = true;
  return args.map((word, index) => {
    const found = commands[baseName(word)];
    if (found !== undefined && Object.hasOwn(commands, baseName(word))) {
      command = found;
      isAfter = found.after === undefined;
      return word;
    }
    if (word === command.after) isAfter = true;
    const before = args[index - 1];
    return (
      (isAfter ? ofCommand(word, before, command, rules) : undefined) ?? ofWord(word, before, rules)
    );
  });
}

const baseName = (word: string): string => word.replace(/^.*[/\\]/s, '').replace(/\.exe$/i, '');

function ofCommand(
  word: string,
  before: string | undefined,
  command: ShortFlags,
  rules: WordRules,
): string | undefined {
  const { next, rest, pair } = command;
  if (next !== undefined && before === next && !isPlain(word)) return rules.take(next, word);
  if (rest !== undefined && word.startsWith(rest) && !word.startsWith('--')) {
    const value = word.slice(rest.length);
    if (!isPlain(value)) return rest + rules.take(rest, value);
  }
  if (before === undefined || pair?.includes(before) !== true) return undefined;
  const colon = word.indexOf(':');
  if (colon === -1 || isPlain(word.slice(colon + 1))) return undefined;
  return `${word.slice(0, colon + 1)}${rules.take(before, word.slice(colon + 1))}`;
}

function ofWord(word: string, before: string | undefined, rules: WordRules): string {
  const assigned = assignment.exec(word);
  if (assigned !== null) {
    const [, name = '', value = ''] = assigned;
    if (rules.isTelling(name)) return `${name}=${rules.value(name, value)}`;
    return rules.text(word);
  }
  const isValue = before !== undefined && flag.test(before) && rules.isTelling(before);
  if (isValue && !flag.test(word) && !word.startsWith(mark)) return rules.value(before, word);
  return rules.text(word);
}
