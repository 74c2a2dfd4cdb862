// Operators of other languages that stand between two values: what to write with these values.
//
// The text did not parse, so the values are looked for by what they look like. Where they are not found,
// an example stands for them.
//
// Test: test/query/hints.test.ts.

interface Sides {
  /** `run.name`; of a longer expression its last part. */
  readonly left: string;
  /** As it is written, with its quotes. */
  readonly right: string;
  /** True: `not` stands before the operator. */
  readonly isNot: boolean;
}

const contains = ({ left, right, isNot }: Sides): string =>
  `${right} ${isNot ? 'not in' : 'in'} ${left}`;

const method =
  (name: string) =>
  ({ left, right, isNot }: Sides): string =>
    `${isNot ? 'not ' : ''}${left}.${name}(${right})`;

const matches = ({ left, right, isNot }: Sides): string =>
  `${isNot ? 'not ' : ''}re.search(${right}, ${left})`;

/** `%` is any text in SQL: at the ends it is what `in` and `re.search` do without. */
function like(sides: Sides): string {
  const quote = sides.right[0] as string;
  const inner = sides.right.slice(1, -1).replace(/^%+|%+$/g, '');
  const pattern = { ...sides, right: `${quote}${inner.replace(/%+/g, '.*')}${quote}` };
  const found = matches(pattern);
  return inner.includes('%') ? found : `${contains(pattern)}, or ${found}`;
}

/** By the operator in small letters. */
const operators: ReadonlyMap<string, (sides: Sides) => string> = new Map([
  ['like', like],
  ['ilike', like],
  ['contains', contains],
  ['includes', contains],
  ['matches', matches],
  ['=~', matches],
  ['startswith', method('startswith')],
  ['endswith', method('endswith')],
]);

const LEFT =
  /(?<![\p{XID_Continue}.)\]}])(?<left>(?!(?:and|or|not|in|is|if|else)\b)[\p{XID_Start}_][\p{XID_Continue}]*(?:\.[\p{XID_Continue}]+|\[[^[\]]*\])*)(?<not>\s+not)?\s*$/iu;
const NOT = /\bnot\s*$/i;
const TEXT = /^(?:'[^'\\\n]*'|"[^"\\\n]*")/;
const NUMBER_OR_NAME =
  /^(?:\d[\w.]*|[\p{XID_Start}_][\p{XID_Continue}]*(?:\.[\p{XID_Continue}]+)*)/u;

/** What to write instead of the operator at `at`; undefined: it is none of these. */
export function insteadOfOperator(text: string, at: number): string | undefined {
  const operator = /^(?:\p{XID_Continue}+|=~)/u.exec(text.slice(at, at + 20))?.[0] ?? '';
  const instead = operators.get(operator.toLowerCase());
  if (instead === undefined) return undefined;
  const before = LEFT.exec(text.slice(Math.max(0, at - 200), at))?.groups;
  const after = text.slice(at + operator.length, at + 400).trimStart();
  const literal = TEXT.exec(after)?.[0];
  const word = instead === like ? undefined : NUMBER_OR_NAME.exec(after)?.[0];
  return instead({
    left: before?.['left'] ?? 'value',
    right: literal ?? word ?? "'part'",
    isNot: NOT.test(text.slice(Math.max(0, at - 200), at)),
  });
}

const SUBSCRIPT = /\.metrics\[\s*(?<name>'[^'\n]*'|"[^"\n]*"|[\w.]+)\s*,(?<before>[^[\]]*)$/;
const MEMBER =
  /(?<key>[\p{XID_Start}_][\p{XID_Continue}]*)\s*=\s*(?<value>'[^'\n]*'|"[^"\n]*"|[^,\]\s]+)/gu;

/** `run.metrics['loss', subset='val']`, whose `=` is at `at`, with the context as a dict. */
export function insteadOfMembers(text: string, at: number): string | undefined {
  const head = text.slice(Math.max(0, at - 200), at);
  const found = SUBSCRIPT.exec(head)?.groups;
  if (found === undefined) return undefined;
  const members = (found['before'] as string) + text.slice(at, at + 400).split(']', 1)[0];
  // `context={'subset': 'val'}` is the dict itself.
  const whole = /=\s*(\{[^{}]*\})/.exec(members)?.[1];
  const entries = Array.from(members.matchAll(MEMBER), ({ groups }) => {
    return `'${groups?.['key']}': ${groups?.['value']}`;
  });
  const context = whole ?? `{${entries.join(', ')}}`;
  return context === '{}' ? undefined : `run.metrics[${found['name']}, ${context}]`;
}
