// The only importer of @lezer/python, which is loaded when the first query is parsed.
//
// 1. It stops at the first error: going on after one, which editors need, costs more than parsing.
// 2. It breaks a chain of 300 operators off, as if it were an error, so that no tree is too deep to
//    recurse through. We do not recurse through chains: its count of them is set back at each step.
//    Where a later version counts otherwise, a longer chain is an error again, and a test fails.
//
// Test: test/query/syntax.test.ts.

type Parser = typeof import('@lezer/python')['parser'];

export type Tree = ReturnType<Parser['parse']>;
export type Node = Tree['topNode'];

/** The concrete tree of a text, or the place where it stops being Python; infinity: too deep. */
export type Parse = (text: string) => Tree | number;

let parse: Parse | undefined;

export async function loadGrammar(): Promise<Parse> {
  if (parse === undefined) {
    const { parser } = await import('@lezer/python');
    const strict = parser.configure({ strict: true });
    parse = (text) => parseWith(strict, text);
  }
  return parse;
}

function parseWith(parser: Parser, text: string): Tree | number {
  const steps: { bigReductionCount?: number } & ReturnType<Parser['startParse']> =
    parser.startParse(text);
  try {
    for (;;) {
      steps.bigReductionCount = 0;
      const tree = steps.advance();
      if (tree !== null) return tree;
    }
  } catch (error) {
    if (error instanceof SyntaxError) return steps.parsedPos;
    // It makes the tree by recursion: beyond some 2500 nodes below each other the stack ends, or it
    // loses its place with a TypeError.
    return Number.POSITIVE_INFINITY;
  }
}
