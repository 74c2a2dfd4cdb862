// What the files that read the concrete tree share: places, source text, refusals, depth.
//
// Test: test/query/syntax.test.ts.

import { limits } from '../limits.ts';
import { limitError } from './failure.ts';
import type { Node } from './grammar.ts';
import type { Expression } from './syntax.ts';
import { syntaxError } from './syntax-error.ts';

/** What converting an inner node needs. */
export class Conversion {
  readonly text: string;
  readonly #convert: (conversion: Conversion, node: Node) => Expression;
  #depth = 0;

  constructor(text: string, convert: (conversion: Conversion, node: Node) => Expression) {
    this.text = text;
    this.#convert = convert;
  }

  at(node: Node): number {
    return Math.max(0, Math.min(this.text.length, node.from - 1));
  }

  source(node: Node): string {
    return this.text.slice(node.from - 1, node.to - 1);
  }

  refuse(node: Node, message: string): Error {
    return syntaxError(this.text, this.at(node), message);
  }

  expression(node: Node): Expression {
    if (this.#depth >= limits.queryDepthMax)
      throw limitError('queryDepthMax', 'expressions inside each other');
    this.#depth += 1;
    try {
      return this.#convert(this, node);
    } finally {
      this.#depth -= 1;
    }
  }

  /** Children without comments. */
  children(node: Node): Node[] {
    const children: Node[] = [];
    for (let child = node.firstChild; child !== null; child = child.nextSibling)
      if (child.name !== 'Comment') children.push(child);
    return children;
  }
}
