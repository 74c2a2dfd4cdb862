// How many logs of a thread keep their files open: those in use, up to a limit.
//
// 1. Above the limit, logs that nothing is written to are parked: synced, then closed, and opened again
//    by their next flush. Those that are not synced yet are asked for it.
// 2. Above twice the limit one is synced on the spot for each that is opened.
//
// Spec: spec/ownership.md, Parking; spec/limits.md. Test: test/engine/parking.test.ts.

import { limits } from '../limits.ts';

/** The appending end of an open log. */
export interface OpenEnd {
  /** Set by each flush, cleared by a look that finds it set: what is in use is looked at last. */
  wasUsed: boolean;
  /** Closes the files if nothing is lost by it. `isUrgent`: also if that needs a sync now. */
  park(isUrgent: boolean): boolean;
}

/** The longest not looked at first. */
const ends = new Set<OpenEnd>();
/** Others that are looked at for each that is opened: more than one, so that room is found. */
const LOOK_COUNT = 8;

/** Its files were opened. */
export function addOpenEnd(end: OpenEnd): void {
  ends.add(end);
  if (ends.size <= limits.openSegmentCountMax) return;
  const others = [...ends].filter((each) => each !== end);
  for (const each of others.slice(0, LOOK_COUNT)) {
    const isParked = !each.wasUsed && each.park(false);
    each.wasUsed = false;
    ends.delete(each);
    if (!isParked) ends.add(each);
    if (ends.size <= limits.openSegmentCountMax) return;
  }
  if (ends.size <= 2 * limits.openSegmentCountMax) return;
  const urgent = others.find((each) => ends.has(each) && each.park(true));
  if (urgent !== undefined) ends.delete(urgent);
}

/** Nothing more is to be written or synced for now: parked if there are too many. */
export function offerOpenEnd(end: OpenEnd): void {
  if (ends.size > limits.openSegmentCountMax && ends.has(end) && end.park(false)) ends.delete(end);
}

/** Its files are closed for good. */
export function removeOpenEnd(end: OpenEnd): void {
  ends.delete(end);
}
