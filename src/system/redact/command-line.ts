// The words of a command line, where a flag or a name says what the next word is.
//
// Test: test/system/redact/commands.test.ts, test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import { CommandWords } from './known-commands.ts';
import { isGuarded, mark, randomness } from './secret-values.ts';

/** How one word of a command line is dealt with; each counts what it takes. */
export interface WordRules {
  text(text: string): string;
  value(name: string, value: string): string;
  /** The whole value, whatever it is. */
  take(name: string, value: string): string;
  isTelling(name: string): boolean;
}

const flag = /^--?[A-Za-z][\w.-]*$/;
/** `--flag=value`, `NAME=value`, `+model.api_key=value`, `-Dname=value`. */
const assignment = /^((?:--?|[+~]{1,2})?[\w.@/-]{1,128})=(.*)$/s;
/** `docker build --secret id=npm,src=.npmrc`: where the secret is, not what. */
const source = /^(?:id|type|src|source|env)=/;

export function redactArguments(args: readonly string[], rules: WordRules): string[] {
  const words = new CommandWords();
  const kept: string[] = [];
  for (const [index, word] of args.entries()) {
    const secret = words.take(word);
    // Names are recorded: a word that something was taken out of is none.
    const before = kept[index - 1] === args[index - 1] ? args[index - 1] : undefined;
    if (secret === undefined) kept.push(ofWord(word, before, rules));
    else kept.push(word.slice(0, secret.start) + rules.take(secret.name, word.slice(secret.start)));
  }
  return kept;
}

function ofWord(word: string, before: string | undefined, rules: WordRules): string {
  if (before !== undefined && isValueOf(before, word, rules)) return rules.value(before, word);
  const [, name = '', value = ''] = assignment.exec(word) ?? [];
  if (randomness(name) === 'none' && rules.isTelling(name))
    return `${name}=${rules.value(name, value)}`;
  return rules.text(word);
}

function isValueOf(name: string, word: string, rules: WordRules): boolean {
  if (word.startsWith(mark) || !rules.isTelling(name)) return false;
  // `config set api_key x`: a bare name may be any word, so that the value must not be one. The name is
  // recorded: it must be no secret itself.
  if (!name.startsWith('-'))
    return /^[\w.:/-]{1,128}$/.test(name) && randomness(name) === 'none' && isGuarded(word);
  const isFlag = flag.test(word) && randomness(word) === 'none';
  return flag.test(name) && !isFlag && !source.test(word);
}
