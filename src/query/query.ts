// A parsed query: asked of a row, it says whether the row matches. What the layers above use of the
// language is exported here.
//
// 1. A failure in a row excludes the row and is counted; with `strict` it is thrown.
// 2. Archived runs are left out unless the query names `run.archived` as it was parsed: in a string or a
//    comment it is not named.
// 3. Nothing of the query is evaluated by JavaScript: closures of ours over values of ours.
//
// Spec: spec/query.md. Test: test/query/query.test.ts.

import { RunlogError } from '../errors.ts';
import { analyse, type Reads } from './analyse.ts';
import { startBudget } from './budget.ts';
import { isTrue } from './compare.ts';
import { compile } from './compile.ts';
import type { SequenceKind } from './facts.ts';
import { limitError, QueryFailure } from './failure.ts';
import { withoutSelect } from './lexical.ts';
import type { MetricObject } from './metric-object.ts';
import { parseExpression } from './parse.ts';
import {
  type NameCondition,
  nameCondition,
  type RunCondition,
  runCondition,
  type SequenceName,
} from './push-down.ts';
import { loadRegex } from './regex.ts';
import type { RunObject } from './run-object.ts';
import { type Code, Names, Scope } from './scope.ts';
import type { Expression } from './syntax.ts';
import { placeOf } from './syntax-error.ts';
import { toPlain } from './to-plain.ts';
import type { Value } from './value.ts';

/** What a row is: a run, or a sequence of that kind with its run. */
export type RowKind = 'run' | SequenceKind;

/** One kind of failure in the rows of a scan. */
export interface FailureCount {
  /** As `TypeError: unsupported operand types for +: 'NoneType' and 'int'`. */
  readonly message: string;
  count: number;
  /** The first row, as its run's hash. */
  readonly example: string;
  /** True: it met a missing value; false: a mistake in the query, or values of another type. */
  readonly isMissing: boolean;
}

/** Kinds of failures that are told apart; others are counted only. */
const KIND_COUNT_MAX = 100;

/** Failures in the rows of one scan. */
export class RowFailures {
  count = 0;
  readonly #kinds = new Map<string, FailureCount>();

  add(failure: QueryFailure, run: RunObject): void {
    this.count += 1;
    const message = `${failure.kind}: ${failure.message}`;
    const known = this.#kinds.get(message);
    if (known !== undefined) known.count += 1;
    else if (this.#kinds.size < KIND_COUNT_MAX)
      this.#kinds.set(message, {
        message,
        count: 1,
        example: run.facts.hash,
        isMissing: failure.isMissing,
      });
  }

  /** The most frequent first. */
  get kinds(): FailureCount[] {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count);
  }
}

/** An expression over rows. */
class Compiled {
  /** As it was given. */
  readonly text: string;
  readonly kind: RowKind;
  readonly reads: Reads;
  protected readonly code: Code;

  constructor(text: string, kind: RowKind, reads: Reads, code: Code) {
    this.text = text;
    this.kind = kind;
    this.reads = reads;
    this.code = code;
  }

  /** `use` of its value: what it does with the value may cost, fail and be deep as the rest. */
  protected evaluate<T>(
    run: RunObject,
    sequence: MetricObject | undefined,
    use: (value: Value) => T,
  ): T {
    startBudget();
    try {
      return use(this.code(new Scope(sequence === undefined ? [run] : [run, sequence])));
    } catch (error) {
      throw endOfStack(error);
    }
  }

  protected evaluationError(failure: QueryFailure, run: RunObject): RunlogError {
    const { line, column, shown } = placeOf(this.text, failure.at ?? 0);
    return new RunlogError(
      'QUERY_EVALUATION',
      `query, line ${line}, column ${column}, run ${run.facts.hash}: ${failure.kind}: ${failure.message}\n${shown}`,
      { line, column },
    );
  }
}

/** The stack of JavaScript is one more limit, below which the others keep most queries. */
function endOfStack(error: unknown): unknown {
  return error instanceof RangeError && error.message.includes('call stack')
    ? limitError('queryCallDepthMax', 'expressions inside functions that call each other')
    : error;
}

export class Query extends Compiled {
  /** False: archived runs are asked too, since the query names `run.archived` or the caller wants them. */
  readonly excludesArchived: boolean;
  /** What can be decided of a run before its sequences are opened; undefined: nothing. */
  readonly runCondition: RunCondition | undefined;
  /** What can be decided of a sequence by its name and context alone; undefined: nothing. */
  readonly nameCondition: NameCondition | undefined;

