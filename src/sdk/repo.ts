// A repo: where runs are, and what is done to whole runs.
//
// 1. Reading never creates one. `Repo.locate` only says where one would be.
// 2. Deleting a run publishes an edit first, then takes each log over with a fence of kind deleted:
//    a crash between leaves the run gone, never half.
//
// Spec: spec/directory.md. Test: test/sdk/repo.test.ts.

import { homedir } from 'node:os';
import { join } from 'node:path';

import {
  type Damage,
  Log,
  loadXxhash,
  nodeHost,
  nodeVfs,
  readHolder,
  type Vfs,
} from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { given } from '../model/given.ts';
import { publishEdit, readFacts, syncEdits, verifyEdits } from '../store/edits.ts';
import {
  checkRepo,
  createRepo,
  listHashes,
  listIfThere,
  listWriters,
  repoPathOf,
  resolveHash,
  runPlaces,
  searchRepo,
} from '../store/repo-directory.ts';
import { rewriteRun } from '../store/rewrite-run.ts';
import { runFold } from '../store/run-state.ts';
import { copyRun } from './copy-run.ts';
import { RunView } from './run-view.ts';

export interface RepoOptions {
  /** Default false: then the repo is still not created by opening it. */
  readonly readOnly?: boolean;
}

export interface RunsOptions {
  /** At most so many. */
  readonly limit?: number;
  /** Default 'newest'. */
  readonly order?: 'newest' | 'oldest';
  readonly signal?: AbortSignal;
  /** Also archived runs. Default false. */
  readonly archived?: boolean;
}

export interface RepoReport {
  readonly ok: boolean;
  readonly damaged: readonly Damage[];
  /** Unfinished ends: the mark of crashes, no damage. */
  readonly torn: readonly {
    readonly file: string;
    readonly offset: number;
    readonly size: number;
  }[];
}

export interface RepoSize {
  readonly runs: number;
  readonly files: number;
  /** Apparent size. */
  readonly bytes: number;
}

