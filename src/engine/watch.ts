// Hints that a directory has changed. The only importer of chokidar, loaded at the first use.
//
// 1. A hint may be missing, late or wrong: chokidar throttles on the leading edge and drops the last
//    append (its issue 1455). Whoever waits for one also polls.
// 2. An error of the watcher ends the hints, nothing else.
//
// Test: test/engine/follow.test.ts.

export interface Watch {
  /** Sets the one listener; it is called once per hint. */
  onChange(listener: (() => void) | undefined): void;
  close(): void;
}

/** A hint is repeated after this time: the append that chokidar swallowed lies before it. */
const ECHO_MS = 60;

const IGNORED = /^[\\/](temporary-|probe-|\.lock)/;

export function openWatch(directory: string): Watch {
  let listener: (() => void) | undefined;
  let isClosed = false;
  let close = (): void => {};
  const hint = (): void => {
    listener?.();
    setTimeout(() => listener?.(), ECHO_MS).unref();
  };
  const start = async (): Promise<void> => {
    const { watch } = await import('chokidar');
    if (isClosed) return;
    const watcher = watch(directory, {
      ignoreInitial: true,
      depth: 0,
      // A closed one may be left behind by chokidar: it must not keep the process alive. Whoever follows
      // has a timer that does.
      persistent: false,
      atomic: false,
      // Names in the directory: what stands above it may be called anything.
      ignored: (path) => path !== directory && IGNORED.test(path.slice(directory.length)),
    });
    watcher.on('all', hint);
    watcher.on('error', () => close());
    close = () => {
      watcher.close().catch(() => {});
    };
  };
  start().catch(() => {
    // Without events the poll alone finds what is new.
  });
  return {
    onChange(next) {
      listener = next;
    },
    close() {
      isClosed = true;
      listener = undefined;
      close();
    },
  };
}
