// The folded state of a log: what the layer above makes of its records, kept so that opening never
// decodes history.
//
// 1. State at a position = initial state with every record below it applied in order. A state frame
//    says its position; the records after it are applied again.
// 2. Derived: without any state frame the log is folded from its start (G8).
//
// Spec: spec/segment.md, type 3. Test: test/engine/fold.test.ts.

import { errorCode } from '../errors.ts';
import { frameType, SKIPPABLE } from './format/frame.ts';
import type { SealedSegment } from './format/manifest.ts';
import { packBody, unpackBody } from './format/msgpack.ts';
import { segmentName } from './format/names.ts';
import { readFrames, recordsOf } from './log-reader.ts';
import { inflateBody, type LogRecord } from './record.ts';
import { SegmentFile } from './segment-file.ts';
import type { Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

/** How the layer above folds. The state must be something msgpack holds. */
export interface Fold<State = unknown> {
  initial(): State;
  /** Applies one record; may change `state` in place. Must not keep the record's body. */
  apply(state: State, record: LogRecord): State;
  /** Frames of which types it has to see; default all. Records just appended come whatever it says. */
  isWanted?(type: number): boolean;
}

export const packState = (state: unknown): Uint8Array => packBody([state]);

/** Undefined for bytes that are none: an older state serves, or the start. */
function unpackState(body: Uint8Array): readonly unknown[] | undefined {
  try {
    const state = unpackBody(body);
    return Array.isArray(state) && state.length === 1 ? state : undefined;
  } catch (error) {
    if (errorCode(error) === 'CORRUPT') return undefined;
    throw error;
  }
}

export interface StateFrame {
  readonly position: number;
  readonly body: Uint8Array;
}

/** The state frame at a segment's `state`, or undefined when there is none that holds. */
export function readStateFrame(
  vfs: Vfs,
  directory: string,
  segment: SealedSegment,
): StateFrame | undefined {
  if (segment.state === 0) return undefined;
  const file = new SegmentFile(vfs, directory, segment, 'lookup');
  try {
    const frame = file.frameAt(segment.state, segment.length);
    if (typeof frame === 'string' || frame.header.type !== (frameType.state | SKIPPABLE))
      return undefined;
    return { position: frame.header.first, body: inflateBody(frame.header, frame.body).slice() };
  } catch (error) {
    if (errorCode(error) === 'CORRUPT') return undefined;
    throw error;
  } finally {
    file.close();
  }
}

/** The state after the last record of `segments`. */
export function foldSegments<State>(
  vfs: Vfs,
  directory: string,
  segments: readonly SealedSegment[],
  fold: Fold<State>,
  damage: Damage[],
): State {
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index] as SealedSegment;
    const frame = readStateFrame(vfs, directory, segment);
    const unpacked = frame === undefined ? undefined : unpackState(frame.body);
    if (frame === undefined || unpacked === undefined) continue;
    const [state] = unpacked as [State];
    const rest = segments.slice(index);
    return apply(
      vfs,
      directory,
      rest,
      fold,
      state,
      frame.position,
      segment.rewritten ? undefined : segment.state,
      damage,
    );
  }
  return apply(vfs, directory, segments, fold, fold.initial(), 0, undefined, damage);
}

function apply<State>(
  vfs: Vfs,
  directory: string,
  segments: readonly SealedSegment[],
  fold: Fold<State>,
  start: State,
  position: number,
  offset: number | undefined,
  damage: Damage[],
): State {
  let state = start;
  for (const [index, segment] of segments.entries()) {
    if (segment.end <= position) continue;
    const file = `${directory}/${segmentName(segment)}`;
    for (const frame of readFrames(
      vfs,
      directory,
      segment,
      damage,
      index === 0 ? offset : undefined,
      fold.isWanted,
    )) {
      for (const record of recordsOf(frame, segment, file, damage)) {
        if (record.position >= position) state = fold.apply(state, record);
      }
    }
  }
  return state;
}
