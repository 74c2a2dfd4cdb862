// Expressions over plain values by chance, as Python reads them: mostly of types that fit, so that
// most have a value, and some that do not, so that the exceptions are compared too.

import type { Seeded } from '../support/random.ts';

type Make = (depth: number) => string;

const INTEGERS = [
  '0',
  '1',
  '2',
  '3',
  '7',
  '10',
  '-1',
  '-3',
  '255',
  '2**31',
  '2**53',
  '2**53+1',
  '2**64',
  '-2**63',
  '1_000',
  '0x1f',
];
const FLOATS = [
  '0.0',
  '-0.0',
  '1.0',
  '0.5',
  '2.5',
  '-1.5',
  '3.5',
  '1e-5',
  '1e16',
  '1.5e300',
  '0.1',
  '1e22',
  '123456.789',
  "float('inf')",
  "float('nan')",
  '5e-324',
  '1e-7',
  '9007199254740993.0',
];
const STRINGS = [
  "''",
  "'a'",
  "'abc'",
  "'Hello World'",
  "' padded\\t'",
  "'a,b,,c'",
  "'x=1;y=2'",
  "'\\u00e9t\\u00e9'",
  "'\\U0001F680 go'",
  "'line1\\nline2\\r\\n'",
  '"it\'s"',
  "'007'",
  "'-42'",
  "'1e3'",
  "'TitleCase word'",
  "'\\u01c6'",
  "'stra\\u00dfe'",
  "'aaa'",
  "r'\\d+'",
  "'%'",
  "'\\uffff'",
];
const METHODS = [
  'upper',
  'lower',
  'title',
  'capitalize',
  'swapcase',
  'strip',
  'lstrip',
  'rstrip',
  'casefold',
];
const QUESTIONS = [
  'isalpha',
  'isdigit',
  'isalnum',
  'isupper',
  'islower',
  'isspace',
  'istitle',
  'isidentifier',
  'isnumeric',
  'isdecimal',
  'isascii',
  'isprintable',
];
const SPECS = [
  '',
  'd',
  '5d',
  '05d',
  ',',
  '_',
  '+',
  'x',
  '#x',
  'b',
  '#o',
  '>8',
  '<8',
  '^8',
  '*^9',
  'e',
  '.2f',
  '.3g',
  'g',
  '%',
  '.1%',
  '10.3e',
  '=+8',
  's',
  '.2',
  '8.2',
  ',.2f',
  '#.3g',
  'X',
  'c',
  '08.1f',
  '020,',
  '_x',
  'n',
  '.0f',
  '.0e',
  '+.1e',
  ' d',
  '.10',
  'G',
  'F',
  '-^12,.3f',
];
const PERCENTS = [
  '%s',
  '%d',
  '%5.2f',
  '%r',
  '%x',
  '%-6s|',
  '%06.1f',
  '%+d',
  '%e',
  '%g',
  '%c',
  '%%%s',
  '%o',
  '%#x',
  '%.3s',
  '%i',
  '% d',
  '%*d',
  '%.0f',
  '%G',
  '%5s',
  '%.10g',
  '%X',
];

export class Expressions {
  readonly #by: Seeded;
  #names: string[] = [];

  constructor(by: Seeded) {
    this.#by = by;
  }

