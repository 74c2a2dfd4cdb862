// What is read of Linux: a probe a file or two, of those that are there when the collector begins.
//
// 1. What is missing then is not recorded, silently: a sandbox, a kernel without the controller. What was
//    there and fails later, or says something else, ends its probe.
//
// Spec: spec/system-metrics.md. Test: test/system/linux-probes.test.ts.

import { statfs } from 'node:fs/promises';

import type { KeptFile, SystemFiles } from '../files.ts';
import type { Probe, Reading } from '../reading.ts';
import { type DiskBytes, parseDiskstats } from './disk.ts';
import { parseMeminfo } from './meminfo.ts';
import { parseNetworkDevices } from './network.ts';

/** Reads and parses files; unreadable ones end it. */
export function fileProbe(
  name: string,
  files: readonly KeptFile[],
  parse: (texts: readonly string[]) => Reading | undefined,
): Probe {
  return {
    name,
    async read() {
      const reading = parse(await Promise.all(files.map((each) => each.read())));
      if (reading === undefined) throw new Error('is not what it was when this was written');
      return reading;
    },
    stop() {
      for (const each of files) each.close();
    },
  };
}

/** Memory, network and disks. None: there is no /proc, or not one that we know. */
export async function machineProbes(files: SystemFiles): Promise<Probe[]> {
  const probes = await Promise.all([
    oneFile(files, '/proc/meminfo', ([text = '']) => memoryReading(text)),
    oneFile(files, '/proc/net/dev', ([text = '']) => networkReading(text)),
    diskProbe(files),
  ]);
  return probes.filter((each) => each !== undefined);
}

async function oneFile(
  files: SystemFiles,
  path: string,
  parse: (texts: readonly string[]) => Reading | undefined,
): Promise<Probe | undefined> {
  const file = await files.open(path);
  return file === undefined ? undefined : fileProbe(path, [file], parse);
}

function memoryReading(text: string): Reading | undefined {
  const memory = parseMeminfo(text);
  if (memory === undefined) return undefined;
  return { gauges: [{ name: 'memory_percent', value: (memory.used * 100) / memory.total }] };
}

function networkReading(text: string): Reading | undefined {
  const bytes = parseNetworkDevices(text);
  return bytes === undefined ? undefined : networkRates(bytes.received, bytes.sent);
}

/** Counters of bytes, recorded as bytes a second. */
export const networkRates = (received: number, sent: number): Reading => {
  const [of, scale] = [performance.now(), 1000];
  return {
    counters: [
      { name: 'network_in_bytes_per_second', total: received, of, scale },
      { name: 'network_out_bytes_per_second', total: sent, of, scale },
    ],
  };
};

export const diskRates = ({ read, written }: DiskBytes): Reading => {
  const [of, scale] = [performance.now(), 1000];
  return {
    counters: [
      { name: 'disk_read_bytes_per_second', total: read, of, scale },
      { name: 'disk_write_bytes_per_second', total: written, of, scale },
    ],
  };
};

async function diskProbe(files: SystemFiles): Promise<Probe | undefined> {
  const disks = new Set(await files.list('/sys/block'));
  // Without the list, disks and their partitions cannot be told apart.
  if (disks.size === 0) return undefined;
  // A slash in the name of a device is written as an exclamation mark there.
  const isDisk = (name: string): boolean => disks.has(name.replaceAll('/', '!'));
  return oneFile(files, '/proc/diskstats', ([text = '']) => {
    const bytes = parseDiskstats(text, isDisk);
    return bytes === undefined ? undefined : diskRates(bytes);
  });
}

/** The file system of the root, as `df` sees it: what only root may use is not free. Any platform. */
export function diskSpaceProbe(path: string): Probe {
  return {
    name: `the file system of ${path}`,
    async read() {
      const { blocks, bfree, bavail } = await statfs(path);
      const used = blocks - bfree;
      const usable = used + bavail;
      // 0 on file systems without blocks of their own.
      if (!(usable > 0)) return {};
      return { gauges: [{ name: 'disk_percent', value: (used * 100) / usable }] };
    },
    stop() {},
  };
}
