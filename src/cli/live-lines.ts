// Lines that come and change: on a terminal one that changes is rewritten where it stands, in a pipe it
// is printed when the next one has begun.
//
// 1. Only a line that is still in sight is rewritten, and only in the room that it had: what cannot be
//    is printed anew.
//
// Test: test/cli/terminal.test.ts, test/cli/logs.test.ts.

import { lengthOfLine } from './line-text.ts';
import { isTerminal, print } from './print.ts';

interface Shown {
  readonly key: string;
  text: string;
  readonly rows: number;
}

export interface LiveLines {
  /** A line as it is now. `key`: the same for the same line. */
  tell(key: string, text: string): void;
  end(): void;
}

export const liveLines = (): LiveLines => (isTerminal() ? new ScreenLines() : new PipeLines());

class ScreenLines implements LiveLines {
  readonly #shown: Shown[] = [];

  tell(key: string, text: string): void {
    const { stdout } = process;
    const rows = rowsOf(text);
    const place = this.#shown.findIndex((each) => each.key === key);
    const there = this.#shown[place];
    if (there?.text === text) return;
    if (there?.rows === rows) {
      const up = this.#shown.slice(place).reduce((sum, each) => sum + each.rows, 0);
      there.text = text;
      stdout.write(`\u001b[${up}A\r\u001b[2K${text}\u001b[${up}B\r`);
      return;
    }
    if (place >= 0) this.#shown.splice(place, 1);
    print(text);
    this.#shown.push({ key, text, rows });
    let height = this.#shown.reduce((sum, each) => sum + each.rows, 0);
    while (height >= (stdout.rows || 24)) height -= this.#shown.shift()?.rows ?? height;
  }

  end(): void {}
}

const rowsOf = (text: string): number =>
  Math.max(1, Math.ceil(lengthOfLine(text) / (process.stdout.columns || 80)));

class PipeLines implements LiveLines {
  #waiting: { key: string; text: string } | undefined;

  tell(key: string, text: string): void {
    if (this.#waiting !== undefined && this.#waiting.key !== key) print(this.#waiting.text);
    this.#waiting = { key, text };
  }

  end(): void {
    if (this.#waiting !== undefined) print(this.#waiting.text);
    this.#waiting = undefined;
  }
}
