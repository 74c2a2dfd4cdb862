// Files of /proc and /sys, kept open and read again: the thin edge below the parsers.
//
// 1. Off the event loop: a read that stalls in the kernel stalls a thread of the pool.
// 2. Opened once: a read costs 20 us instead of 100.
// 3. A root other than '' takes another folder for the root of the file system, as tests do.
//
// Test: test/system/files.test.ts.

import fs from 'node:fs';

export interface KeptFile {
  /** The whole text as it is now. Called again only when it has answered. Rejects with Node's error. */
  read(): Promise<string>;
  /** Idempotent. */
  close(): void;
}

export interface SystemFiles {
  /** Undefined: it cannot be opened. */
  open(path: string): Promise<KeptFile | undefined>;
  /** The names in a folder; none where there is no such folder. */
  list(path: string): Promise<readonly string[]>;
}

const SIZE_FIRST = 4096;
/** Hundreds of disks or interfaces; what is longer is not what we look for. */
const SIZE_MAX = 1024 * 1024;
/** The kernel gives lines until the next does not fit into a page: less than this is the last. */
const SIZE_SHORT = 2048;

export const systemFiles = (root = ''): SystemFiles => ({
  open: (path) =>
    new Promise((resolve) => {
      fs.open(root + path, 'r', (error, descriptor) => {
        resolve(error === null ? new OpenFile(path, descriptor) : undefined);
      });
    }),
  list: (path) =>
    new Promise((resolve) => {
      fs.readdir(root + path, (error, names) => resolve(error === null ? names : []));
    }),
});

class OpenFile implements KeptFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #buffer = Buffer.allocUnsafe(SIZE_FIRST);
  #isReading = false;
  #isClosed = false;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  async read(): Promise<string> {
    if (this.#isClosed) throw new Error(`${this.#path} is closed`);
    this.#isReading = true;
    try {
      let size = 0;
      for (;;) {
        const count = await this.#readAt(size);
        size += count;
        if (count < SIZE_SHORT) return this.#buffer.toString('latin1', 0, size);
      }
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#release();
    }
  }

  #readAt(position: number): Promise<number> {
    if (position >= SIZE_MAX) throw new Error(`${this.#path} is longer than ${SIZE_MAX} bytes`);
    if (this.#buffer.length - position < SIZE_SHORT) {
      const wider = Buffer.allocUnsafe(this.#buffer.length * 2);
      this.#buffer.copy(wider);
      this.#buffer = wider;
    }
    const length = this.#buffer.length - position;
    return new Promise((resolve, reject) => {
      fs.read(
        this.#descriptor as number,
        this.#buffer,
        position,
        length,
        position,
        (error, count) => (error === null ? resolve(count) : reject(error)),
      );
    });
  }

  close(): void {
    this.#isClosed = true;
    // Not under a read: the number may be another file's by the time the thread uses it.
    if (!this.#isReading) this.#release();
  }

  #release(): void {
    if (this.#descriptor !== undefined) fs.close(this.#descriptor, () => {});
    this.#descriptor = undefined;
  }
}
