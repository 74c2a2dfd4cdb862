// The one sequence of a run that the words name: a metric, or one of texts, images and other objects.
//
// Test: test/cli/values.test.ts.

import { type Metric, nearestName, type ObjectSequence, type RunView } from '../index.ts';
import { contextText, textOf } from './facts.ts';
import { shellWord } from './hints.ts';
import type { WantedContext } from './options.ts';
import { counted } from './print.ts';

export type FoundSequence = Metric | ObjectSequence;

export const isObjects = (found: FoundSequence): found is ObjectSequence => 'kind' in found;

export const kindOf = (found: FoundSequence): string => (isObjects(found) ? found.kind : 'metric');

export interface WantedSequence {
  readonly name: string;
  readonly context?: WantedContext | undefined;
  /** 'metric', 'texts', ...: writers of a run may track two kinds under one name. */
  readonly kind?: string | undefined;
}

/** Names that a message lists. */
const NAMES_MAX = 10;

/**
 * The sequence of this name whose context is the one given, or the only one that holds it.
 *
 * @throws TypeError saying what there is; RunlogError CORRUPT, IO.
 */
export function findSequence(view: RunView, wanted: WantedSequence): FoundSequence {
  const { name, context = {}, kind } = wanted;
  const all: FoundSequence[] = [...view.metrics(), ...view.objects()];
  const named = all.filter(
    (each) => each.name === name && (kind === undefined || kindOf(each) === kind),
  );
  if (named.length === 0) throw notFound(view, wanted, all);
  const holding = named.filter((each) =>
    Object.entries(context).every(
      ([key, text]) => Object.hasOwn(each.context, key) && textOf(each.context[key]) === text,
    ),
  );
  const exact = holding.filter(
    (each) => Object.keys(each.context).length === Object.keys(context).length,
  );
  const [found, ...others] = exact.length > 0 ? exact : holding;
  if (found !== undefined && others.length === 0) return found;
  throw notOne(
    named,
    [found, ...others].filter((each) => each !== undefined),
    wanted,
  );
}

function notFound(
  view: RunView,
  { name, kind }: WantedSequence,
  all: readonly FoundSequence[],
): TypeError {
  const kinds = new Set(all.filter((each) => each.name === name).map(kindOf));
  if (kinds.size > 0)
    return new TypeError(
      `--kind: ${name} of ${view.hash} is ${[...kinds].join(', ')}, not ${kind}`,
    );
  const names = [...new Set(all.map((each) => each.name))];
  const near = nearestName(name, names);
  const meant = near === undefined ? '' : `; near: ${near}`;
  const more = names.length > NAMES_MAX ? ', ...' : '';
  const have =
    names.length === 0 ? 'it has none' : `it has ${names.slice(0, NAMES_MAX).join(', ')}${more}`;
  return new TypeError(`sequence: ${view.hash} has no ${name}${meant}; ${have}`);
}

/** Several that the words may mean, or of the name only such as have another context. */
function notOne(
  named: readonly FoundSequence[],
  left: readonly FoundSequence[],
  { name, context = {} }: WantedSequence,
): TypeError {
  const kinds = new Set(left.map(kindOf));
  const contexts = new Set(left.map((each) => contextText(each.context)));
  if (kinds.size > 1 && contexts.size < left.length)
    return new TypeError(
      `${name} is several: ${[...kinds].join(', ')}; choose one with --kind, as --kind ${[...kinds][0]}`,
    );
  const texts = [...new Set(named.map((each) => contextText(each.context) || '(none)'))];
  const [example] = named.flatMap((each) =>
    Object.entries(each.context)
      .filter(([key, value]) => context[key] !== textOf(value))
      .map(([key, value]) => `${key}=${textOf(value)}`),
  );
  const how = example === undefined ? '' : `, as -c ${shellWord(example)}`;
  const there = `${name} has ${counted(texts.length, 'context')}: ${texts.join('; ')}`;
  return new TypeError(`${there}; choose one with --context${how}`);
}
