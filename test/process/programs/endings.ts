// Ends in the way that is its argument, with an open run or, as a control, with nothing in its place: all
// that is seen of the process must be the same. Says on stdout what its handlers were told.
//
// Arguments: how, repo, run hash, 'run' or 'control'. The run has as many points as `track` was called.

import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import type { Run } from 'runlog';

const [how = '', repo = '', hash = '', mode = ''] = isMainThread
  ? process.argv.slice(2)
  : (workerData as string[]);
const say = (text: string): number => writeSync(1, `${text}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const options = { repo, runHash: hash, systemTrackingInterval: null } as const;

let run: Run | undefined;
let count = 0;
function track(): void {
  run?.track(count, { name: 'loss' });
  count += 1;
}

const failing = (message = 'the job is broken', more?: ErrorOptions): Error =>
  new RangeError(message, more);

/** Alive until the signal comes. */
const die = (signal: NodeJS.Signals): void => {
  setTimeout(() => {}, 30_000);
  // A turn ends before: what it tracked is flushed.
  setImmediate(() => setImmediate(() => process.kill(process.pid, signal)));
};

const later = (work: () => void): void => {
  setImmediate(work);
};

/** Handlers of a program that were there before the run was opened. */
const before: Record<string, () => void> = {
  'exit-handler-before': () =>
    process.on('exit', (code) => {
      say(`exit ${code}`);
      track();
    }),
  'exit-handler-exits-before': () => process.on('exit', () => process.exit(9)),
  'nine-listeners': () => {
    for (let index = 0; index < 9; index += 1) process.on('exit', () => {});
  },
  'uncaught-handler-before': () => process.on('uncaughtException', () => process.exit(9)),
};

const ways: Record<string, () => unknown> = {
  falls() {},
  'exits-0': () => process.exit(0),
  'exits-3': () => process.exit(3),
  'exit-code': () => {
    process.exitCode = 4;
  },
  'exit-code-text': () => {
    process.exitCode = '5';
  },
  'never-settles': () => new Promise(() => {}),
  'throws-at-top'() {
    throw failing();
  },
  throws: () =>
    later(() => {
      track();
      throw failing();
    }),
  rejects: () => void Promise.reject(failing()),
  'rejects-object': () => void Promise.reject({ code: 5 }),
  'throws-text': () =>
    later(() => {
      // biome-ignore lint/style/useThrowOnlyError: anything may be thrown
      throw 'plain';
    }),
  'throws-null': () =>
    later(() => {
      // biome-ignore lint/style/useThrowOnlyError: anything may be thrown
      throw null;
    }),
  'throws-hostile': () =>
    later(() => {
      throw Object.defineProperty(new Error('hostile'), 'stack', {
        get() {
          throw new Error('no stack');
        },
      });
    }),
  'throws-huge': () =>
    later(() => {
      throw new Error('x'.repeat(30_000));
    }),
  'throws-caused': () =>
    later(() => {
      throw failing('top', { cause: new AggregateError([failing('one'), 'two'], 'several') });
    }),
  overflows: () =>
    later(() => {
      const deeper = (): number => deeper() + 1;
      deeper();
    }),

  SIGINT: () => die('SIGINT'),
  SIGTERM: () => die('SIGTERM'),
  SIGHUP: () => die('SIGHUP'),
  'signal-handler-exits'() {
    process.on('SIGINT', () => process.exit(130));
    die('SIGINT');
  },
  'signal-handler-goes-on'() {
    process.on('SIGTERM', (signal) => {
      say(signal);
      track();
      setTimeout(() => process.exit(0), 20);
    });
    die('SIGTERM');
  },
  'signal-handler-again'() {
    process.once('SIGTERM', () => process.kill(process.pid, 'SIGTERM'));
    die('SIGTERM');
  },
  'signal-handler-closes'() {
    process.on('SIGHUP', async () => {
      await run?.close();
      process.exit(129);
    });
    die('SIGHUP');
  },

  'uncaught-handler-goes-on'() {
    process.on('uncaughtException', (error, origin) => say(`${error} ${origin}`));
    later(() => {
      setTimeout(track, 10);
      throw failing();
    });
  },
  'uncaught-handler-exits-later'() {
    process.on('uncaughtException', () => {
      track();
      setTimeout(() => process.exit(8), 20);
    });
    later(() => {
      throw failing();
    });
  },
  // As if it had gone on for a minute.
  'uncaught-handler-exits-much-later'() {
    process.on('uncaughtException', () => {
      track();
      const { now } = performance;
      performance.now = () => now.call(performance) + 60_000;
      setTimeout(() => process.exit(8), 20);
    });
    later(() => {
      throw failing();
    });
  },
  'uncaught-handler-before': () =>
    later(() => {
      track();
      throw failing();
    }),
  'uncaught-handler-throws'() {
    process.on('uncaughtException', () => {
      throw new Error('the handler is broken');
    });
    later(() => {
      track();
      throw failing();
    });
  },
  'uncaught-capture'() {
    process.setUncaughtExceptionCaptureCallback((error) => say(String(error)));
    later(() => {
      throw failing();
    });
  },
  async domain() {
    const { create } = await import('node:domain');
    const domain = create();
    domain.on('error', (error) => say(String(error)));
    domain.run(() =>
      later(() => {
        throw failing();
      }),
    );
  },
  async 'domain-without-handler'() {
    const { create } = await import('node:domain');
    create().run(() =>
      later(() => {
        throw failing();
      }),
    );
  },
  'rejection-handler'() {
    process.on('unhandledRejection', (error) => say(String(error)));
    void Promise.reject(failing());
  },
  'rejection-flag': () => void Promise.reject(failing()),

  'before-exit-revives'() {
    let times = 0;
    process.on('beforeExit', (code) => {
      say(`beforeExit ${code}`);
      times += 1;
      if (times < 3) setTimeout(track, 5);
    });
  },
  'before-exit-tracks'() {
    process.on('beforeExit', () => {
      say('beforeExit');
      track();
    });
  },
  'before-exit-tracks-first'() {
    process.prependListener('beforeExit', () => {
      say('beforeExit');
      track();
    });
  },

  'exit-handler-before': () => process.exit(3),
  async 'exit-handler-after'() {
    process.on('exit', (code) => {
      say(`exit ${code}`);
      track();
      run?.set('told', code);
    });
    track();
    await sleep(5);
    process.exit(3);
  },
  'exit-handler-last-turn'() {
    process.on('exit', () => {
      track();
      run?.sequence('loss').track(1);
      count += 1;
    });
    process.exit(3);
  },
  'exit-handler-exits-before': () => process.exit(3),
  'exit-handler-exits-after'() {
    process.on('exit', () => {
      track();
      process.exit(9);
    });
    process.exit(3);
  },
  'exit-handler-fails-a-good-end'() {
    process.on('exit', () => {
      track();
      process.exit(9);
    });
  },
  'exit-handler-sets-code'() {
    process.on('exit', () => {
      process.exitCode = 6;
    });
  },
  'exit-handler-throws'() {
    process.on('exit', () => {
      track();
      throw failing('the exit is broken');
    });
  },
  'exit-handler-throws-after-exit'() {
    process.on('exit', () => {
      throw failing('the exit is broken');
    });
    process.exit(3);
  },
  'exit-handler-throws-and-lives'() {
    let times = 0;
    process.on('uncaughtException', (error) => {
      say(String(error));
      setTimeout(track, 10);
    });
    process.on('exit', () => {
      times += 1;
      if (times === 1) throw failing('the exit is broken');
    });
    later(() => process.exit(3));
  },
  'exit-handler-closes'() {
    process.on('exit', () => void run?.close());
    process.exit(3);
  },
  'nine-listeners': () => {},

  'fails-exits-0'() {
    run?.fail(failing('diverged'));
    process.exit(0);
  },
  'fails-throws': () =>
    later(() => {
      run?.fail(failing('diverged'));
      throw new Error('and more');
    }),
  'closes-exits'() {
    void run?.close();
    process.exit(3);
  },
  async 'closes-throws'() {
    await run?.close();
    throw failing();
  },
  async 'closes-twice'() {
    await run?.close();
    await run?.close({ outcome: 'failed' });
    run?.fail(failing('too late'));
  },

  'thread-falls': inThread,
  'thread-exits': inThread,
  'thread-throws': inThread,
  'thread-throws-unheard': inThread,
  'thread-rejects': inThread,
  'thread-terminated': inThread,
  'thread-left': inThread,
};

/** What the thread itself does; its process listens, or does not, and ends when the thread has. */
const inside: Record<string, () => unknown> = {
  'thread-falls'() {},
  'thread-exits': () => process.exit(3),
  'thread-throws': () =>
    later(() => {
      track();
      throw failing();
    }),
  'thread-throws-unheard': () =>
    later(() => {
      throw failing();
    }),
  'thread-rejects': () => void Promise.reject(failing()),
  'thread-terminated': () => setTimeout(() => {}, 30_000),
  'thread-left': () => setTimeout(() => {}, 30_000),
};

async function inThread(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: [how, repo, hash, mode] });
  if (how === 'thread-throws-unheard') return;
  worker.on('error', (error) => say(String(error)));
  worker.on('exit', (code) => say(`thread ${code}`));
  if (how !== 'thread-terminated' && how !== 'thread-left') return;
  await new Promise((resolve) => worker.once('message', resolve));
  await sleep(50);
  if (how === 'thread-left') process.exit(0);
  await worker.terminate();
}

async function inBlock(): Promise<void> {
  const { Run } = await import('runlog');
  if (how.startsWith('using')) {
    await using block = await Run.open(options);
    run = block;
    track();
    if (how === 'using-throws') throw failing();
    return;
  }
  await Run.with(options, async (inner) => {
    run = inner;
    track();
    await sleep(5);
    if (how === 'with-throws') throw failing();
    if (how === 'with-exits') process.exit(3);
  });
}

/** The same without a run. */
async function inNoBlock(): Promise<void> {
  await sleep(5);
  if (how.endsWith('-throws')) throw failing();
  if (how.endsWith('-exits')) process.exit(3);
}

const isBlock = /^(using|with)/.test(how);
if (isBlock) await (mode === 'run' ? inBlock() : inNoBlock());
else {
  before[how]?.();
  // A thread has its run for itself, and the process beside it one of its own.
  const runHash = isMainThread && how.startsWith('thread-') ? `${hash}-main` : hash;
  if (mode === 'run') run = await (await import('runlog')).Run.open({ ...options, runHash });
  else await sleep(1);
  track();
  if (isMainThread) await ways[how]?.();
  else {
    const { parentPort } = await import('node:worker_threads');
    // The turn that tracked has ended.
    setImmediate(() => parentPort?.postMessage('tracked'));
    await inside[how]?.();
  }
}
