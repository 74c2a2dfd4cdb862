// What a query names: that everything it names is known, and what it reads of a run.
//
// Spec: spec/query.md, Names. Test: test/query/query.test.ts, test/query/syntax.test.ts.

import { nearest } from '../model/nearest.ts';
import { methodOfType, tables } from './attribute.ts';
import { isTrue } from './compare.ts';
import { globals } from './functions.ts';
import { mathModule } from './math-module.ts';
import { pointMethods, sequenceProperties } from './metric-object.ts';
import { foreignMethods, foreignNames, foreignWords } from './other-words.ts';
import { represent } from './represent.ts';
import { runProperties } from './run-object.ts';
import { childrenOf, type Expression, type ExpressionOf, namesOfTarget } from './syntax.ts';
import { syntaxError } from './syntax-error.ts';
import { ModuleValue, TypeValue } from './value.ts';

/** What a query reads, for completion, for a catalogue, and for the rule of archived runs. */
export interface Reads {
  /** Paths of parameters, as `['hparams', 'lr']`; one that is computed is not there. */
  readonly params: readonly (readonly string[])[];
  /** True: parameters by names that are computed, or all of them. */
  readonly hasOtherParams: boolean;
  readonly runProperties: ReadonlySet<string>;
  readonly sequenceProperties: ReadonlySet<string>;
  /** Metrics that are named in `run.metrics[...]`. */
  readonly metrics: ReadonlySet<string>;
  /** True: metrics of the run by names that are computed, or all of them. */
  readonly hasOtherMetrics: boolean;
  /** True: `re` is named, and its engine must be loaded. */
  readonly usesRegex: boolean;
}

class Analysis {
  readonly params = new Map<string, readonly string[]>();
  hasOtherParams = false;
  readonly runProperties = new Set<string>();
  readonly sequenceProperties = new Set<string>();
  readonly metrics = new Set<string>();
  hasOtherMetrics = false;
  usesRegex = false;
  readonly #text: string;
  readonly #variables: readonly string[];
  /** In what no row gets to: what it names need not exist. */
  #isDead = false;

  constructor(text: string, variables: readonly string[]) {
    this.#text = text;
    this.#variables = variables;
  }

  walk(expression: Expression, locals: ReadonlySet<string>): void {
    switch (expression.kind) {
      case 'name':
        this.#name(expression, locals);
        return;
      case 'attribute':
      case 'subscript':
        if (this.#chain(expression, locals)) return;
        this.#checkMember(expression, locals);
        break;
      case 'call':
        this.#checkMethod(expression, locals);
        break;
      case 'and':
      case 'or':
      case 'conditional':
        this.#branches(expression, locals);
        return;
      case 'lambda':
      case 'comprehension':
        this.#scope(expression, locals);
        return;
      default:
    }
    for (const each of childrenOf(expression)) this.walk(each, locals);
  }

  /** Python too drops what stands behind `True or`, and the branch that a constant never takes. */
  #branches(
    expression: ExpressionOf<'and' | 'or' | 'conditional'>,
    locals: ReadonlySet<string>,
  ): void {
    if (expression.kind === 'conditional') {
      const { condition, chosen, otherwise } = expression;
      const known = condition.kind === 'constant' ? isTrue(condition.value) : undefined;
      this.walk(condition, locals);
      this.#branch(chosen, locals, known === false);
      this.#branch(otherwise, locals, known === true);
      return;
    }
    let isOver = false;
    for (const each of expression.operands) {
      this.#branch(each, locals, isOver);
      isOver ||= each.kind === 'constant' && isTrue(each.value) === (expression.kind === 'or');
    }
  }

