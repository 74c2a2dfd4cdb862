// Comprehensions, generators and lambdas, with Python's scopes: one of their own, in which the outer
// names are visible; the first iterable is evaluated outside.
//
// A list, set or dict is made in one go; a generator runs as far as it is asked, so that any() and
// all() stop early and nothing behind that place can fail.
//
// Test: test/query/scope.test.ts.

import { charge, deeper } from './budget.ts';
import { isTrue } from './compare.ts';
import { QueryFailure } from './failure.ts';
import { dictOf, elementsOf, iterate, setOf } from './iterate.ts';
import { type Code, type Names, Scope } from './scope.ts';
import { bindTo } from './signature.ts';
import { type Expression, type ExpressionOf, namesOfTarget, type Target } from './syntax.ts';
import { FunctionValue, List, Stream, Tuple, type Value } from './value.ts';

type Compile = (expression: Expression, names: Names) => Code;

interface Loop {
  readonly assign: (scope: Scope, value: Value) => void;
  readonly iterable: Code;
  readonly conditions: readonly Code[];
}

export function compileComprehension(
  expression: ExpressionOf<'comprehension'>,
  names: Names,
  compile: Compile,
): Code {
  const inner = names.within(expression.clauses.flatMap((each) => namesOfTarget(each.target)));
  const loops = expression.clauses.map(
    (clause, index): Loop => ({
      assign: assignment(clause.target, inner),
      iterable: compile(clause.iterable, index === 0 ? names : inner),
      conditions: clause.conditions.map((each) => compile(each, inner)),
    }),
  );
  const element = compile(expression.element, inner);
  const value = expression.value === undefined ? undefined : compile(expression.value, inner);
  const make: Code = value === undefined ? element : pairOf(element, value);
  const first = loops[0] as Loop;
  return (scope) => {
    const source = first.iterable(scope);
    const results = run(loops, 0, source, new Scope(scope.row, scope), make);
    switch (expression.form) {
      case 'generator':
        return new Stream(results);
      case 'list':
        return new List([...results]);
      case 'set':
        return setOf(results);
      default:
        return dictOf(Array.from(results, (each) => (each as Tuple).items as [Value, Value]));
    }
  };
}

const pairOf =
  (key: Code, value: Code): Code =>
  (scope) =>
    new Tuple([key(scope), value(scope)]);

function* run(
  loops: readonly Loop[],
  depth: number,
  source: Value,
  scope: Scope,
  make: Code,
): IterableIterator<Value> {
  const { assign, conditions } = loops[depth] as Loop;
  const next = loops[depth + 1];
  for (const each of iterate(source)) {
    charge(1);
    assign(scope, each);
    if (!conditions.every((condition) => isTrue(condition(scope)))) continue;
    if (next === undefined) yield make(scope);
    else yield* run(loops, depth + 1, next.iterable(scope), scope, make);
  }
}

function assignment(target: Target, names: Names): (scope: Scope, value: Value) => void {
  if (target.kind === 'name') {
    const slot = names.slot(target.name);
    return (scope, value) => {
      scope.values[slot] = value;
    };
  }
  const targets = target.targets.map((each) => assignment(each, names));
  return (scope, value) => {
    const parts = elementsOf(value);
    if (parts.length !== targets.length)
      throw new QueryFailure(
        'ValueError',
        `${targets.length} values expected, got ${parts.length}`,
      );
    for (const [index, assign] of targets.entries()) assign(scope, parts[index] as Value);
  };
}

export function compileLambda(
  expression: ExpressionOf<'lambda'>,
  names: Names,
  compile: Compile,
): Code {
  const parameters = expression.parameters.map(([name, preset]) => ({
    name,
    preset: preset === undefined ? undefined : compile(preset, names),
  }));
  const inner = names.within(parameters.map((each) => each.name));
  const body = compile(expression.body, inner);
  return (scope) => {
    const bound = parameters.map(({ name, preset }) => ({
      name,
      preset: preset?.(scope),
      isKeywordOnly: false,
      isRest: false,
    }));
    return new FunctionValue('<lambda>', (given, keywords) => {
      charge(1);
      const own = new Scope(scope.row, scope);
      own.values.push(...bindTo('<lambda>', bound, given, keywords));
      return deeper(() => body(own));
    });
  };
}
