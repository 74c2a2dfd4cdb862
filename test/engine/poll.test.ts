// A follower whose file events never come, and one under which a file goes away: the poll delivers what
// is there, also when nothing changes any more.

import { expect, it } from 'vitest';
import { follow } from '../../src/engine/follow.ts';
import { fileSystemError, Log, type LogRecord, memoryVfs } from '../../src/engine/index.ts';
import { simulatedHost } from '../support/simulated-host.ts';

/** In memory alone: nothing of it is there for chokidar to watch. */
const DIRECTORY = '/only-in-memory';

const open = async (vfs = memoryVfs()): Promise<{ vfs: typeof vfs; log: Log }> => {
  const durability = { syncMs: null };
  return { vfs, log: await Log.open(DIRECTORY, { vfs, host: simulatedHost(), durability }) };
};

/** The body that comes next, or what to say when none has come for long. */
async function next(records: AsyncGenerator<LogRecord>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, 45_000, 'nothing for long');
  });
  const body = records.next().then(({ value }) => (value as LogRecord).body);
  return await Promise.race([body, late]).finally(() => clearTimeout(timer));
}

it('delivers without any event', async () => {
  const { vfs, log } = await open();
  const abort = new AbortController();
  const records = follow(vfs, DIRECTORY, { pollMs: 5, signal: abort.signal });
  log.append(20, 'one');
  log.flush();
  expect(await next(records)).toBe('one');
  const second = next(records);
  // The follower has found nothing new and waits.
  await new Promise((resolve) => setTimeout(resolve, 30));
  log.append(20, 'two');
  log.flush();
  expect(await second).toBe('two');
  abort.abort();
  await records.return(undefined);
});

it('looks again after a round in which a file went away, though nothing changed since', async () => {
  const { vfs, log } = await open();
  log.append(20, 'one');
  log.flush();
  await log.seal();
  let opened = 0;
  vfs.configure({
    onCall: ({ name, path }) => {
      if (name !== 'open' || !path.endsWith('/segment-00000001-000001')) return;
      opened += 1;
      if (opened === 1) throw fileSystemError('ENOENT', 'open', path);
    },
  });
  const abort = new AbortController();
  const records = follow(vfs, DIRECTORY, { pollMs: 5, events: false, signal: abort.signal });
  expect(await next(records)).toBe('one');
  expect(opened).toBeGreaterThan(1);
  abort.abort();
  await records.return(undefined);
});
