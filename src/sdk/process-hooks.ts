// What all open runs of a process share: one hook at the end of a turn, and those of its end. A worker
// thread has hooks of its own.
//
// 1. Whatever the number of runs: one setImmediate a turn, one listener each of beforeExit and
//    uncaughtExceptionMonitor, two of exit; none while no run is open.
// 2. No signal is listened to: a process that a signal ends dies as it would without us, with what
//    was flushed.
// 3. Nothing here keeps a process alive, catches an error, or changes an exit code. An uncaught error
//    is only looked at: whether it ends the process is seen at exit.
// 4. From beforeExit or exit on there is no end of a turn to wait for: what is tracked is flushed at once,
//    until the loop turns again after all.
// 5. An end is recorded by the first listener of exit and made final by the last. A handler between them
//    may call process.exit, and no other comes then: what that calls at once is ours while the process
//    exits. In a worker it calls nothing that could be.
//
// Test: test/sdk/process-hooks.test.ts, test/process/endings.test.ts.

import { durations } from '../limits.ts';
import { type KeptError, keepError } from '../store/kept-error.ts';
import type { Origin } from '../store/record.ts';

/** An error that nobody caught where it was thrown. */
export interface Uncaught {
  readonly error: KeptError;
  readonly origin: Origin;
}

/** How the process, or the thread, exits. */
export interface Exit {
  readonly code: number;
  /** What it exits by; absent: nothing is known to be wrong. */
  readonly uncaught?: Uncaught;
  /** There is still time to wait for stable storage. */
  readonly isSyncing: boolean;
}

/** What a run lets the process do with it. None of it may throw. */
export interface Hooked {
  /** At the end of a turn in which it asked for it. */
  onTurnEnd(): void;
  /** What was tracked goes to the kernel now. */
  onFlush(): void;
  /** The process exits: synchronous work only. Handlers that come after may still track; then again. */
  onExit(exit: Exit): void;
  /** Nothing comes after it. */
  onExited(exit: Exit): void;
}

const open = new Set<Hooked>();
const dirty = new Set<Hooked>();
const noted = new WeakMap<Hooked, Uncaught & { readonly isFatal: boolean; readonly at: number }>();
let turnEnd: NodeJS.Immediate | undefined;
let isLastTurn = false;
let isExiting = false;
let exitingSince = 0;

function endTurn(): void {
  turnEnd = undefined;
  const now = [...dirty];
  dirty.clear();
  callEach(now, (each) => each.onTurnEnd());
  if (open.size > 0) placeListeners();
}

/** What one run throws, which it must not, neither ends the process nor keeps the others from their turn. */
function callEach(runs: Iterable<Hooked>, call: (run: Hooked) => void): void {
  for (const each of [...runs]) {
    try {
      call(each);
    } catch (error) {
      process.emitWarning(error as Error);
    }
  }
}

/** A pending end of a turn would keep the process alive, and let it meet beforeExit again and again. */
function beginLastTurn(): void {
  isLastTurn = true;
  clearImmediate(turnEnd);
  turnEnd = undefined;
  dirty.clear();
  setImmediate(() => {
    isLastTurn = false;
    isExiting = false;
    leaveReallyExit();
  }).unref();
}

const beforeExit = (): void => {
  placeListeners();
  beginLastTurn();
  callEach(open, (each) => each.onFlush());
};

type ReallyExit = (code?: number) => void;
const withReallyExit = process as unknown as { reallyExit?: ReallyExit };
let reallyExit: { readonly own: ReallyExit; readonly before: ReallyExit } | undefined;

/** What `process.exit` calls when its handlers have run, or when one of them calls it again. */
function takeReallyExit(): void {
  const before = withReallyExit.reallyExit;
  if (reallyExit !== undefined || before === undefined) return;
  const own = (code?: number): void => {
    leaveReallyExit();
    const exitCode = Number(code ?? 0);
    callEach(open, (each) => each.onExited(exitOf(each, exitCode)));
    Reflect.apply(before, process, [code]);
  };
  reallyExit = { own, before };
  withReallyExit.reallyExit = own;
}

