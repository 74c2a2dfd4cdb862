// Owners and readers of one log, as programs for test/support/coroutine.ts: the engine's own
// functions, one file-system call after the other.
//
// 1. An owner takes over by force whoever holds the log, as after a wrong verdict or an endless pause;
//    it goes on when it was replaced, until it is told.
// 2. It must be told for a reason: an owner that ends as fenced while its fence is the newest, or ends
//    at all where nothing failed, fails the test.

import { Appender } from '../../src/engine/appender.ts';
import type { FenceKind } from '../../src/engine/format/fence.ts';
import { packBody } from '../../src/engine/format/msgpack.ts';
import { newest } from '../../src/engine/format/names.ts';
import type { Host, RewriteHook, Vfs } from '../../src/engine/index.ts';
import { HotKeys } from '../../src/engine/lookup.ts';
import { removeOpenEnd } from '../../src/engine/open-ends.ts';
import { acquire, findHolder, type Ownership } from '../../src/engine/owner.ts';
import { Rewriter } from '../../src/engine/rewrite.ts';
import { listLog } from '../../src/engine/snapshot.ts';
import { limits } from '../../src/limits.ts';
import type { Stage } from './coroutine.ts';
import { type History, LOG, readLog } from './ownership-history.ts';
import { simulatedHost } from './simulated-host.ts';

export type Action =
  | 'append'
  | 'flush'
  | 'roll'
  | 'sync'
  | 'syncSync'
  | 'rewrite'
  | 'park'
  | 'close';

export interface OwnerPlan {
  readonly name: string;
  readonly kind?: FenceKind;
  /** One list for each opening. */
  readonly openings: readonly (readonly Action[])[];
  /** Begins a new life of the directory: nothing that was promised before counts any more. */
  readonly fresh?: boolean;
  /** Attempts of one opening before it gives up; default: as many as it takes. */
  readonly triesMax?: number;
  /** Syncs of its may fail: then it may end as 'failed'. */
  readonly mayFail?: boolean;
}

/** Copies records into one frame each, so that rewriting changes files and not what is read. */
export const copyRecords: RewriteHook = async (input, output) => {
  for (const { type, body, key, position, end } of input)
    output.append([{ type, body, key }], position, end);
};

/** The owner as a program; `observer` sees the disk without being part of the schedule. */
export function ownerProgram(
  plan: OwnerPlan,
  history: History,
  observer: Vfs,
): (stage: Stage) => Promise<void> {
  return async (stage) => {
    for (const [index, actions] of plan.openings.entries()) {
      const opening = new Opening(plan, `${plan.name}${index}`, stage, history, observer);
      try {
        if (!opening.open()) return;
        for (const [place, action] of actions.entries()) {
          stage.at(`${index}.${place}`);
          if (!(await opening.act(action))) break;
        }
      } finally {
        opening.leave();
      }
    }
  };
}

class Opening {
  readonly #plan: OwnerPlan;
  readonly #label: string;
  readonly #stage: Stage;
  readonly #history: History;
  readonly #observer: Vfs;
  readonly #host: Host;
  #appender: Appender | undefined;
  #rewriter: Rewriter | undefined;
  #count = 0;
  #pending: string[] = [];
  #all: string[] = [];

  constructor(plan: OwnerPlan, label: string, stage: Stage, history: History, observer: Vfs) {
    this.#plan = plan;
    this.#label = label;
    this.#stage = stage;
    this.#history = history;
    this.#observer = observer;
    this.#host = simulatedHost();
  }

