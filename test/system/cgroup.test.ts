// Where the control group of a process is, and what its files say: version 1, version 2, both at once,
// inside a container and outside, with limits, without, and with files that are missing or broken.

import { describe, expect, it } from 'vitest';

import {
  groupPlaces,
  parseCpuMax,
  parseCpuQuota,
  parseMemoryLimit,
  statField,
  wholeNumber,
} from '../../src/system/linux/cgroup.ts';
import { dividedContainer, unifiedContainer } from './recorded.ts';

const placesOf = (files: Readonly<Record<string, string>>) =>
  groupPlaces(files['/proc/self/cgroup'] ?? '', files['/proc/self/mountinfo'] ?? '');

describe('the place of a group', () => {
  it('of version 2 in its own namespace is the mount', () => {
    const place = { version: 2, folders: ['/sys/fs/cgroup'] };
    expect(placesOf(unifiedContainer)).toEqual({ memory: place, cpu: place, cpuacct: place });
  });

  it('of version 2 on a host has those above it, nearest first', () => {
    const { memory } = groupPlaces(
      '0::/user.slice/user-1000.slice/job.scope\n',
      '30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n',
    );
    expect(memory?.folders).toEqual([
      '/sys/fs/cgroup/user.slice/user-1000.slice/job.scope',
      '/sys/fs/cgroup/user.slice/user-1000.slice',
      '/sys/fs/cgroup/user.slice',
      '/sys/fs/cgroup',
    ]);
  });

  it('of version 1 in a container is the mount, whose root is the path', () => {
    const { memory, cpu, cpuacct } = placesOf(dividedContainer);
    expect(memory).toEqual({ version: 1, folders: ['/sys/fs/cgroup/memory'] });
    expect(cpu).toEqual({ version: 1, folders: ['/sys/fs/cgroup/cpu,cpuacct'] });
    expect(cpuacct).toEqual(cpu);
  });

  it('whose path is not mounted here is the mount', () => {
    const { memory } = groupPlaces(
      '5:memory:/kubepods/pod1/c2\n',
      '741 740 0:29 /kubepods/other /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    );
    expect(memory?.folders).toEqual(['/sys/fs/cgroup/memory']);
    const above = groupPlaces(
      '0::/../../outside\n',
      '3 2 0:9 / /sys/fs/cgroup ro - cgroup2 c rw\n',
    );
    expect(above.memory?.folders).toEqual(['/sys/fs/cgroup']);
  });

  it('of a controller that version 1 has taken is not looked for in the unified tree', () => {
    const both = groupPlaces(
      '4:memory:/job\n0::/job\n',
      '1 0 0:9 / /cg/memory rw - cgroup cgroup rw,memory\n2 0 0:8 / /cg/unified rw - cgroup2 c rw\n',
    );
    expect(both.memory).toEqual({ version: 1, folders: ['/cg/memory/job', '/cg/memory'] });
    expect(both.cpu).toEqual({ version: 2, folders: ['/cg/unified/job', '/cg/unified'] });
    const unmounted = groupPlaces('4:memory:/job\n0::/job\n', '2 0 0:8 / /cg rw - cgroup2 c rw\n');
    expect(unmounted.memory).toBeUndefined();
  });

  it('may have spaces in its path', () => {
    const { memory } = groupPlaces('0::/\n', '2 0 0:8 / /my\\040groups rw - cgroup2 c rw\n');
    expect(memory?.folders).toEqual(['/my groups']);
  });

  it.each(['', 'garbage', '0:', '0::', ':::::', '36 35 98:0 / /mnt rw - ext4 /dev/root rw'])(
    'is not found in %j',
    (text) => {
      const none = { memory: undefined, cpu: undefined, cpuacct: undefined };
      expect(groupPlaces(text, text)).toEqual(none);
      expect(groupPlaces('0::/\n', text)).toEqual(none);
    },
  );
});

describe('a limit', () => {
  it.each([
    { text: '1073741824\n', is: 1_073_741_824 },
    { text: 'max\n', is: undefined },
    { text: '9223372036854771712\n', is: undefined },
    { text: '0\n', is: undefined },
    { text: '-1\n', is: undefined },
    { text: '', is: undefined },
    { text: '12abc\n', is: undefined },
  ])('of memory, $text', ({ text, is }) => {
    expect(parseMemoryLimit(text)).toBe(is);
  });

  it.each([
    { text: '150000 100000\n', is: 1.5 },
    { text: 'max 100000\n', is: undefined },
    { text: '150000\n', is: undefined },
    { text: '150000 0\n', is: undefined },
    { text: '', is: undefined },
  ])('of processors, $text', ({ text, is }) => {
    expect(parseCpuMax(text)).toBe(is);
  });

  it.each([
    { quota: '50000\n', period: '100000\n', is: 0.5 },
    { quota: '-1\n', period: '100000\n', is: undefined },
    { quota: '50000\n', period: '0\n', is: undefined },
    { quota: '', period: '', is: undefined },
  ])('of processors by quota $quota', ({ quota, period, is }) => {
    expect(parseCpuQuota(quota, period)).toBe(is);
  });
});

it('a field of a stat file is a whole line, not the end of another name', () => {
  const text = 'total_inactive_file 7\ninactive_file 5\nusage_usec 12';
  expect(statField(text, 'inactive_file')).toBe(5);
  expect(statField(text, 'total_inactive_file')).toBe(7);
  // Cut off: the rest of the number may be missing.
  expect(statField(text, 'usage_usec')).toBeUndefined();
  expect(statField(text, 'absent')).toBeUndefined();
});

it.each([
  { text: '805306368\n', is: 805_306_368 },
  { text: '', is: undefined },
  { text: 'x', is: undefined },
  { text: '1.5', is: undefined },
])('a number alone in a file: $text', ({ text, is }) => {
  expect(wholeNumber(text)).toBe(is);
});
