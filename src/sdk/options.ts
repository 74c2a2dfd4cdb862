// Options of Run and Repo: what each means, its default, and the check at the door.
//
// Test: test/sdk/options.test.ts.

import type { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkMembers, checkType } from '../model/check.ts';
import { type Context, canonicalContext } from '../model/context.ts';
import { type ContextLike, isDataObject } from '../model/data-object.ts';
import { given } from '../model/given.ts';
import { checkName, checkRunHash, checkWriterName } from '../model/names.ts';
import { checkParamsPath, type ParamsPath, spellParams } from '../model/params.ts';
import { checkStep } from '../model/point.ts';
import type { Change } from '../store/edits.ts';
import type { Outcome } from '../store/record.ts';
import {
  checkRedactOptions,
  checkSystemParamsOptions,
  checkTerminalOptions,
  type RedactOptions,
  type SystemParamsOptions,
  type TerminalOptions,
} from './capture-options.ts';
import type { Repo } from './repo.ts';

/** When what was tracked reaches the kernel, and stable storage. */
export interface Durability {
  /**
   * 'turn' (default): what one turn of the event loop tracked is flushed when it ends. 'batch': when
   * a batch is full or 100 ms old; fewer system calls, and up to 100 ms are lost with the process.
   */
  readonly flush?: 'turn' | 'batch' | undefined;
  /** Milliseconds between background syncs, default 1000; null: only `sync()` and `close()` do. */
  readonly syncMs?: number | null | undefined;
  /** 'sync': each flush waits for stable storage. Slow; default 'write'. */
  readonly onFlush?: 'write' | 'sync' | undefined;
}

/** What `Run.open` takes; every one may be left out. */
export interface RunOptions {
  // ---- what is recorded
  /**
   * Opens this run to go on where it stopped; creates it if it is not there. Default: a new hash.
   * 1 to 64 of [a-z0-9._-], beginning with a letter or digit; the whole hash, never a prefix of it.
   */
  readonly runHash?: string | undefined;
  /** A path ('~' expands; the repo is `<path>/.aim`) or a Repo. Default: the nearest, else here. */
  readonly repo?: string | Repo | undefined;
  /** Default of a new run: 'default'. On resume it replaces what the run has; left out: unchanged. */
  readonly experiment?: string | undefined;
  /** At most 1024 characters. On resume it replaces what the run has; left out: unchanged. */
  readonly name?: string | undefined;
  /** On resume it replaces what the run has; left out: unchanged. */
  readonly description?: string | undefined;
  /** On resume they are added to those that the run has. */
  readonly tags?: readonly string[] | undefined;
  /** Milliseconds since 1970 or a Date, of a new run; on resume it changes nothing. Default now. */
  readonly createdAt?: number | Date | undefined;
  // ---- how it is opened
  /** Reads only: nothing is locked or written. Needs `runHash`. */
  readonly readOnly?: boolean | undefined;
  /** Rejects with RUN_NOT_FOUND instead of creating. Needs `runHash`. */
  readonly mustExist?: boolean | undefined;
  /** The log of the run that this process writes; several may write at once. Default 'main'. */
  readonly writer?: string | undefined;
  /**
   * Takes the log from whoever holds it, alive or not. The old owner loses what it had not flushed; it
   * goes on running, but records nothing more: its `recording` is 'fenced'. Default false.
   */
  readonly forceResume?: boolean | undefined;
  /** Seconds to wait for a live holder to go. Default 0. */
  readonly lockTimeout?: number | undefined;
  readonly durability?: Durability | undefined;
  // ---- what is captured
  /** Seconds between two samples of the machine, 0.1 to 86400, or null for none. Default 10. */
  readonly systemTrackingInterval?: number | null | undefined;
  /** Records what is needed to reproduce the run as the param `__system_params`. Default false. */
  readonly logSystemParams?: boolean | SystemParamsOptions | undefined;
  /** Records what this process prints to stdout and stderr. Default false. */
  readonly captureTerminalLogs?: boolean | TerminalOptions | undefined;
  /** What counts as a secret in what is captured. */
  readonly redact?: RedactOptions | undefined;
  // ---- hooks
  /** Told of the first failure of each kind; without it one process warning is emitted. */
  readonly onError?: ((error: RunlogError, state: { readonly lost: number }) => void) | undefined;
}

