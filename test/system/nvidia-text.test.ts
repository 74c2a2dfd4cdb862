// Whatever nvidia-smi prints, a reading holds only numbers that it told: fields that a card does not
// support are absent, lines that are something else give nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseGpuFacts, parseGpuReading } from '../../src/system/nvidia-text.ts';
import { seeded } from '../support/random.ts';

const none = undefined;

describe('a line of the loop', () => {
  it.each([
    {
      name: 'a card at work',
      line: '0, 97, 40537, 81920, 64, 312.45',
      is: [97, 49.48364, 64, 312.45],
    },
    { name: 'an idle one', line: '3, 0, 0, 24564, 31, 8.07', is: [0, 0, 31, 8.07] },
    { name: 'no power reading', line: '1, 12, 10, 100, 50, [N/A]', is: [12, 10, 50, none] },
    {
      name: 'nothing supported, as a slice of a card',
      line: '2, [N/A], [Not Supported], [Not Supported], [Unknown Error], N/A',
      is: [none, none, none, none],
    },
    { name: 'no total', line: '0, 1, 10, 0, 50, 10', is: [1, none, 50, 10] },
    { name: 'a carriage return', line: '0, 1, 10, 100, 50, 10.5\r', is: [1, 10, 50, 10.5] },
  ])('of $name', ({ line, is }) => {
    const { utilization, memoryPercent, temperature, powerWatts } = parseGpuReading(line) ?? {};
    const rounded = memoryPercent === undefined ? undefined : Number(memoryPercent.toFixed(5));
    expect([utilization, rounded, temperature, powerWatts]).toEqual(is);
  });

  it.each([
    '',
    '0, 97, 40537, 81920, 64',
    '0, 97, 40537, 81920, 64, 312.45, P0',
    '[N/A], 97, 40537, 81920, 64, 312.45',
    '0.5, 97, 40537, 81920, 64, 312.45',
    'No devices were found',
    'Field "power.draw" is not a valid field to query.',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver, a, b, c, d, e",
    'index, utilization.gpu [%], memory.used [MiB], memory.total [MiB], temperature.gpu, power.draw [W]',
  ])('that is something else: %s', (line) => {
    expect(parseGpuReading(line)).toBeUndefined();
  });

  it('never gives anything but finite numbers of 0 or more', () => {
    const field = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom('NaN', 'Infinity', '-1', '1e999', '0x10', '', '[N/A]'),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), (fields) => {
        const reading = parseGpuReading(fields.join(', '));
        for (const each of Object.values(reading ?? {}))
          if (each !== undefined) expect(Number.isFinite(each) && each >= 0).toBe(true);
        parseGpuFacts(fields.join(', '));
      }),
      { seed: seeded('nvidia-text').seed },
    );
  });
});
