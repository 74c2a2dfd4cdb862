// Several writers of one run, each killed by SIGKILL at a moment of its own, again and again, while
// they track points and columns, set params, rewind and publish tags: what a flush acknowledged is
// there, nothing else is, what a reader saw is never taken back, and no writer disturbs another.
// Eight rounds; FUZZ_SECONDS for more.

import { type ChildProcess, spawn } from 'node:child_process';

import { afterAll, expect, it } from 'vitest';
import { Repo, type RunView } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { endChildren, pathOfProgram, sleep, temporaryDirectory } from './child.ts';
import { BLOCK, isRewound, rewoundFrom } from './programs/rank-rules.ts';

const directory = temporaryDirectory();
const alive = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of alive) child.kill('SIGKILL');
  await endChildren();
});

/** What the test knows of one writer of one run. */
interface Rank {
  readonly writer: string;
  /** Points found when it was last dead. */
  count: number;
  /** Most that a reader has seen. */
  seen: number;
  /** Ends of blocks at which it was killed: whether their rewind was kept, only the log tells. */
  readonly ends: Set<number>;
}

/** Lets a rank track for a while and kills it; up to where it was acknowledged. */
async function killRank(rank: Rank, hash: string, seed: number, ms: number): Promise<number> {
  const args = [pathOfProgram('rank'), directory, hash, rank.writer, String(seed)];
  const child = spawn(process.execPath, [...args, String(rank.count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  alive.add(child);
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  await sleep(ms);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  alive.delete(child);
  const whole = told.slice(0, told.lastIndexOf('\n'));
  return Number(whole.split('\n').at(-1));
}

interface Found {
  /** All points that the writer tracked, sorted. */
  readonly raw: readonly number[];
  readonly visible: ReadonlySet<number>;
}

async function find(repo: Repo, hash: string, writer: string): Promise<Found> {
  const view = await repo.run(hash);
  const raw: number[] = [];
  const visible = new Set<number>();
  for (const metric of view?.metrics() ?? []) {
    const all = await metric.values({ writer, raw: true });
    all.steps.forEach((step, index) => {
      if (all.values[index] !== step) throw new Error(`step ${step} holds ${all.values[index]}`);
      raw.push(step);
    });
    for (const step of (await metric.values({ writer })).steps) visible.add(step);
  }
  return { raw: raw.sort((a, b) => a - b), visible };
}

/** The points of a prefix of `count` that no rewind hides, where it is known. */
function checkRewinds(rank: Rank, { raw, visible }: Found): void {
  const hidden = new Set(raw.filter((n) => !visible.has(n)));
  for (let end = BLOCK; end <= raw.length; end += BLOCK) {
    if (!isRewound(end)) continue;
    const reached = [];
    for (let n = rewoundFrom(end); n < end; n += 1) reached.push(hidden.delete(n));
    const isKept = reached[0] ?? false;
    expect(new Set(reached).size, `the rewind at ${end} hides all it reaches, or nothing`).toBe(1);
    if (end === raw.length || rank.ends.has(end)) continue;
    expect(isKept, `the rewind at ${end} was followed by points`).toBe(true);
  }
  expect([...hidden], 'nothing else is hidden').toEqual([]);
}

const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 0);

async function killAll(ranks: readonly Rank[], hash: string, random: () => number): Promise<void> {
  const seed = Math.floor(random() * 2 ** 31);
  const killed = ranks.map((rank, index) => killRank(rank, hash, seed + index, random() * 150));
  const repo = await Repo.create(directory);
  await Promise.race(killed);
  for (const rank of ranks) {
    const { raw } = await find(repo, hash, rank.writer);
    rank.seen = raw.length;
  }
  const acknowledged = await Promise.all(killed);
  for (const [index, rank] of ranks.entries()) {
    const found = await find(repo, hash, rank.writer);
    const { raw } = found;
    const what = `${hash}, ${rank.writer}`;
    expect(
      raw.every((n, place) => n === place),
      `${what}: a prefix without a hole`,
    ).toBe(true);
    expect(raw.length, `${what}: acknowledged`).toBeGreaterThanOrEqual(acknowledged[index] ?? 0);
    expect(raw.length, `${what}: never taken back`).toBeGreaterThanOrEqual(rank.seen);
    checkRewinds(rank, found);
    if (raw.length % BLOCK === 0) rank.ends.add(raw.length);
    rank.count = raw.length;
  }
}

/** Params, tags and state as every writer's part makes them. */
async function checkRun(ranks: readonly Rank[], hash: string): Promise<void> {
  const repo = await Repo.open(directory);
  const view = await repo.run(hash);
  expect(view?.state).toBe('killed');
  expect([...(view?.tags ?? [])].sort()).toEqual(ranks.map((rank) => rank.writer));
  for (const { writer, count, ends } of ranks) {
    // The change stands behind the point: the one at the end of what was kept may be missing.
    const possible = [count - (count % BLOCK)];
    while (ends.has(possible.at(-1) ?? 0)) possible.push((possible.at(-1) ?? 0) - BLOCK);
    expect(possible.map((each) => Math.max(0, each))).toContain(progressOf(view, writer));
  }
  const [writer, at] = (view?.get('shared') ?? []) as [string, number];
  expect(at).toBeLessThanOrEqual(progressOf(view, writer));
  expect(at).toBeGreaterThanOrEqual(progressOf(view, writer) - 2 * BLOCK);
}

const progressOf = (view: RunView | undefined, writer: string): number =>
  Number(view?.get(['progress', writer]) ?? 0);

it('three writers of a run, killed at three moments, lose nothing that was acknowledged', async () => {
  const { random } = seeded('ranks-killed');
  const start = performance.now();
  let ranks: Rank[] = [];
  let hash = '';
  for (let round = 0; ; round += 1) {
    const isOver = fuzzSeconds > 0 ? performance.now() - start > fuzzSeconds * 500 : round >= 8;
    if (isOver) break;
    // A run is killed several times over before the next one begins.
    if (round % 4 === 0) {
      hash = `ranks-${round}`;
      ranks = ['a', 'b', 'c'].map((writer) => ({ writer, count: 0, seen: 0, ends: new Set() }));
    }
    await killAll(ranks, hash, random);
    await checkRun(ranks, hash);
  }
  expect((await (await Repo.open(directory)).verify()).damaged).toEqual([]);
  // What rewriting makes of it is the same.
  const repo = await Repo.open(directory);
  const before = await Promise.all(ranks.map(({ writer }) => find(repo, hash, writer)));
  await repo.compact();
  expect(await Promise.all(ranks.map(({ writer }) => find(repo, hash, writer)))).toEqual(before);
}, 900_000);
