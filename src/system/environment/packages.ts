// What is installed where the program runs, scanned in a thread of its own: 3,000 packages are 6,000
// small calls of the file system, and any of them may wait for a disk.
//
// Test: test/system/environment/packages.test.ts.

import { Worker } from 'node:worker_threads';

import { limits } from '../../limits.ts';
import { type Installed, InstalledScan, type ScanSetup } from './scan-installed.ts';

export const scanLimits = {
  packageCountMax: limits.packageCountMax,
  depthMax: 64,
  manifestSizeMax: 4 * 1024 * 1024,
  lockfileSizeMax: 64 * 1024 * 1024,
  lockfiles: [
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
    ['bun.lock', 'bun'],
    ['bun.lockb', 'bun'],
    ['npm-shrinkwrap.json', 'npm'],
    ['package-lock.json', 'npm'],
  ],
} as const;

export interface PackagesOptions {
  /** The entry file, or the directory to begin at. */
  readonly start: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Never keeps the process alive. @throws Error that says why nothing is known. */
export function readInstalled(options: PackagesOptions): Promise<Installed> {
  const { start, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw new Error('the run ended before the packages were scanned');
    const setup: ScanSetup = { ...scanLimits, start, timeMs: timeoutMs };
    const text = `const load = process.getBuiltinModule;
      const { parentPort, workerData } = load('node:worker_threads');
      const Scan = (${InstalledScan});
      const scan = new Scan(workerData, load('node:fs'), load('node:path'), load('node:crypto'));
      parentPort.postMessage(scan.run());`;
    const worker = new Worker(text, {
      eval: true,
      name: 'runlog-packages',
      workerData: setup,
      // Without the program's own preloads, which NODE_OPTIONS and execArgv would bring along.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
    });
    const end = (why: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      void worker.terminate();
      reject(new Error(why));
    };
    const stop = (): void => end('the run ended before the packages were scanned');
    // The scan keeps to its time itself, unless the file system does not answer.
    const timer = setTimeout(() => end('the file system did not answer'), timeoutMs + 500).unref();
    signal?.addEventListener('abort', stop, { once: true });
    worker.once('message', (installed: Installed) => {
      resolve(installed);
      end('');
    });
    worker.once('error', (error: unknown) => end(`the scan failed: ${String(error)}`));
    worker.once('exit', () => end('the scan ended without an answer'));
    // Last: a listener added later would keep the process alive again.
    worker.unref();
  });
}
