// The public face of one log: open, append, flush, sync, read, look up, close.
//
// 1. Opening to write never decodes history: newest manifest, newest state, the tail after it.
// 2. An owner reads its own log as any reader does, through files that it has flushed.
// 3. Reads no clock and sets no process hook except through `host`.
//
// Spec: spec/README.md. Test: test/engine/log.test.ts.

import { resolve } from 'node:path';

import { asRunlogError, errorCode, RunlogError, throwIfAborted } from '../errors.ts';
import { durations, limits } from '../limits.ts';
import { given } from '../model/given.ts';
import { Appender } from './appender.ts';
import type { Recording } from './appender-options.ts';
import { copyLog } from './copy.ts';
import { DamageList } from './damage-list.ts';
import { foldSegments, packState } from './fold.ts';
import { follow } from './follow.ts';
import { type FramePlace, hashKey, type IndexEntry } from './format/index-page.ts';
import type { Manifest, SealedSegment } from './format/manifest.ts';
import { segmentName } from './format/names.ts';
import { loadXxhash } from './format/xxhash.ts';
import { readHolder } from './holder.ts';
import { nodeHost } from './host/node-host.ts';
import type { Host, PoliteLock } from './host.ts';
import {
  checkDirectory,
  checkLogOptions,
  checkReadOptions,
  type LogOptions,
  type ReadOptions,
} from './log-options.ts';
import { checkNotGone, checkRange, readFrameAt, readRecords, recordsOf } from './log-reader.ts';
import { coveredByIndex, HotKeys, KeyLookup } from './lookup.ts';
import { openOwner } from './open.ts';
import type { Ownership } from './owner.ts';
import {
  checkFrame,
  checkRecord,
  type LogRecord,
  packRecords,
  type RecordInput,
  unpackRecords,
} from './record.ts';
import { repairLog } from './repair.ts';
import { Rewriter } from './rewrite.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import type { Damage } from './tail.ts';
import { type VerifyReport, verifyLog } from './verify.ts';
import { nodeVfs } from './vfs/node-vfs.ts';
import type { Vfs } from './vfs/vfs.ts';

/** Rewritten frames whose records are kept for the next look-up: about 32 KiB each, a megabyte at most. */
const FRAMES_KEPT = 4;
/** Frames of a long read between two turns of the event loop. */
const READ_SLICE = 256;

export class Log<State = unknown> {
  readonly directory: string;
  readonly readOnly: boolean;
  /** The newest folded state; undefined without `fold`. */
  state: State | undefined;
  /** Records that were accepted and could not be kept. */
  lost = 0;
  /** Damage that opening and reading came upon, each extent once. */
  readonly damage: Damage[] = new DamageList();
  readonly #vfs: Vfs;
  readonly #host: Host;
  readonly #options: LogOptions<State>;
  readonly #lookup: KeyLookup;
  /** Segments of the manifest that its owner has not found. */
  readonly #missing = new Set<string>();
  #appender: Appender | undefined;
  #snapshot: Snapshot | undefined;
  /** Keys that no index covers, oldest first; the owner's own are added as they are appended. */
  readonly #keys = new HotKeys();
  #rewriter: Rewriter | undefined;
  /** Records of frames that were looked up, by place: nothing there ever changes. */
  readonly #frames = new Map<string, readonly LogRecord[]>();
  #lock: Promise<PoliteLock | undefined> | undefined;
  #release: () => void = () => {};

  private constructor(directory: string, options: LogOptions<State>) {
    // Not as it was given: the process may change its directory.
    this.directory = resolve(directory);
    this.readOnly = options.readOnly ?? false;
    this.#options = options;
    this.#vfs = options.vfs ?? nodeVfs();
    this.#host = options.host ?? nodeHost();
    this.#lookup = new KeyLookup(this.#vfs, directory);
  }

