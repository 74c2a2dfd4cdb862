// What an owner does when the disk refuses, error by error: the table of spec/segment.md, Disk
// trouble. Whatever happens, what a flush was true for is read, in order and without a hole; keys are
// found where they have moved to; and `recording`, `trouble` and `lost` say what happened.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RunlogError,
  type VfsCall,
} from '../../src/engine/index.ts';
import {
  appendNumbers,
  DIRECTORY,
  namesOf,
  numbersOf,
  optionsOf,
  upTo,
} from '../support/log-files.ts';
import { type SimulatedHost, simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

interface Opened {
  readonly vfs: MemoryVfs;
  readonly host: SimulatedHost;
  readonly log: Log;
  readonly told: RunlogError[];
}

async function open(options: LogOptions = {}, vfs = memoryVfs()): Promise<Opened> {
  const host = simulatedHost();
  const told: RunlogError[] = [];
  const onError = (error: RunlogError): void => void told.push(error);
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, onError, ...options }));
  return { vfs, host, log, told };
}

/** Fails each call that `which` names, until it is taken away. */
function refuse(vfs: MemoryVfs, code: string, which: (call: VfsCall) => boolean): () => void {
  vfs.configure({
    onCall: (call) => {
      if (which(call)) throw fileSystemError(code, call.name, call.path);
    },
  });
  return () => vfs.configure({ onCall: undefined });
}

const isSegment = ({ path }: VfsCall): boolean => /\/(segment|temporary)-/.test(path);
const isSync = ({ name }: VfsCall): boolean => name === 'sync' || name === 'syncLater';

describe('a sync that failed', () => {
  it('is answered by a new segment that repeats what was not synced', async () => {
    const { vfs, log, told } = await open();
    appendNumbers(log, 0, 3);
    await log.sync();
    appendNumbers(log, 3, 6);
    let failures = 0;
    refuse(vfs, 'EIO', (call) => isSync(call) && isSegment(call) && (failures += 1) === 1);
    await log.sync();
    expect(namesOf(vfs, 'segment')).toEqual(['segment-00000001-000001', 'segment-00000001-000002']);
    expect(log.manifest?.segments.map(({ number, first, end }) => [number, first, end])).toEqual([
      [1, 0, 3],
    ]);
    appendNumbers(log, 6, 8);
    expect(numbersOf(vfs)).toEqual(upTo(8));
    expect([log.recording, log.lost, told]).toEqual(['on', 0, []]);
    await log.close();
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(8));
  });

  it.each([0, 3])(
    'keys are found where they were repeated, with %i records synced before',
    async (synced) => {
      const { vfs, log } = await open();
      if (synced > 0) {
        appendNumbers(log, 0, synced);
        await log.sync();
      }
      appendNumbers(log, synced, 6);
      log.append(20, ['only'], { key: 'once' });
      log.flush();
      let failures = 0;
      refuse(vfs, 'EIO', (call) => isSync(call) && isSegment(call) && (failures += 1) === 1);
      await log.sync();
      const found = async (from: Log): Promise<unknown> => ({
        once: (await from.latest('once'))?.body,
        k1: from.find('k1').map(({ position }) => position),
      });
      const expected = { once: ['only'], k1: [1, 4] };
      expect(await found(log), 'at once').toEqual(expected);
      await log.seal();
      expect(await found(log), 'after a roll').toEqual(expected);
      await log.close();
      // What the failed sync was to keep is gone from the disk.
      const disk = vfs.crash('all dropped');
      expect(await found(Log.snapshot(DIRECTORY, { vfs: disk })), 'by a reader').toEqual(expected);
      const next = await open({}, disk);
      expect(await found(next.log), 'in the next opening').toEqual(expected);
    },
  );
});
