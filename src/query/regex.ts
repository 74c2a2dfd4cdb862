// Regular expressions, on an engine whose time is linear in pattern times text. The only importer of
// re2js, which is loaded when a query names `re`.
//
// 1. Patterns are Python's as far as RE2 has them: no look-around, no back reference, no possessive or
//    atomic group, `$` at the very end only, `\b` of ASCII words. \d, \w, \s are Unicode as in Python.
// 2. A search pays for program size times text before it runs.
//
// Spec: spec/query.md, Regular expressions. Test: test/query/regex.test.ts.

import type { Matcher, RE2JS } from 're2js';
import { limits } from '../limits.ts';
import { integer, stringOf } from './argument.ts';
import { charge, chargeElements, chargeText } from './budget.ts';
import { limitError, QueryFailure, typeError, valueError } from './failure.ts';
import { dictOf } from './iterate.ts';
import { type MemberTable, members } from './methods.ts';
import { signature } from './signature.ts';
import { pointOfUnit } from './text.ts';
import { FunctionValue, List, ModuleValue, Structure, Tuple, type Value } from './value.ts';

type Engine = typeof RE2JS;

let engine: Engine | undefined;

/** Loads the engine; what `re` names is then there. */
export async function loadRegex(): Promise<void> {
  engine ??= (await import('re2js')).RE2JS;
}

export class Pattern extends Structure {
  readonly typeName = 're.Pattern';
  readonly text: string;
  readonly program: RE2JS;

  constructor(text: string, program: RE2JS) {
    super();
    this.text = text;
    this.program = program;
  }
}

interface Group {
  readonly text: string | null;
  readonly start: number;
  readonly end: number;
}

export class Match extends Structure {
  readonly typeName = 're.Match';
  readonly text: string;
  readonly groups: readonly Group[];
  readonly names: Readonly<Record<string, number>>;

  constructor(text: string, matcher: Matcher, names: Readonly<Record<string, number>>) {
    super();
    this.text = text;
    this.names = names;
    this.groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => ({
      text: matcher.group(index),
      start: matcher.start(index),
      end: matcher.end(index),
    }));
  }

  group(which: Value): Group {
    const index =
      typeof which === 'string'
        ? Object.hasOwn(this.names, which)
          ? this.names[which]
          : undefined
        : Number(integer(which));
    const found = index === undefined ? undefined : this.groups[index];
    if (found === undefined) throw new QueryFailure('IndexError', 'no such group');
    return found;
  }

  place(unit: number): bigint {
    return BigInt(pointOfUnit(this.text, unit));
  }
}

const FLAGS: Readonly<Record<string, bigint>> = {
  I: 2n,
  IGNORECASE: 2n,
  M: 8n,
  MULTILINE: 8n,
  S: 16n,
  DOTALL: 16n,
};

/** Compiled patterns: a query compiles its one pattern once, not once a row. */
const compiled = new Map<string, Pattern>();
const COMPILED_MAX = 64;

