// Our own stdout and stderr as the place where the output of children goes.
//
// 1. Where ours is full the children wait; where nobody reads it any more (EPIPE) their pipes are closed,
//    which tells them what they would have been told without us.
// 2. One listener an event, however many children: none of them is an error handler, so the program's own
//    handling of errors stays what it is.
//
// Spec: spec/terminal.md. Test: test/sdk/spawn.test.ts, test/cli/exec.test.ts.

import { type EventEmitter, errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';

import { type Listener, type StreamName, writeUnheard } from '../system/terminal/written.ts';

class Outlet {
  readonly #name: StreamName;
  readonly #stream: NodeJS.WriteStream;
  readonly #sources = new Set<Readable>();

  constructor(name: StreamName, stream: NodeJS.WriteStream) {
    this.#name = name;
    this.#stream = stream;
  }

  add(source: Readable): void {
    const events: EventEmitter = this.#stream;
    if (this.#sources.size === 0) {
      events.on('drain', this.#resume);
      events.on('close', this.#resume);
      events.on(errorMonitor, this.#onError);
    }
    this.#sources.add(source);
    source.once('close', () => {
      this.#sources.delete(source);
      if (this.#sources.size > 0) return;
      events.off('drain', this.#resume);
      events.off('close', this.#resume);
      events.off(errorMonitor, this.#onError);
    });
  }

  write(source: Readable, chunk: Uint8Array, unheardBy: Listener | undefined): void {
    const isRoom = writeUnheard(this.#name, chunk, unheardBy);
    // A stream that errs or has ended never drains.
    if (!isRoom && this.#stream.writableNeedDrain) source.pause();
  }

  readonly #resume = (): void => {
    for (const each of this.#sources) each.resume();
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') for (const each of this.#sources) each.destroy();
    else this.#resume();
  };
}

const outlets = new WeakMap<NodeJS.WriteStream, Outlet>();

export function outlet(name: StreamName): Outlet {
  const stream = process[name];
  const known = outlets.get(stream) ?? new Outlet(name, stream);
  outlets.set(stream, known);
  return known;
}