  #branch(expression: Expression, locals: ReadonlySet<string>, isDead: boolean): void {
    const before = this.#isDead;
    this.#isDead ||= isDead;
    this.walk(expression, locals);
    this.#isDead = before;
  }

  #refuse(at: number, message: () => string): void {
    if (!this.#isDead) throw syntaxError(this.#text, at, message());
  }

  #scope(expression: ExpressionOf<'lambda' | 'comprehension'>, locals: ReadonlySet<string>): void {
    if (expression.kind === 'lambda') {
      const own = expression.parameters.map(([name]) => this.#checkOwn(expression, name));
      for (const [, preset] of expression.parameters)
        if (preset !== undefined) this.walk(preset, locals);
      this.walk(expression.body, new Set([...locals, ...own]));
      return;
    }
    const names = expression.clauses.flatMap((each) => namesOfTarget(each.target));
    const inner = new Set([...locals, ...names.map((each) => this.#checkOwn(expression, each))]);
    for (const [index, clause] of expression.clauses.entries()) {
      this.walk(clause.iterable, index === 0 ? locals : inner);
      for (const each of clause.conditions) this.walk(each, inner);
    }
    this.walk(expression.element, inner);
    if (expression.value !== undefined) this.walk(expression.value, inner);
  }

  #checkOwn(expression: Expression, name: string): string {
    // As in Aim; `_` alone is what a loop calls a variable that it does not use.
    if (name.startsWith('_') && name !== '_')
      throw syntaxError(
        this.#text,
        expression.at,
        `a variable cannot be called '${name}': without '_'`,
      );
    return name;
  }

  #name({ name, at }: ExpressionOf<'name'>, locals: ReadonlySet<string>): void {
    if (locals.has(name)) return;
    if (name === 're') this.usesRegex = true;
    if (name === this.#variables[0]) this.#readAllOfRun();
    if (this.#variables.includes(name) || globals.has(name)) return;
    // What Python keeps for itself is refused wherever it stands.
    if (name.startsWith('_')) throw syntaxError(this.#text, at, this.#unknownName(name, locals));
    this.#refuse(at, () => this.#hyphenated(at, name) ?? this.#unknownName(name, locals));
  }

  /** `run.hparams.learning-rate` is a difference of two names, and seldom meant so. */
  #hyphenated(at: number, name: string): string | undefined {
    const before = /[.]([\p{XID_Continue}-]+)-$/u.exec(this.#text.slice(Math.max(0, at - 100), at));
    if (before === null) return undefined;
    return `'${name}' is not known; a parameter with a '-' in its name is ['${before[1]}-${name}']`;
  }

  #readAllOfRun(): void {
    this.hasOtherParams = true;
    this.hasOtherMetrics = true;
  }

  #unknownName(name: string, locals: ReadonlySet<string>): string {
    const foreign = Object.hasOwn(foreignWords, name) ? foreignWords[name] : undefined;
    if (foreign !== undefined) return `'${name}' is not known: write ${foreign}`;
    if (['metric', 'images', 'texts', 'distributions', 'figures', 'audios'].includes(name))
      return (
        `'${name}' is not known here: this query is about ${this.#variables.at(-1)}; ` +
        (name === 'metric'
          ? "ask repo.metrics(...), or `runlog metrics` and `runlog query`; of a run, run.metrics['loss'].last"
          : name === 'audios'
            ? 'there are no sounds yet'
            : `ask repo.${name}(...)`)
      );
    const instead = foreignNames.get(name);
    if (instead !== undefined) return `'${name}' is not known: write ${instead}`;
    const meant = this.#propertyOf(name);
    if (meant !== undefined) return `'${name}' is not known: write ${meant}`;
    const inMath = mathModule.members.has(name) ? `math.${name}` : undefined;
    if (inMath !== undefined) return `'${name}' is not known: write ${inMath}`;
    const near = nearest(name, [...this.#variables, ...locals, ...globals.keys()]);
    if (near !== undefined) return `'${name}' is not known; did you mean '${near}'?`;
    return `'${name}' is not known: a parameter is run.${name}, a metric run.metrics['${name}'].last, a text stands in quotes`;
  }

  /** A property of the run or the sequence, named without it. */
  #propertyOf(name: string): string | undefined {
    const sequence = this.#variables.length > 1 ? this.#variables.at(-1) : undefined;
    if (sequence !== undefined && sequenceProperties.has(name)) return `${sequence}.${name}`;
    return runProperties.has(name) ? `run.${name}` : undefined;
  }

  /** A chain of names from `run` or the sequence, and what else stands in it. False: it is none. */
  #chain(expression: Expression, locals: ReadonlySet<string>): boolean {
    const links: ExpressionOf<'attribute' | 'subscript'>[] = [];
    let root = expression;
    while (root.kind === 'attribute' || root.kind === 'subscript') {
      links.unshift(root);
      root = root.object;
    }
    if (root.kind !== 'name' || locals.has(root.name)) return false;
    const variable = this.#variables.indexOf(root.name);
    if (variable < 0) return false;
    for (const link of links) if (link.kind === 'subscript') this.walk(link.index, locals);
    const [first, ...rest] = links;
    const isRunOfSequence = variable > 0 && first?.kind === 'attribute' && first.name === 'run';
    if (isRunOfSequence) this.sequenceProperties.add('run');
    if (variable > 0 && !isRunOfSequence) this.#readSequence(first);
    else if (isRunOfSequence) this.#readRun(rest);
    else this.#readRun(links);
    return true;
  }

  #readSequence(link: ExpressionOf<'attribute' | 'subscript'> | undefined): void {
    if (link?.kind !== 'attribute') return;
    this.sequenceProperties.add(link.name);
  }

  #readRun(links: readonly ExpressionOf<'attribute' | 'subscript'>[]): void {
    const [first, second] = links;
    if (first === undefined) {
      this.#readAllOfRun();
      return;
    }
    if (first.kind === 'attribute' && runProperties.has(first.name)) {
      this.runProperties.add(first.name);
      if (first.name === 'metrics') this.#readMetric(second);
      return;
    }
    if (first.kind === 'attribute' && first.name === 'get') {
      this.hasOtherParams = true;
      return;
    }
    const path: string[] = [];
    for (const link of links) {
      const names = link.kind === 'attribute' ? [link.name] : constantTexts(link.index);
      if (names === undefined) break;
      path.push(...names);
    }
    if (path.length === 0) this.hasOtherParams = true;
    else this.params.set(JSON.stringify(path), path);
  }

  #readMetric(link: ExpressionOf<'attribute' | 'subscript'> | undefined): void {
    if (link?.kind === 'subscript') {
      const { index } = link;
      const name = index.kind === 'display' ? index.items[0] : index;
      if (name?.kind === 'constant' && typeof name.value === 'string') {
        this.metrics.add(name.value);
        return;
      }
    }
    this.hasOtherMetrics = true;
  }

  /** Members of modules and types are known before there is a row. */
  #checkMember(expression: Expression, locals: ReadonlySet<string>): void {
    if (expression.kind !== 'attribute' || expression.object.kind !== 'name') return;
    const { name: owner } = expression.object;
    const known = locals.has(owner) ? undefined : globals.get(owner);
    if (!(known instanceof ModuleValue || known instanceof TypeValue)) return;
    if (known.members.has(expression.name)) return;
    if (known instanceof TypeValue && methodOfType(known, expression.name) !== undefined) return;
    const near = nearest(expression.name, known.members.keys());
    // `datetime` is the type here, not the module of that name.
    const hint = globals.has(expression.name)
      ? `: write ${expression.name}(...)`
      : near === undefined
        ? ''
        : `; did you mean '${near}'?`;
    this.#refuse(expression.at, () => `${owner} has no '${expression.name}'${hint}`);
  }

  /** A method that no type has is a mistake in every row. */
  #checkMethod(call: ExpressionOf<'call'>, locals: ReadonlySet<string>): void {
    const { callee } = call;
    if (callee.kind !== 'attribute') return;
    const { object, name } = callee;
    if (object.kind === 'name' && !locals.has(object.name)) {
      if (globals.has(object.name)) return;
      // An unknown name is told before its method.
      if (!this.#variables.includes(object.name)) this.#name(object, locals);
    }
    if (methodNames.has(name)) return;
    const refused = name === 'format';
    const instead = metricMethods.has(name) ? subscriptFor(call) : foreignMethods.get(name);
    if (instead !== undefined)
      this.#refuse(callee.at, () => `no value has a method ${name}(): write ${instead}`);
    const near = refused ? undefined : nearest(name, methodNames);
    const hint = refused
      ? ": use an f-string, as f'{run.name}'"
      : near === undefined
        ? ''
        : `; did you mean '${near}'?`;
    this.#refuse(callee.at, () => `no value has a method ${name}()${hint}`);
  }
}

