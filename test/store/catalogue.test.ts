// What the catalogue is relied on for, claim by claim (spec/catalogue.md): each change shows, nothing is
// trusted too early, what a scan writes is used by the next, and nothing that happens to its files, to its
// updaters or to the disk changes an answer.

import { beforeAll, describe, expect, it } from 'vitest';
import { loadXxhash, type MemoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import { Catalogue } from '../../src/store/catalogue.ts';
import { publishEdit, readFacts } from '../../src/store/edits.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import type { Change, EditKind } from '../../src/store/run-facts.ts';
import {
  CatalogueRepo,
  copyTree,
  partsOf,
  REPO,
  readFile,
  scanned,
  syncTree,
  truth,
  writeFile,
} from '../support/catalogue-repo.ts';
import { seeded } from '../support/random.ts';

beforeAll(loadXxhash);

/** Three closed runs and a killed one, all older than any tick. */
async function someRuns(): Promise<CatalogueRepo> {
  const repo = new CatalogueRepo();
  for (const hash of ['a', 'b', 'c', 'd']) {
    await repo.track(hash);
    await repo.set(hash);
    if (hash === 'b') await repo.show(hash);
    if (hash !== 'd') await repo.close(hash);
  }
  repo.kill('d');
  repo.time += 10_000;
  return repo;
}

/** As `someRuns`, with a catalogue of them. */
async function catalogued(): Promise<CatalogueRepo> {
  const repo = await someRuns();
  expect(scanned(repo.catalogue(), { sequences: true }).fromCatalogue).toBe(0);
  expect(fromCatalogue(repo)).toBe(4);
  return repo;
}

const fromCatalogue = (repo: CatalogueRepo): number => scanned(repo.catalogue()).fromCatalogue;

function isTrue(repo: CatalogueRepo, vfs: MemoryVfs = repo.vfs): void {
  expect(scanned(repo.catalogue('boot', vfs.attach())).answers).toEqual(truth(vfs));
}

describe('a change shows though the clock stands still', () => {
  const changes: Record<string, (repo: CatalogueRepo) => unknown> = {
    'an edit': (repo) => repo.edit('a'),
    'a new writer': (repo) => repo.track('a', 'second'),
    'a resume that tracks': (repo) => repo.track('a'),
    'params set after a resume': (repo) => repo.set('a'),
    'a rewind': async (repo) => {
      await repo.track('a');
      await repo.rewind('a');
    },
    'a deletion': (repo) => repo.delete('a'),
    'a directory removed by hand': (repo) => repo.remove('a'),
    'a run copied in by hand': (repo) => repo.copy('a', 'new'),
    'a run copied over another in place': (repo) => repo.copy('a', 'b'),
    'two runs that change places': (repo) => {
      repo.move('a', 'between');
      repo.move('b', 'a');
      repo.move('between', 'b');
    },
  };
  it.each(Object.entries(changes))('%s', async (_, change) => {
    const repo = await catalogued();
    const before = truth(repo.vfs);
    await change(repo);
    expect(truth(repo.vfs)).not.toEqual(before);
    isTrue(repo);
  });

  it('a backup restored in place of a run that went on', async () => {
    const repo = await catalogued();
    repo.copy('a', 'backup');
    await repo.track('a');
    await repo.close('a');
    repo.time += 10_000;
    isTrue(repo);
    repo.move('backup', 'a');
    isTrue(repo);
  });

  it('an in-place copy of a run with fewer edits over one with more', async () => {
    const repo = await someRuns();
    repo.edit('b');
    repo.edit('b');
    repo.time += 10_000;
    scanned(repo.catalogue(), { sequences: true });
    repo.time += 10_000;
    repo.copy('a', 'b');
    isTrue(repo);
  });

  it('what a writer that lives on appends, also where the scan has taken it for idle', async () => {
    const repo = await someRuns();
    await repo.track('live');
    repo.time += 10_000;
    scanned(repo.catalogue(), { sequences: true });
    expect(fromCatalogue(repo)).toBe(5);
    await repo.track('live');
    isTrue(repo);
  });
});

describe('a stamp is not relied on', () => {
  it('until everything in it is older than any tick of the clock', async () => {
    const repo = await someRuns();
    repo.edit('a');
    scanned(repo.catalogue());
    repo.edit('a');
    isTrue(repo);
    expect(fromCatalogue(repo)).toBe(3);
    repo.time += 10_000;
    scanned(repo.catalogue());
    expect(fromCatalogue(repo)).toBe(4);
  });

  it('when the clock was set back behind it', async () => {
    const repo = await someRuns();
    repo.time -= 3_600_000;
    scanned(repo.catalogue());
    expect(fromCatalogue(repo)).toBe(0);
    repo.edit('a');
    isTrue(repo);
  });

  it('after the next start of the machine, of a log that was not released', async () => {
    const repo = await catalogued();
    expect(scanned(repo.catalogue('next'), { update: false }).fromCatalogue).toBe(3);
    expect(scanned(repo.catalogue(''), { update: false }).fromCatalogue).toBe(3);
  });

  it('of a run that can only be read with damage', async () => {
    const repo = await someRuns();
    const path = `${REPO}/runs/a/logs/main/segment-00000001-000001`;
    const bytes = readFile(repo.vfs, path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFile(repo.vfs, path, bytes);
    repo.time += 10_000;
    for (let time = 0; time < 2; time += 1) scanned(repo.catalogue(), { sequences: true });
    expect(fromCatalogue(repo)).toBe(3);
    isTrue(repo);
  });

  it('where the file system is of other machines and names differ', async () => {
    const repo = await someRuns();
    repo.vfs.configure({ fileSystem: 'nfs' });
    scanned(repo.catalogue(), { sequences: true });
    // The killed one is read each time there.
    expect(fromCatalogue(repo)).toBe(3);
    repo.vfs.configure({ fileSystem: 'ext4' });
    expect(scanned(repo.catalogue(), { update: false }).fromCatalogue).toBe(0);
  });
});

describe('whatever becomes of its files', () => {
  it('any byte of a part may be wrong, and the part may end anywhere', async () => {
    const repo = await catalogued();
    const [path = ''] = partsOf(repo.vfs);
    const bytes = readFile(repo.vfs, path);
    const expected = truth(repo.vfs);
    for (let place = seeded('catalogue bytes').integer(3); place < bytes.length; place += 3) {
      const damaged = bytes.slice();
      damaged[place] = (damaged[place] ?? 0) ^ (1 << (place % 8));
      writeFile(repo.vfs, path, damaged);
      const { answers } = scanned(repo.catalogue(), { update: false });
      if (place % 97 === 0) expect(answers).toEqual(expected);
      else expect(Object.keys(answers).sort()).toEqual(Object.keys(expected).sort());
      expect(answers['a']).toEqual(expected['a']);
    }
    for (let size = 0; size < bytes.length; size += 131) {
      writeFile(repo.vfs, path, bytes.subarray(0, size));
      expect(scanned(repo.catalogue(), { update: false }).answers).toEqual(expected);
    }
  });

  it('a damaged part is removed and made anew', async () => {
    const repo = await catalogued();
    const [path = ''] = partsOf(repo.vfs);
    writeFile(repo.vfs, path, readFile(repo.vfs, path).subarray(0, 100));
    isTrue(repo);
    expect(partsOf(repo.vfs)).not.toContain(path);
    expect(fromCatalogue(repo)).toBe(4);
  });

  it('a part of a newer version is neither used nor removed', async () => {
    const repo = await catalogued();
    const [path = ''] = partsOf(repo.vfs);
    const bytes = readFile(repo.vfs, path);
    bytes[8] = 2;
    writeFile(repo.vfs, path, bytes);
    isTrue(repo);
    expect(partsOf(repo.vfs)).toContain(path);
    expect(fromCatalogue(repo)).toBe(4);
  });

  it('nothing of it can be written', async () => {
    const repo = await someRuns();
    const readOnly = repo.vfs.attach({ readOnly: true });
    for (let time = 0; time < 2; time += 1) {
      const { answers, fromCatalogue: count } = scanned(repo.catalogue('boot', readOnly));
      expect(answers).toEqual(truth(repo.vfs));
      expect(count).toBe(0);
    }
    expect(partsOf(repo.vfs)).toEqual([]);
    scanned(repo.catalogue());
    expect(scanned(repo.catalogue('boot', readOnly)).fromCatalogue).toBe(4);
  });

  it('it goes away while it is used', async () => {
    const repo = await catalogued();
    const expected = truth(repo.vfs);
    const catalogue = repo.catalogue();
    const hashes: string[] = [];
    for (const entry of catalogue.scan()) {
      for (const path of partsOf(repo.vfs)) repo.vfs.unlink(path);
      catalogue.close();
      expect(entry.facts).toEqual((expected[entry.hash] as { facts: unknown }).facts);
      expect(entry.param([])).toEqual((expected[entry.hash] as { params: unknown }).params);
      hashes.push(entry.hash);
    }
    expect(hashes.sort()).toEqual(Object.keys(expected).sort());
    isTrue(repo);
  });
});

describe('a run that changes between any two calls of the scan that reads it', () => {
  type Facts = { readonly edits: string; readonly directory: string };
  const changes: Record<string, (vfs: MemoryVfs, run: Facts) => void> = {
    edited: (vfs, { edits }) => publish(vfs, edits, 'change', [['name', 'another']]),
    deleted: (vfs, { edits }) => publish(vfs, edits, 'deleted', []),
    replaced: (vfs, { directory }) => copyTree(vfs, runPlaces(REPO, 'b').directory, directory),
  };
  function publish(vfs: MemoryVfs, edits: string, kind: EditKind, made: readonly Change[]): void {
    const { life = '' } = readFacts(vfs, edits) ?? {};
    publishEdit(vfs, edits, { kind, time: 1, life, changes: made });
  }

  it.each(Object.entries(changes))('%s', async (name, change) => {
    const repo = await someRuns();
    const before = truth(repo.vfs);
    const changed = repo.vfs.clone();
    change(changed, runPlaces(REPO, 'a'));
    const after = truth(changed);
    expect(after).not.toEqual(before);
    let isDone = true;
    for (let at = 1; isDone; at += 1) {
      const disk = repo.vfs.clone();
      let call = 0;
      isDone = false;
      const scanning = disk.attach({
        onCall: () => {
          call += 1;
          if (call !== at) return;
          isDone = true;
          change(disk, runPlaces(REPO, 'a'));
        },
      });
      const { answers } = scanned(repo.catalogue('boot', scanning));
      // Files copied one by one over those that are read may be of two runs.
      if (name !== 'replaced') expect([before['a'], after['a']]).toContainEqual(answers['a']);
      repo.time += 10_000;
      for (let turn = 0; turn < 2; turn += 1)
        expect(scanned(repo.catalogue('boot', disk.attach())).answers).toEqual(
          isDone ? after : before,
        );
      repo.time -= 10_000;
    }
  });
});

describe('a run whose files go while it is read is read as it is', () => {
  /** What takes files away: edits that are folded, a log that is rewritten. */
  const changes: Record<string, (repo: CatalogueRepo) => unknown> = {
    folded: (repo) => repo.fold('a'),
    rewritten: async (repo) => {
      await repo.track('a', 'main', 800);
      await repo.close('a');
    },
  };
  /** When it happens: by a clock that goes on, in the tick of the last change, and where times say nothing. */
  const situations: Record<string, { wait: number; fileSystem: string; stands: boolean }> = {
    'long after': { wait: 10_000, fileSystem: 'ext4', stands: false },
    'in the same tick': { wait: 0, fileSystem: 'ext4', stands: true },
    'where change times are of another machine': { wait: 10_000, fileSystem: 'nfs', stands: true },
  };
  const cases = Object.keys(changes).flatMap((change) =>
    Object.keys(situations).map((situation) => [change, situation] as const),
  );

  it.each(cases)('%s %s', async (change, situation) => {
    const { wait, fileSystem, stands } = situations[situation] as (typeof situations)[string];
    const repo = new CatalogueRepo();
    await repo.track('a', 'main', 400);
    await repo.close('a');
    for (let count = 0; count < 3; count += 1) repo.edit('a');
    const changedAt = repo.time;
    const before = repo.vfs.clone();
    await changes[change]?.(repo);
    const after = repo.vfs;
    const answers = [truth(before)['a'], truth(after)['a']];
    let isDone = true;
    for (let at = 1; isDone; at += 1) {
      const disk = before.clone();
      repo.time = changedAt + wait;
      let call = 0;
      isDone = false;
      const onCall = (): void => {
        call += 1;
        if (call !== at) return;
        isDone = true;
        if (stands) repo.time = changedAt;
        becomes(disk, after, runPlaces(REPO, 'a').directory);
        repo.time = changedAt + wait;
      };
      // Of the object that scans: another on the same disk has its own.
      const scanning = repo.catalogue('boot', disk.attach({ onCall, fileSystem }));
      expect(answers).toContainEqual(scanned(scanning).answers['a']);
    }
  });

  it('is listed again by its reader where the file system is of other machines, and not where it is of this one', async () => {
    const repo = new CatalogueRepo();
    await repo.track('a', 'main', 400);
    await repo.close('a');
    const { edits, logs } = runPlaces(REPO, 'a');
    repo.time += 10_000;
    for (const path of [edits, `${logs}/main`]) {
      const counts = ['ext4', 'nfs'].map((fileSystem) => {
        let count = 0;
        const onCall = (call: { name: string; path: string }): void => {
          if (call.name === 'list' && call.path === path) count += 1;
        };
        const scanning = repo.catalogue('boot', repo.vfs.clone().attach({ onCall, fileSystem }));
        // Until it has been read: what is kept of it is compared with another listing there.
        for (const _entry of scanning.scan()) return count;
        return undefined;
      });
      expect(counts[1], path).toBeGreaterThan(counts[0] ?? Number.NaN);
    }
  });

  /** New files first, then those go that are no more. */
  function becomes(vfs: MemoryVfs, other: MemoryVfs, path: string): void {
    if (other.stat(path)?.isDirectory !== true) {
      if (vfs.stat(path) === undefined) writeFile(vfs, path, readFile(other, path));
      return;
    }
    for (const name of other.list(path)) becomes(vfs, other, `${path}/${name}`);
    for (const name of vfs.list(path))
      if (other.stat(`${path}/${name}`) === undefined) vfs.unlink(`${path}/${name}`);
  }
});

it('a run whose sequences are known is not opened for who asks for them, in its turn or after the scan', async () => {
  const repo = await catalogued();
  const opened: string[] = [];
  const vfs = repo.vfs.attach({
    onCall: ({ name, path }) => {
      if (name === 'open') opened.push(path);
    },
  });
  const entries = [...repo.catalogue('boot', vfs).scan()];
  for (const entry of [...repo.catalogue('boot', vfs).scan(), ...entries]) {
    const keys = entry.sequences().map((each) => [each.key, each.value('last')]);
    expect(keys.length).toBeGreaterThan(0);
    const [[key] = []] = keys;
    expect(entry.sequencesWhere((each) => each === key).map((each) => each.key)).toEqual([key]);
  }
  expect(opened.filter((path) => !path.includes('/catalogue/'))).toEqual([]);
});

describe('sequences of objects', () => {
  const opensOf = (repo: CatalogueRepo): { catalogue: Catalogue; opened: Set<string> } => {
    const opened = new Set<string>();
    const vfs = repo.vfs.attach({
      onCall: ({ name, path }) => {
        const [, hash] = /\/runs\/([^/]+)\//.exec(path) ?? [];
        if (name === 'open' && hash !== undefined) opened.add(hash);
      },
    });
    return { catalogue: repo.catalogue('boot', vfs), opened };
  };
  const objectsOf = (catalogue: Catalogue): string[] =>
    [...catalogue.scan({ objects: true })].flatMap((entry) =>
      entry.objects().map(({ kind, key }) => `${entry.hash} ${kind} ${key.split('\0')[0]}`),
    );

  it('are known of every run once they were asked for, also that it has none', async () => {
    const repo = await someRuns();
    const first = opensOf(repo);
    const found = objectsOf(first.catalogue);
    expect(found.map((each) => each.replace(/ \d$/, ''))).toEqual([
      'b texts texts',
      'b images images',
    ]);
    expect([...first.opened].sort()).toEqual(['a', 'b', 'c', 'd']);
    const second = opensOf(repo);
    expect(objectsOf(second.catalogue)).toEqual(found);
    expect([...second.opened]).toEqual([]);
  });

  it('are learnt beside what is known, and take nothing away', async () => {
    for (const isFirst of [true, false]) {
      const repo = await someRuns();
      const [one, other] = isFirst
        ? (['sequences', 'objects'] as const)
        : (['objects', 'sequences'] as const);
      for (const [leavesOut, opens] of [
        [one, 4],
        // The other was not asked for.
        [other, 4],
        [undefined, 0],
      ] as const) {
        const { catalogue, opened } = opensOf(repo);
        const expected = truth(repo.vfs);
        if (leavesOut !== undefined)
          for (const each of Object.values(expected)) delete each[leavesOut];
        const asks = leavesOut === undefined ? {} : { leavesOut };
        expect(scanned(catalogue, asks).answers).toEqual(expected);
        expect(opened.size, `${one} ${leavesOut}`).toBe(opens);
      }
      expect(partsOf(repo.vfs)).toHaveLength(1);
    }
  });

  it('of what two scans have learnt apart, neither is lost', async () => {
    const repo = await someRuns();
    const held = repo.catalogue();
    scanned(held, { leavesOut: 'objects', sequences: true });
    const parts = partsOf(repo.vfs).map((path) => [path, readFile(repo.vfs, path)] as const);
    scanned(repo.catalogue(), { leavesOut: 'sequences', objects: true });
    // As if the first had come later.
    for (const [path, bytes] of parts) writeFile(repo.vfs, path, bytes);
    for (let time = 0; time < 2; time += 1) isTrue(repo);
    const { catalogue, opened } = opensOf(repo);
    expect(scanned(catalogue).answers).toEqual(truth(repo.vfs));
    expect(opened.size).toBe(0);
  });

  it('that a rewind hides have no step', async () => {
    const repo = await someRuns();
    await repo.show('a');
    await repo.rewind('a');
    const run = await repo.open('a');
    run.rewind({
      step: -1,
      name: undefined,
      contextText: undefined,
      targets: [run.target()],
      time: 1,
    });
    run.flush();
    await repo.close('a');
    repo.time += 10_000;
    for (let time = 0; time < 2; time += 1) {
      const entries = [...repo.catalogue().scan({ objects: true })];
      const entry = entries.find(({ hash }) => hash === 'a');
      expect(entry?.isFromCatalogue).toBe(time === 1);
      expect(entry?.objects().map((each) => [each.count, each.firstStep, each.lastStep])).toEqual([
        [0, undefined, undefined],
        [0, undefined, undefined],
      ]);
    }
  });
});

describe('of a run whose sequences are not known', () => {
  /** Sequences of several writers, hot and rewritten; the catalogue has seen only the rest of the runs. */
  async function unknown(): Promise<CatalogueRepo> {
    const repo = await someRuns();
    await repo.track('a', 'second', 200);
    await repo.close('a', 'second');
    await repo.track('b', 'main', 500);
    await repo.close('b');
    repo.time += 10_000;
    for (const entry of repo.catalogue().scan()) expect(entry.isFromCatalogue).toBe(false);
    return repo;
  }
  const segmentsOf = (repo: CatalogueRepo, hash: string): string[] => {
    const log = `${runPlaces(REPO, hash).logs}/main`;
    return repo.vfs.list(log).flatMap((name) => (/^(seg|rew)/.test(name) ? `${log}/${name}` : []));
  };

  it('the segments are enough for who asks after the scan', async () => {
    const repo = await unknown();
    const expected = truth(repo.vfs);
    const opened: string[] = [];
    const vfs = repo.vfs.attach({
      onCall: ({ name, path }) => {
        if (name === 'open') opened.push(path);
      },
    });
    const entries = [...repo.catalogue('boot', vfs).scan()];
    for (const entry of entries) {
      opened.length = 0;
      const keys = entry.sequences().map(({ key }) => key);
      for (const key of keys) entry.rows(key);
      expect(keys).toEqual(
        (expected[entry.hash] as { sequences: [string][] }).sequences.map(([key]) => key),
      );
      // The killed one is read as any other.
      const areSegments = opened.every((path) => /\/(segment|rewritten)-[^/]+$/.test(path));
      expect(areSegments).toBe(entry.hash !== 'd');
      expect(new Set(opened).size).toBe(opened.length);
    }
    expect(scanned(repo.catalogue(), { afterwards: true, update: false })).toEqual({
      answers: expected,
      fromCatalogue: 4,
    });
  });

  it('and segments that were damaged or taken away since, it is read as any other', async () => {
    for (const harm of ['damage', 'removal'] as const) {
      const repo = await unknown();
      const entries = [...repo.catalogue().scan()];
      for (const path of segmentsOf(repo, 'b')) {
        const bytes = readFile(repo.vfs, path);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        if (harm === 'damage') writeFile(repo.vfs, path, bytes);
        else repo.vfs.unlink(path);
      }
      const { sequences } = truth(repo.vfs)['b'] as { sequences: unknown[][] };
      const entry = entries.find(({ hash }) => hash === 'b');
      const found = entry?.sequences().map(({ key }) => [key, entry.rows(key).values]);
      const points = sequences.map(([key, , , rows]) => [
        key,
        (rows as { values: unknown }).values,
      ]);
      expect(found).toEqual(points);
      expect(entry?.readSoFar?.damage.length).toBeGreaterThan(0);
    }
  });
});

describe('an updater', () => {
  /** Calls of a scan that finds changed and new runs beside those that it knows. */
  async function changed(): Promise<CatalogueRepo> {
    const repo = await catalogued();
    repo.edit('a');
    repo.delete('b');
    for (const hash of ['e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']) {
      await repo.track(hash);
      await repo.close(hash);
      repo.time += 10_000;
      scanned(repo.catalogue());
    }
    await repo.track('m');
    repo.time += 10_000;
    return repo;
  }

  const callCount = (repo: CatalogueRepo): number => {
    let count = 0;
    const counting = repo.vfs.clone().attach({
      onCall: () => {
        count += 1;
      },
    });
    scanned(repo.catalogue('boot', counting), { sequences: true });
    return count;
  };

  it('may be killed before each of its calls; what it leaves is removed in time', async () => {
    const repo = await changed();
    const expected = truth(repo.vfs);
    const count = callCount(repo);
    for (let killedAt = 1; killedAt <= count; killedAt += 1) {
      const disk = repo.vfs.clone();
      let call = 0;
      const dying = disk.attach({
        onCall: () => {
          call += 1;
          // Nothing that it still does reaches the disk.
          if (call >= killedAt) throw new Error('killed');
        },
      });
      expect(() => scanned(repo.catalogue('boot', dying), { sequences: true })).toThrow();
      const after = disk.kill();
      expect(scanned(repo.catalogue('boot', after)).answers).toEqual(expected);
      repo.time += 100_000;
      scanned(repo.catalogue('boot', after), { sequences: true });
      repo.time -= 100_000;
      if (killedAt % 10 === 0)
        expect(scanned(repo.catalogue('boot', after)).answers).toEqual(expected);
    }
  });

  it('collects temporary files that nobody makes any more', async () => {
    const repo = await catalogued();
    const path = `${REPO}/catalogue/temporary-0123456789abcdef`;
    writeFile(repo.vfs, path, new Uint8Array(10));
    repo.edit('a');
    repo.time += 10_000;
    scanned(repo.catalogue());
    expect(partsOf(repo.vfs)).toContain(path);
    repo.edit('a');
    repo.time += 100_000;
    scanned(repo.catalogue());
    expect(partsOf(repo.vfs)).not.toContain(path);
  });

  it('meets a second one at each of its calls, and both leave a valid state', async () => {
    const repo = await changed();
    const expected = truth(repo.vfs);
    const count = callCount(repo);
    for (let at = 1; at <= count; at += 1) {
      const disk = repo.vfs.clone();
      let call = 0;
      const first = disk.attach({
        onCall: () => {
          call += 1;
          if (call !== at) return;
          const second = repo.catalogue('boot', disk.attach());
          expect(scanned(second, { sequences: true }).answers).toEqual(expected);
        },
      });
      expect(scanned(repo.catalogue('boot', first), { sequences: true }).answers).toEqual(expected);
      expect(scanned(repo.catalogue('boot', disk.attach())).answers).toEqual(expected);
    }
  });

  it('is refused any of its calls by the disk, and no answer is lost', async () => {
    const repo = await changed();
    const expected = truth(repo.vfs);
    const count = callCount(repo);
    for (const code of ['EIO', 'ENOSPC', 'EMFILE'])
      for (let at = 1; at <= count; at += 3) {
        const disk = repo.vfs.clone();
        let call = 0;
        const failing = disk.attach({
          onCall: ({ path, target }) => {
            if (!`${path}${target ?? ''}`.includes('/catalogue')) return;
            call += 1;
            if (call === at) throw fileSystemError(code, 'call', path);
          },
        });
        expect(scanned(repo.catalogue('boot', failing), { sequences: true }).answers).toEqual(
          expected,
        );
        expect(scanned(repo.catalogue('boot', disk.attach())).answers).toEqual(expected);
      }
  });

  it('loses power: what is left of its files is used only where it is whole', async () => {
    const repo = await changed();
    syncTree(repo.vfs, '/');
    // The name of an edit, frames and their segment, all of which no sync covers.
    await repo.track('m');
    await repo.track('c', 'second');
    repo.time += 10_000;
    scanned(repo.catalogue(), { sequences: true });
    const random = seeded('catalogue power loss');
    const rules = [
      ...namedCrashRules,
      ...Array.from({ length: 20 }, () => ({ random: random.random })),
    ];
    for (const rule of rules) {
      const image = repo.vfs.crash(rule);
      expect(scanned(repo.catalogue('next', image)).answers).toEqual(truth(image));
    }
  });

  it('writes nothing where all that was asked for is there', async () => {
    const repo = await catalogued();
    const before = partsOf(repo.vfs);
    for (let time = 0; time < 2; time += 1) scanned(repo.catalogue(), { sequences: true });
    expect(partsOf(repo.vfs)).toEqual(before);
  });

  it('keeps the number of files small, and forgets what is gone', async () => {
    const repo = new CatalogueRepo();
    const catalogue = repo.catalogue();
    for (let index = 0; index < 100; index += 1) {
      await repo.track(`run-${index}`);
      await repo.close(`run-${index}`);
      repo.time += 10_000;
      scanned(catalogue, { sequences: true });
      expect(partsOf(repo.vfs).length).toBeLessThan(20);
    }
    expect(fromCatalogue(repo)).toBe(100);
    for (let index = 0; index < 99; index += 1) repo.remove(`run-${index}`);
    scanned(catalogue);
    expect(partsOf(repo.vfs)).toHaveLength(1);
    expect(fromCatalogue(repo)).toBe(1);
    isTrue(repo);
  });
});

it('what was looked at a short while ago is not looked at again where the caller allows it', async () => {
  const repo = await catalogued();
  let monotonic = 0;
  const catalogue = new Catalogue(repo.vfs.attach(), REPO, {
    bootId: 'boot',
    monotonic: () => monotonic,
  });
  const before = truth(repo.vfs);
  expect(scanned(catalogue).answers).toEqual(before);
  repo.edit('a');
  repo.remove('b');
  await repo.track('new');
  monotonic = 1000;
  const { a, ...others } = scanned(catalogue, { maxAgeMs: 1000 }).answers;
  const { a: changed, ...rest } = truth(repo.vfs);
  // Runs that came and went show at once.
  expect(others).toEqual(rest);
  expect(a).toEqual(before['a']);
  expect(scanned(catalogue).answers).toEqual({ a: changed, ...rest });
  repo.edit('c');
  monotonic = 2001;
  expect(scanned(catalogue, { maxAgeMs: 1000 }).answers).toEqual(truth(repo.vfs));
});

it('an entry says what one run says, and none of a run that is not there', async () => {
  const repo = await catalogued();
  expect(repo.catalogue().run('a')?.isFromCatalogue).toBe(true);
  expect(repo.catalogue().run('a')?.param(['hparams', 'layers', 1])).toBe(64);
  expect(repo.catalogue().run('nobody')).toBeUndefined();
  repo.delete('a');
  expect(repo.catalogue().run('a')).toBeUndefined();
});
