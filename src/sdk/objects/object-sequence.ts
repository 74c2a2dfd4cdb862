// One sequence of objects of a run, and the sequences of a run by kind.
//
// Test: test/sdk/objects.test.ts.

import { asRunlogError } from '../../errors.ts';
import { checkMembers, checkType } from '../../model/check.ts';
import { type Context, canonicalContext, parseContext } from '../../model/context.ts';
import { given } from '../../model/given.ts';
import { checkName, checkWriterName } from '../../model/names.ts';
import { sequenceKey } from '../../model/sequence.ts';
import { rowsName } from '../../store/object-contents.ts';
import {
  ObjectReader,
  type ObjectSequenceFacts,
  type WrittenRow,
} from '../../store/object-reader.ts';
import { isObjectKind, type ObjectKind, objectKinds } from '../../store/object-record.ts';
import type { RunReader } from '../../store/run-reader.ts';
import { type StoredByKind, storedObject } from './stored-object.ts';

/** Which steps `values` gives. */
export interface ObjectValuesOptions {
  /** First step; default the first there is. */
  readonly fromStep?: number | undefined;
  /** One past the last step. */
  readonly toStep?: number | undefined;
  /** Only what this writer tracked. */
  readonly writer?: string | undefined;
  /** Also what was replaced at its step and what a rewind hides. Default false. */
  readonly raw?: boolean | undefined;
}

/** What one writer tracked at one step. */
export interface ObjectsAtStep<Kind extends ObjectKind = ObjectKind> {
  readonly step: number;
  readonly epoch: number | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly writer: string;
  readonly objects: readonly StoredByKind[Kind][];
}

const BLOCK_STEPS = 1024;
const valuesNames = new Set(['fromStep', 'toStep', 'writer', 'raw']);

/** What was tracked of one kind of objects under one name and context, of a snapshot. */
export class ObjectSequence<Kind extends ObjectKind = ObjectKind> {
  /** The run that holds it; `repo.run(runHash)` opens it. */
  readonly runHash: string;
  readonly kind: Kind;
  readonly name: string;
  readonly context: Context;
  readonly writers: readonly string[];
  readonly #reader: ObjectReader;
  readonly #sequence: ObjectSequenceFacts;
  #shown: readonly WrittenRow[] | undefined;

  /** @internal Use `view.objects`. */
  constructor(
    runHash: string,
    reader: ObjectReader,
    sequence: ObjectSequenceFacts & { readonly kind: Kind },
  ) {
    this.runHash = runHash;
    this.kind = sequence.kind;
    this.name = sequence.name;
    this.context = parseContext(sequence.contextText);
    this.writers = sequence.writers;
    this.#reader = reader;
    this.#sequence = sequence;
  }

  get #rows(): readonly WrittenRow[] {
    this.#shown ??= this.#reader.rows(this.#sequence);
    return this.#shown;
  }

  /** Steps that `values()` gives, those of each writer. */
  get count(): number {
    return this.#rows.length;
  }

  /** The smallest step. */
  get firstStep(): number | undefined {
    return this.#rows[0]?.step;
  }

  /** The greatest step. */
  get lastStep(): number | undefined {
    return this.#rows.at(-1)?.step;
  }

  /**
   * What was tracked, ordered by (step, writer). Contents are read when an object is asked for its own.
   *
   * @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO.
   */
  async values(options: ObjectValuesOptions = {}): Promise<ObjectsAtStep<Kind>[]> {
    return this.#values(this.#rowsOf(options));
  }

  /**
   * The same in pieces of at most 1,024 steps: memory holds the places of all and what is known of one piece.
   *
   * @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO.
   */
  async *blocks(options: ObjectValuesOptions = {}): AsyncGenerator<ObjectsAtStep<Kind>[]> {
    const rows = this.#rowsOf(options);
    for (let start = 0; start < rows.length; start += BLOCK_STEPS)
      yield this.#values(rows.slice(start, start + BLOCK_STEPS));
  }

  #rowsOf(options: ObjectValuesOptions): readonly WrittenRow[] {
    checkMembers(options, 'options', valuesNames);
    const { fromStep, toStep, writer, raw } = options;
    checkType(raw, 'boolean', 'raw');
    for (const [name, value] of Object.entries({ fromStep, toStep }))
      if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
        throw new TypeError(`${name}: expected a number, got ${given(value)}`);
    if (writer !== undefined) checkWriterName(writer);
    return this.#reader
      .rows(this.#sequence, { raw, writer })
      .filter(({ step }) => step >= (fromStep ?? -Infinity) && step < (toStep ?? Infinity));
  }

  #values(rows: readonly WrittenRow[]): ObjectsAtStep<Kind>[] {
    try {
      return this.#reader.items(rows).map(({ row, items }) => ({
        step: row.step,
        epoch: Number.isNaN(row.epoch) ? undefined : row.epoch,
        time: row.time,
        writer: row.writer,
        objects: items.map((item) =>
          storedObject(this.kind, item, (hash) => this.#reader.content(row.writer, hash)),
        ),
      }));
    } catch (error) {
      throw asRunlogError(error, `sequence ${this.name}`);
    }
  }
}

/** The sequences of objects of a snapshot. */
export class RunObjects {
  readonly #runHash: string;
  readonly #reader: ObjectReader;

  constructor(runHash: string, reader: RunReader) {
    this.#runHash = runHash;
    this.#reader = new ObjectReader(reader);
  }

  /** Of one kind or of all. @throws RangeError; RunlogError CORRUPT, IO. */
  all(kind?: ObjectKind): ObjectSequence[] {
    if (kind !== undefined && !isObjectKind(kind))
      throw new RangeError(`kind: expected one of ${objectKinds.join(', ')}, got ${given(kind)}`);
    return [...this.#reader.sequences().values()]
      .filter((each) => (kind ?? each.kind) === each.kind)
      .map((each) => new ObjectSequence(this.#runHash, this.#reader, each));
  }

  of<Kind extends ObjectKind>(kind: Kind): ObjectSequence<Kind>[] {
    return this.all(kind) as ObjectSequence<Kind>[];
  }

  /** @throws TypeError, RangeError. */
  one<Kind extends ObjectKind>(
    kind: Kind,
    name: string,
    context?: object,
  ): ObjectSequence<Kind> | undefined {
    const key = sequenceKey(checkName(name, 'name'), canonicalContext(context));
    const found = this.#reader.sequences().get(rowsName(kind, key));
    return found === undefined
      ? undefined
      : (new ObjectSequence(this.#runHash, this.#reader, found) as ObjectSequence<Kind>);
  }
}
