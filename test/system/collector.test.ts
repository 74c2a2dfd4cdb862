// When samples are taken: at once, then at each multiple of the interval, without drift, never two of a
// probe at once; what several runs share; what happens when a probe fails or is silent; that nothing is
// left when nobody records.

import { describe, expect, it } from 'vitest';

import { Collector } from '../../src/system/collector.ts';
import type { Reading } from '../../src/system/reading.ts';
import { CountingProbe, KeepingRecorder, SimulatedClock } from './simulated-clock.ts';

function begun(...names: string[]) {
  const clock = new SimulatedClock();
  const probes = names.map((name) => new CountingProbe(name));
  let openCount = 0;
  const collector = new Collector(async () => {
    openCount += 1;
    return probes;
  }, clock);
  const [probe] = probes;
  if (probe === undefined) throw new RangeError('name a probe');
  return { clock, collector, probe, probes, openCount: () => openCount };
}

const never = (): Promise<Reading> => new Promise(() => {});
const later = (clock: SimulatedClock, ms: number) => (): Promise<Reading> =>
  new Promise((resolve) => {
    clock.after(ms, () => resolve({ gauges: [{ name: 'late', value: 1 }] }));
  });

describe('one run', () => {
  it('is sampled at once and then at each interval', async () => {
    const { clock, collector } = begun('cpu');
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    await clock.pass(0);
    expect(recorder.times).toEqual([0]);
    await clock.pass(999);
    expect(recorder.times).toEqual([0]);
    await clock.pass(2001);
    expect(recorder.times).toEqual([0, 1000, 2000, 3000]);
  });

  it('does not drift, however late a timer comes', async () => {
    const { clock, collector } = begun('cpu');
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    for (let count = 0; count < 500; count += 1) {
      await clock.pass(990);
      // The timer is due in here and is called after it.
      clock.block(20);
      await clock.pass(0);
    }
    for (const time of recorder.times) expect(time % 1000).toBeLessThanOrEqual(20);
    const last = recorder.times.at(-1) ?? 0;
    expect(recorder.times).toHaveLength(Math.floor(last / 1000) + 1);
  });

  it('leaves out what a busy loop missed, and stays on its multiples', async () => {
    const { clock, collector } = begun('cpu');
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    await clock.pass(500);
    clock.block(4200);
    await clock.pass(2000);
    expect(recorder.times).toEqual([0, 4700, 5000, 6000]);
  });

  it('has at most one sample of a probe under way; another probe goes on', async () => {
    const { clock, collector, probe, probes } = begun('slow', 'quick');
    probe.answer = later(clock, 2500);
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    await clock.pass(4100);
    expect(probe.readCount).toBe(2);
    expect(probes[1]?.readCount).toBe(5);
    // What was late has the time when it came.
    expect(recorder.times.filter((time) => time % 1000 !== 0)).toEqual([2500]);
  });

  it('gets what is read at one time in one piece, but for a probe that is known to be slow', async () => {
    const { clock, collector, probes } = begun('one', 'other', 'slow');
    const [one, other, slow] = probes;
    if (one !== undefined) one.answer = later(clock, 30);
    if (other !== undefined) other.answer = later(clock, 10);
    if (slow !== undefined) {
      slow.isSlow = true;
      slow.answer = later(clock, 500);
    }
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    await clock.pass(700);
    expect(recorder.samples.map(({ values }) => values.length)).toEqual([2, 1]);
    expect(recorder.times).toEqual([0, 500]);
  });

  it('gets the rest of a sample at the next one when a probe stalls', async () => {
    const { clock, collector, probe } = begun('stalled', 'good');
    probe.answer = never;
    const recorder = new KeepingRecorder(1000);
    collector.begin(recorder);
    await clock.pass(999);
    expect(recorder.times).toEqual([]);
    await clock.pass(2001);
    expect(recorder.times).toEqual([0, 1000, 2000, 3000]);
    expect(recorder.values).toEqual([1, 2, 3, 4]);
  });
});

