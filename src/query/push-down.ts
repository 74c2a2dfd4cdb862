// What of a query can be decided from the run alone, before its sequences are opened; and what from the name
// and context of a sequence, before anything else of it is read.
//
// The query is evaluated with the rest unknown, in sets of outcomes: it may be true, false, fail. A run is
// left out only if "true" is not among them, so nothing is lost: `not (run.a == 1 and metric.name == 'x')`
// leaves out no run, which Aim's rewriting does. A sequence is left out only if "false" is all there is.
//
// 1. A part that asks only what is known has one outcome: its own. Any other has all, unless and, or, not,
//    if/else join parts that are decided, or it is an order of numbers, which does not fail.
// 2. The order of evaluation is kept: what stands behind an operand that may end the junction adds its
//    outcomes, and takes none away.
// 3. A limit that is hit decides nothing: the row itself shall meet it, or not.
//
// Spec: spec/query.md, Push-down. Test: test/query/push-down.test.ts.

import { RunlogError } from '../errors.ts';
import { startBudget } from './budget.ts';
import { isTrue } from './compare.ts';
import { compile } from './compile.ts';
import type { SequenceFactsForQuery } from './facts.ts';
import { QueryFailure } from './failure.ts';
import { MetricObject } from './metric-object.ts';
import type { RunObject } from './run-object.ts';
import { Names, Scope } from './scope.ts';
import { type CompareOperator, childrenOf, type Expression, namesOfTarget } from './syntax.ts';

/** Bits of what may come out. */
const TRUE = 1;
const FALSE = 2;
const FAILURE = 4;
const ANYTHING = TRUE | FALSE | FAILURE;

/** Of a part: a number where it is the same whatever is known. */
type Outcomes = number | ((scope: Scope) => number);

const at = (outcomes: Outcomes, scope: Scope): number =>
  typeof outcomes === 'number' ? outcomes : outcomes(scope);

/** What a run must fulfil for any of its sequences to match. */
export interface RunCondition {
  /**
   * False: no sequence of the run matches. With `strict` also a run in which the query may fail is not
   * left out, so that the failure is thrown where it stands.
   */
  mayMatch(run: RunObject, strict?: boolean): boolean;
}

/** What a sequence is called. */
export type SequenceName = Pick<SequenceFactsForQuery, 'kind' | 'name' | 'context'>;

export interface NameCondition {
  /** False: no sequence of that name and context matches or fails, in whichever run. */
  mayMatch(sequence: SequenceName): boolean;
}

type IsKnown = (expression: Expression) => boolean;

/** Undefined: the run decides nothing. Requires: the variables are run and the sequence. */
export function runCondition(
  expression: Expression,
  variables: readonly string[],
): RunCondition | undefined {
  const sequence = variables[1] as string;
  const isKnown = (each: Expression): boolean => !mentions(each, sequence);
  const outcomes = outcomesOf(expression, new Names(variables), sequence, isKnown);
  if (typeof outcomes === 'number') return undefined;
  return {
    mayMatch: (run, strict = false) => {
      startBudget();
      return (outcomes(new Scope([run])) & (strict ? TRUE | FAILURE : TRUE)) !== 0;
    },
  };
}

/** Undefined: name and context decide nothing. Requires: the variables are run and the sequence. */
export function nameCondition(
  expression: Expression,
  variables: readonly string[],
): NameCondition | undefined {
  const [run, sequence] = variables as [string, string];
  const isKnown = (each: Expression): boolean => {
    if (each.kind === 'attribute' && isNamed(each.object, sequence))
      return each.name === 'name' || each.name === 'context';
    return !isNamed(each, sequence) && !isNamed(each, run) && childrenOf(each).every(isKnown);
  };
  const outcomes = outcomesOf(expression, new Names(variables), sequence, isKnown);
  if (typeof outcomes === 'number') return undefined;
  return {
    mayMatch: (name) => {
      startBudget();
      const known = new MetricObject(name as SequenceFactsForQuery, null);
      return outcomes(new Scope([null, known])) !== FALSE;
    },
  };
}

