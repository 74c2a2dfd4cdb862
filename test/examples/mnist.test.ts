// The network of the MNIST demo learns, can be saved and goes on to the last bit; and the demo, run
// small, kills, resumes, sweeps and finds everything that it was promised.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
// Declares what is injected, also where this file is compiled without the other tests.
import type {} from '../support/global-setup.ts';
import { BATCH_SIZE, Batches } from './mnist/batches.ts';
import { PIXEL_COUNT, packDigits, readDigits } from './mnist/digits.ts';
import { Network } from './mnist/network.ts';
import { createRandom } from './mnist/random.ts';
import { loadWeights, saveWeights } from './mnist/weights-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-mnist-'));
const digitsPath = join(directory, 'digits.bytes');
beforeAll(() => {
  packDigits(digitsPath);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const createNetwork = (seed: number): Network =>
  new Network([PIXEL_COUNT, 64, 32, 10], createRandom(seed));

/** Trains the steps `[start, end)` and returns the loss of each. */
function train(network: Network, seed: number, start: number, end: number): number[] {
  const batches = new Batches(readDigits(digitsPath).train, seed);
  return Array.from({ length: end - start }, (_, index) => {
    batches.load(start + index);
    return network.train(batches.pixels, batches.labels, 0.02).loss;
  });
}

describe('the digits', () => {
  it('are all of the package, each with what it shows', () => {
    const { train, validation } = readDigits(digitsPath);
    expect([train.count, validation.count]).toEqual([9000, 1000]);
    const counts = new Map<number, number>();
    for (const label of [...train.labels, ...validation.labels])
      counts.set(label, (counts.get(label) ?? 0) + 1);
    expect(counts.size).toBe(10);
    expect(Math.min(...counts.values())).toBeGreaterThan(800);
    expect(train.pixels.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
  });
});

describe('the network', () => {
  it('recognises nine of ten digits that it has not seen', () => {
    const network = createNetwork(1);
    train(network, 1, 0, 900);
    const { validation } = readDigits(digitsPath);
    expect(network.evaluate(validation.pixels, validation.labels).accuracy).toBeGreaterThan(0.9);
  });

  it('descends along the slope that differences show', () => {
    const batches = new Batches(readDigits(digitsPath).train, 2);
    batches.load(0);
    const learningRate = 1e-6;
    const network = createNetwork(2);
    network.train(batches.pixels, batches.labels, learningRate);
    const untouched = createNetwork(2);
    const lossWith = (part: Float32Array, index: number, value: number): number => {
      part[index] = value;
      return untouched.evaluate(batches.pixels, batches.labels).loss;
    };
    // State of a layer: weights, biases, and the velocities that one step has set.
    for (const part of [0, 4, 8]) {
      const slopes = (network.state[part + 2] as Float32Array).map((each) => -each / learningRate);
      const steepest = slopes.reduce(
        (best, slope, index) => (Math.abs(slope) > Math.abs(slopes[best] as number) ? index : best),
        0,
      );
      const weights = untouched.state[part] as Float32Array;
      const value = weights[steepest] as number;
      const h = 1e-3;
      const slope =
        (lossWith(weights, steepest, value + h) - lossWith(weights, steepest, value - h)) / (2 * h);
      weights[steepest] = value;
      expect(slope / (slopes[steepest] as number)).toBeCloseTo(1, 1);
    }
  });

  it('goes on from saved weights as if it had not stopped', () => {
    const path = join(directory, 'weights.floats');
    // Beyond an epoch of 281 batches: the order of the images is found again, too.
    const whole = createNetwork(3);
    const losses = train(whole, 3, 0, 300);
    const first = createNetwork(3);
    train(first, 3, 0, 270);
    saveWeights(path, 270, first.state);
    const second = createNetwork(4);
    expect(loadWeights(path, second.state)).toBe(270);
    expect(train(second, 3, 270, 300)).toEqual(losses.slice(270));
    expect(second.state).toEqual(whole.state);
    expect(BATCH_SIZE * 281).toBeLessThanOrEqual(9000);
  });
});

describe('the file of weights', () => {
  it('is begun at 0 where there is none, and refused when it is of another network', () => {
    const { state } = createNetwork(5);
    expect(loadWeights(join(directory, 'nothing'), state)).toBe(0);
    const path = join(directory, 'short.floats');
    writeFileSync(path, new Uint8Array(20));
    expect(() => loadWeights(path, state)).toThrow('weights of another network');
    saveWeights(path, 7, state);
    expect(loadWeights(path, state)).toBe(7);
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});

describe('the demo', () => {
  const run = (...given: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(
      process.execPath,
      [join(inject('toolsDirectory'), 'test/examples/mnist/demo.js'), ...given],
      { encoding: 'utf8' },
    );
  const count = (stdout: string, pattern: RegExp): number =>
    Number(pattern.exec(stdout)?.[1]?.replaceAll(',', ''));

  it('kills, resumes, sweeps, and every check holds', () => {
    const { status, stdout, stderr } = run('--small');
    const place = /^The repo is in (\S+);/m.exec(stdout)?.[1] ?? '';
    try {
      expect(stderr).toBe('');
      expect(stdout).not.toContain('FAILED');
      expect(stdout).toContain('Every check held');
      expect(status).toBe(0);
      expect(stdout).toMatch(/ seed \d+$/m);
      const flushed = count(stdout, /told to be flushed +([\d,]+)/);
      const held = count(stdout, /held by the repo +([\d,]+)/);
      const tracked = count(stdout, /begun to be tracked +([\d,]+)/);
      expect(flushed).toBeGreaterThan(0);
      expect(held).toBeGreaterThanOrEqual(flushed);
      expect(tracked).toBeGreaterThanOrEqual(held);
      expect(count(stdout, /the rewind hides ([\d,]+) points/)).toBeGreaterThan(0);
      expect(count(stdout, /bytes a value +([\d.]+)/)).toBeGreaterThan(0);
      expect(stdout.match(/\bsweep +\S+ finished\b/g)).toHaveLength(8);
      // A pipe is no terminal: neither colours nor a bar that moves.
      expect(stdout).not.toContain('\u001b');
      expect(readFileSync(join(place, '.aim/runlog.json'), 'utf8')).not.toBe('');
    } finally {
      if (place !== '') rmSync(place, { recursive: true, force: true });
    }
  });

  it('refuses an argument that it does not know, and a seed that is none', () => {
    for (const given of [['--tiny'], ['--seed', 'seven'], ['--seed', '-1']]) {
      const { status, stdout } = run(...given);
      expect(status).toBe(1);
      expect(stdout).toBe('');
    }
  });
});
