// Takes secrets out of what is captured, before anything of it is written.
//
// 1. What is redacted stays redacted: redacting anew changes nothing.
// 2. Text in which nothing is found comes back as the same string, at the cost of one pass.
// 3. A value that was taken for its name is known from then on: it is taken out of every text, also
//    encoded, as long as it is no word that any text may hold.
//
// Test: test/system/redact/redactor.test.ts. Page: spec/redaction.md.

import { addressTrigger } from './address-credentials.ts';
import { redactArguments } from './command-line.ts';
import type { Found } from './found.ts';
import { headerTriggers } from './header-values.ts';
import { isSecretValue } from './judge.ts';
import { commandTriggers } from './known-commands.ts';
import { findNamed, namedValueTriggers } from './named-values.ts';
import { privateKeyTriggers } from './private-keys.ts';
import { type NameLevel, nameLevel } from './secret-names.ts';
import { isPlain, mark, randomness } from './secret-values.ts';
import { tokenTriggers } from './token-shapes.ts';
import { TriggerScan } from './trigger-scan.ts';

/** What counts as a secret, beside the rules that are built in. */
export interface RedactOptions {
  /** Names (exact, any case) or patterns of names and values that are never redacted. */
  readonly allow?: readonly (string | RegExp)[] | undefined;
  /** Names (exact, any case) whose value is always redacted, or patterns of names. */
  readonly deny?: readonly (string | RegExp)[] | undefined;
  /** More shapes of values: what a pattern matches is redacted. The name is recorded. */
  readonly rules?: readonly { readonly name: string; readonly pattern: RegExp }[] | undefined;
}

export interface Redactor {
  /** Any text: a diff, a commit message, a line. The same string where nothing was found. */
  text(text: string): string;
  /** The value of a name: a variable, a field. */
  value(name: string, value: string): string;
  /** Variables of a process: all names stay. */
  environment(env: Readonly<Record<string, string | undefined>>): Record<string, string>;
  /** The words of a command line. */
  arguments(args: readonly string[]): string[];
  /** Values of telling names are secrets in every text from now on; nothing is counted. */
  know(env: Readonly<Record<string, string | undefined>>): void;
  /** How often something was redacted, by the name of the variable, flag, field or rule. */
  readonly counts: Readonly<Record<string, number>>;
}

const passesMax = 8;
const countedNamesMax = 1000;
const learnedMax = 1000;
const learnedSizeMax = 16 * 1024;

export function createRedactor(options: RedactOptions = {}): Redactor {
  return new SecretRedactor(options);
}

class SecretRedactor implements Redactor {
  readonly #counts = new Map<string, number>();
  readonly #learned = new Set<string>();
  readonly #allow: NameList;
  readonly #deny: NameList;
  readonly #rules: readonly { readonly name: string; readonly pattern: RegExp }[];
  readonly #scan: TriggerScan;

