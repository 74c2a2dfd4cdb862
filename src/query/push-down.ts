// What of a query can be decided from the run alone, before its sequences are opened.
//
// The query is evaluated with the sequence unknown, in sets of outcomes: it may be true, false, fail.
// A run is left out only if "true" is not among them, so nothing is lost: `not (run.a == 1 and
// metric.name == 'x')` leaves out no run, which Aim's rewriting does.
//
// 1. A part without the sequence has one outcome: its own. A part with it has all, unless and, or, not,
//    if/else join parts that are decided.
// 2. The order of evaluation is kept: what stands behind an operand that may end the junction adds its
//    outcomes, and takes none away.
// 3. A limit that is hit decides nothing: the row itself shall meet it, or not.
//
// Spec: spec/query.md, Push-down. Test: test/query/push-down.test.ts.

import { RunlogError } from '../errors.ts';
import { startBudget } from './budget.ts';
import { isTrue } from './compare.ts';
import { compile } from './compile.ts';
import { QueryFailure } from './failure.ts';
import type { RunObject } from './run-object.ts';
import { Names, Scope } from './scope.ts';
import { childrenOf, type Expression, namesOfTarget } from './syntax.ts';

/** Bits of what may come out. */
const TRUE = 1;
const FALSE = 2;
const FAILURE = 4;
const ANYTHING = TRUE | FALSE | FAILURE;

type Outcomes = (scope: Scope) => number;

/** What a run must fulfil for any of its sequences to match. */
export interface RunCondition {
  /**
   * False: no sequence of the run matches. With `strict` also a run in which the query may fail is not
   * left out, so that the failure is thrown where it stands.
   */
  mayMatch(run: RunObject, strict?: boolean): boolean;
}

/** Undefined: the run decides nothing. Requires: the variables are run and the sequence. */
export function runCondition(
  expression: Expression,
  variables: readonly string[],
): RunCondition | undefined {
  const [, sequence] = variables;
  const outcomes = outcomesOf(expression, new Names(variables), sequence);
  if (outcomes === undefined) return undefined;
  return {
    mayMatch: (run, strict = false) => {
      startBudget();
      const found = outcomes(new Scope([run]));
      return (found & (strict ? TRUE | FAILURE : TRUE)) !== 0;
    },
  };
}

/** Undefined: anything may come out, whatever the run is. */
function outcomesOf(
  expression: Expression,
  names: Names,
  sequence: string | undefined,
): Outcomes | undefined {
  if (sequence === undefined || !mentions(expression, sequence)) return decided(expression, names);
  switch (expression.kind) {
    case 'not': {
      const operand = outcomesOf(expression.operand, names, sequence);
      return operand === undefined ? undefined : (scope) => negated(operand(scope));
    }
    case 'and':
    case 'or': {
      const operands = expression.operands.map((each) => outcomesOf(each, names, sequence));
      const ends = expression.kind === 'and' ? FALSE : TRUE;
      const decides = operands.some((each) => each !== undefined);
      return decides ? junction(operands, ends) : undefined;
    }
    case 'conditional': {
      const condition = outcomesOf(expression.condition, names, sequence);
      const chosen = outcomesOf(expression.chosen, names, sequence);
      const otherwise = outcomesOf(expression.otherwise, names, sequence);
      if (condition === undefined && chosen === undefined && otherwise === undefined)
        return undefined;
      return (scope) => {
        const asked = condition?.(scope) ?? ANYTHING;
        let found = asked & FAILURE;
        if ((asked & TRUE) !== 0) found |= chosen?.(scope) ?? ANYTHING;
        if ((asked & FALSE) !== 0) found |= otherwise?.(scope) ?? ANYTHING;
        return found;
      };
    }
    default:
      return undefined;
  }
}

const negated = (outcomes: number): number =>
  (outcomes & FAILURE) |
  ((outcomes & TRUE) === 0 ? 0 : FALSE) |
  ((outcomes & FALSE) === 0 ? 0 : TRUE);

/** and ends at the first false operand, or at the first true one. */
function junction(operands: readonly (Outcomes | undefined)[], ends: number): Outcomes {
  const goesOn = ends === TRUE ? FALSE : TRUE;
  return (scope) => {
    let found = 0;
    for (const operand of operands) {
      const each = operand?.(scope) ?? ANYTHING;
      found |= each & (ends | FAILURE);
      if ((each & goesOn) === 0) return found;
    }
    return found | goesOn;
  };
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
