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

/** The keys of an object, in their order. There are few of a place, in many runs. */
interface Shape {
  readonly keys: readonly string[];
  /** For each key, what the rows have of it. */
  columns: readonly unknown[][];
}

/** Sections of the params of these runs; undefined: none, of a run that is deleted. */
export function paramSections(trees: readonly (ParamsTree | undefined)[]): Section[] {
  const sections: Section[] = [];
  const places: Place[] = [{ path: [], values: trees }];
  for (const place of places) {
    const { path, values } = place;
    const shapes = shapesOf(values);
    const keys = keysOf(shapes);
    const isSplit =
      keys !== undefined && (path.length === 0 || places.length + keys.length <= COLUMNS_MAX);
    const cells = cellsOf(values, isSplit ? shapes : undefined);
    sections.push({ kind: sectionKind.param, key: path, bytes: encodeCatalogueColumn(cells) });
    if (!isSplit) continue;
    for (const [key, own] of membersOf(values, shapes, keys))
      places.push({ path: [...path, key], values: own });
  }
  return sections;
}

/** By row; undefined: no object. */
function shapesOf(values: readonly unknown[]): (Shape | undefined)[] {
  const known = new Map<string, Shape>();
  let last: Shape | undefined;
  return values.map((value) => {
    if (!isPlainObject(value)) return undefined;
    const keys = Object.keys(value);
    // Mostly that of the run before it.
    if (last !== undefined && isSame(keys, last.keys)) return last;
    const text = JSON.stringify(keys);
    last = known.get(text) ?? { keys, columns: [] };
    known.set(text, last);
    return last;
  });
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let index = 0; index < keys.length; index += 1)
    if (keys[index] !== others[index]) return false;
  return true;
}

/** Keys of all objects of a place; undefined where there is none, or they have too little in common. */
function keysOf(shapes: readonly (Shape | undefined)[]): string[] | undefined {
  const met = new Set<Shape>();
  const keys = new Set<string>();
  let members = 0;
  for (const shape of shapes) {
    if (shape === undefined) continue;
    members += shape.keys.length;
    if (met.has(shape)) continue;
    met.add(shape);
    for (const key of shape.keys) keys.add(key);
    if (keys.size > KEYS_MAX) return undefined;
  }
  if (met.size === 0 || keys.size * shapes.length > CELLS_A_MEMBER * Math.max(members, 256))
    return undefined;
  return [...keys];
}

/** By key, what each row has of it: one walk over the rows, however many keys there are. */
function membersOf(
  values: readonly unknown[],
  shapes: readonly (Shape | undefined)[],
  keys: readonly string[],
): ReadonlyMap<string, readonly unknown[]> {
  const members = new Map<string, unknown[]>();
  for (const key of keys) members.set(key, new Array(values.length).fill(undefined));
  for (const shape of new Set(shapes))
    if (shape !== undefined) shape.columns = shape.keys.map((key) => members.get(key) ?? []);
  for (let row = 0; row < values.length; row += 1) {
    const shape = shapes[row];
    if (shape === undefined) continue;
    const value = values[row] as Record<string, unknown>;
    const { columns } = shape;
    for (let index = 0; index < columns.length; index += 1)
      (columns[index] as unknown[])[row] = value[shape.keys[index] as string];
  }
  return members;
}

/**
 * Cells of one column: equal ones are one array where that is cheaply told, so that it is packed once.
 * `shapes`: members of objects have columns of their own.
 */
function cellsOf(
  values: readonly unknown[],
  shapes: readonly (Shape | undefined)[] | undefined,
): (Cell | undefined)[] {
  const plain = new Map<unknown, Cell>();
  const split = new Map<Shape, Cell>();
  const cellOf = <Key>(known: Map<Key, Cell>, key: Key, make: () => Cell): Cell => {
    let cell = known.get(key);
    if (cell === undefined) {
      cell = make();
      known.set(key, cell);
    }
    return cell;
  };
  return values.map((value, row) => {
    if (value === undefined || typeof value === 'number') return value;
    const shape = shapes?.[row];
    if (shape !== undefined) return cellOf(split, shape, () => [0, shape.keys]);
    if (typeof value === 'object' && value !== null) return [value];
    return cellOf(plain, value, () => [value]);
  });
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
