// Images of a memory disk: a copy, and what a power loss leaves of it.
//
// 1. An image shares bytes with its disk and nothing else; either may go on.
// 2. After a power loss every pending change has its own fate, whatever the order of the calls was:
//    file systems promise no more. Names of one file may survive without its bytes and the bytes
//    without a name; a write may be there in part. Only the two halves of a rename stay together.
// 3. What is in an image after a power loss is durable, nothing is pending, nothing is open.
//
// Spec: spec/file-system.md. Test: test/engine/memory-vfs.test.ts.

import {
  applyName,
  MemoryDirectory,
  MemoryDisk,
  type MemoryNode,
  type NameChange,
  type NameChangeKind,
} from './memory-disk.ts';
import { Content, type ContentChange, MemoryFile, type PendingWrite } from './memory-file.ts';

/** File systems write whole sectors of this size, in any order. */
export const SECTOR_SIZE = 512;

/** What a sync has not covered, as a crash rule sees it. */
export interface PendingChange {
  readonly kind: 'write' | 'truncate' | NameChangeKind;
  /** The name that the change is about; of a file, the one it was made under. */
  readonly path: string;
  /** Place and size of a write; the size of a truncate. */
  readonly offset: number;
  readonly size: number;
}

/** What became of bytes: zeros are allocated and not written, garbage is another file's old bytes. */
export type BytesFate = 'kept' | 'dropped' | 'zeroed' | 'garbled';

/**
 * What becomes of a pending change. Of names and truncates: anything but 'dropped' is 'kept'. Of a
 * write: a fate for all of it, its first bytes only, or a fate for each sector of the file it touches,
 * counted from its first.
 */
export type Fate =
  | BytesFate
  | { readonly cutAt: number }
  | { readonly sectors: (index: number) => BytesFate };

export type Choose = (change: PendingChange, index: number) => Fate;

interface Pending {
  readonly change: ContentChange | NameChange;
  readonly facts: PendingChange;
}

/**
 * The disk as the kernel has it, with durable and pending state; `nodes` is filled with what became
 * of each node.
 */
export function copyDisk(disk: MemoryDisk, nodes: Map<MemoryNode, MemoryNode>): MemoryDisk {
  const copy = emptyLike(disk);
  copy.takeNumbersOf(disk);
  copy.root = copyNode(disk.root, nodes) as MemoryDirectory;
  for (const node of nodes.values()) {
    if (!node.isDirectory && node.links > 0) copy.used += node.size;
  }
  return copy;
}

function emptyLike(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  copy.order = disk.order;
  copy.capacity = disk.capacity;
  copy.reuseNumbers = disk.reuseNumbers;
  copy.nextHandle = disk.nextHandle;
  copy.clock = disk.clock;
  return copy;
}

/** Copies a node and all that hangs on it, once. */
export function copyNode(node: MemoryNode, nodes: Map<MemoryNode, MemoryNode>): MemoryNode {
  const known = nodes.get(node);
  if (known !== undefined) return known;
  if (!node.isDirectory) {
    const file = node.copy(node.number);
    file.links = node.links;
    nodes.set(node, file);
    return file;
  }
  const copy = new MemoryDirectory(node.number);
  copy.changed = node.changed;
  nodes.set(node, copy);
  for (const [name, child] of node.entries) copy.entries.set(name, copyNode(child, nodes));
  for (const [name, child] of node.durable) copy.durable.set(name, copyNode(child, nodes));
  for (const change of node.pending) {
    const effects = change.effects.map((effect) => ({
      directory: copyNode(effect.directory, nodes) as MemoryDirectory,
      name: effect.name,
      node: effect.node === undefined ? undefined : copyNode(effect.node, nodes),
    }));
    copy.pending.push({ ...change, effects });
  }
  return copy;
}

/** All pending changes that a power loss could keep or drop, oldest first. */
export function pendingChanges(disk: MemoryDisk): Pending[] {
  const found: Pending[] = [];
  const seen = new Set<unknown>();
  const visit = (node: MemoryNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (!node.isDirectory) {
      for (const change of node.lost) found.push({ change, facts: contentFacts(change, node) });
      for (const change of node.pending) found.push({ change, facts: contentFacts(change, node) });
      return;
    }
    for (const child of node.durable.values()) visit(child);
    for (const change of node.pending) {
      if (seen.has(change)) continue;
      // A rename between directories is pending in both.
      seen.add(change);
      const { kind, path } = change;
      found.push({ change, facts: { kind, path, offset: 0, size: 0 } });
      for (const effect of change.effects) if (effect.node !== undefined) visit(effect.node);
    }
  };
  visit(disk.root);
  return found.sort((a, b) => a.change.order - b.change.order);
}

function contentFacts(change: ContentChange, file: MemoryFile): PendingChange {
  const { kind } = change;
  const { path } = file;
  if (kind === 'truncate') return { kind, path, offset: 0, size: change.size };
  return { kind, path, offset: change.offset, size: change.bytes.length };
}

