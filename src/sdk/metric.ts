// One metric of a run: summary without reading values where blocks allow it, values on demand.
//
// Test: test/sdk/metric.test.ts.

import { limits } from '../limits.ts';
import { checkMembers, checkType } from '../model/check.ts';
import { type Context, parseContext } from '../model/context.ts';
import { given } from '../model/given.ts';
import { checkWriterName } from '../model/names.ts';
import type { CatalogueSequence } from '../store/catalogue-entry.ts';
import type { Downsampled } from '../store/downsample.ts';
import type { PointPiece } from '../store/point-piece.ts';
import { downsamplePieces } from '../store/point-pieces.ts';
import { columnsOf, rowsBetween, type ShownRows, type Summary } from '../store/rows.ts';
import type { RunReader, SequenceFacts } from '../store/run-reader.ts';
import { checkFollowOptions, type FollowEvent, type FollowRunOptions } from './follow-run.ts';
import type { RunView } from './run-view.ts';

/** Which points `metric.values` gives. */
export interface ValuesOptions {
  /** First step; default the first there is. */
  readonly fromStep?: number | undefined;
  /** One past the last step. */
  readonly toStep?: number | undefined;
  /** Only what this writer tracked. */
  readonly writer?: string | undefined;
  /** Also what was replaced at its step and what a rewind hides. Default false. */
  readonly raw?: boolean | undefined;
}

/** Points of the metric, and rewinds that reach it. */
export type MetricFollowEvent = Extract<FollowEvent, { type: 'points' | 'rewind' }>;

/** Columns of equal length, ordered by (step, writer). `times` and `epochs` are unpacked when first read. */
export interface Values {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** NaN: none. */
  readonly epochs: Float64Array;
}

export type { Downsampled } from '../store/downsample.ts';

/** The window of a plot, and its width. */
export interface DownsampleOptions {
  /** Pixel columns, 1 to 65,536. */
  readonly width: number;
  /** First step of the window; default the first there is. */
  readonly fromStep?: number | undefined;
  /** One past its last step; default one past the last there is. */
  readonly toStep?: number | undefined;
  /** Only what this writer tracked. */
  readonly writer?: string | undefined;
}

const downsampleNames = new Set(['width', 'fromStep', 'toStep', 'writer']);

function checkDownsample(options: DownsampleOptions): DownsampleOptions {
  checkMembers(options, 'options', downsampleNames);
  const { width, fromStep, toStep, writer } = options;
  if (typeof width !== 'number')
    throw new TypeError(`width: expected a number, got ${given(width)}`);
  if (!Number.isInteger(width) || width < 1 || width > limits.plotWidthMax) {
    throw new RangeError(
      `width: expected an integer from 1 to ${limits.plotWidthMax} (plotWidthMax), got ${given(width)}`,
    );
  }
  for (const [name, value] of Object.entries({ fromStep, toStep }))
    if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
      throw new TypeError(`${name}: expected a number, got ${given(value)}`);
  if (writer !== undefined) checkWriterName(writer);
  return options;
}

const valuesNames = new Set(['fromStep', 'toStep', 'writer', 'raw']);

/** Points of one block that `blocks()` yields. */
const BLOCK_POINTS = 65_536;

/** The run itself, and what may stand for it. */
export interface MetricSource {
  reader(): RunReader;
  /** Points that a reader is shown, where they are known in a cheaper way. */
  rows(key: string): ShownRows | undefined;
}

/** One metric of a run, of the snapshot that `run` is: a summary at once, points on demand. */
export class Metric {
  /** The run it was read from. */
  readonly run: RunView;
  readonly name: string;
  readonly context: Context;
  /** Who has tracked it, by name. */
  readonly writers: readonly string[];
  readonly #source: MetricSource;
  readonly #sequence: SequenceFacts | CatalogueSequence;
  #summary: Summary | undefined | null = null;
  /** By the writer that was asked for. */
  readonly #pieces = new Map<string | undefined, PointPiece[][]>();

  /** @internal Use `view.metric`. */
  constructor(run: RunView, source: MetricSource, sequence: SequenceFacts | CatalogueSequence) {
    this.run = run;
    this.name = sequence.name;
    this.context = parseContext(sequence.contextText);
    this.writers = sequence.writers;
    this.#source = source;
    this.#sequence = sequence;
  }