/** `Given`: the type of its context, where that is an interface or a class of the program's own. */
export interface TrackOptions<Given extends ContextLike<Given> = Context> {
  /** Of a number; an object's keys are the names. */
  readonly name?: string | undefined;
  /** A safe integer. Default: the step after the largest visible one of the sequence. */
  readonly step?: number | undefined;
  /** Any finite number, kept beside the point. Default none. */
  readonly epoch?: number | undefined;
  /** Milliseconds since 1970. Default now, read at the first call of a turn and each 16th after. */
  readonly time?: number | undefined;
  /**
   * Tells sequences of one name apart. Strings, finite numbers, booleans, null, arrays and objects of them;
   * at most 4096 bytes as JSON, 64 deep. The order of keys does not count; a member that is undefined is left
   * out. Default {}.
   */
  readonly context?: Given | undefined;
}

/** What a rewind hides. */
export interface RewindOptions<Given extends ContextLike<Given> = Context> {
  /** Points with this step or a greater one are hidden. */
  readonly step: number;
  /** One metric only. Default: every one but `__system__`'s. */
  readonly name?: string | undefined;
  /** With `name`: one sequence only. */
  readonly context?: Given | undefined;
  /** 'all': what every writer has tracked so far. Default 'own'. */
  readonly writers?: 'own' | 'all' | undefined;
}

/** How the run has ended. */
export interface CloseOptions {
  /** Default: 'failed' when there is an error, given here or to `run.fail`, else 'finished'. */
  readonly outcome?: Outcome | undefined;
  /** Why it failed: name, message and stack are kept. Default: what `run.fail` was told. */
  readonly error?: unknown | undefined;
  /** Milliseconds since 1970. Default now. */
  readonly endedAt?: number | undefined;
}

/**
 * on: what is flushed is kept. paused: the disk refuses, what comes is held in memory and tried again.
 * failed: given up, nothing more is kept. fenced: another owner has taken the log over, or the run was
 * deleted. closed: by `close`, opened to read, or disabled by RUNLOG_MODE.
 */
export type RunRecording = 'on' | 'paused' | 'failed' | 'fenced' | 'closed';

const optionNames = new Set([
  'runHash',
  'repo',
  'experiment',
  'name',
  'description',
  'tags',
  'createdAt',
  'readOnly',
  'mustExist',
  'writer',
  'forceResume',
  'lockTimeout',
  'durability',
  'systemTrackingInterval',
  'logSystemParams',
  'captureTerminalLogs',
  'redact',
  'onError',
]);

const durabilityNames = new Set(['flush', 'syncMs', 'onFlush']);
const closeNames = new Set(['outcome', 'error', 'endedAt']);
const rewindNames = new Set(['step', 'name', 'context', 'writers']);

/** Bytes that the changes of one edit may take: a document, less what stands around them. */
export const EDIT_SIZE_MAX = limits.documentSizeMax - 1024;
/** Around the text of a change: the name of the field, the length, a time. */
const CHANGE_SIZE = 64;
/** The furthest day of a Date; one beyond it has no date to be shown. */
const TIME_MAX = 8.64e15;

/** An upper bound of the bytes that a change takes in an edit. */
export function changeSize([, value]: Change): number {
  const texts = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
  return texts.reduce((sum, each) => sum + Buffer.byteLength(each), CHANGE_SIZE);
}