function leaveReallyExit(): void {
  if (reallyExit !== undefined && withReallyExit.reallyExit === reallyExit.own)
    withReallyExit.reallyExit = reallyExit.before;
  reallyExit = undefined;
}

const exitFirst = (code: number): void => {
  beginLastTurn();
  takeReallyExit();
  isExiting = true;
  exitingSince = performance.now();
  callEach(open, (each) => each.onExit(exitOf(each, code)));
};

const exitLast = (code: number): void => {
  // A handler may have set another one.
  const exitCode = Number(process.exitCode ?? code);
  const isLast = process.listeners('exit').at(-1) === exitLast;
  callEach(open, (each) => {
    if (isLast) each.onExited(exitOf(each, exitCode));
    else each.onExit(exitOf(each, exitCode));
  });
  if (isLast) leaveReallyExit();
};

function exitOf(run: Hooked, code: number): Exit {
  const now = performance.now();
  const isSyncing = now - exitingSince < durations.exitSyncMs;
  const error = noted.get(run);
  if (error === undefined) return { code, isSyncing };
  // Where a handler took it and the process went on, the code and the time tell whether it ended it.
  const isItsEnd = code !== 0 && now - error.at < durations.uncaughtBlamedMs;
  return error.isFatal || isItsEnd ? { code, isSyncing, uncaught: error } : { code, isSyncing };
}

/** Comes before any handler, and changes nothing of what follows. */
const lookAtUncaught = (thrown: unknown, origin: Origin): void => {
  const isFatal =
    process.listenerCount('uncaughtException') === 0 &&
    !process.hasUncaughtExceptionCaptureCallback();
  const uncaught = { error: keepError(thrown), origin, isFatal, at: performance.now() };
  for (const each of open) noted.set(each, uncaught);
  // A handler that throws ends the process at once, without exit.
  callEach(open, (each) => each.onFlush());
  // Thrown by a handler of exit: there is no other exit to come.
  if (!isExiting) return;
  const code = Number(process.exitCode ?? 0) || 1;
  callEach(open, (each) => each.onExit(exitOf(each, code)));
};

/** Ours among those of exit: one in front of all that are there, one behind. */
function placeListeners(): void {
  // Not by their number: that stays the same when one goes and one comes.
  const listeners = process.listeners('exit');
  if (listeners[0] === exitFirst && listeners.at(-1) === exitLast) return;
  process.off('exit', exitFirst);
  process.off('exit', exitLast);
  process.prependListener('exit', exitFirst);
  process.on('exit', exitLast);
}

/** Of the listeners that Node.js takes for a leak beyond their number, ours do not count. */
const OWN_LISTENERS = 2;
let listenersMax: number | undefined;

function makeRoom(): void {
  const max = process.getMaxListeners();
  listenersMax = max === 0 || max === Number.POSITIVE_INFINITY ? undefined : max + OWN_LISTENERS;
  if (listenersMax !== undefined) process.setMaxListeners(listenersMax);
}

function giveRoomBack(): void {
  if (listenersMax === undefined || process.getMaxListeners() !== listenersMax) return;
  process.setMaxListeners(listenersMax - OWN_LISTENERS);
}

export function hook(run: Hooked): void {
  if (open.size === 0) {
    makeRoom();
    process.prependListener('beforeExit', beforeExit);
    process.prependListener('uncaughtExceptionMonitor', lookAtUncaught);
  }
  open.add(run);
  placeListeners();
}

export function unhook(run: Hooked): void {
  dirty.delete(run);
  if (!open.delete(run) || open.size > 0) return;
  process.off('beforeExit', beforeExit);
  process.off('uncaughtExceptionMonitor', lookAtUncaught);
  process.off('exit', exitFirst);
  process.off('exit', exitLast);
  giveRoomBack();
}

/** True where nothing waits for the end of the turn any more, see 4. */
export const hasNoTurnEnd = (): boolean => isLastTurn;

/** Calls `onTurnEnd` of the run when this turn of the event loop ends. */
export function atTurnEnd(run: Hooked): void {
  if (isLastTurn) {
    run.onTurnEnd();
    return;
  }
  dirty.add(run);
  // Not unref'ed: it would wait for whatever wakes the loop next.
  turnEnd ??= setImmediate(endTurn);
}
