// The style that the next character is written in: the colours and attributes of `CSI ... m`.
//
// A style has one spelling, whatever sequences led to it: two cells are of one style if their texts are
// equal, and a line can be written without those before it.
//
// Spec: spec/terminal.md, Colours. Test: test/system/terminal/style.test.ts.

const SLOT_COUNT = 12;
const UNDERLINE = 3;
const FOREGROUND = 9;

/** The place in a spelling of each code that stands for itself. */
const slotOf: Readonly<Record<number, number>> = {
  1: 0,
  2: 1,
  3: 2,
  4: UNDERLINE,
  5: 4,
  6: 4,
  7: 5,
  8: 6,
  9: 7,
  21: UNDERLINE,
  53: 8,
};
const clearedBy: Readonly<Record<number, readonly number[]>> = {
  22: [0, 1],
  23: [2],
  24: [UNDERLINE],
  25: [4],
  27: [5],
  28: [6],
  29: [7],
  39: [FOREGROUND],
  49: [FOREGROUND + 1],
  55: [8],
  59: [FOREGROUND + 2],
};

const NO_SLOTS: readonly string[] = new Array<string>(SLOT_COUNT).fill('');

/** What a sequence makes of a style: programs use few of them, again and again. */
const made = new Map<string, { readonly text: string; readonly slots: readonly string[] }>();
const MADE_MAX = 1024;

export class Style {
  /** Parameters of the sequence that sets it from the default; '' for the default. */
  text = '';
  #slots: string[] = [...NO_SLOTS];

  reset(): void {
    this.#slots = [...NO_SLOTS];
    this.text = '';
  }

  /** What stands between `CSI` and `m`. */
  apply(parameters: string): void {
    const name = `${this.text}m${parameters}`;
    const known = made.get(name);
    if (known !== undefined) {
      this.text = known.text;
      this.#slots = [...known.slots];
      return;
    }
    this.#apply(parameters);
    if (made.size >= MADE_MAX) made.clear();
    made.set(name, { text: this.text, slots: [...this.#slots] });
  }

  #apply(parameters: string): void {
    const codes = parameters.split(';');
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] as string;
      if (!/^(?:38|48|58)$/.test(code)) {
        this.#one(code);
        continue;
      }
      const count = codes[index + 1] === '5' ? 2 : codes[index + 1] === '2' ? 4 : 0;
      const given = codes.slice(index, index + 1 + count);
      // One that is cut off says nothing, and neither does what stands behind it.
      if (count === 0 || given.length <= count || !given.every((each) => /^\d{1,3}$/.test(each)))
        break;
      this.#slots[FOREGROUND + (Number(code) - 38) / 10] = given.join(';');
      index += count;
    }
    this.text = this.#slots.filter((each) => each !== '').join(';');
  }

  #one(code: string): void {
    if (!/^\d{0,3}(?::[\d:]{0,32})?$/.test(code)) return;
    const colon = code.indexOf(':');
    const number = Number(colon < 0 ? code : code.slice(0, colon));
    if (colon >= 0) {
      if (number === 38 || number === 48 || number === 58)
        this.#slots[FOREGROUND + (number - 38) / 10] = code;
      else if (number === 4) this.#slots[UNDERLINE] = /^4:0*$/.test(code) ? '' : code;
      return;
    }
    const slot = slotOf[number];
    if (number === 0) this.#slots.fill('');
    else if (slot !== undefined) this.#slots[slot] = String(number);
    else if (isColour(number, 30, 90)) this.#slots[FOREGROUND] = String(number);
    else if (isColour(number, 40, 100)) this.#slots[FOREGROUND + 1] = String(number);
    else for (const each of clearedBy[number] ?? []) this.#slots[each] = '';
  }
}

const isColour = (code: number, dark: number, bright: number): boolean =>
  (code >= dark && code < dark + 8) || (code >= bright && code < bright + 8);
