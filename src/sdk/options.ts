// Options of Run and Repo: what each means, its default, and the check at the door.
//
// Test: test/sdk/options.test.ts.

import type { RunlogError } from '../errors.ts';
import type { Context } from '../model/context.ts';
import { given } from '../model/given.ts';
import { checkName, checkRunHash, checkWriterName } from '../model/names.ts';
import type { Outcome } from '../store/record.ts';
import type { Repo } from './repo.ts';

export interface Durability {
  /**
   * 'turn' (default): what one turn of the event loop tracked is flushed when it ends. 'batch': when
   * a batch is full or 100 ms old; fewer system calls, and up to 100 ms are lost with the process.
   */
  readonly flush?: 'turn' | 'batch';
  /** Milliseconds between background syncs, default 1000; null: only `sync()` and `close()` do. */
  readonly syncMs?: number | null;
  /** 'sync': each flush waits for stable storage. Slow; default 'write'. */
  readonly onFlush?: 'write' | 'sync';
}

export interface RunOptions {
  // ---- what is recorded
  /** Opens this run to go on where it stopped; creates it if it is not there. Default: a new hash. */
  readonly runHash?: string;
  /** A path ('~' expands; the repo is `<path>/.aim`) or a Repo. Default: the nearest, else here. */
  readonly repo?: string | Repo;
  /** Default of a new run: 'default'. Left out on resume: unchanged. */
  readonly experiment?: string;
  readonly name?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Milliseconds since 1970 or a Date; of a new run only. Default now. */
  readonly createdAt?: number | Date;
  // ---- how it is opened
  /** Reads only: nothing is locked or written. Needs `runHash`. */
  readonly readOnly?: boolean;
  /** Rejects with RUN_NOT_FOUND instead of creating. */
  readonly mustExist?: boolean;
  /** The log of the run that this process writes; several may write at once. Default 'main'. */
  readonly writer?: string;
  /** Takes the log from whoever holds it. Default false. */
  readonly forceResume?: boolean;
  /** Seconds to wait for a live holder to go. Default 0. */
  readonly lockTimeout?: number;
  readonly durability?: Durability;
  // ---- what is captured
  /** Seconds, 0.1 to 86400, or null for none. Default 10. */
  readonly systemTrackingInterval?: number | null;
  /** Default false. */
  readonly logSystemParams?: boolean;
  /** Default false. */
  readonly captureTerminalLogs?: boolean;
  // ---- hooks
  /** Told of the first failure of each kind; without it one process warning is emitted. */
  readonly onError?: (error: RunlogError, state: { readonly lost: number }) => void;
}

export interface TrackOptions {
  /** Of a number; an object's keys are the names. */
  readonly name?: string;
  /** A safe integer. Default: the step after the largest visible one of the sequence. */
  readonly step?: number;
  readonly epoch?: number;
  /** Milliseconds since 1970. Default now, read at the first call of a turn and each 16th after. */
  readonly time?: number;
  readonly context?: Context;
}

export interface RewindOptions {
  /** Points with this step or a greater one are hidden. */
  readonly step: number;
  /** One metric only. Default: every one but `__system__`'s. */
  readonly name?: string;
  /** With `name`: one sequence only. */
  readonly context?: Context;
  /** 'all': what every writer has tracked so far. Default 'own'. */
  readonly writers?: 'own' | 'all';
}

export interface CloseOptions {
  readonly outcome?: Outcome;
  readonly error?: unknown;
  /** Milliseconds since 1970. Default now. */
  readonly endedAt?: number;
}

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
  'onError',
]);

/** @throws TypeError, RangeError naming the option and what was given. */
export function checkRunOptions(options: RunOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options: expected an object, got ${given(options)}`);
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) throw new TypeError(`options.${name}: there is no such option`);
  }
  if (options.runHash !== undefined) checkRunHash(options.runHash);
  if (options.writer !== undefined) checkWriterName(options.writer);
  for (const name of ['experiment', 'name'] as const) {
    if (options[name] !== undefined) checkName(options[name], name);
  }
  checkText(options.description, 'description');
  checkTags(options.tags);
  for (const name of [
    'readOnly',
    'mustExist',
    'forceResume',
    'logSystemParams',
    'captureTerminalLogs',
  ] as const) {
    checkType(options[name], 'boolean', name);
  }
  checkType(options.onError, 'function', 'onError');
  checkNumber(options.lockTimeout, 'lockTimeout', 0, 86_400);
  if (options.systemTrackingInterval !== null)
    checkType(options.systemTrackingInterval, 'number', 'systemTrackingInterval');
  checkCreatedAt(options.createdAt);
  checkDurability(options.durability);
  if (options.readOnly && options.runHash === undefined)
    throw new TypeError('runHash: expected one together with readOnly');
}

export function checkText(value: unknown, argument: string): void {
  if (value === undefined) return;
  if (typeof value !== 'string')
    throw new TypeError(`${argument}: expected a string, got ${given(value)}`);
  if (!value.isWellFormed()) throw new TypeError(`${argument}: not well-formed Unicode`);
}

function checkTags(tags: unknown): void {
  if (tags === undefined) return;
  if (!Array.isArray(tags))
    throw new TypeError(`tags: expected an array of strings, got ${given(tags)}`);
  tags.forEach((tag, index) => {
    checkName(tag, `tags[${index}]`);
  });
}

function checkType(value: unknown, type: string, argument: string): void {
  if (value !== undefined && typeof value !== type)
    throw new TypeError(`${argument}: expected a ${type}, got ${given(value)}`);
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
  if (!Number.isFinite(time))
    throw new RangeError(`createdAt: expected a valid time, got ${given(value)}`);
}

function checkDurability(value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`durability: expected an object, got ${given(value)}`);
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
