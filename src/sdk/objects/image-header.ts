// What an image file says of itself: format and size, and whether it is whole as far as its structure goes.
//
// 1. Bytes may be anything: every length is checked against what is there before it is followed.
// 2. Pixels are not decoded. PNG is checked by the sums of its chunks, JPEG to the start of its scan and
//    for its end, WebP by the sizes of its chunks.
//
// Sources: PNG (W3C, third edition) 5 and 11.2.2; JPEG (ITU-T T.81) B.1; WebP container (RFC 9649).
// Test: test/sdk/image-header.test.ts.

import { crc32 } from 'node:zlib';

export interface ImageFacts {
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Pixels as stored: an orientation in the file's metadata is not applied. */
  readonly width: number;
  readonly height: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Facts, or what is wrong with the bytes. */
export function readImageHeader(bytes: Uint8Array): ImageFacts | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const facts = factsOf(bytes, view);
  if (typeof facts === 'string') return facts;
  return facts.width > 0 && facts.height > 0 ? facts : `a ${facts.format} image without pixels`;
}

function factsOf(bytes: Uint8Array, view: DataView): ImageFacts | string {
  if (PNG.every((each, index) => bytes[index] === each)) return readPng(bytes, view);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes, view);
  if (textAt(bytes, 0) === 'RIFF' && textAt(bytes, 8) === 'WEBP') return readWebp(bytes, view);
  return 'not a PNG, JPEG or WebP image';
}

const textAt = (bytes: Uint8Array, offset: number): string =>
  String.fromCharCode(...bytes.subarray(offset, offset + 4));

function readPng(bytes: Uint8Array, view: DataView): ImageFacts | string {
  let facts: ImageFacts | undefined;
  let hasPixels = false;
  for (let place = PNG.length; place + 12 <= bytes.length; ) {
    const size = view.getUint32(place);
    const end = place + 12 + size;
    if (end > bytes.length) return 'a PNG image that ends within a chunk';
    if (crc32(bytes.subarray(place + 4, end - 4)) !== view.getUint32(end - 4))
      return `a PNG image with a damaged chunk at byte ${place}`;
    const type = textAt(bytes, place + 4);
    if (facts === undefined) {
      if (type !== 'IHDR' || size !== 13) return 'a PNG image without a header';
      const [width, height] = [view.getUint32(place + 8), view.getUint32(place + 12)];
      facts = { format: 'png', width, height };
    }
    if (type === 'IDAT') hasPixels = true;
    if (type === 'IEND') return hasPixels ? facts : 'a PNG image without pixels';
    place = end;
  }
  return 'a PNG image without its end';
}

/** Start of frame, of any coding. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function readJpeg(bytes: Uint8Array, view: DataView): ImageFacts | string {
  let facts: ImageFacts | undefined;
  for (let place = 2; place + 4 <= bytes.length; ) {
    if (bytes[place] !== 0xff) return `a JPEG image with no marker at byte ${place}`;
    const marker = bytes[place + 1] as number;
    if (marker === 0xff) {
      place += 1;
      continue;
    }
    // Without a length: restarts, and one for private use.
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      place += 2;
      continue;
    }
    const size = view.getUint16(place + 2);
    if (size < 2 || place + 2 + size > bytes.length)
      return 'a JPEG image that ends within a segment';
    if (isFrame(marker)) {
      if (size < 8) return 'a JPEG image with a damaged frame';
      const [height, width] = [view.getUint16(place + 5), view.getUint16(place + 7)];
      facts = { format: 'jpeg', width, height };
    }
    place += 2 + size;
    if (marker !== 0xda) continue;
    if (facts === undefined) return 'a JPEG image without a frame';
    return hasJpegEnd(bytes, place) ? facts : 'a JPEG image without its end';
  }
  return 'a JPEG image without pixels';
}

/** Some programs write zeros or data of their own behind the end. */
function hasJpegEnd(bytes: Uint8Array, from: number): boolean {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf(
    'ffd9',
    'hex',
  );
  return found >= from;
}

function readWebp(bytes: Uint8Array, view: DataView): ImageFacts | string {
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) return 'a WebP image that is cut off';
  let facts: ImageFacts | undefined;
  let hasPixels = false;
  for (let place = 12; place + 8 <= end; ) {
    const type = textAt(bytes, place);
    const size = view.getUint32(place + 4, true);
    const body = place + 8;
    if (body + size > end) return 'a WebP image that ends within a chunk';
    const found = webpSize(type, view, body, size);
    if (typeof found === 'string') return found;
    facts ??= found;
    hasPixels ||= type === 'VP8 ' || type === 'VP8L' || type === 'ANMF';
    place = body + size + (size & 1);
  }
  if (facts === undefined) return 'a WebP image without a header';
  return hasPixels ? facts : 'a WebP image without pixels';
}

/** Undefined for a chunk that says nothing of the size. */
function webpSize(
  type: string,
  view: DataView,
  body: number,
  size: number,
): ImageFacts | string | undefined {
  const damaged = 'a WebP image with a damaged header';
  const facts = (width: number, height: number): ImageFacts => ({ format: 'webp', width, height });
  const uint24 = (place: number): number =>
    view.getUint16(place, true) | (view.getUint8(place + 2) << 16);
  switch (type) {
    case 'VP8X':
      return size < 10 ? damaged : facts(uint24(body + 4) + 1, uint24(body + 7) + 1);
    case 'VP8L': {
      if (size < 5 || view.getUint8(body) !== 0x2f) return damaged;
      const bits = view.getUint32(body + 1, true);
      return facts((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8 ': {
      if (size < 10 || uint24(body + 3) !== 0x2a019d) return damaged;
      return facts(
        view.getUint16(body + 6, true) & 0x3fff,
        view.getUint16(body + 8, true) & 0x3fff,
      );
    }
    default:
      return undefined;
  }
}
