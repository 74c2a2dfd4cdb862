// SIGKILL at random moments under load: what a flush acknowledged over the pipe, points and texts, is read
// afterwards, nothing else appears, and the same hash is resumed at once. 100 rounds; FUZZ_SECONDS for more.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import { Repo } from '../../src/index.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-kill-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const program = (): string => join(inject('toolsDirectory'), 'test/process/programs/tracker.js');

/** Lets a child track for a while, kills it, and returns the last count that it was acknowledged. */
async function killAfter(ms: number, args: readonly string[]): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [program(), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  // A line is one write of less than a pipe's page: it is there whole, or not at all.
  return Number(told.trimEnd().split('\n').at(-1));
}

/** Every point of the run by step, each of which must be what the tracker tracks at it. */
async function stepsOf(repo: Repo, hash: string): Promise<Set<number>> {
  const view = await repo.run(hash);
  const steps = new Set<number>();
  for (const metric of view?.metrics() ?? []) {
    const columns = await metric.values();
    columns.steps.forEach((step, index) => {
      if (columns.values[index] !== step * 0.5)
        throw new Error(`step ${step} holds ${columns.values[index]}`);
      if (steps.has(step)) throw new Error(`step ${step} stands twice`);
      steps.add(step);
    });
  }
  return steps;
}

/** Steps of the text that the tracker tracks at each hundredth step, each read whole. */
async function textStepsOf(repo: Repo, hash: string): Promise<Set<number>> {
  const view = await repo.run(hash);
  const steps = new Set<number>();
  for (const { step, objects } of (await view?.texts('said')?.values()) ?? []) {
    if ((await objects[0]?.value()) !== `${step % 500} `.repeat(100))
      throw new Error(`step ${step} holds another text`);
    steps.add(step);
  }
  return steps;
}

const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const rounds = fuzzSeconds > 0 ? 1000 : 100;

// Two at a time.
it.concurrent.each(['a', 'b'])(
  `loses no acknowledged point and invents none in ${rounds / 2} kills, %s`,
  async (lane) => {
    const { random, seed } = seeded(`kill-${lane}`);
    let hash = '';
    let atLeast = 0;
    for (let round = 0; round < rounds / 2; round += 1) {
      // A run is killed several times over before the next one begins.
      if (round % 5 === 0) {
        hash = `killed-${lane}-${round}`;
        atLeast = 0;
      }
      const burst = random() < 0.5 ? '3' : '400';
      const acknowledged = await killAfter(random() * 60, [
        directory,
        hash,
        String(seed + round),
        burst,
      ]);
      const repo = await Repo.open(directory);
      const steps = await stepsOf(repo, hash);
      // The tracker goes on from the params, so a round may track steps of an earlier one again.
      atLeast = Math.max(atLeast, acknowledged);
      for (let step = 0; step < acknowledged; step += 1) {
        if (!steps.has(step))
          throw new Error(
            `seed ${seed}, round ${round}: acknowledged step ${step} of ${acknowledged} is missing`,
          );
      }
      const texts = await textStepsOf(repo, hash);
      for (let step = 0; step < acknowledged; step += 100)
        expect(texts.has(step), `seed ${seed}, round ${round}: text of step ${step}`).toBe(true);
      const last = [...steps].reduce((largest, step) => Math.max(largest, step), -1);
      expect(steps.size, 'a prefix without a hole').toBe(last + 1);
      expect(steps.size).toBeGreaterThanOrEqual(atLeast);
    }
    const report = await (await Repo.open(directory)).verify();
    expect(report.damaged, 'a kill is no damage').toEqual([]);
  },
  600_000,
);