  constructor(options: RedactOptions) {
    this.#allow = new NameList(options.allow);
    this.#deny = new NameList(options.deny);
    this.#rules = (options.rules ?? []).map(({ name, pattern }) => ({
      name,
      pattern: new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`),
    }));
    const denied = this.#deny.names.filter((name) => name.length >= 3);
    this.#scan = new TriggerScan([
      ...privateKeyTriggers,
      ...headerTriggers,
      addressTrigger,
      ...commandTriggers,
      ...tokenTriggers,
      ...namedValueTriggers(this.#levelOf, denied),
    ]);
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  text(text: string): string {
    return this.#redact(text);
  }

  /** @param as What is found is counted under this name, rather than each under its own. */
  #redact(text: string, as?: string): string {
    if (text.length < 3) return text;
    let result = text;
    // What stands where a secret stood may show another beside it. Text without one is looked at once.
    for (let pass = 0; pass < passesMax; pass++) {
      const found = this.#scan.find(result, this.#isAllowed);
      if (found === undefined) break;
      result = this.#withoutFound(result, found, as);
    }
    if (this.#deny.patterns.length > 0 || this.#deny.hasShortName)
      result = this.#denied(result, as);
    for (const { name, pattern } of this.#rules) result = this.#matched(result, name, pattern, as);
    return result;
  }

  value(name: string, value: string): string {
    if (this.#allow.has(name) || this.#allow.matches(value)) return value;
    return this.#named(name, value) ?? this.#redact(value, name);
  }

  environment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
    const given = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    // Names first: what they give away is then known in the values of the others.
    const taken = given.map(([name, value]) => [name, value, this.#named(name, value)] as const);
    return Object.fromEntries(
      taken.map(([name, value, redacted]) => [
        name,
        redacted ?? (this.#allow.has(name) ? value : this.#redact(value, name)),
      ]),
    );
  }

  arguments(args: readonly string[]): string[] {
    return redactArguments(args, {
      text: (text) => this.text(text),
      value: (name, value) => this.value(name, value),
      take: (name, value) => (this.#allow.matches(value) ? value : this.#take(name, value)),
      isTelling: (name) => !this.#allow.has(name) && this.#levelOf(name) !== 'none',
    });
  }

  know(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(env))
      if (value !== undefined && this.#isNamedSecret(name, value)) this.#learn(name, value);
  }

  #isNamedSecret(name: string, value: string): boolean {
    if (value === '' || value === mark || this.#allow.has(name) || this.#allow.matches(value))
      return false;
    return this.#deny.has(name) || isSecretValue(nameLevel(name), value);
  }

  #named(name: string, value: string): string | undefined {
    return this.#isNamedSecret(name, value) ? this.#take(name, value) : undefined;
  }

  #take(name: string, value: string): string {
    this.#count(name);
    this.#learn(name, value);
    return mark;
  }

  #count(name: string): void {
    const isKnown = this.#counts.has(name);
    const counted = isKnown || this.#counts.size < countedNamesMax ? name : 'others';
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  #learn(name: string, value: string): void {
    if (!isTelling(value) || this.#learned.size >= learnedMax) return;
    for (const form of formsOf(value)) {
      if (this.#learned.has(form)) continue;
      this.#learned.add(form);
      this.#scan.add({
        literal: form,
        find: (_, at) => ({ start: at, end: at + form.length, name }),
      });
    }
  }

  readonly #levelOf = (name: string): NameLevel => {
    const bare = name.replace(/^-+/, '');
    if (this.#deny.has(name) || this.#deny.has(bare)) return 'password';
    return nameLevel(name);
  };

  readonly #isAllowed = (text: string, { name, start, end }: Found): boolean =>
    this.#allow.isEmpty
      ? false
      : this.#allow.has(name) || this.#allow.matches(text.slice(start, end));

  #withoutFound(text: string, found: readonly Found[] | undefined, as?: string): string {
    if (found === undefined) return text;
    let result = '';
    let from = 0;
    for (const { start, end, name, isNamed } of found) {
      result += text.slice(from, start) + mark;
      from = end;
      // A name that is itself drawn at random may be a part of a secret.
      this.#count(as ?? (isNamed === true && randomness(name) !== 'none' ? 'named-value' : name));
    }
    return result + text.slice(from);
  }

  /** Names that no word sets off: every name before a separator is looked at. */
  #denied(text: string, as?: string): string {
    const pattern = /(?<![\w.-])[\w.-]{1,128}(?=["'\\]{0,4}[ \t]{0,4}(?:[:=]| ))/g;
    const found: Found[] = [];
    let from = 0;
    for (const match of text.matchAll(pattern)) {
      const at = match.index;
      if (at < from || !this.#deny.has(match[0].replace(/^-+/, ''))) continue;
      const one = findNamed(text, at, at + match[0].length, from, this.#levelOf);
      if (one === undefined || this.#isAllowed(text, one)) continue;
      found.push(one);
      from = one.end;
    }
    return this.#withoutFound(text, found.length === 0 ? undefined : found, as);
  }

  #matched(text: string, name: string, pattern: RegExp, as?: string): string {
    return text.replace(pattern, (match: string) => {
      if (isPlain(match) || match.includes(mark) || mark.includes(match)) return match;
      if (this.#allow.has(name) || this.#allow.matches(match)) return match;
      this.#count(as ?? name);
      return mark;
    });
  }
}

/** Names, any case, and patterns. */
class NameList {
  readonly names: readonly string[];
  readonly patterns: readonly RegExp[];
  readonly #set: ReadonlySet<string>;

  constructor(list: readonly (string | RegExp)[] = []) {
    this.names = list.filter((each) => typeof each === 'string').map((each) => each.toLowerCase());
    this.#set = new Set(this.names);
    // Without g and y: those would remember where the last value ended.
    this.patterns = list
      .filter((each) => typeof each !== 'string')
      .map((each) => new RegExp(each.source, each.flags.replace(/[gy]/g, '')));
  }

  get isEmpty(): boolean {
    return this.names.length === 0 && this.patterns.length === 0;
  }

  get hasShortName(): boolean {
    return this.names.some((name) => name.length < 3);
  }

  /** Of a name: `--api-key` is also `api-key`. */
  has(name: string): boolean {
    if (this.isEmpty) return false;
    const lower = name.toLowerCase();
    return this.#set.has(lower) || this.#set.has(lower.replace(/^-+/, '')) || this.matches(name);
  }

  matches(value: string): boolean {
    return this.patterns.some((each) => each.test(value));
  }
}

/** Long and unlike a word, so that finding it in a text is no accident. */
const isTelling = (value: string): boolean =>
  value.length >= 8 &&
  value.length <= learnedSizeMax &&
  /\d/.test(value) &&
  /[^\d.:-]/.test(value) &&
  (value.length >= 12 || /[^A-Za-z]\w*[^A-Za-z]/.test(value));

/** As it stands in text, in an address, in JSON, in a header. */
function formsOf(value: string): Set<string> {
  return new Set([
    value,
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
  ]);
}
