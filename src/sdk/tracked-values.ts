// An object of values by name, tracked at one step: everything is checked before anything is accepted.
//
// Test: test/sdk/run.test.ts, test/sdk/slips.test.ts.

import { checkObject } from '../model/check.ts';
import { given, isPlainObject } from '../model/given.ts';
import { checkName } from '../model/names.ts';
import { checkEpoch, checkStep, checkTime, checkValue } from '../model/point.ts';
import type { TrackOptions } from './options.ts';

export interface TrackedValues {
  readonly step: number | undefined;
  /** NaN: none. */
  readonly epoch: number;
  readonly time: number | undefined;
  readonly points: readonly { readonly name: string; readonly value: number }[];
}

/** @throws TypeError, RangeError naming the argument. */
export function checkedValues(values: unknown, options: TrackOptions): TrackedValues {
  if (!isPlainObject(values))
    throw new TypeError(
      `value: expected a number, bigint, boolean or plain object, got ${given(values)}`,
    );
  checkObject(options, 'options');
  if (options.name !== undefined)
    throw new TypeError('name: an object of values has its names as keys');
  return {
    epoch: options.epoch === undefined ? Number.NaN : checkEpoch(options.epoch),
    time: options.time === undefined ? undefined : checkTime(options.time),
    step: options.step === undefined ? undefined : checkStep(options.step),
    points: Object.keys(values)
      .filter((name) => values[name] !== undefined)
      .map((name) => ({
        name: checkName(name, 'name'),
        value: checkValue(values[name], `value.${name}`),
      })),
  };
}
