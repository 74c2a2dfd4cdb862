// A file of the memory disk: what the kernel holds, what is durable, and the changes between.
//
// 1. Bytes that were written once are never overwritten in place: a write below the high-water mark
//    of a buffer moves to a new buffer. So views of contents and of pending writes stay what they
//    are, and images share them instead of copying.
// 2. Pending changes are ordered by the disk's one counter. `durable` plus `lost` plus `pending`, all
//    kept, is the content.
// 3. What a failed sync was to write is lost: the kernel still shows it, no later sync makes it
//    durable (the pages are marked clean), a power loss may keep or drop it.
//
// Spec: spec/file-system.md. Test: test/engine/memory-vfs.test.ts.

/** A write that no sync covers. Immutable, shared between images. */
export interface PendingWrite {
  readonly kind: 'write';
  readonly order: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A change of size that no sync covers. */
export interface PendingTruncate {
  readonly kind: 'truncate';
  readonly order: number;
  readonly size: number;
}

export type ContentChange = PendingWrite | PendingTruncate;

const CAPACITY_MIN = 256;

/** Bytes that grow at the end at no cost to the views taken of them. */
export class Content {
  size: number;
  #buffer: Uint8Array;
  /** High-water mark of the buffer: below it bytes are final, above it they are zero. */
  #written: number;

  /** Starts as `view`, which is never changed. */
  constructor(view: Uint8Array) {
    this.#buffer = view;
    this.#written = view.length;
    this.size = view.length;
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.size);
  }

  read(target: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(target.length, this.size - offset));
    if (count > 0) target.set(this.#buffer.subarray(offset, offset + count));
    return count;
  }

  /** Returns the view of what was written. A gap before `offset` reads as zeros. */
  write(offset: number, source: Uint8Array): Uint8Array {
    const end = offset + source.length;
    if (source.length === 0) return source;
    this.#makeRoom(Math.min(offset, this.size), end);
    this.#buffer.set(source, offset);
    this.#written = Math.max(this.#written, end);
    this.size = Math.max(this.size, end);
    return this.#buffer.subarray(offset, end);
  }

  truncate(size: number): void {
    if (size > this.size) {
      this.#makeRoom(this.size, size);
      this.#written = Math.max(this.#written, size);
    }
    this.size = size;
  }

  /** Makes [start, end) writable, all of it zero beyond the present size. */
  #makeRoom(start: number, end: number): void {
    if (start >= this.#written && end <= this.#buffer.length) return;
    const capacity = end > this.size ? Math.max(CAPACITY_MIN, end, this.size * 2) : this.size;
    const buffer = new Uint8Array(capacity);
    buffer.set(this.#buffer.subarray(0, this.size));
    this.#buffer = buffer;
    this.#written = this.size;
  }
}

const EMPTY = new Uint8Array(0);

export class MemoryFile {
  readonly isDirectory = false;
  readonly number: number;
  /** The name it was made under, for traces and messages. */
  readonly path: string;
  /** Names it has in the kernel now. */
  links = 0;
  /** Open handles. */
  handles = 0;
  /** By the clock of the disk. */
  changed = 0;
  readonly content: Content;
  durable: Uint8Array;
  pending: ContentChange[] = [];
  lost: ContentChange[] = [];
  #syncedOrder = 0;

  constructor(number: number, path: string, durable: Uint8Array = EMPTY, content?: Uint8Array) {
    this.number = number;
    this.path = path;
    this.durable = durable;
    this.content = new Content(content ?? durable);
  }

  get size(): number {
    return this.content.size;
  }

  write(offset: number, source: Uint8Array, order: number): void {
    const bytes = this.content.write(offset, source);
    if (bytes.length > 0) this.pending.push({ kind: 'write', order, offset, bytes });
  }

  truncate(size: number, order: number): void {
    this.content.truncate(size);
    this.pending.push({ kind: 'truncate', order, size });
  }

  /** A sync that began at `order`, when the content was `view`, has ended well. */
  settle(order: number, view: Uint8Array): void {
    if (this.lost.length > 0) {
      const content = new Content(this.durable);
      for (const change of this.pending) if (change.order <= order) apply(content, change);
      this.durable = content.view();
    } else if (order >= this.#syncedOrder) {
      // Not when a sync that began later has already ended.
      this.durable = view;
      this.#syncedOrder = order;
    }
    this.pending = after(this.pending, order);
  }

  /** A sync that began at `order` has failed: see 3. */
  lose(order: number): void {
    for (const change of this.pending) if (change.order <= order) this.lost.push(change);
    this.pending = after(this.pending, order);
  }

  /** The same file on another disk, with what is pending; no names, no handles. */
  copy(number: number): MemoryFile {
    const file = new MemoryFile(number, this.path, this.durable, this.content.view());
    file.changed = this.changed;
    file.pending = this.pending.slice();
    file.lost = this.lost.slice();
    return file;
  }
}

function apply(content: Content, change: ContentChange): void {
  if (change.kind === 'write') content.write(change.offset, change.bytes);
  else content.truncate(change.size);
}

function after(changes: ContentChange[], order: number): ContentChange[] {
  const last = changes[changes.length - 1];
  if (last === undefined || last.order <= order) return [];
  return changes.filter((change) => change.order > order);
}
