// The tree of a query: our own, small, and only what a query may say.
//
// `at` is the place in the text, in UTF-16 units, that an error of the node points to.

import type { OrderOperator } from './compare.ts';
import type { BinaryOperator, UnaryOperator } from './operators.ts';
import type { Value } from './value.ts';

export type CompareOperator = OrderOperator | '==' | '!=' | 'in' | 'not in' | 'is' | 'is not';

/** `*items` in a display. */
export interface Spread {
  readonly kind: 'spread';
  readonly at: number;
  readonly operand: Expression;
}

/** A name, or several in brackets, that a loop gives values. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'several'; readonly targets: readonly Target[] };

export interface Clause {
  readonly target: Target;
  readonly iterable: Expression;
  readonly conditions: readonly Expression[];
}

export type FormatPart =
  | string
  | {
      readonly value: Expression;
      readonly conversion: 'r' | 's' | 'a' | undefined;
      readonly spec: readonly FormatPart[];
    };

export type Expression = { readonly at: number } & (
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'subscript'; readonly object: Expression; readonly index: Expression }
  | {
      readonly kind: 'slice';
      readonly start: Expression | undefined;
      readonly stop: Expression | undefined;
      readonly step: Expression | undefined;
    }
  | {
      readonly kind: 'display';
      readonly form: 'tuple' | 'list' | 'set';
      readonly items: readonly (Expression | Spread)[];
    }
  | {
      readonly kind: 'dict';
      /** Without a key: `**value`. */
      readonly entries: readonly (readonly [key: Expression | undefined, value: Expression])[];
    }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly rest: readonly (readonly [CompareOperator, Expression])[];
    }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly chosen: Expression;
      readonly otherwise: Expression;
    }
  | {
      readonly kind: 'call';
      readonly callee: Expression;
      readonly given: readonly Expression[];
      readonly keywords: readonly (readonly [string, Expression])[];
    }
  | {
      readonly kind: 'lambda';
      readonly parameters: readonly (readonly [string, Expression | undefined])[];
      readonly body: Expression;
    }
  | {
      readonly kind: 'comprehension';
      readonly form: 'list' | 'set' | 'dict' | 'generator';
      readonly element: Expression;
      /** Of a dict. */
      readonly value: Expression | undefined;
      readonly clauses: readonly Clause[];
    }
  | { readonly kind: 'formatted'; readonly parts: readonly FormatPart[] }
);

export type ExpressionOf<K extends Expression['kind']> = Expression & { readonly kind: K };

/** Every expression directly inside. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'constant':
    case 'name':
      return [];
    case 'attribute':
      return [expression.object];
    case 'subscript':
      return [expression.object, expression.index];
    case 'slice':
      return [expression.start, expression.stop, expression.step].filter(
        (each) => each !== undefined,
      );
    case 'display':
      return expression.items.map((each) => (each.kind === 'spread' ? each.operand : each));
    case 'dict':
      return expression.entries.flatMap(([key, value]) =>
        key === undefined ? [value] : [key, value],
      );
    case 'unary':
    case 'not':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'compare':
      return [expression.first, ...expression.rest.map(([, operand]) => operand)];
    case 'and':
    case 'or':
      return [...expression.operands];
    case 'conditional':
      return [expression.condition, expression.chosen, expression.otherwise];
    case 'call':
      return [
        expression.callee,
        ...expression.given,
        ...expression.keywords.map(([, value]) => value),
      ];
    case 'lambda':
      return [
        ...expression.parameters.flatMap(([, preset]) => (preset === undefined ? [] : [preset])),
        expression.body,
      ];
    case 'comprehension':
      return [
        ...expression.clauses.flatMap((each) => [each.iterable, ...each.conditions]),
        expression.element,
        ...(expression.value === undefined ? [] : [expression.value]),
      ];
    case 'formatted':
      return expression.parts.flatMap(expressionsOfPart);
    default:
      return expression satisfies never;
  }
}

const expressionsOfPart = (part: FormatPart): Expression[] =>
  typeof part === 'string' ? [] : [part.value, ...part.spec.flatMap(expressionsOfPart)];

export const namesOfTarget = (target: Target): string[] =>
  target.kind === 'name' ? [target.name] : target.targets.flatMap(namesOfTarget);
