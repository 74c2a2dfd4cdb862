// A table at a step: typed columns, each cell of its column's type or null.
//
// Spec: spec/objects.md, Tables. Test: test/sdk/table.test.ts.

import { limits } from '../../limits.ts';
import { checkMembers } from '../../model/check.ts';
import { given } from '../../model/given.ts';
import { checkName } from '../../model/names.ts';
import { checkUtf8, TrackedObject, utf8 } from './tracked-object.ts';

/** What the cells of a column are, besides null. */
export type ColumnType = 'number' | 'string' | 'boolean' | 'time';
/** Null: nothing is there. Of a time column a Date. */
export type Cell = number | string | boolean | Date | null;

/** A column: its name, its type, and its cells where they do not stand in `rows`. */
export interface TableColumn {
  readonly name: string;
  /** Default: that of its first value that is not null; of a column without any, string. */
  readonly type?: ColumnType | undefined;
  /** Instead of `rows`, in every column. Of a time column dates, or milliseconds since 1970. */
  readonly values?: ArrayLike<Cell> | undefined;
}

/** A table by rows, or by the values of its columns. */
export interface TableContent {
  readonly columns: readonly TableColumn[];
  /** A cell for each column. */
  readonly rows?: readonly (readonly Cell[])[] | undefined;
}

const contentNames = new Set(['columns', 'rows']);
const columnNames = new Set(['name', 'type', 'values']);
const columnTypes: readonly string[] = ['number', 'string', 'boolean', 'time'];

/** Milliseconds from 1970 to the last moment that a Date can hold. */
const TIME_MAX = 8.64e15;

/** Numbers that JSON has not, and the text that stands for each. */
const spelled = new Map<number, string>([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
]);

/** Rows of typed columns to be tracked at a step. */
export class Table extends TrackedObject {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rowCount: number;

  /**
   * At most 1,024 columns, 200,000 rows, 64 KiB of text in a cell, 15 MiB in all. Copies the values.
   *
   * @throws TypeError, RangeError naming the column and the row; RunlogError LIMIT.
   */
  constructor(content: TableContent) {
    const columns = checkedColumns(content);
    const rowCount = columns[0]?.values.length ?? 0;
    super('tables', 'application/vnd.runlog.table+json', utf8(JSON.stringify({ columns })), {
      rows: rowCount,
      columns: columns.map((each) => each.name),
    });
    this.columns = columns.map(({ name, type }) => ({ name, type }));
    this.rowCount = rowCount;
  }
}

interface StoredColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly (number | string | boolean | null)[];
}

function checkedColumns(content: TableContent): StoredColumn[] {
  checkMembers(content, 'table', contentNames);
  const { columns, rows } = content;
  if (!Array.isArray(columns))
    throw new TypeError(`columns: expected an array, got ${given(columns)}`);
  if (columns.length < 1 || columns.length > limits.tableColumnCountMax)
    throw new RangeError(
      `columns: ${columns.length}, expected 1 to ${limits.tableColumnCountMax} (tableColumnCountMax)`,
    );
  if (rows !== undefined) checkRows(rows, columns.length);
  const names = new Set<string>();
  const checked = columns.map((column: TableColumn, index): StoredColumn => {
    const place = `columns[${index}]`;
    checkMembers(column, place, columnNames);
    const name = checkName(column.name, `${place}.name`);
    if (names.has(name)) throw new RangeError(`${place}.name: ${given(name)} stands twice`);
    names.add(name);
    if ((column.values === undefined) === (rows === undefined))
      throw new TypeError(`${place}.values: expected where there are no rows, and only there`);
    const values = column.values ?? (rows ?? []).map((row) => row[index] as Cell);
    return { name, ...checkedValues(values, column.type, `column ${given(name)}`, place) };
  });
  const uneven = checked.find((each) => each.values.length !== checked[0]?.values.length);
  if (uneven !== undefined)
    throw new RangeError(
      `columns: ${given(uneven.name)} has ${uneven.values.length} values, ${given(checked[0]?.name)} ${checked[0]?.values.length}`,
    );
  return checked;
}

function checkRows(rows: readonly unknown[], columnCount: number): void {
  if (!Array.isArray(rows)) throw new TypeError(`rows: expected an array, got ${given(rows)}`);
  for (const [index, row] of rows.entries()) {
    if (!Array.isArray(row))
      throw new TypeError(`rows[${index}]: expected an array, got ${given(row)}`);
    if (row.length !== columnCount)
      throw new RangeError(`rows[${index}]: ${row.length} cells, expected ${columnCount}`);
  }
}

function checkedValues(
  values: ArrayLike<Cell>,
  asked: ColumnType | undefined,
  what: string,
  place: string,
): Pick<StoredColumn, 'type' | 'values'> {
  const isColumn =
    Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  if (!isColumn) throw new TypeError(`${place}.values: expected an array, got ${given(values)}`);
  if (values.length > limits.tableRowCountMax)
    throw new RangeError(
      `${what}: ${values.length} rows, at most ${limits.tableRowCountMax} (tableRowCountMax)`,
    );
  if (asked !== undefined && !columnTypes.includes(asked))
    throw new RangeError(`${place}.type: expected ${columnTypes.join(', ')}, got ${given(asked)}`);
  const type = asked ?? typeOf(Array.from(values).find((each) => each !== null));
  return {
    type,
    values: Array.from(values, (cell, row) => storedCell(cell, type, `${what}, row ${row}`)),
  };
}

function typeOf(cell: unknown): ColumnType {
  if (cell instanceof Date) return 'time';
  return typeof cell === 'number' || typeof cell === 'boolean'
    ? (typeof cell as ColumnType)
    : 'string';
}

function storedCell(
  cell: unknown,
  type: ColumnType,
  place: string,
): number | string | boolean | null {
  if (cell === null) return null;
  switch (type) {
    case 'string':
      checkUtf8(cell, place, 'tableCellSizeMax');
      return cell;
    case 'time': {
      const time = cell instanceof Date ? cell.getTime() : cell;
      if (typeof time === 'number' && Math.abs(time) <= TIME_MAX) return time;
      break;
    }
    case 'number':
      if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : (spelled.get(cell) ?? cell);
      break;
    default:
      if (typeof cell === 'boolean') return cell;
  }
  throw new TypeError(`${place}: expected a ${type} or null, got ${given(cell)}`);
}

/** The content of a table that was tracked. */
export interface TableValues {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** Times as Date. */
  readonly rows: readonly (readonly Cell[])[];
}

/** The content of a stored table; throws for what is none. */
export function readTable(text: string): TableValues {
  const { columns } = JSON.parse(text) as { columns: readonly StoredColumn[] };
  const rowCount = columns[0]?.values.length ?? 0;
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: Array.from({ length: rowCount }, (_, row) =>
      columns.map(({ type, values }) => cellOf(type, values[row] ?? null)),
    ),
  };
}

function cellOf(type: ColumnType, stored: number | string | boolean | null): Cell {
  if (stored === null) return null;
  if (type === 'time') return new Date(stored as number);
  return type === 'number' ? Number(stored) : stored;
}
