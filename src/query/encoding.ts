// Texts as bytes and back: utf-8, ascii, latin-1, by the names that Python gives them.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { stringOf } from './argument.ts';
import { charge, chargeText } from './budget.ts';
import { valueError } from './failure.ts';
import { Bytes, type Value } from './value.ts';

type Encoding = 'utf-8' | 'ascii' | 'latin-1';

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['utf8', 'utf-8'],
  ['ascii', 'ascii'],
  ['usascii', 'ascii'],
  ['latin1', 'latin-1'],
  ['iso88591', 'latin-1'],
]);

function encodingOf(value: Value): Encoding {
  const name = stringOf(value, 'encoding');
  const found = encodings.get(name.slice(0, 20).toLowerCase().replace(/[-_ ]/g, ''));
  if (found === undefined)
    throw valueError(`unknown encoding: ${name.slice(0, 40)} (utf-8, ascii and latin-1 are known)`);
  return found;
}

export function encode(text: string, encoding: Value): Bytes {
  const name = encodingOf(encoding);
  chargeText(text.length);
  if (name === 'utf-8') return new Bytes(Buffer.from(text, 'utf8'));
  charge(text.length >>> 4);
  for (const character of text)
    if ((character.codePointAt(0) as number) > (name === 'ascii' ? 127 : 255))
      throw valueError(`'${name}' codec can't encode '${character}'`);
  return new Bytes(Buffer.from(text, 'latin1'));
}

export function decode(bytes: Uint8Array, encoding: Value): string {
  const name = encodingOf(encoding);
  chargeText(bytes.length);
  charge(bytes.length >>> 3);
  if (name === 'latin-1') return Buffer.from(bytes).toString('latin1');
  if (name === 'ascii' && bytes.some((each) => each > 127))
    throw valueError("'ascii' codec can't decode these bytes");
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw valueError("'utf-8' codec can't decode these bytes");
  }
}
