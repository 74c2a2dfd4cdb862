// What all open runs of a process share: one hook at the end of a turn, one at the end of the
// process.
//
// 1. Whatever the number of runs: one setImmediate a turn, one listener each of beforeExit and exit,
//    and none while no run is open.
// 2. No signal is listened to: a process that a signal ends dies as it would without us, with what
//    was flushed.
//
// Test: test/sdk/process-hooks.test.ts.

/** What a run lets the process do with it. */
export interface Hooked {
  /** At the end of a turn in which it asked for it. Must not throw. */
  onTurnEnd(): void;
  /** The event loop is empty: there is still time for something asynchronous. */
  onBeforeExit(): void;
  /** The process ends now: synchronous work only. Must not throw. */
  onExit(code: number): void;
}

const open = new Set<Hooked>();
const dirty = new Set<Hooked>();
let isScheduled = false;

function endTurn(): void {
  isScheduled = false;
  const now = [...dirty];
  dirty.clear();
  callEach(now, (each) => each.onTurnEnd());
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

const beforeExit = (): void => {
  callEach(open, (each) => each.onBeforeExit());
};

const exit = (code: number): void => {
  callEach(open, (each) => each.onExit(code));
};

export function hook(run: Hooked): void {
  if (open.size === 0) {
    process.on('beforeExit', beforeExit);
    process.on('exit', exit);
  }
  open.add(run);
}

export function unhook(run: Hooked): void {
  dirty.delete(run);
  if (!open.delete(run) || open.size > 0) return;
  process.off('beforeExit', beforeExit);
  process.off('exit', exit);
}

/** Calls `onTurnEnd` of the run when this turn of the event loop ends. */
export function atTurnEnd(run: Hooked): void {
  dirty.add(run);
  if (isScheduled) return;
  isScheduled = true;
  // Not unref'ed: a turn that tracked always ends with its flush, also the last one.
  setImmediate(endTurn);
}
