// From the tree of a query to functions: each node becomes one closure, made once, called per row.
//
// 1. Constant parts are evaluated when they are compiled, if that costs nothing to speak of.
// 2. A chain of names on an object of the row is asked for at once (`run.hparams.lr`), so that a
//    catalogue need not make the dicts between.
// 3. A failure is given the place of the innermost expression that it comes from.
//
// Test: test/query/cpython.test.ts, test/query/scope.test.ts.

import { attribute, call, callMethod } from './attribute.ts';
import { chargeElements, chargeGrowth } from './budget.ts';
import { dictNames } from './collection-methods.ts';
import { isEqual, isIdentical, isOrdered, isTrue, keyOf } from './compare.ts';
import { compileComprehension, compileLambda } from './compile-scope.ts';
import { contains } from './contains.ts';
import { QueryFailure, typeError } from './failure.ts';
import { format } from './format.ts';
import { globals } from './functions.ts';
import { dictOf, elementsOf, setOf } from './iterate.ts';
import { binary, unary } from './operators.ts';
import { QueryObject } from './query-object.ts';
import { asciiOf, represent, textOf } from './represent.ts';
import type { Code, Names } from './scope.ts';
import { subscript } from './subscript.ts';
import type { CompareOperator, Expression, ExpressionOf, FormatPart } from './syntax.ts';
import { Dict, type Key, List, SliceValue, Tuple, typeNameOf, type Value } from './value.ts';

export function compile(expression: Expression, names: Names): Code {
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression;
      return () => value;
    }
    case 'name':
      return compileName(expression, names);
    case 'attribute':
      return compileAttribute(expression, names);
    case 'subscript':
      return compileSubscript(expression, names);
    case 'slice':
      return compileSlice(expression, names);
    case 'display':
      return compileDisplay(expression, names);
    case 'dict':
      return placed(expression.at, compileDict(expression, names));
    case 'unary': {
      const operand = compile(expression.operand, names);
      const { operator, at } = expression;
      return placed(at, (scope) => unary(operator, operand(scope)));
    }
    case 'binary': {
      const left = compile(expression.left, names);
      const right = compile(expression.right, names);
      const { operator, at } = expression;
      return placed(at, (scope) => binary(operator, left(scope), right(scope)));
    }
    case 'compare':
      return placed(expression.at, compileCompare(expression, names));
    case 'and':
    case 'or':
      return compileJunction(expression, names);
    case 'not': {
      const operand = compile(expression.operand, names);
      return (scope) => !isTrue(operand(scope));
    }
    case 'conditional': {
      const condition = compile(expression.condition, names);
      const chosen = compile(expression.chosen, names);
      const otherwise = compile(expression.otherwise, names);
      return (scope) => (isTrue(condition(scope)) ? chosen(scope) : otherwise(scope));
    }
    case 'call':
      return placed(expression.at, compileCall(expression, names));
    case 'lambda':
      return compileLambda(expression, names, compile);
    case 'comprehension':
      return placed(expression.at, compileComprehension(expression, names, compile));
    case 'formatted':
      return placed(expression.at, compileFormatted(expression.parts, names));
    default:
      return expression satisfies never;
  }
}

/** Says where, of a failure that does not know it yet. */
function placed(at: number, code: Code): Code {
  return (scope) => {
    try {
      return code(scope);
    } catch (error) {
      if (error instanceof QueryFailure) error.at ??= at;
      throw error;
    }
  };
}

function compileName(expression: ExpressionOf<'name'>, names: Names): Code {
  const { name } = expression;
  const local = names.local(name);
  if (local !== undefined) return local;
  const variable = names.variables.indexOf(name);
  if (variable >= 0) return (scope) => scope.row[variable] as Value;
  const known = globals.get(name);
  if (known !== undefined) return () => known;
  // Checked before: no row gets to it.
  return () => {
    throw new QueryFailure('NameError', `'${name}' is not known`);
  };
}

function compileAttribute(expression: ExpressionOf<'attribute'>, names: Names): Code {
  const object = compile(expression.object, names);
  const { name, at } = expression;
  const slow = placed(at, (scope) => attribute(object(scope), name));
  return withPath(expression, names, slow);
}