export class Repo {
  /** The `.aim` directory. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly #vfs: Vfs;

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
    await loadXxhash();
    const repo = Repo.#at(path, vfs, false);
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
    if (path !== undefined && (typeof path !== 'string' || path === '')) {
      throw new TypeError(`repo: expected a path, got ${given(path)}`);
    }
    const wanted = path ?? process.env['RUNLOG_REPO'];
    const found = wanted === undefined ? searchRepo(vfs, process.cwd()) : undefined;
    return new Repo(found ?? repoPathOf(wanted ?? process.cwd(), homedir()), vfs, readOnly);
  }

  /** The run of this hash, exact or a unique prefix; undefined when there is none. */
  async run(hash: string): Promise<RunView | undefined> {
    if (typeof hash !== 'string')
      throw new TypeError(`hash: expected a string, got ${given(hash)}`);
    const whole = resolveHash(this.#vfs, this.path, hash);
    return whole === undefined ? undefined : RunView.open(this.#vfs, this.path, whole);
  }

  /** The runs of the repo, newest first. A run that cannot be read is passed over; `verify` names it. */
  async *runs(options: RunsOptions = {}): AsyncGenerator<RunView> {
    const {
      limit = Number.POSITIVE_INFINITY,
      order = 'newest',
      signal,
      archived = false,
    } = options;
    if (typeof limit !== 'number' || limit < 0)
      throw new RangeError(`limit: expected a number from 0 on, got ${given(limit)}`);
    if (order !== 'newest' && order !== 'oldest')
      throw new RangeError(`order: expected 'newest' or 'oldest', got ${given(order)}`);
    const dated = listHashes(this.#vfs, this.path)
      .map((hash) => ({ hash, facts: this.#factsOf(hash) }))
      .filter(
        ({ facts }) => facts !== undefined && !facts.isDeleted && (archived || !facts.archived),
      )
      .sort(
        (a, b) =>
          (b.facts?.createdAt ?? 0) - (a.facts?.createdAt ?? 0) || (a.hash < b.hash ? -1 : 1),
      );
    if (order === 'oldest') dated.reverse();
    let count = 0;
    for (const { hash } of dated) {
      if (signal?.aborted)
        throw new RunlogError('ABORTED', 'the signal was aborted', { cause: signal.reason });
      if (count >= limit) return;
      const view = await RunView.open(this.#vfs, this.path, hash);
      if (view === undefined) continue;
      count += 1;
      yield view;
    }
  }

  #factsOf(hash: string): ReturnType<typeof readFacts> {
    try {
      return readFacts(this.#vfs, runPlaces(this.path, hash).edits);
    } catch {
      return undefined;
    }
  }

  /** Checks every byte of every run and changes nothing. */
  async verify(): Promise<RepoReport> {
    const damaged: Damage[] = [];
    const torn: { file: string; offset: number; size: number }[] = [];
    for (const hash of listHashes(this.#vfs, this.path)) {
      const places = runPlaces(this.path, hash);
      if (this.#vfs.stat(places.edits) !== undefined)
        damaged.push(...verifyEdits(this.#vfs, places.edits));
      for (const writer of listWriters(this.#vfs, places.logs)) {
        const report = await Log.verify(join(places.logs, writer), { vfs: this.#vfs });
        damaged.push(...report.damaged);
        if (report.torn !== undefined) torn.push(report.torn);
      }
    }
    return { ok: damaged.length === 0, damaged, torn };
  }

  /** Makes damaged runs writable again, keeping the damaged bytes aside. What it could not keep is told. */
  async repair(): Promise<{ readonly repaired: readonly string[] }> {
    const repaired: string[] = [];
    for (const hash of listHashes(this.#vfs, this.path)) {
      const { logs } = runPlaces(this.path, hash);
      for (const writer of listWriters(this.#vfs, logs)) {
        repaired.push(...(await Log.repair(join(logs, writer), { vfs: this.#vfs })));
      }
    }
    return { repaired };
  }

  /** Seals and rewrites what nobody writes: killed runs, small leftovers. Live runs are left alone. */
  async compact(): Promise<{ readonly rewritten: number; readonly skipped: number }> {
    let rewritten = 0;
    let skipped = 0;
    for (const hash of listHashes(this.#vfs, this.path)) {
      const { logs } = runPlaces(this.path, hash);
      for (const writer of listWriters(this.#vfs, logs)) {
        if (await this.#compactLog(join(logs, writer))) rewritten += 1;
        else skipped += 1;
      }
    }
    return { rewritten, skipped };
  }

  async #compactLog(directory: string): Promise<boolean> {
    try {
      const log = await Log.open(directory, {
        vfs: this.#vfs,
        owner: 'maintenance',
        rewrite: rewriteRun,
        fold: runFold,
      });
      await log.rewrite();
      await log.close();
      return true;
    } catch (error) {
      if (
        error instanceof RunlogError &&
        ['RUN_LOCKED', 'CORRUPT', 'RUN_FENCED'].includes(error.code)
      )
        return false;
      throw error;
    }
  }

  async size(): Promise<RepoSize> {
    const runs = listHashes(this.#vfs, this.path).length;
    const total = { files: 0, bytes: 0 };
    const walk = (path: string): void => {
      const facts = this.#vfs.stat(path);
      if (facts === undefined) return;
      if (!facts.isDirectory) {
        total.files += 1;
        total.bytes += facts.size;
        return;
      }
      for (const name of listIfThere(this.#vfs, path)) walk(join(path, name));
    };
    walk(join(this.path, 'runs'));
    return { runs, ...total };
  }

  /**
   * Deletes a run. What stays of it is a small tombstone, so that a late opener of the same hash
   * cannot become a second owner.
   *
   * @throws RunlogError RUN_NOT_FOUND; RUN_LOCKED while a writer is alive.
   */
  async delete(hash: string): Promise<void> {
    const view = await this.#existing(hash);
    const places = runPlaces(this.path, view.hash);
    const writers = listWriters(this.#vfs, places.logs);
    for (const writer of writers) {
      const holder = await readHolder(this.#vfs, nodeHost(), join(places.logs, writer));
      if (holder?.kind === 'writer' && holder.state === 'alive') {
        throw new RunlogError(
          'RUN_LOCKED',
          `${view.hash}: writer ${writer} is alive (process ${holder.owner.pid} on ${holder.owner.host}); end it before deleting the run`,
        );
      }
    }
    const life = readFacts(this.#vfs, places.edits)?.life ?? '';
    publishEdit(this.#vfs, places.edits, { kind: 'deleted', time: Date.now(), life, changes: [] });
    syncEdits(this.#vfs, places.edits);
    for (const writer of writers) {
      const log = await Log.open(join(places.logs, writer), {
        vfs: this.#vfs,
        owner: 'deleted',
        force: true,
        fresh: true,
      });
      await log.close();
    }
  }

  async #existing(hash: string): Promise<RunView> {
    const view = await this.run(hash);
    if (view !== undefined) return view;
    throw new RunlogError(
      'RUN_NOT_FOUND',
      `${hash}: no such run in ${this.path}; \`runlog ls\` lists them`,
    );
  }

  /** Copies a run as it is now to another repo, which is made if it is not there. */
  async copy(hash: string, other: string | Repo): Promise<void> {
    const view = await this.#existing(hash);
    const target = other instanceof Repo ? other : await Repo.create(other);
    await copyRun(
      this.#vfs,
      runPlaces(this.path, view.hash),
      runPlaces(target.path, view.hash),
      view.hash,
    );
  }

  /** Copies, then deletes here. */
  async move(hash: string, other: string | Repo): Promise<void> {
    const view = await this.#existing(hash);
    await this.copy(view.hash, other);
    await this.delete(view.hash);
  }

  /** Nothing is held open between calls; for symmetry with `open`. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