const isNamed = (expression: Expression, name: string): boolean =>
  expression.kind === 'name' && expression.name === name;

function outcomesOf(
  expression: Expression,
  names: Names,
  sequence: string,
  isKnown: IsKnown,
): Outcomes {
  const of = (each: Expression): Outcomes => outcomesOf(each, names, sequence, isKnown);
  if (isKnown(expression)) return decided(expression, names);
  switch (expression.kind) {
    case 'not': {
      const operand = of(expression.operand);
      return typeof operand === 'number' ? negated(operand) : (scope) => negated(operand(scope));
    }
    case 'and':
    case 'or':
      return junction(expression.operands.map(of), expression.kind === 'and' ? FALSE : TRUE);
    case 'conditional': {
      const condition = of(expression.condition);
      const chosen = of(expression.chosen);
      const otherwise = of(expression.otherwise);
      const choose = (scope: Scope): number => {
        const asked = at(condition, scope);
        let found = asked & FAILURE;
        if ((asked & TRUE) !== 0) found |= at(chosen, scope);
        if ((asked & FALSE) !== 0) found |= at(otherwise, scope);
        return found;
      };
      return unlessConstant([condition, chosen, otherwise], choose);
    }
    case 'compare': {
      const all = [expression.first, ...expression.rest.map(([, operand]) => operand)];
      const isOrder = expression.rest.every(([operator]) => orders.has(operator));
      return isOrder && all.every((each) => isNumeric(each, sequence)) ? TRUE | FALSE : ANYTHING;
    }
    default:
      return ANYTHING;
  }
}

const NOWHERE = new Scope([]);

/** What parts that know nothing come to, nothing decides. */
const unlessConstant = (
  parts: readonly Outcomes[],
  outcomes: (scope: Scope) => number,
): Outcomes => (parts.every((each) => typeof each === 'number') ? outcomes(NOWHERE) : outcomes);

const orders: ReadonlySet<CompareOperator> = new Set(['<', '<=', '>', '>=', '==', '!=']);

/** Properties of a sequence that are numbers, or None, which no order takes amiss. */
const numericProperties: ReadonlySet<string> = new Set([
  'last',
  'last_step',
  'first',
  'first_step',
  'min',
  'max',
  'mean',
  'count',
]);

function isNumeric(expression: Expression, sequence: string): boolean {
  if (expression.kind === 'constant')
    return typeof expression.value === 'number' || typeof expression.value === 'bigint';
  return (
    expression.kind === 'attribute' &&
    numericProperties.has(expression.name) &&
    isNamed(expression.object, sequence)
  );
}

const negated = (outcomes: number): number =>
  (outcomes & FAILURE) |
  ((outcomes & TRUE) === 0 ? 0 : FALSE) |
  ((outcomes & FALSE) === 0 ? 0 : TRUE);

/** and ends at the first false operand, or at the first true one. */
function junction(operands: readonly Outcomes[], ends: number): Outcomes {
  const goesOn = ends === TRUE ? FALSE : TRUE;
  return unlessConstant(operands, (scope) => {
    let found = 0;
    for (const operand of operands) {
      const each = at(operand, scope);
      found |= each & (ends | FAILURE);
      if ((each & goesOn) === 0) return found;
    }
    return found | goesOn;
  });
}

function decided(expression: Expression, names: Names): Outcomes {
  const code = compile(expression, names);
  return (scope) => {
    try {
      return isTrue(code(scope)) ? TRUE : FALSE;
    } catch (error) {
      if (error instanceof QueryFailure) return FAILURE;
      if (error instanceof RunlogError && error.code === 'LIMIT') return ANYTHING;
      throw error;
    }
  };
}

/** True: the sequence is named, or something that may be called so. */
function mentions(expression: Expression, sequence: string): boolean {
  if (expression.kind === 'name') return expression.name === sequence;
  if (expression.kind === 'comprehension') {
    const own = expression.clauses.flatMap((each) => namesOfTarget(each.target));
    // A loop that calls its variable as the sequence: seldom, and left undecided.
    if (own.includes(sequence)) return true;
  }
  return childrenOf(expression).some((each) => mentions(each, sequence));
}