function compileSubscript(expression: ExpressionOf<'subscript'>, names: Names): Code {
  const object = compile(expression.object, names);
  const index = compile(expression.index, names);
  const slow = placed(expression.at, (scope) => subscript(object(scope), index(scope)));
  return withPath(expression, names, slow);
}

interface Path {
  readonly variable: number;
  readonly names: readonly string[];
  readonly isItem: boolean;
}

/** The chain of names that an expression is, from an object of the row. */
export function pathOf(expression: Expression, names: Names): Path | undefined {
  if (expression.kind !== 'attribute' && expression.kind !== 'subscript') return undefined;
  const { object } = expression;
  const added =
    expression.kind === 'attribute' ? [expression.name] : constantNames(expression.index);
  if (added === undefined) return undefined;
  if (object.kind === 'name') {
    if (names.isLocal(object.name)) return undefined;
    const variable = names.variables.indexOf(object.name);
    return variable < 0
      ? undefined
      : { variable, names: added, isItem: expression.kind === 'subscript' };
  }
  // A method of a dict, not a member.
  if (expression.kind === 'attribute' && dictNames.has(expression.name)) return undefined;
  const outer = pathOf(object, names);
  return outer === undefined ? undefined : { ...outer, names: [...outer.names, ...added] };
}

function constantNames(index: Expression): string[] | undefined {
  const parts = index.kind === 'display' && index.form === 'tuple' ? index.items : [index];
  const found = parts.map((each) => (each.kind === 'constant' ? each.value : undefined));
  return found.length > 0 && found.every((each) => typeof each === 'string') ? found : undefined;
}

function withPath(expression: Expression, names: Names, slow: Code): Code {
  const path = pathOf(expression, names);
  if (path === undefined) return slow;
  const { variable, names: chain, isItem } = path;
  return (scope) => {
    const object = scope.row[variable];
    if (!(object instanceof QueryObject)) return slow(scope);
    const found = object.path(chain, isItem);
    return found === undefined ? slow(scope) : found;
  };
}

function compileSlice(expression: ExpressionOf<'slice'>, names: Names): Code {
  const [start, stop, step] = [expression.start, expression.stop, expression.step].map((each) =>
    each === undefined ? () => null : compile(each, names),
  ) as [Code, Code, Code];
  return (scope) => new SliceValue(start(scope), stop(scope), step(scope));
}

function compileDisplay(expression: ExpressionOf<'display'>, names: Names): Code {
  const { form, items } = expression;
  const make = (values: readonly Value[]): Value =>
    form === 'list' ? new List(values) : form === 'tuple' ? new Tuple(values) : setOf(values);
  if (items.every((each) => each.kind === 'constant')) {
    const made = make(items.map((each) => each.value));
    return () => made;
  }
  const codes = items.map((each) => compile(each.kind === 'spread' ? each.operand : each, names));
  if (!items.some((each) => each.kind === 'spread'))
    return placed(expression.at, (scope) => {
      chargeElements(codes.length);
      return make(codes.map((each) => each(scope)));
    });
  return placed(expression.at, (scope) => {
    const values: Value[] = [];
    for (const [index, code] of codes.entries()) {
      const value = code(scope);
      if (items[index]?.kind !== 'spread') values.push(value);
      else for (const each of elementsOf(value)) values.push(each);
    }
    chargeElements(values.length);
    return make(values);
  });
}

function compileDict(expression: ExpressionOf<'dict'>, names: Names): Code {
  const entries = expression.entries.map(([key, value]) => ({
    key: key === undefined ? undefined : compile(key, names),
    value: compile(value, names),
  }));
  return (scope) => {
    const pairs: (readonly [Value, Value])[] = [];
    for (const { key, value } of entries) {
      if (key !== undefined) {
        pairs.push([key(scope), value(scope)]);
        continue;
      }
      const spread = value(scope);
      if (!(spread instanceof Dict))
        throw typeError(`'${typeNameOf(spread)}' object is not a mapping`, spread === null);
      for (const each of spread.entries.values()) pairs.push(each);
    }
    chargeElements(pairs.length);
    return dictOf(pairs);
  };
}

type Comparison = (a: Value, b: Value) => boolean;

