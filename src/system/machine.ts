// What the machine is, and how it does where there is no /proc: the one importer of systeminformation.
//
// 1. Nothing here blocks the event loop. Of systeminformation only calls are used that start their
//    programs asynchronously; those that use execSync are not: graphics, osInfo, networkInterfaces,
//    networkStats without names or on Windows, mem on macOS, cpu on macOS.
// 2. The package is loaded when it is first needed: its modules cost tens of milliseconds, which a
//    process on Linux never pays.
// 3. What cannot be told is absent. Nothing here rejects.
//
// Spec: spec/system-metrics.md. Test: test/system/machine.test.ts.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';

import { findProgram } from './find-program.ts';
import { isCounted } from './linux/network.ts';
import { factColumns, type GpuFacts, parseGpuFacts } from './nvidia-text.ts';

/** What the machine is made of. Absent: it could not be told. */
export interface Inventory {
  /** As the system calls itself: 'Debian GNU/Linux 12 (bookworm)'. */
  readonly os?: string;
  /** `os.platform()`: 'linux', 'darwin'. */
  readonly platform?: string;
  readonly kernel?: string;
  readonly architecture?: string;
  readonly cpu?: string;
  /** Cores of silicon. */
  readonly cpuCores?: number;
  /** What the scheduler sees; not what a container may use. */
  readonly cpuThreads?: number;
  readonly memoryBytes?: number;
  readonly gpus?: readonly GpuFacts[];
  readonly gpuDriver?: string;
}

export interface InventoryOptions {
  /** Milliseconds for `nvidia-smi`, which wakes the cards first. Default 5000; then there are no gpus. */
  readonly gpuTimeoutMs?: number;
}

/** Bytes; counters grow from when the system started. Absent: it could not be told. */
export interface MachineCounters {
  readonly memoryTotal?: number;
  readonly memoryUsed?: number;
  readonly networkIn?: number;
  readonly networkOut?: number;
  readonly diskRead?: number;
  readonly diskWritten?: number;
}

const PROGRAM_TIMEOUT_MS = 5000;

type Library = typeof import('systeminformation');
let library: Promise<Library> | undefined;

// A CommonJS module: its members are on `default`, whoever bundles it.
const load = (): Promise<Library> => {
  library ??= import('systeminformation').then((module) => module.default ?? module);
  return library;
};

/** Never rejects; takes as long as `nvidia-smi` does where there is one, else a few milliseconds. */
export async function readInventory({
  gpuTimeoutMs = PROGRAM_TIMEOUT_MS,
}: InventoryOptions = {}): Promise<Inventory> {
  const cpus = os.cpus();
  const [name, cpuCores, gpus] = await Promise.all([
    systemName().catch(nothing),
    coreCount().catch(nothing),
    readGpus(gpuTimeoutMs),
  ]);
  const driver = gpus.find((each) => each.driver !== undefined)?.driver;
  return {
    platform: os.platform(),
    kernel: os.release(),
    architecture: os.arch(),
    cpuThreads: cpus.length,
    memoryBytes: os.totalmem(),
    os: name ?? os.version(),
    ...(cpus[0] !== undefined && { cpu: cpus[0].model.trim() }),
    ...(cpuCores !== undefined && { cpuCores }),
    ...(gpus.length > 0 && { gpus }),
    ...(driver !== undefined && { gpuDriver: driver }),
  };
}

/** The NVIDIA cards of the machine; none where there is no `nvidia-smi` or it does not answer in time. */
async function readGpus(timeoutMs: number): Promise<readonly GpuFacts[]> {
  const program = await findProgram('nvidia-smi');
  if (program === undefined) return [];
  const query = `--query-gpu=${factColumns.join(',')}`;
  const text = await output(program, [query, '--format=csv,noheader,nounits'], timeoutMs);
  return (text ?? '')
    .split('\n')
    .map(parseGpuFacts)
    .filter((each) => each !== undefined);
}

/** How the machine does, from systeminformation and Node alone. */
export async function readMachineCounters(): Promise<MachineCounters> {
  const [memory, network, disk] = await Promise.all([
    readMemory().catch(nothing),
    readNetwork().catch(nothing),
    readDisk().catch(nothing),
  ]);
  return { ...memory, ...network, ...disk };
}

