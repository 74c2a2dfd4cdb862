// The parameters of a function, written as Python writes them: `sep=None, maxsplit=-1`. The text is
// what the page of functions shows, so the two cannot differ.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { typeError } from './failure.ts';
import { ELLIPSIS, Tuple, type Value } from './value.ts';

export type Keywords = ReadonlyMap<string, Value> | undefined;

export interface Parameter {
  readonly name: string;
  /** Undefined: must be given. */
  readonly preset: Value | undefined;
  readonly isKeywordOnly: boolean;
  /** `*name`: takes what is left. */
  readonly isRest: boolean;
}

export interface Signature {
  readonly name: string;
  readonly text: string;
  /** Arguments in the order of the parameters. */
  bind(given: readonly Value[], keywords: Keywords): Value[];
}

/** Of `name(parameters)`. A parameter after `*` or `*name` is given by name only. */
export function signature(text: string): Signature {
  const [, name = '', inside = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  const parameters: Parameter[] = [];
  let isKeywordOnly = false;
  for (const part of inside.split(', ').filter((each) => each !== '')) {
    if (part === '*') {
      isKeywordOnly = true;
      continue;
    }
    const [, star, word = '', preset] = /^(\*?)(\w+)(?:=(.*))?$/.exec(part) ?? [];
    const isRest = star === '*';
    parameters.push({ name: word, preset: presetOf(preset), isKeywordOnly, isRest });
    if (isRest) isKeywordOnly = true;
  }
  const bind = (given: readonly Value[], keywords: Keywords): Value[] =>
    bindTo(name, parameters, given, keywords);
  return { name, text, bind };
}

function presetOf(text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  if (text === 'None') return null;
  // Left out: None is another thing to give.
  if (text === '...') return ELLIPSIS;
  if (text === 'True' || text === 'False') return text === 'True';
  return text.startsWith("'") ? text.slice(1, -1) : BigInt(text);
}

/** Arguments in the order of the parameters. @throws QueryFailure TypeError */
export function bindTo(
  name: string,
  parameters: readonly Parameter[],
  given: readonly Value[],
  keywords: Keywords,
): Value[] {
  let next = 0;
  let named = 0;
  const bound = parameters.map((parameter): Value => {
    if (parameter.isRest) {
      const rest = given.slice(next);
      next = given.length;
      return new Tuple(rest);
    }
    const byName = keywords?.get(parameter.name);
    if (byName !== undefined) named += 1;
    if (!parameter.isKeywordOnly && next < given.length) {
      if (byName !== undefined)
        throw typeError(`${name}() got two values for argument '${parameter.name}'`);
      next += 1;
      return given[next - 1] as Value;
    }
    // Not `??`: None may be given where something else is preset.
    const value = byName === undefined ? parameter.preset : byName;
    if (byName === undefined && value === undefined)
      throw typeError(`${name}() misses its argument '${parameter.name}'`);
    return value as Value;
  });
  if (next < given.length)
    throw typeError(`${name}() takes at most ${next} arguments, got ${given.length}`);
  if (keywords !== undefined && named < keywords.size) {
    const known = new Set(parameters.map((each) => each.name));
    const wrong = [...keywords.keys()].find((each) => !known.has(each));
    throw typeError(`${name}() has no argument '${wrong}'`);
  }
  return bound;
}
