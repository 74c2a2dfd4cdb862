// When a run is flushed: at the end of a turn, or when a batch is 100 ms old; and the clock that its
// points share.
//
// 1. The wall clock is read at the first call of a turn and at each 16th after: reading it for every
//    point would cost more than the point.
// 2. A loop that never yields has no end of turn: whether the batch is old is asked at each 16th call.
//
// Test: test/sdk/turn.test.ts.

import { durations } from '../limits.ts';
import { atTurnEnd, type Exit, type Hooked, hasNoTurnEnd, hook, unhook } from './process-hooks.ts';

const CLOCK_CALLS = 16;

export interface TurnTarget {
  flush(): void;
  /** The process exits; handlers that come after may still track. */
  exit(exit: Exit): void;
  /** Nothing comes after it. */
  exited(exit: Exit): void;
}

export class Turn {
  readonly #mode: 'turn' | 'batch';
  readonly #target: TurnTarget;
  readonly #hooked: Hooked;
  #isDirty = false;
  #isOver = false;
  #readings = 0;
  #touches = 0;
  #time = 0;
  #dirtySince = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(mode: 'turn' | 'batch', target: TurnTarget) {
    this.#mode = mode;
    this.#target = target;
    this.#hooked = {
      onTurnEnd: () => this.#end(),
      onFlush: () => this.#end(),
      onExit: (exit) => target.exit(exit),
      onExited: (exit) => target.exited(exit),
    };
    hook(this.#hooked);
  }

  /** Milliseconds since 1970, of the last reading. */
  now(): number {
    if (this.#readings % CLOCK_CALLS === 0) this.#time = Date.now();
    this.#readings += 1;
    return this.#time;
  }

  /** Something waits to be flushed. */
  touch(): void {
    if (this.#isOver) return;
    if (this.#isDirty) {
      this.#touches += 1;
      if (this.#touches % CLOCK_CALLS === 0) this.#flushIfOld();
      return;
    }
    this.#isDirty = true;
    this.#dirtySince = performance.now();
    if (this.#mode === 'turn' || hasNoTurnEnd()) atTurnEnd(this.#hooked);
    else this.#after(durations.flushMs);
  }

  #flushIfOld(): void {
    if (performance.now() - this.#dirtySince >= durations.flushMs) this.#target.flush();
  }

  /** Everything was flushed, or tried to be. */
  flushed(): void {
    this.#isDirty = false;
  }

  /** Tries again also when nothing more is tracked. */
  retry(): void {
    this.#after(durations.pausedRetryMs);
  }

  #after(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#isDirty = true;
      this.#end();
    }, ms).unref();
  }

  #end(): void {
    this.#readings = 0;
    if (this.#isDirty && !this.#isOver) this.#target.flush();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    unhook(this.#hooked);
  }
}
