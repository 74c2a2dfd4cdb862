// `metric` in a query, and `images`, `texts`, `distributions`, `figures`, `audios`.
//
// Values are floats, whatever they were tracked as; steps and counts are ints.
//
// Spec: spec/query.md, Names. Test: test/query/objects.test.ts.

import type { PointFacts, SequenceFactsForQuery } from './facts.ts';
import { typeError } from './failure.ts';
import { fromParams } from './from-params.ts';
import { floatOf } from './math-module.ts';
import { type QueryMethod, QueryObject } from './query-object.ts';
import { List, type Value } from './value.ts';

type Property = (facts: SequenceFactsForQuery, run: Value) => Value;

const step = (value: number | undefined): Value => (value === undefined ? null : BigInt(value));
/** NaN says that every value is NaN. */
const summary = (value: number | undefined): Value =>
  value === undefined || Number.isNaN(value) ? null : value;

/** Every property, in the order of the page. */
export const sequenceProperties: ReadonlyMap<string, Property> = new Map<string, Property>([
  ['name', (facts) => facts.name],
  ['context', (facts) => fromParams(facts.context)],
  ['run', (_, run) => run],
  ['last', (facts) => facts.last ?? null],
  ['last_step', (facts) => step(facts.lastStep)],
  ['first', (facts) => facts.first ?? null],
  ['first_step', (facts) => step(facts.firstStep)],
  ['min', (facts) => summary(facts.min)],
  ['max', (facts) => summary(facts.max)],
  ['mean', (facts) => summary(facts.mean)],
  ['count', (facts) => BigInt(facts.count)],
  ['writers', (facts) => new List(facts.writers)],
  // Aim's number for a metric whose summaries are kept, as those of every metric are here.
  ['version', (facts) => (facts.kind === 'metric' ? 2n : null)],
  ['dtype', (facts) => (facts.kind === 'metric' ? 'float' : facts.kind)],
]);

type PointMethod = (points: PointFacts, given: number) => Value;

/** Conditions on points, each of one number. */
export const pointMethods: ReadonlyMap<string, PointMethod> = new Map<string, PointMethod>([
  ['at', (points, given) => points.at(given) ?? null],
  ['first_step_below', (points, given) => step(points.firstStepBelow(given))],
  ['first_step_above', (points, given) => step(points.firstStepAbove(given))],
  ['count_below', (points, given) => BigInt(points.countBelow(given))],
  ['count_above', (points, given) => BigInt(points.countAbove(given))],
]);

export class MetricObject extends QueryObject {
  readonly typeName = 'Sequence';
  readonly facts: SequenceFactsForQuery;
  readonly #run: Value;

  constructor(facts: SequenceFactsForQuery, run: Value) {
    super();
    this.facts = facts;
    this.#run = run;
  }

  override attribute(name: string): Value {
    return sequenceProperties.get(name)?.(this.facts, this.#run) ?? null;
  }

  override method(name: string): QueryMethod | undefined {
    const method = pointMethods.get(name);
    if (method === undefined) return undefined;
    return (given, keywords) => {
      const { points } = this.facts;
      if (points === undefined) throw typeError(`${this.facts.kind} have no values for ${name}()`);
      if (given.length !== 1 || keywords !== undefined)
        throw typeError(`${name}() takes one number`);
      return method(points, floatOf(given[0] as Value));
    };
  }

  override text(): string {
    return this.facts.name;
  }
}
