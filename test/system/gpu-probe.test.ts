// Cards are read from one long-lived nvidia-smi, here a stand-in that prints what real ones print, with
// their faults. The child is replaced when it fails. That it is gone with the process is
// proved in test/process/system-tracking.test.ts.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { GpuProbe } from '../../src/system/gpu-probe.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'gpu-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const probes: GpuProbe[] = [];
afterEach(() => {
  for (const each of probes.splice(0)) each.stop();
});

const times = { loopMs: 1000, freshMs: 5000, silenceMs: 1500, retryMs: 20, retryMaxMs: 80 };

let count = 0;
/** A program that counts how often it was started, and with what, and then runs the script. */
function standIn(script: string): { program: string; starts: () => string[]; pid: () => number } {
  count += 1;
  const program = path.join(root, `nvidia-smi-${count}`);
  const [starts, pid] = [`${program}.starts`, `${program}.pid`];
  const text = `#!/bin/sh\necho "$*" >> "${starts}"\necho $$ > "${pid}"\nn=$(wc -l < "${starts}")\n: > "${starts}-$((n))"\n${script}\n`;
  fs.writeFileSync(program, text, { mode: 0o755 });
  return {
    program,
    starts: () => (fs.existsSync(starts) ? fs.readFileSync(starts, 'utf8').trim().split('\n') : []),
    pid: () =>
      fs.existsSync(pid) ? Number(fs.readFileSync(pid, 'utf8') || Number.NaN) : Number.NaN,
  };
}

function probe(program: string, more: Partial<typeof times> = {}): GpuProbe {
  const made = new GpuProbe(program, { ...times, ...more });
  probes.push(made);
  return made;
}

async function values(of: GpuProbe): Promise<Record<string, number>> {
  const { gauges = [] } = await of.read();
  return Object.fromEntries(gauges.map(({ name, gpu, value }) => [`${name} ${gpu}`, value]));
}

