// Byte planes as one raw deflate stream that spends no time where nothing is to be gained.
//
// 1. The stream is ordinary raw deflate (RFC 1951): readers need not know how it was made.
// 2. The low bytes of a mantissa are noise: stored. Above them lie planes in which some bytes are more
//    frequent and none follow one another twice: Huffman codes alone. Only the rest is searched for
//    repeats, which took most of the time of sealing.
//
// Spec: spec/columns.md, Sealed column. Test: test/store/format/plane-deflate.test.ts.

import { promisify } from 'node:util';
import { constants, deflateRaw, deflateRawSync } from 'node:zlib';

const deflateInPool = promisify(deflateRaw);
/** Below it the way to the thread pool costs more than the work. */
const POOL_SIZE_MIN = 2 * 1024;
const LEVEL = 6;

/** A smaller plane is not worth looking at, nor can noise be told from chance in it. */
const NOISE_SIZE_MIN = 1024;
const SAMPLE_SIZE = 4096;
/** Below it a second call of the deflater costs more than it saves. */
const ALONE_SIZE_MIN = 32 * 1024;
/** Bits a byte, of 8. Equally frequent bytes show 7.82 in a sample of 1,024 and 7.95 in one of 4,096. */
const NOISE_ENTROPY_MIN = 7.75;
const STORED_SIZE_MAX = 0xffff;
/** An empty stored block that is the last one. */
const END = new Uint8Array([1, 0, 0, 0xff, 0xff]);

type Kind = 'noise' | 'skewed' | 'repeating';

/** Planes in a row of one kind. */
interface Stretch {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

/** `planes`: `width` planes of equal size, one behind the other. */
export async function deflatePlanes(planes: Uint8Array, width: number): Promise<Uint8Array> {
  const stretches = stretchesOf(planes, width);
  return join(
    stretches,
    await Promise.all(
      stretches.map(({ kind, bytes }) => {
        if (kind === 'noise') return store(bytes);
        const options = optionsOf(kind, isWhole(stretches));
        return bytes.length < POOL_SIZE_MIN
          ? deflateRawSync(bytes, options)
          : deflateInPool(bytes, options);
      }),
    ),
  );
}

/** As `deflatePlanes`, at once. */
export function deflatePlanesSync(planes: Uint8Array, width: number): Uint8Array {
  const stretches = stretchesOf(planes, width);
  return join(
    stretches,
    stretches.map(({ kind, bytes }) =>
      kind === 'noise' ? store(bytes) : deflateRawSync(bytes, optionsOf(kind, isWhole(stretches))),
    ),
  );
}

/** One call deflates all of it. */
const isWhole = (stretches: readonly Stretch[]): boolean =>
  stretches.length === 1 && stretches[0]?.kind !== 'noise';

/** A stretch among others ends on a byte, and is not the last block. */
const optionsOf = (kind: Kind, isLast: boolean) => ({
  level: LEVEL,
  strategy: kind === 'skewed' ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY,
  finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
});

function join(stretches: readonly Stretch[], parts: readonly Uint8Array[]): Uint8Array {
  return isWhole(stretches) ? (parts[0] as Uint8Array) : Buffer.concat([...parts, END]);
}

function stretchesOf(planes: Uint8Array, width: number): Stretch[] {
  const size = planes.length / width;
  if (size < NOISE_SIZE_MIN) return [{ kind: 'repeating', bytes: planes }];
  const kinds = Array.from({ length: width }, (_, plane) =>
    kindOf(planes.subarray(plane * size, (plane + 1) * size)),
  );
  const stretches: Stretch[] = [];
  for (let start = 0; start < width; ) {
    let kind = kinds[start] as Kind;
    let end = start + 1;
    for (; end < width; end += 1) {
      const next = kinds[end] as Kind;
      if (next === kind) continue;
      const isSmall = (end + 1 - start) * size < ALONE_SIZE_MIN;
      if (!isSmall || next === 'noise' || kind === 'noise') break;
      kind = 'repeating';
    }
    stretches.push({ kind, bytes: planes.subarray(start * size, end * size) });
    start = end;
  }
  return stretches;
}

/** Stored blocks, none of them the last. */
function store(bytes: Uint8Array): Uint8Array {
  const blockCount = Math.ceil(bytes.length / STORED_SIZE_MAX);
  const stored = new Uint8Array(bytes.length + 5 * blockCount);
  for (let start = 0, place = 0; start < bytes.length; start += STORED_SIZE_MAX) {
    const part = bytes.subarray(start, start + STORED_SIZE_MAX);
    const { length } = part;
    stored.set([0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff], place);
    stored.set(part, place + 5);
    place += 5 + length;
  }
  return stored;
}

const counts = new Uint32Array(256);
const LINKS = 8192;
const seen = new Int32Array(LINKS);

/** Judged by a stretch from its middle. */
function kindOf(plane: Uint8Array): Kind {
  const size = Math.min(SAMPLE_SIZE, plane.length);
  const start = (plane.length - size) >> 1;
  const sample = plane.subarray(start, start + size);
  if (repeats(sample)) return 'repeating';
  return entropy(sample) >= NOISE_ENTROPY_MIN ? 'noise' : 'skewed';
}

function entropy(sample: Uint8Array): number {
  counts.fill(0);
  for (const byte of sample) (counts[byte] as number) += 1;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  return Math.log2(sample.length) - sum / sample.length;
}

/** Whether more than one in a hundred groups of four bytes was met before: what deflate lives on. */
function repeats(sample: Uint8Array): boolean {
  seen.fill(0);
  let group = 0;
  let found = 0;
  for (let index = 0; index < sample.length; index += 1) {
    group = (group << 8) | (sample[index] as number);
    if (index < 3) continue;
    const link = Math.imul(group, 0x9e37_79b1) >>> (32 - 13);
    if (seen[link] === group) found += 1;
    seen[link] = group;
  }
  return found * 100 > sample.length;
}
