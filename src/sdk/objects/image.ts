// An image at a step: the file as it is given, or raw pixels as PNG.
//
// 1. A file is kept byte for byte; format and size are what it says itself. A broken one is refused.
//
// Spec: spec/objects.md. Test: test/sdk/image.test.ts.

import { asRunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { checkMembers, checkObject } from '../../model/check.ts';
import { given } from '../../model/given.ts';
import { readImageHeader } from './image-header.ts';
import { encodePng, encodePngLater, type Pixels } from './png.ts';
import { checkCaption, checkObjectSize, TrackedObject } from './tracked-object.ts';

/** What stands beside an image. */
export interface ImageOptions {
  /** At most 4 KiB (captionSizeMax). */
  readonly caption?: string | undefined;
}

/** An image to be tracked: a PNG, JPEG or WebP file, or pixels. */
export class Image extends TrackedObject {
  readonly format: 'png' | 'jpeg' | 'webp';
  readonly width: number;
  readonly height: number;
  readonly caption: string | undefined;

  /**
   * `data`: bytes of a PNG, JPEG or WebP file, or raw pixels, which are made a PNG at once: about 30 ms for
   * a million of three channels; `Image.fromPixels` does it beside the event loop.
   *
   * @throws TypeError, RangeError naming what is wrong, also with a broken image; RunlogError LIMIT.
   */
  constructor(data: Uint8Array | Pixels, options: ImageOptions = {}) {
    const caption = checkCaption(options);
    const bytes =
      data instanceof Uint8Array ? new Uint8Array(data) : encodePng(checkPixels(data, 'data'));
    const facts = readImageHeader(bytes);
    if (typeof facts === 'string') throw new TypeError(`data: ${facts}`);
    super('images', `image/${facts.format}`, bytes, {
      ...facts,
      ...(caption !== undefined && { caption }),
    });
    this.format = facts.format;
    this.width = facts.width;
    this.height = facts.height;
    this.caption = caption;
  }

  /** Of a file. @throws as the constructor; RunlogError IO when it cannot be read, LIMIT. */
  static async fromFile(path: string, options: ImageOptions = {}): Promise<Image> {
    if (typeof path !== 'string' || path === '')
      throw new TypeError(`path: expected a path, got ${given(path)}`);
    checkCaption(options);
    const bytes = await readImageFile(path);
    const facts = readImageHeader(bytes);
    if (typeof facts === 'string') throw new TypeError(`path: ${path}: ${facts}`);
    return new Image(bytes, options);
  }

  /** Of raw pixels, which are copied; deflated in the thread pool. @throws as the constructor. */
  static async fromPixels(pixels: Pixels, options: ImageOptions = {}): Promise<Image> {
    checkCaption(options);
    const checked = checkPixels(pixels, 'pixels');
    return new Image(
      await encodePngLater({ ...checked, data: new Uint8Array(checked.data) }),
      options,
    );
  }
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const { readFile, stat } = await import('node:fs/promises');
    const facts = await stat(path);
    // A pipe or a device might never end.
    if (!facts.isFile()) throw new TypeError(`path: ${path}: not a file`);
    checkObjectSize(facts.size, path);
    return await readFile(path);
  } catch (error) {
    throw asRunlogError(error, `${path}: cannot be read`);
  }
}

const pixelNames = new Set(['data', 'width', 'height', 'channels']);

function checkPixels(pixels: unknown, argument: string): Pixels {
  checkObject(pixels, argument);
  const { data, width, height, channels } = pixels as Pixels;
  checkMembers(pixels, argument, pixelNames);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw new TypeError(
      `${argument}.data: expected a Uint8Array or Uint8ClampedArray, got ${given(data)}`,
    );
  for (const [name, side] of Object.entries({ width, height }))
    if (!Number.isInteger(side) || side < 1 || side > limits.imageSideMax)
      throw new RangeError(
        `${argument}.${name}: expected 1 to ${limits.imageSideMax} (imageSideMax), got ${given(side)}`,
      );
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new RangeError(`${argument}.channels: expected 1, 3 or 4, got ${given(channels)}`);
  const expected = width * height * channels;
  if (data.length !== expected)
    throw new RangeError(
      `${argument}.data: ${data.length} values, expected ${expected} for ${width} x ${height} x ${channels}`,
    );
  return { data, width, height, channels };
}
