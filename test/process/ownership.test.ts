// Several processes and one run: who may write, and what the loser can still do (nothing).

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import { Repo } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-ownership-'));
const children: ChildProcessWithoutNullStreams[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** A contender process: `ask` sends a command and waits for the line that answers it. */
function start(
  hash: string,
  writer: string,
  value: number,
): { child: ChildProcessWithoutNullStreams; ask(command: string): Promise<string> } {
  const program = join(inject('toolsDirectory'), 'test/process/programs/contender.js');
  const child = spawn(process.execPath, [program, directory, hash, writer, String(value)]);
  children.push(child);
  const lines: string[] = [];
  let wake = (): void => {};
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  return {
    child,
    async ask(command) {
      child.stdin.write(`${command}\n`);
      while (lines.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift() as string;
    },
  };
}

/** Every file of the run with its content: what hands-off means. */
function filesOf(hash: string): Map<string, string> {
  const root = join(directory, '.aim/runs', hash);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return new Map(files.map((name) => [name, readFileSync(join(root, name)).toString('hex')]));
}

/** The new owner beats while the old one closes. */
const beat = /^logs\/main\/fence-00000002$/;

/** Names of files that were there and are gone or have another content. */
function changedFiles(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...before.keys()].filter((name) => after.get(name) !== before.get(name));
}

const values = async (hash: string): Promise<number[]> => {
  const view = await (await Repo.open(directory)).run(hash);
  const columns = await view?.metric('loss')?.values({ raw: true });
  return [...(columns?.values ?? [])];
};

it('refuses a second owner of a log, in another process, and names the first', async () => {
  const first = start('locked', 'main', 1);
  const second = start('locked', 'main', 2);
  expect(await first.ask('open')).toBe('opened');
  expect(await second.ask('open')).toBe('refused RUN_LOCKED');
  await first.ask('close');
  expect(await second.ask('open')).toBe('opened');
  await second.ask('close');
});

it('an owner that was stopped and replaced changes nothing when it goes on', async () => {
  const old = start('stopped', 'main', 1);
  await old.ask('open');
  expect(await old.ask('track 100')).toBe('flushed true on');
  old.child.kill('SIGSTOP');
  const next = start('stopped', 'main', 2);
  expect(await next.ask('open'), 'stopped is not dead').toBe('refused RUN_LOCKED');
  expect(await next.ask('open force')).toBe('opened');
  expect(await next.ask('track 50')).toBe('flushed true on');
  const before = await values('stopped');
  // The new owner is stopped too, so that every byte that changes is the old one's doing.
  next.child.kill('SIGSTOP');
  const bytes = filesOf('stopped');
  old.child.kill('SIGCONT');
  expect(await old.ask('track 10')).toBe('flushed false fenced');
  expect(await old.ask('track 10')).toBe('flushed false fenced');
  // Until its timers, its worker and its syncs had their turn.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await values('stopped')).toEqual(before);
  const changed = changedFiles(bytes, filesOf('stopped'));
  const own = /^logs\/main\/(fence-00000001|segment-00000001-\d+)$/;
  expect(changed.filter((name) => !own.test(name))).toEqual([]);
  next.child.kill('SIGCONT');
  expect(before.filter((value) => value === 1)).toHaveLength(100);
  expect(before.filter((value) => value === 2)).toHaveLength(50);
  const beforeClose = filesOf('stopped');
  await old.ask('close');
  const removed = changedFiles(beforeClose, filesOf('stopped')).filter(
    (name) => !own.test(name) && !beat.test(name),
  );
  expect(removed, 'closing what was lost removes nothing of the new owner').toEqual([]);
  expect(await next.ask('track 1')).toBe('flushed true on');
  await next.ask('close');
  expect((await (await Repo.open(directory)).verify()).damaged).toEqual([]);
});

it('eight processes race for one run: one wins, seven are told who holds it', async () => {
  const contenders = Array.from({ length: 8 }, (_, index) => start('raced', 'main', index));
  const answers = await Promise.all(contenders.map((each) => each.ask('open')));
  expect(answers.filter((answer) => answer === 'opened')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'refused RUN_LOCKED')).toHaveLength(7);
  const winner = contenders[answers.indexOf('opened')];
  expect(await winner?.ask('track 5')).toBe('flushed true on');
  await winner?.ask('close');
  expect(await values('raced')).toHaveLength(5);
});

it('eight processes race for a run whose owner was killed: one wins, and all goes on from there', async () => {
  const owner = start('orphaned', 'main', 9);
  await owner.ask('open');
  expect(await owner.ask('track 20')).toBe('flushed true on');
  const contenders = Array.from({ length: 8 }, (_, index) => start('orphaned', 'main', index));
  // All are up and have been told once that the owner lives.
  const refused = await Promise.all(contenders.map((each) => each.ask('open')));
  expect(new Set(refused)).toEqual(new Set(['refused RUN_LOCKED']));
  owner.child.kill('SIGKILL');
  await new Promise((resolve) => owner.child.once('close', resolve));
  const answers = await Promise.all(contenders.map((each) => each.ask('open')));
  expect(answers.filter((answer) => answer === 'opened')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'refused RUN_LOCKED')).toHaveLength(7);
  const index = answers.indexOf('opened');
  expect(await contenders[index]?.ask('track 5')).toBe('flushed true on');
  await contenders[index]?.ask('close');
  expect(await values('orphaned')).toEqual([...Array(20).fill(9), ...Array(5).fill(index)]);
});

it('eight writers track the same names at the same steps: all 8n values, in one order', async () => {
  const writers = Array.from({ length: 8 }, (_, index) => start('many', `rank-${index}`, index));
  expect(await Promise.all(writers.map((each) => each.ask('open')))).toEqual(
    Array(8).fill('opened'),
  );
  await Promise.all(writers.map((each) => each.ask('track 200')));
  const live = await values('many');
  await Promise.all(writers.map((each) => each.ask('close')));
  const ended = await values('many');
  expect(ended).toHaveLength(1600);
  expect(ended).toEqual(live);
  expect(ended.slice(0, 16)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
  await (await Repo.open(directory)).compact();
  expect(await values('many')).toEqual(ended);
});

it('reading, following and verifying a live run changes no byte of it', async () => {
  const owner = start('watched', 'main', 3);
  await owner.ask('open');
  await owner.ask('track 100');
  owner.child.kill('SIGSTOP');
  const before = filesOf('watched');
  const repo = await Repo.open(directory);
  const view = await repo.run('watched');
  expect(view?.metric('loss')?.count).toBe(100);
  const following = async (): Promise<void> => {
    for await (const event of view?.follow({ signal: AbortSignal.timeout(500) }) ?? [])
      expect(event.run).toBe('watched');
  };
  await expect(following()).rejects.toMatchObject({ code: 'ABORTED' });
  await repo.verify();
  expect(filesOf('watched')).toEqual(before);
  owner.child.kill('SIGCONT');
  await owner.ask('close');
});
