// A log that nothing is appended to, read by what was known of its segments when it was read before.
//
// 1. Whoever gives the segments answers for it that nothing has changed since: no listing, fence or
//    manifest is looked at.
// 2. What is not as they say, a file that is gone or damage, is told; the log is then to be read as any
//    other.
//
// Spec: spec/catalogue.md, Segments. Test: test/store/catalogue.test.ts.

import { type IsWanted, type ReadSegment, readRecords } from './log-reader.ts';
import type { LogRecord } from './record.ts';
import type { Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export type SettledSegment = ReadSegment;

export class SettledLog {
  /** Damage that reading came upon. */
  readonly damage: Damage[] = [];
  /** All records are asked for, whatever segments they stand in. */
  readonly manifest = undefined;
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #segments: readonly SettledSegment[];
  readonly #isWanted: IsWanted;

  /** `isWanted`: frames of these types are read, and no others. */
  constructor(
    vfs: Vfs,
    directory: string,
    segments: readonly SettledSegment[],
    isWanted: IsWanted,
  ) {
    this.#vfs = vfs;
    this.#directory = directory;
    this.#segments = segments;
    this.#isWanted = isWanted;
  }

  /** Throws Node's error, ENOENT where a rewriting has taken a file away since. */
  records(from = 0): Generator<LogRecord> {
    const { damage } = this;
    return readRecords(
      this.#vfs,
      this.#directory,
      this.#segments,
      damage,
      from,
      undefined,
      this.#isWanted,
    );
  }

  /** Of a small log: all of it is passed over. */
  find(key: string): LogRecord[] {
    return [...this.records()].filter((record) => record.key === key);
  }

  frame({ fence, number, offset }: LogRecord['place']): LogRecord[] {
    return [...this.records()].filter(
      ({ place }) => place.fence === fence && place.number === number && place.offset === offset,
    );
  }

  /** Nothing here can become true again. */
  renew(): void {}
}
