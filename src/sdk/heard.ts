// A promise that knows whether somebody listens to it: a failure is told once, by the promise to whoever
// awaits it, and aloud where nobody does.
//
// Test: test/sdk/artifacts.test.ts.

/** Also `await` and `Promise.all` come by `then`, since the class is not that of the promises they make. */
export class HeardPromise<T> extends Promise<T> {
  #isHeard = false;

  /** Promises that are derived from it are plain. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  get isHeard(): boolean {
    return this.#isHeard;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<Fulfilled = T, Rejected = never>(
    onFulfilled?: ((value: T) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * What `promise` comes to. Where it rejects and nobody listens by then, `tell` is called, and it ends
 * nothing (G1).
 */
export function heard<T>(promise: Promise<T>, tell: (error: unknown) => void): Promise<T> {
  const told: HeardPromise<T> = new HeardPromise((resolve, reject) => {
    promise.then(resolve, (error: unknown) => {
      const { isHeard } = told;
      reject(error);
      if (!isHeard) tell(error);
    });
  });
  // Not by its own `then`: this is nobody who listens.
  Promise.prototype.then.call(told, undefined, () => {});
  return told;
}
