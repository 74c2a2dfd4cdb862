// Every file name of a log: built and parsed here only.
//
// Spec: spec/directory.md. Test: test/engine/format/names.test.ts.

import { randomBytes } from 'node:crypto';

/** Which file holds a stretch of the log. */
export interface SegmentName {
  readonly fence: number;
  readonly number: number;
  readonly rewritten: boolean;
}

/** The names of a log's directory, sorted into what they are. Numbers ascend. */
export interface Listing {
  readonly fences: readonly number[];
  readonly manifests: readonly number[];
  readonly segments: readonly SegmentName[];
  readonly temporary: readonly string[];
  readonly probes: readonly string[];
  readonly foreign: readonly string[];
}

export const fenceName = (number: number): string => `fence-${String(number).padStart(8, '0')}`;
export const manifestName = (counter: number): string =>
  `manifest-${String(counter).padStart(8, '0')}`;
export const temporaryName = (): string => `temporary-${randomBytes(8).toString('hex')}`;
export const LOCK_NAME = '.lock';

export function segmentName({ fence, number, rewritten }: SegmentName): string {
  const place = `${String(fence).padStart(8, '0')}-${String(number).padStart(6, '0')}`;
  return `${rewritten ? 'rewritten' : 'segment'}-${place}`;
}

const pattern =
  /^(?:(fence|manifest)-(\d{8,15})|(segment|rewritten)-(\d{8,15})-(\d{6,10})|(temporary)-[0-9a-f]{16}|(probe)-[0-9a-f]{8})$/;

/** Greatest fence and segment number: their fields in a segment's header have 32 bits. */
const NUMBER_MAX = 0xffff_ffff;

/** A name that would not be built from what it says is foreign: no file is ever opened under it. */
export function parseListing(names: readonly string[]): Listing {
  const fences: number[] = [];
  const manifests: number[] = [];
  const segments: SegmentName[] = [];
  const temporary: string[] = [];
  const probes: string[] = [];
  const foreign: string[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    const number = Number(match?.[2]);
    const segment = {
      fence: Number(match?.[4]),
      number: Number(match?.[5]),
      rewritten: match?.[3] === 'rewritten',
    };
    if (match === null) {
      if (name !== LOCK_NAME) foreign.push(name);
    } else if (match[6]) temporary.push(name);
    else if (match[7]) probes.push(name);
    else if (name === fenceName(number) && number <= NUMBER_MAX) fences.push(number);
    else if (name === manifestName(number)) manifests.push(number);
    else if (name === segmentName(segment) && Math.max(segment.fence, segment.number) <= NUMBER_MAX)
      segments.push(segment);
    else foreign.push(name);
  }
  const ascending = (a: number, b: number): number => a - b;
  fences.sort(ascending);
  manifests.sort(ascending);
  segments.sort((a, b) => a.fence - b.fence || a.number - b.number);
  return { fences, manifests, segments, temporary, probes, foreign };
}

/** The last of an ascending list, 0 when it is empty. */
export const newest = (numbers: readonly number[]): number => numbers[numbers.length - 1] ?? 0;
