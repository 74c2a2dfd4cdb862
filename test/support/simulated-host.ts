// A host without a machine: clocks that the test moves, syncs that happen when they are asked for.
//
// 1. Deterministic: nothing happens but by a call of the test or of the engine.

import type {
  Host,
  OwnerRecord,
  OwnerState,
  SyncSlot,
  SyncSlotOptions,
} from '../../src/engine/host.ts';

export interface SimulatedHost extends Host {
  /** Moves the monotonic clock; timers that are due are called. */
  advance(ms: number): void;
}

export interface SimulatedHostOptions {
  /** What liveness says of a holder. Default: dead, so that every opening takes over. */
  readonly state?: (owner: OwnerRecord) => OwnerState;
}

let nonces = 0;

export function simulatedHost(options: SimulatedHostOptions = {}): SimulatedHost {
  const { state = () => 'dead' } = options;
  let clock = 1000;
  let timers: { at: number; callback: () => void }[] = [];
  const host: SimulatedHost = {
    now: () => 1_700_000_000_000 + clock,
    monotonic: () => clock,
    liveness: {
      self: () => {
        nonces += 1;
        const nonce = new Uint8Array(16);
        new DataView(nonce.buffer).setUint32(0, nonces);
        return {
          host: 'simulated',
          bootId: 'boot',
          pidNamespace: 'pid',
          pid: nonces,
          startTime: '1',
          thread: 0,
          nonce,
          since: clock,
          probe: '',
        };
      },
      announce: async () => undefined,
      state: async (owner) => state(owner),
    },
    politeLock: async () => undefined,
    schedule: {
      after(ms, callback) {
        const timer = { at: clock + ms, callback };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      wait: async (ms) => host.advance(ms),
      rest: async () => {},
      watch: simulatedSlot,
    },
    advance(ms) {
      clock += ms;
      const due = timers.filter((each) => each.at <= clock);
      timers = timers.filter((each) => each.at > clock);
      for (const each of due) each.callback();
    },
  };
  return host;
}

function simulatedSlot({ vfs, segment, onSync }: SyncSlotOptions): SyncSlot {
  let written = 0;
  let synced = 0;
  let failure: Error | undefined;
  return {
    wrote(mark) {
      written = mark;
    },
    synced: () => synced,
    failure: () => failure,
    isSyncing: false,
    async request() {
      if (failure !== undefined) throw failure;
      const mark = written;
      try {
        await vfs.syncLater(segment);
        synced = Math.max(synced, mark);
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        onSync();
      }
    },
    beat() {},
    close() {},
  };
}
