// What a container may use and does use: where the control group of this process is, and what its files
// say. Both versions of control groups, and both mounted at once.
//
// 1. A limit counts wherever it is set on the way up: the tightest of this group and those above it.
// 2. No limit, no value: a percentage of the machine stands elsewhere.
// 3. Inside a container the path in /proc/self/cgroup is often one of the host that is not mounted here:
//    then the files lie at the mount itself.
//
// Spec: spec/system-metrics.md. Test: test/system/cgroup.test.ts.

/** A group of one controller: its folder and those above it, nearest first. */
export interface GroupPlace {
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

export interface GroupPlaces {
  readonly memory: GroupPlace | undefined;
  readonly cpu: GroupPlace | undefined;
  /** Counts time; under version 1 often a mount of its own. */
  readonly cpuacct: GroupPlace | undefined;
}

interface Mount {
  readonly version: 1 | 2;
  /** Which group of the host is mounted here. */
  readonly root: string;
  readonly point: string;
  readonly controllers: readonly string[];
}

/** From /proc/self/cgroup and /proc/self/mountinfo. */
export function groupPlaces(cgroup: string, mountinfo: string): GroupPlaces {
  const mounts = mountinfo
    .split('\n')
    .map(parseMount)
    .filter((each) => each !== undefined);
  const groups = cgroup
    .split('\n')
    .map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
    .filter((each) => each !== null)
    .map(([, names = '', path = '']) => ({ controllers: names.split(','), path }));
  const placeOf = (controller: string): GroupPlace | undefined => {
    const mount = mounts.find(
      (each) => each.version === 1 && each.controllers.includes(controller),
    );
    const group = groups.find((each) => each.controllers.includes(controller));
    if (mount !== undefined && group !== undefined) return placeIn(mount, group.path);
    const unified = mounts.find((each) => each.version === 2);
    const whole = groups.find((each) => each.controllers.join() === '');
    // A controller that version 1 has taken is not in the unified tree.
    if (unified === undefined || whole === undefined || group !== undefined) return undefined;
    return placeIn(unified, whole.path);
  };
  return { memory: placeOf('memory'), cpu: placeOf('cpu'), cpuacct: placeOf('cpuacct') };
}

/** Spec: proc(5), /proc/pid/mountinfo. Optional fields end at a lone hyphen. */
function parseMount(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point] = before.split(' ');
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || point === undefined) return undefined;
  if (type !== 'cgroup' && type !== 'cgroup2') return undefined;
  return {
    version: type === 'cgroup2' ? 2 : 1,
    root: unescapePath(root),
    point: unescapePath(point),
    controllers: type === 'cgroup2' ? [] : options.split(','),
  };
}

const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));

/** How far up is looked: systemd and Kubernetes nest about six deep. */
const DEPTH_MAX = 16;

function placeIn({ version, root, point }: Mount, path: string): GroupPlace {
  const isBelow = root === '/' || path === root || path.startsWith(`${root}/`);
  const below = root === '/' ? path : path.slice(root.length);
  const parts = isBelow && !path.includes('/..') ? below.split('/').filter((each) => each) : [];
  const folders = parts.map((_, index) => `${point}/${parts.slice(0, index + 1).join('/')}`);
  return { version, folders: [...folders.reverse(), point].slice(0, DEPTH_MAX) };
}

/** memory.max, memory.limit_in_bytes. Undefined: none, or not such a text. */
export function parseMemoryLimit(text: string): number | undefined {
  const limit = wholeNumber(text);
  // Version 1 says "no limit" as the largest multiple of a page.
  return limit === undefined || limit === 0 || limit >= 2 ** 60 ? undefined : limit;
}

/** cpu.max: processors that may be used at once. Undefined: all, or not such a text. */
export function parseCpuMax(text: string): number | undefined {
  const match = /^(\d+) (\d+)\s*$/.exec(text);
  return match === null ? undefined : quotient(Number(match[1]), Number(match[2]));
}

/** cpu.cfs_quota_us and cpu.cfs_period_us of version 1; a quota of -1 is none. */
export function parseCpuQuota(quota: string, period: string): number | undefined {
  return quotient(wholeNumber(quota) ?? 0, wholeNumber(period) ?? 0);
}

const quotient = (quota: number, period: number): number | undefined =>
  quota > 0 && period > 0 ? quota / period : undefined;

/** memory.current, cpuacct.usage. */
export function wholeNumber(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** One line "name value" of memory.stat or cpu.stat. */
export function statField(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name} (\\d+)\\n`, 'm').exec(text);
  return match === null ? undefined : Number(match[1]);
}
