// Following a run: every event of every writer once, in the order of each writer.
//
// 1. A cursor says how far each writer was delivered: position of records, number of points. Points
//    keep their numbers through rewriting, so that a cursor stays good.
// 2. What was delivered is never taken back; a rewind is an event of its own.
//
// Spec: spec/records.md. Test: test/sdk/follow-run.test.ts.

import { Log, type LogRecord, type Vfs } from '../engine/index.ts';
import { durations } from '../limits.ts';
import { type Context, parseContext } from '../model/context.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import { decodeBatch } from '../store/format/batch.ts';
import { decodeAxis, decodeBlock } from '../store/format/block.ts';
import {
  type Close,
  decodeClose,
  decodeOpening,
  decodeParams,
  decodeRewind,
  type Opening,
  type Rewind,
  recordType,
} from '../store/record.ts';
import { listWriters, type RunPlaces } from '../store/repo-directory.ts';

/** How far each writer was delivered. Plain data: may be stored as JSON. */
export type FollowCursor = Readonly<
  Record<string, { readonly position: number; readonly points: number }>
>;

interface EventBase {
  readonly run: string;
  readonly writer: string;
  /** Goes on behind this event when given as `from`. */
  readonly cursor: FollowCursor;
}

export type FollowEvent =
  | (EventBase & {
      readonly type: 'points';
      readonly name: string;
      readonly context: Context;
      readonly steps: Float64Array;
      readonly values: Float64Array;
      readonly times: Float64Array;
      readonly epochs: Float64Array;
    })
  | (EventBase & {
      readonly type: 'params';
      readonly path: readonly string[];
      readonly value?: unknown;
    })
  | (EventBase & { readonly type: 'state'; readonly opening?: Opening; readonly close?: Close })
  | (EventBase & { readonly type: 'rewind'; readonly rewind?: Rewind; readonly undone?: string });

export interface FollowRunOptions {
  /** 'start' (default): everything there is first; 'now': only what comes; a cursor: behind it. */
  readonly from?: 'start' | 'now' | FollowCursor;
  readonly signal?: AbortSignal;
}

type Change =
  | {
      type: 'points';
      name: string;
      context: Context;
      steps: Float64Array;
      values: Float64Array;
      times: Float64Array;
      epochs: Float64Array;
    }
  | { type: 'params'; path: readonly string[]; value?: unknown }
  | { type: 'state'; opening?: Opening; close?: Close }
  | { type: 'rewind'; rewind?: Rewind; undone?: string };

export async function* followRun(
  vfs: Vfs,
  places: RunPlaces,
  hash: string,
  options: FollowRunOptions,
): AsyncGenerator<FollowEvent> {
  const { from = 'start', signal } = options;
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const queue: FollowEvent[] = [];
  let wake = (): void => {};
  const cursor: Record<string, { position: number; points: number }> = {};
  const failures: unknown[] = [];
  const started = new Set<string>();
  const startWriters = (isFirst: boolean): void => {
    for (const writer of listWriters(vfs, places.logs)) {
      if (started.has(writer)) continue;
      started.add(writer);
      cursor[writer] = startOf(vfs, places, writer, isFirst ? from : 'start');
      pump(writer).catch((error: unknown) => {
        failures.push(error);
        wake();
      });
    }
  };
  const pump = async (writer: string): Promise<void> => {
    const reader = new WriterEvents(vfs, `${places.logs}/${writer}`);
    const own = cursor[writer] as { position: number; points: number };
    const log = await Log.open(`${places.logs}/${writer}`, { vfs, readOnly: true });
    for await (const record of log.follow({ from: own.position, signal: ended.signal })) {
      const changes = reader.changesOf(record, own.points);
      own.position = Math.max(own.position, record.end);
      own.points = Math.max(own.points, reader.points);
      for (const change of changes)
        queue.push({
          ...change,
          run: hash,
          writer,
          cursor: structuredClone(cursor),
        } as FollowEvent);
      if (changes.length > 0) wake();
    }
  };
  startWriters(true);
  try {
    while (!ended.signal.aborted) {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
        if (ended.signal.aborted) return;
        yield event;
      }
      if (failures.length > 0) throw failures[0];
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, durations.followPollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        ended.signal.addEventListener('abort', wake, { once: true });
        if (queue.length > 0) wake();
      });
      startWriters(false);
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
  }
}

function startOf(
  vfs: Vfs,
  places: RunPlaces,
  writer: string,
  from: 'start' | 'now' | FollowCursor,
): { position: number; points: number } {
  if (from === 'start') return { position: 0, points: 0 };
  if (from !== 'now') return { ...(from[writer] ?? { position: 0, points: 0 }) };
  const log = Log.snapshot(`${places.logs}/${writer}`, { vfs });
  let points = 0;
  for (const record of log.records()) {
    if (record.type === recordType.points)
      points = (record.body as [number, number])[0] + (record.body as [number, number])[1];
    else if (record.type === recordType.stretch)
      points = Math.max(points, (record.body as [number, number])[1]);
  }
  return { position: log.position, points };
}

