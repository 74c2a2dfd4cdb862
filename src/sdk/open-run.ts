// Opening a run to write or to read: repo, hash, life, log.
//
// 1. A run is created by its edit 0 before its log is: a directory without one is no run.
// 2. The same code run again with the same `runHash` goes on in the same run.
//
// Spec: spec/edits.md, spec/directory.md. Test: test/sdk/run.test.ts.

import { isRemoteFileSystem, nodeVfs, type Vfs } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { checkRunHash, generateHash, isGeneratedHash, isHashPrefix } from '../model/names.ts';
import {
  applyEdit,
  type Change,
  foldEdits,
  holdsRun,
  publishEdit,
  type RunFacts,
  readFacts,
  readFactsIfThere,
  syncEdits,
} from '../store/edits.ts';
import type { RewindTarget } from '../store/record.ts';
import {
  checkRepo,
  createRepo,
  isRepo,
  listHashes,
  listWriters,
  makeDirectories,
  noSuchRun,
  type RunPlaces,
  runDirectory,
  runPlaces,
} from '../store/repo-directory.ts';
import { RunReader } from '../store/run-reader.ts';
import type { RunWriter } from '../store/run-writer.ts';
import { refuseLost } from '../store/verify-edits.ts';
import { holdRun } from './hold-run.ts';
import {
  changeSize,
  checkRunOptions,
  EDIT_SIZE_MAX,
  firstChanges,
  type RunOptions,
} from './options.ts';
import { Repo } from './repo.ts';
import { isDisabledByMode } from './run-mode.ts';

/** What a Run works with. */
export interface OpenedRun {
  readonly hash: string;
  readonly repo: Repo;
  readonly facts: RunFacts;
  /** Undefined: opened for reading, or disabled. */
  readonly writer: RunWriter | undefined;
  readonly isDisabled: boolean;
  readonly flushMode: 'turn' | 'batch';
  readonly onError: RunOptions['onError'];
  applyChange(facts: RunFacts, change: Change): RunFacts;
  /** Takes out of `changes` what was published. Throws Node's error. */
  publish(changes: Change[]): void;
  syncEdits(): void;
  readParams(path: readonly (string | number)[]): unknown;
  /** Where the logs of the other writers end now. */
  otherTargets(onError: (error: RunlogError) => void): RewindTarget[];
  release(): void;
}

/** @throws as `Run.open`. */
export async function openRun(
  options: RunOptions,
  onError: (error: RunlogError) => void,
): Promise<OpenedRun> {
  checkRunOptions(options);
  const isDisabled = isDisabledByMode();
  const vfs = nodeVfs();
  const repo = await repoOf(options, vfs);
  if (isDisabled) return disabledRun(repo, options);
  if (options.readOnly) return readOnlyRun(repo, options, vfs);
  if (repo.readOnly)
    throw new RunlogError(
      'RUN_READ_ONLY',
      `${repo.path}: the repo was opened with readOnly; open it without to record a run`,
    );
  const wanted = options.runHash;
  if (options.mustExist && wanted !== undefined && !isRepo(vfs, repo.path))
    throw noSuchRun(vfs, repo.path, wanted);
  createRepo(vfs, repo.path);
  warnIfRemote(vfs, repo.path);
  const hash = options.runHash ?? generateHash();
  checkNotAPrefix(vfs, repo.path, hash);
  const places = runPlaces(repo.path, hash);
  if (options.mustExist && !isThere(vfs, places)) throw noSuchRun(vfs, repo.path, hash);
  const made = [...makeDirectories(vfs, places.logs), ...makeDirectories(vfs, places.edits)];
  const { facts, created, writer } = await holdRun(vfs, places, {
    repo: repo.path,
    hash,
    options,
    made,
    onError,
  });
  const opened: OpenedRun = {
    hash,
    repo,
    writer,
    isDisabled: false,
    facts,
    flushMode: options.durability?.flush ?? 'turn',
    onError: options.onError,
    applyChange: (now, change) =>
      applyEdit(now, { kind: 'change', time: 0, life: now.life, changes: [change] }),
    publish(changes) {
      while (changes.length > 0) {
        const count = fittingCount(changes);
        publishEdit(vfs, places.edits, {
          kind: 'change',
          time: Date.now(),
          life: facts.life,
          changes: changes.slice(0, count),
        });
        changes.splice(0, count);
        isEditDue = true;
      }
    },
    syncEdits() {
      if (isEditDue) syncEdits(vfs, places.edits);
      isEditDue = false;
    },
    readParams: () => undefined,
    otherTargets: (report) => otherTargets(vfs, places, writer, report),
    release() {},
  };
  let isEditDue = false;
  try {
    const resumedFacts = created ? facts : publishResumed(opened, options, facts);
    foldQuietly(vfs, places);
    return { ...opened, facts: resumedFacts };
  } catch (error) {
    // Else the run would be held by this process, which has no object to close it by.
    writer.closeSync(undefined);
    throw error;
  }
}

