// Comprehensions and lambdas: the parts of a query that have names of their own.
//
// Test: test/query/syntax.test.ts.

import type { Conversion } from './conversion.ts';
import type { Node } from './grammar.ts';
import type { Clause, Expression, Target } from './syntax.ts';

const forms: Readonly<Record<string, 'list' | 'set' | 'dict' | 'generator'>> = {
  ArrayComprehensionExpression: 'list',
  SetComprehensionExpression: 'set',
  DictionaryComprehensionExpression: 'dict',
};

/** Of a comprehension in brackets, or of the arguments of a call that are a generator. */
export function parseComprehension(conversion: Conversion, node: Node): Expression {
  const children = conversion.children(node).slice(1, -1);
  const first = children.findIndex((each) => each.name === 'for' || each.name === 'async');
  const form = forms[node.name] ?? 'generator';
  const [element, mark, value] = children.slice(0, first) as [
    Node,
    Node | undefined,
    Node | undefined,
  ];
  if (element.name === '*' || element.name === '**' || (mark !== undefined && mark.name !== ':'))
    throw conversion.refuse(
      element,
      'one element, or key: value, stands before for; bracket a tuple',
    );
  return {
    kind: 'comprehension',
    at: conversion.at(node),
    form,
    clauses: clausesOf(conversion, children.slice(first)),
    element: conversion.expression(element),
    value: value === undefined ? undefined : conversion.expression(value),
  };
}

function clausesOf(conversion: Conversion, nodes: readonly Node[]): Clause[] {
  const clauses: { target: Target; iterable: Expression; conditions: Expression[] }[] = [];
  let index = 0;
  while (index < nodes.length) {
    const word = nodes[index] as Node;
    if (word.name === 'async') throw conversion.refuse(word, "'async' is not allowed in a query");
    if (word.name === 'if') {
      clauses.at(-1)?.conditions.push(conversion.expression(nodes[index + 1] as Node));
      index += 2;
      continue;
    }
    if (word.name !== 'for')
      throw conversion.refuse(
        word,
        "',' is not allowed after for ... in ...: put brackets around it",
      );
    const end = nodes.findIndex((each, place) => place > index && each.name === 'in');
    const target = targetOf(conversion, nodes.slice(index + 1, end));
    const iterable = conversion.expression(nodes[end + 1] as Node);
    clauses.push({ target, iterable, conditions: [] });
    index = end + 2;
  }
  return clauses;
}

function targetOf(conversion: Conversion, nodes: readonly Node[]): Target {
  const names = nodes.filter((each) => each.name !== ',');
  const targets = names.map((each): Target => {
    if (each.name === 'VariableName')
      return { kind: 'name', name: conversion.source(each).normalize('NFKC') };
    const isBracketed =
      each.name === 'TupleExpression' ||
      each.name === 'ParenthesizedExpression' ||
      each.name === 'ArrayExpression';
    if (!isBracketed) throw conversion.refuse(each, 'a name must stand between for and in');
    const inner = targetOf(conversion, conversion.children(each).slice(1, -1));
    const isOne = each.name === 'ParenthesizedExpression';
    return isOne || inner.kind === 'several' ? inner : { kind: 'several', targets: [inner] };
  });
  const [only] = targets;
  return only !== undefined && nodes.length === 1 ? only : { kind: 'several', targets };
}

export function parseLambda(conversion: Conversion, node: Node): Expression {
  const children = conversion.children(node);
  const list = children.find((each) => each.name === 'ParamList');
  const parameters: [string, Expression | undefined][] = [];
  const nodes = list === undefined ? [] : conversion.children(list);
  for (let index = 0; index < nodes.length; index += 1) {
    const each = nodes[index] as Node;
    if (each.name === ',') continue;
    if (each.name !== 'VariableName')
      throw conversion.refuse(each, 'a lambda of a query has plain parameters only');
    const name = conversion.source(each).normalize('NFKC');
    if (parameters.some(([known]) => known === name))
      throw conversion.refuse(each, `the parameter '${name}' is there twice`);
    if (nodes[index + 1]?.name === 'AssignOp') {
      parameters.push([name, conversion.expression(nodes[index + 2] as Node)]);
      index += 2;
    } else if (parameters.at(-1)?.[1] !== undefined)
      throw conversion.refuse(each, `the parameter '${name}' needs a default too`);
    else parameters.push([name, undefined]);
  }
  const body = conversion.expression(children.at(-1) as Node);
  return { kind: 'lambda', at: conversion.at(node), parameters, body };
}
