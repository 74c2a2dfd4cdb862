// Memory of the machine: /proc/meminfo.
//
// Spec: spec/system-metrics.md. Test: test/system/linux.test.ts.

/** Bytes. Used is what the kernel cannot give back: not its buffers, page cache and slabs. */
export interface Memory {
  readonly total: number;
  readonly used: number;
}

/** Undefined for what is not such a text, or half of one. */
export function parseMeminfo(text: string): Memory | undefined {
  const kib = (name: string): number => {
    // A whole line: the end of half a file may be half a number.
    const match = new RegExp(`^${name}:\\s+(\\d+) kB\\n`, 'm').exec(text);
    return match === null ? Number.NaN : Number(match[1]);
  };
  const total = kib('MemTotal');
  const free = kib('MemFree');
  // Kernels before 2.6.19 do not name it.
  const reclaimable = kib('SReclaimable');
  const cached = kib('Cached') + (Number.isNaN(reclaimable) ? 0 : reclaimable);
  const used = total - free - cached - kib('Buffers');
  if (!(total > 0) || !Number.isFinite(used) || free > total) return undefined;
  // Where a container's view of the file is put together from two places, it may not add up.
  return { total: total * 1024, used: (used >= 0 ? used : total - free) * 1024 };
}