/** A dead child that nobody has waited for yet counts as dead, where that can be told. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return process.platform !== 'linux' && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 2400 && !(await isSo()); round += 1) await sleep(25);
  expect(await isSo()).toBe(true);
}

const CARD = '0, 97, 40537, 81920, 64, 312.45';
const forever = (line: string): string => `while :; do echo "${line}" || exit 1; sleep 0.05; done`;

describe('what it prints', () => {
  it('of several cards is read from one child, asked for in a loop', async () => {
    const { program, starts } = standIn(
      `while :; do echo "${CARD}"; echo "1, 0, 3, 24564, 31, [N/A]"; echo "2, [Not Supported], [N/A], 10, 40, 5"; sleep 0.05; done`,
    );
    const cards = probe(program);
    await until(async () => 'gpu_power_watts 2' in (await values(cards)));
    expect(await values(cards)).toEqual({
      'gpu 0': 97,
      'gpu_memory_percent 0': (40537 * 100) / 81920,
      'gpu_temp 0': 64,
      'gpu_power_watts 0': 312.45,
      'gpu 1': 0,
      'gpu_memory_percent 1': (3 * 100) / 24564,
      'gpu_temp 1': 31,
      'gpu_temp 2': 40,
      'gpu_power_watts 2': 5,
    });
    for (let round = 0; round < 5; round += 1) await cards.read();
    expect(starts()).toEqual([
      '--query-gpu=index,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw --format=csv,noheader,nounits --loop=1',
    ]);
  });

  it('in halves of lines is read when they are whole', async () => {
    const { program } = standIn(
      `printf '0, 97, 405'; sleep 0.1; printf '37, 81920, 64, 312.45\\n0, 5'; sleep 60`,
    );
    expect(await values(probe(program))).toMatchObject({
      'gpu 0': 97,
      'gpu_power_watts 0': 312.45,
    });
  });

  it('between lines that are something else is still read', async () => {
    const { program } = standIn(
      `echo 'WARNING: infoROM is corrupted at gpu 0000:00:1E.0'; printf 'x%.0s' $(seq 6000); echo; ${forever(CARD)}`,
    );
    expect(await values(probe(program))).toMatchObject({ 'gpu_temp 0': 64 });
  });

  it('is no longer told when it is old', async () => {
    const { program } = standIn(`echo "${CARD}"; exec sleep 60`);
    const cards = probe(program, { freshMs: 1500, silenceMs: 60_000 });
    expect(await values(cards)).toMatchObject({ 'gpu 0': 97 });
    await sleep(1600);
    expect(await values(cards)).toEqual({});
  });
});

describe('a child that fails', () => {
  it.each([
    { how: 'ends', script: `[ $n -lt 3 ] && exit 0` },
    {
      how: 'fails',
      script: `[ $n -lt 3 ] && { echo 'Unable to determine the device handle' >&2; exit 255; }`,
    },
    { how: 'hangs', script: `[ $n -lt 2 ] && exec sleep 60` },
    { how: 'prints no end of lines', script: `[ $n -lt 3 ] && exec yes 'NVIDIA-SMI has failed'` },
    { how: 'prints no end of readings', script: `[ $n -lt 3 ] && exec yes "${CARD}"` },
    { how: 'complains without end', script: `[ $n -lt 3 ] && exec yes 'no driver' >&2` },
    { how: 'ends after a line', script: `[ $n -lt 3 ] && { echo "${CARD}"; exit 0; }` },
  ])('because it $how is replaced', async ({ how, script }) => {
    const { program, starts } = standIn(`${script}\n${forever('0, 12, 1, 2, 3, 4')}`);
    // What prints is not silent: that alone ends none of them.
    const cards = probe(program, /no end|without end/.test(how) ? { silenceMs: 60_000 } : {});
    await until(() => starts().length > 1);
    await cards.read();
    for (let round = 0; round < 2000; round += 1) {
      if ((await values(cards))['gpu 0'] === 12) break;
      await sleep(25);
    }
    expect(await values(cards)).toMatchObject({ 'gpu 0': 12 });
  });

  it.each([
    {
      fault: 'does not know a column',
      say: 'Field "power.draw" is not a valid field to query.',
      code: 2,
    },
    {
      fault: 'has no driver',
      say: 'NVIDIA-SMI has failed because it could not talk to the driver.',
      code: 9,
    },
    { fault: 'crashes', say: '', code: 139 },
  ])(
    'always, as one that $fault, is given up after five times, with the reason',
    async ({ say, code }) => {
      const { program, starts } = standIn(`echo '${say}'; exit ${code}`);
      const cards = probe(program);
      await expect(cards.read()).rejects.toThrow(say === '' ? `code ${code}` : say);
      expect(starts()).toHaveLength(5);
      await sleep(200);
      expect(starts()).toHaveLength(5);
    },
  );

  it('waits twice as long each time', async () => {
    const { program } = standIn('exit 1');
    probe(program, { retryMs: 150, retryMaxMs: 10_000 });
    await until(() => fs.existsSync(`${program}.starts-3`));
    const [first, second, third] = [1, 2, 3].map(
      (nth) => fs.statSync(`${program}.starts-${nth}`).mtimeMs,
    ) as [number, number, number];
    // Time stamps of files are of the last tick of the kernel.
    expect(second - first).toBeGreaterThan(140);
    expect(third - second).toBeGreaterThan(290);
  });

  it('that has no card to tell of is none, silently', async () => {
    const { program, starts } = standIn(`echo 'No devices were found'; exit 6`);
    const cards = probe(program);
    expect(await values(cards)).toEqual({});
    await sleep(100);
    expect(await values(cards)).toEqual({});
    expect(starts()).toHaveLength(1);
  });

  it('to be started at all is given up', async () => {
    const cards = probe(path.join(root, 'absent'));
    await expect(cards.read()).rejects.toThrow('ENOENT');
  });
});

describe('the child', () => {
  it('is ended by stop, also one that hangs; a reading that waits is answered', async () => {
    const { program, starts, pid } = standIn('sleep 60 & exec sleep 60');
    const cards = probe(program);
    await until(() => starts().length === 1 && isAlive(pid()));
    const reading = cards.read();
    cards.stop();
    cards.stop();
    expect(await reading).toEqual({ gauges: [] });
    await until(() => !isAlive(pid()));
  });
});
