// Which probes there are on this machine, and the one collector of this thread.
//
// Spec: spec/system-metrics.md. Test: test/system/probes.test.ts.

import { Collector } from './collector.ts';
import { type SystemFiles, systemFiles } from './files.ts';
import { findProgram } from './find-program.ts';
import { GpuProbe } from './gpu-probe.ts';
import { containerProbes } from './linux/container.ts';
import { diskRates, diskSpaceProbe, machineProbes, networkRates } from './linux/probes.ts';
import { ProcessProbe } from './process-probe.ts';
import type { Counter, Probe } from './reading.ts';

/** Where the probes look. */
export interface ProbeSources {
  readonly files: SystemFiles;
  /** As PATH is written. */
  readonly path: string | undefined;
}

export async function openProbes({ files, path }: ProbeSources): Promise<Probe[]> {
  const [machine, container, nvidia] = await Promise.all([
    machineProbes(files),
    containerProbes(files),
    findProgram('nvidia-smi', path),
  ]);
  return [
    new ProcessProbe(),
    diskSpaceProbe('/'),
    ...(machine.length > 0 ? machine : [libraryProbe()]),
    ...container,
    ...(nvidia === undefined ? [] : [new GpuProbe(nvidia)]),
  ];
}

/** Memory, network and disks where there is no /proc. */
export function libraryProbe(): Probe {
  return {
    name: 'systeminformation',
    isSlow: true,
    async read() {
      const { readMachineCounters } = await import('./machine.ts');
      const read = await readMachineCounters();
      const { memoryTotal, memoryUsed, networkIn, networkOut, diskRead, diskWritten } = read;
      const counters: Counter[] = [];
      if (networkIn !== undefined && networkOut !== undefined)
        counters.push(...(networkRates(networkIn, networkOut).counters ?? []));
      if (diskRead !== undefined && diskWritten !== undefined)
        counters.push(...(diskRates({ read: diskRead, written: diskWritten }).counters ?? []));
      if (memoryTotal === undefined || memoryUsed === undefined) return { counters };
      const value = (memoryUsed * 100) / memoryTotal;
      return { gauges: [{ name: 'memory_percent', value }], counters };
    },
    stop() {},
  };
}

/** Shared by all runs of this thread. */
export const collector: Collector = new Collector(() =>
  openProbes({ files: systemFiles(), path: process.env['PATH'] }),
);
