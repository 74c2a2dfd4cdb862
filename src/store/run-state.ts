// The folded state of one log of a run: what opening it needs, without decoding history.
//
// 1. Bounded: params without what was replaced, rewinds that stand, the newest openings. Sequences
//    are found by key, not kept here.
// 2. The state is what msgpack holds: arrays, as spec/records.md draws them.
//
// Spec: spec/records.md, Folded state. Test: test/store/run-state.test.ts.

import type { Fold, LogRecord } from '../engine/index.ts';
import { SYSTEM_PARAMS_KEY } from '../model/system-params.ts';
import { nextLineOf } from './lines.ts';
import { isNoObject } from './object-record.ts';
import { compactChanges } from './params-merge.ts';
import {
  decodeOpening,
  decodeParams,
  decodePoints,
  decodeRewind,
  decodeStretch,
  encodeParams,
  type ParamsChange,
  type Rewind,
  recordType,
  sequenceIdOf,
} from './record.ts';

/** As stored; see `readState` for names. */
export type StoredState = [
  nextPoint: number,
  nextSequence: number,
  lamport: number,
  changes: unknown[],
  rewinds: unknown[],
  undone: string[],
  life: string,
  openingCount: number,
  openings: [opening: unknown, close: unknown][],
  /** Missing in what was written before there were lines. */
  nextLine?: number,
];

export interface RunState {
  readonly nextPoint: number;
  readonly nextSequence: number;
  readonly lamport: number;
  readonly changes: readonly ParamsChange[];
  readonly rewinds: readonly Rewind[];
  readonly undone: readonly string[];
  readonly life: string;
  readonly openingCount: number;
  /** The newest, oldest first; bodies as stored, the close nil while there is none. */
  readonly openings: readonly (readonly [opening: unknown, close: unknown])[];
  /** Number of the next terminal line. */
  readonly nextLine: number;
}

const OPENINGS_KEPT = 16;
/** Changes are compacted each time their number has doubled beyond this. */
const CHANGES_MIN = 64;

const compactAt = new WeakMap<StoredState, number>();

export const runFold: Fold<StoredState> = {
  isWanted: isNoObject,
  initial: () => [0, 0, 0, [], [], [], '', 0, [], 0],
  apply(state: StoredState, record: LogRecord): StoredState {
    const { body } = record;
    switch (record.type) {
      case recordType.points: {
        const [first, count] = decodePoints(body);
        state[0] = Math.max(state[0], first + count);
        break;
      }
      case recordType.sequence:
      case recordType.blocks:
        state[1] = Math.max(state[1], (sequenceIdOf(record) ?? -1) + 1);
        break;
      case recordType.stretch: {
        const [, end, nextSequence] = decodeStretch(body);
        state[0] = Math.max(state[0], end);
        state[1] = Math.max(state[1], nextSequence);
        break;
      }
      case recordType.params:
        applyParams(state, body);
        break;
      case recordType.rewind:
        state[4].push(body);
        break;
      case recordType.undo: {
        const [id] = body as [string];
        const before = state[4].length;
        state[4] = state[4].filter((each) => (each as [string])[0] !== id);
        if (state[4].length === before) state[5].push(id);
        break;
      }
      case recordType.opening:
        state[6] = decodeOpening(body).life;
        state[7] += 1;
        state[8] = [...state[8], [body, null] as [unknown, unknown]].slice(-OPENINGS_KEPT);
        break;
      case recordType.close: {
        const last = state[8].at(-1);
        if (last !== undefined) last[1] = body;
        break;
      }
      case recordType.lines:
        state[9] = Math.max(state[9] ?? 0, nextLineOf(body));
        break;
      default:
    }
    return state;
  },
};

function applyParams(state: StoredState, body: unknown): void {
  const change = decodeParams(body);
  state[2] = Math.max(state[2], change.lamport);
  // Large, and set at each opening: those before it would fill the state long before it is compacted.
  if (isSystemParams(change))
    state[3] = state[3].filter((each) => !isSystemParams(decodeParams(each)));
  state[3].push(body);
  const limit = compactAt.get(state) ?? CHANGES_MIN;
  if (state[3].length < limit) return;
  state[3] = compactChanges(state[3].map(decodeParams)).map(encodeParams);
  compactAt.set(state, Math.max(CHANGES_MIN, state[3].length * 2));
}

const isSystemParams = (change: ParamsChange): boolean =>
  'value' in change && change.path.length === 1 && change.path[0] === SYSTEM_PARAMS_KEY;

export function readState(state: StoredState): RunState {
  const [
    nextPoint,
    nextSequence,
    lamport,
    changes,
    rewinds,
    undone,
    life,
    openingCount,
    openings,
    nextLine = 0,
  ] = state;
  return {
    nextPoint,
    nextSequence,
    lamport,
    changes: changes.map(decodeParams),
    rewinds: rewinds.map(decodeRewind),
    undone,
    life,
    openingCount,
    openings,
    nextLine,
  };
}
