// What each kind of objects has to say in a line: what is known without the content in columns of its own,
// and at the end of the line what its content comes to.
//
// Test: test/cli/values.test.ts.

import type {
  ObjectKind,
  StoredDistribution,
  StoredFigure,
  StoredImage,
  StoredObject,
  StoredTable,
  StoredText,
} from '../index.ts';
import { bars } from './bars.ts';
import { textOf } from './facts.ts';
import { bytes, isTerminal, number } from './print.ts';
import type { Cell, Column } from './table.ts';

interface KindColumns {
  readonly heads: readonly Column[];
  cells(object: StoredObject): readonly Cell[];
  /** The head of what stands at the end. */
  readonly tail: string;
  /** Columns that are kept for it. */
  readonly room: number;
}

const sizeColumn = { right: 'size', spare: 2 };
const formatColumn = { whole: 'format', spare: 3 };

const known: Partial<Record<ObjectKind, KindColumns>> = {
  texts: { heads: [], cells: () => [], tail: 'text', room: 24 },
  images: {
    heads: [formatColumn, { right: 'pixels', spare: 4 }, sizeColumn],
    cells(object) {
      const { format, width, height, size } = object as StoredImage;
      return [format, `${width}x${height}`, bytes(size)];
    },
    tail: 'caption',
    room: 16,
  },
  distributions: {
    heads: [
      { right: 'samples', spare: 2 },
      { right: 'mean', spare: 3 },
    ],
    cells(object) {
      const { count, mean } = object as StoredDistribution;
      return [count, mean].map((each) => (Number.isNaN(each) ? '' : number(each)));
    },
    tail: 'bins',
    room: 40,
  },
  figures: {
    heads: [formatColumn, sizeColumn],
    cells: (object) => [(object as StoredFigure).format, bytes(object.size)],
    tail: '',
    room: 0,
  },
  tables: {
    heads: [{ right: 'rows' }, sizeColumn],
    cells: (object) => [String((object as StoredTable).rowCount), bytes(object.size)],
    tail: 'columns',
    room: 16,
  },
};

/** Of a kind that this file does not know by name. */
const other: KindColumns = {
  heads: [sizeColumn],
  cells: (object) => [bytes(object.size)],
  tail: 'what',
  room: 24,
};

export const columnsOf = (kind: ObjectKind): KindColumns => known[kind] ?? other;

/** Columns of a line of bars: more is no picture of it any more. */
const BARS_MAX = 64;
/** Of a long text that is cut so many times what is seen is looked at: its end is not asked for. */
const LOOKED_AT = 8;

/** The end of the line, where `room` columns are left for it. @throws RunlogError CORRUPT, IO. */
export async function tailOf(
  kind: ObjectKind,
  object: StoredObject,
  room: number,
): Promise<string> {
  switch (kind) {
    case 'texts': {
      const text = await (object as StoredText).value();
      return isTerminal() ? text.slice(0, LOOKED_AT * Math.max(1, room)) : text;
    }
    case 'images':
      return (object as StoredImage).caption ?? '';
    case 'distributions':
      return binsText(object as StoredDistribution, room);
    case 'figures':
      return '';
    case 'tables':
      return (object as StoredTable).columnNames.join(', ');
    default: {
      const { size: _, hash: __, ...facts } = object.toJSON();
      return Object.entries(facts)
        .map(([name, value]) => `${name}=${textOf(value)}`)
        .join(' ');
    }
  }
}

/** First and last edge, between them a picture; where nobody looks the counts themselves. */
async function binsText(object: StoredDistribution, room: number): Promise<string> {
  const { counts, edges } = await object.value();
  const [low, high] = [edges[0], edges.at(-1)].map((each) => number(each ?? Number.NaN)) as [
    string,
    string,
  ];
  if (!isTerminal()) return `${low}..${high}: ${counts.map(number).join(' ')}`;
  const width = Math.min(BARS_MAX, room - low.length - high.length - 2);
  return width < 1 ? `${low}..${high}` : `${low} ${bars(counts, width)} ${high}`;
}

/** The content as JSON says it; undefined of one that is bytes. @throws RunlogError CORRUPT, IO. */
export async function contentOf(kind: ObjectKind, object: StoredObject): Promise<unknown> {
  if (kind === 'images' || !('value' in object)) return undefined;
  return await (object as StoredText | StoredDistribution | StoredFigure | StoredTable).value();
}
