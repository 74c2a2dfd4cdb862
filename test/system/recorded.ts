// Files of /proc and /sys as kernels print them, shortened, and folders of them as the edge reads them.

import fs from 'node:fs';
import path from 'node:path';

export const meminfo = `MemTotal:       16303428 kB
MemFree:         1234568 kB
MemAvailable:    9012345 kB
Buffers:          345678 kB
Cached:          7654321 kB
SwapCached:            0 kB
Active:          5678901 kB
Slab:             678901 kB
SReclaimable:     456789 kB
SUnreclaim:       222112 kB
HugePages_Total:       0
`;

export const networkDevices = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    6386      58    0    0    0     0          0         0     6386      58    0    0    0     0       0          0
  ifb0:       9       0    0    0    0     0          0         0        9       0    0    0    0     0       0          0
  eth0: 1004171011   27873    0    0    0     0          0         0  2121974   18968    0    0    0     0       0          0
 wlan0:     500       1    0    0    0     0          0         0      700       1    0    0    0     0       0          0
docker0: 77777       1    0    0    0     0          0         0    88888       1    0    0    0     0       0          0
`;

export const diskstats = `   7       0 loop0 11 0 22 0 0 0 33 0 0 0 0 0 0 0 0 0 0
 254       0 vda 270143 32382 12637106 229925 2825903 654494 82883328 406348 0 255728 787027 1623136 74 65963456 94059 737846 56694
 254       1 vda1 270000 32382 12630000 229925 2825903 654494 82883000 406348 0 255728 787027 1623136 74 65963456 94059 737846 56694
 259       0 nvme0n1 10 0 1000 5 20 0 2000 5 0 10 10
 259       1 nvme0n1p1 10 0 900 5 20 0 1900 5 0 10 10
 253       0 dm-0 270143 0 12637106 229925 2825903 0 82883328 406348 0 255728 787027
`;

/** Version 2 alone, as in a container of today: the root of its own namespace. */
export const unifiedContainer: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '0::/\n',
  '/proc/self/mountinfo':
    '631 610 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n',
  '/sys/fs/cgroup/memory.current': '805306368\n',
  '/sys/fs/cgroup/memory.max': '1073741824\n',
  '/sys/fs/cgroup/memory.stat': 'anon 500000000\nfile 300000000\ninactive_file 268435456\n',
  '/sys/fs/cgroup/cpu.max': '150000 100000\n',
  '/sys/fs/cgroup/cpu.stat':
    'usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\nnr_periods 100\nnr_throttled 20\nthrottled_usec 9\n',
};

/** Version 1 as Docker mounts it: the path of the host in /proc/self/cgroup, the files at the mount. */
export const dividedContainer: Readonly<Record<string, string>> = {
  '/proc/self/cgroup':
    '5:memory:/docker/0a1b2c\n4:cpu,cpuacct:/docker/0a1b2c\n1:name=systemd:/docker/0a1b2c\n0::/docker/0a1b2c\n',
  '/proc/self/mountinfo': [
    '741 740 0:29 /docker/0a1b2c /sys/fs/cgroup/memory ro,nosuid master:12 - cgroup cgroup rw,memory',
    '742 740 0:30 /docker/0a1b2c /sys/fs/cgroup/cpu,cpuacct ro master:13 - cgroup cgroup rw,cpu,cpuacct',
    '743 740 0:41 /docker/0a1b2c /sys/fs/cgroup/unified ro - cgroup2 cgroup rw',
    '',
  ].join('\n'),
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': '805306368\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1073741824\n',
  '/sys/fs/cgroup/memory/memory.stat':
    'cache 300000000\ninactive_file 7\ntotal_inactive_file 268435456\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '150000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '5000000000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'nr_periods 100\nnr_throttled 20\nthrottled_time 9\n',
};

export const machineFiles: Readonly<Record<string, string>> = {
  '/proc/meminfo': meminfo,
  '/proc/net/dev': networkDevices,
  '/proc/diskstats': diskstats,
  '/sys/block/vda/size': '1\n',
  '/sys/block/nvme0n1/size': '1\n',
};

/** Writes files below a directory, which then stands for the root of the file system. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}
