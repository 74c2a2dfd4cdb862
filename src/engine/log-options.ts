// The options of a log, and their check.
//
// Test: test/engine/log.test.ts.

import type { RunlogError } from '../errors.ts';
import { checkMembers, checkObject, checkSignal, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import type { AppenderSizes } from './appender-options.ts';
import type { Fold } from './fold.ts';
import type { FenceKind } from './format/fence.ts';
import type { Host } from './host.ts';
import type { RewriteHook } from './rewrite.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface LogDurability {
  /** Milliseconds between background syncs while there is something to sync; null for none. */
  readonly syncMs?: number | null;
  /** 'sync': `flush` is true only when the bytes are on stable storage. Default 'write'. */
  readonly onFlush?: 'write' | 'sync';
}

export interface LogOptions<State = unknown> {
  /** Who opens: a writer (default) replaces maintenance at once, never the other way round. */
  readonly owner?: FenceKind;
  /** A snapshot that `refresh` renews; changes nothing on disk. Default false. */
  readonly readOnly?: boolean;
  /** Takes the log from any holder. Default false. */
  readonly force?: boolean;
  /** Milliseconds to wait for a live holder to go. Default 0. */
  readonly lockTimeoutMs?: number;
  readonly vfs?: Vfs;
  readonly host?: Host;
  readonly durability?: LogDurability;
  /** Makes read-optimised segments of sealed ones. Default: they stay as they are. */
  readonly rewrite?: RewriteHook;
  /** Makes the folded state. Default: `state` is undefined. */
  readonly fold?: Fold<State>;
  /** Told once for each change of `recording` away from 'on'. */
  readonly onError?: (error: RunlogError) => void;
  /** Directories with new entries on the way to this one, innermost first: made durable by the first sync. */
  readonly parents?: readonly string[];
  /** Begins a new life of the directory: nothing of what it held is part of the log. Default false. */
  readonly fresh?: boolean;
  /** Takes the log only after this fence: RUN_LOCKED when a newer one is there. Default: after any. */
  readonly after?: number;
  /** Smaller sizes than limits.ts has, for tests. */
  readonly sizes?: Partial<AppenderSizes>;
}

export interface ReadOptions {
  /** First position; default 0. */
  readonly from?: number;
  /** One past the last; default the end. */
  readonly to?: number;
  readonly signal?: AbortSignal;
  /**
   * Frames of which record types are read, 0 for those of several records; the others are passed over by
   * their header. Default: all.
   */
  readonly isWanted?: (type: number) => boolean;
}

const optionNames = new Set([
  'owner',
  'readOnly',
  'force',
  'lockTimeoutMs',
  'vfs',
  'host',
  'durability',
  'rewrite',
  'fold',
  'onError',
  'parents',
  'fresh',
  'after',
  'sizes',
]);
const durabilityNames = new Set(['syncMs', 'onFlush']);
const readNames = new Set(['from', 'to', 'signal', 'isWanted']);
const owners: readonly unknown[] = ['writer', 'maintenance', 'deleted'];

/** @throws TypeError, RangeError naming what was given. */
export function checkLogOptions(directory: unknown, options: LogOptions<never>): void {
  checkDirectory(directory);
  checkMembers(options, 'options', optionNames);
  const { owner, lockTimeoutMs, durability, fold } = options;
  if (owner !== undefined && !owners.includes(owner))
    throw new RangeError(`owner: expected 'writer' or 'maintenance', got ${given(owner)}`);
  for (const name of ['readOnly', 'force', 'fresh'] as const)
    checkType(options[name], 'boolean', name);
  for (const name of ['rewrite', 'onError'] as const) checkType(options[name], 'function', name);
  if (fold !== undefined) {
    checkObject(fold, 'fold');
    for (const name of ['initial', 'apply'] as const)
      if (typeof fold[name] !== 'function')
        throw new TypeError(`fold.${name}: expected a function, got ${given(fold[name])}`);
  }
  checkMilliseconds(lockTimeoutMs, 'lockTimeoutMs', 0);
  if (durability === undefined) return;
  checkMembers(durability, 'durability', durabilityNames);
  const { syncMs, onFlush } = durability;
  if (syncMs !== null) checkMilliseconds(syncMs, 'durability.syncMs', 1);
  if (onFlush !== undefined && onFlush !== 'write' && onFlush !== 'sync')
    throw new RangeError(`durability.onFlush: expected 'write' or 'sync', got ${given(onFlush)}`);
}

/** An absolute or relative path. @throws TypeError. */
export function checkDirectory(directory: unknown): void {
  // A NUL would end the path for the kernel, and Node refuses it with an error of its own.
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0'))
    throw new TypeError(`directory: expected a path, got ${given(directory)}`);
}

function checkMilliseconds(value: unknown, argument: string, least: number): void {
  checkType(value, 'number', argument);
  if (value !== undefined && !((value as number) >= least))
    throw new RangeError(`${argument}: expected at least ${least}, got ${given(value)}`);
}

/** @throws TypeError. */
export function checkReadOptions(options: ReadOptions): void {
  checkMembers(options, 'options', readNames);
  const { signal, isWanted } = options;
  checkType(isWanted, 'function', 'isWanted');
  checkSignal(signal);
}
