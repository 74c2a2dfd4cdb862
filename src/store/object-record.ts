// Objects by step as a log holds them: contents stored once by their SHA-256, and what was tracked at a step.
//
// 1. The key of a content begins with NUL, which no sequence key does.
// 2. Both kinds of record stand alone in their frame, so that readers of other things pass over them by
//    the frame's header.
//
// Spec: spec/objects.md. Test: test/store/object-record.test.ts.

import { createHash } from 'node:crypto';

import type { RecordInput } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { bodyFields, hexOf, recordType } from './record.ts';

export const objectKinds = ['texts', 'images', 'distributions', 'figures', 'tables'] as const;
/** The kinds of objects that can be tracked. */
export type ObjectKind = (typeof objectKinds)[number];

/** What a kind adds to its content; known without reading it. */
export type ObjectAttributes = Readonly<Record<string, unknown>>;

/** An object that is tracked. Nothing of it changes any more. */
export interface ObjectInput {
  readonly kind: ObjectKind;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly attributes: ObjectAttributes;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly hash: string;
}

/** An object of a step as it is stored: its content stands here, or elsewhere by its hash. */
export interface ObjectItem {
  readonly attributes: ObjectAttributes;
  readonly size: number;
  /** Undefined: the content stands here. */
  readonly hash: string | undefined;
  readonly bytes: Uint8Array | undefined;
}

export interface ObjectsRecord {
  /** Maybe none that this version knows. */
  readonly kind: string;
  readonly step: number;
  /** NaN: none. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly items: readonly ObjectItem[];
}

export const isObjectKind = (kind: string): kind is ObjectKind =>
  (objectKinds as readonly string[]).includes(kind);

export const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export const contentKey = (hash: string): string => `\0${hash}`;

export const isInline = ({ bytes }: ObjectInput): boolean =>
  bytes.length <= limits.inlineContentSizeMax;

/** Frames of which types are read by who wants objects alone. */
export const isObjects = (type: number): boolean => type === recordType.objects;

/** Frames of which types are read by who wants everything but objects. */
export const isNoObject = (type: number): boolean =>
  type !== recordType.content && type !== recordType.objects;

/** Frames of which types are read by who wants objects too, and no content. */
export const isNoContent = (type: number): boolean => type !== recordType.content;

export const contentRecord = ({ hash, mediaType, bytes }: ObjectInput): RecordInput => ({
  type: recordType.content,
  key: contentKey(hash),
  body: [mediaType, bytes],
  skippable: true,
});

export function objectsRecord(
  key: string,
  at: Pick<ObjectsRecord, 'kind' | 'step' | 'epoch' | 'time'>,
  objects: readonly ObjectInput[],
): RecordInput {
  const items = objects.map((each) => [
    each.attributes,
    each.bytes.length,
    isInline(each) ? [each.bytes] : new Uint8Array(Buffer.from(each.hash, 'hex')),
  ]);
  const epoch = Number.isNaN(at.epoch) ? null : at.epoch;
  const body = [at.kind, at.step, epoch, at.time, items];
  return { type: recordType.objects, key, body, skippable: true };
}

const wrongShape = (what: string): RunlogError =>
  new RunlogError('CORRUPT', `${what}: not the shape of its type`);

/** @throws RunlogError CORRUPT. */
export function decodeObjects(body: unknown): ObjectsRecord {
  const [kind, step, epoch, time, items] = bodyFields(body, 5, 'objects');
  const isWhole =
    typeof kind === 'string' &&
    Number.isSafeInteger(step) &&
    (epoch === null || typeof epoch === 'number') &&
    typeof time === 'number' &&
    Array.isArray(items);
  if (!isWhole) throw wrongShape('objects');
  return {
    kind,
    step: step as number,
    epoch: epoch ?? Number.NaN,
    time,
    items: items.map(decodeItem),
  };
}

function decodeItem(item: unknown): ObjectItem {
  const [attributes, size, content] = bodyFields(item, 3, 'object');
  const isMap = typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes);
  if (!isMap || !Number.isSafeInteger(size)) throw wrongShape('object');
  const rest = { attributes: attributes as ObjectAttributes, size: size as number };
  if (content instanceof Uint8Array && content.length === 32)
    return { ...rest, hash: hexOf(content), bytes: undefined };
  const [bytes] = bodyFields(content, 1, 'object');
  if (!(bytes instanceof Uint8Array)) throw wrongShape('object');
  return { ...rest, hash: undefined, bytes };
}

/** The bytes of a content record. @throws RunlogError CORRUPT. */
export function decodeContent(body: unknown): Uint8Array {
  const [, bytes] = bodyFields(body, 2, 'content');
  if (bytes instanceof Uint8Array) return bytes;
  throw wrongShape('content');
}
