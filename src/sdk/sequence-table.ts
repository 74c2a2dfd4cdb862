// The sequences of a run by name and context, found fast: it is asked for each point.
//
// 1. Programs track their metrics in the same order again and again: the one that came after the last
//    one is looked at first. Both name and context are compared, so a guess costs nothing but time.
//
// Test: test/sdk/sequence-table.test.ts.

import { checkMembers } from '../model/check.ts';
import { ContextCache, type ContextEntry } from '../model/context.ts';
import { checkName } from '../model/names.ts';
import type { SequenceWriter } from '../store/definitions.ts';
import { trackNames } from './tracked-values.ts';

export class SequenceTable {
  readonly #contexts = new ContextCache<SequenceWriter>();
  readonly #define: (name: string, contextText: string) => SequenceWriter;
  #last: SequenceWriter | undefined;

  constructor(define: (name: string, contextText: string) => SequenceWriter) {
    this.#define = define;
  }

  /** @throws TypeError, RangeError naming the place in the context. */
  context(context: object | undefined): ContextEntry<SequenceWriter> {
    return this.#contexts.get(context);
  }

  /** Defines it where it is met for the first time. @throws TypeError, RangeError; RunlogError LIMIT. */
  get(entry: ContextEntry<SequenceWriter>, name: unknown, options: unknown = {}): SequenceWriter {
    const last = this.#last;
    const guess = last?.following;
    if (guess !== undefined && guess.name === name && guess.contextText === entry.text) {
      this.#last = guess;
      return guess;
    }
    const found = entry.slots.get(name as string) ?? this.#meet(entry, name, options);
    if (last !== undefined) last.following = found;
    this.#last = found;
    return found;
  }

  #meet(entry: ContextEntry<SequenceWriter>, name: unknown, options: unknown): SequenceWriter {
    checkMembers(options, 'options', trackNames);
    const sequence = this.#define(checkName(name, 'name'), entry.text);
    entry.slots.set(sequence.name, sequence);
    return sequence;
  }
}
