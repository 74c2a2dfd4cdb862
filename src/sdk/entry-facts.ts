// What a query asks of a run, answered by an entry of a scan: from the catalogue while it knows, else from
// the run itself.
//
// Spec: spec/query.md, Names. Test: test/sdk/query.test.ts.

import type { Context } from '../model/context.ts';
import { parseContext } from '../model/context.ts';
import { parseSequenceKey, sequenceKey } from '../model/sequence.ts';
import {
  type OpeningFactsForQuery,
  type PointFacts,
  pointFacts,
  type RunFactsForQuery,
  type SequenceFactsForQuery,
} from '../query/facts.ts';
import type { CatalogueEntry, CatalogueSequence } from '../store/catalogue-entry.ts';
import type { ObjectSequenceRow } from '../store/catalogue-objects.ts';
import type { ObjectKind } from '../store/object-record.ts';
import { conditionsOf, conditionsOfPieces } from '../store/point-conditions.ts';
import type { Summary } from '../store/rows.ts';
import {
  type LastSigns,
  lastOpening,
  latest,
  type OpeningFacts,
  recentOpenings,
  stateOf,
} from './openings.ts';

/** Points of a sequence that are read whatever is asked of them. */
const READ_WHOLE_MAX = 4096;

export class EntryFacts implements RunFactsForQuery {
  readonly entry: CatalogueEntry;
  readonly #signs: LastSigns;
  #sequences: readonly EntrySequence[] | undefined;
  /** By key, of those that were asked for one by one. */
  #named: Map<string, EntrySequence> | undefined;
  #lastOpenings: readonly OpeningFacts[] | undefined;

  /** `signs` of its writers that have not closed, where something asks for its state. */
  constructor(entry: CatalogueEntry, signs: LastSigns) {
    this.entry = entry;
    this.#signs = signs;
  }

  get hash(): string {
    return this.entry.hash;
  }

  get name(): string | undefined {
    return this.entry.fact('name');
  }

  get experiment(): string {
    return this.entry.fact('experiment');
  }

  get description(): string | undefined {
    return this.entry.fact('description');
  }

  get tags(): readonly string[] {
    return this.entry.fact('tags');
  }

  get notes(): readonly string[] {
    return this.entry.facts.notes.map((each) => each.text);
  }

  get archived(): boolean {
    return this.entry.fact('archived');
  }

  get createdAt(): number {
    return this.entry.fact('createdAt');
  }

