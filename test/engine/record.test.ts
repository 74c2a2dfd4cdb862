// Records in the body of a frame: what is packed comes back, whatever the batch; and a body that is not
// what its frame says is CORRUPT with its place, never a wrong record.

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type FrameHeader,
  frameFlag,
  frameType,
  SKIPPABLE,
} from '../../src/engine/format/frame.ts';
import { loadXxhash, packBody, type RecordInput, RunlogError } from '../../src/engine/index.ts';
import { packRecords, unpackRecords } from '../../src/engine/record.ts';
import { limits } from '../../src/limits.ts';
import { exact, storable } from '../support/values.ts';

beforeAll(loadXxhash);

const place = { fence: 1, number: 2, rewritten: false, offset: 128 };

const frameOf = (
  records: readonly RecordInput[],
  change: Partial<FrameHeader> = {},
): [FrameHeader, Uint8Array] => {
  const { type, flags, body } = packRecords(records);
  const stored = body.slice();
  const header = { type, flags, bodySize: stored.length, count: records.length, first: 10 };
  return [{ ...header, watermark: 0, ...change }, stored];
};

const record: fc.Arbitrary<RecordInput> = fc.record({
  type: fc.integer({ min: limits.recordTypeMin, max: limits.recordTypeMax }),
  key: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
  skippable: fc.boolean(),
  body: storable,
});

it('what is packed comes back, one record or many, with or without keys, deflated or not', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (records, deflate) => {
        let [header, body] = frameOf(records);
        if (deflate) {
          body = deflateRawSync(body);
          header = { ...header, flags: header.flags | frameFlag.deflated, bodySize: body.length };
        }
        const read = unpackRecords(header, body, place, 'file');
        expect(
          read.map(({ position, end, type, key, skippable, body: inner }) =>
            exact([position, end, type, key ?? null, skippable, inner]),
          ),
        ).toEqual(
          records.map(({ type, key, skippable, body: inner }, index) => {
            return exact([10 + index, 11 + index, type, key ?? null, skippable ?? false, inner]);
          }),
        );
      },
    ),
    { numRuns: 300 },
  );
});

describe('flags and type of a frame', () => {
  const plain = { type: 20, body: 1 };
  const keyed = { type: 20, body: 1, key: 'k' };
  const skippable = { type: 20, body: 1, skippable: true };
  it.each([
    ['one', [plain], 20, 0],
    ['one with a key', [keyed], 20, frameFlag.keyed],
    ['one that may be skipped', [skippable], 20 | SKIPPABLE, 0],
    ['two', [plain, plain], frameType.batch, 0],
    ['two, one with a key', [plain, keyed], frameType.batch, frameFlag.holdsKeys],
    ['two, one that may be skipped', [plain, skippable], frameType.batch, 0],
    ['two that may be skipped', [skippable, skippable], frameType.batch | SKIPPABLE, 0],
  ])('of %s', (_what, records, type, flags) => {
    expect(packRecords(records)).toMatchObject({ type, flags });
  });
});

it('of a rewritten frame each record stands for the whole range', () => {
  const [header, body] = frameOf([
    { type: 33, body: 1 },
    { type: 33, body: 2 },
  ]);
  const read = unpackRecords({ ...header, count: 50 }, body, { ...place, rewritten: true }, 'file');
  expect(read.map(({ position, end }) => [position, end])).toEqual([
    [10, 60],
    [10, 60],
  ]);
});

describe('not what the frame says', () => {
  const bodies: readonly [string, Partial<FrameHeader>, unknown][] = [
    ['a keyed record that is no pair', { flags: frameFlag.keyed }, ['k']],
    ['a keyed record whose key is no text', { flags: frameFlag.keyed }, [1, 2]],
    ['a keyed record that is no array', { flags: frameFlag.keyed }, 'k'],
    ['a batch that is no array', { type: frameType.batch }, 'text'],
    ['a batch of another count', { type: frameType.batch, count: 2 }, [[20, null, 1]]],
    ['a batch of something else', { type: frameType.batch }, [[20, null]]],
    ['a batch of no arrays', { type: frameType.batch }, [20]],
  ];
  it.each(bodies)('%s is CORRUPT, with its place', (_what, change, value) => {
    const body = packBody(value).slice();
    const header = { type: 20, flags: 0, count: 1, first: 0, watermark: 0, bodySize: body.length };
    expect(() => unpackRecords({ ...header, ...change }, body, place, 'file')).toThrow(
      expect.objectContaining({
        code: 'CORRUPT',
        details: { file: 'file', offset: 128, size: 48 + body.length },
      }),
    );
  });

  it('any bytes as a body: records, or CORRUPT', () => {
    const flags = fc.constantFrom(0, frameFlag.keyed, frameFlag.holdsKeys, frameFlag.deflated);
    const type = fc.constantFrom(frameType.batch, 20, 20 | SKIPPABLE);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), flags, type, (body, flag, kind) => {
        const header = { type: kind, flags: flag, count: 1, first: 0, watermark: 0 };
        try {
          unpackRecords({ ...header, bodySize: body.length }, body, place, 'file');
        } catch (error) {
          expect(error).toBeInstanceOf(RunlogError);
          expect((error as RunlogError).code).toBe('CORRUPT');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('types of the engine', () => {
  it.each([1, 2, 3, 9])('type %i is passed over, where it says that it may be', (type) => {
    const header = { type: type | SKIPPABLE, flags: 0, count: 0, first: 0, watermark: 0 };
    const body = new Uint8Array(8);
    expect(unpackRecords({ ...header, bodySize: 8 }, body, place, 'file')).toEqual([]);
    expect(() => unpackRecords({ ...header, type, bodySize: 8 }, body, place, 'file')).toThrow(
      expect.objectContaining({ code: 'FORMAT_TOO_NEW' }),
    );
  });

  it('a watermark frame holds no record', () => {
    const header = {
      type: frameType.batch | SKIPPABLE,
      flags: 0,
      count: 0,
      first: 5,
      watermark: 5,
    };
    expect(unpackRecords({ ...header, bodySize: 0 }, new Uint8Array(0), place, 'file')).toEqual([]);
  });
});
