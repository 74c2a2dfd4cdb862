// What the evaluation of one row may still cost. One count for the thread: evaluation is synchronous,
// and passing it through each method of each type would be in every signature.
//
// 1. What loops or copies pays before it does so: an element, or 32 characters, is one step. Memory is
//    bounded by it too.
// 2. What is big by itself is refused before it is made, whatever the budget.
//
// Spec: spec/query.md, Limits. Test: test/query/limits.test.ts.

import { limits } from '../limits.ts';
import { limitError } from './failure.ts';

let stepsLeft: number = limits.queryStepCountMax;

export function startBudget(): void {
  stepsLeft = limits.queryStepCountMax;
}

export function charge(steps: number): void {
  stepsLeft -= steps;
  if (stepsLeft < 0) throw limitError('queryStepCountMax', 'more steps than one row may cost');
}

/** Pays for a text of `size` characters that is about to be made. */
export function chargeText(size: number): void {
  if (size > limits.queryStringSizeMax)
    throw limitError('queryStringSizeMax', `a string of ${size} characters`);
  charge(size >>> 5);
}

/** Pays for what a text has grown by, to `size` in all. */
export function chargeGrowth(size: number, grownBy: number): void {
  if (size > limits.queryStringSizeMax)
    throw limitError('queryStringSizeMax', `a string of ${size} characters`);
  charge((grownBy >>> 5) + 1);
}

/** Pays for `count` elements that are about to be held. */
export function chargeElements(count: number): void {
  if (count > limits.queryElementCountMax)
    throw limitError('queryElementCountMax', `${count} elements`);
  charge(count);
}

let callDepth = 0;

/** Runs `body` one call deeper: a function that calls itself ends here, not at the end of the stack. */
export function deeper<T>(body: () => T): T {
  if (callDepth >= limits.queryCallDepthMax)
    throw limitError('queryCallDepthMax', 'functions that call themselves');
  callDepth += 1;
  try {
    return body();
  } finally {
    callDepth -= 1;
  }
}