/** None is ordered with nothing: not before, not behind, not equal in rank. */
const ordering =
  (operator: '<' | '<=' | '>' | '>='): Comparison =>
  (a, b) =>
    a !== null && b !== null && isOrdered(operator, a, b);

const comparisons: Readonly<Record<CompareOperator, Comparison>> = {
  '<': ordering('<'),
  '<=': ordering('<='),
  '>': ordering('>'),
  '>=': ordering('>='),
  '==': isEqual,
  '!=': (a, b) => !isEqual(a, b),
  in: (a, b) => contains(b, a),
  'not in': (a, b) => !contains(b, a),
  is: isIdentical,
  'is not': (a, b) => !isIdentical(a, b),
};

function compileCompare(expression: ExpressionOf<'compare'>, names: Names): Code {
  const first = compile(expression.first, names);
  const rest = expression.rest.map(([operator, operand]) => ({
    holds: comparisonWith(operator, operand),
    operand: compile(operand, names),
  }));
  const [only] = rest;
  if (only !== undefined && rest.length === 1) {
    const { holds, operand } = only;
    return (scope) => holds(first(scope), operand(scope));
  }
  return (scope) => {
    let left = first(scope);
    for (const { holds, operand } of rest) {
      const right = operand(scope);
      if (!holds(left, right)) return false;
      left = right;
    }
    return true;
  };
}

/** A list of constants is looked up by key, however long it is. */
function comparisonWith(operator: CompareOperator, operand: Expression): Comparison {
  const holds = comparisons[operator];
  if (operator !== 'in' && operator !== 'not in') return holds;
  if (operand.kind !== 'display' || !operand.items.every((each) => each.kind === 'constant'))
    return holds;
  const keys = new Set<Key>(operand.items.map((each) => keyOf(each.value)));
  return (a, b) => {
    // What has no key is compared with each.
    if (a instanceof List || a instanceof Dict || typeof a === 'object') return holds(a, b);
    return keys.has(keyOf(a)) === (operator === 'in');
  };
}

function compileJunction(expression: ExpressionOf<'and' | 'or'>, names: Names): Code {
  const operands = expression.operands.map((each) => compile(each, names));
  const endsAt = expression.kind === 'or';
  return (scope) => {
    let value: Value = null;
    for (const operand of operands) {
      value = operand(scope);
      if (isTrue(value) === endsAt) return value;
    }
    return value;
  };
}

function compileCall(expression: ExpressionOf<'call'>, names: Names): Code {
  const given = expression.given.map((each) => compile(each, names));
  const keywords = expression.keywords.map(
    ([name, value]) => [name, compile(value, names)] as const,
  );
  const named = (scope: Parameters<Code>[0]): ReadonlyMap<string, Value> | undefined =>
    keywords.length === 0
      ? undefined
      : new Map(keywords.map(([name, value]) => [name, value(scope)]));
  const { callee } = expression;
  if (callee.kind === 'attribute') {
    const object = compile(callee.object, names);
    const { name } = callee;
    return (scope) =>
      callMethod(
        object(scope),
        name,
        given.map((each) => each(scope)),
        named(scope),
      );
  }
  const code = compile(callee, names);
  return (scope) =>
    call(
      code(scope),
      given.map((each) => each(scope)),
      named(scope),
    );
}

function compileFormatted(
  parts: readonly FormatPart[],
  names: Names,
): (scope: Parameters<Code>[0]) => string {
  const codes = parts.map((part) => compilePart(part, names));
  return (scope) => {
    let text = '';
    for (const code of codes) {
      const part = code(scope);
      text += part;
      chargeGrowth(text.length, part.length);
    }
    return text;
  };
}

const converters = { r: represent, s: textOf, a: asciiOf } as const;

function compilePart(part: FormatPart, names: Names): (scope: Parameters<Code>[0]) => string {
  if (typeof part === 'string') return () => part;
  const value = compile(part.value, names);
  const spec = compileFormatted(part.spec, names);
  const { conversion } = part;
  return (scope) => {
    const given = value(scope);
    const shown = conversion === undefined ? given : converters[conversion](given);
    return format(shown, spec(scope));
  };
}
