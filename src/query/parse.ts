// From the concrete tree of the grammar to the tree of a query. What Python has and a query has not is
// refused here by name.
//
// The text is parsed in brackets, so that it may go over several lines; `checkText` has seen to it
// that the brackets are the outermost ones. Places are those of the text without them.
//
// Spec: spec/query.md, Grammar. Test: test/query/syntax.test.ts.

import { limits } from '../limits.ts';
import { startBudget } from './budget.ts';
import { Conversion } from './conversion.ts';
import { limitError } from './failure.ts';
import { loadGrammar, type Node, type Tree } from './grammar.ts';
import { checkText, wordsBefore } from './lexical.ts';
import { numberOf } from './literal.ts';
import type { BinaryOperator, UnaryOperator } from './operators.ts';
import { isJunction, parseJunction } from './parse-junction.ts';
import { parseComprehension, parseLambda } from './parse-scope.ts';
import { parseString } from './parse-string.ts';
import { withDigitsForPoints } from './point-last.ts';
import type { CompareOperator, Expression, Spread } from './syntax.ts';
import { placeOf } from './syntax-error.ts';
import { unexpected } from './unexpected.ts';
import { ELLIPSIS } from './value.ts';

/**
 * The tree of `text`; undefined of an empty one.
 *
 * @throws RunlogError QUERY_SYNTAX, LIMIT
 */
