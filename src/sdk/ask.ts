// Questions to a repo, as `Repo` takes them: rows of a scan made into views, metrics and sequences.
//
// 1. Loaded late: the language and what it stands on cost an import what few programs use.
//
// Spec: spec/query.md. Test: test/sdk/query.test.ts.

import type { Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError, throwIfAborted } from '../errors.ts';
import type { Context } from '../model/context.ts';
import { given, isPlainObject } from '../model/given.ts';
import type { Catalogue } from '../store/catalogue.ts';
import type { CatalogueEntry } from '../store/catalogue-entry.ts';
import type { ObjectKind } from '../store/object-record.ts';
import { runPlaces } from '../store/repo-directory.ts';
import { RunReader } from '../store/run-reader.ts';
import type { Metric } from './metric.ts';
import { type ObjectSequence, RunObjects } from './objects/object-sequence.ts';
import { checkQueryOptions, type QueryOptions } from './query-options.ts';
import { RunView } from './run-view.ts';
import type { Row } from './scan.ts';

export interface AskedRepo {
  readonly vfs: Vfs;
  /** The `.aim` directory. */
  readonly path: string;
  readonly readOnly: boolean;
  catalogue(): Promise<Catalogue>;
}

/** A query may be left out: the first argument is the options then. */
export type Asked = readonly [
  query?: string | QueryOptions | undefined,
  options?: QueryOptions | undefined,
];

function asked([query = '', options]: Asked): { text: string; options: QueryOptions } {
  if (typeof query === 'string') return { text: query, options: options ?? {} };
  if (!isPlainObject(query) || options !== undefined)
    throw new TypeError(`query: expected a string, got ${given(query)}`);
  return { text: '', options: query };
}

interface Answer {
  readonly rows: Row[];
  readonly signal: AbortSignal | undefined;
  readonly onUnreadable: QueryOptions['onUnreadable'];
}

/** `wanted`: expressions whose values each row brings. */
export async function rowsOf(
  repo: AskedRepo,
  kind: 'run' | 'metric' | Exclude<ObjectKind, 'tables'>,
  question: Asked,
  wanted: readonly string[] = [],
): Promise<Answer> {
  const { text, options } = asked(question);
  const checked = checkQueryOptions(options);
  const { RowScan } = await import('./scan.ts');
  const place = { vfs: repo.vfs, path: repo.path, catalogue: await repo.catalogue() };
  const scan = await RowScan.of(place, kind, text, checked, wanted);
  const { signal, onUnreadable } = options;
  return { rows: await scan.rows(), signal, onUnreadable };
}

/** The runs that match. @throws TypeError, RangeError; RunlogError QUERY_SYNTAX, QUERY_EVALUATION, LIMIT. */
export async function* askRuns(repo: AskedRepo, ...question: Asked): AsyncGenerator<RunView> {
  const { rows, signal } = await rowsOf(repo, 'run', question);
  for (const { entry } of taken(rows)) {
    throwIfAborted(signal);
    const view = await viewOf(repo, entry);
    if (view !== undefined) yield view;
  }
}

/** The metrics that match, each with its run. */
export async function* askMetrics(repo: AskedRepo, ...question: Asked): AsyncGenerator<Metric> {
  const { rows, signal } = await rowsOf(repo, 'metric', question);
  const views = new Views(repo);
  for (const row of taken(rows)) {
    throwIfAborted(signal);
    const metric = await views.metricOf(row);
    if (metric !== undefined) yield metric;
  }
}

/** The sequences of one kind of objects that match. */
export async function* askObjects<Kind extends Exclude<ObjectKind, 'tables'>>(
  repo: AskedRepo,
  kind: Kind,
  ...question: Asked
): AsyncGenerator<ObjectSequence<Kind>> {
  const { rows, signal, onUnreadable } = await rowsOf(repo, kind, question);
  const runs = new ReadRuns(repo, onUnreadable);
  for (const row of taken(rows)) {
    throwIfAborted(signal);
    const { name, context } = row.sequence as { name: string; context: Context };
    const sequence = runs.of(row)?.one(kind, name, context);
    if (sequence !== undefined) yield sequence;
  }
}

/** Objects of the runs of rows, which the scan has not read: of the last one they are held. */
class ReadRuns {
  readonly #repo: AskedRepo;
  readonly #onUnreadable: QueryOptions['onUnreadable'];
  #last: { readonly hash: string; readonly objects: RunObjects | undefined } | undefined;

  constructor(repo: AskedRepo, onUnreadable: QueryOptions['onUnreadable']) {
    this.#repo = repo;
    this.#onUnreadable = onUnreadable;
  }

  /** Undefined: the run is gone since, or cannot be read, which is told. */
  of({ entry: { hash } }: Row): RunObjects | undefined {
    if (this.#last?.hash !== hash) this.#last = { hash, objects: this.#read(hash) };
    return this.#last.objects;
  }

  #read(hash: string): RunObjects | undefined {
    const { vfs, path } = this.#repo;
    const places = runPlaces(path, hash);
    try {
      if (vfs.stat(places.edits) === undefined) return undefined;
      const reader = RunReader.snapshot(vfs, places);
      if (reader.facts === undefined || reader.facts.isDeleted) return undefined;
      const objects = new RunObjects(hash, reader);
      objects.all();
      return objects;
    } catch (thrown) {
      const error = asRunlogError(thrown, places.directory);
      if (!(error instanceof RunlogError)) throw error;
      this.#onUnreadable?.(hash, error);
      return undefined;
    }
  }
}

/** Undefined: it was deleted since the scan. What the scan had to read, the catalogue mostly knows by now. */
async function viewOf(repo: AskedRepo, scanned: CatalogueEntry): Promise<RunView | undefined> {
  const entry = scanned.isFromCatalogue ? scanned : (await repo.catalogue()).run(scanned.hash);
  return entry && RunView.ofEntry(repo.vfs, repo.path, entry, repo.readOnly);
}

/** Each of the rows, none of which is held then: what was read of its run goes with it. */
export function* taken(rows: (Row | undefined)[]): Generator<Row> {
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] as Row;
    rows[index] = undefined;
    yield row;
  }
}

/** One view a run, however many of its metrics match; none is held for its own sake but the last. */
export class Views {
  readonly #repo: AskedRepo;
  readonly #views = new Map<string, WeakRef<RunView>>();
  #last: RunView | undefined;

  constructor(repo: AskedRepo) {
    this.#repo = repo;
  }

  async #of({ entry }: Row): Promise<RunView | undefined> {
    if (this.#last?.hash === entry.hash) return this.#last;
    const view = this.#views.get(entry.hash)?.deref() ?? (await viewOf(this.#repo, entry));
    if (view === undefined) return undefined;
    this.#last = view;
    this.#views.set(entry.hash, new WeakRef(view));
    return view;
  }

  /** Undefined: it is gone since. */
  async metricOf(row: Row): Promise<Metric | undefined> {
    const { name, context } = row.sequence as { name: string; context: Context };
    return (await this.#of(row))?.metric(name, context);
  }
}