  constructor(
    text: string,
    kind: RowKind,
    reads: Reads,
    code: Code,
    conditions: Pick<Query, 'runCondition' | 'nameCondition'>,
    withArchived: boolean,
  ) {
    super(text, kind, reads, code);
    this.excludesArchived = !withArchived && !reads.runProperties.has('archived');
    this.runCondition = conditions.runCondition;
    this.nameCondition = conditions.nameCondition;
  }

  /**
   * True: the row matches. A failure is added to `failures`; without them it is thrown.
   *
   * @throws RunlogError LIMIT; QUERY_EVALUATION without `failures`.
   */
  matches(run: RunObject, sequence?: MetricObject, failures?: RowFailures): boolean {
    if (this.excludesArchived && run.facts.archived) return false;
    try {
      return this.evaluate(run, sequence, isTrue);
    } catch (error) {
      if (!(error instanceof QueryFailure)) throw error;
      if (failures === undefined) throw this.evaluationError(error, run);
      failures.add(error, run);
      return false;
    }
  }

  /** False: no row of this run matches. */
  mayMatch(run: RunObject, strict = false): boolean {
    if (this.excludesArchived && run.facts.archived) return false;
    return unlessEndOfStack(() => this.runCondition?.mayMatch(run, strict) ?? true);
  }

  /** False: no sequence of this name and context matches or fails, in whichever run. */
  mayMatchName(name: SequenceName): boolean {
    return unlessEndOfStack(() => this.nameCondition?.mayMatch(name) ?? true);
  }
}

/** Whether the row ends the stack too, the row shall say. */
function unlessEndOfStack(mayMatch: () => boolean): boolean {
  try {
    return mayMatch();
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/** An expression whose value is wanted: to order by, to group by, to show. */
export class RowValue extends Compiled {
  /**
   * The value of the row as `toPlain` gives it. Undefined: it failed, which is added to `failures`;
   * without them it is thrown.
   *
   * @throws RunlogError LIMIT; QUERY_EVALUATION without `failures`.
   */
  value(run: RunObject, sequence?: MetricObject, failures?: RowFailures): unknown {
    try {
      return this.evaluate(run, sequence, toPlain);
    } catch (error) {
      if (!(error instanceof QueryFailure)) throw error;
      if (failures === undefined) throw this.evaluationError(error, run);
      failures.add(error, run);
      return undefined;
    }
  }
}

const variablesOf = (kind: RowKind): readonly string[] =>
  kind === 'run' ? ['run'] : ['run', kind];

const ALL: Expression = { kind: 'constant', at: 0, value: true };

/**
 * Parses a condition. Empty: every row whose run is not archived. `withArchived`: as if it named them.
 *
 * @throws TypeError; RunlogError QUERY_SYNTAX with line, column and what to write; LIMIT.
 */
export async function parseQuery(
  text: string,
  kind: RowKind = 'run',
  withArchived = false,
): Promise<Query> {
  const condition = withoutSelect(checkedText(text));
  const expression = (await parseExpression(condition)) ?? ALL;
  const variables = variablesOf(kind);
  const { reads, code } = await prepare(expression, condition, variables);
  const isOfRuns = kind === 'run';
  const conditions = {
    runCondition: isOfRuns ? undefined : runCondition(expression, variables),
    nameCondition: isOfRuns ? undefined : nameCondition(expression, variables),
  };
  return new Query(text, kind, reads, code, conditions, withArchived);
}

/**
 * Parses an expression whose value is wanted.
 *
 * @throws TypeError; RunlogError QUERY_SYNTAX, LIMIT
 */
export async function parseRowValue(text: string, kind: RowKind = 'run'): Promise<RowValue> {
  const expression = await parseExpression(checkedText(text));
  if (expression === undefined)
    throw new RunlogError('QUERY_SYNTAX', 'an empty text has no value: write an expression');
  const { reads, code } = await prepare(expression, text, variablesOf(kind));
  return new RowValue(text, kind, reads, code);
}

function checkedText(text: unknown): string {
  if (typeof text !== 'string') throw new TypeError(`query: expected a string, got ${typeof text}`);
  return text;
}

async function prepare(
  expression: Expression,
  text: string,
  variables: readonly string[],
): Promise<{ reads: Reads; code: Code }> {
  const reads = analyse(expression, text, variables);
  if (reads.usesRegex) await loadRegex();
  startBudget();
  return { reads, code: compile(expression, new Names(variables)) };
}

export { startBudget } from './budget.ts';
export type { RunFactsForQuery, SequenceFactsForQuery } from './facts.ts';
export { fromParams } from './from-params.ts';
export { MetricObject } from './metric-object.ts';
export type { RunCondition } from './push-down.ts';
export { represent } from './represent.ts';
export { RunObject } from './run-object.ts';
export { orderPlain, toPlain } from './to-plain.ts';
export { typeNameOf } from './value.ts';
