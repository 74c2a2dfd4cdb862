// Properties of a run: one total order of edits from any number of processes, no lock; nothing that a
// crash, a folder or another life does takes an edit away or tears one.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { loadXxhash, type MemoryVfs, memoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { Repo, Run } from '../../src/index.ts';
import {
  type Change,
  createRun,
  foldEdits,
  publishEdit,
  readFacts,
  syncEdits,
} from '../../src/store/edits.ts';
import { Coroutine } from '../support/coroutine.ts';
import { seeded } from '../support/random.ts';

vi.mock('node:crypto', () => import('../support/replayed-random.ts'));

const directory = mkdtempSync(join(tmpdir(), 'runlog-edits-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

const FOLDER = '/edits';

function emptyFolder(): MemoryVfs {
  const vfs = memoryVfs();
  vfs.makeDirectory(FOLDER);
  vfs.syncDirectory('/');
  return vfs;
}

async function madeRun(): Promise<{ vfs: MemoryVfs; life: string }> {
  const vfs = emptyFolder();
  const { facts } = await createRun(vfs, FOLDER, { time: 1, changes: [['name', 'first']] });
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
    // A process's name and note are one edit: the name is that of the last note that is not the owner's.
    const last = view.notes.findLast((each) => !each.text.startsWith('owner'));
    expect(view.name).toBe(last?.text.split(' ')[0]);
    await run.close();
    // Folded by the next opening: the same.
    await (
      await Run.open({ repo: directory, runHash: 'live', systemTrackingInterval: null })
    ).close();
    const folded = await read();
    expect([folded.name, folded.tags, folded.notes]).toEqual([view.name, view.tags, view.notes]);
  });
});

describe('two publishers, a folder and a reader', () => {
  it('at any of the calls of the others: each edit once, what was read is never taken back', async () => {
    const { integer, random, seed } = seeded('edits schedules');
    for (let round = 0; round < 150; round += 1) {
      const { vfs, life } = await madeRun();
      for (let index = 0; index < integer(4); index += 1)
        publishEdit(vfs, FOLDER, tag(life, `old-${index}`));
      const seen: string[][] = [];
      const actors = [
        ...['a', 'b'].map(
          (name) =>
            new Coroutine(name, vfs.attach(), async (stage) => {
              for (const each of ['1', '2']) publishEdit(stage.vfs, FOLDER, tag(life, name + each));
            }),
        ),
        ...['fold one', 'fold two'].map(
          (name) =>
            new Coroutine(name, vfs.attach(), async (stage) => foldEdits(stage.vfs, FOLDER, 1)),
        ),
        new Coroutine('reader', vfs.attach(), async (stage) => {
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
      for (const tags of seen) expect(final.slice(0, tags.length), where).toEqual(tags);
    }
  });
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
  it('of two who create a run at once the first makes it, also after a deletion', async () => {
    const { integer, seed } = seeded('edits creators');
    for (let round = 0; round < 100; round += 1) {
      const vfs = emptyFolder();
      if (round % 2 === 1) {
        const { facts } = await createRun(vfs, FOLDER, { time: 1, changes: [] });
        publishEdit(vfs, FOLDER, { kind: 'deleted', time: 2, life: facts.life, changes: [] });
      }
      const lives: string[] = [];
      let waiting = ['a', 'b', 'c'].map(
        (name) =>
          new Coroutine(name, vfs.attach(), async (stage) => {
            const { facts, created } = await createRun(stage.vfs, FOLDER, {
              time: 3,
              changes: [['name', name]],
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
