// What the n-th point of a rank is, for rank.ts, which tracks it, and for the test, which looks for it.

/** Points from one change of params to the next. */
export const BLOCK = 50;

/** Whether the block of n is tracked as columns, at once. */
export const isColumns = (n: number): boolean => Math.floor(n / BLOCK) % 3 === 1;

export const nameOf = (n: number): string => ['loss', 'accuracy'][Math.floor(n / BLOCK) % 2] ?? '';

/** Whether the rank rewinds when it has reached n, the end of a block. */
export const isRewound = (n: number): boolean => (n / BLOCK) % 7 === 3;

/** The first step that the rewind at n hides; n is the one after the last. */
export const rewoundFrom = (n: number): number => n - 20;
