// The only importer of @lezer/python, which is loaded when the first query is parsed.
//
// Test: test/query/syntax.test.ts.

type Parser = typeof import('@lezer/python')['parser'];

export type Tree = ReturnType<Parser['parse']>;
export type Node = Tree['topNode'];

let parse: ((text: string) => Tree) | undefined;

/** Gives the concrete tree of a text; it has error nodes where the text is not Python. */
export async function loadGrammar(): Promise<(text: string) => Tree> {
  if (parse === undefined) {
    const { parser } = await import('@lezer/python');
    parse = (text) => parser.parse(text);
  }
  return parse;
}
