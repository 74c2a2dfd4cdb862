// Strings, neighbours that are one string, and f-strings.
//
// Test: test/query/syntax.test.ts.

import type { Conversion } from './conversion.ts';
import type { Node } from './grammar.ts';
import { decodeEscapes, stringOfLiteral, stringParts } from './literal.ts';
import type { Expression, FormatPart } from './syntax.ts';
import { Bytes } from './value.ts';

export function parseString(conversion: Conversion, node: Node): Expression {
  const at = conversion.at(node);
  const nodes = node.name === 'ContinuedString' ? conversion.children(node) : [node];
  const parts: FormatPart[] = [];
  const bytes: Uint8Array[] = [];
  for (const each of nodes) {
    if (each.name === 'FormatString') {
      parts.push(...formatParts(conversion, each));
      continue;
    }
    const value = stringOfLiteral(conversion.source(each), conversion.text, conversion.at(each));
    if (value instanceof Bytes) bytes.push(value.bytes);
    else parts.push(value);
  }
  if (bytes.length > 0) {
    if (bytes.length < nodes.length)
      throw conversion.refuse(node, 'bytes and strings side by side are not one literal');
    return { kind: 'constant', at, value: new Bytes(Buffer.concat(bytes)) };
  }
  if (parts.every((each) => typeof each === 'string'))
    return { kind: 'constant', at, value: parts.join('') };
  return { kind: 'formatted', at, parts };
}

function formatParts(conversion: Conversion, node: Node): FormatPart[] {
  const literal = conversion.source(node);
  const { start, quote, isRaw } = stringParts(literal);
  return partsBetween(conversion, node, node.from + start, node.to - quote.length, isRaw);
}

/** Text and replacements between two places of the parsed text. */
function partsBetween(
  conversion: Conversion,
  node: Node,
  from: number,
  to: number,
  isRaw: boolean,
): FormatPart[] {
  const parts: FormatPart[] = [];
  let place = from;
  const addText = (end: number): void => {
    const written = conversion.text.slice(place - 1, end - 1);
    if (written.replaceAll('}}', '').includes('}'))
      throw conversion.refuse(node, "'}' alone in an f-string opens nothing: write '}}'");
    // Before escapes are read: what they stand for is no brace of the f-string.
    const raw = written.replaceAll('{{', '{').replaceAll('}}', '}');
    const text = isRaw ? raw : decodeEscapes(raw, conversion.text, place - 1, false);
    if (text !== '') parts.push(text);
  };
  for (const child of conversion.children(node)) {
    if (child.name !== 'FormatReplacement') continue;
    addText(child.from);
    parts.push(...replacementOf(conversion, child, isRaw));
    place = child.to;
  }
  addText(to);
  return parts;
}

function replacementOf(conversion: Conversion, node: Node, isRaw: boolean): FormatPart[] {
  const children = conversion.children(node);
  const [open, inner, ...rest] = children as [Node, Node, ...Node[]];
  const value = conversion.expression(inner);
  let conversionMark: 'r' | 's' | 'a' | undefined;
  let spec: readonly FormatPart[] = [];
  let label: string | undefined;
  for (const [index, each] of rest.entries()) {
    const source = conversion.source(each);
    // With the spaces around it.
    if (each.name === 'FormatSelfDoc')
      label = conversion.text.slice(open.to - 1, (rest[index + 1] ?? each).from - 1);
    else if (each.name === 'FormatConversion') {
      if (source !== '!r' && source !== '!s' && source !== '!a')
        throw conversion.refuse(each, "a conversion is '!r', '!s' or '!a'");
      conversionMark = source[1] as 'r' | 's' | 'a';
    } else if (each.name === 'FormatSpec')
      spec = partsBetween(conversion, each, each.from + 1, each.to, isRaw);
    else if (each.name !== '}')
      throw conversion.refuse(each, 'one expression stands in the braces of an f-string');
  }
  if (label === undefined) return [{ value, conversion: conversionMark, spec }];
  const shown = conversionMark ?? (spec.length === 0 ? 'r' : undefined);
  return [label, { value, conversion: shown, spec }];
}