const methodNames: ReadonlySet<string> = new Set([
  ...Object.values(tables).flatMap((table) => [...table.methods.keys()]),
  ...pointMethods.keys(),
]);

/** What a metric of the run is asked for with elsewhere. */
const metricMethods: ReadonlySet<string> = new Set(['metric', 'metrics', 'get_metric']);

/** `run.metric('loss', {'subset': 'val'})` as a query says it, with its own name and context. */
function subscriptFor({ given, keywords }: ExpressionOf<'call'>): string {
  const example = "run.metrics['loss', {'subset': 'val'}]";
  const [name, context, ...more] = given.map(constantText);
  if (name === undefined || more.length > 0) return example;
  const entries = keywords.map(([key, value]) => [`${represent(key)}`, constantText(value)]);
  if (entries.some(([, value]) => value === undefined)) return example;
  const members = entries.map((entry) => entry.join(': ')).join(', ');
  const own = context ?? (members === '' ? undefined : `{${members}}`);
  if (given.length > 1 && context === undefined) return example;
  return `run.metrics[${name}${own === undefined ? '' : `, ${own}`}]`;
}

/** As a query writes it, of a constant and of a dict of constants; undefined: it is computed. */
function constantText(expression: Expression): string | undefined {
  if (expression.kind === 'constant') return represent(expression.value);
  if (expression.kind !== 'dict') return undefined;
  const entries = expression.entries.map(([key, value]) => {
    const texts = [key === undefined ? undefined : constantText(key), constantText(value)];
    return texts.includes(undefined) ? undefined : texts.join(': ');
  });
  return entries.includes(undefined) ? undefined : `{${entries.join(', ')}}`;
}

function constantTexts(index: Expression): string[] | undefined {
  const parts = index.kind === 'display' && index.form === 'tuple' ? index.items : [index];
  const texts = parts.map((each) => (each.kind === 'constant' ? each.value : undefined));
  const areTexts = texts.length > 0 && texts.every((each) => typeof each === 'string');
  return areTexts ? (texts as string[]) : undefined;
}

/**
 * Checks the names of a query and tells what it reads. `variables` are its own: run, and the sequence.
 *
 * @throws RunlogError QUERY_SYNTAX naming what is not known, and what is near.
 */
export function analyse(expression: Expression, text: string, variables: readonly string[]): Reads {
  const analysis = new Analysis(text, variables);
  analysis.walk(expression, new Set());
  return { ...pick(analysis), params: [...analysis.params.values()] };
}

const pick = (analysis: Analysis): Omit<Reads, 'params'> => ({
  hasOtherParams: analysis.hasOtherParams,
  runProperties: analysis.runProperties,
  sequenceProperties: analysis.sequenceProperties,
  metrics: analysis.metrics,
  hasOtherMetrics: analysis.hasOtherMetrics,
  usesRegex: analysis.usesRegex,
});