/** The disk after a power loss. */
export function crashDisk(
  disk: MemoryDisk,
  rule: (changes: PendingChange[]) => Choose,
): MemoryDisk {
  const pending = pendingChanges(disk);
  const choose = rule(pending.map(({ facts }) => facts));
  const fates = new Map<ContentChange | NameChange, Fate>();
  for (const [index, { change, facts }] of pending.entries()) {
    fates.set(change, choose(facts, index));
  }
  return new Survival(disk, fates).image;
}

/** Builds what a power loss leaves, given the fate of each pending change. */
class Survival {
  readonly image: MemoryDisk;
  readonly #fates: ReadonlyMap<ContentChange | NameChange, Fate>;
  readonly #nodes: Map<MemoryNode, MemoryNode> = new Map();
  readonly #numbers: Set<number> = new Set();

  constructor(disk: MemoryDisk, fates: ReadonlyMap<ContentChange | NameChange, Fate>) {
    this.#fates = fates;
    this.image = emptyLike(disk);
    this.image.order += 1;
    this.image.beginNumbersAfter(disk);
    this.image.root = this.#directory(disk.root);
  }

  #directory(node: MemoryDirectory): MemoryDirectory {
    const copy = new MemoryDirectory(this.#number(node));
    copy.changed = this.#changed(node);
    this.#nodes.set(node, copy);
    for (const [name, child] of this.#names(node)) {
      let found = this.#nodes.get(child);
      // A directory that kept the second of two renames without the first still has one place.
      if (found?.isDirectory) continue;
      found ??= child.isDirectory ? this.#directory(child) : this.#file(child);
      if (!found.isDirectory) found.links += 1;
      copy.entries.set(name, found);
      copy.durable.set(name, found);
    }
    return copy;
  }

  #names(node: MemoryDirectory): ReadonlyMap<string, MemoryNode> {
    if (node.pending.length === 0) return node.durable;
    const names = new Map(node.durable);
    for (const change of node.pending) {
      if (this.#fates.get(change) === 'dropped') continue;
      for (const effect of change.effects) {
        if (effect.directory === node) applyName(names, effect);
      }
    }
    return names;
  }

  #file(node: MemoryFile): MemoryFile {
    const content = survivingContent(node, this.#fates);
    const copy = new MemoryFile(this.#number(node), node.path, content);
    copy.changed = this.#changed(node);
    this.#nodes.set(node, copy);
    this.image.used += copy.size;
    return copy;
  }

  /** Names and content are one transaction with the time of their change, both or neither. */
  #changed(node: MemoryNode): number {
    return node.pending.length === 0 ? node.changed : this.image.now();
  }

  #number(node: MemoryNode): number {
    // It may have been given to another file while the last name of this one could come back.
    const taken = this.#numbers.has(node.number);
    const number = taken ? this.image.takeNumber() : node.number;
    this.#numbers.add(number);
    return number;
  }
}

function survivingContent(
  file: MemoryFile,
  fates: ReadonlyMap<ContentChange | NameChange, Fate>,
): Uint8Array {
  if (file.pending.length === 0 && file.lost.length === 0) return file.durable;
  const content = new Content(file.durable);
  for (const changes of [file.lost, file.pending]) {
    for (const change of changes) {
      const fate = fates.get(change) ?? 'kept';
      if (change.kind === 'write') writeSurvivor(content, change, fate);
      else if (fate !== 'dropped') content.truncate(change.size);
    }
  }
  return content.view();
}

function writeSurvivor(content: Content, write: PendingWrite, fate: Fate): void {
  const { offset, bytes } = write;
  if (typeof fate === 'string') {
    writeBytes(content, offset, bytes, fate);
  } else if ('cutAt' in fate) {
    writeBytes(content, offset, bytes.subarray(0, Math.max(0, fate.cutAt)), 'kept');
  } else {
    writeSectors(content, write, fate.sectors);
  }
}

function writeSectors(
  content: Content,
  { offset, bytes }: PendingWrite,
  fateOf: (index: number) => BytesFate,
): void {
  const end = offset + bytes.length;
  let start = offset;
  for (let index = 0; start < end; index++) {
    const limit = Math.min(end, (Math.floor(start / SECTOR_SIZE) + 1) * SECTOR_SIZE);
    writeBytes(content, start, bytes.subarray(start - offset, limit - offset), fateOf(index));
    start = limit;
  }
}

function writeBytes(content: Content, offset: number, bytes: Uint8Array, fate: BytesFate): void {
  if (fate === 'dropped' || bytes.length === 0) return;
  if (fate === 'kept') content.write(offset, bytes);
  else content.write(offset, fate === 'zeroed' ? new Uint8Array(bytes.length) : garbled(bytes));
}

// Any fixed bytes without a pattern; the multiplier is Knuth's.
const noise = Uint8Array.from(
  { length: 4096 },
  (_, index) => Math.imul(index + 1, 0x9e37_79b1) >>> 13,
);

function garbled(bytes: Uint8Array): Uint8Array {
  const garbage = new Uint8Array(bytes.length);
  for (let start = 0; start < garbage.length; start += noise.length) {
    garbage.set(noise.subarray(0, garbage.length - start), start);
  }
  // However short it is, it is not what was written.
  garbage[0] = ~(bytes[0] ?? 0);
  return garbage;
}
