// A fence gives back whose it is, in all nine facts, and refuses what is not the shape of one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDocument, HEARTBEAT_OFFSET } from '../../../src/engine/format/document.ts';
import {
  decodeFence,
  encodeFence,
  type Fence,
  fenceKind,
  RELEASED,
} from '../../../src/engine/format/fence.ts';
import { unpackBody } from '../../../src/engine/format/msgpack.ts';
import { dataViewOf } from '../../../src/engine/format/version.ts';
import { loadXxhash } from '../../../src/engine/format/xxhash.ts';
import type { OwnerRecord } from '../../../src/engine/host.ts';
import { outcome } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

await loadXxhash();

const OWNER: OwnerRecord = {
  host: 'machine',
  bootId: 'b',
  pidNamespace: '4026531836',
  pid: 4711,
  startTime: '123',
  thread: 2,
  nonce: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  since: 1700000000123,
  probe: 'probe-0011aabb',
};
const BODY = [
  OWNER.host,
  OWNER.bootId,
  OWNER.pidNamespace,
  OWNER.pid,
  OWNER.startTime,
  OWNER.thread,
  OWNER.nonce,
  OWNER.since,
  OWNER.probe,
] as const;

const read = (bytes: Uint8Array): Fence | string => outcome(() => decodeFence(bytes, 'fence-1'));
const NO_FENCE = 'CORRUPT: fence-1: not the shape of a fence';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const owner: fc.Arbitrary<OwnerRecord> = fc.record({
  host: text,
  bootId: text,
  pidNamespace: text,
  pid: fc.nat(),
  startTime: text,
  thread: fc.nat(1000),
  nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  since: fc.maxSafeInteger(),
  probe: text,
});

it('has the kinds and the order of spec/document.md', () => {
  expect(fenceKind).toEqual({ writer: 1, maintenance: 2, deleted: 3 });
  expect(unpackBody(encodeFence('writer', OWNER).subarray(32))).toEqual(BODY);
  expect(RELEASED).toBe(0xffff_ffff_ffff_ffffn);
});

it.each(Object.entries(fenceKind))('kind %s is %i', (kind, number) => {
  const bytes = encodeFence(kind as Fence['kind'], OWNER);
  expect(dataViewOf(bytes).getUint16(10, true)).toBe(number);
  expect(read(bytes)).toEqual({ kind, owner: OWNER, heartbeat: 0n });
});

it('comes back, whatever the owner and its heartbeat', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('writer', 'maintenance', 'deleted'),
      owner,
      fc.oneof(fc.bigInt({ min: 0n, max: RELEASED }), fc.constant(RELEASED)),
      (kind, given, heartbeat) => {
        const bytes = encodeFence(kind, given);
        dataViewOf(bytes).setBigUint64(HEARTBEAT_OFFSET, heartbeat, true);
        expect(read(bytes)).toEqual({ kind, owner: given, heartbeat });
      },
    ),
    { seed: seeded('fence round trip').seed },
  );
});

it('keeps nothing of the bytes that it was read from', () => {
  const bytes = encodeFence('writer', OWNER);
  const decoded = read(bytes);
  bytes.fill(0);
  expect(decoded).toMatchObject({ owner: OWNER });
});

it('empty texts are facts that are not to be had', () => {
  const bare = { ...OWNER, bootId: '', pidNamespace: '', startTime: '', probe: '' };
  expect(read(encodeFence('writer', bare))).toMatchObject({ owner: bare });
});

it('a clock with fractions gives a fence without', () => {
  const bytes = encodeFence('writer', { ...OWNER, since: 1700000000123.75 });
  expect(read(bytes)).toMatchObject({ owner: OWNER });
});

describe('refused', () => {
  it.each([0, 4, 256, 0xffff])('kind %i', (kind) => {
    expect(read(encodeDocument('F', kind, BODY))).toBe(NO_FENCE);
  });

  const edited = (index: number, value: unknown): unknown[] => BODY.with(index, value as never);
  it.each<[string, unknown]>([
    ['no array', 5],
    ['nil', null],
    ['an object', { host: 'h' }],
    ['one fact short', BODY.slice(0, 8)],
    ['one fact more', [...BODY, 1]],
    ['a host that is a number', edited(0, 1)],
    ['a host of bytes', edited(0, new Uint8Array(2))],
    ['a host that is nil', edited(0, null)],
    ['a pid that is text', edited(3, '4711')],
    ['a pid of 64 bits', edited(3, 4711n)],
    ['a pid with a fraction', edited(3, 0.5)],
    ['a pid that is NaN', edited(3, Number.NaN)],
    ['a thread with a fraction', edited(5, 1.5)],
    ['a since that is infinite', edited(7, Number.POSITIVE_INFINITY)],
    ['a nonce of 15 bytes', edited(6, new Uint8Array(15))],
    ['a nonce of 17 bytes', edited(6, new Uint8Array(17))],
    ['a nonce that is text', edited(6, '0123456789abcdef')],
    ['a probe that is nil', edited(8, null)],
  ])('%s', (_, body) => {
    expect(read(encodeDocument('F', 1, body))).toBe(NO_FENCE);
  });

  it('a manifest under the name of a fence', () => {
    expect(read(encodeDocument('M', 0, BODY))).toBe(
      'CORRUPT: fence-1: not a file of this kind (magic)',
    );
  });
});
