// Which parts of the catalogue have a row of a run.
//
// 1. Made once of the same parts; a scan goes through it in their order and looks nothing up.
//
// Spec: spec/catalogue.md, Files. Test: test/store/catalogue.test.ts.

import { unlessRefused } from './catalogue-files.ts';
import type { CataloguePart } from './catalogue-part.ts';

export interface Place {
  readonly part: CataloguePart;
  readonly row: number;
  /** When its stamp was found to hold, by the monotonic clock. */
  seenAt: number;
}

export type KnownPlace = Pick<Place, 'part' | 'row'>;

export interface Index {
  /** By row: every place of its run, where this one is the first. */
  readonly parts: readonly {
    readonly part: CataloguePart;
    readonly rows: (Place[] | undefined)[];
  }[];
  readonly places: ReadonlyMap<string, readonly Place[]>;
}

export const NEVER = Number.NEGATIVE_INFINITY;

/** Where several parts have a run, it is looked at once, in the turn of the one that says most. */
export function indexOf(parts: readonly CataloguePart[]): Index {
  const places = new Map<string, Place[]>();
  const index = parts.map((part) => ({
    part,
    rows: new Array<Place[] | undefined>(part.rowCount),
  }));
  for (const { part } of index)
    for (let row = 0; row < part.rowCount; row += 1) {
      const hash = part.hashes[row] as string;
      const known = places.get(hash);
      const place = { part, row, seenAt: NEVER };
      if (known === undefined) places.set(hash, [place]);
      else {
        const at = known.findIndex((each) => saysMore(place, each));
        known.splice(at < 0 ? known.length : at, 0, place);
      }
    }
  for (const { part, rows } of index)
    for (let row = 0; row < part.rowCount; row += 1) {
      const own = places.get(part.hashes[row] as string);
      const isFirst = own?.[0]?.part === part && own[0].row === row;
      rows[row] = isFirst ? own : undefined;
    }
  return { parts: index, places };
}

const saysMore = (one: KnownPlace, other: KnownPlace): boolean =>
  knowledgeOf(one) > knowledgeOf(other);

const knowledgeOf = ({ part, row }: KnownPlace): number =>
  unlessRefused(() => part.knowledge(row), -1);
