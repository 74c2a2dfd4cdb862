// Golden repos of format version 1: written once, never regenerated. Every later version of the library
// reads them to the last bit; what they hold was read by the reader in Python when they were made.

import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../src/index.ts';

const golden = resolve(import.meta.dirname, 'golden/v1');
const directory = mkdtempSync(join(tmpdir(), 'runlog-golden-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Expected {
  readonly facts: Record<string, unknown>;
  readonly sequences: {
    name: string;
    context: object;
    writer: string;
    visible: Record<string, string[]>;
    raw: Record<string, string[]>;
  }[];
}

/** A copy to open: reading changes nothing, but the repo has another name there. */
function copyOf(name: string, as = name): string {
  cpSync(join(golden, name), join(directory, as, '.aim'), { recursive: true });
  return join(directory, as);
}

const filesIn = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile())
    .sort();

const hashOf = (root: string): string => {
  const hash = createHash('sha256');
  for (const name of filesIn(root)) hash.update(`${name}\0`).update(readFileSync(join(root, name)));
  return hash.digest('hex');
};

/** Of names and bytes. A change here is a mistake, not something to update. */
const hashes: Record<string, string> = {
  clean: 'b2f0ddec66bd3f75599392e68ef2e72893a8614a327779159e90e0405c667047',
  torn: '6169d437ab28217cb00df13d0644a4b3301121337ce24da1d277594afea6d729',
};

const hex = (column: Float64Array): string[] => {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from(column, (value) => {
    view.setFloat64(0, value);
    const text = Buffer.from(view.buffer).toString('hex');
    return Number.isNaN(value) ? 'nan' : text;
  });
};

for (const name of ['clean', 'torn']) {
  it(`${name} is as it was written`, () => {
    expect(hashOf(join(golden, name))).toBe(hashes[name]);
  });

  it(`${name} is read to the last bit, and reading changes nothing`, async () => {
    const repo = await Repo.open(copyOf(name));
    const expected = JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as Record<
      string,
      Expected
    >;
    for (const [hash, run] of Object.entries(expected)) {
      const view = await repo.run(hash);
      expect(view?.experiment).toBe(run.facts['experiment']);
      expect(view?.tags).toEqual(run.facts['tags']);
      expect(view?.notes.map(({ time, text }) => [time, text])).toEqual(run.facts['notes']);
      for (const { name: metric, context, writer, visible, raw } of run.sequences) {
        for (const [theirs, isRaw] of [
          [visible, false],
          [raw, true],
        ] as const) {
          const own = await view
            ?.metric(metric, context as Record<string, string>)
            ?.values({ writer, raw: isRaw });
          for (const column of ['steps', 'values', 'times', 'epochs'] as const) {
            const bits = theirs[column]?.map((each) => (/^[7f]ff8/.test(each) ? 'nan' : each));
            expect(hex(own?.[column] ?? new Float64Array()), `${hash} ${metric} ${column}`).toEqual(
              bits,
            );
          }
        }
      }
    }
    expect((await repo.verify()).damaged).toEqual([]);
    expect(hashOf(join(directory, name, '.aim'))).toBe(hashes[name]);
  });
}

it('torn says where its end is unfinished, and is gone on with', async () => {
  const path = copyOf('torn', 'resumed');
  const repo = await Repo.open(path);
  expect((await repo.verify()).torn).toMatchObject([{ size: 12 }]);
  const run = await Run.open({
    repo: path,
    runHash: 'killed',
    forceResume: true,
    systemTrackingInterval: null,
  });
  run.track(1, { name: 'loss' });
  await run.close();
  const metric = (await repo.run('killed'))?.metric('loss');
  expect(metric?.count).toBe(31);
  expect(metric?.lastStep).toBe(30);
});

it('params of every kind come back', async () => {
  const view = await (await Repo.open(copyOf('clean', 'params'))).run('small');
  expect(view?.get('hparams')).toEqual({
    lr: 0.001,
    layers: [64, 64],
    minus: -0,
    big: 5n,
    map: new Map([['k', 1]]),
    set: new Set([1]),
    bytes: new Uint8Array([1, 2]),
    floats: new Float64Array([1.5]),
    date: new Date(5),
  });
});
