// What `run.track` takes besides numbers: objects that are made before they are tracked, and then do not
// change.
//
// Test: test/sdk/objects.test.ts.

import { RunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { checkMembers } from '../../model/check.ts';
import { given } from '../../model/given.ts';
import {
  hashOf,
  type ObjectAttributes,
  type ObjectInput,
  type ObjectKind,
} from '../../store/object-record.ts';

/** Text, Image, Distribution, Figure or Table. */
export abstract class TrackedObject {
  readonly #content: Omit<ObjectInput, 'hash'>;
  #input: ObjectInput | undefined;

  /** `bytes` must be nobody else's. @throws RunlogError LIMIT. */
  protected constructor(
    kind: ObjectKind,
    mediaType: string,
    bytes: Uint8Array,
    attributes: ObjectAttributes,
  ) {
    checkObjectSize(bytes.length, `an object of ${kind}`);
    this.#content = { kind, mediaType, bytes, attributes };
  }

  /** Bytes of the content as stored. */
  get size(): number {
    return this.#content.bytes.length;
  }

  /** @internal */
  get input(): ObjectInput {
    this.#input ??= { ...this.#content, hash: hashOf(this.#content.bytes) };
    return this.#input;
  }
}

/** @throws RunlogError LIMIT. */
export function checkObjectSize(size: number, what: string): void {
  if (size <= limits.objectSizeMax) return;
  throw new RunlogError(
    'LIMIT',
    `objectSizeMax: ${what} takes ${size} bytes, at most ${limits.objectSizeMax}; use run.logArtifact for larger things`,
    { limit: 'objectSizeMax' },
  );
}

/** One object, or several of one kind; undefined for what is none, and no list of any. */
export function objectsOf(value: unknown): readonly ObjectInput[] | undefined {
  if (value instanceof TrackedObject) return [value.input];
  if (!Array.isArray(value) || !value.some((each) => each instanceof TrackedObject))
    return undefined;
  if (value.length > limits.objectCountMax)
    throw new RangeError(
      `value: ${value.length} objects, at most ${limits.objectCountMax} at one step (objectCountMax)`,
    );
  let kind: ObjectKind | undefined;
  let size = 0;
  return Array.from(value, (each: unknown, index) => {
    if (!(each instanceof TrackedObject))
      throw new TypeError(
        `value[${index}]: expected an object like the others, got ${given(each)}`,
      );
    const { input } = each;
    kind ??= input.kind;
    if (input.kind !== kind)
      throw new TypeError(`value[${index}]: ${input.kind} among ${kind}; a list holds one kind`);
    size += Buffer.byteLength(JSON.stringify(input.attributes));
    if (size > limits.objectAttributesSizeMax)
      throw new RangeError(
        `value[${index}]: captions and names up to here take ${size} bytes, at most ${limits.objectAttributesSizeMax} at one step (objectAttributesSizeMax)`,
      );
    return input;
  });
}

const captionNames = new Set(['caption']);

/** @throws TypeError, RangeError. */
export function checkCaption(options: {
  readonly caption?: string | undefined;
}): string | undefined {
  checkMembers(options, 'options', captionNames);
  const { caption } = options;
  if (caption === undefined) return undefined;
  checkUtf8(caption, 'caption', 'captionSizeMax');
  return caption;
}

/** @throws TypeError, RangeError naming the argument and the limit. */
export function checkUtf8(
  text: unknown,
  argument: string,
  limit: 'captionSizeMax' | 'textSizeMax' | 'tableCellSizeMax',
): asserts text is string {
  if (typeof text !== 'string')
    throw new TypeError(`${argument}: expected a string, got ${given(text)}`);
  if (!text.isWellFormed())
    throw new TypeError(`${argument}: not well-formed Unicode; use text.toWellFormed()`);
  if (text.length * 3 <= limits[limit]) return;
  const size = Buffer.byteLength(text);
  if (size > limits[limit])
    throw new RangeError(`${argument}: ${size} bytes, at most ${limits[limit]} (${limit})`);
}

export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
