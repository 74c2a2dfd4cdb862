// One pass over a text that stops where a secret may begin. Text without one costs a look at each
// character.
//
// 1. Three characters, five bits of each, make a place in a table of 32,768: letters of both cases
//    fall together, so that one table serves names (any case) and tokens (exact).
// 2. What was found is passed over: no secret is looked for inside another.
//
// Test: test/system/redact/redactor.test.ts.

import type { Found, Trigger } from './found.ts';

const tableMask = 0x7fff;

export class TriggerScan {
  readonly #isTrigger = new Uint8Array(tableMask + 1);
  readonly #triggers = new Map<number, Trigger[]>();

  constructor(triggers: readonly Trigger[]) {
    for (const each of triggers) this.add(each);
  }

  add(trigger: Trigger): void {
    const { literal } = trigger;
    let place = 0;
    for (let index = 0; index < 3; index++) place = next(place, literal.charCodeAt(index));
    this.#isTrigger[place] = 1;
    const there = this.#triggers.get(place);
    if (there === undefined) this.#triggers.set(place, [trigger]);
    else there.push(trigger);
  }

  /** In order, none in another. */
  find(text: string, isAllowed: (text: string, found: Found) => boolean): Found[] | undefined {
    const isTrigger = this.#isTrigger;
    let result: Found[] | undefined;
    let place = 0;
    let from = 0;
    for (let index = 0; index < text.length; index++) {
      place = ((place << 5) | (text.charCodeAt(index) & 31)) & tableMask;
      if (isTrigger[place] === 0 || index < from + 2) continue;
      const found = this.#at(place, text, index - 2, from);
      if (found === undefined || isAllowed(text, found)) continue;
      result ??= [];
      result.push(found);
      from = found.end;
      index = Math.max(index, from - 1);
      place = 0;
    }
    return result;
  }

  #at(place: number, text: string, at: number, from: number): Found | undefined {
    for (const trigger of this.#triggers.get(place) ?? []) {
      if (!standsAt(trigger, text, at)) continue;
      const found = trigger.find(text, at, from);
      if (found !== undefined && found.start >= from && found.end > found.start) return found;
    }
    return undefined;
  }
}

const next = (place: number, code: number): number => ((place << 5) | (code & 31)) & tableMask;

function standsAt({ literal, anyCase }: Trigger, text: string, at: number): boolean {
  if (anyCase !== true) return text.startsWith(literal, at);
  if (at + literal.length > text.length) return false;
  for (let index = 0; index < literal.length; index++) {
    const code = text.charCodeAt(at + index);
    const lower = code >= 65 && code <= 90 ? code | 32 : code;
    if (lower !== literal.charCodeAt(index)) return false;
  }
  return true;
}
