// Record types of a run's log and the shapes of their bodies.
//
// 1. A number that was given out is never used for anything else.
// 2. Whoever reads a body checks its shape here: a checksum says that it is what was written, not
//    that it was written by us.
//
// Spec: spec/records.md. Test: test/store/record.test.ts.

import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { KeptError } from './kept-error.ts';

export const recordType = {
  opening: 16,
  close: 17,
  params: 18,
  sequence: 19,
  points: 20,
  rewind: 21,
  undo: 22,
  lines: 23,
  log: 24,
  content: 25,
  objects: 26,
  artifact: 27,
  axis: 32,
  blocks: 33,
  stretch: 34,
} as const;

/** How a run was closed. */
export type Outcome = 'finished' | 'failed';

/** How a run came to its end. Absent: by `close()`. */
export type How = 'dispose' | 'exit' | 'uncaught';

/** How an error that nobody caught came up, in the words of Node.js. */
export type Origin = 'uncaughtException' | 'unhandledRejection';

/** What an opening found of one before it that had not closed. */
export interface Before {
  readonly state: 'dead' | 'alive' | 'unknown';
  /** 0: not known. */
  readonly seenAt: number;
}

export interface Opening {
  /** 16 hex digits. */
  readonly life: string;
  readonly openedAt: number;
  readonly host: string;
  readonly pid: number;
  readonly thread: number;
  readonly resumed: boolean;
  readonly nodeVersion: string;
  readonly packageVersion: string;
  readonly before?: Before | undefined;
}

export interface Close {
  readonly closedAt: number;
  readonly outcome: Outcome;
  readonly error: KeptError | undefined;
  readonly how?: How | undefined;
  readonly exitCode?: number | undefined;
  readonly origin?: Origin | undefined;
}

/** One `set` or `unset`. */
export interface ParamsChange {
  readonly lamport: number;
  readonly path: readonly string[];
  /** Spelled; absent: unset. */
  readonly value?: unknown;
}

export interface RewindTarget {
  readonly writer: string;
  readonly position: number;
  /** Points of the writer below it are hidden. */
  readonly number: number;
}

export interface Rewind {
  /** 16 hex digits. */
  readonly id: string;
  readonly step: number;
  /** Undefined: every sequence that the user tracks. */
  readonly name: string | undefined;
  /** Canonical text; undefined: every context of the name. */
  readonly contextText: string | undefined;
  readonly targets: readonly RewindTarget[];
  readonly time: number;
}

export const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** The elements of a body that must be an array of at least `length`. */
export function bodyFields(body: unknown, length: number, what: string): unknown[] {
  if (Array.isArray(body) && body.length >= length) return body;
  throw wrongShape(what);
}

const wrongShape = (what: string): RunlogError =>
  new RunlogError('CORRUPT', `${what}: not the shape of its type`);

type Shape = (field: unknown) => boolean;

const isText: Shape = (field) => typeof field === 'string';
const isNumber: Shape = (field) => typeof field === 'number';
const isFlag: Shape = (field) => typeof field === 'boolean';
const isLife: Shape = (field) => field instanceof Uint8Array && field.length === 8;
const isOneOf =
  (...words: string[]): Shape =>
  (field) =>
    words.includes(field as string);
const isOutcome: Shape = isOneOf('finished', 'failed');
const isNilOr =
  (shape: Shape): Shape =>
  (field) =>
    field === null || shape(field);
const isListOf =
  (shape: Shape): Shape =>
  (field) =>
    Array.isArray(field) && field.every(shape);
const isTuple =
  (...shapes: Shape[]): Shape =>
  (field) =>
    Array.isArray(field) &&
    field.length === shapes.length &&
    shapes.every((shape, index) => shape(field[index]));

/** The elements of a body, the first of which are of these shapes; behind them is place for later. */
function shapedFields(body: unknown, shapes: readonly Shape[], what: string): unknown[] {
  const fields = bodyFields(body, shapes.length, what);
  if (shapes.every((shape, index) => shape(fields[index]))) return fields;
  throw wrongShape(what);
}

const openingShapes = [isLife, isNumber, isText, isNumber, isNumber, isFlag, isText, isText];
const isError: Shape = isTuple(isText, isText, isText);
const closeShapes = [isNumber, isOutcome, isNilOr(isError)];
const paramsShapes = [isNumber, isListOf(isText)];
const rewindShapes = [
  isText,
  isNumber,
  isNilOr(isText),
  isNilOr(isText),
  isListOf(isTuple(isText, isNumber, isNumber)),
  isNumber,
];

export const encodeOpening = (each: Opening): unknown => [
  bytesOf(each.life),
  each.openedAt,
  each.host,
  each.pid,
  each.thread,
  each.resumed,
  each.nodeVersion,
  each.packageVersion,
  moreOf({ before: each.before && [each.before.state, each.before.seenAt] }),
];

export function decodeOpening(body: unknown): Opening {
  const fields = shapedFields(body, openingShapes, 'opening');
  const [life, openedAt, host, pid, thread, resumed, nodeVersion, packageVersion] = fields as [
    Uint8Array,
    ...[number, string, number, number, boolean, string, string],
  ];
  const whole = { life: hexOf(life), openedAt, host, pid, thread, resumed, nodeVersion };
  const before = known(fields[8], 'before', isTuple(isOneOf('dead', 'alive', 'unknown'), isNumber));
  if (before === undefined) return { ...whole, packageVersion };
  const [state, seenAt] = before as [Before['state'], number];
  return { ...whole, packageVersion, before: { state, seenAt } };
}

