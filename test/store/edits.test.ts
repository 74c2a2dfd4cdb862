// Properties of a run: one total order of edits from any number of processes, no lock; nothing that a
// crash, a folder or another life does takes an edit away or tears one.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { loadXxhash, type MemoryVfs, memoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { Repo, Run } from '../../src/index.ts';
import { durations } from '../../src/limits.ts';
import { createRun } from '../../src/store/create-run.ts';
import {
  type Change,
  foldEdits,
  holdsRun,
  noteSum,
  publishEdit,
  readFacts,
  syncEdits,
} from '../../src/store/edits.ts';
import { verifyEdits } from '../../src/store/verify-edits.ts';
import { Coroutine } from '../support/coroutine.ts';
import { seeded } from '../support/random.ts';

vi.mock('node:crypto', () => import('../support/replayed-random.ts'));

const directory = mkdtempSync(join(tmpdir(), 'runlog-edits-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

const FOLDER = '/edits';
const RUN = { edits: FOLDER, logs: '/logs' };

function emptyFolder(refuseLinks = false): MemoryVfs {
  const vfs = memoryVfs({ refuseLinks });
  vfs.makeDirectory(FOLDER);
  vfs.syncDirectory('/');
  return vfs;
}

async function madeRun(refuseLinks = false): Promise<{ vfs: MemoryVfs; life: string }> {
  const vfs = emptyFolder(refuseLinks);
  const { facts } = await createRun(vfs, RUN, { time: 1, changes: [['name', 'first']] });
  syncEdits(vfs, FOLDER);
  return { vfs, life: facts.life };
}

const tag = (life: string, text: string) => ({
  kind: 'change' as const,
  time: 2,
  life,
  changes: [['addTag', text]] satisfies Change[],
});

describe('edits from several processes', () => {
  it('of a live run are all there, in one order for everybody', async () => {
    const run = await Run.open({ repo: directory, runHash: 'live', systemTrackingInterval: null });
    run.track(1, { name: 'loss' });
    run.flush();
    const program = join(inject('toolsDirectory'), 'test/process/programs/editor.js');
    const ended = ['a', 'b', 'c', 'd'].map(
      (name) =>
        new Promise((resolve) =>
          spawn(process.execPath, [program, directory, 'live', name, '12'], {
            stdio: ['ignore', 'ignore', 'inherit'],
          }).once('close', resolve),
        ),
    );
    for (let index = 0; index < 12; index += 1) {
      run.addTag(`owner-${index}`);
      run.addNote(`owner ${index}`);
      run.track(index, { name: 'loss', step: index + 1 });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await Promise.all(ended)).toEqual([0, 0, 0, 0]);
    expect(run.flush()).toBe(true);
    const read = async () =>
      (await (await Repo.open(directory)).run('live')) as NonNullable<
        Awaited<ReturnType<Repo['run']>>
      >;
    const view = await read();
    for (const name of ['a', 'b', 'c', 'd', 'owner']) {
      const own = view.notes.map((each) => each.text).filter((text) => text.startsWith(`${name} `));
      expect(own).toEqual(Array.from({ length: 12 }, (_, index) => `${name} ${index}`));
      expect(view.tags.filter((each) => each.startsWith(`${name}-`)).length).toBe(12);
    }
    expect(view.state).toBe('running');
    expect([...((await view.metric('loss')?.values())?.values ?? [])]).toHaveLength(13);
    // A process's name and note are one edit: the name is that of the last note that is not the owner's.
    const last = view.notes.findLast((each) => !each.text.startsWith('owner'));
    expect(view.name).toBe(last?.text.split(' ')[0]);
    expect(view.description).toBe(last?.text);
    expect(view.archived).toBe(Number(last?.text.split(' ')[1]) % 2 === 1);
    await run.close();
    // Folded by the next opening: the same.
    await (
      await Run.open({ repo: directory, runHash: 'live', systemTrackingInterval: null })
    ).close();
    const folded = await read();
    expect([folded.name, folded.tags, folded.notes]).toEqual([view.name, view.tags, view.notes]);
  });
});

describe('notes', () => {
  const noted = (life: string, ...changes: Change[]) => ({
    kind: 'change' as const,
    time: 3,
    life,
    changes,
  });

  it('are changed and removed by time and text; who comes second changes nothing', async () => {
    const { vfs, life } = await madeRun();
    publishEdit(vfs, FOLDER, noted(life, ['addNote', [1, 'a']], ['addNote', [2, 'b']]));
    publishEdit(vfs, FOLDER, noted(life, ['changeNote', [1, noteSum('a'), 'first']]));
    publishEdit(
      vfs,
      FOLDER,
      noted(life, ['changeNote', [1, noteSum('a'), 'second']], ['addTag', 't']),
    );
    publishEdit(
      vfs,
      FOLDER,
      noted(life, ['removeNote', [1, noteSum('a')]], ['removeNote', [9, noteSum('b')]]),
    );
    const expected = [
      { time: 1, text: 'first' },
      { time: 2, text: 'b' },
    ];
    expect(readFacts(vfs, FOLDER)).toMatchObject({ notes: expected, tags: ['t'] });
    foldEdits(vfs, FOLDER, 1);
    expect(readFacts(vfs, FOLDER)?.notes).toEqual(expected);
    publishEdit(vfs, FOLDER, noted(life, ['removeNote', [1, noteSum('first')]]));
    expect(readFacts(vfs, FOLDER)?.notes).toEqual([{ time: 2, text: 'b' }]);
  });

  it('of megabytes are folded into one file', async () => {
    const { vfs, life } = await madeRun();
    const text = 'x'.repeat(60_000);
    for (let index = 0; index < 60; index += 1)
      publishEdit(vfs, FOLDER, noted(life, ['addNote', [index, text]]));
    foldEdits(vfs, FOLDER);
    expect(vfs.list(FOLDER)).toEqual(['snapshot-00000060']);
    expect(readFacts(vfs, FOLDER)?.notes).toHaveLength(60);
    expect(readFacts(vfs, FOLDER)?.notes[59]).toEqual({ time: 59, text });
  });

  it('are edited through a view, go along in a copy however many, and end at a limit', async () => {
    const source = join(directory, 'notes');
    const options = { repo: source, runHash: 'n', systemTrackingInterval: null };
    const run = await Run.open(options);
    const text = 'y'.repeat(60_000);
    run.addNote('mine');
    run.flush();
    const repo = await Repo.open(source);
    const view = (await repo.run('n')) as NonNullable<Awaited<ReturnType<Repo['run']>>>;
    const [note] = view.notes as [(typeof view.notes)[0]];
    await view.edit({ notes: { change: [{ note, text: 'better' }] } });
    expect(view.notes).toEqual([{ time: note.time, text: 'better' }]);
    await view.edit({ note: 'second', notes: { remove: view.notes } });
    expect(view.notes.map((each) => each.text)).toEqual(['second']);
    for (const wrong of [5, [5], [{ time: 'x', text: 'y' }], [{ time: 1 }], [{ ...note, id: 1 }]])
      await expect(view.edit({ notes: { remove: wrong } } as never)).rejects.toThrow(TypeError);
    const nothing = { notes: { change: [{ note, text: undefined }] } };
    await expect(view.edit(nothing as never)).rejects.toThrow(/notes.change\[0\].text/);

    for (let index = 0; index < 3; index += 1) run.addNote(text);
    await run.close();
    const other = join(directory, 'notes-copy');
    await repo.copy('n', other);
    const copied = await (await Repo.open(other)).run('n');
    await view.refresh();
    expect(view.notes).toHaveLength(4);
    expect(copied?.notes).toEqual(view.notes);
    expect(copied?.createdAt).toBe(view.createdAt);
    expect((await (await Repo.open(other)).verify()).ok).toBe(true);

    const again = await Run.open(options);
    const fill = (): void => {
      for (let index = 0; index < 100; index += 1) again.addNote(text);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(again.flush()).toBe(true);
    await view.refresh();
    await expect(view.edit({ note: text })).rejects.toMatchObject({ code: 'LIMIT' });
    await view.edit({ archived: true, notes: { remove: view.notes.slice(0, 9) } });
    await view.edit({ note: text });
    await again.close();
    await (await Run.open(options)).close();
    const names = readdirSync(join(source, '.aim/runs/n/edits'));
    expect(names.filter((name) => !name.startsWith('temporary'))).toHaveLength(1);
  });
});

describe('two publishers, a folder and a reader', () => {
  it.each([
    { how: 'with links', refuseLinks: false },
    { how: 'where links are refused', refuseLinks: true },
  ])(
    'at any of the calls of the others: each edit once, what was read is never taken back, $how',
    async ({ refuseLinks }) => {
      const { integer, random, seed } = seeded('edits schedules');
      for (let round = 0; round < 150; round += 1) {
        const { vfs, life } = await madeRun(refuseLinks);
        for (let index = 0; index < integer(4); index += 1)
          publishEdit(vfs, FOLDER, tag(life, `old-${index}`));
        const seen: string[][] = [];
        const actors = [
          ...['a', 'b'].map(
            (name) =>
              new Coroutine(name, vfs.attach({ refuseLinks }), async (stage) => {
                for (const each of ['1', '2'])
                  publishEdit(stage.vfs, FOLDER, tag(life, name + each));
              }),
          ),
          ...['fold one', 'fold two'].map(
            (name) =>
              new Coroutine(name, vfs.attach({ refuseLinks }), async (stage) =>
                foldEdits(stage.vfs, FOLDER, 1),
              ),
          ),
          new Coroutine('reader', vfs.attach({ refuseLinks }), async (stage) => {
            for (let count = 0; count < 3; count += 1) {
              const tags = readFacts(stage.vfs, FOLDER)?.tags ?? [];
              stage.once(() => seen.push([...tags]));
            }
          }),
        ];
        let waiting = [...actors];
        while (waiting.length > 0) {
          const actor = waiting[integer(waiting.length)] as Coroutine;
          if (random() < 0.02 && actor.name.startsWith('fold')) actor.kill();
          else await actor.go(1 + integer(4));
          waiting = waiting.filter((each) => !each.isOver);
        }
        const final = readFacts(vfs, FOLDER)?.tags ?? [];
        const where = `seed ${seed}, round ${round}`;
        expect([...new Set(final)], where).toEqual(final);
        for (const name of ['a1', 'a2', 'b1', 'b2']) expect(final, where).toContain(name);
        for (const name of ['a', 'b'])
          expect(final.indexOf(`${name}1`), where).toBeLessThan(final.indexOf(`${name}2`));
        // Where links are refused an edit that is just being overtaken may go to another place.
        for (const tags of seen)
          if (refuseLinks) expect(final, where).toEqual(expect.arrayContaining(tags));
          else expect(final.slice(0, tags.length), where).toEqual(tags);
      }
    },
  );
});

it('a folder that died before it had filled its snapshot takes nothing away, and the next one folds', async () => {
  const { vfs, life } = await madeRun(true);
  publishEdit(vfs, FOLDER, tag(life, 'a'));
  const dying = vfs.attach({
    refuseLinks: true,
    onCall: ({ name }) => {
      if (name === 'rename') throw new Error('died');
    },
  });
  expect(() => foldEdits(dying, FOLDER, 1)).toThrow('died');
  expect(vfs.list(FOLDER)).toContain('snapshot-00000001');
  const before = readFacts(vfs, FOLDER);
  expect(before).toMatchObject({ life, name: 'first', tags: ['a'] });
  publishEdit(vfs, FOLDER, { ...tag(life, 'b'), changes: [['addNote', [5, 'once']]] });
  expect(readFacts(vfs, FOLDER)).toEqual({ ...before, notes: [{ time: 5, text: 'once' }] });
  foldEdits(vfs, FOLDER, 1);
  expect(vfs.list(FOLDER).filter((name) => !name.startsWith('temporary'))).toEqual([
    'snapshot-00000002',
  ]);
  expect(readFacts(vfs, FOLDER)).toEqual({ ...before, notes: [{ time: 5, text: 'once' }] });
});

it('folding makes no run of names that were never filled', async () => {
  const vfs = emptyFolder();
  vfs.close(vfs.open(`${FOLDER}/edit-00000000`, 'create'));
  foldEdits(vfs, FOLDER, 1);
  expect(vfs.list(FOLDER)).toEqual(['edit-00000000']);
  expect(readFacts(vfs, FOLDER)).toBeUndefined();
});

it('who verifies while others publish and fold, at any of the calls, finds no damage', async () => {
  for (let steps = 1, isOver = false; !isOver; steps += 1) {
    const { vfs, life } = await madeRun();
    for (let index = 0; index < 3; index += 1) publishEdit(vfs, FOLDER, tag(life, `old-${index}`));
    let damaged: unknown[] | undefined;
    const verifying = new Coroutine('verify', vfs.attach(), async (stage) => {
      damaged = verifyEdits(stage.vfs, RUN);
    });
    isOver = await verifying.go(steps);
    for (let round = 0; round < 2; round += 1) {
      foldEdits(vfs, FOLDER, 1);
      publishEdit(vfs, FOLDER, tag(life, `new-${round}`));
    }
    await verifying.go(Number.POSITIVE_INFINITY);
    expect(damaged, `after ${steps} calls`).toEqual([]);
  }
});

it('who creates a run that another deletes at any of the calls, and folds, comes to an end', async () => {
  for (const refuseLinks of [false, true])
    for (const isFolded of [false, true])
      for (let steps = 1, isOver = false; !isOver; steps += 1) {
        const vfs = emptyFolder(refuseLinks);
        let life = '';
        const creating = new Coroutine('create', vfs.attach({ refuseLinks }), async (stage) => {
          const wait = async (): Promise<void> => {};
          life = (await createRun(stage.vfs, RUN, { time: 1, changes: [], wait })).facts.life;
        });
        isOver = await creating.go(steps);
        const facts = readFacts(vfs, FOLDER);
        if (facts !== undefined) {
          publishEdit(vfs, FOLDER, { kind: 'deleted', time: 2, life: facts.life, changes: [] });
          if (isFolded) foldEdits(vfs, FOLDER, 1);
        }
        // Endless where the same edit is published again: its id is known, and it is passed over.
        expect(await creating.go(1000), `after ${steps} calls`).toBe(true);
        expect(readFacts(vfs, FOLDER)?.life, `after ${steps} calls`).toBe(life);
      }
});

describe('a loss of power', () => {
  it('before any call leaves no edit torn: the facts are those of before or of after', async () => {
    for (let at = 0; ; at += 1) {
      const { vfs, life } = await madeRun();
      let calls = 0;
      let isDead = false;
      let isSynced = false;
      const dying = vfs.attach({
        onCall: () => {
          calls += 1;
          isDead ||= calls > at;
          if (isDead) throw new Error('died');
        },
      });
      try {
        for (const text of ['a', 'b', 'c']) publishEdit(dying, FOLDER, tag(life, text));
        syncEdits(dying, FOLDER);
        isSynced = true;
        foldEdits(dying, FOLDER, 2);
      } catch (error) {
        if (!isDead) throw error;
      }
      for (const rule of Object.values(namedCrashRules)) {
        const after = vfs.crash(rule);
        const tags = readFacts(after, FOLDER)?.tags ?? [];
        // Those whose names no sync covered may be gone, each for itself.
        expect(
          ['a', 'b', 'c'].filter((each) => tags.includes(each)),
          `call ${at}`,
        ).toEqual(tags);
        if (isSynced) expect(tags).toEqual(['a', 'b', 'c']);
        publishEdit(after, FOLDER, tag(life, 'next'));
        expect(readFacts(after, FOLDER)?.tags.at(-1), `call ${at}`).toBe('next');
        foldEdits(after, FOLDER, 1);
        expect(after.list(FOLDER).filter((name) => !name.startsWith('temporary')).length).toBe(1);
        expect(readFacts(after, FOLDER)?.tags).toEqual([...tags, 'next']);
      }
      if (!isDead) return;
    }
  });
});

describe('lives', () => {
  const atOnce = async (): Promise<void> => {};

  it.each([
    { how: 'with links', refuseLinks: false },
    { how: 'where links are refused', refuseLinks: true },
  ])(
    'of two who create a run at once the first makes it, also after a deletion, $how',
    async ({ refuseLinks }) => {
      const { integer, seed } = seeded('edits creators');
      for (let round = 0; round < 100; round += 1) {
        const vfs = emptyFolder(refuseLinks);
        if (round % 2 === 1) {
          const { facts } = await createRun(vfs, RUN, { time: 1, changes: [] });
          publishEdit(vfs, FOLDER, { kind: 'deleted', time: 2, life: facts.life, changes: [] });
        }
        const lives: string[] = [];
        let waiting = ['a', 'b', 'c'].map(
          (name) =>
            new Coroutine(name, vfs.attach({ refuseLinks }), async (stage) => {
              const { facts, created } = await createRun(stage.vfs, RUN, {
                time: 3,
                changes: [['name', name]],
                wait: atOnce,
              });
              stage.once(() => lives.push(`${facts.life} ${facts.name} ${created}`));
            }),
        );
        while (waiting.length > 0) {
          await waiting[integer(waiting.length)]?.go(1 + integer(5));
          waiting = waiting.filter((each) => !each.isOver);
        }
        const facts = readFacts(vfs, FOLDER);
        const where = `seed ${seed}, round ${round}: ${lives.join(', ')}`;
        for (const each of lives)
          expect(each.startsWith(`${facts?.life} ${facts?.name} `), where).toBe(true);
        expect(lives.filter((each) => each.endsWith('true')).length, where).toBe(1);
      }
    },
  );

  it('whose creator died where links are refused, before it had filled its edit, begins with the next', async () => {
    for (const isDeleted of [false, true]) {
      const vfs = emptyFolder(true);
      if (isDeleted) {
        const { facts } = await createRun(vfs, RUN, { time: 1, changes: [] });
        publishEdit(vfs, FOLDER, { kind: 'deleted', time: 2, life: facts.life, changes: [] });
      }
      const dying = vfs.attach({
        refuseLinks: true,
        onCall: ({ name }) => {
          if (name === 'rename') throw new Error('died');
        },
      });
      const create = { time: 3, changes: [['name', 'first'] satisfies Change] };
      await expect(createRun(dying, RUN, create)).rejects.toThrow('died');
      expect(holdsRun(vfs, FOLDER), 'nobody has made a run').toBe(false);
      let waited = 0;
      const wait = async (ms: number): Promise<void> => {
        waited += ms;
      };
      const changes: Change[] = [['name', 'second']];
      const { facts, created } = await createRun(vfs, RUN, { time: 4, changes, wait });
      expect([created, facts.name]).toEqual([true, 'second']);
      expect(facts.life).toMatch(/^[0-9a-f]{16}$/);
      expect(waited).toBeGreaterThanOrEqual(durations.blankFenceMs);
      expect(waited).toBeLessThanOrEqual(2 * durations.blankFenceMs);
      expect(readFacts(vfs, FOLDER)).toEqual(facts);
    }
  });

  it('a change of another life, or of a deleted one, changes nothing', async () => {
    const { vfs, life } = await madeRun();
    publishEdit(vfs, FOLDER, tag('0000000000000000', 'other'));
    expect(readFacts(vfs, FOLDER)).toMatchObject({ name: 'first', tags: [] });
    publishEdit(vfs, FOLDER, { kind: 'deleted', time: 2, life, changes: [] });
    publishEdit(vfs, FOLDER, tag(life, 'late'));
    expect(readFacts(vfs, FOLDER)).toMatchObject({ isDeleted: true, tags: [] });
  });
});