function compile(pattern: Value, flags: Value): Pattern {
  if (pattern instanceof Pattern) return pattern;
  const text = stringOf(pattern, 'the pattern');
  const bits = integer(flags);
  if ((bits & ~26n) !== 0n) throw valueError('of the flags of re only I, M and S are known');
  const key = `${bits}:${text}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (text.length > limits.queryPatternSizeMax)
    throw limitError('queryPatternSizeMax', `a regular expression of ${text.length} characters`);
  // Compiling costs more than a look-up; patterns that differ in each row are rare.
  charge(1000);
  if (engine === undefined) throw typeError('re is not loaded');
  const options =
    ((bits & 2n) === 0n ? 0 : engine.CASE_INSENSITIVE) |
    ((bits & 8n) === 0n ? 0 : engine.MULTILINE) |
    ((bits & 16n) === 0n ? 0 : engine.DOTALL);
  let program: RE2JS;
  try {
    program = engine.compile(translatePattern(text), options);
  } catch (error) {
    throw valueError(`${(error as Error).message} (patterns are those of RE2: spec/query.md)`);
  }
  charge(program.programSize() * 64);
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  const made = new Pattern(text, program);
  compiled.set(key, made);
  return made;
}

const outside: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '[\\p{L}\\p{N}_]',
  W: '[^\\p{L}\\p{N}_]',
  s: '[\\t-\\r\\x1c- \\x85\\p{Z}]',
  S: '[^\\t-\\r\\x1c- \\x85\\p{Z}]',
  Z: '\\z',
};

const inside: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '\\p{L}\\p{N}_',
  s: '\\t-\\r\\x1c- \\x85\\p{Z}',
  b: '\\x08',
};

/** Python's classes by their Unicode meaning; RE2's are of ASCII. */
export function translatePattern(text: string): string {
  let isInside = false;
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === '\\') {
      index += 1;
      const code = text[index] ?? '';
      const point = /^(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(text.slice(index, index + 9))?.[0];
      if (point !== undefined) {
        index += point.length - 1;
        result += `\\x{${point.slice(1)}}`;
        continue;
      }
      // Letters that say something to RE2 only.
      if (/[QECpPzGXR]/.test(code)) throw new Error(`bad escape \\${code}`);
      const table = isInside ? inside : outside;
      result += Object.hasOwn(table, code) ? table[code] : `\\${code}`;
      continue;
    }
    if (isInside) {
      if (character === ']') isInside = false;
      // Python has no named classes: `[:` is two characters.
      result += character === '[' ? '\\[' : character;
      continue;
    }
    // `{,3}` is `{0,3}`.
    result +=
      character === '{' && /^\{,\d+\}/.test(text.slice(index, index + 8)) ? '{0' : character;
    if (character !== '[') continue;
    isInside = true;
    if (text[index + 1] === '^') {
      index += 1;
      result += '^';
    }
    // A `]` that comes first stands for itself.
    if (text[index + 1] === ']') {
      index += 1;
      result += '\\]';
    }
  }
  return result;
}

type Kind = 'match' | 'search' | 'fullmatch';

function matcherOf(pattern: Pattern, text: string): Matcher {
  // Not by `>>>`: a long param times a large program is beyond 32 bits.
  // What a search costs by itself.
  charge(40 + Math.floor(((text.length + 1) * pattern.program.programSize()) / 4));
  return pattern.program.matcher(text);
}

function run(kind: Kind, pattern: Pattern, subject: Value): Value {
  const text = stringOf(subject, 'what is searched');
  const matcher = matcherOf(pattern, text);
  const isFound =
    kind === 'search' ? matcher.find() : kind === 'match' ? matcher.lookingAt() : matcher.matches();
  return isFound ? new Match(text, matcher, pattern.program.namedGroups()) : null;
}

function findAll(pattern: Pattern, subject: Value): List {
  const text = stringOf(subject, 'what is searched');
  const matcher = matcherOf(pattern, text);
  const count = matcher.groupCount();
  const found: Value[] = [];
  while (matcher.find()) {
    // Each search may look at all that is left: without this, n matches cost n times n.
    const left = text.length - matcher.end();
    charge(1 + count + Math.floor((left * pattern.program.programSize()) / 8));
    const groups = Array.from({ length: count }, (_, index) => matcher.group(index + 1) ?? '');
    found.push(
      count === 0 ? matcher.group() : count === 1 ? (groups[0] as string) : new Tuple(groups),
    );
  }
  chargeElements(found.length);
  return new List(found);
}

export const patternMembers: MemberTable<Pattern> = members<Pattern>(
  {
    'findall(string)': (self, text) => findAll(self, text as Value),
    'fullmatch(string)': (self, text) => run('fullmatch', self, text as Value),
    'match(string)': (self, text) => run('match', self, text as Value),
    'search(string)': (self, text) => run('search', self, text as Value),
  },
  { pattern: (self) => self.text },
);

export const matchMembers: MemberTable<Match> = members<Match>(
  {
    'end(group=0)': (self, which) => self.place(self.group(which as Value).end),
    'group(*groups)': (self, given) => {
      const { items } = given as Tuple;
      if (items.length === 0) return self.group(0n).text;
      if (items.length === 1) return self.group(items[0] as Value).text;
      return new Tuple(items.map((each) => self.group(each).text));
    },
    'groupdict()': (self) =>
      dictOf(Object.keys(self.names).map((name) => [name, self.group(name).text] as const)),
    'groups(default=None)': (self, preset) =>
      new Tuple(self.groups.slice(1).map(({ text }) => text ?? (preset as Value))),
    'span(group=0)': (self, which) => {
      const { start, end } = self.group(which as Value);
      return new Tuple([self.place(start), self.place(end)]);
    },
    'start(group=0)': (self, which) => self.place(self.group(which as Value).start),
  },
  { string: (self) => self.text },
);

function named(text: string, body: (...given: Value[]) => Value): [string, Value] {
  const parsed = signature(text);
  return [
    parsed.name,
    new FunctionValue(parsed.name, (given, keywords) => body(...parsed.bind(given, keywords))),
  ];
}

function escaped(text: string): string {
  chargeText(text.length * 2);
  charge(text.length >>> 2);
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}

const searching = (kind: Kind) => (pattern: Value, text: Value, flags: Value) =>
  run(kind, compile(pattern, flags), text);

/** The texts of the functions, for the page. */
export const regexFunctions: readonly string[] = [
  'match(pattern, string, flags=0)',
  'search(pattern, string, flags=0)',
  'fullmatch(pattern, string, flags=0)',
  'findall(pattern, string, flags=0)',
  'compile(pattern, flags=0)',
  'escape(string)',
];

export const regexModule: ModuleValue = new ModuleValue(
  're',
  new Map<string, Value>([
    named('match(pattern, string, flags=0)', searching('match') as (...given: Value[]) => Value),
    named('search(pattern, string, flags=0)', searching('search') as (...given: Value[]) => Value),
    named(
      'fullmatch(pattern, string, flags=0)',
      searching('fullmatch') as (...given: Value[]) => Value,
    ),
    named('findall(pattern, string, flags=0)', (pattern, text, flags) =>
      findAll(compile(pattern as Value, flags as Value), text as Value),
    ),
    named('compile(pattern, flags=0)', (pattern, flags) =>
      compile(pattern as Value, flags as Value),
    ),
    named('escape(string)', (text) => escaped(stringOf(text as Value, 'the text'))),
    ...Object.entries(FLAGS),
  ]),
);
