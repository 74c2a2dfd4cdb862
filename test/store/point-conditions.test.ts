// Conditions on points are what a look at every point gives: by chance over pieces and over runs with
// several writers, rewinds, NaN, what is sealed and what is hot; and pieces whose summary decides are not
// decoded.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { pointFacts } from '../../src/query/facts.ts';
import {
  conditionsOf,
  conditionsOfPieces,
  type PointConditions,
} from '../../src/store/point-conditions.ts';
import { PointPiece } from '../../src/store/point-piece.ts';
import { mergeSummaries, type Rows, type Summary, summarize } from '../../src/store/rows.ts';
import { type Seeded, seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-conditions-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let decoded = 0;

const summaryOf = (steps: Float64Array, values: Float64Array): Summary =>
  summarize({ steps, values } as Rows) as Summary;

function pieceOf(steps: readonly number[], values: readonly number[]): PointPiece {
  const points = { steps: Float64Array.from(steps), values: Float64Array.from(values) };
  return new PointPiece(summaryOf(points.steps, points.values), () => {
    decoded += 1;
    return points;
  });
}

const specials = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 2];

function randomPieces({ integer, pick }: Seeded): PointPiece[] {
  let step = integer(9) - 4;
  const values = pick([specials, [1, 2, 3], [Number.NaN], [5]]);
  return Array.from({ length: 1 + integer(4) }, () => {
    const steps = Array.from({ length: 1 + integer(5) }, () => (step += 1 + integer(3)));
    return pieceOf(
      steps,
      steps.map(() => pick(values)),
    );
  });
}

/** Rows of all writers by (step, writer). */
function bruteForce(writers: readonly (readonly PointPiece[])[]): PointConditions {
  const points = writers.flatMap((pieces, writer) =>
    pieces.flatMap((piece) =>
      Array.from(piece.values, (value, index) => ({ step: piece.stepAt(index), value, writer })),
    ),
  );
  points.sort((a, b) => a.step - b.step || a.writer - b.writer);
  return pointFacts(
    points.map((each) => each.step),
    points.map((each) => each.value),
  );
}

it('of pieces by chance: what every point says', () => {
  const by = seeded('point conditions');
  for (let round = 0; round < 400; round += 1) {
    const writers = Array.from({ length: 1 + by.integer(3) }, () => randomPieces(by));
    const whole = mergeSummaries(writers.flat().map((each) => each.summary));
    const brute = bruteForce(writers);
    const parts = conditionsOfPieces(writers);
    for (const asked of [parts, conditionsOf(whole, () => parts)]) {
      for (const value of [...specials, 1.5, -3, 5]) {
        for (const name of [
          'firstStepAbove',
          'firstStepBelow',
          'countAbove',
          'countBelow',
        ] as const)
          expect([name, value, asked[name](value)]).toEqual([name, value, brute[name](value)]);
      }
      for (let step = -5; step < 60; step += by.pick([0.5, 1]))
        expect([step, asked.at(step)]).toEqual([step, brute.at(step)]);
      for (const step of [Number.NaN, Number.POSITIVE_INFINITY])
        expect(asked.at(step)).toBeUndefined();
    }
  }
});

it('what the summaries of pieces say is not decoded', () => {
  const pieces = [0, 1, 2, 3].map((tens) =>
    pieceOf(
      [0, 1, 2].map((each) => tens * 10 + each),
      [tens * 10, tens * 10 + 2, tens * 10 + 1],
    ),
  );
  const asked = conditionsOfPieces([pieces]);
  const cost = (ask: () => unknown, answer: unknown): number => {
    decoded = 0;
    expect(ask()).toBe(answer);
    return decoded;
  };
  expect(cost(() => asked.countAbove(32), 0)).toBe(0);
  expect(cost(() => asked.countAbove(5), 9)).toBe(0);
  expect(cost(() => asked.countAbove(20), 5)).toBe(1);
  expect(cost(() => asked.firstStepAbove(15), 20)).toBe(0);
  expect(cost(() => asked.firstStepAbove(20), 21)).toBe(1);
  expect(cost(() => asked.firstStepBelow(0), undefined)).toBe(0);
  expect(cost(() => asked.at(21), 22)).toBe(1);
  expect(cost(() => asked.at(20), 20)).toBe(0);
  expect(cost(() => asked.at(15), undefined)).toBe(0);
  const whole = mergeSummaries(pieces.map((each) => each.summary));
  const never = conditionsOf(whole, () => {
    throw new Error('asked for points');
  });
  expect(never.countAbove(-1)).toBe(12);
  expect([never.firstStepAbove(32), never.firstStepBelow(33), never.at(32)]).toEqual([
    undefined,
    0,
    31,
  ]);
});

it('of runs by chance, asked by queries: what values() says', async () => {
  const { integer, random, pick } = seeded('point conditions of runs');
  for (let round = 0; round < 4; round += 1) {
    const run = await Run.open({
      repo: directory,
      runHash: `run-${round}`,
      systemTrackingInterval: null,
    });
    const second =
      round % 2 === 0
        ? await Run.open({
            repo: directory,
            runHash: run.hash,
            writer: 'b',
            systemTrackingInterval: null,
          })
        : undefined;
    for (const [index, each] of [run, second].entries()) {
      if (each === undefined) continue;
      const count = pick([10, 6000, 150_000]);
      const values = Float64Array.from({ length: count }, (_, at) =>
        at % 97 === 3 ? Number.NaN : Math.floor(1e4 / (1 + at / 50)) + integer(9),
      );
      each
        .sequence('loss')
        .trackColumns({ values, steps: values.map((_, at) => at * (1 + index)) });
      if (round % 3 === 1) {
        each.rewind({ step: Math.floor(count / 2) });
        each.track(random(), { name: 'loss', step: count });
      }
    }
    await run.close();
    await second?.close();
  }
  const repo = await Repo.open(directory);
  for (let time = 0; time < 2; time += 1) {
    for await (const metric of repo.metrics('', { order: 'oldest' })) {
      const { steps, values } = await metric.values();
      const brute = pointFacts(steps, values);
      const text = (answer: number | undefined): string =>
        answer === undefined ? 'None' : `${answer}`;
      for (let asked = 0; asked < 4; asked += 1) {
        const value = pick([...values.subarray(0, 200), 0, -1, 1e5, 3]);
        if (Number.isNaN(value)) continue;
        const step = pick([...steps.subarray(-200), 5, 7]);
        const at = brute.at(step);
        const conditions = [
          `metric.first_step_above(${value}) == ${text(brute.firstStepAbove(value))}`,
          `metric.first_step_below(${value}) == ${text(brute.firstStepBelow(value))}`,
          `metric.count_above(${value}) == ${brute.countAbove(value)}`,
          `metric.count_below(${value}) == ${brute.countBelow(value)}`,
          Number.isNaN(at) ? 'True' : `metric.at(${step}) == ${text(at)}`,
        ];
        for (const condition of conditions) {
          const query = `run.hash == '${metric.run.hash}' and ${condition}`;
          let found = 0;
          for await (const _ of repo.metrics(query)) found += 1;
          expect(found, query).toBe(1);
        }
      }
    }
  }
});
