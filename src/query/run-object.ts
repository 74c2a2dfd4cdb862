// `run` in a query, and `run.metrics`.
//
// 1. A name that is no property is a parameter; `run['name']` is a parameter always.
// 2. Missing at any depth is None. What is there and is no dict (a string, a list) has the attributes
//    of its type, and asking for another is a failure.
//
// Spec: spec/query.md, Names and Missing. Test: test/query/objects.test.ts.

import { type Context, canonicalContext } from '../model/context.ts';
import { charge } from './budget.ts';
import { dateTimeOfMs, now } from './date-value.ts';
import type { OpeningFactsForQuery, RunFactsForQuery, SequenceFactsForQuery } from './facts.ts';
import { typeError } from './failure.ts';
import { fromParams } from './from-params.ts';
import { dictOf } from './iterate.ts';
import { MetricObject } from './metric-object.ts';
import { type QueryMethod, QueryObject } from './query-object.ts';
import { signature } from './signature.ts';
import { subscript } from './subscript.ts';
import { toPlain } from './to-plain.ts';
import { Dict, EllipsisValue, List, Tuple, typeNameOf, type Value } from './value.ts';

type Property = (facts: RunFactsForQuery, run: RunObject) => Value;

const seconds = (ms: number | undefined): Value => (ms === undefined ? null : ms / 1000);
const date = (ms: number | undefined): Value => (ms === undefined ? null : dateTimeOfMs(ms));

const GET = signature('get(key, default=None)');

/** Every property of `run`, in the order of the page. */
export const runProperties: ReadonlyMap<string, Property> = new Map<string, Property>([
  ['hash', (facts) => facts.hash],
  ['name', (facts) => facts.name ?? null],
  ['experiment', (facts) => facts.experiment],
  ['description', (facts) => facts.description ?? null],
  ['tags', (facts) => new List(facts.tags)],
  ['notes', (facts) => new List(facts.notes)],
  ['archived', (facts) => facts.archived],
  ['state', (facts) => facts.state],
  ['active', (facts) => facts.state === 'running' || facts.state === 'stalled'],
  ['created_at', (facts) => date(facts.createdAt)],
  ['creation_time', (facts) => seconds(facts.createdAt)],
  ['finalized_at', (facts) => date(facts.endedAt)],
  ['end_time', (facts) => seconds(facts.endedAt)],
  ['updated_at', (facts) => date(facts.updatedAt ?? facts.createdAt)],
  ['duration', (_, run) => run.duration],
  ['host', (facts) => facts.host ?? null],
  ['writers', (facts) => new List(facts.writers)],
  ['openings', (facts) => new List(facts.openings.map(openingValue))],
  ['metrics', (_, run) => run.metrics],
  ['info', infoValue],
]);

/** What somebody has said of the run, in one dict. */
function infoValue(_: RunFactsForQuery, run: RunObject): Dict {
  charge(24);
  const names = [
    'hash',
    'name',
    'experiment',
    'description',
    'tags',
    'notes',
    'archived',
    'created_at',
  ];
  const members = names.map((name) => [name, run.attribute(name)] as [string, Value]);
  return new Dict(dictOf(members).entries, true);
}

function openingValue(opening: OpeningFactsForQuery): Dict {
  const members: [string, Value][] = [
    ['writer', opening.writer],
    ['host', opening.host],
    ['pid', BigInt(opening.pid)],
    ['opened_at', date(opening.openedAt)],
    ['resumed', opening.resumed],
    ['closed_at', date(opening.closedAt)],
    ['outcome', opening.outcome ?? null],
    ['error', opening.error ?? null],
  ];
  return new Dict(dictOf(members).entries, true);
}

export class RunObject extends QueryObject {
  readonly typeName = 'Run';
  readonly facts: RunFactsForQuery;
  #metrics: MetricsObject | undefined;
  #duration: number | null | undefined;

  constructor(facts: RunFactsForQuery) {
    super();
    this.facts = facts;
  }

  get metrics(): MetricsObject {
    this.#metrics ??= new MetricsObject(this);
    return this.#metrics;
  }

