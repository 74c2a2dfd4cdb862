// Writing the index of a segment: pages, then their root.
//
// Spec: spec/segment.md, Index. Test: test/engine/lookup.test.ts.

import { frameType, SKIPPABLE } from './format/frame.ts';
import { encodeIndexPages, encodeIndexRoot, type IndexEntry } from './format/index-page.ts';

/**
 * Byte place of the root, 0 for no keys. `append` writes a frame of the type and gives its byte place;
 * undefined when it could not.
 */
export function writeIndex(
  keys: readonly IndexEntry[],
  append: (type: number, body: Uint8Array) => number | undefined,
): number {
  if (keys.length === 0) return 0;
  const pages = encodeIndexPages(keys).map((page) => ({
    hash: page.first,
    count: page.count,
    offset: append(frameType.indexPage | SKIPPABLE, page.bytes) ?? 0,
  }));
  if (pages.some((page) => page.offset === 0)) return 0;
  return append(frameType.indexRoot | SKIPPABLE, encodeIndexRoot(pages)) ?? 0;
}
