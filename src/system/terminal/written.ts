// Hearing what this thread writes to stdout and stderr.
//
// 1. The original is called first, with what it was given; what it returns and throws is passed on.
// 2. While nobody listens nothing of ours is left, unless somebody has patched over it: then our hook
//    stays where it is and passes through.
// 3. Each write is heard once, however many of our hooks it passes: by the innermost that it reaches. One
//    that was left below somebody's patch, and comes to the top again, takes over.
// 4. What a listener writes is not heard: nothing comes round again.
//
// Spec: spec/terminal.md, Where they come from. Test: test/system/terminal/written.test.ts.

export type StreamName = 'stdout' | 'stderr';

/** Told of each write after it was done. Must not throw. */
export type Listener = (
  stream: StreamName,
  chunk: string | Uint8Array,
  encoding: string | undefined,
) => void;

type Stream = Pick<NodeJS.WriteStream, 'write'>;
type Write = Stream['write'];

/** A write on its way through a hook. */
interface Call {
  readonly rank: number;
  wasTold: boolean;
}

const listeners = new Set<Listener>();
/** Is passed over: it was told of this write otherwise. */
let deaf: Listener | undefined;
let isTelling = false;

function tell(stream: StreamName, chunk: unknown, encoding: unknown): void {
  if (isTelling || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return;
  isTelling = true;
  const given = typeof encoding === 'string' ? encoding : undefined;
  try {
    for (const each of listeners) if (each !== deaf) each(stream, chunk, given);
  } finally {
    isTelling = false;
  }
}

/** Our hooks of one stream: several where others have patched between them. */
class HookedStream {
  readonly #name: StreamName;
  readonly #stream: Stream;
  /** What the stream itself had before each hook; undefined: it inherited its `write`. */
  readonly #before = new WeakMap<Write, PropertyDescriptor | undefined>();
  /** The one on top has the greatest rank. */
  #nextRank = 0;
  /** The innermost that is on its way. */
  #call: Call | undefined;

  constructor(name: StreamName, stream: Stream) {
    this.#name = name;
    this.#stream = stream;
  }

  install(): void {
    const original = this.#stream.write;
    // One that was left below a patch may have come to the top again.
    if (this.#before.has(original)) return;
    const write = this.#hook(original);
    this.#before.set(write, Object.getOwnPropertyDescriptor(this.#stream, 'write'));
    Object.defineProperty(this.#stream, 'write', {
      value: write,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  #hook(original: Write): Write {
    const hooked = this;
    const rank = this.#nextRank;
    this.#nextRank += 1;
    return function write(this: Stream, ...args: Parameters<Write>): boolean {
      if (listeners.size === 0 || this !== hooked.#stream)
        return Reflect.apply(original, this, args);
      const outer = hooked.#call;
      const call: Call = { rank, wasTold: false };
      hooked.#call = call;
      let result: boolean;
      try {
        result = Reflect.apply(original, this, args);
      } finally {
        hooked.#call = outer;
      }
      // Of a write that came through a hook above, which is not to tell it as well.
      if (outer !== undefined && outer.rank > rank) outer.wasTold = true;
      if (!call.wasTold) tell(hooked.#name, args[0], args[1]);
      return result;
    } as Write;
  }

  /** Puts back what was there, if ours is what is there now. */
  remove(): void {
    const { write } = this.#stream;
    if (!this.#before.has(write)) return;
    const before = this.#before.get(write);
    if (before === undefined) Reflect.deleteProperty(this.#stream, 'write');
    else Object.defineProperty(this.#stream, 'write', before);
  }
}

const known = new WeakMap<Stream, HookedStream>();
let installed: HookedStream[] = [];

function hookedStream(name: StreamName): HookedStream {
  const stream = process[name];
  const hooked = known.get(stream) ?? new HookedStream(name, stream);
  known.set(stream, hooked);
  return hooked;
}

/** Hears every write of this thread from now until the function that is returned is called. */
export function listen(listener: Listener): () => void {
  // Each time: somebody may have put back what was there before our hook.
  installed = [...new Set([...installed, hookedStream('stdout'), hookedStream('stderr')])];
  for (const each of installed) each.install();
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    for (const each of installed) each.remove();
    installed = [];
  };
}

/** Writes to a stream of this process, unheard by one listener, if any. Returns and throws as `write`. */
export function writeUnheard(stream: StreamName, chunk: Uint8Array, by?: Listener): boolean {
  const before = deaf;
  deaf = by;
  try {
    return process[stream].write(chunk);
  } finally {
    deaf = before;
  }
}
