// Memory and processor time against the limits of a container, from folders of recorded files of both
// versions of control groups; no limit, no value; broken files end the probe, missing ones leave it out.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { systemFiles } from '../../src/system/files.ts';
import { containerProbes } from '../../src/system/linux/container.ts';
import { type Probe, Recording } from '../../src/system/reading.ts';
import { dividedContainer, unifiedContainer, writeFiles } from './recorded.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'container-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

let count = 0;
async function opened(files: Files): Promise<{ made: string; probes: Probe[] }> {
  count += 1;
  const made = path.join(root, String(count));
  fs.mkdirSync(made);
  writeFiles(made, files);
  return { made, probes: await containerProbes(systemFiles(made)) };
}

async function values(
  probes: readonly Probe[],
  recording: Recording,
): Promise<Record<string, number>> {
  const readings = await Promise.all(probes.map((each) => each.read()));
  const recorded = readings.flatMap((each) => recording.record(each));
  return Object.fromEntries(recorded.map(({ name, value }) => [name, value]));
}

const without = (files: Files, part: string): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith(part)));

const versions = [
  {
    version: 2,
    files: unifiedContainer,
    later: {
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 5150000\nnr_periods 110\nnr_throttled 25\n',
    },
    unlimited: { '/sys/fs/cgroup/memory.max': 'max\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' },
    broken: { '/sys/fs/cgroup/memory.current': 'much\n', '/sys/fs/cgroup/cpu.stat': 'usage\n' },
    parts: ['memory.current', 'memory.stat', 'cpu.stat'],
  },
  {
    version: 1,
    files: dividedContainer,
    later: {
      '/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '5150000000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'nr_periods 110\nnr_throttled 25\nthrottled_time 9\n',
    },
    unlimited: {
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
    },
    broken: {
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '',
      '/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '',
    },
    parts: ['memory.usage_in_bytes', 'cpuacct.usage', 'cfs_period_us'],
  },
];

describe.each(versions)('version $version', ({ files, later, unlimited, broken, parts }) => {
  it('is read against its limits, less the cache that goes first', async () => {
    const { made, probes } = await opened(files);
    const recording = new Recording();
    const from = performance.now();
    expect(await values(probes, recording)).toEqual({ container_memory_percent: 50 });
    writeFiles(made, later);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await values(probes, recording);
    const took = performance.now() - from;
    expect(second['container_cpu_throttled_percent']).toBe(50);
    // 150 ms of the 1.5 processors that it has, over at least 50 ms and at most what all of it took.
    expect(second['container_cpu_percent']).toBeGreaterThanOrEqual(10_000 / took - 1);
    expect(second['container_cpu_percent']).toBeLessThanOrEqual(10_000 / 49);
  });

  it('without limits is not read', async () => {
    const { probes } = await opened({ ...files, ...unlimited });
    expect(probes).toEqual([]);
  });

  it('has no value while a limit is taken off, and again when it is back', async () => {
    const { made, probes } = await opened(files);
    const recording = new Recording();
    writeFiles(made, unlimited);
    expect(await values(probes, recording)).toEqual({});
    writeFiles(made, files);
    expect(await values(probes, recording)).toEqual({ container_memory_percent: 50 });
  });

  it('with broken files ends', async () => {
    const { made, probes } = await opened(files);
    writeFiles(made, broken);
    expect(probes).toHaveLength(2);
    for (const each of probes) await expect(each.read()).rejects.toThrow();
  });

  it.each(parts)('without %s the other is read', async (part) => {
    const { probes } = await opened(without(files, part));
    expect(probes).toHaveLength(1);
    await probes[0]?.read();
  });

  it('without its own description is not read', async () => {
    expect((await opened(without(files, 'self/cgroup'))).probes).toEqual([]);
    expect((await opened(without(files, 'mountinfo'))).probes).toEqual([]);
    expect((await opened({ ...files, '/proc/self/mountinfo': 'garbage' })).probes).toEqual([]);
  });
});

it('the tightest limit on the way up counts', async () => {
  const { probes } = await opened({
    '/proc/self/cgroup': '0::/pod/box\n',
    '/proc/self/mountinfo': '31 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n',
    '/cg/pod/box/memory.max': '4000\n',
    '/cg/pod/box/memory.current': '100\n',
    '/cg/pod/box/memory.stat': 'inactive_file 0\n',
    '/cg/pod/memory.max': '1000\n',
    '/cg/pod/memory.current': '400\n',
    '/cg/pod/memory.stat': 'inactive_file 100\n',
  });
  expect(await values(probes, new Recording())).toEqual({ container_memory_percent: 30 });
});
