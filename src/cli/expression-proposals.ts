// What may stand where an expression is being typed: the name at its end, with what stands before it. Pure.
//
// Test: test/cli/process.test.ts, test/cli/shells.test.ts.

import type { Proposals } from './proposals.ts';

/** What a repo holds. */
export interface KnownNames {
  readonly metrics: Proposals;
  /** As a query names them: `run.hparams.lr`. */
  readonly params: Proposals;
}

const runProperties = [
  ...['hash', 'name', 'experiment', 'description', 'tags', 'notes', 'archived', 'state', 'active'],
  ...['created_at', 'creation_time', 'finalized_at', 'end_time', 'updated_at', 'duration', 'host'],
  ...['writers', 'openings', 'metrics', 'info'],
];
const metricProperties = [
  ...['name', 'context', 'run', 'last', 'last_step', 'first', 'first_step', 'min', 'max', 'mean'],
  ...['count', 'writers'],
];

/** Properties as a query names them; the same words as in spec/query.md. */
export const propertyNames: readonly string[] = [
  ...runProperties.map((name) => `run.${name}`),
  ...metricProperties.map((name) => `metric.${name}`),
];

/** The text in quotes that is being typed at the end, and what stands before it. */
const openText = /^((?:[^"']|"[^"]*"|'[^']*')*?)(["'])([^"']*)$/;
/** Where a text is the name of a metric. */
const beforeMetric = /(?:\bmetric\.name\s*(?:==|!=|in\s*[[(](?:[^)\]]*,)?)|\brun\.metrics\[)\s*$/;

export interface ExpressionProposal {
  readonly head: string;
  /** What is proposed behind it. */
  readonly name: string;
  readonly about: string;
}

export function expressionProposals(
  typed: string,
  { metrics, params }: KnownNames,
): ExpressionProposal[] {
  const inText = openText.exec(typed);
  if (inText !== null) {
    const [, before = '', quote = '', begun = ''] = inText;
    return beforeMetric.test(before) ? beginning(`${before}${quote}`, begun, metrics) : [];
  }
  const [begun = ''] = /[A-Za-z_][\w.]*$/.exec(typed) ?? [];
  const properties = propertyNames.map((name): [string, string] => [name, '']);
  const head = typed.slice(0, typed.length - begun.length);
  // Behind a call or a subscript it would be the name of something else.
  if (/[\])}."'\w]$/.test(head)) return [];
  return beginning(head, begun, new Map([...params, ...properties]));
}

const beginning = (head: string, begun: string, known: Proposals): ExpressionProposal[] =>
  [...known]
    .filter(([name]) => name.startsWith(begun))
    .map(([name, about]) => ({ head, name, about }));