  get endedAt(): number | undefined {
    return latest(this.#last.map((each) => each.closedAt));
  }

  /** Times of single changes are not kept. */
  get updatedAt(): number | undefined {
    return undefined;
  }

  get state(): RunFactsForQuery['state'] {
    return stateOf(this.entry.writers, this.#signs);
  }

  get lastSeenAt(): number | undefined {
    return latest(this.#last.map((each) => each.lastSeenAt));
  }

  /** Of the newest opening. */
  get host(): string | undefined {
    return [...this.#last].sort((a, b) => a.openedAt - b.openedAt).at(-1)?.host;
  }

  get writers(): readonly string[] {
    return this.entry.writers.map((each) => each.writer);
  }

  /** The newest of each writer, oldest first. */
  get openings(): readonly OpeningFactsForQuery[] {
    return this.entry.writers
      .flatMap((each) => recentOpenings(each, this.#signs))
      .map((each) => ({ ...each, error: each.error?.message }))
      .sort((a, b) => a.openedAt - b.openedAt);
  }

  get #last(): readonly OpeningFacts[] {
    this.#lastOpenings ??= this.entry.writers
      .map((each) => lastOpening(each, this.#signs))
      .filter((each) => each !== undefined);
    return this.#lastOpenings;
  }

  param(path: readonly string[]): unknown {
    return this.entry.param(path);
  }

  get sequences(): readonly EntrySequence[] {
    this.#sequences ??= this.entry.sequences().map((each) => new EntrySequence(this.entry, each));
    return this.#sequences;
  }

  get metrics(): readonly EntrySequence[] {
    return this.sequences;
  }

  /** Those of `metrics` whose key is wanted: of others less is read. */
  metricsWhere(isWanted: (key: string) => boolean): readonly EntrySequence[] {
    return this.entry.sequencesWhere(isWanted).map((each) => new EntrySequence(this.entry, each));
  }

  objectsWhere(
    kind: Exclude<ObjectKind, 'tables'>,
    isWanted: (key: string) => boolean,
  ): readonly EntryObjects[] {
    return this.entry
      .objects()
      .filter((each) => each.kind === kind && isWanted(each.key))
      .map((each) => new EntryObjects(kind, each));
  }

  metric(name: string, contextText: string): SequenceFactsForQuery | undefined {
    const wanted = sequenceKey(name, contextText);
    this.#named ??= new Map();
    let found = this.#named.get(wanted);
    if (found === undefined) {
      [found] = this.metricsWhere((key) => key === wanted);
      if (found !== undefined) this.#named.set(wanted, found);
    }
    return found;
  }
}

/** A sequence of objects, as far as a query asks. */
export class EntryObjects implements SequenceFactsForQuery {
  readonly kind: Exclude<ObjectKind, 'tables'>;
  readonly name: string;
  readonly context: Context;
  readonly writers: readonly string[];
  readonly count: number;
  readonly firstStep: number | undefined;
  readonly lastStep: number | undefined;

  constructor(kind: Exclude<ObjectKind, 'tables'>, row: ObjectSequenceRow) {
    const { name = '', contextText = '{}' } = parseSequenceKey(row.key) ?? {};
    this.kind = kind;
    this.name = name;
    this.context = parseContext(contextText);
    this.writers = row.writers;
    this.count = row.count;
    this.firstStep = row.firstStep;
    this.lastStep = row.lastStep;
  }
}

export class EntrySequence implements SequenceFactsForQuery {
  readonly kind = 'metric';
  readonly sequence: CatalogueSequence;
  readonly #entry: CatalogueEntry;
  #context: Context | undefined;
  #points: PointFacts | undefined;

  constructor(entry: CatalogueEntry, sequence: CatalogueSequence) {
    this.#entry = entry;
    this.sequence = sequence;
  }

  get name(): string {
    return this.sequence.name;
  }

  get context(): Context {
    this.#context ??= parseContext(this.sequence.contextText);
    return this.#context;
  }

  get writers(): readonly string[] {
    return this.sequence.writers;
  }

  get count(): number {
    return this.sequence.value('count') ?? 0;
  }

  get firstStep(): number | undefined {
    return this.sequence.value('firstStep');
  }

  get lastStep(): number | undefined {
    return this.sequence.value('lastStep');
  }

  get first(): number | undefined {
    return this.sequence.value('first');
  }

  get last(): number | undefined {
    return this.sequence.value('last');
  }

  get min(): number | undefined {
    return this.sequence.value('min');
  }

  get max(): number | undefined {
    return this.sequence.value('max');
  }

  get mean(): number | undefined {
    const count = this.count - (this.sequence.value('nanCount') ?? 0);
    const sum = this.sequence.value('sum');
    return sum === undefined || count === 0 ? undefined : sum / count;
  }

  get points(): PointFacts | undefined {
    this.#points ??= conditionsOf(this.#summary(), () => this.#detailed());
    return this.#points;
  }

  #summary(): Parameters<typeof conditionsOf>[0] {
    if (this.count === 0) return undefined;
    const value = (name: keyof Summary): number => this.sequence.value(name) as number;
    return {
      count: this.count,
      nanCount: value('nanCount'),
      first: value('first'),
      last: value('last'),
      firstStep: value('firstStep'),
      lastStep: value('lastStep'),
      min: value('min'),
      max: value('max'),
    };
  }

  /** Of few points all are read, which the catalogue may do without the run; of many, those of blocks that matter. */
  #detailed(): PointFacts {
    const { key } = this.sequence;
    if (this.count > READ_WHOLE_MAX) {
      const reader = this.#entry.reader();
      const sequence = reader.sequences().get(key);
      if (sequence !== undefined) return conditionsOfPieces(reader.pieces(sequence));
    }
    const { steps, values } = this.#entry.rows(key);
    return pointFacts(steps, values);
  }
}
