// Memory and processor time against the limits of the control group: version 1 and 2.
//
// Limits are read with each sample: they may be changed while the container runs. A group that has none
// when the collector begins is not looked at again.
//
// Spec: spec/system-metrics.md. Test: test/system/container.test.ts.

import type { KeptFile, SystemFiles } from '../files.ts';
import type { Probe, Reading } from '../reading.ts';
import {
  type GroupPlace,
  type GroupPlaces,
  groupPlaces,
  parseCpuMax,
  parseCpuQuota,
  parseMemoryLimit,
  statField,
  wholeNumber,
} from './cgroup.ts';
import { fileProbe } from './probes.ts';

/** None: not in a control group, or in one whose files are not to be had. */
export async function containerProbes(files: SystemFiles): Promise<Probe[]> {
  const [cgroup, mountinfo] = await Promise.all([
    readOnce(files, '/proc/self/cgroup'),
    readOnce(files, '/proc/self/mountinfo'),
  ]);
  const places = groupPlaces(cgroup, mountinfo);
  const probes = await Promise.all([memoryProbe(files, places.memory), cpuProbe(files, places)]);
  return probes.filter((each) => each !== undefined);
}

async function readOnce(files: SystemFiles, path: string): Promise<string> {
  const file = await files.open(path);
  try {
    return (await file?.read()) ?? '';
  } catch {
    return '';
  } finally {
    file?.close();
  }
}

async function memoryProbe(
  files: SystemFiles,
  place: GroupPlace | undefined,
): Promise<Probe | undefined> {
  if (place === undefined) return undefined;
  const isFirst = place.version === 1;
  const limitName = isFirst ? 'memory.limit_in_bytes' : 'memory.max';
  const inactive = isFirst ? 'total_inactive_file' : 'inactive_file';
  const group = await tightest(files, place, [limitName], ([text = '']) => parseMemoryLimit(text));
  if (group === undefined) return undefined;
  const names = [isFirst ? 'memory.usage_in_bytes' : 'memory.current', limitName, 'memory.stat'];
  return groupProbe(files, below(group, names), ([usage = '', limit = '', stat = '']) => {
    const used = wholeNumber(usage);
    if (used === undefined) return undefined;
    const most = parseMemoryLimit(limit);
    if (most === undefined) return {};
    // As Kubernetes and Docker count: the cache that goes first when memory is short is not used.
    const working = Math.max(0, used - (statField(stat, inactive) ?? 0));
    return { gauges: [{ name: 'container_memory_percent', value: (working * 100) / most }] };
  });
}

async function cpuProbe(
  files: SystemFiles,
  { cpu, cpuacct }: GroupPlaces,
): Promise<Probe | undefined> {
  if (cpu?.version === 2) return unifiedCpuProbe(files, cpu);
  return cpu === undefined ? undefined : dividedCpuProbe(files, cpu, cpuacct);
}

async function unifiedCpuProbe(files: SystemFiles, place: GroupPlace): Promise<Probe | undefined> {
  const group = await tightest(files, place, ['cpu.max'], ([text = '']) => parseCpuMax(text));
  if (group === undefined) return undefined;
  return groupProbe(files, below(group, ['cpu.stat', 'cpu.max']), ([stat = '', max = '']) => {
    const usage = statField(stat, 'usage_usec');
    return usage === undefined ? undefined : cpuReading(usage / 1000, parseCpuMax(max), stat);
  });
}

async function dividedCpuProbe(
  files: SystemFiles,
  place: GroupPlace,
  cpuacct: GroupPlace | undefined,
): Promise<Probe | undefined> {
  const names = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'];
  const limitOf = ([quota = '', period = '']: readonly string[]): number | undefined =>
    parseCpuQuota(quota, period);
  const group = await tightest(files, place, names, limitOf);
  if (group === undefined) return undefined;
  // The same group in the tree that counts time.
  const counting = cpuacct?.folders[place.folders.indexOf(group)];
  if (counting === undefined) return undefined;
  const paths = [`${counting}/cpuacct.usage`, ...below(group, [...names, 'cpu.stat'])];
  return groupProbe(files, paths, ([usage = '', quota = '', period = '', stat = '']) => {
    const used = wholeNumber(usage);
    return used === undefined ? undefined : cpuReading(used / 1e6, limitOf([quota, period]), stat);
  });
}

function cpuReading(usedMs: number, processors: number | undefined, stat: string): Reading {
  if (processors === undefined) return {};
  const of = performance.now();
  const used = { name: 'container_cpu_percent', total: usedMs, of, scale: 100 / processors };
  const [throttled, periods] = [statField(stat, 'nr_throttled'), statField(stat, 'nr_periods')];
  if (throttled === undefined || periods === undefined) return { counters: [used] };
  const name = 'container_cpu_throttled_percent';
  return { counters: [used, { name, total: throttled, of: periods, scale: 100 }] };
}

/** The folder with the smallest limit, of equal ones the nearest; undefined where none is limited. */
async function tightest(
  files: SystemFiles,
  { folders }: GroupPlace,
  names: readonly string[],
  limitOf: (texts: readonly string[]) => number | undefined,
): Promise<string | undefined> {
  const limits = await Promise.all(
    folders.map(async (folder) => {
      const texts = below(folder, names).map((each) => readOnce(files, each));
      return limitOf(await Promise.all(texts)) ?? Number.POSITIVE_INFINITY;
    }),
  );
  const least = Math.min(...limits);
  return Number.isFinite(least) ? folders[limits.indexOf(least)] : undefined;
}

const below = (folder: string, names: readonly string[]): string[] =>
  names.map((name) => `${folder}/${name}`);

/** Undefined where one of the files is missing. */
async function groupProbe(
  files: SystemFiles,
  paths: readonly string[],
  parse: (texts: readonly string[]) => Reading | undefined,
): Promise<Probe | undefined> {
  const opened = await Promise.all(paths.map((each) => files.open(each)));
  const kept: KeptFile[] = opened.filter((each) => each !== undefined);
  const probe = fileProbe(`the control group (${paths[0]})`, kept, parse);
  if (kept.length === paths.length) return probe;
  probe.stop();
  return undefined;
}
