// Records of objects: what is written is read, in order, whatever the kind; anything else is CORRUPT; the
// key of a content is the key of no sequence; frames of both may be passed over by who does not know them.

import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { Log, loadXxhash, memoryVfs, packBody, unpackBody } from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import { parseSequenceKey, sequenceKey } from '../../src/model/sequence.ts';
import {
  contentKey,
  contentRecord,
  decodeContent,
  decodeObjects,
  hashOf,
  type ObjectInput,
  objectsRecord,
} from '../../src/store/object-record.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(() => loadXxhash());

const inputOf = (bytes: Uint8Array, attributes = {}): ObjectInput => ({
  kind: 'texts',
  mediaType: 'text/plain',
  bytes,
  attributes,
  hash: hashOf(bytes),
});

const stored = (body: unknown): unknown => unpackBody(packBody(body).slice());

it('items come back with their content or its hash', () => {
  const { seed } = seeded('object records');
  const size = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: limits.inlineContentSizeMax * 2 }));
  const input = size
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
    .map((bytes) => inputOf(bytes, { caption: 'x', width: 3, none: Number.NaN }));
  fc.assert(
    fc.property(
      fc.array(input, { minLength: 1, maxLength: 5 }),
      fc.maxSafeInteger(),
      fc.oneof(fc.constant(Number.NaN), fc.double({ noNaN: true })),
      (objects, step, epoch) => {
        const record = objectsRecord('a\0{}', { kind: 'texts', step, epoch, time: 1.5 }, objects);
        const read = decodeObjects(stored(record.body));
        expect(read).toMatchObject({ kind: 'texts', step, epoch, time: 1.5 });
        for (const [index, { bytes, hash, attributes }] of objects.entries()) {
          const item = read.items[index];
          const isInline = bytes.length <= limits.inlineContentSizeMax;
          expect(item?.size).toBe(bytes.length);
          expect(item?.attributes).toEqual(attributes);
          expect(item?.hash).toBe(isInline ? undefined : hash);
          expect(item?.bytes).toEqual(isInline ? bytes : undefined);
          expect(decodeContent(stored(contentRecord(objects[index] as ObjectInput).body))).toEqual(
            bytes,
          );
        }
      },
    ),
    { numRuns: 100, seed },
  );
});

it('the content of another shape is CORRUPT', () => {
  const hash = new Uint8Array(32);
  const whole = ['texts', 1, null, 2, [[{}, 3, hash]]];
  expect(decodeObjects(whole).items).toHaveLength(1);
  const wrong: unknown[] = [
    null,
    [],
    ['texts', 1, null, 2],
    [1, 1, null, 2, []],
    ['texts', 0.5, null, 2, []],
    ['texts', 1, 'x', 2, []],
    ['texts', 1, null, null, []],
    ['texts', 1, null, 2, {}],
    ['texts', 1, null, 2, [[null, 3, hash]]],
    ['texts', 1, null, 2, [[[], 3, hash]]],
    ['texts', 1, null, 2, [[{}, 'x', hash]]],
    ['texts', 1, null, 2, [[{}, 3, new Uint8Array(31)]]],
    ['texts', 1, null, 2, [[{}, 3, []]]],
    ['texts', 1, null, 2, [[{}, 3, ['x']]]],
  ];
  for (const body of wrong)
    expect(() => decodeObjects(body), JSON.stringify(body)).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    );
  for (const body of [null, ['text/plain'], ['text/plain', 'x']])
    expect(() => decodeContent(body)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

it('the key of a content is the key of no sequence', () => {
  const key = contentKey(hashOf(new Uint8Array()));
  expect(parseSequenceKey(key)).toBeUndefined();
  for (const name of ['a', 'a\0b', '\0', '\0a'])
    expect(sequenceKey(name, '{}').lastIndexOf('\0')).toBeGreaterThan(key.lastIndexOf('\0'));
});

it('both stand alone in their frame, are passed over unread, and found by their key', async () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  const log = await Log.open('/log', { vfs, host: simulatedHost(), durability: { syncMs: null } });
  const { bytes } = seeded('frames of objects');
  const inputs = Array.from({ length: 20 }, () => inputOf(bytes(300_000)));
  for (const [step, input] of inputs.entries()) {
    log.appendAll([contentRecord(input)]);
    const at = { kind: 'texts', step, epoch: Number.NaN, time: 0 };
    log.appendAll([objectsRecord('a\0{}', at, [input])]);
    log.append(20, step);
    log.flush();
  }
  await log.seal();
  let read = 0;
  const readBytes = vfs.read.bind(vfs);
  vfs.read = (...args) => {
    const size = readBytes(...args);
    read += size;
    return size;
  };
  const positions = (isWanted?: (type: number) => boolean): number[] => {
    const reader = Log.snapshot('/log', { vfs });
    read = 0;
    const records = [...reader.records(0, Number.POSITIVE_INFINITY, isWanted)];
    expect(reader.damage).toEqual([]);
    expect(records.every((each) => each.type === 20 || each.skippable)).toBe(true);
    return records.map((each) => each.position);
  };
  const all = positions();
  expect(all).toHaveLength(60);
  expect(read).toBeGreaterThan(6_000_000);
  expect(positions((type) => type === 20)).toEqual(all.filter((each) => each % 3 === 2));
  // The first window of a scan is a whole one.
  expect(read).toBeLessThan(1_500_000);
  expect(positions((type) => type === 26)).toEqual(all.filter((each) => each % 3 === 1));
  expect(log.newest('a\0{}')?.position).toBe(58);
  expect(log.newest(contentKey(inputs[3]?.hash as string))?.position).toBe(9);
  expect(log.newest(contentKey('none'))).toBeUndefined();
  await log.close();
});