export async function parseExpression(text: string): Promise<Expression | undefined> {
  checkText(text);
  const taken = withDigitsForPoints(text);
  // Numbers that are written cost as those that are computed.
  startBudget();
  if (text.replace(/#[^\n\r]*/g, '').trim() === '') return undefined;
  const parse = await loadGrammar();
  const tree = parse(`(${taken}\n)`);
  if (tree === Number.POSITIVE_INFINITY) throw tooLong();
  if (typeof tree === 'number') throw stopped(text, Math.min(text.length, Math.max(0, tree - 1)));
  checkDepth(tree);
  const statement = tree.topNode.firstChild;
  const root = statement?.firstChild;
  if (statement?.name !== 'ExpressionStatement' || !root || statement.nextSibling !== null)
    throw unexpected(text, 0);
  return new Conversion(text, convert).expression(root);
}

/**
 * Words without a comma or bracket between them, behind which the parser may have stopped because of
 * what is inside each other: it does so at some 900 places that are open.
 */
const WORD_COUNT_MAX = 800;

function stopped(text: string, at: number): Error {
  if (wordsBefore(text, at) <= WORD_COUNT_MAX) return unexpected(text, at);
  const { line, column } = placeOf(text, at);
  return limitError(
    'queryDepthMax',
    `expressions inside each other, or a mistake in line ${line}, column ${column}`,
  );
}

const tooLong = (): Error =>
  limitError('queryChainCountMax', 'a longer chain of operators (instead of or: x in [...])');

/**
 * By iteration: the tree may be deep. It ends at once where it is too deep: below some 2500 nodes the
 * builder of trees leaves nodes that cannot be visited.
 */
function checkDepth(tree: Tree): void {
  let depth = 0;
  tree.iterate({
    enter: () => {
      depth += 1;
      if (depth > limits.queryChainCountMax) throw tooLong();
    },
    leave: () => {
      depth -= 1;
    },
  });
}

const refused: Readonly<Record<string, string>> = {
  AwaitExpression: "'await' is not allowed in a query",
  YieldExpression: "'yield' is not allowed in a query",
  NamedExpression: "':=' is not allowed in a query: write '==' to compare",
};

function convert(conversion: Conversion, node: Node): Expression {
  const at = conversion.at(node);
  switch (node.name) {
    case 'VariableName':
      return { kind: 'name', at, name: conversion.source(node).normalize('NFKC') };
    case 'Boolean':
      return { kind: 'constant', at, value: conversion.source(node) === 'True' };
    case 'None':
      return { kind: 'constant', at, value: null };
    case 'Ellipsis':
      return { kind: 'constant', at, value: ELLIPSIS };
    case 'Number':
      return {
        kind: 'constant',
        at,
        value: numberOf(conversion.source(node), conversion.text, at),
      };
    case 'String':
    case 'FormatString':
    case 'ContinuedString':
      return parseString(conversion, node);
    case 'ParenthesizedExpression':
      return conversion.expression(conversion.children(node)[1] as Node);
    case 'TupleExpression':
      return { kind: 'display', at, form: 'tuple', items: itemsOf(conversion, node) };
    case 'ArrayExpression':
      return { kind: 'display', at, form: 'list', items: itemsOf(conversion, node) };
    case 'SetExpression':
      return { kind: 'display', at, form: 'set', items: itemsOf(conversion, node) };
    case 'DictionaryExpression':
      return parseDict(conversion, node);
    case 'ComprehensionExpression':
    case 'ArrayComprehensionExpression':
    case 'SetComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return parseComprehension(conversion, node);
    case 'UnaryExpression':
      return parseUnary(conversion, node);
    case 'BinaryExpression':
      return parseBinary(conversion, node);
    case 'ConditionalExpression': {
      const [chosen, , condition, , otherwise] = conversion.children(node) as [
        Node,
        Node,
        Node,
        Node,
        Node,
      ];
      return {
        kind: 'conditional',
        at,
        condition: conversion.expression(condition),
        chosen: conversion.expression(chosen),
        otherwise: conversion.expression(otherwise),
      };
    }
    case 'LambdaExpression':
      return parseLambda(conversion, node);
    case 'MemberExpression':
      return parseMember(conversion, node);
    case 'CallExpression':
      return parseCall(conversion, node);
    default:
      throw conversion.refuse(node, refused[node.name] ?? 'this is not allowed in a query');
  }
}

/** What stands between the first and the last bracket, at its commas. */
function itemsOf(conversion: Conversion, node: Node): (Expression | Spread)[] {
  const items: (Expression | Spread)[] = [];
  const children = conversion.children(node).slice(1, -1);
  for (let index = 0; index < children.length; index += 1) {
    const child = children[index] as Node;
    if (child.name === ',') continue;
    if (child.name !== '*') {
      items.push(conversion.expression(child));
      continue;
    }
    index += 1;
    const operand = conversion.expression(children[index] as Node);
    items.push({ kind: 'spread', at: conversion.at(child), operand });
  }
  return items;
}

function parseDict(conversion: Conversion, node: Node): Expression {
  const entries: (readonly [Expression | undefined, Expression])[] = [];
  const children = conversion.children(node).slice(1, -1);
  const next = (index: number): Expression => conversion.expression(children[index] as Node);
  for (let index = 0; index < children.length; ) {
    const child = children[index] as Node;
    if (child.name === ',') index += 1;
    else if (child.name === '**') {
      entries.push([undefined, next(index + 1)]);
      index += 2;
    } else {
      entries.push([next(index), next(index + 2)]);
      index += 3;
    }
  }
  return { kind: 'dict', at: conversion.at(node), entries };
}

function parseUnary(conversion: Conversion, node: Node): Expression {
  if (isJunction(conversion, node)) return parseJunction(conversion, node);
  const [sign, inner] = conversion.children(node) as [Node, Node];
  const operator = conversion.source(sign) as UnaryOperator;
  return {
    kind: 'unary',
    at: conversion.at(node),
    operator,
    operand: conversion.expression(inner),
  };
}

/** The parts of a binary expression: what is left, the words or sign between, what is right. */
function partsOf(conversion: Conversion, node: Node): [left: Node, operator: string, right: Node] {
  const children = conversion.children(node);
  const between = children.slice(1, -1).map((each) => conversion.source(each));
  return [children[0] as Node, between.join(' '), children.at(-1) as Node];
}

const comparisons = new Set(['<', '<=', '>', '>=', '==', '!=', 'in', 'not in', 'is', 'is not']);

/** Chains of comparisons lean to the left and are followed down without recursion. */
function parseBinary(conversion: Conversion, node: Node): Expression {
  if (isJunction(conversion, node)) return parseJunction(conversion, node);
  const at = conversion.at(node);
  const [left, operator, right] = partsOf(conversion, node);
  if (!comparisons.has(operator)) {
    return {
      kind: 'binary',
      at,
      operator: operator as BinaryOperator,
      left: conversion.expression(left),
      right: conversion.expression(right),
    };
  }
  const rest: [string, Node][] = [[operator, right]];
  let first = left;
  while (first.name === 'BinaryExpression') {
    const [inner, between, after] = partsOf(conversion, first);
    if (!comparisons.has(between)) break;
    rest.unshift([between, after]);
    first = inner;
  }
  return {
    kind: 'compare',
    at,
    first: checkedOperand(conversion, first),
    rest: rest.map(
      ([each, operand]) => [each as CompareOperator, checkedOperand(conversion, operand)] as const,
    ),
  };
}

/** The grammar takes `a == not b`, which Python does not. */
function checkedOperand(conversion: Conversion, node: Node): Expression {
  if (node.name === 'UnaryExpression' && node.firstChild?.name === 'not')
    throw conversion.refuse(node, "'not' after a comparison stands in brackets: write '(not ...)'");
  return conversion.expression(node);
}

/** Words that no attribute may be called: `run.class` is not Python. */
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

function parseMember(conversion: Conversion, node: Node): Expression {
  const at = conversion.at(node);
  const [object, mark, ...rest] = conversion.children(node) as [Node, Node, ...Node[]];
  if (mark.name === '.') {
    const place = rest[0] as Node;
    const name = conversion.source(place).normalize('NFKC');
    if (KEYWORDS.has(name))
      throw conversion.refuse(place, `'${name}' is a keyword of Python: write ['${name}'] instead`);
    if (/^__.*__$/.test(name))
      throw conversion.refuse(
        place,
        `'${name}' is a name of Python's own: a parameter called so is ['${name}']`,
      );
    return { kind: 'attribute', at, object: conversion.expression(object), name };
  }
  const groups: Node[][] = [[]];
  for (const each of rest.slice(0, -1))
    if (each.name === ',') groups.push([]);
    else groups.at(-1)?.push(each);
  const indexes = groups
    .filter((each) => each.length > 0)
    .map((each) => parseIndex(conversion, each));
  const [only] = indexes;
  if (only === undefined) throw conversion.refuse(mark, "'[' needs something to look up");
  const index: Expression =
    groups.length === 1 ? only : { kind: 'display', at: only.at, form: 'tuple', items: indexes };
  return { kind: 'subscript', at, object: conversion.expression(object), index };
}

function parseIndex(conversion: Conversion, nodes: readonly Node[]): Expression {
  const first = nodes[0] as Node;
  if (first.name === '*') throw conversion.refuse(first, "'*' is not allowed in a subscript");
  if (!nodes.some((each) => each.name === ':')) return conversion.expression(first);
  const parts: (Expression | undefined)[] = [undefined];
  for (const each of nodes)
    if (each.name === ':') parts.push(undefined);
    else parts[parts.length - 1] = conversion.expression(each);
  const [start, stop, step] = parts;
  return { kind: 'slice', at: conversion.at(first), start, stop, step };
}

function parseCall(conversion: Conversion, node: Node): Expression {
  const at = conversion.at(node);
  const [callee, list] = conversion.children(node) as [Node, Node];
  const children = conversion.children(list).slice(1, -1);
  const call = { kind: 'call', at, callee: conversion.expression(callee) } as const;
  if (children.some((each) => each.name === 'for'))
    return { ...call, given: [parseComprehension(conversion, list)], keywords: [] };
  const given: Expression[] = [];
  const keywords: (readonly [string, Expression])[] = [];
  for (let index = 0; index < children.length; index += 1) {
    const child = children[index] as Node;
    if (child.name === ',') continue;
    if (child.name === '*' || child.name === '**')
      throw conversion.refuse(child, `'${child.name}' is not allowed in the arguments of a call`);
    if (children[index + 1]?.name === 'AssignOp') {
      const name = conversion.source(child);
      if (child.name !== 'VariableName' || conversion.source(children[index + 1] as Node) !== '=')
        throw conversion.refuse(child, "'=' names an argument here: write '==' to compare");
      if (keywords.some(([each]) => each === name))
        throw conversion.refuse(child, `the argument '${name}' is given twice`);
      keywords.push([name, conversion.expression(children[index + 2] as Node)]);
      index += 2;
      continue;
    }
    if (keywords.length > 0)
      throw conversion.refuse(child, 'an argument by place follows one by name');
    given.push(conversion.expression(child));
  }
  return { ...call, given, keywords };
}
