// What an appender is given.
//
// Test: test/engine/appender.test.ts.

import type { RunlogError } from '../errors.ts';
import type { Host } from './host.ts';
import type { HotKeys } from './lookup.ts';
import type { Ownership } from './owner.ts';
import type { Vfs } from './vfs/vfs.ts';

export type Recording = 'on' | 'paused' | 'failed' | 'fenced' | 'closed';

/** Sizes that tests lower; everything else uses limits.ts. */
export interface AppenderSizes {
  readonly segmentSize: number;
  readonly stateInterval: number;
  readonly replaySizeMax: number;
  readonly syncSize: number;
  readonly pausedSizeMax: number;
}

export interface AppenderOptions {
  readonly vfs: Vfs;
  readonly host: Host;
  readonly directory: string;
  readonly ownership: Ownership;
  readonly syncMs: number | null;
  /** 'sync': a flush is true only when its bytes are on stable storage. */
  readonly onFlush: 'write' | 'sync';
  readonly sizes: AppenderSizes;
  /** Directories whose entries must be durable before the first sync resolves, innermost first. */
  readonly parents: readonly string[];
  /** Keys of segments that have no index: they go into the next one written. */
  readonly keys: HotKeys;
  /** The packed body of a state frame, or undefined where nothing is folded. */
  readonly packState: () => Uint8Array | undefined;
  /** Called once for each change of `recording` away from 'on'. */
  readonly onTrouble: (error: RunlogError) => void;
  /** Called when a segment was sealed: there may be something to rewrite. */
  readonly onSeal: () => void;
}
