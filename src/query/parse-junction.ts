// `and`, `or`, `not`. The grammar lets `not` reach over what follows: it reads `not a and b` as
// `not (a and b)`. So the words and what stands between them are put in a row, and joined again as
// Python joins them: `not` before `and` before `or`.
//
// Test: test/query/syntax.test.ts, test/query/cpython.test.ts.

import { limits } from '../limits.ts';
import type { Conversion } from './conversion.ts';
import { limitError } from './failure.ts';
import type { Node } from './grammar.ts';
import type { Expression } from './syntax.ts';

/** True: the node is one of the three, without brackets around it. */
export function isJunction(conversion: Conversion, node: Node): boolean {
  if (node.name === 'UnaryExpression') return node.firstChild?.name === 'not';
  if (node.name !== 'BinaryExpression') return false;
  const between = conversion.children(node)[1]?.name;
  return between === 'and' || between === 'or';
}

export function parseJunction(conversion: Conversion, node: Node): Expression {
  const row = rowOf(conversion, node);
  let place = 0;
  const negation = (): Expression => {
    const nots: Node[] = [];
    for (let word = row[place] as Node; word.name === 'not'; word = row[place] as Node) {
      nots.push(word);
      place += 1;
    }
    if (nots.length > limits.queryDepthMax)
      throw limitError('queryDepthMax', 'expressions inside each other');
    let operand = conversion.expression(row[place] as Node);
    place += 1;
    for (const word of nots.reverse()) operand = { kind: 'not', at: conversion.at(word), operand };
    return operand;
  };
  const joined = (kind: 'and' | 'or', part: () => Expression): Expression => {
    const operands = [part()];
    while (row[place]?.name === kind) {
      place += 1;
      operands.push(part());
    }
    const [only] = operands;
    return only !== undefined && operands.length === 1
      ? only
      : { kind, at: conversion.at(node), operands };
  };
  return joined('or', () => joined('and', negation));
}

/** The words and operands in the order of the text. Not by recursion: chains may be long. */
function rowOf(conversion: Conversion, node: Node): Node[] {
  const row: Node[] = [];
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isJunction(conversion, next)) open.push(...conversion.children(next).reverse());
    else row.push(next);
  }
  return row;
}
