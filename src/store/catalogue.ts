// The catalogue of a repo: the facts, params and summaries of its runs in a few files, so that a question
// about ten thousand runs opens none of them.
//
// 1. Derived (G8): each run is looked at in each scan, and what the catalogue says of it counts only while
//    its stamp holds. Else the run itself is read.
// 2. Whoever scans writes what it had to read, after it has given its answers. No lock, no daemon: parts
//    are added, and merged when there are many.
// 3. Memory is bounded: rows are written as they gather, what was decoded is let go part by part.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts, test/store/catalogue-history.test.ts.

import { nodeHost, type Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { CatalogueEntry, sequenceRowsOf } from './catalogue-entry.ts';
import { CatalogueFiles, unlessRefused } from './catalogue-files.ts';
import { type Index, indexOf, type KnownPlace, NEVER, type Place } from './catalogue-index.ts';
import type { CataloguePart } from './catalogue-part.ts';
import { segmentsOf } from './catalogue-points.ts';
import type { CatalogueRow } from './catalogue-row.ts';
import { stampHolds, type TakenStamp, TICK_MAX_MS, takeStamp } from './catalogue-stamp.ts';
import { CatalogueUpdate } from './catalogue-update.ts';
import { readFacts } from './edits.ts';
import { Listings } from './listings.ts';
import { type RunPlaces, runDirectory, runPlaces, unsortedHashes } from './repo-directory.ts';
import { RunReader } from './run-reader.ts';
import { refuseLost } from './verify-edits.ts';

export interface ScanOptions {
  /** Sequences will be asked for: of runs that are read they are kept. Default false. */
  readonly sequences?: boolean;
  /** The same for sequences of objects. */
  readonly objects?: boolean;
  /** False: nothing is written. Default true. */
  readonly update?: boolean;
  /**
   * A run that a scan of this object has looked at within so many milliseconds is not looked at again: what
   * others have changed since may show that much later. Default 0: each is looked at in each scan.
   */
  readonly maxAgeMs?: number;
  /** Told of each run that is left out because it cannot be read. */
  readonly onUnreadable?: ((hash: string, error: RunlogError) => void) | undefined;
}

export interface CatalogueOptions {
  /** Changes at every start of the machine; '' where it is not known. Default: this machine's. */
  readonly bootId?: string;
  /** Nothing is ever written. Default false. */
  readonly readOnly?: boolean;
  /** Milliseconds of a clock that is never set. Default: this process's. */
  readonly monotonic?: () => number;
}

/** Bytes of decoded parts that are kept for the next question. */
const HELD_SIZE_MAX = 64 * 1024 * 1024;

export class Catalogue {
  readonly #vfs: Vfs;
  readonly #repo: string;
  readonly #files: CatalogueFiles;
  readonly #bootId: string;
  readonly #readOnly: boolean;
  readonly #monotonic: () => number;
  #index: Index = { parts: [], places: new Map() };

  /** Of the repo whose `.aim` is `repo`. Requires: `loadXxhash` has resolved, before the first scan. */
  constructor(vfs: Vfs, repo: string, options: CatalogueOptions = {}) {
    this.#vfs = vfs;
    this.#repo = repo;
    this.#files = new CatalogueFiles(vfs, repo);
    this.#bootId = options.bootId ?? nodeHost().liveness.self().bootId;
    this.#readOnly = options.readOnly ?? false;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /**
   * Every run of the repo that is not deleted, archived ones too, each as it is at some moment of the scan,
   * in no order. Of a run that was read the catalogue takes over what is known of it at the end of its turn.
   *
   * @throws RunlogError IO where the folder of runs cannot be listed.
   */
  *scan(options: ScanOptions = {}): Generator<CatalogueEntry> {
    const { update = true } = options;
    const scan = new Scan(this.#vfs, this.#repo, this.#files, this.#moment(), {
      ...options,
      update: update && !this.#readOnly,
    });
    const { parts } = this.#indexed();
    const hashes = new Set(unlessIo(() => unsortedHashes(this.#vfs, this.#repo), this.#repo));
    try {
      for (const { part, rows } of parts) {
        for (const [row, own] of rows.entries()) {
          const hash = part.hashes[row] as string;
          if (own === undefined || part.isUnusable || !hashes.delete(hash)) continue;
          const place = scan.placeOf(hash, own);
          const entry = place === undefined ? undefined : scan.known(hash, place);
          if (place === undefined || entry === undefined) yield* scan.read(hash);
          else if (entry !== null) {
            yield entry;
            scan.learn(entry, place);
          }
        }
        this.#letGo();
      }
      for (const hash of [...hashes].sort()) yield* scan.read(hash);
      scan.isWhole = true;
    } finally {
      scan.finish(parts.map(({ part }) => part));
      this.#files.closeAll();
    }
  }

  /** One run; undefined where there is none. Writes nothing. @throws RunlogError as reading it does. */
  run(hash: string): CatalogueEntry | undefined {
    const scan = new Scan(this.#vfs, this.#repo, this.#files, this.#moment(), {
      update: false,
      onUnreadable: (_, error) => {
        throw error;
      },
    });
    const { directory } = runPlaces(this.#repo, hash);
    if (this.#vfs.stat(directory)?.isDirectory !== true) return undefined;
    try {
      const place = scan.placeOf(hash, this.#indexed().places.get(hash) ?? []);
      const known = place === undefined ? undefined : scan.known(hash, place);
      // Nothing is learnt of it here.
      known?.rest();
      if (known !== undefined) return known ?? undefined;
      for (const entry of scan.read(hash)) return entry;
    } finally {
      this.#files.closeAll();
    }
    return undefined;
  }

  /** Files that are open. */
  close(): void {
    this.#files.closeAll();
  }

  #moment(): { bootId: string; monotonic: number } {
    return { bootId: this.#bootId, monotonic: this.#monotonic() };
  }

  #indexed(): Index {
    const parts = this.#files.list();
    const before = this.#index.parts;
    const isSame =
      parts.length === before.length && parts.every((part, at) => part === before[at]?.part);
    if (!isSame) this.#index = indexOf(parts);
    return this.#index;
  }

  #letGo(): void {
    const { parts } = this.#index;
    const held = parts.reduce((sum, { part }) => sum + part.heldSize, 0);
    if (held > HELD_SIZE_MAX) for (const { part } of parts) part.forget();
  }
}

function unlessIo<T>(act: () => T, path: string): T {
  try {
    return act();
  } catch (error) {
    throw asRunlogError(error, path);
  }
}

/** One scan: which runs were answered from where, and what is to be written at its end. */
class Scan {
  readonly #vfs: Vfs;
  readonly #repo: string;
  readonly #files: CatalogueFiles;
  readonly #bootId: string;
  readonly #options: ScanOptions;
  readonly #update: CatalogueUpdate;
  readonly #listings: Listings;
  /** When the scan began. */
  readonly #monotonic: number;
  /** Undefined: not asked yet; null: nothing can be written here. */
  #now: { readonly time: number; readonly device: string | undefined } | undefined | null;
  isWhole = false;

  constructor(
    vfs: Vfs,
    repo: string,
    files: CatalogueFiles,
    { bootId, monotonic }: { bootId: string; monotonic: number },
    options: ScanOptions,
  ) {
    this.#vfs = vfs;
    this.#repo = repo;
    this.#files = files;
    this.#bootId = bootId;
    this.#monotonic = monotonic;
    this.#options = options;
    this.#update = new CatalogueUpdate(files);
    this.#listings = new Listings(vfs);
    if (options.update === false) this.#now = null;
  }

  /** The first whose stamp holds; undefined: the run is to be read. */
  placeOf(hash: string, places: readonly Place[]): Place | undefined {
    const directory = runDirectory(this.#repo, hash);
    for (const place of places) if (this.#holds(directory, place)) return place;
    return undefined;
  }

  #holds(directory: string, place: Place): boolean {
    const { part, row, seenAt } = place;
    if (part.isUnusable) return false;
    const { maxAgeMs = 0 } = this.#options;
    if (maxAgeMs > 0 && this.#monotonic - seenAt <= maxAgeMs) return true;
    const holds = unlessRefused(() => {
      const boot = part.boot(row);
      if (boot !== '' && (boot !== this.#bootId || part.isRemote)) return false;
      return stampHolds(this.#vfs, directory, part.stamp(row), part.isRemote);
    }, false);
    place.seenAt = holds ? this.#monotonic : NEVER;
    return holds;
  }

  /** Null: it is deleted; undefined: it is to be read. */
  known(hash: string, { part, row }: KnownPlace): CatalogueEntry | undefined | null {
    this.#update.used(part, row);
    const isDeleted = unlessRefused(() => part.fact('isDeleted', row), undefined);
    if (isDeleted === undefined) return undefined;
    return isDeleted ? null : this.#entry(hash, { part, row });
  }

  /** The turn of one that was known is over. */
  learn(entry: CatalogueEntry, place: KnownPlace): void {
    const { readSoFar } = entry;
    if (readSoFar !== undefined) this.#addLearnt(entry, readSoFar, place);
    entry.rest();
  }

  /** Its sequences, or those of objects, were asked for and not known: the row is written anew, with them. */
  #addLearnt(entry: CatalogueEntry, reader: RunReader, { part, row }: KnownPlace): void {
    unlessRefused(() => {
      const sequences = entry.hasAskedForSequences && !part.knowsSequences(row);
      const objects = entry.hasAskedForObjects && !part.objects.areKnown(row);
      // Read for its points, say: nothing that the catalogue keeps is new.
      if ((!sequences && !objects) || this.#clock() === undefined) return;
      const known = {
        ...part.row(row),
        ...(sequences ? { sequences: rowsOf(entry, reader) } : {}),
        ...(objects ? { objects: entry.objects() } : {}),
      };
      if (reader.damage.length > 0) return;
      const { directory } = runPlaces(this.#repo, entry.hash);
      if (stampHolds(this.#vfs, directory, known.stamp, part.isRemote)) this.#update.add(known);
    }, undefined);
  }

  *read(hash: string): Generator<CatalogueEntry> {
    const places = runPlaces(this.#repo, hash);
    const stamp = this.#stampOf(places);
    let reader: RunReader | undefined;
    try {
      // Of a run that has a stamp both directories were found.
      const hasEdits = stamp !== undefined || this.#vfs.stat(places.edits) !== undefined;
      const { vfs } = this.#listings;
      const facts = hasEdits ? readFacts(vfs, places.edits) : undefined;
      if (facts === undefined || facts.life === '') refuseLost(this.#vfs, places);
      if (facts === undefined) return;
      if (facts.isDeleted) {
        const nothing = { params: undefined, writers: [], segments: undefined };
        this.#keep({ hash, places, stamp }, { facts, ...nothing, sequences: [], objects: [] });
        return;
      }
      reader = RunReader.snapshot(vfs, places, { facts });
    } catch (thrown) {
      const error = asRunlogError(thrown, places.directory);
      if (!(error instanceof RunlogError)) throw error;
      this.#options.onUnreadable?.(hash, error);
      return;
    } finally {
      this.#listings.forget();
    }
    const entry = this.#entry(hash, reader);
    yield entry;
    unlessRefused(() => this.#keepRead({ hash, places, stamp }, entry, reader), undefined);
    entry.rest();
  }

  #entry(hash: string, source: KnownPlace | RunReader): CatalogueEntry {
    return new CatalogueEntry(this.#vfs, this.#repo, hash, source);
  }

  /** Taken before anything of the run is read; undefined where it could not be relied on. */
  #stampOf({ directory }: RunPlaces): TakenStamp | undefined {
    const now = this.#clock();
    if (now === undefined) return undefined;
    const { vfs } = this.#listings;
    const stamp = unlessRefused(
      () => this.#listings.taking(() => takeStamp(vfs, directory, this.#files.isRemote)),
      undefined,
    );
    if (stamp === undefined || stamp.newest > now.time - TICK_MAX_MS) return undefined;
    if (stamp.device === undefined || stamp.device !== now.device) return undefined;
    const { isRemote } = this.#files;
    if (!isRemote) this.#listings.relyOnStamp();
    const isLasting = stamp.isSettled || (this.#bootId !== '' && !isRemote);
    return isLasting ? stamp : undefined;
  }

  #clock(): { readonly time: number; readonly device: string | undefined } | undefined {
    if (this.#now === undefined) this.#now = this.#files.now() ?? null;
    return this.#now ?? undefined;
  }

  #keepRead(run: ReadRun, entry: CatalogueEntry, reader: RunReader): void {
    if (run.stamp === undefined) return;
    const { facts, params } = reader;
    const { sequences: withSequences = false, objects: withObjects = false } = this.#options;
    const sequences =
      withSequences || entry.hasAskedForSequences ? rowsOf(entry, reader) : undefined;
    const objects = withObjects || entry.hasAskedForObjects ? entry.objects() : undefined;
    // Of damage that is known it is told each time.
    if (facts === undefined || reader.damage.length > 0) return;
    const segments = run.stamp.isSettled ? segmentsOf(reader) : undefined;
    const { writers } = reader;
    this.#keep(run, { facts, params, writers, segments, sequences, objects });
  }

  #keep(
    { hash, places, stamp }: ReadRun,
    known: Omit<CatalogueRow, 'hash' | 'stamp' | 'boot'>,
  ): void {
    if (stamp === undefined) return;
    const { names, numbers, isSettled } = stamp;
    if (!stampHolds(this.#vfs, places.directory, stamp, this.#files.isRemote)) return;
    const boot = isSettled ? '' : this.#bootId;
    this.#update.add({ hash, stamp: { names, numbers }, boot, ...known });
  }

  finish(parts: readonly CataloguePart[]): void {
    if (this.#now === null) return;
    this.#update.finish(parts, this.isWhole);
  }
}

interface ReadRun {
  readonly hash: string;
  readonly places: RunPlaces;
  readonly stamp: TakenStamp | undefined;
}

const rowsOf = (entry: CatalogueEntry, reader: RunReader): CatalogueRow['sequences'] =>
  sequenceRowsOf(reader, (key) => entry.summarySoFar(key));
