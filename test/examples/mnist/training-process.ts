// A trainer as a child process: starts it, keeps what it told, and kills it where that was asked.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import type { TrainingMessage, TrainingSettings } from './settings.ts';

/** What the parent was told by one start of a trainer. */
export interface Told {
  hash: string;
  firstStep: number;
  /** Steps that were at least begun to be tracked. */
  stepCount: number;
  /** Points that were tracked, perhaps without the last ones of them. */
  trackedCount: number;
  /** Points that a flush has promised. */
  flushedCount: number;
  /** Processor time in tracking calls; told at the end. */
  trackMicroseconds: number;
  isClosed: boolean;
  isKilled: boolean;
}

export interface Kill {
  /** Not before the points of this step were begun to be tracked. */
  readonly step: number;
  readonly delayMs: number;
}

/** Runs a training to its end, or to the `kill`. Rejects when it ends by itself with an error. */
export function runTraining(
  settings: TrainingSettings,
  onStep: (step: number) => void,
  kill?: Kill,
): Promise<Told> {
  // A user's RUNLOG_MODE=disabled would leave nothing to look at.
  const { RUNLOG_MODE: _, ...environment } = process.env;
  const program = join(import.meta.dirname, 'trainer.js');
  // What it prints is in its run; here it would be between the lines of the demo.
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = fork(program, [JSON.stringify(settings)], { env: environment, stdio: [...stdio] });
  const told = nothingTold();
  let isKillComing = false;
  child.on('message', (message: TrainingMessage) => {
    keep(told, message);
    if (message.kind !== 'tracking') return;
    onStep(message.step);
    if (kill === undefined || isKillComing || message.step < kill.step) return;
    isKillComing = true;
    setTimeout(killUnflushed, kill.delayMs, child, told);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // 'close', not 'exit': what the child sent before it died is read by then.
    child.on('close', (code, signal) => {
      told.isKilled = signal === 'SIGKILL';
      if (code === 0 || told.isKilled) resolve(told);
      else reject(new Error(`a training ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Kills while points are under way that no flush has promised: right after a flush it is no art. */
function killUnflushed(child: ChildProcess, told: Told): void {
  if (told.trackedCount > told.flushedCount) child.kill('SIGKILL');
  else if (!told.isClosed) setTimeout(killUnflushed, 1, child, told);
}

function nothingTold(): Told {
  return {
    hash: '',
    firstStep: 0,
    stepCount: 0,
    trackedCount: 0,
    flushedCount: 0,
    trackMicroseconds: 0,
    isClosed: false,
    isKilled: false,
  };
}

function keep(told: Told, message: TrainingMessage): void {
  switch (message.kind) {
    case 'opened':
      told.hash = message.hash;
      told.firstStep = message.step;
      break;
    case 'tracking':
      told.stepCount = message.step + 1;
      told.trackedCount = message.pointCount;
      break;
    case 'flushed':
      told.flushedCount = message.pointCount;
      break;
    case 'closed':
      told.trackedCount = message.pointCount;
      told.flushedCount = message.pointCount;
      told.trackMicroseconds = message.trackMicroseconds;
      told.isClosed = true;
      break;
  }
}
