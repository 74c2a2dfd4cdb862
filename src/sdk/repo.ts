// A repo: where runs are, and what is done to whole runs.
//
// 1. Reading never creates one. `Repo.locate` only says where one would be.
// 2. Deleting a run publishes an edit first, then takes each log over with a fence of kind deleted:
//    a crash between leaves the run gone, never half.
//
// Spec: spec/directory.md. Test: test/sdk/repo.test.ts.

import { loadXxhash, nodeHost, nodeVfs, type Vfs } from '../engine/index.ts';
import { asRunlogError, attempted, RunlogError } from '../errors.ts';
import { checkMembers, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import type { Catalogue } from '../store/catalogue.ts';
import {
  checkRepo,
  createRepo,
  listHashes,
  noSuchRun,
  resolveHash,
  runPlaces,
} from '../store/repo-directory.ts';
import {
  type Aggregate,
  type AggregateCurve,
  type AggregateCurvesOptions,
  type AggregateOptions,
  aggregateCurves,
  aggregateMetrics,
} from './aggregate.ts';
import { copyContents, verifyContents } from './artifact-maintenance.ts';
import { type Asked, type AskedRepo, askMetrics, askObjects, askRuns } from './ask.ts';
import { copyRun } from './copy-run.ts';
import { deleteRun } from './delete-run.ts';
import {
  type EvaluatedMetric,
  type EvaluatedRun,
  evaluateMetrics,
  evaluateRuns,
} from './evaluate.ts';
import {
  checkFollowRepoOptions,
  type FollowRepoOptions,
  followRepo,
  type RepoFollowEvent,
} from './follow-repo.ts';
import type { Metric } from './metric.ts';
import { type MissingName, missingNames } from './missing-names.ts';
import { moveRun } from './move-run.ts';
import type { ObjectSequence } from './objects/object-sequence.ts';
import { checkProgress, type ProgressOptions } from './progress.ts';
import type { QueryOptions } from './query-options.ts';
import { type RepairReport, repairRepo } from './repair-repo.ts';
import { type RepoKeys, repoKeys } from './repo-keys.ts';
import {
  type CompactOptions,
  type CompactReport,
  compactRepo,
  type RepoReport,
  type RepoSize,
  repoSize,
  verifyRepo,
} from './repo-maintenance.ts';
import { placeOfRepo } from './repo-place.ts';
import { RunView } from './run-view.ts';

/** How a repo is opened. */
export interface RepoOptions {
  /**
   * Refuses with RUN_READ_ONLY what would change the repo through this object: recording into it,
   * edit, delete, move, repair, compact. Default false; opening creates no repo either way.
   */
  readonly readOnly?: boolean | undefined;
}

const openNames = new Set(['readOnly']);

/** A directory of runs: looked through, asked and kept in order. From `Repo.open`. */
export class Repo {
  /** The `.aim` directory. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly #vfs: Vfs;
  #catalogue: Promise<Catalogue> | undefined;

  private constructor(path: string, vfs: Vfs, readOnly: boolean) {
    this.path = path;
    this.#vfs = vfs;
    this.readOnly = readOnly;
  }

  /**
   * Opens the repo of `path` ('~' expands; `<path>/.aim`, or the path itself when it ends in `.aim`).
   * Without a path: RUNLOG_REPO, else the nearest above the current directory.
   *
   * @throws TypeError; RunlogError REPO_NOT_FOUND saying where it looked, FORMAT_TOO_NEW, CORRUPT.
   */
  static async open(path?: string, options: RepoOptions = {}): Promise<Repo> {
    const vfs = nodeVfs();
    await loadXxhash();
    checkMembers(options, 'options', openNames);
    checkType(options.readOnly, 'boolean', 'readOnly');
    const repo = Repo.#at(path, vfs, options.readOnly ?? false);
    try {
      checkRepo(vfs, repo.path);
    } catch (error) {
      throw asRunlogError(error, repo.path);
    }
    return repo;
  }

  /** Creates the repo of `path` unless it is there, and opens it. */
  static async create(path?: string): Promise<Repo> {
    const vfs = nodeVfs();
    const repo = await Repo.locate(path, vfs);
    try {
      createRepo(vfs, repo.path);
    } catch (error) {
      throw asRunlogError(error, repo.path);
    }
    return repo;
  }

  /** @internal Where a run is opened: need not exist yet. */
  static async locate(path: string | undefined, vfs: Vfs): Promise<Repo> {
    await loadXxhash();
    return Repo.#at(path, vfs, false);
  }

  static #at(path: unknown, vfs: Vfs, readOnly: boolean): Repo {
    return new Repo(placeOfRepo(path, vfs), vfs, readOnly);
  }

  /**
   * The run of this hash: the whole of it, or a prefix of at least 4 characters that no other run has.
   * Undefined when there is none.
   *
   * @throws TypeError; RunlogError HASH_AMBIGUOUS naming those that begin so, CORRUPT, IO.
   */
  async run(hash: string): Promise<RunView | undefined> {
    if (typeof hash !== 'string')
      throw new TypeError(`hash: expected a string, got ${given(hash)}`);
    const whole = resolveHash(this.#vfs, this.path, hash);
    return whole === undefined ? undefined : this.#view(whole);
  }

  /**
   * Hashes of all runs, sorted. Opens none: those of deleted and of unreadable runs are among them.
   *
   * @throws RunlogError IO.
   */
  hashes(): string[] {
    try {
      return listHashes(this.#vfs, this.path);
    } catch (error) {
      throw asRunlogError(error, this.path);
    }
  }

  async #view(hash: string): Promise<RunView | undefined> {
    try {
      return await RunView.open(this.#vfs, this.path, hash, this.readOnly);
    } catch (error) {
      throw asRunlogError(error, runPlaces(this.path, hash).directory);
    }
  }

  #refuseReadOnly(): void {
    if (!this.readOnly) return;
    throw new RunlogError(
      'RUN_READ_ONLY',
      `${this.path}: the repo was opened with readOnly; open it without to change it`,
    );
  }

  /**
   * The runs that match the query (spec/query.md), as `run.hparams.lr > 1e-3`; without one all that are not
   * archived. Newest first unless `order` says otherwise. A run that cannot be read does not end the others:
   * it is left out, and told to `onUnreadable`.
   *
   * @throws TypeError, RangeError naming the option, at the first step; RunlogError QUERY_SYNTAX with line and
   * column, QUERY_EVALUATION where `strict` is given, LIMIT, ABORTED, IO.
   */
  runs(query?: string, options?: QueryOptions): AsyncGenerator<RunView>;
  runs(options: QueryOptions): AsyncGenerator<RunView>;
  runs(...question: Asked): AsyncGenerator<RunView> {
    return askRuns(this.#asked, ...question);
  }

  /** The metrics that match, as `metric.name == 'loss' and run.hparams.lr > 1e-3`. @throws as `runs`. */
  metrics(query?: string, options?: QueryOptions): AsyncGenerator<Metric>;
  metrics(options: QueryOptions): AsyncGenerator<Metric>;
  metrics(...question: Asked): AsyncGenerator<Metric> {
    return askMetrics(this.#asked, ...question);
  }

  /** The sequences of images that match, as `images.name == 'generated'`. @throws as `runs`. */
  images(query?: string, options?: QueryOptions): AsyncGenerator<ObjectSequence<'images'>> {
    return askObjects(this.#asked, 'images', query, options);
  }

  /** @throws as `runs`. */
  texts(query?: string, options?: QueryOptions): AsyncGenerator<ObjectSequence<'texts'>> {
    return askObjects(this.#asked, 'texts', query, options);
  }

  /** @throws as `runs`. */
  distributions(
    query?: string,
    options?: QueryOptions,
  ): AsyncGenerator<ObjectSequence<'distributions'>> {
    return askObjects(this.#asked, 'distributions', query, options);
  }

  /** @throws as `runs`. */
  figures(query?: string, options?: QueryOptions): AsyncGenerator<ObjectSequence<'figures'>> {
    return askObjects(this.#asked, 'figures', query, options);
  }

  /**
   * A number of each matching metric, by groups: how many, mean, median, standard deviation, least and
   * greatest. @throws as `runs`.
   */
  aggregate(query?: string, options?: AggregateOptions): Promise<Aggregate[]> {
    return aggregateMetrics(this.#asked, query, options);
  }

  /** The matching metrics as curves, aligned by step, by groups. @throws as `runs`. */
  aggregateCurves(query?: string, options?: AggregateCurvesOptions): Promise<AggregateCurve[]> {
    return aggregateCurves(this.#asked, query, options);
  }

  /**
   * What queries may name: params with their types and example values, metrics and the contexts that they
   * are tracked under, of the runs that match. @throws as `runs`.
   */
  keys(query?: string, options?: QueryOptions): Promise<RepoKeys> {
    return repoKeys(this.#asked, query, options);
  }

  /** What expressions, as `run.hparams.lr`, come to in each run that matches. @throws as `runs`. */
  evaluateRuns(
    expressions: string | readonly string[],
    query?: string,
    options?: QueryOptions,
  ): Promise<EvaluatedRun[]> {
    return evaluateRuns(this.#asked, expressions, query, options);
  }

  /** The same in each metric that matches, as `metric.mean`. @throws as `runs`. */
  evaluateMetrics(
    expressions: string | readonly string[],
    query?: string,
    options?: QueryOptions,
  ): Promise<EvaluatedMetric[]> {
    return evaluateMetrics(this.#asked, expressions, query, options);
  }

  /**
   * Why an answer is empty: what the query, asked of `kind`, names and no run has, with what is near. Goes
   * through all runs. @throws RunlogError QUERY_SYNTAX, LIMIT, IO.
   */
  missingNames(query: string, kind?: 'run' | 'metric'): Promise<MissingName[]> {
    return missingNames(this.#asked, query, kind);
  }

  get #asked(): AskedRepo {
    return {
      vfs: this.#vfs,
      path: this.path,
      readOnly: this.readOnly,
      catalogue: () => this.catalogue(),
    };
  }

  /**
   * What happens in every run of the repo, also in those that begin later: each event once, in the
   * order of each writer, until the loop is left.
   *
   * @throws TypeError naming the option; RunlogError ABORTED by the signal, CORRUPT, IO.
   */
  follow(options: FollowRepoOptions = {}): AsyncGenerator<RepoFollowEvent> {
    checkFollowRepoOptions(options);
    return followRepo(this.#vfs, this.path, options);
  }

  /** @internal What is known of every run without opening it; loaded when it is first asked for. */
  catalogue(): Promise<Catalogue> {
    this.#catalogue ??= import('../store/catalogue.ts').then(
      (loaded) => new loaded.Catalogue(this.#vfs, this.path, { readOnly: this.readOnly }),
    );
    return this.#catalogue;
  }

  /** Checks every byte of every run and of what it has logged, and changes nothing. */
  async verify(options: ProgressOptions = {}): Promise<RepoReport> {
    const tell = checkProgress(options);
    return attempted(this.path, async () => {
      const report = await verifyRepo(this.#vfs, this.path, tell);
      const damaged = [...report.damaged, ...(await verifyContents(this.#vfs, this.path, tell))];
      return { ...report, ok: damaged.length === 0, damaged };
    });
  }

  /** Makes damaged runs writable again, keeping the damaged bytes aside. Those that somebody writes are `held`. */
  async repair(): Promise<RepairReport> {
    this.#refuseReadOnly();
    return attempted(this.path, () => repairRepo(this.#vfs, this.path));
  }

  /**
   * Seals and rewrites what nobody writes: killed runs, small leftovers. Live runs are left alone. Of
   * deleted runs a small tombstone stays. Contents of artifacts go that no run refers to, a day after they
   * were last logged.
   */
  async compact(options: CompactOptions = {}): Promise<CompactReport> {
    this.#refuseReadOnly();
    return attempted(this.path, () => compactRepo(this.#vfs, this.path, options));
  }

  /** Runs that are there, and what they take on disk. */
  async size(options: ProgressOptions = {}): Promise<RepoSize> {
    const tell = checkProgress(options);
    return attempted(this.path, async () => repoSize(this.#vfs, this.path, tell));
  }

  /**
   * Deletes a run, by its whole hash. What stays is a small tombstone: a late opener is no second owner.
   *
   * @throws RunlogError RUN_NOT_FOUND; RUN_LOCKED while a writer is alive.
   */
  async delete(hash: string): Promise<void> {
    this.#refuseReadOnly();
    const { hash: whole } = await this.#existing(hash);
    if (whole !== hash)
      throw new RunlogError('RUN_NOT_FOUND', `${hash}: no whole hash; ${whole} begins so`);
    const places = runPlaces(this.path, hash);
    try {
      await deleteRun({ vfs: this.#vfs, host: nodeHost(), places, hash });
    } catch (error) {
      throw asRunlogError(error, places.directory);
    }
  }

  async #existing(hash: string): Promise<RunView> {
    const view = await this.run(hash);
    if (view !== undefined) return view;
    throw noSuchRun(this.#vfs, this.path, hash);
  }

  /**
   * Copies a run as it is now to another repo, which is made if it is not there.
   *
   * @throws TypeError; RangeError when the other one holds a run of this hash; RunlogError RUN_NOT_FOUND,
   * RUN_READ_ONLY, CORRUPT, IO.
   */
  async copy(hash: string, other: string | Repo): Promise<void> {
    const view = await this.#existing(hash);
    const target = await targetOf(other);
    target.#refuseReadOnly();
    const from = runPlaces(this.path, view.hash);
    const to = runPlaces(target.path, view.hash);
    try {
      await copyRun(this.#vfs, from, to, view.hash, () =>
        copyContents(this.#vfs, this.path, target.path, to, view.hash),
      );
    } catch (error) {
      throw asRunlogError(error, to.directory);
    }
  }

  /**
   * Copies, then deletes here. One that is written while it is copied is copied again.
   *
   * @throws as `copy`; RunlogError RUN_LOCKED while a writer is alive, or when writers keep coming.
   */
  async move(hash: string, other: string | Repo): Promise<void> {
    this.#refuseReadOnly();
    const { hash: whole } = await this.#existing(hash);
    const target = await targetOf(other);
    await moveRun(this.#vfs, whole, runPlaces(this.path, whole), {
      copy: () => this.copy(whole, target),
      discard: () => target.delete(whole),
      remove: () => this.delete(whole),
    });
  }

  /** Nothing is held open between calls; for symmetry with `open`. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A path that was forgotten is not the nearest repo. */
async function targetOf(other: string | Repo): Promise<Repo> {
  if (other instanceof Repo) return other;
  if (typeof other === 'string' && other !== '') return Repo.create(other);
  throw new TypeError(`other: expected a path or a Repo, got ${given(other)}`);
}
