// Text of a terminal cut into what it means: characters, controls, escape sequences.
//
// 1. Its state between two texts is all there is: how the text is cut makes no difference.
// 2. A run of printable ASCII is handed on whole: nearly all output is that.
//
// Spec: spec/terminal.md, The screen. Test: test/system/terminal/screen.test.ts.

/** Characters of a sequence, between `CSI` and its last one. */
const SEQUENCE_SIZE_MAX = 256;

const BEL = 0x07;
const LF = 0x0a;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DEL = 0x7f;

export interface EscapeActions {
  /** Printable ASCII, not empty. */
  plain(text: string): void;
  /** A character beyond ASCII. */
  character(character: string, codePoint: number): void;
  control(code: number): void;
  /** `ESC` and this. */
  escape(final: string): void;
  /** `CSI`, the parameters and this. */
  sequence(parameters: string, final: string): void;
}

/** 'line': a string that ends with its line at the latest. */
type State = 'ground' | 'escape' | 'intermediate' | 'sequence' | 'operating' | 'line' | 'string';

export class EscapeParser {
  readonly #actions: EscapeActions;
  #state: State = 'ground';
  #parameters = '';

  constructor(actions: EscapeActions) {
    this.#actions = actions;
  }

  write(text: string): void {
    const { length } = text;
    for (let place = 0; place < length; ) {
      if (this.#state === 'ground') place = this.#ground(text, place);
      else {
        const codePoint = text.codePointAt(place) as number;
        // What cannot stand in a sequence ends it, and is what it would be without.
        if (this.#take(codePoint)) place += codePoint > 0xffff ? 2 : 1;
      }
    }
  }

  #ground(text: string, start: number): number {
    const { length } = text;
    let end = start;
    let code = 0;
    for (; end < length; end += 1) {
      code = text.charCodeAt(end);
      if (code < 0x20 || code >= DEL) break;
    }
    if (end > start)
      this.#actions.plain(start === 0 && end === length ? text : text.slice(start, end));
    if (end === length) return end;
    if (code > DEL) {
      const codePoint = text.codePointAt(end) as number;
      const next = end + (codePoint > 0xffff ? 2 : 1);
      this.#actions.character(text.slice(end, next), codePoint);
      return next;
    }
    if (code === ESC) this.#state = 'escape';
    else if (code !== DEL) this.#actions.control(code);
    return end + 1;
  }

  /** False: the state is 'ground' now, in which the character is to be taken. */
  #take(code: number): boolean {
    if (code === ESC) {
      this.#state = 'escape';
      return true;
    }
    if (code === CAN || code === SUB) {
      this.#state = 'ground';
      return true;
    }
    switch (this.#state) {
      case 'escape':
        return this.#takeControl(code) || this.#escape(code);
      case 'intermediate':
        return this.#takeControl(code) || this.#end(code, 0x20, 0x30);
      case 'sequence':
        return this.#takeControl(code) || this.#sequence(code);
      default:
        return this.#string(code);
    }
  }

  /** A control character within a sequence does what it does elsewhere. */
  #takeControl(code: number): boolean {
    if (code >= 0x20 && code !== DEL) return false;
    if (code !== DEL) this.#actions.control(code);
    return true;
  }

  #escape(code: number): boolean {
    const final = String.fromCodePoint(code);
    const state = begins[final];
    if (state !== undefined) {
      this.#state = state;
      this.#parameters = '';
      return true;
    }
    if (code < 0x30) {
      this.#state = 'intermediate';
      return true;
    }
    this.#state = 'ground';
    if (code > DEL) return false;
    this.#actions.escape(final);
    return true;
  }

  /** Goes on while the code is in [from, to); ends with any other, which may not be one at all. */
  #end(code: number, from: number, to: number): boolean {
    if (code >= from && code < to) return true;
    this.#state = 'ground';
    return code < DEL;
  }

  #sequence(code: number): boolean {
    if (code >= 0x20 && code < 0x40) {
      if (this.#parameters.length <= SEQUENCE_SIZE_MAX)
        this.#parameters += String.fromCodePoint(code);
      return true;
    }
    this.#state = 'ground';
    if (code > DEL) return false;
    if (this.#parameters.length <= SEQUENCE_SIZE_MAX)
      this.#actions.sequence(this.#parameters, String.fromCodePoint(code));
    return true;
  }

  #string(code: number): boolean {
    if (code === BEL && this.#state === 'operating') {
      this.#state = 'ground';
      return true;
    }
    if (code !== LF || this.#state === 'string') return true;
    this.#state = 'ground';
    return false;
  }
}

/** What begins with `ESC` and this. */
const begins: Readonly<Record<string, State>> = {
  '[': 'sequence',
  ']': 'operating',
  P: 'string',
  X: 'line',
  '^': 'line',
  _: 'line',
};
