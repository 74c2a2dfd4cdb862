// Params of many runs in columns: one a place, so that a question about one place reads no other.
//
// 1. An object is its keys, in their order; what they hold stands in columns of its own. What is left
//    out of a run, and what is undefined, is none.
// 2. Objects whose keys differ too much from run to run stay whole, in one column.
// 3. What comes out is what went in, order of keys included.
//
// Spec: spec/catalogue.md, Params. Test: test/store/catalogue-params.test.ts.

import { isPlainObject, setMember } from '../model/given.ts';
import { getParam, type ParamsTree } from '../model/params.ts';
import { type CatalogueColumn, encodeCatalogueColumn } from './format/catalogue-column.ts';
import { type Section, sectionKind } from './format/catalogue-part.ts';

/** Keys of the objects of one place over all runs, above which they stay whole. */
const KEYS_MAX = 512;
/** Columns of one part. */
const COLUMNS_MAX = 4096;
/** Cells of columns for each member that is there: above it most of them would be empty. */
const CELLS_A_MEMBER = 16;

/** As a cell holds it: a value, or the keys of an object. Numbers stand for themselves. */
type Cell = number | readonly [value: unknown] | readonly [0, keys: readonly string[]];

interface Place {
  readonly path: readonly string[];
  /** By row; undefined: none. */
  readonly values: readonly unknown[];
}

/** Sections of the params of these runs; undefined: none, of a run that is deleted. */
export function paramSections(trees: readonly (ParamsTree | undefined)[]): Section[] {
  const sections: Section[] = [];
  const places: Place[] = [{ path: [], values: trees }];
  for (const place of places) {
    const { path, values } = place;
    const keys = keysOf(values);
    const isSplit =
      keys !== undefined && (path.length === 0 || places.length + keys.length <= COLUMNS_MAX);
    const cells = new Cells(isSplit);
    sections.push({
      kind: sectionKind.param,
      key: path,
      bytes: encodeCatalogueColumn(values.map((each) => cells.of(each))),
    });
    if (!isSplit) continue;
    for (const [key, own] of membersOf(values, keys))
      places.push({ path: [...path, key], values: own });
  }
  return sections;
}

/** By key, what each row has of it: one walk over the rows, however many keys there are. */
function membersOf(
  values: readonly unknown[],
  keys: readonly string[],
): ReadonlyMap<string, readonly unknown[]> {
  const members = new Map<string, unknown[]>();
  for (const key of keys) members.set(key, new Array(values.length).fill(undefined));
  for (const [row, value] of values.entries()) {
    if (!isPlainObject(value)) continue;
    for (const key of Object.keys(value)) (members.get(key) as unknown[])[row] = value[key];
  }
  return members;
}

/** Keys of all objects of a place; undefined where there is none, or they have too little in common. */
function keysOf(values: readonly unknown[]): string[] | undefined {
  const keys = new Set<string>();
  let members = 0;
  let objects = 0;
  for (const value of values) {
    if (!isPlainObject(value)) continue;
    objects += 1;
    for (const key of Object.keys(value)) {
      keys.add(key);
      members += 1;
    }
    if (keys.size > KEYS_MAX) return undefined;
  }
  if (objects === 0 || keys.size * values.length > CELLS_A_MEMBER * Math.max(members, 256))
    return undefined;
  return [...keys];
}

/** Cells of one column: equal ones are one array where that is cheaply told, so that it is packed once. */
class Cells {
  readonly #isSplit: boolean;
  readonly #plain = new Map<unknown, Cell>();
  readonly #objects = new Map<string, Cell & readonly [0, readonly string[]]>();

  /** `isSplit`: members of objects have columns of their own. */
  constructor(isSplit: boolean) {
    this.#isSplit = isSplit;
  }

  of(value: unknown): Cell | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'number') return value;
    if (typeof value === 'object' && value !== null)
      return this.#isSplit && isPlainObject(value) ? this.#object(Object.keys(value)) : [value];
    let cell = this.#plain.get(value);
    if (cell === undefined) {
      cell = [value];
      this.#plain.set(value, cell);
    }
    return cell;
  }

  #object(keys: readonly string[]): Cell {
    const text = keys.join();
    const known = this.#objects.get(text);
    // Keys may hold commas.
    if (known?.[1].length === keys.length && keys.every((key, index) => key === known[1][index]))
      return known;
    const cell = [0, keys] as const;
    this.#objects.set(text, cell);
    return cell;
  }
}

/** The column of a place, where there is one. */
export type ColumnAt = (path: readonly string[]) => CatalogueColumn | undefined;

/**
 * What is kept at `path` of a row, not to be changed; undefined where there is nothing. Beside keys of
 * objects a path may hold indexes of arrays.
 */
export function paramOf(
  columnAt: ColumnAt,
  row: number,
  path: readonly (string | number)[],
): unknown {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = path.slice(0, length);
    if (!place.every((key) => typeof key === 'string')) continue;
    const cell = columnAt(place as string[])?.at(row) as Cell | undefined;
    if (cell === undefined) continue;
    if (length === path.length) return whole(columnAt, row, place as string[], cell);
    // An object in columns that has no such member.
    if (typeof cell === 'number' || cell.length === 2) return undefined;
    return getParam({ value: cell[0] }, ['value', ...path.slice(length)]);
  }
  return undefined;
}

function whole(columnAt: ColumnAt, row: number, path: readonly string[], cell: Cell): unknown {
  if (typeof cell === 'number') return cell;
  if (cell.length === 1) return cell[0];
  const value: ParamsTree = {};
  for (const key of cell[1]) {
    const place = [...path, key];
    const member = columnAt(place)?.at(row) as Cell | undefined;
    if (member !== undefined) setMember(value, key, whole(columnAt, row, place, member));
  }
  return value;
}
