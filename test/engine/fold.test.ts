// The folded state: at every position it is what applying every record below it gives, wherever state
// frames stand, whether they hold or not; and with them an opening applies only what follows the newest.

import { beforeAll, describe, expect, it } from 'vitest';
import { foldSegments, packState, readStateFrame } from '../../src/engine/fold.ts';
import { frameFlag, SKIPPABLE } from '../../src/engine/format/frame.ts';
import { encodeManifest } from '../../src/engine/format/manifest.ts';
import { packBody, unpackBody } from '../../src/engine/format/msgpack.ts';
import {
  type Fold,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
} from '../../src/engine/index.ts';
import { HandMadeSegment } from '../support/hand-made.ts';
import {
  appendNumbers,
  copyRecords,
  DIRECTORY,
  flip,
  framesOf,
  namesOf,
  optionsOf,
  readFile,
  upTo,
  writeFile,
} from '../support/log-files.ts';
import { seeded } from '../support/random.ts';

beforeAll(loadXxhash);

/** The order counts: a record that is applied twice, not at all, or too early changes the text. */
const text: Fold<{ text: string; seen: number }> = {
  initial: () => ({ text: '', seen: 0 }),
  apply(state, { position, body }) {
    state.text = `${state.text}${position}:${(body as [number])[0]} `.slice(-60);
    state.seen += 1;
    return state;
  },
};

const stateAt = (end: number): { text: string; seen: number } =>
  upTo(end).reduce(
    (state, at) => text.apply(state, { position: at, body: [at] } as never),
    text.initial(),
  );

let applied = 0;
const counting: typeof text = {
  initial: text.initial,
  apply(state, record) {
    applied += 1;
    return text.apply(state, record);
  },
};

const options: LogOptions<{ text: string; seen: number }> = {
  fold: counting,
  sizes: { segmentSize: 700, stateInterval: 300 },
};

it('is what the records give, at every position, for owner, reader and next owner', async () => {
  const { integer, pick } = seeded('fold');
  const vfs = memoryVfs();
  let log = await Log.open(DIRECTORY, optionsOf(vfs, { ...options, rewrite: copyRecords }));
  for (let round = 0; round < 80; round += 1) {
    appendNumbers(log, log.position, log.position + integer(4));
    const step = pick(['nothing', 'sync', 'seal', 'rewrite', 'close', 'kill'] as const);
    if (step === 'sync') await log.sync();
    if (step === 'seal') await log.seal();
    if (step === 'rewrite') await log.rewrite();
    if (step === 'close') await log.close();
    if (step === 'close' || step === 'kill')
      log = await Log.open(DIRECTORY, optionsOf(vfs, { ...options, rewrite: copyRecords }));
    const expected = stateAt(log.position);
    expect(log.state, step).toEqual(expected);
    expect(Log.snapshot(DIRECTORY, { vfs, ...options }).state, step).toEqual(expected);
  }
});

it('an opening applies what follows the newest state frame', async () => {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  for (let number = 0; number < 100; number += 1) appendNumbers(log, number, number + 1);
  await log.sync();
  for (const open of [
    async () => Log.snapshot(DIRECTORY, { vfs, ...options }),
    () => Log.open(DIRECTORY, optionsOf(vfs, options)),
  ]) {
    applied = 0;
    expect((await open()).state).toEqual(stateAt(100));
    // 300 bytes are five frames.
    expect(applied).toBeLessThan(10);
  }
});

it('without fold there is neither state nor a state frame', async () => {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { sizes: { stateInterval: 300 } }));
  for (let number = 0; number < 50; number += 1) appendNumbers(log, number, number + 1);
  await log.seal();
  const types = framesOf(readFile(vfs, 'segment-00000001-000001')).map(({ type }) => type & 0x7f);
  expect(types).not.toContain(3);
  expect([log.state, log.manifest?.segments[0]?.state]).toEqual([undefined, 0]);
});

it('a fold that was not there when the log was written gives the same', async () => {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { sizes: { segmentSize: 700 } }));
  for (let number = 0; number < 50; number += 1) appendNumbers(log, number, number + 1);
  await log.close();
  const next = await Log.open(DIRECTORY, optionsOf(vfs, options));
  expect(next.state).toEqual(stateAt(50));
});

describe('a state frame', () => {
  async function withStates(): Promise<MemoryVfs> {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
    for (let number = 0; number < 40; number += 1) appendNumbers(log, number, number + 1);
    await log.close();
    return vfs;
  }

  it('says its position and holds the state there', async () => {
    const vfs = await withStates();
    const { manifest } = Log.snapshot(DIRECTORY, { vfs });
    for (const segment of manifest?.segments ?? []) {
      const frame = readStateFrame(vfs, DIRECTORY, segment);
      expect(frame?.position).toBe(segment.end);
      const expected = stateAt(segment.end);
      expect(unpackBody(frame?.body ?? new Uint8Array(0))).toEqual([expected]);
      expect(Buffer.from(packState(expected)).equals(frame?.body as Uint8Array)).toBe(true);
      // A manifest that names another frame is not believed.
      expect(readStateFrame(vfs, DIRECTORY, { ...segment, state: 128 })).toBeUndefined();
      expect(readStateFrame(vfs, DIRECTORY, { ...segment, state: 0 })).toBeUndefined();
    }
  });

  it.each([
    ['is no msgpack', 0, Uint8Array.from([0xc1])],
    ['is no state', 0, packBody(7)],
    ['does not inflate', frameFlag.deflated, Uint8Array.from([1, 2, 3])],
  ])('whose checksum holds and that %s is passed over', async (_what, flags, body) => {
    const vfs = memoryVfs();
    vfs.makeDirectory(DIRECTORY);
    const segment = new HandMadeSegment({ logId: 7n });
    for (const at of upTo(3)) segment.records([{ type: 20, body: [at] }]);
    const state = segment.frame({ type: 3 | SKIPPABLE, flags }, body);
    segment.records([{ type: 20, body: [3] }]);
    writeFile(vfs, 'segment-00000001-000001', segment.bytes);
    const sealed = segment.sealed({ state });
    const manifest = { counter: 1, logId: 7n, fence: 1, tailNumber: 2, first: 0, damage: [] };
    const bytes = encodeManifest({ ...manifest, end: sealed.end, segments: [sealed] });
    writeFile(vfs, 'manifest-00000001', bytes);
    expect(Log.snapshot(DIRECTORY, { vfs, fold: text }).state).toEqual(stateAt(4));
  });

  it('that does not hold is passed over: an older one, or the start, serves', async () => {
    const vfs = await withStates();
    const segments = namesOf(vfs, 'segment');
    for (const name of segments.toReversed()) {
      for (const { offset, type } of framesOf(readFile(vfs, name)))
        if ((type & 0x7f) === 3) flip(vfs, name, offset + 30);
      expect(Log.snapshot(DIRECTORY, { vfs, ...options }).state, name).toEqual(stateAt(40));
    }
    applied = 0;
    const damage: never[] = [];
    const { manifest } = Log.snapshot(DIRECTORY, { vfs });
    const all = manifest?.segments ?? [];
    const tail = Log.snapshot(DIRECTORY, { vfs }).position - (all.at(-1)?.end ?? 0);
    foldSegments(vfs, DIRECTORY, all, counting, damage);
    expect(applied, 'from the start').toBe(40 - tail);
  });
});
