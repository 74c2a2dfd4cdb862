// The newest value of each metric, in a table that is rewritten in place.
//
// 1. Drawn at most five times a second, however many points come.
// 2. Never higher than the terminal: what changed last stays in sight.
//
// Test: test/cli/terminal.test.ts, test/cli/live-table.test.ts.

import type { FollowEvent } from '../index.ts';
import { contextText } from './facts.ts';
import { duration, number, styled, widthOfOutput } from './print.ts';
import { table } from './table.ts';

/** Milliseconds that are drawn a few times a second say nothing. */
const ageText = (ms: number): string => duration(Math.round(ms / 1000) * 1000);

export interface LiveRow {
  readonly run: string;
  readonly name: string;
  readonly context: string;
  readonly step: number;
  readonly value: number;
  readonly points: number;
  /** The greatest step that is among `points` from the beginning: its event may still come. */
  readonly known: number;
  /** When it came, of this machine's clock; undefined: it was there. */
  readonly time: number | undefined;
}

const DRAW_MS = 200;

type Points = Extract<FollowEvent, { type: 'points' }>;

export class LiveTable {
  readonly #rows = new Map<string, LiveRow>();
  readonly #shorten: () => (hash: string) => string;
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #clock: NodeJS.Timeout;

  constructor(rows: readonly LiveRow[], shorten: () => (hash: string) => string) {
    for (const row of rows) this.#rows.set(keyOf(row.run, row.name, row.context), row);
    this.#shorten = shorten;
    this.#draw();
    // Ages go on while nothing comes.
    this.#clock = setInterval(() => this.#draw(), 1000);
    this.#clock.unref();
  }

  add({ run, name, context, steps, values }: Omit<Points, 'cursor'>): void {
    const text = contextText(context);
    const key = keyOf(run, name, text);
    const before = this.#rows.get(key);
    let { step, value } = before ?? { step: Number.NaN, value: Number.NaN };
    for (let index = 0; index < steps.length; index += 1) {
      // A point that was counted already changes nothing: the value of the greatest step stands.
      if ((steps[index] as number) < step) continue;
      step = steps[index] as number;
      value = values[index] as number;
    }
    const known = before?.known ?? Number.NEGATIVE_INFINITY;
    const points = (before?.points ?? 0) + steps.filter((each) => each > known).length;
    this.#rows.delete(key);
    this.#rows.set(key, { run, name, context: text, step, value, points, known, time: Date.now() });
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  end(): void {
    clearInterval(this.#clock);
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { stdout } = process;
    const short = this.#shorten();
    const room = Math.max(1, (stdout.rows || 24) - 3);
    const newest = [...this.#rows.values()].slice(-room);
    const shown = newest.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    const now = Date.now();
    const [head = '', ...lines] = table(
      [
        { whole: 'run' },
        'metric',
        'context',
        ...['step', 'value', 'points', 'age'].map((right) => ({ right })),
      ],
      shown.map((row) => [
        { text: short(row.run), style: 'cyan' as const },
        row.name,
        row.context,
        number(row.step),
        number(row.value),
        String(row.points),
        row.time === undefined ? '' : ageText(now - row.time),
      ]),
      widthOfOutput(),
    );
    const left = this.#rows.size - shown.length;
    const drawn = [
      styled('bold', head),
      ...lines,
      ...(left > 0 ? [styled('dim', `${left} more, which changed before these`)] : []),
      ...(this.#rows.size === 0 ? [styled('dim', 'no run is live; waiting, Ctrl-C ends it')] : []),
    ];
    const up = this.#lines === 0 ? '' : `\u001b[${this.#lines}A`;
    stdout.write(`${up}\r\u001b[J${drawn.join('\n')}\n`);
    this.#lines = drawn.length;
  }
}

const keyOf = (run: string, name: string, context: string): string =>
  JSON.stringify([run, name, context]);
const orderOf = ({ run, name, context }: LiveRow): string => keyOf(run, name, context);
