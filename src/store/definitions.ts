// Definitions of sequences, as a writer puts them into its log: each stands in the segment of its points.
//
// 1. In the frame of the first point of its sequence in the segment, or before it.
//
// Spec: spec/records.md, Sequences. Test: test/store/definitions.test.ts, test/process/crowd.test.ts.

import type { Log, RecordInput } from '../engine/index.ts';
import { recordType } from './record.ts';

/** Names and contexts of a few KiB each: far from what a frame may hold. */
const DEFINITIONS_A_FRAME = 256;

/** A sequence as its writer knows it: the hot handle. */
export interface SequenceWriter {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly contextText: string;
  /** The step after the largest visible one; undefined until it has been looked up. */
  nextStep: number | undefined;
  /** The one that was tracked after it the last time: for who looks up what comes next. */
  following: SequenceWriter | undefined;
}

const definitionOf = ({ id, key }: SequenceWriter): RecordInput => ({
  type: recordType.sequence,
  key,
  body: [id, 'metric'],
});

/** The sequence of each point of a batch. */
export interface TrackedSequences {
  readonly sequences: ArrayLike<number>;
  readonly count: number;
}

/** What the frame of the points has to define, in the segment that it goes to. */
export interface DueDefinitions {
  readonly segment: number;
  readonly due: readonly SequenceWriter[];
  readonly records: readonly RecordInput[];
}

export class Definitions {
  readonly #byId: SequenceWriter[] = [];
  /** Number of the segment that holds the definition of each id, so that none depends on another. */
  readonly #definedIn: number[] = [];

  add(sequence: SequenceWriter): void {
    this.#byId[sequence.id] = sequence;
  }

  /** They stand in the segment now. */
  written({ due, segment }: Omit<DueDefinitions, 'records'>): void {
    for (const { id } of due) this.#definedIn[id] = segment;
  }

  /**
   * Writes definitions in frames of their own, but for those that the frame of the points has room for;
   * undefined when they could not be kept.
   */
  writeMany(
    log: Pick<Log, 'nextSegment' | 'appendAll'>,
    points: TrackedSequences,
  ): DueDefinitions | undefined {
    for (;;) {
      // Making room for a frame may roll the segment: then all are due again.
      const segment = log.nextSegment();
      const due = this.#due(points, segment);
      if (due.length <= DEFINITIONS_A_FRAME)
        return { segment, due, records: due.map(definitionOf) };
      const now = due.slice(0, DEFINITIONS_A_FRAME);
      if (log.appendAll(now.map(definitionOf)) < 0) return undefined;
      this.written({ due: now, segment });
    }
  }

  /** Sequences of the points that the segment does not define yet. */
  #due({ sequences, count }: TrackedSequences, segment: number): readonly SequenceWriter[] {
    let found: Set<SequenceWriter> | undefined;
    for (let index = 0, last = -1; index < count; index += 1) {
      const id = sequences[index] as number;
      if (id === last) continue;
      last = id;
      if (this.#definedIn[id] === segment) continue;
      found ??= new Set();
      found.add(this.#byId[id] as SequenceWriter);
    }
    return found === undefined ? [] : [...found];
  }
}
