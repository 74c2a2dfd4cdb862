// The texts of /proc become the numbers that they say; texts that are cut, empty or something else
// become nothing, never a wrong number.

import { describe, expect, it } from 'vitest';

import { parseDiskstats } from '../../src/system/linux/disk.ts';
import { parseMeminfo } from '../../src/system/linux/meminfo.ts';
import { isCounted, parseNetworkDevices } from '../../src/system/linux/network.ts';
import { diskstats, meminfo, networkDevices } from './recorded.ts';

const GARBAGE = ['', '\n', ' ', 'NaN', '\0\0\0\0', 'MemTotal: many kB\n', '{"a": 1}', '-1 -1 -1\n'];

describe('/proc/meminfo', () => {
  it('used is what the kernel cannot give back', () => {
    const used = 16_303_428 - 1_234_568 - 345_678 - (7_654_321 + 456_789);
    expect(parseMeminfo(meminfo)).toEqual({ total: 16_303_428 * 1024, used: used * 1024 });
  });

  it('without SReclaimable, as old kernels have it', () => {
    const text = meminfo.replace(/^SReclaimable.*\n/m, '');
    const used = 16_303_428 - 1_234_568 - 345_678 - 7_654_321;
    expect(parseMeminfo(text)?.used).toBe(used * 1024);
  });

  it('what does not add up, as in some containers, is told without the cache', () => {
    const text = meminfo.replace(/^Cached: .*$/m, 'Cached:         99000000 kB');
    expect(parseMeminfo(text)?.used).toBe((16_303_428 - 1_234_568) * 1024);
  });

  it('half of it is nothing or the whole truth', () => {
    const whole = parseMeminfo(meminfo);
    const withoutSlab = parseMeminfo(meminfo.replace(/^SReclaimable.*\n/m, ''));
    for (let length = 0; length < meminfo.length; length += 1) {
      const cut = parseMeminfo(meminfo.slice(0, length));
      if (cut !== undefined) expect([whole, withoutSlab]).toContainEqual(cut);
    }
  });

  it.each(GARBAGE)('garbage is nothing: %j', (text) => {
    expect(parseMeminfo(text)).toBeUndefined();
  });
});

describe('/proc/net/dev', () => {
  it('counts what comes from outside the machine once', () => {
    expect(parseNetworkDevices(networkDevices)).toEqual({
      received: 1_004_171_011 + 500,
      sent: 2_121_974 + 700,
    });
  });

  it.each(['eth0', 'enp3s0', 'eno1', 'wlan0', 'wlp2s0', 'ib0', 'en0', 'ens5f1np1', 'venet0'])(
    '%s counts',
    (name) => {
      expect(isCounted(name)).toBe(true);
    },
  );

  it.each([
    'lo',
    'veth12ab',
    'docker0',
    'br-0a1b2c',
    'virbr0',
    'ifb1',
    'tun0',
    'wg0',
    'bond0',
    'eth0.100',
  ])('%s does not: its bytes pass another one', (name) => {
    expect(isCounted(name)).toBe(false);
  });

  it('a container that has only the loop-back has no traffic', () => {
    const loopBack = networkDevices
      .split('\n')
      .filter((line) => /\||^ *lo:/.test(line))
      .join('\n');
    expect(parseNetworkDevices(`${loopBack}\n`)).toEqual({ received: 0, sent: 0 });
  });

  it('half of it is never read as smaller numbers of a line', () => {
    for (let length = 0; length < networkDevices.length; length += 1) {
      const cut = parseNetworkDevices(networkDevices.slice(0, length));
      if (cut !== undefined) expect([0, 1_004_171_011, 1_004_171_511]).toContain(cut.received);
    }
  });

  it.each(GARBAGE)('garbage is nothing: %j', (text) => {
    expect(parseNetworkDevices(text)).toBeUndefined();
  });
});

describe('/proc/diskstats', () => {
  const isDisk = (name: string): boolean => ['vda', 'nvme0n1', 'loop0', 'dm-0'].includes(name);

  it('counts each byte once: disks, not partitions, mappings or files', () => {
    expect(parseDiskstats(diskstats, isDisk)).toEqual({
      read: (12_637_106 + 1000) * 512,
      written: (82_883_328 + 2000) * 512,
    });
  });

  it('kernels of before and after discards and flushes were counted have other numbers of fields', () => {
    const old = diskstats.replace(/^( +254 +0 vda(?: \d+){11}).*$/m, '$1');
    expect(parseDiskstats(old, isDisk)).toEqual(parseDiskstats(diskstats, isDisk));
  });

  it('a line that is cut is not read as smaller numbers', () => {
    expect(
      parseDiskstats(diskstats.slice(0, diskstats.indexOf(' 12637106')), isDisk),
    ).toBeUndefined();
  });

  it.each(GARBAGE.filter((text) => text.trim() !== ''))('garbage is nothing: %j', (text) => {
    expect(parseDiskstats(text, isDisk)).toBeUndefined();
  });
});
