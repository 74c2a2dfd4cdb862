// What an image file says of itself is read without a decoder, and nothing that a file may hold (cut at any
// byte, any byte changed, noise) makes it throw, hang or read beyond its end.

import { expect, it } from 'vitest';
import { Image } from '../../src/index.ts';
import { type ImageFacts, readImageHeader } from '../../src/sdk/objects/image-header.ts';
import { seeded } from '../support/random.ts';

const from64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Written by Pillow (libjpeg, libwebp), 5 x 3 pixels each. */
const files = {
  png: {
    format: 'png',
    width: 5,
    height: 3,
    bytes: from64(
      'iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAG0lEQVR4nGNkYGAwQkIsDAEMDAwicATna0AQADcc' +
        'Ak6FyYYHAAAAAElFTkSuQmCC',
    ),
  },
  jpeg: {
    format: 'jpeg',
    width: 5,
    height: 3,
    bytes: from64(
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKra' +
        'rYqMyP/L2u71////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4' +
        '+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wAARCAADAAUDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAA' +
        'AP/EABgQAQEAAwAAAAAAAAAAAAAAAAADARIy/8QAFAEBAAAAAAAAAAAAAAAAAAAAAv/EABkRAAMAAwAAAAAAAAAA' +
        'AAAAAAABAhIhMf/aAAwDAQACEQMRAD8AQhLTjAALg4p4rZ//2Q==',
    ),
  },
  progressive: {
    format: 'jpeg',
    width: 5,
    height: 3,
    bytes: from64(
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKra' +
        'rYqMyP/L2u71////m8H////6/+b9//j/wgALCAADAAUBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAA' +
        'AAF//8QAFRABAQAAAAAAAAAAAAAAAAAAAQD/2gAIAQEAAQUCAv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEA' +
        'Bj8Cf//EABYQAAMAAAAAAAAAAAAAAAAAAAARMf/aAAgBAQABPyFaH//aAAgBAQAAABB//8QAFRABAQAAAAAAAAAA' +
        'AAAAAAAAAEH/2gAIAQEAAT8Qn3//2Q==',
    ),
  },
  webpLossy: {
    format: 'webp',
    width: 5,
    height: 3,
    bytes: from64(
      'UklGRjgAAABXRUJQVlA4ICwAAACwAQCdASoFAAMAB0CWJbACdAEOuwSAAP5BE3Vo6bSMQ2DsTWfLVi8O/AAAAA==',
    ),
  },
  webpLossless: {
    format: 'webp',
    width: 5,
    height: 3,
    bytes: from64(
      'UklGRkoAAABXRUJQVlA4TD4AAAAvBIAAAHcwUITZRsfU1/kDjIkg26YQAzv+ceY/TACAhxBCbnQ6nQ6KAQCNuq9X' +
        'LDnFktRYxhXR/+iRvfyvAA==',
    ),
  },
  webpExtended: {
    format: 'webp',
    width: 5,
    height: 3,
    bytes: from64(
      'UklGRlwAAABXRUJQVlA4WAoAAAAQAAAABAAAAgAAQUxQSAoAAAABB1CyiAhERP8DVlA4ICwAAACwAQCdASoFAAMA' +
        'B0CWJbACdAEOuwSAAP5BE3Vo6bSMQ2DsTWfLVi8O/AAAAA==',
    ),
  },
  webpAnimated: {
    format: 'webp',
    width: 5,
    height: 3,
    bytes: from64(
      'UklGRtIAAABXRUJQVlA4WAoAAAACAAAABAAAAgAAQU5JTQYAAAAAAAAAAABBTk1GUAAAAAAAAAAAAAQAAAIAAAAA' +
        'AAJWUDggOAAAAFABAJ0BKgUAAwAHQJYlsAAGBoAA/rpV6/WXf32fkf/fVm9695ZnvoMZb8DNiXIDpqJSe4M7uYAA' +
        'QU5NRk4AAAAAAAAAAAAEAAACAAAAAAAAVlA4IDYAAABUAQCdASoFAAMAAACWJbAABHQAAP7uh8BPtt/53N0nR2U0' +
        '/uuhusD+3+ifwfxEDBpfmOpaQAA=',
    ),
  },
} satisfies Record<string, ImageFacts & { bytes: Uint8Array }>;

it('knows format and size', () => {
  for (const [name, { bytes, ...facts }] of Object.entries(files))
    expect(readImageHeader(bytes), name).toEqual(facts);
});

it('refuses what is cut off at any byte, but for what stands behind the end', () => {
  for (const [name, { bytes }] of Object.entries(files)) {
    for (let size = 0; size < bytes.length; size += 1)
      expect(typeof readImageHeader(bytes.subarray(0, size)), `${name} at ${size}`).toBe('string');
    const longer = new Uint8Array(bytes.length + 3);
    longer.set(bytes);
    expect(typeof readImageHeader(longer), name).toBe('object');
  }
});

it('answers whatever stands there', () => {
  const { integer, pick, bytes: noise } = seeded('broken images');
  const all = Object.values(files);
  let refused = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = pick(all).bytes.slice(0, undefined);
    const changes = 1 + integer(4);
    for (let change = 0; change < changes; change += 1) bytes[integer(bytes.length)] = integer(256);
    const facts = readImageHeader(bytes);
    if (typeof facts === 'string') refused += 1;
    else expect(facts.width * facts.height).toBeGreaterThan(0);
    const prefix = pick(all).bytes.slice(0, 8 + integer(24));
    const made = new Uint8Array(prefix.length + 64);
    made.set(prefix);
    made.set(noise(64), prefix.length);
    readImageHeader(made);
  }
  expect(refused).toBeGreaterThan(1000);
});

it('tells what is wrong with an image that is refused', () => {
  const { png, jpeg } = files;
  const damaged = png.bytes.slice();
  damaged[damaged.length - 20] = (damaged[damaged.length - 20] as number) ^ 1;
  expect(() => new Image(damaged)).toThrow(/^data: a PNG image with a damaged chunk at byte \d+/);
  expect(() => new Image(png.bytes.subarray(0, 40))).toThrow(/^data: a PNG image /);
  expect(() => new Image(jpeg.bytes.subarray(0, -2))).toThrow(
    /^data: a JPEG image without its end/,
  );
  expect(() => new Image(new Uint8Array(0))).toThrow(/^data: not a PNG, JPEG or WebP image/);
  expect(() => new Image(new Uint8Array(Buffer.from('GIF89a')))).toThrow(/^data: not a PNG/);
});