export function encodeClose({ closedAt, outcome, error, how, exitCode, origin }: Close): unknown {
  const causes = error?.causes?.map(({ name, message, stack }) => [name, message, stack]);
  return [
    closedAt,
    outcome,
    error === undefined ? null : [error.name, error.message, error.stack],
    moreOf({ how, exitCode, origin, causes }),
  ];
}

export function decodeClose(body: unknown): Close {
  const fields = shapedFields(body, closeShapes, 'close');
  const [closedAt, outcome, kept, more] = fields as [number, Outcome, KeptText | null, unknown];
  const causes = known(more, 'causes', isListOf(isError)) as KeptText[] | undefined;
  const error = kept === null ? undefined : { ...errorOf(kept), ...causesOf(causes) };
  const how = known(more, 'how', isOneOf('dispose', 'exit', 'uncaught')) as How | undefined;
  const origin = known(more, 'origin', isOneOf('uncaughtException', 'unhandledRejection'));
  const exitCode = known(more, 'exitCode', isNumber) as number | undefined;
  return {
    closedAt,
    outcome,
    error,
    ...(how !== undefined && { how }),
    ...(exitCode !== undefined && { exitCode }),
    ...(origin !== undefined && { origin: origin as Origin }),
  };
}

type KeptText = readonly [name: string, message: string, stack: string];

const errorOf = ([name, message, stack]: KeptText): KeptError => ({ name, message, stack });

const causesOf = (causes: readonly KeptText[] | undefined): Pick<KeptError, 'causes'> =>
  causes === undefined ? {} : { causes: causes.map(errorOf) };

/** The members that are there; nil when none is. */
function moreOf(members: Readonly<Record<string, unknown>>): unknown {
  const there = Object.entries(members).filter(([, value]) => value !== undefined);
  return there.length === 0 ? null : Object.fromEntries(there);
}

/** A member of `more`; undefined where it is not there in this shape: place for later. */
function known(more: unknown, key: string, shape: Shape): unknown {
  if (typeof more !== 'object' || more === null || !Object.hasOwn(more, key)) return undefined;
  const value = (more as Record<string, unknown>)[key];
  return shape(value) ? value : undefined;
}

export const encodeParams = (each: ParamsChange): unknown =>
  'value' in each ? [each.lamport, each.path, each.value] : [each.lamport, each.path];

export function decodeParams(body: unknown): ParamsChange {
  const fields = shapedFields(body, paramsShapes, 'params');
  const [lamport, path, value] = fields as [number, string[], unknown];
  return fields.length === 2 ? { lamport, path } : { lamport, path, value };
}

export function encodeRewind({ id, step, name, contextText, targets, time }: Rewind): unknown {
  const pairs = targets.map(({ writer, position, number }) => [writer, position, number]);
  return [id, step, name ?? null, contextText ?? null, pairs, time];
}

export function decodeRewind(body: unknown): Rewind {
  const [id, step, name, contextText, pairs, time] = shapedFields(body, rewindShapes, 'rewind') as [
    string,
    number,
    string | null,
    string | null,
    [string, number, number][],
    number,
  ];
  const targets = pairs.map(([writer, position, number]) => ({ writer, position, number }));
  return {
    id,
    step,
    name: name ?? undefined,
    contextText: contextText ?? undefined,
    targets,
    time,
  };
}

const isId: Shape = (field) =>
  Number.isInteger(field) && (field as number) >= 0 && (field as number) < limits.sequenceCountMax;
const isCount: Shape = (field) => Number.isSafeInteger(field) && (field as number) >= 0;
const isBytes: Shape = (field) => field instanceof Uint8Array;
const isAny: Shape = () => true;

const sequenceShapes = [isId, isText];
const pointsShapes = [isCount, isCount, isBytes];
const blocksShapes = [isId, isText, isListOf(isTuple(isCount, isCount, isAny))];
const stretchShapes = [isCount, isCount, isCount];

/** Body of a points record; `columns` is what `decodeBatch` takes. */
export type BatchBody = readonly [first: number, count: number, columns: Uint8Array];

/** Body of a blocks record; a block is what `decodeBlock` takes. */
export type BlocksBody = readonly [
  id: number,
  kind: string,
  blocks: readonly (readonly [axisFrame: number, axisIndex: number, block: unknown])[],
];

/** Each throws RunlogError CORRUPT. */
export const decodeSequence = (body: unknown): readonly [id: number, kind: string] =>
  shapedFields(body, sequenceShapes, 'sequence') as [number, string];
export const decodePoints = (body: unknown): BatchBody =>
  shapedFields(body, pointsShapes, 'points') as unknown as BatchBody;
export const decodeBlocks = (body: unknown): BlocksBody =>
  shapedFields(body, blocksShapes, 'blocks') as unknown as BlocksBody;
export const decodeStretch = (
  body: unknown,
): readonly [firstPoint: number, endPoint: number, nextSequence: number] =>
  shapedFields(body, stretchShapes, 'stretch') as [number, number, number];

/** The id that a definition or the blocks of a sequence give to its key; undefined for other records. */
export function sequenceIdOf({ type, body }: { type: number; body: unknown }): number | undefined {
  if (type === recordType.sequence) return decodeSequence(body)[0];
  return type === recordType.blocks ? decodeBlocks(body)[0] : undefined;
}
