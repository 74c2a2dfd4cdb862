// Asking the runs of a repo: which of them match, or which of their sequences do, in an order.
//
// 1. Each run is evaluated in its turn of the scan; of one that does not match nothing is kept, of one that
//    does its entry. A view, or a sequence, is made when its row is given.
// 2. What can be decided of a run is decided before its sequences are opened; this loses no row.
// 3. What can be decided by the name and context of a sequence is decided once in a scan.
// 4. The event loop is let go every few milliseconds, however long the scan is.
//
// Spec: spec/query.md. Test: test/sdk/query.test.ts.

import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError, throwIfAborted } from '../errors.ts';
import { durations } from '../limits.ts';
import { parseContext } from '../model/context.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import {
  MetricObject,
  orderPlain,
  parseQuery,
  parseRowValue,
  type Query,
  RowFailures,
  type RowKind,
  type RowValue,
  RunObject,
} from '../query/query.ts';
import type { Catalogue } from '../store/catalogue.ts';
import type { CatalogueEntry } from '../store/catalogue-entry.ts';
import { runPlaces } from '../store/repo-directory.ts';
import { EntryFacts, type EntryObjects, type EntrySequence } from './entry-facts.ts';
import { type LastSigns, lastSignsOf } from './openings.ts';
import type { CheckedQueryOptions } from './query-options.ts';

export interface ScanPlace {
  readonly vfs: Vfs;
  /** The `.aim` directory. */
  readonly path: string;
  readonly catalogue: Catalogue;
}

/** A row that matches. */
export interface Row {
  readonly entry: CatalogueEntry;
  /** Of a query for sequences: the one that matches. */
  readonly sequence: EntrySequence | EntryObjects | undefined;
  readonly createdAt: number;
  /** Values of the expressions that were asked for with it. */
  readonly values: readonly unknown[];
}

/** Properties that need to know whether the writer of a run that has not closed is alive. */
const needSigns = ['state', 'active', 'duration', 'openings'];

const ofTheQuery: readonly string[] = ['QUERY_EVALUATION', 'LIMIT'];

const NO_SIGNS: LastSigns = new Map();

/** Contexts may differ in every run. */
const NAMES_KEPT = 65_536;

export class RowScan {
  readonly #place: ScanPlace;
  readonly #options: CheckedQueryOptions;
  readonly #query: Query;
  readonly #kind: RowKind;
  /** Evaluated of each row that matches; the last of them is the order, where that is an expression. */
  readonly #wanted: readonly RowValue[];
  readonly #failures: RowFailures | undefined;
  readonly #names: NamesOfScan;

  private constructor(
    place: ScanPlace,
    query: Query,
    wanted: readonly RowValue[],
    options: CheckedQueryOptions,
  ) {
    this.#place = place;
    this.#query = query;
    this.#kind = query.kind;
    this.#wanted = wanted;
    this.#options = options;
    this.#failures = options.strict ? undefined : new RowFailures();
    this.#names = new NamesOfScan(query);
  }

  /** `wanted`: expressions whose values each row brings. @throws TypeError; RunlogError QUERY_SYNTAX, LIMIT. */
  static async of(
    place: ScanPlace,
    kind: RowKind,
    text: string,
    options: CheckedQueryOptions,
    wanted: readonly string[] = [],
  ): Promise<RowScan> {
    const query = await parseQuery(text, kind, options.archived);
    const expressions = isByTime(options.order) ? wanted : [...wanted, options.order];
    const values: RowValue[] = [];
    for (const each of expressions) values.push(await parseRowValue(each, kind));
    return new RowScan(place, query, values, options);
  }

  /** The rows that match, in order, from `offset` on, `limit` of them. @throws RunlogError. */
  async rows(): Promise<Row[]> {
    const found = await this.#found();
    const { offset, limit, onFailures } = this.#options;
    const kinds = this.#failures?.kinds ?? [];
    if (kinds.length > 0) onFailures?.(kinds);
    return found.sort(this.#compare()).slice(offset, offset + limit);
  }

  /** Waits only where something has to be waited for: there are many runs, and few that match. */
  async #found(): Promise<Row[]> {
    const { catalogue } = this.#place;
    const { signal, onUnreadable, maxAgeMs = 0 } = this.#options;
    const sequences = this.#asksForSequences();
    const objects = this.#asksForObjects();
    const needsSigns = this.#needsSigns();
    const found: Row[] = [];
    let start = performance.now();
    for (const entry of catalogue.scan({ sequences, objects, onUnreadable, maxAgeMs })) {
      throwIfAborted(signal);
      const rows = needsSigns ? await this.#withSigns(entry) : this.#readable(entry, NO_SIGNS);
      for (const row of rows) found.push(row);
      if (performance.now() - start < durations.sliceMs) continue;
      await nextTurn();
      start = performance.now();
    }
    return found;
  }

