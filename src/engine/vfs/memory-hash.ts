// Fingerprint of a memory disk, to count distinct states: 64 bits over names, durable bytes and
// pending changes. Not a checksum and not stored anywhere: two lanes of multiply and rotate, four
// bytes a step, each stretch of bytes hashed once, since bytes on the memory disk never change.
//
// Inode numbers, handles and the order of changes of different files are left out: no reader of the disk
// can tell states apart by them.
//
// Test: test/engine/memory-vfs.test.ts.

import type { MemoryDirectory, MemoryDisk, MemoryNode, NameChange } from './memory-disk.ts';
import type { ContentChange, MemoryFile } from './memory-file.ts';

interface Hash {
  readonly high: number;
  readonly low: number;
}

class Hasher {
  #high = 0x811c_9dc5 | 0;
  #low = 0x27d4_eb2f | 0;

  number(value: number): void {
    this.#word(value | 0);
    // What is above 32 bits: sizes and offsets in tests are below, but must not wrap in silence.
    if (value > 0xffff_ffff) this.#word((value / 2 ** 32) | 0);
  }

  text(value: string): void {
    for (let index = 0; index < value.length; index++) this.#word(value.charCodeAt(index));
    this.#word(value.length);
  }

  bytes(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const whole = bytes.length & ~3;
    for (let offset = 0; offset < whole; offset += 4) this.#word(view.getInt32(offset, true));
    for (let offset = whole; offset < bytes.length; offset++) this.#word(view.getUint8(offset));
    this.#word(bytes.length);
  }

  hash(hash: Hash): void {
    this.#word(hash.high);
    this.#word(hash.low);
  }

  end(): Hash {
    return { high: finish(this.#high), low: finish(this.#low) };
  }

  #word(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x0100_0193);
    this.#high = (this.#high << 15) | (this.#high >>> 17);
    this.#low = Math.imul((this.#low << 13) | (this.#low >>> 19), 0x85eb_ca6b) ^ word;
  }
}

// The finaliser of MurmurHash3: without it the sums over names would add up too evenly.
function finish(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

const bytesHashes = new WeakMap<Uint8Array, Hash>();

function hashOfBytes(bytes: Uint8Array): Hash {
  let hash = bytesHashes.get(bytes);
  if (hash === undefined) {
    const hasher = new Hasher();
    hasher.bytes(bytes);
    hash = hasher.end();
    bytesHashes.set(bytes, hash);
  }
  return hash;
}

function addContentChange(hasher: Hasher, change: ContentChange): void {
  hasher.text(change.kind);
  if (change.kind === 'truncate') {
    hasher.number(change.size);
    return;
  }
  hasher.number(change.offset);
  hasher.hash(hashOfBytes(change.bytes));
}

function hashOfFile(file: MemoryFile): Hash {
  const hasher = new Hasher();
  // Two names of one file are not two files of one content.
  hasher.number(file.links);
  hasher.hash(hashOfBytes(file.durable));
  hasher.number(file.lost.length);
  for (const change of file.lost) addContentChange(hasher, change);
  for (const change of file.pending) addContentChange(hasher, change);
  return hasher.end();
}

function addNameChange(
  hasher: Hasher,
  change: NameChange,
  hashOf: (node: MemoryNode) => Hash,
): void {
  hasher.text(change.kind);
  for (const { name, node } of change.effects) {
    hasher.text(name);
    if (node !== undefined) hasher.hash(hashOf(node));
  }
}

function hashOfDirectory(directory: MemoryDirectory, hashOf: (node: MemoryNode) => Hash): Hash {
  // A sum does not depend on the order in which the names came.
  let high = 0;
  let low = 0;
  for (const [name, node] of directory.durable) {
    const entry = new Hasher();
    entry.text(name);
    entry.hash(hashOf(node));
    const hash = entry.end();
    high = (high + hash.high) | 0;
    low = (low + hash.low) | 0;
  }
  const hasher = new Hasher();
  hasher.hash({ high, low });
  hasher.number(directory.durable.size);
  for (const change of directory.pending) addNameChange(hasher, change, hashOf);
  return hasher.end();
}

/** 64 bits that differ, but for a chance of 2^-64 a pair, where durable or pending state does. */
export function hashDisk(disk: MemoryDisk): bigint {
  const known = new Map<MemoryNode, Hash>();
  const hashOf = (node: MemoryNode): Hash => {
    let hash = known.get(node);
    if (hash === undefined) {
      // Stands in for a directory that is moved into its own subtree by a change still pending.
      if (node.isDirectory) known.set(node, { high: 1, low: node.durable.size });
      hash = node.isDirectory ? hashOfDirectory(node, hashOf) : hashOfFile(node);
      known.set(node, hash);
    }
    return hash;
  };
  const { high, low } = hashOf(disk.root);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