/** @throws TypeError, RangeError naming the option and what was given. */
export function checkRunOptions(options: RunOptions): void {
  checkMembers(options, 'options', optionNames);
  if (options.runHash !== undefined) checkRunHash(options.runHash);
  if (options.writer !== undefined) checkWriterName(options.writer);
  for (const name of ['experiment', 'name'] as const) {
    if (options[name] !== undefined) checkName(options[name], name);
  }
  checkText(options.description, 'description');
  checkTags(options.tags, 'tags');
  for (const name of ['readOnly', 'mustExist', 'forceResume'] as const) {
    checkType(options[name], 'boolean', name);
  }
  checkType(options.onError, 'function', 'onError');
  checkNumber(options.lockTimeout, 'lockTimeout', 0, 86_400);
  if (options.systemTrackingInterval !== null)
    checkType(options.systemTrackingInterval, 'number', 'systemTrackingInterval');
  checkSystemParamsOptions(options.logSystemParams);
  checkTerminalOptions(options.captureTerminalLogs);
  checkRedactOptions(options.redact);
  checkCreatedAt(options.createdAt);
  checkDurability(options.durability);
  for (const name of ['readOnly', 'mustExist'] as const) {
    if (options[name] && options.runHash === undefined)
      throw new TypeError(`runHash: expected one together with ${name}`);
  }
  checkFirstSize(firstChanges(options));
}

/** What the options say of a run that is new. */
export function firstChanges(options: RunOptions): Change[] {
  const changes: Change[] = [];
  const { createdAt, experiment, name, description, tags = [] } = options;
  if (createdAt !== undefined)
    changes.push(['createdAt', createdAt instanceof Date ? createdAt.getTime() : createdAt]);
  if (experiment !== undefined) changes.push(['experiment', experiment]);
  if (name !== undefined) changes.push(['name', name]);
  if (description !== undefined) changes.push(['description', description]);
  for (const tag of tags) changes.push(['addTag', tag]);
  return changes;
}

/** They are one edit, so that a new run has all of them or is not there. */
function checkFirstSize(changes: readonly Change[]): void {
  const size = changes.reduce((sum, change) => sum + changeSize(change), 0);
  if (size <= EDIT_SIZE_MAX) return;
  const largest = changes.some(([field]) => field === 'addTag') ? 'tags' : 'description';
  throw new RangeError(
    `${largest}: with the other properties ${size} bytes, at most ${EDIT_SIZE_MAX} (documentSizeMax)`,
  );
}

/** @throws TypeError, RangeError naming the option and what was given. */
export function checkCloseOptions(options: CloseOptions): void {
  checkMembers(options, 'options', closeNames);
  const { outcome, endedAt } = options;
  if (outcome !== undefined && outcome !== 'finished' && outcome !== 'failed')
    throw new RangeError(`outcome: expected 'finished' or 'failed', got ${given(outcome)}`);
  if (endedAt !== undefined) checkDate(endedAt, 'endedAt');
}

/** What a rewind reaches, with the context in its canonical form. */
export function checkRewindOptions<Given extends ContextLike<Given>>(
  options: RewindOptions<Given>,
): {
  readonly step: number;
  readonly name: string | undefined;
  readonly contextText: string | undefined;
  readonly writers: 'own' | 'all';
} {
  checkMembers(options, 'options', rewindNames);
  const { name, context, writers = 'own' } = options;
  const step = checkStep(options.step);
  if (name !== undefined) checkName(name, 'name');
  if (context !== undefined && name === undefined)
    throw new TypeError('context: expected together with name');
  if (writers !== 'own' && writers !== 'all')
    throw new RangeError(`writers: expected 'own' or 'all', got ${given(writers)}`);
  const contextText = context === undefined ? undefined : canonicalContext(context);
  return { step, name, contextText, writers };
}

/**
 * What a `set` of these arguments sets: all is checked before anything is kept.
 *
 * @throws TypeError, RangeError naming the place of what cannot be stored.
 */
