// Bytes from and to the disks: /proc/diskstats.
//
// Spec: spec/system-metrics.md. Test: test/system/linux.test.ts.

const SECTOR_SIZE = 512;

/** Not disks, or on top of others that are counted: memory, files, mappings, arrays, CDs. */
const NOT_COUNTED = /^(loop|ram|zram|dm-|md|sr|fd|nbd|zd|drbd|bcache)\d*/;

export interface DiskBytes {
  readonly read: number;
  readonly written: number;
}

/**
 * The sum of the whole disks, or undefined for what is not such a text. `isDisk` tells a disk from its
 * partitions, which count the same bytes again: their names alone do not.
 */
export function parseDiskstats(
  text: string,
  isDisk: (name: string) => boolean,
): DiskBytes | undefined {
  // Each line ends; the last number of half a file may be half a number.
  if (!text.endsWith('\n')) return undefined;
  let read = 0;
  let written = 0;
  let lineCount = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const fields = line.trim().split(/\s+/);
    const [, , name = ''] = fields;
    const sectorsRead = Number(fields[5] ?? Number.NaN);
    const sectorsWritten = Number(fields[9] ?? Number.NaN);
    if (!Number.isFinite(sectorsRead + sectorsWritten)) return undefined;
    lineCount += 1;
    if (NOT_COUNTED.test(name) || !isDisk(name)) continue;
    read += sectorsRead * SECTOR_SIZE;
    written += sectorsWritten * SECTOR_SIZE;
  }
  return lineCount === 0 ? undefined : { read, written };
}
