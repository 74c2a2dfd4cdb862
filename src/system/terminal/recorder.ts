// The lines of several streams, numbered together, as they are to be recorded.
//
// 1. What is taken is in the order of line numbers, each line as it stands now.
// 2. A line under the cursor may go on. Where secrets are redacted, what may be the first half of one is
//    held back until the line ends.
//
// Spec: spec/terminal.md. Test: test/system/terminal/recorder.test.ts.

import { durations, limits } from '../../limits.ts';
import { BytesToText } from './bytes-to-text.ts';
import type { Row } from './row.ts';
import { type LineCounter, Screen } from './screen.ts';
import { SecretLines } from './secret-lines.ts';

/** Lines by columns of equal length. */
export interface TerminalLines {
  readonly numbers: number[];
  /** As spec/records.md numbers them. */
  readonly streams: number[];
  /** Milliseconds since 1970. */
  readonly times: number[];
  readonly texts: string[];
}

export interface RecorderOptions {
  /** Number of the next line. */
  readonly next: number;
  readonly colors: 'keep' | 'strip';
  /** Takes secrets out of a text. Default: nothing is redacted. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** Characters of the lines that are taken as one: far from what a frame may hold. */
const PART_SIZE = 256 * 1024;

export class TerminalRecorder {
  readonly #options: RecorderOptions;
  readonly #counter: LineCounter;
  /** Those that have not ended. */
  readonly streams: TerminalStream[] = [];
  #isCut = false;
  /** Characters written since the last `take`. */
  size = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#counter = { next: options.next };
  }

  /** `number`: as spec/records.md numbers streams. `override`: instead of the options of the recorder. */
  stream(
    number: number,
    override: Partial<Pick<RecorderOptions, 'colors' | 'redact'>> = {},
  ): TerminalStream {
    const options = { ...this.#options, ...override };
    const stream = new TerminalStream(number, this.#counter, options, (size) => {
      this.size += size;
    });
    this.streams.push(stream);
    return stream;
  }

  /** Something lay beyond the last column of a line. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Lines that have changed since they were taken last, in parts of bounded size. */
  take(): TerminalLines[] {
    this.size = 0;
    const taken = this.streams.map((stream) => ({ stream, rows: stream.take() }));
    this.#isCut ||= this.streams.some((each) => each.isCut);
    for (let index = this.streams.length - 1; index >= 0; index -= 1)
      if (this.streams[index]?.isEnded) this.streams.splice(index, 1);
    const busy = taken.filter(({ rows }) => rows.length > 0);
    const parts = new Parts();
    const [only] = busy;
    if (busy.length === 1 && only !== undefined)
      for (const row of only.rows) parts.add(only.stream, row);
    else
      busy
        .flatMap(({ stream, rows }) => rows.map((row) => ({ stream, row })))
        .sort((a, b) => a.row.line - b.row.line)
        .forEach(({ stream, row }) => {
          parts.add(stream, row);
        });
    return parts.all;
  }
}

/** Gathers lines into parts. */
class Parts {
  readonly all: TerminalLines[] = [];
  #size = PART_SIZE;

  add(stream: TerminalStream, row: Row): void {
    const text = stream.textOf(row);
    if (this.#size >= PART_SIZE) {
      this.all.push({ numbers: [], streams: [], times: [], texts: [] });
      this.#size = 0;
    }
    this.#size += text.length + 1;
    const part = this.all.at(-1) as TerminalLines;
    part.numbers.push(row.line);
    part.streams.push(stream.number);
    part.times.push(row.time);
    part.texts.push(text);
  }
}

/** A long line that goes on is recorded as it grows by a part of itself: its length in all, not its square. */
function isWorthRecording({ length, time, recordedLength, recordedTime }: Row): boolean {
  if (length <= limits.terminalLongLineColumnCount) return true;
  const isMuch = Math.abs(length - recordedLength) * 16 >= recordedLength;
  return isMuch || Math.abs(time - recordedTime) >= durations.terminalLongLineMs;
}

/** One stream: stdout or stderr of the process or of a child. */
export class TerminalStream {
  readonly number: number;
  isEnded = false;
  readonly #decoder = new BytesToText();
  readonly #screen: Screen;
  readonly #isStyled: boolean;
  readonly #secrets: SecretLines | undefined;
  readonly #onWrite: (size: number) => void;
  /** Rows that were open when they were taken: something of them may still be to record. */
  readonly #held = new Set<Row>();

  constructor(
    number: number,
    counter: LineCounter,
    { colors, redact }: RecorderOptions,
    onWrite: (size: number) => void,
  ) {
    this.number = number;
    this.#screen = new Screen(counter);
    this.#isStyled = colors === 'keep';
    this.#secrets = redact === undefined ? undefined : new SecretLines(redact);
    this.#onWrite = onWrite;
  }

  get isCut(): boolean {
    return this.#screen.isCut;
  }

  write(chunk: string | Uint8Array, encoding: string | undefined, time: number): void {
    if (this.isEnded) return;
    this.#screen.write(this.#decoder.decode(chunk, encoding), time);
    this.#onWrite(chunk.length);
  }

  /** Nothing comes any more: what was held back of the last line is recorded with the rest. */
  end(time: number): void {
    if (this.isEnded) return;
    this.#screen.write(this.#decoder.end(), time);
    this.isEnded = true;
  }

  /** Rows that have changed, or of which something was held back that is judged now; in order. */
  take(): Row[] {
    const changed = this.#screen.take();
    const late = changed.findLast((row) => this.#isOpen(row) && !isWorthRecording(row));
    if (late === undefined && this.#held.size === 0) return changed;
    const due = [...this.#held].filter((row) => !this.#isOpen(row));
    const rows = new Set([...changed, ...due]);
    for (const row of rows) this.#held.delete(row);
    if (late !== undefined) {
      rows.delete(late);
      this.#held.add(late);
    }
    return [...rows].sort((a, b) => a.line - b.line);
  }

  /** The cursor is in it: it may go on. */
  #isOpen(row: Row): boolean {
    return !this.isEnded && row.index === this.#screen.cursorRow;
  }

  textOf(row: Row): string {
    row.recordedLength = row.length;
    row.recordedTime = row.time;
    if (this.#secrets === undefined) return this.#isStyled ? row.styledText : row.text;
    const isOpen = this.#isOpen(row);
    if (isOpen) this.#held.add(row);
    return this.#secrets.textOf(row, isOpen, this.#isStyled);
  }
}