  /** Seconds to its end, its last sign of life, or now. Told once: one row has one answer. */
  get duration(): Value {
    if (this.#duration === undefined) {
      const { createdAt, endedAt, lastSeenAt, state } = this.facts;
      const end = endedAt ?? (state === 'running' ? now() : lastSeenAt);
      this.#duration = end === undefined ? null : (end - createdAt) / 1000;
    }
    return this.#duration;
  }

  override attribute(name: string): Value {
    const property = runProperties.get(name);
    return property === undefined ? this.#param(name) : property(this.facts, this);
  }

  override item(key: Value): Value {
    if (typeof key === 'string') return this.#param(key);
    // A list is a path too, as in Aim.
    if (key instanceof Tuple || key instanceof List) {
      const [first, ...rest] = key.items;
      if (first !== undefined) return rest.reduce(subscript, this.item(first));
      return fromParams(this.facts.param([]));
    }
    if (key instanceof EllipsisValue) return fromParams(this.facts.param([]));
    // Parameters are called by strings: under anything else there is nothing.
    return null;
  }

  override path(names: readonly string[], isItem: boolean): Value | undefined {
    const [first = ''] = names;
    if (!isItem && runProperties.has(first)) return undefined;
    const stored = this.facts.param(names);
    if (stored !== undefined) return fromParams(stored);
    // Missing, unless something on the way is no dict and has attributes of its own.
    for (let size = 1; size < names.length; size += 1) {
      const between = this.facts.param(names.slice(0, size));
      if (between === undefined || between === null) return null;
      // A Map is no part of a path: what stands in it is asked of it.
      if (between instanceof Map || !(fromParams(between) instanceof Dict)) return undefined;
    }
    return null;
  }

  override has(value: Value): boolean {
    return typeof value === 'string' && this.facts.param([value]) !== undefined;
  }

  override method(name: string): QueryMethod | undefined {
    if (name !== 'get') return undefined;
    return (given, keywords) => {
      const [key, preset] = GET.bind(given, keywords) as [Value, Value];
      const path = key instanceof Tuple ? key.items : [key];
      if (path.length === 0 || !path.every((each) => typeof each === 'string'))
        throw typeError("run.get() takes the name of a parameter, or ('hparams', 'lr')");
      const stored = this.facts.param(path as string[]);
      return stored === undefined ? preset : fromParams(stored);
    };
  }

  override text(): string {
    return this.facts.hash;
  }

  #param(name: string): Value {
    return fromParams(this.facts.param([name]));
  }
}

/** `run.metrics`: by name, or by name and context; the context must be the whole one. */
export class MetricsObject extends QueryObject {
  readonly typeName = 'Metrics';
  readonly #run: RunObject;

  constructor(run: RunObject) {
    super();
    this.#run = run;
  }

  override attribute(name: string): Value {
    throw typeError(`run.metrics has no '${name}': a metric is run.metrics['${name}']`);
  }

  override item(key: Value): Value {
    const facts = this.#find(key);
    return facts === undefined ? null : new MetricObject(facts, this.#run);
  }

  /** A name is in it with any context. */
  override has(value: Value): boolean {
    if (typeof value === 'string')
      return this.#run.facts.metrics.some((each) => each.name === value);
    return this.#find(value) !== undefined;
  }

  override elements(): readonly Value[] {
    return this.#run.facts.metrics.map((each) => new MetricObject(each, this.#run));
  }

  override length(): number {
    return this.#run.facts.metrics.length;
  }

  override isTrue(): boolean {
    return this.length() > 0;
  }

  #find(key: Value): SequenceFactsForQuery | undefined {
    charge(8);
    const [name, context, ...rest] = key instanceof Tuple ? key.items : [key];
    if (typeof name !== 'string' || rest.length > 0)
      throw typeError(
        `run.metrics takes a name, or a name and a context, not ${typeNameOf(key)}`,
        key === null,
      );
    if (context === undefined) return this.#run.facts.metric(name, '{}');
    if (!(context instanceof Dict))
      throw typeError(`a context is a dict, not ${typeNameOf(context)}`, context === null);
    charge(16);
    const text = contextText(context);
    return text === undefined ? undefined : this.#run.facts.metric(name, text);
  }
}

/** Undefined: no sequence can have such a context. */
function contextText(context: Dict): string | undefined {
  try {
    return canonicalContext(toPlain(context) as Context);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