/** Turns records of one writer into changes; keeps what definitions and axes say. */
class WriterEvents {
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #keys = new Map<number, string>();
  readonly #axes = new Map<string, unknown[]>();
  /** Point number behind the last that was seen. */
  points = 0;

  constructor(vfs: Vfs, directory: string) {
    this.#vfs = vfs;
    this.#directory = directory;
  }

  /** Of points only those from number `delivered` on. */
  changesOf(record: LogRecord, delivered: number): Change[] {
    const { body } = record;
    switch (record.type) {
      case recordType.opening:
        return [{ type: 'state', opening: decodeOpening(body) }];
      case recordType.close:
        return [{ type: 'state', close: decodeClose(body) }];
      case recordType.params: {
        const { path, ...rest } = decodeParams(body);
        return [
          'value' in rest ? { type: 'params', path, value: rest.value } : { type: 'params', path },
        ];
      }
      case recordType.rewind:
        return [{ type: 'rewind', rewind: decodeRewind(body) }];
      case recordType.undo:
        return [{ type: 'rewind', undone: (body as [string])[0] }];
      case recordType.sequence:
        this.#keys.set((body as [number])[0], record.key as string);
        return [];
      case recordType.points:
        return this.#batch(body as [number, number, Uint8Array], delivered);
      case recordType.axis: {
        const name = `${record.place.fence}-${record.place.number}@${record.place.offset}`;
        const axes = this.#axes.get(name);
        if (axes === undefined) this.#axes.set(name, [body]);
        else axes.push(body);
        return [];
      }
      case recordType.blocks:
        return this.#blocks(record, delivered);
      case recordType.stretch:
        this.points = Math.max(this.points, (body as [number, number])[1]);
        this.#axes.clear();
        return [];
      default:
        return [];
    }
  }

  #batch([first, count, bytes]: [number, number, Uint8Array], delivered: number): Change[] {
    this.points = Math.max(this.points, first + count);
    const { sequences, steps, values, times, epochs } = decodeBatch(bytes, count);
    const indexes = new Map<number, number[]>();
    for (let index = Math.max(0, delivered - first); index < count; index += 1) {
      const id = sequences[index] as number;
      const own = indexes.get(id);
      if (own === undefined) indexes.set(id, [index]);
      else own.push(index);
    }
    return [...indexes].flatMap(([id, own]) => {
      const take = (column: Float64Array): Float64Array =>
        Float64Array.from(own, (index) => column[index] as number);
      return this.#points(this.#keyOf(id), {
        steps: take(steps),
        values: take(values),
        times: take(times),
        epochs: take(epochs),
      });
    });
  }

  /** A definition that stands before the cursor is looked up once. */
  #keyOf(id: number): string | undefined {
    if (!this.#keys.has(id)) {
      for (const record of Log.snapshot(this.#directory, { vfs: this.#vfs }).records()) {
        const isDefinition =
          record.type === recordType.sequence || record.type === recordType.blocks;
        if (isDefinition) this.#keys.set((record.body as [number])[0], record.key as string);
      }
    }
    return this.#keys.get(id);
  }

  #blocks(record: LogRecord, delivered: number): Change[] {
    const [id, , blocks] = record.body as [number, string, [number, number, unknown][]];
    this.#keys.set(id, record.key as string);
    return blocks.flatMap(([axisFrame, axisIndex, stored]) => {
      const { fence, number, offset } = record.place;
      const axes = this.#axes.get(`${fence}-${number}@${axisFrame === 0 ? offset : axisFrame}`);
      const axis = axes?.[axisIndex];
      if (axis === undefined) return [];
      const rows = decodeBlock(stored, decodeAxis(axis));
      const own = [...rows.numbers.keys()].filter(
        (index) => (rows.numbers[index] as number) >= delivered,
      );
      own.sort((a, b) => (rows.numbers[a] as number) - (rows.numbers[b] as number));
      const take = (column: Float64Array): Float64Array =>
        Float64Array.from(own, (index) => column[index] as number);
      return this.#points(record.key, {
        steps: take(rows.steps),
        values: take(rows.values),
        times: take(rows.times),
        epochs: take(rows.epochs),
      });
    });
  }

  #points(
    key: string | undefined,
    columns: {
      steps: Float64Array;
      values: Float64Array;
      times: Float64Array;
      epochs: Float64Array;
    },
  ): Change[] {
    const parsed = key === undefined ? undefined : parseSequenceKey(key);
    if (parsed === undefined || columns.steps.length === 0) return [];
    return [
      { type: 'points', name: parsed.name, context: parseContext(parsed.contextText), ...columns },
    ];
  }
}
