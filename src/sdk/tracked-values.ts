// An object of values by name, tracked at one step: everything is checked before anything is accepted.
//
// Test: test/sdk/run.test.ts, test/sdk/slips.test.ts.

import { checkMembers } from '../model/check.ts';
import { isDataObject } from '../model/data-object.ts';
import { given } from '../model/given.ts';
import { checkName } from '../model/names.ts';
import { checkEpoch, checkStep, checkTime, checkValue } from '../model/point.ts';
import type { TrackOptions } from './options.ts';

export interface TrackedMoment {
  readonly step: number | undefined;
  /** NaN: none. */
  readonly epoch: number;
  readonly time: number | undefined;
}

export interface TrackedValues extends TrackedMoment {
  readonly points: readonly { readonly name: string; readonly value: number }[];
}

/** What `track` takes. */
export const trackNames = new Set(['name', 'step', 'epoch', 'time', 'context']);

/** @throws TypeError, RangeError naming the argument. */
export function checkedValues(values: unknown, options: TrackOptions<object>): TrackedValues {
  if (!isDataObject(values))
    throw new TypeError(
      `value: expected a number, bigint, boolean or plain object, got ${given(values)}`,
    );
  const moment = checkedMoment(options);
  if (options.name !== undefined)
    throw new TypeError('name: an object of values has its names as keys');
  return {
    ...moment,
    points: Object.keys(values)
      .filter((name) => values[name] !== undefined)
      .map((name) => ({
        name: checkName(name, 'name'),
        value: checkValue(values[name], `value.${name}`),
      })),
  };
}

/** When something was tracked. @throws TypeError, RangeError naming the argument. */
export function checkedMoment(options: TrackOptions<object>): TrackedMoment {
  checkMembers(options, 'options', trackNames);
  const { step, epoch, time } = options;
  return {
    step: step === undefined ? undefined : checkStep(step),
    epoch: epoch === undefined ? Number.NaN : checkEpoch(epoch),
    time: time === undefined ? undefined : checkTime(time),
  };
}

/**
 * Looks for options that nothing reads, at the first point of a sequence and where a call gives other options
 * than the call before it: a slip leaves out what it was meant for. Going through the members at each point
 * would cost a tenth of a call, counting them as much; this is not to be measured.
 */
export class OptionSlips {
  /** Which options the last call gave, as bits. */
  #before = -1;

  /** @throws TypeError. */
  look(options: object, step: unknown, epoch: unknown, time: unknown, context: unknown): void {
    const given =
      (step === undefined ? 0 : 1) |
      (epoch === undefined ? 0 : 2) |
      (time === undefined ? 0 : 4) |
      (context === undefined ? 0 : 8);
    if (given === this.#before) return;
    checkMembers(options, 'options', trackNames);
    this.#before = given;
  }
}
