// A writer of a run in `/log` of a memory disk, whose small segments roll and are rewritten after a few records.

import type { LogOptions, MemoryVfs } from '../../src/engine/index.ts';
import type { Opening } from '../../src/store/record.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { simulatedHost } from './simulated-host.ts';

export const DIRECTORY = '/log';
export const LIFE = '0011223344556677';

/** Facts of an opening that is of this life, and otherwise of nobody. */
export const openingOf = (life: string): Opening => ({
  life,
  openedAt: 1,
  host: 'h',
  pid: 1,
  thread: 0,
  resumed: false,
  nodeVersion: 'v',
  packageVersion: '0',
});

export async function openMemoryWriter(
  vfs: MemoryVfs,
  sizes: NonNullable<LogOptions['sizes']>,
): Promise<RunWriter> {
  const writer = await RunWriter.open({
    directory: DIRECTORY,
    writer: 'main',
    log: {
      vfs,
      host: simulatedHost(),
      durability: { syncMs: null },
      sizes,
    },
    others: [],
    rewinds: [],
    undone: [],
    onError: (error) => {
      throw error;
    },
  });
  writer.opened(openingOf(LIFE));
  return writer;
}
