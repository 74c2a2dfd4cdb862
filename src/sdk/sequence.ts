// The hot handle: one sequence, looked up once.
//
// Test: test/sdk/run.test.ts.

import { checkMembers } from '../model/check.ts';
import { type Context, parseContext } from '../model/context.ts';
import { given } from '../model/given.ts';
import { checkEpoch, checkStep, checkTime, checkValue } from '../model/point.ts';

/** Many points of one sequence, a column for each part. */
export interface Columns {
  /** Of equal length. NaN among `epochs`: none. */
  readonly values: ArrayLike<number>;
  /** Default: steps that go on after the largest visible one. */
  readonly steps?: ArrayLike<number> | undefined;
  readonly epochs?: ArrayLike<number> | undefined;
  /** Milliseconds since 1970. Default: now, for all of them. */
  readonly times?: ArrayLike<number> | undefined;
}

const columnNames = new Set(['values', 'steps', 'epochs', 'times']);

/** What a handle needs of its run. */
export interface SequenceTarget {
  nextStep(): number;
  track(value: number, step: number | undefined, epoch: number, time: number | undefined): void;
  trackColumns(columns: Columns): void;
}

/** Of a run that keeps nothing. */
export const noTarget: SequenceTarget = { nextStep: () => 0, track() {}, trackColumns() {} };

/** One sequence of a run, looked up once: the fastest way to track. From `run.sequence`. */
export class Sequence {
  readonly name: string;
  readonly #contextText: string;
  readonly #target: SequenceTarget;

  /** @internal Use `run.sequence`. */
  constructor(name: string, contextText: string, target: SequenceTarget) {
    this.name = name;
    this.#contextText = contextText;
    this.#target = target;
  }

  get context(): Context {
    return parseContext(this.#contextText);
  }

  /**
   * The step that a point without one gets: one past the largest that this writer has tracked and no rewind
   * hides, 0 before the first. Of a run that was opened again: where it goes on.
   */
  get nextStep(): number {
    return this.#target.nextStep();
  }

  /**
   * Tracks one point. `step`: a safe integer, default `nextStep`; `epoch`: any finite number, default none;
   * `time`: milliseconds since 1970, default now.
   *
   * @throws TypeError, RangeError naming the argument; RunlogError RUN_CLOSED.
   */
  track(value: number | bigint | boolean, step?: number, epoch?: number, time?: number): void {
    this.#target.track(
      checkValue(value),
      step === undefined ? undefined : checkStep(step),
      epoch === undefined ? Number.NaN : checkEpoch(epoch),
      time === undefined ? undefined : checkTime(time),
    );
  }

  /**
   * Tracks many points at once. The columns are copied before it returns.
   *
   * @throws TypeError, RangeError naming the column and the place; nothing is accepted then.
   */
  trackColumns(columns: Columns): void {
    checkMembers(columns, 'columns', columnNames);
    const { values, steps, epochs, times } = columns;
    checkColumn(values, 'values', values?.length, (each, place) => checkValue(each, place));
    checkColumn(steps, 'steps', values.length, checkStep);
    checkColumn(epochs, 'epochs', values.length, checkEpoch);
    checkColumn(times, 'times', values.length, checkTime);
    this.#target.trackColumns(columns);
  }
}

function checkColumn(
  column: ArrayLike<number> | undefined,
  name: string,
  length: number | undefined,
  check: (each: unknown, place: string) => number,
): void {
  if (column === undefined && name !== 'values') return;
  const isColumn =
    Array.isArray(column) || (ArrayBuffer.isView(column) && !(column instanceof DataView));
  if (!isColumn)
    throw new TypeError(
      `columns.${name}: expected an array or a typed array, got ${given(column)}`,
    );
  if (column.length !== length)
    throw new RangeError(`columns.${name}: ${column.length} elements, values has ${length}`);
  if (column instanceof Float64Array && name === 'values') return;
  if (column instanceof BigInt64Array || column instanceof BigUint64Array) {
    throw new TypeError(`columns.${name}: expected numbers, got bigints`);
  }
  for (let index = 0; index < column.length; index += 1) {
    const each = column[index];
    // Made only when it is needed: a text for each element would cost more than the point.
    if (typeof each !== 'number') check(each, `columns.${name}[${index}]`);
    else if (
      name === 'steps'
        ? !Number.isSafeInteger(each)
        : name === 'times'
          ? !Number.isFinite(each)
          : Math.abs(each) === Number.POSITIVE_INFINITY && name === 'epochs'
    ) {
      check(each, `columns.${name}[${index}]`);
    }
  }
}
