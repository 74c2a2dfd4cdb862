// Objects by step as a writer puts them into its log: each content once, then the record that names it.
//
// 1. A content stands before the first record that names it: a prefix of the log holds both or no name.
// 2. A content that was met lately is known to be there, and one that no opening can have met not to be:
//    of the others the log is asked. A look-up that fails stores the content again.
// 3. Kinds of a sequence do not mix within a log, whoever of its openings tracked it first.
//
// Spec: spec/objects.md. Test: test/sdk/objects.test.ts, test/store/object-oracle.test.ts.

import type { Log, LogRecord, RecordInput } from '../engine/index.ts';
import { sequenceKey } from '../model/sequence.ts';
import { ObjectContents, rowsName, sortedObjects, visibleObjects } from './object-contents.ts';
import {
  contentKey,
  contentRecord,
  decodeObjects,
  isInline,
  type ObjectInput,
  objectsRecord,
} from './object-record.ts';
import { type Rewind, recordType } from './record.ts';

/** Hashes of 64 characters. */
const CONTENTS_KEPT = 16_384;
/** Numbers, 40 bytes each. */
const PREFIXES_KEPT = 262_144;
const prefixOf = (hash: string): number => Number.parseInt(hash.slice(0, 12), 16);
/** Bytes accepted before a flush is asked for. */
const FLUSH_SIZE = 4 * 1024 * 1024;

export interface ObjectMoment {
  /** Undefined: the next one. */
  readonly step: number | undefined;
  /** NaN: none. */
  readonly epoch: number;
  readonly time: number;
}

interface SequenceName {
  readonly key: string;
  readonly name: string;
  readonly contextText: string;
}

interface ObjectSequence extends SequenceName {
  readonly kind: string;
  /** The step after the largest visible one; undefined until it has been looked up. */
  nextStep: number | undefined;
}

export interface ObjectWriterOptions {
  readonly log: Log;
  readonly writer: string;
  /** Earlier openings have written the log. */
  readonly isResumed: boolean;
  /** This opening tracks points under the key. */
  readonly isMetric: (key: string) => boolean;
  /** False: not kept. */
  readonly append: (records: readonly RecordInput[]) => boolean;
  /** That stand, of every writer. */
  readonly rewinds: () => readonly Rewind[];
  /** Undefined: the disk refused, which was told. */
  readonly quietly: <T>(read: () => T) => T | undefined;
}

