// A repo on a disk in memory that many hands change: writers that live, end, are killed and come again,
// edits, deletions, and people who copy and remove directories. What the runs say is read from each run;
// what the catalogue says is to be the same.

import { expect } from 'vitest';
import { type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { Catalogue, type ScanOptions } from '../../src/store/catalogue.ts';
import type { CatalogueEntry } from '../../src/store/catalogue-entry.ts';
import { summaryNames } from '../../src/store/catalogue-row.ts';
import { createRun } from '../../src/store/create-run.ts';
import {
  type Change,
  foldEdits,
  publishEdit,
  readFacts,
  syncEdits,
} from '../../src/store/edits.ts';
import { ObjectReader } from '../../src/store/object-reader.ts';
import { hashOf } from '../../src/store/object-record.ts';
import { listHashes, makeDirectories, runPlaces } from '../../src/store/repo-directory.ts';
import type { ShownRows, Summary } from '../../src/store/rows.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { type SimulatedHost, simulatedHost } from './simulated-host.ts';

export const REPO = '/repo/.aim';
/** Ticks of the disk's clock: changes within one look alike. */
const TICK = 4;

export class CatalogueRepo {
  readonly vfs: MemoryVfs;
  readonly host: SimulatedHost = simulatedHost();
  /** The clock of the disk, milliseconds. */
  time = 1_700_000_000_000;
  readonly #writers = new Map<string, RunWriter>();
  readonly #killed: RunWriter[] = [];
  #count = 0;

  constructor() {
    this.vfs = memoryVfs({ clock: () => Math.floor(this.time / TICK) * TICK });
    makeDirectories(this.vfs, `${REPO}/runs`);
  }

  /** Numbers that were never given. */
  get #next(): number {
    this.#count += 1;
    return this.#count;
  }

  catalogue(bootId = 'boot', vfs: MemoryVfs = this.vfs.attach()): Catalogue {
    return new Catalogue(vfs, REPO, { bootId });
  }

  isOpen(hash: string, writer = 'main'): boolean {
    return this.#writers.has(`${hash}/${writer}`);
  }

  async open(hash: string, writer = 'main'): Promise<RunWriter> {
    const known = this.#writers.get(`${hash}/${writer}`);
    if (known !== undefined) return known;
    const { edits, logs } = runPlaces(REPO, hash);
    makeDirectories(this.vfs, edits);
    makeDirectories(this.vfs, logs);
    const changes: Change[] = [['experiment', `experiment ${this.#count % 3}`]];
    const { facts } = await createRun(this.vfs, { edits, logs }, { time: this.#next, changes });
    const { life } = facts;
    const opened = await RunWriter.open({
      directory: `${logs}/${writer}`,
      writer,
      log: {
        vfs: this.vfs,
        host: this.host,
        force: true,
        durability: { syncMs: null },
        ...(this.#isOfOtherLife(hash, writer, life) ? { fresh: true } : {}),
      },
      others: [],
      rewinds: [],
      undone: [],
      onError() {},
    });
    opened.opened({
      life,
      openedAt: this.#next,
      host: 'host',
      pid: 1,
      thread: 0,
      resumed: false,
      nodeVersion: 'v0',
      packageVersion: '0',
    } as Parameters<RunWriter['opened']>[0]);
    opened.flush();
    this.#writers.set(`${hash}/${writer}`, opened);
    return opened;
  }

  #isOfOtherLife(hash: string, writer: string, life: string): boolean {
    const { logs } = runPlaces(REPO, hash);
    if (this.vfs.stat(`${logs}/${writer}`) === undefined) return false;
    const reader = RunReader.snapshot(this.vfs, runPlaces(REPO, hash), { only: [writer] });
    return reader.logs[0]?.state.life !== life;
  }

  async track(hash: string, writer = 'main', count = 5): Promise<void> {
    const run = await this.open(hash, writer);
    const sequence = run.sequence(`metric ${this.#count % 2}`, '{}');
    for (let index = 0; index < count; index += 1) {
      const number = this.#next;
      const value = number % 7 === 0 ? Number.NaN : number % 11 === 0 ? -0 : number / 3;
      run.track(sequence, value, number % 5 === 0 ? 1 : number, Number.NaN, number);
    }
    run.flush();
  }

  /** Objects of two kinds, small and large, at steps that come again. */
  async show(hash: string, writer = 'main'): Promise<void> {
    const run = await this.open(hash, writer);
    for (const kind of ['texts', 'images'] as const) {
      const number = this.#next;
      const bytes = new Uint8Array(number % 3 === 0 ? 300 : 3).fill(number);
      const content = { kind, mediaType: 'x/y', bytes, attributes: {}, hash: hashOf(bytes) };
      const name = `${kind} ${number % 2}`;
      run.objects.track(name, `{"subset":"${writer}"}`, [content], {
        step: number % 5 === 0 ? 1 : undefined,
        epoch: Number.NaN,
        time: number,
      });
    }
    run.flush();
  }

  async set(hash: string, writer = 'main'): Promise<void> {
    const run = await this.open(hash, writer);
    run.setParams([
      [['hparams', 'lr'], this.#next / 7],
      [
        ['hparams', 'layers'],
        [this.#next, 64],
      ],
      [
        ['hparams', `only ${this.#count % 4}`],
        { text: `t${this.#count % 2}`, zero: -0, none: null },
      ],
    ]);
    run.flush();
  }

  async rewind(hash: string): Promise<void> {
    const run = await this.open(hash);
    run.rewind({
      step: this.#count - 3,
      name: undefined,
      contextText: undefined,
      targets: [run.target()],
      time: this.#next,
    });
    run.flush();
  }

  async close(hash: string, writer = 'main'): Promise<void> {
    const run = this.#writers.get(`${hash}/${writer}`);
    this.#writers.delete(`${hash}/${writer}`);
    await run?.close({ closedAt: this.#next, outcome: 'finished', error: undefined } as Parameters<
      RunWriter['close']
    >[0]);
  }

  /** Its process is gone, and its fence says nothing of it. */
  kill(hash: string): void {
    for (const key of [...this.#writers.keys()])
      if (key.startsWith(`${hash}/`)) {
        this.#killed.push(this.#writers.get(key) as RunWriter);
        this.#writers.delete(key);
      }
  }

  /** Lets go of all writers: nothing is to be asked of the disk after it. */
  dispose(): void {
    for (const writer of [...this.#killed, ...this.#writers.values()])
      writer.closeSync(undefined, false);
  }

  edit(hash: string, changes?: Change[]): void {
    const { edits } = runPlaces(REPO, hash);
    const life = readFacts(this.vfs, edits)?.life ?? '';
    const number = this.#next;
    publishEdit(this.vfs, edits, {
      kind: 'change',
      time: number,
      life,
      changes: changes ?? [
        ['addTag', `tag ${number % 5}`],
        ['name', `name ${number}`],
        ['archived', number % 2 === 0],
        ['addNote', [number, 'note']],
      ],
    });
    syncEdits(this.vfs, edits);
  }

  fold(hash: string): void {
    foldEdits(this.vfs, runPlaces(REPO, hash).edits, 1);
  }

  /** As far as its edits: what a deletion that was killed leaves. */
  delete(hash: string): void {
    this.kill(hash);
    const { edits } = runPlaces(REPO, hash);
    const life = readFacts(this.vfs, edits)?.life ?? '';
    publishEdit(this.vfs, edits, { kind: 'deleted', time: this.#next, life, changes: [] });
    syncEdits(this.vfs, edits);
  }

  /** By hand: every file as it is, into what is there. Names that are there keep their inode. */
  copy(from: string, to: string): void {
    this.kill(to);
    copyTree(this.vfs, runPlaces(REPO, from).directory, runPlaces(REPO, to).directory);
  }

  remove(hash: string): void {
    this.kill(hash);
    removeTree(this.vfs, runPlaces(REPO, hash).directory);
  }

  move(from: string, to: string): void {
    this.kill(from);
    this.remove(to);
    this.vfs.rename(runPlaces(REPO, from).directory, runPlaces(REPO, to).directory);
  }
}

export function removeTree(vfs: MemoryVfs, path: string): void {
  const facts = vfs.stat(path);
  if (facts === undefined) return;
  if (!facts.isDirectory) {
    vfs.unlink(path);
    return;
  }
  for (const name of vfs.list(path)) removeTree(vfs, `${path}/${name}`);
  vfs.removeDirectory(path);
}

/** All names below are durable. */
export function syncTree(vfs: MemoryVfs, path: string): void {
  vfs.syncDirectory(path);
  for (const name of vfs.list(path)) {
    const below = path === '/' ? `/${name}` : `${path}/${name}`;
    if (vfs.stat(below)?.isDirectory) syncTree(vfs, below);
  }
}

export function copyTree(vfs: MemoryVfs, from: string, to: string): void {
  if (vfs.stat(from)?.isDirectory !== true) {
    writeFile(vfs, to, readFile(vfs, from));
    return;
  }
  if (vfs.stat(to) === undefined) vfs.makeDirectory(to);
  for (const name of vfs.list(from)) copyTree(vfs, `${from}/${name}`, `${to}/${name}`);
}

export function readFile(vfs: MemoryVfs, path: string): Uint8Array {
  const handle = vfs.open(path, 'read');
  const bytes = new Uint8Array(vfs.facts(handle).size);
  vfs.read(handle, bytes, 0);
  vfs.close(handle);
  return bytes;
}

/** In place where it is there. */
export function writeFile(vfs: MemoryVfs, path: string, bytes: Uint8Array): void {
  const handle = vfs.open(path, vfs.stat(path) === undefined ? 'create' : 'write');
  vfs.truncate(handle, 0);
  for (let done = 0; done < bytes.length; ) done += vfs.write(handle, bytes.subarray(done), done);
  vfs.close(handle);
}

type Answer = Record<string, unknown>;

/** Runs that can be read without damage: those that the catalogue may hold once they are old enough. */
export function soundCount(vfs: MemoryVfs): number {
  return listHashes(vfs, REPO).filter((hash) => {
    const places = runPlaces(REPO, hash);
    if (vfs.stat(places.edits) === undefined) return false;
    try {
      const reader = RunReader.snapshot(vfs, places);
      for (const each of reader.sequences().values()) reader.summary(each);
      new ObjectReader(reader).sequences();
      return reader.facts !== undefined && !reader.facts.isDeleted && reader.damage.length === 0;
    } catch {
      return false;
    }
  }).length;
}

/** What each run says, read from itself. */
export function truth(vfs: MemoryVfs): Record<string, Answer> {
  const answers: Record<string, Answer> = {};
  for (const hash of listHashes(vfs, REPO)) {
    const places = runPlaces(REPO, hash);
    if (vfs.stat(places.edits) === undefined) continue;
    try {
      const reader = RunReader.snapshot(vfs, places);
      if (reader.facts === undefined || reader.facts.isDeleted) continue;
      answers[hash] = {
        facts: reader.facts,
        params: reader.params,
        writers: reader.logs.map(({ writer, state: { openingCount, openings } }) => ({
          writer,
          openingCount,
          openings,
        })),
        sequences: [...reader.sequences().values()].map((each) => [
          each.key,
          each.writers,
          shown(reader.summary(each)),
          points(reader.rows(each)),
        ]),
        objects: objectsOf(new ObjectReader(reader)),
      };
    } catch (error) {
      answers[hash] = { unreadable: (error as { code?: string }).code };
    }
  }
  return answers;
}

const objectsOf = (reader: ObjectReader): unknown[] =>
  [...reader.sequences().values()].map((each) => {
    const steps = reader.rows(each).map(({ step }) => step);
    return [each.kind, each.key, each.writers, steps.length, steps[0], steps.at(-1)];
  });

const points = ({ steps, values, times, epochs }: ShownRows): unknown => ({
  steps,
  values,
  times,
  epochs,
});

const shown = (summary: Summary | undefined): unknown =>
  summary === undefined
    ? undefined
    : Object.fromEntries(summaryNames.map((name) => [name, summary[name]]));

function answerOf(entry: CatalogueEntry, leavesOut?: 'sequences' | 'objects'): Answer {
  const answer: Answer = {
    facts: entry.facts,
    params: entry.param([]),
    writers: entry.writers,
  };
  if (leavesOut !== 'sequences')
    answer['sequences'] = entry
      .sequences()
      .map((each) => [
        each.key,
        each.writers,
        each.hasPoints
          ? Object.fromEntries(summaryNames.map((name) => [name, each.value(name)]))
          : undefined,
        points(entry.rows(each.key)),
      ]);
  if (leavesOut !== 'objects')
    answer['objects'] = entry
      .objects()
      .map(({ kind, key, writers, count, firstStep, lastStep }) => [
        kind,
        key,
        writers,
        count,
        firstStep,
        lastStep,
      ]);
  return answer;
}

interface Asks {
  readonly afterwards?: boolean;
  readonly leavesOut?: 'sequences' | 'objects';
}

/**
 * What a scan says, and of how many runs the catalogue said it. `afterwards`: each entry is asked once the
 * scan is over, as views are. `leavesOut`: what nobody asks for.
 */
export function scanned(
  catalogue: Catalogue,
  { afterwards = false, leavesOut, ...options }: ScanOptions & Asks = {},
): { answers: Record<string, Answer>; fromCatalogue: number } {
  const answers: Record<string, Answer> = {};
  let fromCatalogue = 0;
  const onUnreadable = (hash: string, error: { code?: string }): void => {
    answers[hash] = { unreadable: error.code };
  };
  const scan = catalogue.scan({ ...options, onUnreadable });
  for (const entry of afterwards ? [...scan] : scan) {
    expect(answers[entry.hash]).toBeUndefined();
    const answer = answerOf(entry, leavesOut);
    if (entry.isFromCatalogue) fromCatalogue += 1;
    answers[entry.hash] = answer;
  }
  return { answers, fromCatalogue };
}

export const partsOf = (vfs: MemoryVfs): string[] =>
  vfs.stat(`${REPO}/catalogue`) === undefined
    ? []
    : vfs
        .list(`${REPO}/catalogue`)
        .sort()
        .map((name) => `${REPO}/catalogue/${name}`);
