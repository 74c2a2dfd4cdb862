// XXH64, the checksum of everything on disk and the hash of index keys. The only importer of
// xxhash-wasm.
//
// 1. WASM memory never grows: it does so to the largest input and is never given back, therefore
//    inputs over one page go through the streaming form piece by piece.
// 2. Hashing is synchronous once `loadXxhash` has resolved. Each thread has its own instance.
//
// The package gives the sum as a BigInt in every form, so there is no cheaper way to write it than
// `setBigUint64`.
//
// Spec: spec/README.md, Notation. Test: test/engine/xxhash.test.ts.

import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { assert } from '../../assert.ts';

/** The initial memory of the instance: one WebAssembly page. */
const ONE_SHOT_SIZE_MAX = 64 * 1024;
/** One page less the 88 bytes of streaming state, a multiple of the 32 bytes that XXH64 takes. */
const PIECE_SIZE = ONE_SHOT_SIZE_MAX - 128;

let loading: Promise<void> | undefined;
let instance: XXHashAPI | undefined;

/** Makes `xxh64` usable in this thread; any number of calls load it once. */
export function loadXxhash(): Promise<void> {
  loading ??= xxhash().then((loaded) => {
    instance = loaded;
  });
  return loading;
}

/** The XXH64 of `bytes`. Requires: `loadXxhash` has resolved. */
export function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  assert(instance !== undefined, 'xxh64 before loadXxhash');
  if (bytes.length <= ONE_SHOT_SIZE_MAX) return instance.h64Raw(bytes, seed);
  const stream = instance.create64(seed);
  for (let start = 0; start < bytes.length; start += PIECE_SIZE) {
    stream.update(bytes.subarray(start, start + PIECE_SIZE));
  }
  return stream.digest();
}