export function spelledParams(key: unknown, ...rest: readonly unknown[]): [ParamsPath, unknown][] {
  const isWhole = rest.length === 0;
  if (isWhole && (typeof key === 'string' || Array.isArray(key)))
    throw new TypeError('value: undefined cannot be stored');
  if (isWhole && !isDataObject(key))
    throw new TypeError(`params: expected an object, got ${given(key)}`);
  const entries: [ParamsPath, unknown][] = isWhole
    ? Object.entries(key as Record<string, unknown>)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => [[name], each])
    : [[checkParamsPath(key), rest[0]]];
  return entries.map(([path, each]) => [path, spellParams(each, path)]);
}

/** A string is one key, an array a path, nothing the whole. */
export function pathOf(key: unknown): readonly (string | number)[] {
  if (key === undefined) return [];
  if (typeof key === 'string') return [key];
  const isPath =
    Array.isArray(key) && key.every((each) => ['string', 'number'].includes(typeof each));
  if (!isPath) throw new TypeError(`key: expected a string or a path of them, got ${given(key)}`);
  return key as (string | number)[];
}

export function checkText(value: unknown, argument: string): void {
  if (value === undefined) return;
  if (typeof value !== 'string')
    throw new TypeError(`${argument}: expected a string, got ${given(value)}`);
  if (!value.isWellFormed()) throw new TypeError(`${argument}: not well-formed Unicode`);
  const size = Buffer.byteLength(value);
  const sizeMax = EDIT_SIZE_MAX - CHANGE_SIZE;
  if (size > sizeMax)
    throw new RangeError(`${argument}: ${size} bytes, at most ${sizeMax} (documentSizeMax)`);
}

export function checkTags(tags: unknown, argument: string): void {
  if (tags === undefined) return;
  if (!Array.isArray(tags))
    throw new TypeError(`${argument}: expected an array of strings, got ${given(tags)}`);
  // Not forEach: it passes over the holes of a sparse array.
  for (const [index, tag] of tags.entries()) checkName(tag, `${argument}[${index}]`);
}

function checkNumber(value: unknown, argument: string, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number')
    throw new TypeError(`${argument}: expected a number, got ${given(value)}`);
  if (!(value >= min && value <= max))
    throw new RangeError(`${argument}: expected ${min} to ${max}, got ${given(value)}`);
}

function checkCreatedAt(value: unknown): void {
  if (value === undefined) return;
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== 'number')
    throw new TypeError(`createdAt: expected milliseconds or a Date, got ${given(value)}`);
  checkDate(time, 'createdAt');
}

function checkDate(value: unknown, argument: string): void {
  if (typeof value !== 'number')
    throw new TypeError(`${argument}: expected milliseconds, got ${given(value)}`);
  if (!(Math.abs(value) <= TIME_MAX))
    throw new RangeError(`${argument}: expected a valid time, got ${given(value)}`);
}

function checkDurability(value: unknown): void {
  if (value === undefined) return;
  checkMembers(value, 'durability', durabilityNames);
  const { flush = 'turn', onFlush = 'write', syncMs = null } = value as Record<string, unknown>;
  if (flush !== 'turn' && flush !== 'batch')
    throw new RangeError(`durability.flush: expected 'turn' or 'batch', got ${given(flush)}`);
  if (onFlush !== 'write' && onFlush !== 'sync')
    throw new RangeError(`durability.onFlush: expected 'write' or 'sync', got ${given(onFlush)}`);
  if (syncMs !== null) checkNumber(syncMs, 'durability.syncMs', 1, 86_400_000);
}

/** Aim's rule: an interval out of range is said once and switched off. */
export function systemInterval(value: number | null | undefined): number | null {
  if (value === null) return null;
  const seconds = value ?? 10;
  if (seconds >= 0.1 && seconds <= 86_400) return seconds;
  process.emitWarning(
    `systemTrackingInterval: ${seconds} is not within 0.1 to 86400 seconds; system tracking is off`,
    'RunlogWarning',
  );
  return null;
}