  /** False: it gave up. */
  open(): boolean {
    const { vfs, once } = this.#stage;
    const { kind = 'writer', fresh = false, triesMax = 100 } = this.#plan;
    // The same in every schedule: disks of two schedules are then the same where nothing differs.
    const nonce = new Uint8Array(16);
    nonce.set(Buffer.from(this.#label));
    for (let tries = 0; tries < triesMax; tries += 1) {
      const owner = { ...once(() => this.#host.liveness.self()), pid: tries, nonce };
      if (fresh) once(() => this.#history.forget());
      let ownership: Ownership | undefined;
      try {
        ownership = acquire(vfs, LOG, findHolder(vfs, LOG), { kind, owner, fresh });
      } catch (error) {
        once(() => {
          if (!this.#plan.mayFail || (error as { code?: string }).code !== 'EIO') throw error;
        });
        return false;
      }
      if (ownership === undefined) continue;
      this.#begin(ownership);
      return true;
    }
    if (triesMax < 100) return false;
    throw new Error(`${this.#label}: no end of trying to open`);
  }

  #begin(ownership: Ownership): void {
    const { vfs, once } = this.#stage;
    once(() => this.#history.owns(this.#label, ownership.fence));
    this.#appender = new Appender({
      vfs,
      host: this.#host,
      directory: LOG,
      ownership,
      syncMs: null,
      onFlush: 'write',
      sizes: limits,
      parents: [],
      keys: new HotKeys(),
      packState: () => undefined,
      onTrouble() {},
      onSeal() {},
    });
    this.#rewriter = new Rewriter({
      vfs,
      host: this.#host,
      directory: LOG,
      appender: this.#appender,
      hook: copyRecords,
      startState: undefined,
    });
  }

  /** Paused, killed or done: this process no longer counts what it has open. */
  leave(): void {
    if (this.#appender !== undefined) removeOpenEnd(this.#appender);
  }

  /** False: recording is over. */
  async act(action: Action): Promise<boolean> {
    const appender = this.#appender as Appender;
    if (action === 'append') this.#append(appender);
    else if (action === 'flush') this.#promise(appender.flush(), false);
    else if (action === 'roll') appender.roll();
    else if (action === 'park') appender.park(true);
    else if (action === 'syncSync') this.#promise(appender.syncSync(), true);
    else if (action === 'sync') this.#promise(await isResolved(appender.sync()), true);
    else if (action === 'rewrite') await this.#rewrite();
    else {
      this.#promise(appender.syncSync(), true);
      appender.close();
      return false;
    }
    return this.#isOn(appender);
  }

  #append(appender: Appender): void {
    const label = `${this.#label}.${this.#count}`;
    if (appender.append(20, 0, 1, packBody([label])) === undefined) return;
    this.#count += 1;
    this.#pending.push(label);
    this.#all.push(label);
  }

  #promise(holds: boolean, isSynced: boolean): void {
    if (!holds) return;
    const pending = this.#pending;
    const all = this.#all;
    this.#pending = [];
    this.#stage.once(() => {
      this.#history.acknowledged.push(...pending);
      if (isSynced) this.#history.synced.push(...all);
    });
  }

  /** As background rewriting: what it cannot do is left, and the next call of the owner tells. */
  async #rewrite(): Promise<void> {
    try {
      await this.#rewriter?.run();
    } catch (error) {
      this.#stage.once(() => {
        const { code } = error as { code?: string };
        const isExpected = code === 'ENOENT' ? this.#isReplaced() : code === 'EIO';
        if (!isExpected || (code === 'EIO' && !this.#plan.mayFail)) throw error;
      });
    }
  }

  #isOn(appender: Appender): boolean {
    const { recording, trouble } = appender;
    if (recording === 'on') return true;
    this.#stage.once(() => {
      if (recording === 'fenced' && this.#isReplaced()) return;
      if (this.#plan.mayFail || this.#isReplaced()) return;
      throw new Error(`${this.#label} ended as ${recording} while it is the newest owner`, {
        cause: trouble,
      });
    });
    return false;
  }

  #isReplaced(): boolean {
    const fence = this.#appender?.manifest.fence ?? 0;
    return newest(listLog(this.#observer, LOG).fences) > fence;
  }
}

async function isResolved(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
}

/** A reader that looks `rounds` times. */
export function readerProgram(rounds: number, history: History): (stage: Stage) => Promise<void> {
  return async ({ vfs, once }) => {
    for (let round = 0; round < rounds; round += 1) {
      const before = once(() => history.promised());
      const reading = readLog(vfs);
      once(() => history.deliver(reading, before));
    }
  };
}