const mixedKinds = (name: string, was: string): TypeError =>
  new TypeError(
    `name: ${name} was tracked as ${was === 'metric' ? 'a metric' : was}; a sequence holds one kind, use another name or context`,
  );

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;
  readonly #sequences = new Map<string, ObjectSequence>();
  readonly #contents = new Set<string>();
  readonly #prefixes = new Set<number>();
  /** Every content of this log has its prefix there. */
  #arePrefixesWhole: boolean;
  /** The log as it was when the first unknown next step was asked for. */
  #earlier: ObjectContents | undefined;
  #gatheredSize = 0;
  #unacknowledged = 0;
  #lost = 0;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
    this.#arePrefixesWhole = !options.isResumed;
  }

  /** `stored`: the newest record of the key. @throws TypeError where it holds objects. */
  checkMetric(key: string, name: string, stored?: LogRecord): void {
    const kind = this.#sequences.get(key)?.kind ?? kindOf(stored);
    if (kind !== undefined && kind !== 'metric') throw mixedKinds(name, kind);
  }

  /** What earlier openings of the log have tracked under a key. */
  #storedKind(key: string): string | undefined {
    if (!this.#options.isResumed) return undefined;
    return kindOf(this.#options.quietly(() => this.#options.log.newest(key)));
  }

  /** Objects of one kind, at least one. True: much waits to be flushed. @throws TypeError, RangeError. */
  track(
    name: string,
    contextText: string,
    objects: readonly ObjectInput[],
    at: ObjectMoment,
  ): boolean {
    const { kind } = objects[0] as ObjectInput;
    const key = sequenceKey(name, contextText);
    const sequence = this.#sequence({ key, name, contextText }, kind);
    const next = sequence.nextStep ?? this.#lookedUp(sequence);
    const step = at.step ?? (next === NO_STEP ? 0 : next);
    // No reader takes a record with it for one of objects.
    if (!Number.isSafeInteger(step))
      throw new RangeError(
        `step: ${name} has the greatest step there is, no other is next; give one`,
      );
    if (step >= next) sequence.nextStep = step + 1;
    if (!this.#append(objects, objectsRecord(sequence.key, { ...at, kind, step }, objects)))
      this.#lost += objects.length;
    else this.#unacknowledged += objects.length;
    if (this.#gatheredSize < FLUSH_SIZE) return false;
    this.#gatheredSize = 0;
    return true;
  }

  #sequence(name: SequenceName, kind: string): ObjectSequence {
    const known = this.#sequences.get(name.key);
    const { isMetric } = this.#options;
    const was = known?.kind ?? (isMetric(name.key) ? 'metric' : this.#storedKind(name.key));
    if (was !== undefined && was !== kind) throw mixedKinds(name.name, was);
    if (known !== undefined) return known;
    // Where nothing is found, a disk that refused may have hidden what there is.
    const nextStep = this.#options.isResumed ? undefined : NO_STEP;
    const sequence = { ...name, kind, nextStep };
    this.#sequences.set(name.key, sequence);
    return sequence;
  }

  #append(objects: readonly ObjectInput[], record: RecordInput): boolean {
    for (const each of objects) {
      if (isInline(each) || this.#holds(each.hash)) continue;
      if (!this.#options.append([contentRecord(each)])) return false;
      this.#gatheredSize += each.bytes.length;
      this.#keep(each.hash);
    }
    return this.#options.append([record]);
  }

  #holds(hash: string): boolean {
    if (this.#contents.has(hash)) return true;
    if (this.#arePrefixesWhole && !this.#prefixes.has(prefixOf(hash))) return false;
    const record = this.#options.quietly(() => this.#options.log.newest(contentKey(hash)));
    if (record?.type !== recordType.content) return false;
    this.#keep(hash);
    return true;
  }

  #keep(hash: string): void {
    const [oldest] = this.#contents.size < CONTENTS_KEPT ? [] : this.#contents;
    if (oldest !== undefined) this.#contents.delete(oldest);
    this.#contents.add(hash);
    if (this.#prefixes.size < PREFIXES_KEPT) this.#prefixes.add(prefixOf(hash));
    else this.#arePrefixesWhole = false;
  }

  #lookedUp(sequence: ObjectSequence): number {
    const step = this.#options.quietly(() => this.#lookUpNextStep(sequence)) ?? NO_STEP;
    sequence.nextStep = step;
    return step;
  }

  #lookUpNextStep(sequence: ObjectSequence): number {
    const { log, writer, rewinds } = this.#options;
    // Objects of a sequence are accepted only after its next step is known, so what was read once holds
    // for every sequence that is still unknown.
    if (this.#earlier === undefined) {
      log.flush();
      this.#earlier = new ObjectContents(log);
    }
    const { kind, key, name, contextText } = sequence;
    const rows = this.#earlier.sequences().get(rowsName(kind, key))?.rows ?? [];
    const visible = visibleObjects(rows, rewinds(), { writer, name, contextText });
    const last = sortedObjects(visible, true).at(-1);
    return last === undefined ? NO_STEP : last.step + 1;
  }

  /** Steps go on after the largest visible one: it may be another now. */
  forgetNextSteps(): void {
    this.#earlier = undefined;
    for (const sequence of this.#sequences.values()) sequence.nextStep = undefined;
  }

  /** Everything accepted so far is in the kernel. */
  acknowledged(): void {
    this.#unacknowledged = 0;
    this.#gatheredSize = 0;
  }

  /** Objects that could not be kept; with an end of recording also those that no flush acknowledged. */
  lost(isOver: boolean): number {
    return this.#lost + (isOver ? this.#unacknowledged : 0);
  }
}

/** Of a sequence without a visible step: its next step is 0, and any step is greater. */
const NO_STEP = Number.NEGATIVE_INFINITY;

function kindOf(record: LogRecord | undefined): string | undefined {
  switch (record?.type) {
    case recordType.objects:
      return decodeObjects(record.body).kind;
    case recordType.sequence:
    case recordType.blocks:
      return 'metric';
    default:
      return undefined;
  }
}
