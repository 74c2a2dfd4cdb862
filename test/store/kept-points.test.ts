// Points that the catalogue keeps are those of the run, and are given without a file of it: whatever was
// tracked, in parts that were merged too. What would be too much is not kept, and is given all the same.

import { beforeAll, describe, expect, it } from 'vitest';
import { loadXxhash, packBody, unpackBody } from '../../src/engine/index.ts';
import type { ShownBlock } from '../../src/store/format/block.ts';
import { sectionKind } from '../../src/store/format/catalogue-part.ts';
import { DEFLATED } from '../../src/store/format/column.ts';
import {
  heldSectionsSizeMax,
  keptCountMax,
  keptKeysMax,
  keptRunSizeMax,
  PartPoints,
  PointsToKeep,
  pointsSections,
} from '../../src/store/kept-points.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import {
  CatalogueRepo,
  partsOf,
  REPO,
  readFile,
  scanned,
  truth,
} from '../support/catalogue-repo.ts';
import { seeded } from '../support/random.ts';

beforeAll(loadXxhash);

interface Tracked {
  readonly name: string;
  readonly steps: readonly number[];
}

async function closed(
  repo: CatalogueRepo,
  hash: string,
  all: readonly Tracked[],
  writer = 'main',
): Promise<void> {
  const run = await repo.open(hash, writer);
  const random = seeded(`points of ${hash}`);
  for (const { name, steps } of all) {
    const sequence = run.sequence(name, '{}');
    for (const step of steps) {
      const epoch = random.integer(2) === 0 ? Number.NaN : step;
      run.track(sequence, random.random() - 0.5, step, epoch, 1e12 + random.integer(1e6));
    }
    run.flush();
  }
  await repo.close(hash, writer);
  repo.time += 10_000;
}

/** Behind it a log is worth rewriting: its points stand in blocks. */
const long = (): Tracked => ({ name: 'very long', steps: steps(1000) });

const steps = (count: number, increment = 1): number[] =>
  Array.from({ length: count }, (_, index) => index * increment);

/** What the catalogue says is true, and which sequences it says without a file of their run. */
function kept(repo: CatalogueRepo): Record<string, string[]> {
  scanned(repo.catalogue(), { sequences: true });
  expect(scanned(repo.catalogue()).answers).toEqual(truth(repo.vfs));
  const found: Record<string, string[]> = {};
  let opened: string[] = [];
  const vfs = repo.vfs.attach({
    onCall: ({ name, path }) => {
      if (name === 'open' && path.includes('/logs/')) opened.push(path);
    },
  });
  const catalogue = repo.catalogue('boot', vfs);
  for (const { hash } of [...catalogue.scan()]) {
    const names = catalogue
      .run(hash)
      ?.sequences()
      .filter(({ key }) => {
        opened = [];
        // Each time another: what was read for one sequence is at hand for the next.
        catalogue.run(hash)?.rows(key);
        return opened.length === 0;
      });
    found[hash] = names?.map(({ name }) => name) ?? [];
  }
  return found;
}

describe.each([
  ['hot', []],
  ['in blocks', [long()]],
])('points of short sequences that are %s', (_, more) => {
  it('are those of the run, and no file of it is opened for them', async () => {
    const repo = new CatalogueRepo();
    await closed(repo, 'a', [
      { name: 'one', steps: [7] },
      { name: 'line', steps: steps(50) },
      { name: 'subset', steps: steps(25, 2) },
      { name: 'back', steps: [5, 3, 9, 1] },
      ...more,
    ]);
    await closed(repo, 'b', [{ name: 'line', steps: steps(keptCountMax, 3) }]);
    expect(kept(repo)).toEqual({ a: ['one', 'line', 'subset', 'back'], b: ['line'] });
  });

  it('are kept however they came: repeated, rewound, of several writers; long ones are not', async () => {
    const repo = new CatalogueRepo();
    await closed(repo, 'a', [
      { name: 'repeats', steps: [1, 2, 2, 3] },
      { name: 'long', steps: steps(keptCountMax + 1) },
      { name: 'short', steps: steps(3) },
      { name: 'replaced', steps: [...steps(100), ...steps(100)] },
      ...more,
    ]);
    for (const writer of ['main', 'second'])
      await closed(repo, 'b', [{ name: 'of both', steps: steps(30) }, ...more], writer);
    await closed(repo, 'd', [{ name: 'rewound', steps: steps(30) }, ...more]);
    await repo.rewind('d');
    await closed(repo, 'd', [{ name: 'another', steps: steps(2) }]);
    await closed(repo, 'c', [{ name: 'large', steps: Array.from(steps(keptCountMax), Math.sqrt) }]);
    const { a, b, c, d } = kept(repo);
    expect([a, b, c]).toEqual([['repeats', 'short', 'replaced'], ['of both'], []]);
    expect(d).toEqual(expect.arrayContaining(['rewound', 'another']));
  });
});

