// What is read of a Linux machine, from folders of recorded files: those that are there are read, those
// that are missing are left out, those that turn into something else end their probe alone.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { systemFiles } from '../../src/system/files.ts';
import { diskSpaceProbe, machineProbes } from '../../src/system/linux/probes.ts';
import { machineFiles, meminfo, writeFiles } from './recorded.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'linux-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

let count = 0;
function folder(files: Readonly<Record<string, string>>): string {
  count += 1;
  const made = path.join(root, String(count));
  fs.mkdirSync(made);
  writeFiles(made, files);
  return made;
}

const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(machineFiles).filter(([each]) => !each.startsWith(name)));

it('reads memory, network and disks', async () => {
  const probes = await machineProbes(systemFiles(folder(machineFiles)));
  const readings = await Promise.all(probes.map((each) => each.read()));
  const totals = readings.flatMap(({ counters = [] }) =>
    counters.map(({ name, total }) => [name, total]),
  );
  const used = 16_303_428 - 1_234_568 - 345_678 - 7_654_321 - 456_789;
  expect(readings[0]).toEqual({
    gauges: [{ name: 'memory_percent', value: (used * 100) / 16_303_428 }],
  });
  expect(Object.fromEntries(totals)).toEqual({
    network_in_bytes_per_second: 1_004_171_511,
    network_out_bytes_per_second: 2_122_674,
    disk_read_bytes_per_second: 12_638_106 * 512,
    disk_write_bytes_per_second: 82_885_328 * 512,
  });
  for (const each of probes) each.stop();
});

it.each([
  { missing: '/proc/meminfo', left: 2 },
  { missing: '/proc/net', left: 2 },
  { missing: '/proc/diskstats', left: 2 },
  { missing: '/sys/block', left: 2 },
  { missing: '/proc', left: 0 },
])('without $missing the others are read', async ({ missing, left }) => {
  const probes = await machineProbes(systemFiles(folder(without(missing))));
  expect(probes).toHaveLength(left);
  for (const each of probes) await each.read();
  for (const each of probes) each.stop();
});

it.each(['', 'garbage\n', meminfo.slice(0, 30)])(
  'a file that turns into %j ends its probe',
  async (text) => {
    const made = folder(machineFiles);
    const [memory, network] = await machineProbes(systemFiles(made));
    await memory?.read();
    writeFiles(made, { '/proc/meminfo': text });
    await expect(memory?.read()).rejects.toThrow();
    await network?.read();
  },
);

it('space is what a user may use, as df counts', async () => {
  const { gauges } = await diskSpaceProbe('/').read();
  expect(gauges?.[0]?.name).toBe('disk_percent');
  expect(gauges?.[0]?.value).toBeGreaterThan(0);
  expect(gauges?.[0]?.value).toBeLessThanOrEqual(100);
  await expect(diskSpaceProbe(path.join(root, 'absent')).read()).rejects.toThrow('ENOENT');
});
