// Takes secrets out of what is captured, before anything of it is written.
//
// Test: test/system/redact/redactor.test.ts.

/** What counts as a secret, beside the rules that are built in. */
export interface RedactOptions {
  /** Names (exact, any case) or patterns of names and values that are never redacted. */
  readonly allow?: readonly (string | RegExp)[];
  /** Names (exact, any case) whose value is always redacted, or patterns of names. */
  readonly deny?: readonly (string | RegExp)[];
  /** More shapes of values: what a pattern matches is redacted. The name is recorded. */
  readonly rules?: readonly { readonly name: string; readonly pattern: RegExp }[];
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
  /** How often something was redacted, by the name of the variable, flag, field or rule. */
  readonly counts: Readonly<Record<string, number>>;
}

const mark = '[redacted]';
const secretName =
  /pass(word|wd|phrase)|pwd$|secret|token$|api_?-?key|access_?-?key|private_?-?key|credential/i;
const shapes =
  /\b(?:gh[pousr]_\w{30,}|github_pat_\w{40,}|hf_\w{30,}|npm_\w{36}|sk-[\w-]{20,}|AKIA[A-Z0-9]{16})/g;
const urlPassword = /(:\/\/[^\s:/@]{0,256}:)[^\s/@]{1,256}(?=@)/g;

export function createRedactor(options: RedactOptions = {}): Redactor {
  const counts: Record<string, number> = Object.create(null);
  const count = (name: string): string => {
    counts[name] = (counts[name] ?? 0) + 1;
    return mark;
  };
  const isListed = (list: RedactOptions['allow'], name: string): boolean =>
    (list ?? []).some((each) =>
      typeof each === 'string' ? each.toLowerCase() === name.toLowerCase() : each.test(name),
    );
  const text = (given: string): string =>
    given
      .replace(shapes, () => count('token'))
      .replace(urlPassword, (_, before: string) => `${before}${count('url-password')}`);
  const value = (name: string, given: string): string => {
    if (isListed(options.allow, name) || given === '' || given === mark) return given;
    return isListed(options.deny, name) || secretName.test(name) ? count(name) : text(given);
  };
  return {
    counts,
    text,
    value,
    environment: (env) =>
      Object.fromEntries(
        Object.entries(env).flatMap(([name, given]) =>
          given === undefined ? [] : [[name, value(name, given)]],
        ),
      ),
    arguments: (args) =>
      args.map((each, index) => {
        const flag = /^(--?[\w-]+)=(.*)$/s.exec(each);
        if (flag?.[1] !== undefined) return `${flag[1]}=${value(flag[1], flag[2] ?? '')}`;
        const before = args[index - 1] ?? '';
        return /^--?[\w-]+$/.test(before) && !each.startsWith('-')
          ? value(before, each)
          : text(each);
      }),
  };
}
