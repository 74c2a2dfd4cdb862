// The table of `follow` counts each point once, also those whose event comes after they were read.

import { expect, it, vi } from 'vitest';
import { LiveTable } from '../../src/cli/live-table.ts';

it('a point that was there already is not counted again', () => {
  let written = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written = String(text);
    return true;
  });
  const context = {};
  const row = { run: 'r', name: 'loss', context: '', step: 3, value: 0.5, points: 4, known: 3 };
  const table = new LiveTable([{ ...row, time: undefined }], () => (hash) => hash);
  const column = (...values: number[]): Float64Array => Float64Array.from(values);
  const event = { type: 'points', run: 'r', writer: 'main', name: 'loss', context } as const;
  const rest = { times: column(1, 1, 1), epochs: column(0, 0, 0) };
  table.add({ ...event, steps: column(2, 3, 4), values: column(9, 0.5, 0.25), ...rest });
  table.add({ ...event, name: 'new', steps: column(0, 1, 2), values: column(1, 2, 3), ...rest });
  table.end();
  stdout.mockRestore();
  expect(written).toMatch(/^r +loss +4 +0\.25 +5 +0s$/m);
  expect(written).toMatch(/^r +new +2 +3 +3 +0s$/m);
});