it('none of their columns has to be inflated where inflating takes longer than reading', async () => {
  const repo = new CatalogueRepo();
  const length = 30;
  await closed(repo, 'a', [
    { name: 'short', steps: steps(length).map((step) => step ** 3) },
    long(),
  ]);
  const reader = await RunReader.open(repo.vfs, runPlaces(REPO, 'a'));
  const sequence = [...reader.sequences().values()].find(({ name }) => name === 'short');
  if (sequence === undefined) throw new Error('it has no such sequence');
  const columnsOf = (blocks: unknown): Uint8Array[] =>
    (blocks as ShownBlock[]).flatMap(([, , , values, , [, ...axis]]) =>
      [values, ...axis].filter((each) => each !== null),
    );
  const isDeflated = ([form = 0]: Uint8Array): boolean => (form & DEFLATED) !== 0;
  expect(columnsOf(reader.storedRows(sequence)).some(isDeflated)).toBe(true);
  const kept = unpackBody(new PointsToKeep(reader).of(sequence, length) as Uint8Array);
  expect(columnsOf(kept).some(isDeflated)).toBe(false);
});

describe('of short sequences points', () => {
  it('take little room in a run, however many there are', async () => {
    const repo = new CatalogueRepo();
    const many = Array.from({ length: 200 }, (_, index) => ({
      name: `metric ${index}`,
      steps: steps(40),
    }));
    await closed(repo, 'a', many);
    const { a: names = [] } = kept(repo);
    expect(names.length).toBeGreaterThan(20);
    expect(names).toEqual(many.slice(0, names.length).map(({ name }) => name));
    const reader = RunReader.snapshot(repo.vfs, runPlaces(REPO, 'a'));
    const toKeep = new PointsToKeep(reader);
    const sizes = [...reader.sequences().values()].map((each) => toKeep.of(each, 40)?.length ?? 0);
    const size = sizes.reduce((sum, each) => sum + each, 0);
    expect(size).toBeLessThanOrEqual(keptRunSizeMax);
    expect(size).toBeGreaterThan(keptRunSizeMax / 2);
  });

  it('go with their rows to the part that replaces others', async () => {
    const repo = new CatalogueRepo();
    for (let index = 0; index < 9; index += 1) {
      await closed(repo, `run-${index}`, [{ name: 'line', steps: steps(4 + index) }]);
      scanned(repo.catalogue(), { sequences: true });
    }
    const count = partsOf(repo.vfs).length;
    expect(count).toBeLessThan(9);
    expect(Object.values(kept(repo))).toEqual(Array.from({ length: 9 }, () => ['line']));
    expect(partsOf(repo.vfs)).toHaveLength(count);
  });
});