async function repoOf(options: RunOptions, vfs: Vfs): Promise<Repo> {
  if (options.repo instanceof Repo) return options.repo;
  return Repo.locate(options.repo, vfs);
}

const isThere = (vfs: Vfs, places: RunPlaces): boolean => {
  const facts = readFactsIfThere(vfs, places.edits);
  if (facts === undefined) refuseLost(vfs, places);
  return facts !== undefined && !facts.isDeleted;
};

/** A short hash that begins an existing one is more likely a mistake than a new run's name. */
function checkNotAPrefix(vfs: Vfs, repo: string, hash: string): void {
  checkRunHash(hash);
  if (!isHashPrefix(hash) || vfs.stat(runDirectory(repo, hash)) !== undefined) return;
  const whole = listHashes(vfs, repo).filter(
    (each) =>
      isGeneratedHash(each) && each.startsWith(hash) && holdsRun(vfs, runPlaces(repo, each).edits),
  );
  if (whole.length === 0) return;
  throw new RunlogError(
    'HASH_AMBIGUOUS',
    `runHash: ${hash} begins the run ${whole[0]}; give the whole hash to open that one`,
  );
}

/** How many changes from the first on are one edit: at least one, each was checked to fit. */
function fittingCount(changes: readonly Change[]): number {
  let size = 0;
  const end = changes.findIndex((change) => {
    size += changeSize(change);
    return size > EDIT_SIZE_MAX;
  });
  return end === -1 ? changes.length : Math.max(1, end);
}

/** Options given on a resume change the run; those left out change nothing. The facts then. */
function publishResumed(opened: OpenedRun, options: RunOptions, facts: RunFacts): RunFacts {
  const changes = firstChanges(options).filter(([field, value]) => {
    if (field === 'createdAt') return false;
    return field === 'addTag'
      ? !facts.tags.includes(value as string)
      : facts[field as 'name'] !== value;
  });
  const changed = changes.reduce(opened.applyChange, facts);
  if (changes.length > 0) opened.publish(changes);
  return changed;
}

function otherTargets(
  vfs: Vfs,
  places: RunPlaces,
  own: RunWriter,
  report: (error: RunlogError) => void,
): RewindTarget[] {
  const names = listWriters(vfs, places.logs).filter((each) => each !== own.writer);
  try {
    return RunReader.ends(vfs, places, names, own.life);
  } catch (error) {
    report(
      new RunlogError(
        'IO',
        `${places.logs}: other writers could not be read; the rewind covers the own log alone`,
        { cause: error },
      ),
    );
    return [];
  }
}

function foldQuietly(vfs: Vfs, places: RunPlaces): void {
  try {
    foldEdits(vfs, places.edits);
  } catch {
    // Folding saves files; the edits stay readable without it.
  }
}

const warned = new Set<string>();

/** E1: locks, links and caches behave differently there; said once a process and repo. */
function warnIfRemote(vfs: Vfs, path: string): void {
  const type = vfs.fileSystem(path);
  if (!isRemoteFileSystem(type) || warned.has(path)) return;
  warned.add(path);
  process.emitWarning(
    `${path} is on ${type}: that two owners never overlap is best effort there; take over only by forceResume`,
    'RunlogWarning',
  );
}

async function readOnlyRun(repo: Repo, options: RunOptions, vfs: Vfs): Promise<OpenedRun> {
  checkRepo(vfs, repo.path);
  const view = await repo.run(options.runHash as string);
  if (view === undefined) throw noSuchRun(vfs, repo.path, options.runHash as string);
  const facts = readFacts(vfs, runPlaces(repo.path, view.hash).edits);
  return {
    ...disabledRun(repo, options),
    hash: view.hash,
    isDisabled: false,
    facts: facts ?? NO_FACTS,
    readParams: (path) => (path.length === 0 ? view.get() : view.get(path)),
  };
}

const NO_FACTS: RunFacts = {
  life: '',
  createdAt: 0,
  isDeleted: false,
  name: undefined,
  experiment: 'default',
  description: undefined,
  archived: false,
  tags: [],
  notes: [],
};

function disabledRun(repo: Repo, options: RunOptions): OpenedRun {
  return {
    hash: options.runHash ?? generateHash(),
    repo,
    writer: undefined,
    isDisabled: true,
    flushMode: 'turn',
    facts: applyEdit(NO_FACTS, {
      kind: 'change',
      time: 0,
      life: '',
      changes: firstChanges(options),
    }),
    onError: options.onError,
    applyChange: (facts) => facts,
    publish() {},
    syncEdits() {},
    readParams: (path) => (path.length === 0 ? {} : undefined),
    otherTargets: () => [],
    release() {},
  };
}