  #asksForSequences(): boolean {
    const asks = ({ reads }: Query | RowValue): boolean =>
      reads.metrics.size > 0 || reads.hasOtherMetrics;
    return this.#kind === 'metric' || [this.#query, ...this.#wanted].some(asks);
  }

  #asksForObjects(): boolean {
    return !['run', 'metric', 'audios'].includes(this.#kind);
  }

  #needsSigns(): boolean {
    return [this.#query, ...this.#wanted].some(({ reads }) =>
      needSigns.some((each) => reads.runProperties.has(each)),
    );
  }

  async #withSigns(entry: CatalogueEntry): Promise<Row[]> {
    const { vfs, path } = this.#place;
    let signs: LastSigns;
    try {
      signs = await lastSignsOf(vfs, runPlaces(path, entry.hash), entry.writers);
    } catch (thrown) {
      return this.#unreadable(entry, thrown);
    }
    return this.#readable(entry, signs);
  }

  /** A run of which something that is asked for cannot be read is told, and does not end the others. */
  #readable(entry: CatalogueEntry, signs: LastSigns): Row[] {
    try {
      const facts = new EntryFacts(entry, signs);
      return this.#rowsOf(facts, new RunObject(facts));
    } catch (thrown) {
      return this.#unreadable(entry, thrown);
    }
  }

  /** @throws what is the query's fault, or ours. */
  #unreadable({ hash }: CatalogueEntry, thrown: unknown): Row[] {
    const error = asRunlogError(thrown, runPlaces(this.#place.path, hash).directory);
    if (!(error instanceof RunlogError) || ofTheQuery.includes(error.code)) throw error;
    this.#options.onUnreadable?.(hash, error);
    return [];
  }

  #rowsOf(facts: EntryFacts, run: RunObject): Row[] {
    if (this.#kind === 'run')
      return this.#query.matches(run, undefined, this.#failures) ? [this.#row(facts, run)] : [];
    if (!this.#query.mayMatch(run, this.#options.strict)) return [];
    return this.#sequencesOf(facts).flatMap((each) => {
      const object = new MetricObject(each, run);
      return this.#query.matches(run, object, this.#failures)
        ? [this.#row(facts, run, each, object)]
        : [];
    });
  }

  #sequencesOf(facts: EntryFacts): readonly (EntrySequence | EntryObjects)[] {
    const kind = this.#kind;
    // Nobody tracks them here.
    if (kind === 'audios') return [];
    const mayMatch = (key: string): boolean => this.#names.mayMatch(key);
    return kind === 'metric' || kind === 'run'
      ? facts.metricsWhere(mayMatch)
      : facts.objectsWhere(kind, mayMatch);
  }

  #row(
    facts: EntryFacts,
    run: RunObject,
    sequence?: EntrySequence | EntryObjects,
    object?: MetricObject,
  ): Row {
    const values = this.#wanted.map((each) => each.value(run, object, this.#failures));
    return { entry: facts.entry, sequence, createdAt: facts.createdAt, values };
  }

  #compare(): (a: Row, b: Row) => number {
    const { order, descending = false } = this.#options;
    const newest = (a: Row, b: Row): number =>
      b.createdAt - a.createdAt || (a.entry.hash < b.entry.hash ? -1 : Number(a.entry !== b.entry));
    if (order === 'newest') return newest;
    if (order === 'oldest') return (a, b) => (a.entry === b.entry ? 0 : newest(b, a));
    return (a, b) => {
      const [first, second] = [a.values.at(-1), b.values.at(-1)];
      return orderPlain(first, second, descending) || newest(a, b);
    };
  }
}

/** Names and contexts that the query was asked of in this scan: there are few, in many runs. */
class NamesOfScan {
  readonly #query: Query;
  readonly #mayMatch = new Map<string, boolean>();

  constructor(query: Query) {
    this.#query = query;
  }

  /** False: no sequence of this key matches, or fails. */
  mayMatch(key: string): boolean {
    if (this.#query.nameCondition === undefined) return true;
    const known = this.#mayMatch.get(key);
    if (known !== undefined) return known;
    const mayMatch = this.#ask(key);
    if (this.#mayMatch.size >= NAMES_KEPT) this.#mayMatch.clear();
    this.#mayMatch.set(key, mayMatch);
    return mayMatch;
  }

  #ask(key: string): boolean {
    const { kind } = this.#query;
    const parsed = parseSequenceKey(key);
    if (parsed === undefined || kind === 'run') return true;
    const { name, contextText } = parsed;
    return this.#query.mayMatchName({ kind, name, context: parseContext(contextText) });
  }
}

export const isByTime = (order: string): boolean => order === 'newest' || order === 'oldest';
