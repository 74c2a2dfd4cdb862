// Hot batches split by sequence: each row to its sequence, in order of arrival, with its number, whatever
// was split before.

import { beforeAll, expect, it } from 'vitest';
import { loadXxhash } from '../../src/engine/index.ts';
import { encodeBatch, PointBuffer } from '../../src/store/format/batch.ts';
import { HotPoints } from '../../src/store/hot-points.ts';
import { seeded } from '../support/random.ts';

beforeAll(() => loadXxhash());

it('is what walking over the batches gives, also when it is used again', () => {
  const { integer, random, seed } = seeded('hot points');
  const hot = new HotPoints();
  let next = 0;
  for (let round = 0; round < 40; round += 1) {
    const expected = new Map<number, string[]>();
    for (let batch = 0; batch < 1 + integer(5); batch += 1) {
      const points = new PointBuffer();
      const count = 1 + integer(60);
      const first = next;
      for (let index = 0; index < count; index += 1) {
        const [id, step, value, time] = [integer(6) * 7, integer(90) - 20, random(), integer(9)];
        const epoch = integer(2) === 0 ? Number.NaN : integer(4);
        points.push(id, step, value, time, epoch);
        const own = expected.get(id) ?? [];
        expected.set(id, [...own, [step, value, time, epoch, next].join()]);
        next += 1;
      }
      hot.add([first, count, encodeBatch(points).slice()]);
      // A gap: what a damaged frame held is missing, and numbers go on.
      next += integer(3);
    }
    const found = new Map(
      [...hot.rows()].map(([id, { steps, values, times, epochs, numbers }]) => [
        id,
        Array.from(steps, (step, row) =>
          [step, values[row], times[row], epochs[row], numbers[row]].join(),
        ),
      ]),
    );
    expect(found, `seed ${seed}, round ${round}`).toEqual(expected);
  }
});
