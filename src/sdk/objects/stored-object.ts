// Objects as they are read: what a kind says of itself at once, the content when it is asked for.
//
// 1. Content is checked by its hash each time it is read: CORRUPT names it.
//
// Spec: spec/objects.md, Contents by kind. Test: test/sdk/objects.test.ts.

import { asRunlogError, RunlogError } from '../../errors.ts';
import { hashOf, type ObjectItem, type ObjectKind } from '../../store/object-record.ts';
import { evenEdges } from './distribution.ts';
import type { FigureFormat } from './figure.ts';
import { readTable, type TableValues } from './table.ts';

/** Reads a content by its hash. @throws RunlogError CORRUPT; Node's error. */
export type ReadContent = (hash: string) => Uint8Array;

/** An object that was tracked: facts at once, its content on demand. */
export class StoredObject {
  readonly #item: ObjectItem;
  readonly #read: ReadContent;

  /** @internal */
  constructor(item: ObjectItem, read: ReadContent) {
    this.#item = item;
    this.#read = read;
  }

  /** Bytes of the content. */
  get size(): number {
    return this.#item.size;
  }

  /** SHA-256 of the content, 64 hex digits. */
  get hash(): string {
    return this.#item.hash ?? hashOf(this.#item.bytes ?? new Uint8Array());
  }

  /** What is known without the content. */
  toJSON(): Readonly<Record<string, unknown>> {
    return { ...this.#item.attributes, size: this.size, hash: this.hash };
  }

  /** The content as stored: of an image the file, of the others text or JSON. @throws RunlogError CORRUPT, IO. */
  async data(): Promise<Uint8Array> {
    const { hash, bytes } = this.#item;
    try {
      return hash === undefined ? (bytes as Uint8Array).slice() : this.#read(hash);
    } catch (error) {
      throw asRunlogError(error, `content ${hash}`);
    }
  }

  /** @internal What `parse` makes of the content as text. @throws RunlogError CORRUPT, IO. */
  protected async parsed<T>(parse: (text: string) => T): Promise<T> {
    const bytes = await this.data();
    try {
      return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    } catch (error) {
      throw new RunlogError('CORRUPT', `content ${this.hash}: not what its kind is made of`, {
        cause: error,
      });
    }
  }

  protected number(name: string): number {
    const value = this.#item.attributes[name];
    return typeof value === 'number' ? value : Number.NaN;
  }

  protected text(name: string): string | undefined {
    const value = this.#item.attributes[name];
    return typeof value === 'string' ? value : undefined;
  }

  protected names(name: string): readonly string[] {
    const value = this.#item.attributes[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
}

/** A text that was tracked. */
export class StoredText extends StoredObject {
  /** @throws RunlogError CORRUPT, IO. */
  value(): Promise<string> {
    return this.parsed((text) => text);
  }
}

/** An image that was tracked. */
export class StoredImage extends StoredObject {
  get format(): 'png' | 'jpeg' | 'webp' {
    return this.text('format') as 'png' | 'jpeg' | 'webp';
  }

  /** Pixels as stored: an orientation in the file's metadata is not applied. */
  get width(): number {
    return this.number('width');
  }

  get height(): number {
    return this.number('height');
  }

  get caption(): string | undefined {
    return this.text('caption');
  }
}

/** The histogram: one count a bin, and the edges between them. */
export interface DistributionValues {
  readonly counts: readonly number[];
  /** One more than counts, ascending. */
  readonly edges: readonly number[];
}

/** A distribution that was tracked. */
export class StoredDistribution extends StoredObject {
  get binCount(): number {
    return this.number('bins');
  }

  /** Finite samples; NaN, as the next three, where a histogram was given. */
  get count(): number {
    return this.number('count');
  }

  get min(): number {
    return this.number('min');
  }

  get max(): number {
    return this.number('max');
  }

  get mean(): number {
    return this.number('mean');
  }

  /** Samples in no bin. */
  get nan(): number {
    return this.number('nan');
  }

  get positiveInfinity(): number {
    return this.number('positiveInfinity');
  }

  get negativeInfinity(): number {
    return this.number('negativeInfinity');
  }

  /** @throws RunlogError CORRUPT, IO. */
  value(): Promise<DistributionValues> {
    return this.parsed((text) => {
      const { counts, range, edges } = JSON.parse(text) as {
        counts: number[];
        range?: [number, number];
        edges?: number[];
      };
      const even = range === undefined ? undefined : evenEdges(range, counts.length);
      return { counts, edges: even ?? (edges as number[]) };
    });
  }
}

/** A figure that was tracked. */
export class StoredFigure extends StoredObject {
  get format(): FigureFormat {
    return this.text('format') as FigureFormat;
  }

  /** The specification. @throws RunlogError CORRUPT, IO. */
  value(): Promise<Record<string, unknown>> {
    return this.parsed((text) => JSON.parse(text) as Record<string, unknown>);
  }
}

/** A table that was tracked. */
export class StoredTable extends StoredObject {
  get rowCount(): number {
    return this.number('rows');
  }

  get columnNames(): readonly string[] {
    return this.names('columns');
  }

  /** @throws RunlogError CORRUPT, IO. */
  value(): Promise<TableValues> {
    return this.parsed(readTable);
  }
}

/** What reading gives of each kind. */
export interface StoredByKind {
  readonly texts: StoredText;
  readonly images: StoredImage;
  readonly distributions: StoredDistribution;
  readonly figures: StoredFigure;
  readonly tables: StoredTable;
}

const classes: {
  [Kind in ObjectKind]: new (
    item: ObjectItem,
    read: ReadContent,
  ) => StoredByKind[Kind];
} = {
  texts: StoredText,
  images: StoredImage,
  distributions: StoredDistribution,
  figures: StoredFigure,
  tables: StoredTable,
};

export const storedObject = <Kind extends ObjectKind>(
  kind: Kind,
  item: ObjectItem,
  read: ReadContent,
): StoredByKind[Kind] => new classes[kind](item, read);
