// What the catalogue keeps of one run, and parts made of many.
//
// 1. Of each sequence its summary, or that it is not known: reading the values of a long one is left to
//    who asks for it.
// 2. Where nobody has asked for sequences yet a row has none: a question about params reads no points. So it
//    is with sequences of objects.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts.

import type { ParamsTree } from '../model/params.ts';
import { type ObjectSequenceRow, objectSections } from './catalogue-objects.ts';
import { paramSections } from './catalogue-params.ts';
import { packSegments, type RunSegments } from './catalogue-points.ts';
import type { Stamp } from './catalogue-stamp.ts';
import { bytesOfEnds, encodeCatalogueColumn } from './format/catalogue-column.ts';
import { encodePart, type Section, sectionKind } from './format/catalogue-part.ts';
import { pointsSections } from './kept-points.ts';
import type { Summary } from './rows.ts';
import type { RunFacts } from './run-facts.ts';
import type { RunState } from './run-state.ts';

/** Of one writer, as its folded state has it. */
export interface WriterRow extends Pick<RunState, 'openingCount' | 'openings'> {
  readonly writer: string;
}

export interface SequenceRow {
  readonly key: string;
  readonly writers: readonly string[];
  /** Null: not known; undefined: every point is hidden. */
  readonly summary: Summary | undefined | null;
  /** Of a short one, packed; undefined: not kept. */
  readonly points?: Uint8Array | undefined;
}

export interface CatalogueRow {
  readonly hash: string;
  readonly stamp: Stamp;
  /** The stamp holds until the machine starts anew; '': beyond that. */
  readonly boot: string;
  readonly facts: RunFacts;
  /** Undefined: of a run that is deleted. */
  readonly params: ParamsTree | undefined;
  readonly writers: readonly WriterRow[];
  /** Undefined: its points are to be read as those of any other run. */
  readonly segments: RunSegments | undefined;
  /** Undefined: not known. */
  readonly sequences: readonly SequenceRow[] | undefined;
  /** Of objects; undefined: not known. */
  readonly objects: readonly ObjectSequenceRow[] | undefined;
}

/** Members of the facts that have a column of their own name. */
export const factNames = [
  'life',
  'createdAt',
  'isDeleted',
  'name',
  'experiment',
  'description',
  'archived',
  'tags',
] as const;

export const summaryNames = [
  'count',
  'nanCount',
  'first',
  'last',
  'firstStep',
  'lastStep',
  'min',
  'max',
  'sum',
] as const;

/** Of a sequence: what its columns of numbers stand for. */
export const summaryState = { unknown: 0, known: 1, hidden: 2 } as const;

/** A part of the catalogue that holds these rows. */
export function encodeRows(rows: readonly CatalogueRow[], isRemote: boolean): Uint8Array {
  const sections: Section[] = [
    {
      kind: sectionKind.hashes,
      key: [],
      bytes: Buffer.from(rows.map(({ hash }) => hash).join('\n')),
    },
    ...stampSections(rows.map(({ stamp }) => stamp)),
  ];
  const fact = (name: string, of: (row: CatalogueRow) => unknown): void => {
    const bytes = encodeCatalogueColumn(rows.map(of));
    sections.push({ kind: sectionKind.fact, key: [name], bytes });
  };
  fact('boot', ({ boot }) => (boot === '' ? undefined : boot));
  for (const name of factNames) fact(name, ({ facts }) => facts[name]);
  fact('notes', ({ facts }) => facts.notes.map(({ time, text }) => [time, text]));
  fact('writers', ({ writers }) =>
    writers.map(({ writer, openingCount, openings }) => [writer, openingCount, openings]),
  );
  fact('segments', ({ segments }) => (segments === undefined ? undefined : packSegments(segments)));
  sections.push(
    ...paramSections(rows.map(({ params }) => params)),
    ...sequenceSections(rows),
    ...pointsSections(rows.map(({ sequences }) => sequences ?? [])),
    ...objectSections(rows.map(({ objects }) => objects)),
  );
  return encodePart(rows.length, isRemote, sections);
}

function stampSections(stamps: readonly Stamp[]): Section[] {
  const numbers = new Float64Array(stamps.reduce((sum, each) => sum + each.numbers.length, 0));
  let end = 0;
  for (const each of stamps) {
    numbers.set(each.numbers, end);
    end += each.numbers.length;
  }
  return [
    {
      kind: sectionKind.stampNames,
      key: [],
      bytes: encodeCatalogueColumn(stamps.map((each) => each.names)),
    },
    {
      kind: sectionKind.stampEnds,
      key: [],
      bytes: bytesOfEnds(stamps.map((each) => each.numbers.length)),
    },
    { kind: sectionKind.stampNumbers, key: [], bytes: new Uint8Array(numbers.buffer) },
  ];
}

function sequenceSections(rows: readonly CatalogueRow[]): Section[] {
  const all = rows.flatMap(({ sequences }) => sequences ?? []);
  const column = (name: string, values: readonly unknown[]): Section => ({
    kind: sectionKind.sequence,
    key: [name],
    bytes: encodeCatalogueColumn(values),
  });
  const state = ({ summary }: SequenceRow): number =>
    summary === null
      ? summaryState.unknown
      : summary === undefined
        ? summaryState.hidden
        : summaryState.known;
  return [
    column(
      'isKnown',
      rows.map(({ sequences }) => sequences !== undefined),
    ),
    {
      kind: sectionKind.sequence,
      key: ['ends'],
      bytes: bytesOfEnds(rows.map(({ sequences }) => sequences?.length ?? 0)),
    },
    column(
      'key',
      all.map((each) => each.key),
    ),
    column(
      'kind',
      all.map(() => 'metric'),
    ),
    column(
      'writers',
      all.map((each) => each.writers),
    ),
    column('state', all.map(state)),
    ...summaryNames.map((name) =>
      column(
        name,
        all.map(({ summary }) => summary?.[name]),
      ),
    ),
  ];
}