  any(depth = 3): string {
    return this.#one(
      [
        this.#number,
        this.#string,
        this.#list,
        this.#boolean,
        this.#collection,
        this.#formatted,
        this.#mixed,
      ],
      depth,
    );
  }

  #pick<T>(items: readonly T[]): T {
    return this.#by.pick(items);
  }

  #one(makes: readonly Make[], depth: number): string {
    // One in thirty is of any type: what Python says then is compared too.
    if (depth > 0 && this.#by.integer(30) === 0)
      return this.#pick([this.#number, this.#string, this.#list, this.#boolean]).call(
        this,
        depth - 1,
      );
    return this.#pick(makes).call(this, depth);
  }

  #name(prefix: string): string | undefined {
    const fitting = this.#names.filter((each) => each.startsWith(prefix));
    return fitting.length > 0 && this.#by.integer(2) === 0 ? this.#pick(fitting) : undefined;
  }

  readonly #integer: Make = (depth) => {
    if (depth <= 0) return this.#name('i') ?? `(${this.#pick(INTEGERS)})`;
    const [a, b] = [() => this.#integer(depth - 1), () => this.#integer(depth - 1)];
    return this.#pick([
      () => `(${a()} ${this.#pick(['+', '-', '*', '//', '%', '&', '|', '^'])} ${b()})`,
      () => `(${this.#pick(['-', '~', '+'])}${a()})`,
      () => `(${a()} ${this.#pick(['<<', '>>'])} ${this.#by.integer(20)})`,
      () => `(${this.#pick(['-3', '2', '0', '5', '-1'])} ** ${this.#by.integer(6)})`,
      () => `len(${this.#one([this.#string, this.#list, this.#collection], depth - 1)})`,
      () => `int(${this.#one([this.#float, this.#integer, this.#string], depth - 1)})`,
      () => `round(${this.#number(depth - 1)})`,
      () =>
        `${this.#string(depth - 1)}.${this.#pick(['count', 'find', 'rfind', 'index'])}(${this.#string(0)})`,
      () => `${this.#list(depth - 1)}.${this.#pick(['count', 'index'])}(${this.#number(0)})`,
      () => `sum(${this.#list(depth - 1)})`,
      () => `abs(${a()})`,
      () => `ord(${this.#string(0)}[${this.#by.integer(3)}])`,
      () => `divmod(${a()}, ${b()})[${this.#by.integer(2)}]`,
      () => `pow(${a()}, ${this.#by.integer(5)}, ${b()})`,
      () => `math.${this.#pick(['floor', 'ceil', 'trunc'])}(${this.#number(depth - 1)})`,
      () => `math.gcd(${a()}, ${b()})`,
      () => `(${a()}).bit_length()`,
      () => `(${this.#boolean(depth - 1)} + ${a()})`,
      () =>
        `int(${this.#pick(["'ff'", "'0x1f'", "'101'", "'zz'", "'12'", "' 7 '", "'1_0'", "'_1'", "'0b1'"])}, ${this.#pick([0, 2, 8, 10, 16, 36])})`,
    ])();
  };

  readonly #float: Make = (depth) => {
    if (depth <= 0) return `(${this.#pick(FLOATS)})`;
    const [a, b] = [() => this.#number(depth - 1), () => this.#float(depth - 1)];
    return this.#pick([
      () => `(${a()} ${this.#pick(['+', '-', '*', '/', '//', '%'])} ${b()})`,
      () => `(${this.#integer(depth - 1)} / ${this.#integer(depth - 1)})`,
      () => `(-${b()})`,
      () => `float(${this.#one([this.#integer, this.#string], depth - 1)})`,
      () => `round(${b()}, ${this.#by.integer(8) - 2})`,
      () => `abs(${b()})`,
      () => `math.${this.#pick(['sqrt', 'fabs'])}(${a()})`,
      () => `(${a()} ** ${this.#pick(['0.5', '2', '-1', '0'])})`,
      () => `divmod(${b()}, ${a()})`,
      () => `sum([${b()}, ${a()}])`,
    ])();
  };

  readonly #number: Make = (depth) => this.#pick([this.#integer, this.#float])(depth);

  readonly #string: Make = (depth) => {
    if (depth <= 0) return this.#name('s') ?? this.#pick(STRINGS);
    const s = (): string => this.#string(depth - 1);
    return this.#pick([
      () => `(${s()} + ${s()})`,
      () => `(${s()} * ${this.#by.integer(4) - 1})`,
      () => `${s()}.${this.#pick(METHODS)}()`,
      () => `${s()}[${this.#slice()}]`,
      () => `${s()}[${this.#by.integer(6) - 3}]`,
      () => `${s()}.replace(${s()}, ${this.#string(0)}, ${this.#by.integer(4) - 1})`,
      () =>
        `${s()}.${this.#pick(['center', 'ljust', 'rjust'])}(${this.#by.integer(12)}, ${this.#pick(["'*'", "' '", "'\\u00e9'", "''"])})`,
      () => `${s()}.zfill(${this.#by.integer(10)})`,
      () => `${s()}.${this.#pick(['strip', 'lstrip', 'rstrip'])}(${this.#string(0)})`,
      () => `${s()}.${this.#pick(['removeprefix', 'removesuffix'])}(${this.#string(0)})`,
      () => `${s()}.expandtabs(${this.#by.integer(9)})`,
      () =>
        `${this.#string(0)}.join(${this.#pick([`[${s()}, ${s()}]`, `${s()}`, `${s()}.split()`])})`,
      () => `str(${this.any(depth - 1)})`,
      () => `repr(${this.#one([this.#number, this.#string, this.#list], depth - 1)})`,
      () => `chr(${this.#pick(['97', '233', '0x1F680', '-1', '0x4e2d'])})`,
      () => `${this.#pick(['hex', 'bin', 'oct'])}(${this.#integer(depth - 1)})`,
      () => `(${s()} if ${this.#boolean(depth - 1)} else ${s()})`,
      () => `(${s()} or ${s()})`,
      () => `${s()}.translate(str.maketrans('abc', 'xyz', 'l'))`,
      () => `${s()}.partition(${this.#string(0)})[${this.#by.integer(3)}]`,
      () => this.#formatted(depth),
    ])();
  };

  readonly #formatted: Make = (depth) => {
    const value = this.#one([this.#number, this.#string, this.#boolean], depth - 1);
    return this.#pick([
      () => `format(${value}, ${JSON.stringify(this.#pick(SPECS))})`,
      () => `(${JSON.stringify(this.#pick(PERCENTS))} % (${value},))`,
      () => `(${JSON.stringify(this.#pick(PERCENTS))} % ${this.#pick([value, `(${value}, 3)`])})`,
      // A spec that begins with = is read as :=, which the page says.
      () =>
        `f"{(${this.#number(0)}):${this.#pick(SPECS.filter((each) => !each.startsWith('=')))}}|{${this.#pick(INTEGERS)}!r:>{4}}"`,
    ])();
  };

  #slice(): string {
    const part = (): string => this.#pick(['', '', String(this.#by.integer(8) - 4)]);
    return this.#pick([
      `${part()}:${part()}`,
      `${part()}:${part()}:${this.#pick(['1', '-1', '2', '-2', ''])}`,
    ]);
  }

  readonly #list: Make = (depth) => {
    if (depth <= 0)
      return this.#pick([
        '[]',
        '[3, 1, 2]',
        '[1, 1.0, True]',
        '[0.5, -1]',
        '[1, 2, 3, 4, 5]',
        '[2**70, 0]',
      ]);
    const l = (): string => this.#list(depth - 1);
    return this.#pick([
      () => `[${this.#number(depth - 1)}, ${this.#number(depth - 1)}]`,
      () => `(${l()} + ${l()})`,
      () => `(${l()} * ${this.#by.integer(3)})`,
      () => `${l()}[${this.#slice()}]`,
      () =>
        `sorted(${l()}${this.#pick(['', ', reverse=True', ', key=lambda x: -x', ', key=abs'])})`,
      () =>
        `list(range(${this.#by.integer(9) - 4}, ${this.#by.integer(9)}, ${this.#pick(['1', '2', '-1', '3', '0'])}))`,
      () => `list(${this.#pick(['reversed', 'enumerate'])}(${l()}))`,
      () => `list(zip(${l()}, ${this.#string(0)}))`,
      () => `list(map(lambda x: x ${this.#pick(['+ 1', '* 2', '// 2', '== 1'])}, ${l()}))`,
      () => `list(filter(${this.#pick(['None', 'lambda x: x > 1'])}, ${l()}))`,
      () => this.#comprehension(depth),
      () =>
        `${this.#string(depth - 1)}.${this.#pick(['split', 'rsplit'])}(${this.#pick(['', `${this.#string(0)}`, `None, ${this.#by.integer(3)}`, `',', ${this.#by.integer(3)}`])})`,
      () => `${this.#string(depth - 1)}.splitlines(${this.#pick(['', 'True'])})`,
      () => `[*${l()}, ${this.#integer(0)}]`,
      () =>
        `[${this.#pick(['max', 'min'])}(${l()}), ${this.#pick(['max', 'min'])}(${l()}, default=0)]`,
    ])();
  };

  #comprehension(depth: number): string {
    const name = this.#pick(['i', 'ia', 'ib']);
    const iterable = this.#list(depth - 1);
    this.#names.push(name);
    const element = this.#integer(depth - 1);
    const condition = this.#pick(['', ` if ${this.#boolean(depth - 1)}`, ` if ${name} % 2`]);
    this.#names.pop();
    const body = `${element} for ${name} in ${iterable}${condition}`;
    return this.#pick([
      `[${body}]`,
      `list(${body})`,
      `sorted({${body}})`,
      `list({${name}: ${element} for ${name} in ${iterable}}.values())`.replaceAll(element, '1'),
      `[any(${body}), all(${body})]`,
      `[sum(${body})]`,
    ]);
  }

  readonly #boolean: Make = (depth) => {
    if (depth <= 0) return this.#pick(['True', 'False']);
    const [n, s, l] = [
      () => this.#number(depth - 1),
      () => this.#string(depth - 1),
      () => this.#list(depth - 1),
    ];
    const b = (): string => this.#boolean(depth - 1);
    const order = (): string => this.#pick(['<', '<=', '>', '>=', '==', '!=']);
    return this.#pick([
      () => `(${n()} ${order()} ${n()})`,
      () => `(${n()} ${order()} ${n()} ${order()} ${n()})`,
      () => `(${s()} ${order()} ${s()})`,
      () => `(${l()} ${order()} ${l()})`,
      () => `(${s()} ${this.#pick(['in', 'not in'])} ${s()})`,
      () => `(${n()} ${this.#pick(['in', 'not in'])} ${l()})`,
      () =>
        `(${n()} in ${this.#pick(['{1, 2.0, 3}', '(1, 2)', '{1: 2}', 'range(10)', 'frozenset([0])'])})`,
      () => `(${b()} ${this.#pick(['and', 'or'])} ${b()})`,
      () => `(${b()} ${this.#pick(['and', 'or'])} not ${b()} ${this.#pick(['and', 'or'])} ${b()})`,
      () => `(not ${b()})`,
      () => `(not ${b()} ${this.#pick(['and', 'or'])} ${b()})`,
      () => `${s()}.${this.#pick(QUESTIONS)}()`,
      () =>
        `${s()}.${this.#pick(['startswith', 'endswith'])}(${this.#pick([this.#string(0), `(${this.#string(0)}, 'a')`])})`,
      () => `bool(${this.any(depth - 1)})`,
      () =>
        `isinstance(${this.any(depth - 1)}, ${this.#pick(['int', 'float', 'str', 'bool', 'list', '(int, float)', 'dict', '(str, (list, tuple))', '5'])})`,
      () => `(${this.#pick(['None', 'True'])} is ${this.#pick(['None', 'False', 'True'])})`,
      () => `(${n()} == ${s()})`,
      () => `${this.#pick(['any', 'all'])}(${l()})`,
      () => `math.${this.#pick(['isnan', 'isinf', 'isfinite'])}(${n()})`,
      () => `(${b()} ${this.#pick(['&', '|', '^'])} ${b()})`,
      () => `({1, 2} ${this.#pick(['<', '<=', '>', '>=', '=='])} set(${l()}))`,
    ])();
  };

  /** A format specification from its parts, most of which fit. */
  #spec(): string {
    const fill = this.#pick(['', '', '<', '>', '^', '*<', '0>', '\u00e9^']);
    const sign = this.#pick(['', '', '+', '-', ' ']);
    const flags = this.#pick(['', '', '#', '0', '#0', 'z']);
    const width = this.#pick(['', '', '1', '6', '15']);
    const grouping = this.#pick(['', '', ',', '_']);
    const precision = this.#pick(['', '', '.0', '.1', '.3', '.17', '.30']);
    return `${fill}${sign}${flags}${width}${grouping}${precision}${this.#pick([...'sdbBoxXeEfFgGn%c', '', '', ''])}`;
  }

  #percent(): string {
    const flags = this.#pick(['', '', '-', '+', ' ', '0', '#', '-0', '+0', '#0', ' 0']);
    const width = this.#pick(['', '', '3', '12']);
    const precision = this.#pick(['', '', '.', '.0', '.2', '.12']);
    return `%${flags}${width}${precision}${this.#pick([...'srdiuoxXeEfFgGca%'])}`;
  }

  /** A place in a text or list, as methods take it. */
  #place(): string {
    return this.#pick(['None', '0', '1', '2', '-1', '-2', '5', '-9', 'True', '10**30', '-10**30']);
  }

  #date(depth: number): string {
    if (depth <= 0 || this.#by.integer(2) === 0) {
      const day = `${this.#pick([1, 1999, 2000, 2024, 9999])}, ${1 + this.#by.integer(12)}, ${1 + this.#by.integer(31)}`;
      const time = `${this.#by.integer(25)}, ${this.#by.integer(60)}, ${this.#by.integer(60)}, ${this.#pick([0, 1, 999_999])}`;
      return this.#pick([`datetime(${day}, ${time})`, `datetime(${day})`, `date(${day})`]);
    }
    return `(${this.#date(depth - 1)} ${this.#pick(['+', '-'])} ${this.#delta(depth - 1)})`;
  }

  #delta(depth: number): string {
    const unit = this.#pick(['days', 'seconds', 'microseconds', 'hours', 'weeks', 'milliseconds']);
    const made = `timedelta(${unit}=${this.#number(0)})`;
    if (depth <= 0) return made;
    return this.#pick([
      made,
      `(${made} ${this.#pick(['*', '/', '//', '%', '+', '-'])} ${this.#pick([this.#number(0), this.#delta(0)])})`,
      `(${this.#date(0)} - ${this.#date(0)})`,
      `(-${made})`,
      `abs(${made})`,
    ]);
  }

  /** Parts that meet seldom elsewhere: places, formats by parts, dates, types that do not fit. */
  readonly #mixed: Make = (depth) => {
    const [n, s, l] = [
      () => this.#number(depth - 1),
      () => this.#string(depth - 1),
      () => this.#list(depth - 1),
    ];
    const places = (): string =>
      this.#pick(['', `, ${this.#place()}`, `, ${this.#place()}, ${this.#place()}`]);
    const order = (): string => this.#pick(['<', '<=', '>', '>=', '==', '!=', 'in', 'not in']);
    const view = (): string =>
      this.#pick([
        `{${s()}: ${n()}}.keys()`,
        `{${n()}: ${s()}, 1: 'a'}.items()`,
        `{1: 2}.keys()`,
        `{'a': 1, 'b': 2}.keys()`,
      ]);
    const set = (): string => this.#pick([`set(${l()})`, '{1, 2}', "{'a'}", "{(1, 'a')}", view()]);
    const made = this.#pick([
      () => `format(${this.#pick([n(), s(), this.#boolean(0)])}, ${JSON.stringify(this.#spec())})`,
      () => `(${JSON.stringify(this.#percent())} % (${this.#pick([n(), s()])},))`,
      () =>
        `(${JSON.stringify(this.#percent())} % ${this.#pick([l(), "{'a': 1}", `(${n()}, ${s()})`, n(), s()])})`,
      () =>
        `${s()}.${this.#pick(['find', 'rfind', 'index', 'rindex', 'count', 'startswith', 'endswith'])}(${this.#string(0)}${places()})`,
      () => `${l()}.index(${n()}${this.#pick(['', ', 1', ', -2', ', 0, -1', ', 1, 10**30'])})`,
      () =>
        `${this.#pick([s(), l(), `tuple(${l()})`, 'range(10)', 'range(20, 3, -4)'])}[${this.#place()}:${this.#place()}${this.#pick(['', ':', ':2', ':-1', ':-3', ':10**30', ':0'])}]`,
      () => `round(${n()}, ${this.#by.integer(30) - 15})`,
      () =>
        `round(${this.#integer(depth)} * 10 ** ${this.#by.integer(30)}, -${this.#by.integer(30)})`,
      () => `(${n()} ${order()} ${n()} ${order()} ${l()} ${order()} ${s()})`,
      () =>
        `(${set()} ${this.#pick(['&', '|', '-', '^', '<', '<=', '>', '>=', '==', '!='])} ${set()})`,
      () => `sorted([${n()}, ${this.#pick([n(), s(), 'None', l()])}, ${n()}])`,
      () => `sorted([(${n()}, ${s()}), (${n()}, ${s()})], reverse=${this.#boolean(0)})`,
      () =>
        `${this.#pick(['max', 'min'])}(${l()}, key=lambda x: ${this.#pick(['-x', 'str(x)', 'x % 2'])})`,
      () => `(${this.#date(depth)})`,
      () => `(${this.#delta(depth)})`,
      () => `str(${this.#pick([this.#date(depth), this.#delta(depth)])})`,
      () => `(${this.#date(depth)} ${order()} ${this.#date(depth)})`,
      () => `(${this.#delta(depth)} ${order()} ${this.#delta(depth)})`,
      () =>
        `(${this.#date(depth)}).${this.#pick(['isoformat()', 'weekday()', 'isoweekday()', 'toordinal()', 'isocalendar()[1]', 'year', "strftime('%G-%V %U %W %j %-d %y')", 'replace(year=2023)', 'replace(month=2)'])}`,
      () =>
        `(${this.#delta(depth)}).${this.#pick(['days', 'seconds', 'microseconds', 'total_seconds()'])}`,
      () =>
        `int(${this.#pick(["' 1_0 '", "'\u0663'", "'1__0'", "'+7'", "'- 7'", "'0x'", "'1e3'", "''"])})`,
      () =>
        `float(${this.#pick(["'1_0.5e1_0'", "'.5'", "'.'", "'+inf'", "'nan '", "'1e400'", "'\u0663.5'", "'0x1'", "'1_'"])})`,
      () =>
        `(${this.#integer(depth)} ${this.#pick(['/', '//', '%', '*', '-'])} ${this.#pick(['10**25', '-10**30', '2**200', '3**60'])})`,
      () => `divmod(${this.#pick([n(), this.#delta(0)])}, ${this.#pick([n(), this.#delta(0)])})`,
      () =>
        `(${this.#pick(['1j', '(1+2j)', '(3-1j)'])} ${this.#pick(['+', '-', '*', '=='])} ${this.#integer(0)})`,
      () =>
        `sorted(${this.#pick(["['b', 'A', 'c']", l()])}, key=${this.#pick(['str.lower', 'str', 'abs', 'len'])})`,
      () => `({**{${s()}: 1}, 'a': ${n()}} ${this.#pick(['==', '|'])} {${s()}: ${n()}, 'a': 1})`,
      () => `[(i, x) for i, x in enumerate(${l()}, ${this.#by.integer(4)}) if i ${order()} (x, 2)]`,
      () =>
        `${s()}.translate({97: ${this.#pick(['None', "'xy'", '98'])}, ${this.#integer(0)}: 'z'})`,
      () =>
        `${s()}.${this.#pick(['split', 'rsplit'])}(${this.#pick(['None', "' '", "'a'"])}, ${this.#by.integer(4) - 1})`,
      () => `${s()}.encode(${this.#pick(['', "'ascii'", "'latin-1'", "'utf_8'"])})`,
      () =>
        `f'{${this.#pick(['1', '1.5', '"a"', 'None'])}${this.#pick([' = ', '=', ' =', ''])}${this.#pick(['', '!r', '!s', '!a'])}}'`,
    ])();
    return made;
  };

  readonly #collection: Make = (depth) => {
    const [n, s, l] = [
      () => this.#number(depth - 1),
      () => this.#string(depth - 1),
      () => this.#list(depth - 1),
    ];
    const set = (): string =>
      this.#pick([`set(${l()})`, `{${n()}, ${n()}}`, '{1, 2, 3}', 'frozenset([1, 2])', 'set()']);
    const dict = (): string =>
      this.#pick([
        `{${s()}: ${n()}, 'a': 1}`,
        `dict(zip('ab', ${l()}))`,
        "{'a': 1, 'b': [2]}",
        `{**{'x': 1}, 'x': ${n()}}`,
        '{1: 2, 1.0: 3, True: 4}',
      ]);
    return this.#pick([
      () => `(${n()}, ${s()})`,
      () => `tuple(${l()})`,
      () => `(${n()},)`,
      () => `(${set()} ${this.#pick(['&', '|', '-', '^'])} ${set()})`,
      () =>
        `${set()}.${this.#pick(['union', 'intersection', 'difference', 'issubset', 'isdisjoint'])}(${l()})`,
      dict,
      () => `${dict()}.get(${s()}, ${n()})`,
      () => `${dict()}[${this.#pick(["'a'", "'b'", '1'])}]`,
      () => `list(${dict()}.${this.#pick(['keys', 'values', 'items'])}())`,
      () => `(${dict()} == ${dict()})`,
      () => `(${dict()} | ${dict()})`,
      () =>
        `(${this.#pick(['min', 'max'])}(${n()}, ${n()}), ${this.#pick(['min', 'max'])}(${s()}, ${s()}))`,
      () => `b'ab\\xff'[${this.#slice()}]`,
      () => `${this.#string(0)}.encode()`,
      () => `(datetime(2024, 2, 28) + timedelta(days=${this.#by.integer(400)}, hours=${n()}))`,
      () => `str(timedelta(seconds=${this.#by.integer(200000) - 100000}))`,
      () =>
        `datetime(2024, 3, ${this.#by.integer(31) + 1}, 14, 5, 9).strftime(${this.#pick(["'%d/%m/%Y %H:%M'", "'%A %B %j'", "'%U %W %V %G %u %w'", "'%I %p %y %b %a %f %%'", "'%c|%x|%X'"])})`,
      () =>
        `(datetime(2024, 1, 31) - datetime(2023, ${this.#by.integer(12) + 1}, 1)).${this.#pick(['days', 'total_seconds()', 'seconds'])}`,
      () =>
        `[m.group() for m in [re.${this.#pick(['search', 'match', 'fullmatch'])}(${this.#pick(["r'[a-c]+'", "r'\\w+'", "r'\\s'", "r'^H.*d$'", "r'(\\d+)'"])}, ${s()})] if m]`,
      () =>
        `re.findall(${this.#pick(["r'[a-c]'", "r'(\\w)=(\\d)'", "r'\\d+'", "r'[^,]+'"])}, ${s()})`,
    ])();
  };
}
