// Memory of the machine: /proc/meminfo.
//
// Spec: spec/system-metrics.md. Test: test/system/linux.test.ts.

/** Bytes. Used is what the kernel cannot give back: not its buffers, page cache and slabs. */
export interface Memory {
  readonly total: number;
  readonly used: number;
}

// Whole lines: the end of half a file may be half a number.
const lines = {
  total: /^MemTotal:\s+(\d+) kB\n/m,
  free: /^MemFree:\s+(\d+) kB\n/m,
  buffers: /^Buffers:\s+(\d+) kB\n/m,
  cached: /^Cached:\s+(\d+) kB\n/m,
  reclaimable: /^SReclaimable:\s+(\d+) kB\n/m,
};

/** Undefined for what is not such a text, or half of one. */
export function parseMeminfo(text: string): Memory | undefined {
  const kib = (line: RegExp): number => Number(line.exec(text)?.[1] ?? Number.NaN);
  const total = kib(lines.total);
  const free = kib(lines.free);
  // Kernels before 2.6.19 do not name it.
  const reclaimable = kib(lines.reclaimable);
  const cached = kib(lines.cached) + (Number.isNaN(reclaimable) ? 0 : reclaimable);
  const used = total - free - cached - kib(lines.buffers);
  if (!(total > 0) || !Number.isFinite(used) || free > total) return undefined;
  // Where a container's view of the file is put together from two places, it may not add up.
  return { total: total * 1024, used: (used >= 0 ? used : total - free) * 1024 };
}