describe('several runs', () => {
  it('share one reading where they are due together, each at its own times', async () => {
    const { clock, collector, probe, openCount } = begun('cpu');
    const [often, seldom] = [new KeepingRecorder(1000), new KeepingRecorder(3000)];
    collector.begin(often);
    collector.begin(seldom);
    await clock.pass(6000);
    expect(often.times).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000]);
    expect(seldom.times).toEqual([0, 3000, 6000]);
    expect(probe.readCount).toBe(7);
    expect(seldom.values).toEqual([1, 4, 7]);
    expect(openCount()).toBe(1);
  });

  it('that begin later have their own first sample at once and their own times', async () => {
    const { clock, collector } = begun('cpu');
    const [first, second] = [new KeepingRecorder(1000), new KeepingRecorder(1000)];
    collector.begin(first);
    await clock.pass(400);
    collector.begin(second);
    await clock.pass(2000);
    expect(first.times).toEqual([0, 1000, 2000]);
    expect(second.times).toEqual([400, 1400, 2400]);
  });

  it('end one by one: the others go on, after the last nothing is left', async () => {
    const { clock, collector, probe, openCount } = begun('cpu');
    const [first, second] = [new KeepingRecorder(1000), new KeepingRecorder(1500)];
    const [one, other] = [collector.begin(first), collector.begin(second)];
    await clock.pass(1000);
    one.stop();
    one.stop();
    await clock.pass(2000);
    expect(first.times).toEqual([0, 1000]);
    expect(second.times).toEqual([0, 1500, 3000]);
    expect(probe.isStopped).toBe(false);
    other.stop();
    expect(probe.isStopped).toBe(true);
    expect(clock.pending).toBe(0);
    await clock.pass(10_000);
    expect(second.times).toHaveLength(3);

    const again = new KeepingRecorder(1000);
    collector.begin(again);
    await clock.pass(0);
    expect(again.times).toHaveLength(1);
    expect(openCount()).toBe(2);
  });

  it('a run that ends while probes are being opened, or read, gets nothing more', async () => {
    const { clock, collector, probe } = begun('cpu');
    const early = new KeepingRecorder(1000);
    collector.begin(early).stop();
    await clock.pass(5000);
    expect(early.samples).toEqual([]);
    expect(probe.isStopped).toBe(true);

    const during = new KeepingRecorder(1000);
    probe.answer = later(clock, 500);
    const recorded = collector.begin(during);
    await clock.pass(100);
    recorded.stop();
    await clock.pass(5000);
    expect(during.samples).toEqual([]);
  });
});

describe('a probe that fails', () => {
  it.each([
    {
      how: 'throws',
      answer: () => {
        throw new Error('gone');
      },
    },
    { how: 'rejects', answer: () => Promise.reject(new Error('gone')) },
  ])('because it $how is stopped and told once; the others go on', async ({ answer }) => {
    const { clock, collector, probe, probes } = begun('bad', 'good');
    const recorders = [new KeepingRecorder(1000), new KeepingRecorder(2000)];
    for (const each of recorders) collector.begin(each);
    await clock.pass(1000);
    probe.answer = answer;
    await clock.pass(5000);
    for (const { failures } of recorders) expect(failures).toEqual(['bad: gone']);
    expect(probe.isStopped).toBe(true);
    expect(probes[1]?.readCount).toBe(7);
    const late = new KeepingRecorder(1000);
    collector.begin(late);
    expect(late.failures).toEqual(['bad: gone']);
  });

  it('and is the last one takes the timer with it', async () => {
    const { clock, collector, probe } = begun('only');
    probe.answer = () => Promise.reject(new Error('gone'));
    collector.begin(new KeepingRecorder(1000));
    await clock.pass(0);
    expect(clock.pending).toBe(0);
  });

  it('because it never answers is stopped after a minute and three samples', async () => {
    const { clock, collector, probe, probes } = begun('stalled', 'good');
    const recorder = new KeepingRecorder(10_000);
    collector.begin(recorder);
    await clock.pass(10_000);
    probe.answer = never;
    await clock.pass(69_000);
    expect(recorder.failures).toEqual([]);
    await clock.pass(11_000);
    expect(recorder.failures).toEqual(['stalled: no answer for 60 s']);
    await clock.pass(60_000);
    expect(recorder.failures).toHaveLength(1);
    expect(probes[1]?.readCount).toBe(16);
  });

  it('is not one whose loop was blocked for an hour', async () => {
    const { clock, collector, probe } = begun('patient');
    const recorder = new KeepingRecorder(1000);
    probe.answer = later(clock, 10);
    collector.begin(recorder);
    await clock.pass(5);
    clock.block(3_600_000);
    await clock.pass(3000);
    expect(recorder.failures).toEqual([]);
    expect(recorder.samples.length).toBeGreaterThan(2);
  });

  it('to open is told, and no timer is left', async () => {
    const clock = new SimulatedClock();
    const collector = new Collector(() => Promise.reject(new Error('too many files')), clock);
    const recorder = new KeepingRecorder(1000);
    const recorded = collector.begin(recorder);
    await clock.pass(5000);
    expect(recorder.failures).toEqual(['the collector: too many files']);
    expect(clock.pending).toBe(0);
    recorded.stop();
  });
});

it('a loop that does not yield lets go of what would pile up', async () => {
  const { clock, collector, probe } = begun('cpu');
  const recorded = collector.begin(new KeepingRecorder(1000));
  await clock.pass(500);
  recorded.beforeFlush();
  clock.block(2000);
  recorded.beforeFlush();
  expect(probe.pauseCount).toBe(0);
  clock.block(1000);
  recorded.beforeFlush();
  expect(probe.pauseCount).toBe(1);
});