async function readMemory(): Promise<MachineCounters> {
  if (process.platform === 'darwin') {
    const used = parseVmStat((await output('vm_stat', [], PROGRAM_TIMEOUT_MS)) ?? '');
    return used === undefined ? {} : { memoryTotal: os.totalmem(), memoryUsed: used };
  }
  if (process.platform === 'win32')
    return { memoryTotal: os.totalmem(), memoryUsed: os.totalmem() - os.freemem() };
  const { total, used, buffers, cached, reclaimable } = await (await load()).mem();
  // As /proc/meminfo is read: what the kernel gives back when it is asked is not used.
  const held = used - buffers - cached - reclaimable;
  return { memoryTotal: total, memoryUsed: held >= 0 ? held : used };
}

/** By the names that Node gives: without them the library starts programs and waits for them. */
async function readNetwork(): Promise<MachineCounters> {
  if (process.platform === 'win32') return {};
  const names = Object.keys(os.networkInterfaces()).filter(isCounted);
  if (names.length === 0) return {};
  const stats = await (await load()).networkStats(names.join(','));
  return {
    networkIn: sum(stats.map((each) => each.rx_bytes)),
    networkOut: sum(stats.map((each) => each.tx_bytes)),
  };
}

async function readDisk(): Promise<MachineCounters> {
  if (process.platform === 'win32') return {};
  const stats = await (await load()).fsStats();
  // It says 0 where it could not tell.
  if (!(stats?.rx + stats?.wx > 0)) return {};
  return { diskRead: stats.rx, diskWritten: stats.wx };
}

/** Bytes of macOS that no other program can have: anonymous pages, wired and compressed ones. */
export function parseVmStat(text: string): number | undefined {
  const pageSize = Number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const pages = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+)\\.`, 'm').exec(text)?.[1]);
  const used =
    pages('Anonymous pages') -
    pages('Pages purgeable') +
    pages('Pages wired down') +
    pages('Pages occupied by compressor');
  return Number.isFinite(used * pageSize) ? used * pageSize : undefined;
}

async function systemName(): Promise<string | undefined> {
  if (process.platform === 'darwin') {
    const version = await output('sw_vers', ['-productVersion'], PROGRAM_TIMEOUT_MS);
    return version === undefined ? undefined : `macOS ${version.trim()}`;
  }
  if (process.platform !== 'linux') return undefined;
  const text = await readFile('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1];
}

async function coreCount(): Promise<number | undefined> {
  if (process.platform === 'linux') return parseCoreCount(await readFile('/proc/cpuinfo', 'utf8'));
  if (process.platform === 'darwin') {
    const text = await output('sysctl', ['-n', 'hw.physicalcpu'], PROGRAM_TIMEOUT_MS);
    return Number(text) || undefined;
  }
  return (await (await load()).cpu()).physicalCores || undefined;
}

/** Different pairs of socket and core; undefined where the kernel does not name them, as on ARM. */
export function parseCoreCount(text: string): number | undefined {
  const cores = text
    .split(/\n\s*\n/)
    .map((each) => [/^physical id\s*: (\d+)$/m.exec(each), /^core id\s*: (\d+)$/m.exec(each)])
    .filter(([socket, core]) => socket && core)
    .map(([socket, core]) => `${socket?.[1]}/${core?.[1]}`);
  return new Set(cores).size || undefined;
}

/** What a program printed in time, or undefined. Does not keep the process alive. */
function output(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      const options = { timeout: timeoutMs, killSignal: 'SIGKILL', windowsHide: true } as const;
      const child = execFile(program, args, options, (error, stdout) => {
        resolve(error === null ? stdout : undefined);
      });
      child.unref();
      for (const stream of [child.stdout, child.stderr, child.stdin])
        (stream as unknown as { unref?(): void } | null)?.unref?.();
    } catch {
      resolve(undefined);
    }
  });
}

const nothing = (): undefined => undefined;

const sum = (values: readonly number[]): number =>
  values.reduce((total, each) => total + (Number.isFinite(each) ? each : 0), 0);
