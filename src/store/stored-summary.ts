// What the points of a sequence amount to, as the catalogue holds it: a number is read when it is asked for.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts.

import { summaryNames } from './catalogue-row.ts';
import type { Summary } from './rows.ts';

export class StoredSummary implements Summary {
  readonly #at: (name: string) => unknown;

  constructor(at: (name: string) => unknown) {
    this.#at = at;
  }

  whole(): Summary {
    const summary: Record<string, unknown> = {};
    for (const name of summaryNames) summary[name] = this.#at(name);
    return summary as unknown as Summary;
  }

  get count(): number {
    return this.#at('count') as number;
  }

  get nanCount(): number {
    return this.#at('nanCount') as number;
  }

  get first(): number {
    return this.#at('first') as number;
  }

  get last(): number {
    return this.#at('last') as number;
  }

  get firstStep(): number {
    return this.#at('firstStep') as number;
  }

  get lastStep(): number {
    return this.#at('lastStep') as number;
  }

  get min(): number {
    return this.#at('min') as number;
  }

  get max(): number {
    return this.#at('max') as number;
  }

  get sum(): number {
    return this.#at('sum') as number;
  }
}