describe('a section of points', () => {
  const cell = (row: number, key: string) => ({ key, points: packBody([row]).slice() });

  it('is there for the sequences of most rows only', () => {
    const rows = Array.from({ length: 3 }, (_, row) => [
      ...Array.from({ length: keptKeysMax }, (_, index) => cell(row, `own ${row} ${index}`)),
      cell(row, 'shared'),
    ]);
    const sections = pointsSections(rows);
    expect(sections).toHaveLength(keptKeysMax);
    expect(sections[0]).toMatchObject({ kind: sectionKind.points, key: ['shared'] });
  });

  it('gives back the bytes of each row, and none of others', () => {
    const rows = [[cell(0, 'x')], [], [cell(2, 'x')], [{ key: 'x', points: undefined }]];
    const [section] = pointsSections(rows);
    const points = new PartPoints(
      (read) => read(),
      (key) => (key === 'x' ? section?.bytes : undefined),
    );
    const found = [0, 1, 2, 3, 4].map((row) => points.packed(row, 'x'));
    expect(found).toEqual([
      cell(0, 'x').points,
      undefined,
      cell(2, 'x').points,
      undefined,
      undefined,
    ]);
    expect(points.packed(0, 'y')).toBeUndefined();
  });

  it('that contradicts its lengths is refused; of one row that holds no blocks nothing is known', () => {
    const [section] = pointsSections([[cell(0, 'x')], [cell(1, 'x')]]);
    const bytes = section?.bytes ?? new Uint8Array();
    const refused = (given: Uint8Array): void => {
      const points = new PartPoints(
        (read) => read(),
        () => given,
      );
      expect(() => points.rows(0, 'x')).toThrowError(expect.objectContaining({ code: 'CORRUPT' }));
    };
    for (let size = 0; size < bytes.length; size += 1) refused(bytes.subarray(0, size));
    const whole = new PartPoints(
      (read) => read(),
      () => bytes,
    );
    expect(whole.rows(0, 'x')).toBeUndefined();
    // How many there are, and where each ends.
    for (const place of [0, 3, 12, 16, 20]) {
      const wrong = bytes.slice();
      wrong[place] = 200;
      refused(wrong);
    }
  });
});

it('points that are asked for behind the scan leave no file open', async () => {
  const repo = new CatalogueRepo();
  await closed(repo, 'a', [{ name: 'line', steps: steps(9) }]);
  // So large that it is not read as a whole.
  for (let index = 0; index < 9; index += 1) {
    const run = await repo.open(`wide-${index}`);
    run.setParams([[['text'], `${index}`.repeat(60_000)]]);
    run.flush();
    await repo.close(`wide-${index}`);
  }
  repo.time += 10_000;
  scanned(repo.catalogue(), { sequences: true });
  expect(partsOf(repo.vfs).map((path) => readFile(repo.vfs, path).length)[0]).toBeGreaterThan(
    256 * 1024,
  );
  let open = 0;
  const vfs = repo.vfs.attach({
    onCall: ({ name }) => {
      if (name === 'open') open += 1;
      if (name === 'close') open -= 1;
    },
  });
  const entries = [...repo.catalogue('boot', vfs).scan()];
  expect(open).toBe(0);
  const entry = entries.find(({ hash }) => hash === 'a');
  const [sequence] = entry?.sequences() ?? [];
  expect(entry?.rows(sequence?.key ?? '').steps).toHaveLength(9);
  expect(open).toBe(0);
});

it('sections that were read are held up to a bound, whatever part they are of; then the oldest goes', () => {
  const size = heldSectionsSizeMax / 4;
  const read: string[] = [];
  const parts = ['p', 'q'].map(
    (part) =>
      new PartPoints(
        (each) => each(),
        (key) => {
          read.push(part + key);
          const bytes = new Uint8Array(16 + size);
          bytes.set(new Uint8Array(Uint32Array.of(1, 7, 0, size).buffer));
          return bytes;
        },
      ),
  );
  const ask = (key: string): void => {
    for (const part of parts) {
      expect(part.packed(7, key)).toHaveLength(size);
      expect(part.packed(6, key)).toBeUndefined();
    }
  };
  ask('a');
  ask('b');
  ask('b');
  expect(read).toEqual(['pa', 'qa', 'pb', 'qb']);
  ask('a');
  // Three of them fit.
  expect(read.slice(4)).toEqual(['pa', 'qa']);
  for (const part of parts) part.forget();
  ask('b');
  expect(read.slice(6)).toEqual(['pb', 'qb']);
  for (const part of parts) part.forget();
});