  /**
   * Opens the log in `directory`, which is made if it is not there (its parent must be).
   *
   * @throws RunlogError RUN_LOCKED naming the holder, CORRUPT when the newest manifest does not
   * verify, FORMAT_TOO_NEW, IO.
   */
  static async open<State = unknown>(
    directory: string,
    options: LogOptions<State> = {},
  ): Promise<Log<State>> {
    checkLogOptions(directory, options as LogOptions<never>);
    await loadXxhash();
    const log = new Log<State>(directory, options);
    try {
      if (log.readOnly) log.#read();
      else await log.#own();
    } catch (error) {
      // The next one need not wait until this process ends.
      if (log.#appender === undefined) log.#release();
      else log.closeSync();
      throw asRunlogError(error, directory);
    }
    return log;
  }

  /**
   * As `open` with `readOnly`, at once. Requires: a log was opened, or `loadXxhash` has resolved.
   *
   * @throws RunlogError FORMAT_TOO_NEW, IO.
   */
  static snapshot<State = unknown>(directory: string, options: LogOptions<State> = {}): Log<State> {
    const log = new Log<State>(directory, { ...options, readOnly: true });
    try {
      log.#read();
    } catch (error) {
      throw asRunlogError(error, directory);
    }
    return log;
  }

  async #own(): Promise<void> {
    const { force = false, fresh = false, lockTimeoutMs = 0, fold, rewrite } = this.#options;
    const opened = await openOwner(this.#vfs, this.#host, this.directory, {
      kind: this.#options.owner ?? 'writer',
      force,
      fresh,
      lockTimeoutMs,
      after: this.#options.after,
    });
    const { ownership } = opened;
    this.#release = opened.release;
    this.#appender = this.#makeAppender(ownership, [
      ...opened.parents,
      ...(this.#options.parents ?? []),
    ]);
    this.damage.push(...ownership.tail.damage);
    const segments = this.#present(ownership.manifest.segments);
    for (const entry of this.#unindexedKeys(segments)) this.#keys.add(entry);
    if (fold !== undefined)
      this.state = foldSegments(this.#vfs, this.directory, segments, fold, this.damage);
    this.#lock = this.#host.politeLock(this.directory).catch(() => undefined);
    if (rewrite === undefined) return;
    this.#rewriter = new Rewriter({
      vfs: this.#vfs,
      host: this.#host,
      directory: this.directory,
      appender: this.#appender,
      hook: rewrite,
      startState: fold === undefined ? undefined : packState(this.state).slice(),
    });
    const unindexed = segments.filter((each) => !each.rewritten && each.index === 0).length;
    // Where it cannot be done they are read through, by this owner and the next.
    if (unindexed > limits.unindexedSegmentCountMax) await this.#rewriter.run().catch(() => {});
  }

  /** Sealed segments whose files are there; the others are damage (recovery.md, case 4). */
  #present(segments: readonly SealedSegment[]): SealedSegment[] {
    return segments.filter((segment) => {
      const file = `${this.directory}/${segmentName(segment)}`;
      if (this.#vfs.stat(file) !== undefined) return true;
      this.#missing.add(segmentName(segment));
      this.damage.push({ file, offset: 0, size: segment.length, reason: 'the file is missing' });
      return false;
    });
  }

  #makeAppender(ownership: Ownership, parents: readonly string[]): Appender {
    const { durability = {}, sizes, onError } = this.#options;
    return new Appender({
      vfs: this.#vfs,
      host: this.#host,
      directory: this.directory,
      ownership,
      parents,
      syncMs: durability.syncMs === undefined ? durations.syncMs : durability.syncMs,
      onFlush: durability.onFlush ?? 'write',
      sizes: { ...limits, ...sizes },
      keys: this.#keys,
      packState: () => (this.#options.fold === undefined ? undefined : packState(this.state)),
      onTrouble: (error) => onError?.(error),
      onSeal: () => this.#rewriter?.start(),
    });
  }

  /** Keys of hot segments that no index covers; those of small rewritten ones are read on demand. */
  #unindexedKeys(segments: readonly SealedSegment[]): IndexEntry[] {
    const covered = coveredByIndex(segments);
    return segments
      .filter((each) => !each.rewritten && each.index === 0 && !covered.has(each))
      .flatMap((each) => this.#lookup.keysOf(each));
  }

  #read(): void {
    this.#snapshot = readSnapshot(this.#vfs, this.directory);
    this.damage.splice(0, this.damage.length, ...this.#snapshot.damage);
    const { fold } = this.#options;
    if (fold !== undefined)
      this.state = foldSegments(this.#vfs, this.directory, this.#segments(), fold, this.damage);
  }

  /** Renews the snapshot of a log opened for reading. */
  async refresh(): Promise<void> {
    this.renew();
  }

  /** As `refresh`, at once: for who finds that a rewriting has taken a file away since. */
  renew(): void {
    if (this.readOnly) this.#read();
  }

  /** For `SettledLog`, of a log opened for reading; undefined where damage or an owner leaves a doubt. */
  get settledSegments(): readonly SealedSegment[] | undefined {
    const { decided = false, segments, damage = [] } = this.#snapshot ?? {};
    return decided && damage.length === 0 ? segments : undefined;
  }

  /** Sealed segments and those of the tail, in order of position. */
  #segments(): SealedSegment[] {
    const { segments } = this.#appender?.manifest ?? (this.#snapshot as Snapshot);
    return segments.filter((each) => !this.#missing.has(segmentName(each)));
  }

  #owned(): Appender {
    if (this.#appender !== undefined) return this.#appender;
    throw new RunlogError(
      'RUN_READ_ONLY',
      `${this.directory}: opened with readOnly; open it without to append`,
    );
  }

  #open(): Appender {
    const appender = this.#owned();
    if (appender.recording !== 'closed') return appender;
    throw new RunlogError(
      'RUN_CLOSED',
      `${this.directory}: the log was closed; open it again to append`,
    );
  }

  get recording(): Recording {
    return this.#appender?.recording ?? 'closed';
  }

  /** Why `recording` is 'paused', 'failed' or 'fenced'. */
  get trouble(): RunlogError | undefined {
    return this.#appender?.trouble;
  }

  /** Position of the next record. */
  get position(): number {
    return this.#appender?.position ?? this.#snapshot?.end ?? 0;
  }

  /** Every record below it survives the death of this process (G2). */
  get acknowledged(): number {
    return this.#appender?.acknowledged ?? this.position;
  }

  /** Every record below it survives a loss of power (G3). */
  get durable(): number {
    return this.#appender?.durable ?? this.#snapshot?.tail.watermark ?? 0;
  }

  /** False while a log opened for reading waits for its next owner's decision. */
  get decided(): boolean {
    return this.#snapshot?.decided ?? true;
  }

  /** Makes room for a frame, as appending does; number of its segment, another after each roll. */
  nextSegment(): number {
    this.#appender?.makeRoom();
    return this.#appender?.segment.name.number ?? 0;
  }

  get manifest(): Manifest | undefined {
    return this.#appender?.manifest ?? this.#snapshot?.manifest;
  }

  /**
   * Appends one record; its position, or -1 when it could not be kept (counted in `lost`). In memory
   * until `flush`, or until half of `pausedSizeMax` bytes wait.
   *
   * @throws TypeError, RangeError; RunlogError RUN_CLOSED, RUN_READ_ONLY, LIMIT.
   */
  append(type: number, body: unknown, options: { key?: string; skippable?: boolean } = {}): number {
    if (typeof options !== 'object')
      throw new TypeError(`options: expected an object, got ${given(options)}`);
    return this.appendAll([{ type, body, ...options }]);
  }

  /** Appends records as one frame: all or none. The position of the first, or -1. */
  appendAll(records: readonly RecordInput[]): number {
    if (!Array.isArray(records))
      throw new TypeError(`records: expected an array, got ${given(records)}`);
    const appender = this.#open();
    if (records.length === 0) return appender.position;
    for (const record of records) checkRecord(record);
    appender.makeRoom();
    const { type, flags, body } = packRecords(records);
    checkFrame(body.length, records.length);
    const position = appender.position;
    const { segment } = appender;
    const offset = appender.append(type, flags, records.length, body);
    if (offset === undefined) {
      this.lost += records.length;
      return -1;
    }
    this.#note(records, position, { ...segment.name, offset });
    return position;
  }

  #note(records: readonly RecordInput[], position: number, place: FramePlace): void {
    const { fold } = this.#options;
    for (const [index, { type, key, body, skippable }] of records.entries()) {
      if (key !== undefined) this.#keys.add({ ...place, hash: hashKey(key) });
      if (fold === undefined) continue;
      const at = position + index;
      this.state = fold.apply(this.state as State, {
        position: at,
        end: at + 1,
        type,
        skippable: skippable ?? false,
        key,
        body,
        place,
        rewritten: false,
      });
    }
  }

  /** Hands everything appended to the kernel; true when all of it is there (G2). Never throws. */
  flush(): boolean {
    return this.#owned().flush();
  }

  /** Resolves when everything appended is on stable storage (G3). @throws RunlogError. */
  async sync(): Promise<void> {
    await this.#open().sync();
  }

  /** As `sync`, on the calling thread; true when it holds. For the exit path. */
  syncSync(): boolean {
    return this.#owned().syncSync();
  }

  /** Ends the current segment: it is synced and listed in the manifest. @throws RunlogError. */
  async seal(): Promise<void> {
    const appender = this.#owned();
    await appender.sync();
    if (appender.roll() || appender.segment.end === appender.segment.first) return;
    const message = `${this.directory}: synced but not sealed; it is tried again later`;
    throw appender.trouble ?? new RunlogError('IO', message);
  }

  /**
   * Rewrites sealed segments by the hook until nothing is left to do. `all`: also those that are
   * rewritten already, each once, for a hook that leaves something out.
   */
  async rewrite(options: { all?: boolean } = {}): Promise<void> {
    this.#owned();
    if (options.all) await this.#rewriter?.runAll();
    await this.#rewriter?.run();
  }

  /**
   * The newest record of a key, through the index: reads one frame, however many there are.
   *
   * @throws RunlogError CORRUPT when it is damaged; Node's error.
   */
  async latest(key: string): Promise<LogRecord | undefined> {
    return this.newest(key);
  }

  /** As `latest`, at once; of an owner also what is not flushed yet. */
  newest(key: string): LogRecord | undefined {
    return this.#lookAgain(() => {
      for (const place of this.#placesOf(key).reverse()) {
        const found = this.#readFrame(place).findLast((record) => record.key === key);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  /**
   * Every record of a key, oldest first; of an owner also what is not flushed yet. Shared with other
   * look-ups: not to be changed.
   *
   * @throws RunlogError CORRUPT when one of them is damaged; Node's error.
   */
  find(key: string): LogRecord[] {
    return this.#lookAgain(() =>
      this.#placesOf(key).flatMap((place) =>
        this.frame(place).filter((record) => record.key === key),
      ),
    );
  }

  #lookAgain<T>(look: () => T): T {
    for (let tries = 0; ; tries += 1) {
      try {
        return look();
      } catch (error) {
        // A rewriting has taken a file away since the snapshot.
        if (errorCode(error) !== 'ENOENT' || tries === 8 || !this.readOnly) throw error;
        this.#read();
      }
    }
  }

  /** Frames that may hold a key, oldest first, each once. */
  #placesOf(key: string): FramePlace[] {
    const segments = this.#segments();
    const listed = new Set(segments.map(segmentName));
    const current = this.#appender?.segment.name;
    if (current !== undefined) listed.add(segmentName(current));
    const places = new Map<string, FramePlace>();
    for (const place of [
      ...this.#lookup.places(key, segments),
      ...this.#keys.get(hashKey(key)).filter((each) => listed.has(segmentName(each))),
    ])
      places.set(`${segmentName(place)}@${place.offset}`, place);
    return [...places.values()];
  }

  /** The records of one frame, by the place that a record of it gave. Shared: not to be changed. */
  frame(place: FramePlace): readonly LogRecord[] {
    const name = `${segmentName(place)}@${place.offset}`;
    const known = this.#frames.get(name);
    if (known !== undefined) return known;
    const records = this.#readFrame(place);
    if (!place.rewritten) return records;
    // Sequences that were tracked together stand in one frame, and are asked for in a row.
    if (this.#frames.size >= FRAMES_KEPT) this.#frames.clear();
    this.#frames.set(name, records);
    return records;
  }

  #readFrame(place: FramePlace): LogRecord[] {
    const path = `${this.directory}/${segmentName(place)}`;
    const segment = this.#appender?.segment;
    if (segment !== undefined && segmentName(segment.name) === segmentName(place)) {
      const held = segment.frameAt(place.offset);
      if (held !== undefined) return unpackRecords(held.header, held.body, place, path);
    }
    const frame = readFrameAt(this.#vfs, this.directory, place);
    const range = { ...place, first: 0, end: 0, length: 0, index: 0, state: 0 };
    return recordsOf(frame, range, path, this.damage);
  }

  /**
   * Records with positions in [from, to), oldest first, of the snapshot or of what this owner has
   * flushed. Where segments were rewritten, the output records whose range overlaps it.
   *
   * @throws RangeError; RunlogError POSITION_GONE, ABORTED, IO.
   */
  async *read(options: ReadOptions = {}): AsyncGenerator<LogRecord> {
    checkReadOptions(options);
    const { from = 0, to = Number.POSITIVE_INFINITY, signal, isWanted } = options;
    checkRange(from, to);
    const snapshot = this.readOnly
      ? (this.#snapshot as Snapshot)
      : readSnapshot(this.#vfs, this.directory);
    checkNotGone(this.directory, from, snapshot.manifest);
    const segments = [...snapshot.segments];
    let count = 0;
    try {
      for (const record of readRecords(
        this.#vfs,
        this.directory,
        segments,
        this.damage,
        from,
        to,
        isWanted,
      )) {
        throwIfAborted(signal);
        yield record;
        count += 1;
        if (count % READ_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      throw asRunlogError(error, this.directory);
    }
  }

  /** As `read`, at once and on the calling thread: for logs whose size the caller knows. */
  *records(
    from = 0,
    to: number = Number.POSITIVE_INFINITY,
    isWanted?: ReadOptions['isWanted'],
  ): Generator<LogRecord> {
    const snapshot = this.readOnly
      ? (this.#snapshot as Snapshot)
      : readSnapshot(this.#vfs, this.directory);
    const segments = [...snapshot.segments];
    yield* readRecords(this.#vfs, this.directory, segments, this.damage, from, to, isWanted);
  }

  /** Records from a position on, as they are flushed by any owner; ends with the signal. */
  follow(options: Omit<ReadOptions, 'to'> = {}): AsyncGenerator<LogRecord> {
    return follow(this.#vfs, this.directory, options);
  }

  /**
   * Flushes, syncs, rewrites what is worth it and releases the log. Idempotent.
   *
   * @throws RunlogError when what was appended is not on stable storage.
   */
  async close(): Promise<void> {
    const appender = this.#appender;
    if (appender === undefined || appender.recording === 'closed') return;
    let failure: unknown;
    try {
      await appender.sync();
      // What cannot be rewritten stays as it is, synced: the next owner tries again.
      await this.#rewriter?.finish().catch(() => {});
    } catch (error) {
      failure = error;
    }
    this.closeSync();
    (await this.#lock)?.release();
    if (failure !== undefined) throw asRunlogError(failure, this.directory);
  }

  /**
   * Flushes, syncs and releases on the calling thread; what rewriting would have saved, the next owner
   * does. `sync: false` leaves it at the kernel. False: what was appended is not held so.
   */
  closeSync({ sync = true }: { sync?: boolean } = {}): boolean {
    const appender = this.#appender;
    if (appender === undefined || appender.recording === 'closed') return true;
    this.#rewriter?.stop();
    const held = sync ? appender.syncSync() : appender.flush();
    appender.close();
    this.#release();
    this.#lock?.then((lock) => lock?.release()).catch(() => {});
    return held;
  }

  /**
   * Makes a log writable again whose newest manifest is damaged. Files put aside, with their paths.
   *
   * @throws RunlogError RUN_LOCKED while a writer is alive, IO.
   */
  static async repair(
    directory: string,
    options: { vfs?: Vfs; host?: Host } = {},
  ): Promise<string[]> {
    await loadXxhash();
    const { vfs = nodeVfs(), host = nodeHost() } = options;
    const holder = await readHolder(vfs, host, directory);
    if (holder?.state === 'alive' && holder.kind === 'writer') {
      throw new RunlogError(
        'RUN_LOCKED',
        `${directory}: process ${holder.owner.pid} on ${holder.owner.host} writes it; end it before repairing`,
      );
    }
    return repairLog(vfs, directory);
  }

  /** Copies the log as it is now into an empty directory. Throws RunlogError, IO. */
  static async copy(
    source: string,
    target: string,
    options: { vfs?: Vfs; host?: Host } = {},
  ): Promise<number> {
    await loadXxhash();
    const { vfs = nodeVfs(), host = nodeHost() } = options;
    try {
      return copyLog(vfs, source, target, host.liveness.self());
    } catch (error) {
      throw asRunlogError(error, target);
    }
  }

  /** Checks every byte of a log and changes nothing. */
  static async verify(directory: string, options: { vfs?: Vfs } = {}): Promise<VerifyReport> {
    checkDirectory(directory);
    await loadXxhash();
    try {
      return verifyLog(options.vfs ?? nodeVfs(), directory);
    } catch (error) {
      throw asRunlogError(error, directory);
    }
  }
}