  get #reader(): RunReader {
    return this.#source.reader();
  }

  #fact(name: keyof Summary): number | undefined {
    if ('value' in this.#sequence) return this.#sequence.value(name);
    if (this.#summary === null) this.#summary = this.#reader.summary(this.#sequence);
    return this.#summary?.[name];
  }

  /** Value at the greatest step; NaN when every point is hidden. */
  get last(): number {
    return this.#fact('last') ?? Number.NaN;
  }

  /** The greatest step; undefined when every point is hidden. */
  get lastStep(): number | undefined {
    return this.#fact('lastStep');
  }

  /** Value at the smallest step. */
  get first(): number {
    return this.#fact('first') ?? Number.NaN;
  }

  /** The smallest step; undefined when every point is hidden. */
  get firstStep(): number | undefined {
    return this.#fact('firstStep');
  }

  /** Without NaN; NaN when there is no other value. */
  get min(): number {
    return this.#fact('min') ?? Number.NaN;
  }

  /** As `min`. */
  get max(): number {
    return this.#fact('max') ?? Number.NaN;
  }

  /** Points that `values()` gives. */
  get count(): number {
    return this.#fact('count') ?? 0;
  }

  /** Of all values that are not NaN. */
  get sum(): number {
    return this.#fact('sum') ?? 0;
  }

  /** Of the values that are not NaN; NaN when there is none. */
  get mean(): number {
    return this.sum / (this.count - (this.#fact('nanCount') ?? 0));
  }

  /** @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO. */
  async values(options: ValuesOptions = {}): Promise<Values> {
    return columnsOf(this.#rows(options), (column) => column);
  }

  /** The same in pieces of at most 65,536 points. */
  async *blocks(options: ValuesOptions = {}): AsyncGenerator<Values> {
    const rows = this.#rows(options);
    for (let start = 0; start < rows.steps.length; start += BLOCK_POINTS) {
      yield columnsOf(rows, (column) => column.subarray(start, start + BLOCK_POINTS));
    }
  }

  /**
   * What a plot of `width` pixel columns shows of the steps from `fromStep` to `toStep`, of every point and
   * exactly: of each column the first and last point, the least and greatest value and where they stand, and
   * the gaps (NaN). Left out, the window is all there is. What was read once is kept, so that the next window
   * costs little.
   *
   * @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO.
   */
  async downsample(options: DownsampleOptions): Promise<Downsampled> {
    const { width, fromStep, toStep, writer } = checkDownsample(options);
    let pieces = this.#pieces.get(writer);
    if (pieces === undefined) {
      pieces = this.#reader.pieces(this.#sequence, writer);
      this.#pieces.set(writer, pieces);
    }
    return downsamplePieces(pieces, { width, fromStep, toStep });
  }

  /**
   * Points of this metric as they come, each once, in the order of each writer; and the rewinds that
   * reach it. As `view.follow`.
   */
  follow(options: FollowRunOptions = {}): AsyncGenerator<MetricFollowEvent> {
    checkFollowOptions(options);
    return this.run.followOne(this.#sequence.key, options) as AsyncGenerator<MetricFollowEvent>;
  }

  #rows(options: ValuesOptions): ShownRows {
    checkMembers(options, 'options', valuesNames);
    const {
      fromStep = Number.NEGATIVE_INFINITY,
      toStep = Number.POSITIVE_INFINITY,
      writer,
      raw,
    } = options;
    checkType(raw, 'boolean', 'raw');
    for (const [name, value] of [
      ['fromStep', fromStep],
      ['toStep', toStep],
    ] as const) {
      if (typeof value !== 'number' || Number.isNaN(value))
        throw new TypeError(`${name}: expected a number, got ${given(value)}`);
    }
    if (writer !== undefined) checkWriterName(writer);
    const isPlain = writer === undefined && raw !== true;
    const rows = isPlain ? this.#source.rows(this.#sequence.key) : undefined;
    return rowsBetween(
      rows ?? this.#reader.rows(this.#sequence, { writer, raw }),
      fromStep,
      toStep,
    );
  }
}
