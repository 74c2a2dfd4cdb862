// With the catalogue and without it every answer is the same: under random histories of writers, edits,
// deletions, copies by hand and clocks that go back, two scanners that update at once, damage of every
// file. Seeds are printed.

import { beforeAll, describe, expect, it } from 'vitest';
import { loadXxhash, type MemoryVfs } from '../../src/engine/index.ts';
import type { Catalogue } from '../../src/store/catalogue.ts';
import {
  CatalogueRepo,
  partsOf,
  readFile,
  scanned,
  soundCount,
  truth,
  writeFile,
} from '../support/catalogue-repo.ts';
import { type Seeded, seeded } from '../support/random.ts';

beforeAll(loadXxhash);

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const HASHES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** One thing that happens in a repo. */
async function act(repo: CatalogueRepo, { pick, integer }: Seeded): Promise<void> {
  const hash = pick(HASHES);
  const other = pick(HASHES);
  const isThere = repo.vfs.stat(`/repo/.aim/runs/${hash}/edits`) !== undefined;
  const writer = integer(5) === 0 ? 'second' : 'main';
  switch (isThere ? integer(18) : 0) {
    case 0:
    case 1:
      return repo.track(hash, writer);
    case 2:
      return repo.set(hash, writer);
    case 3:
    case 4:
    case 5:
      return repo.close(hash, writer);
    case 6:
      return repo.kill(hash);
    case 7:
    case 8:
      return repo.edit(hash);
    case 9:
      return repo.fold(hash);
    case 10:
      return repo.delete(hash);
    case 11:
      return hash === other ? undefined : repo.copy(hash, other);
    case 12:
      return repo.remove(hash);
    case 13:
      return hash === other ? undefined : repo.move(hash, other);
    case 14:
      return repo.rewind(hash);
    case 15:
    case 16:
      return repo.show(hash, writer);
    default:
      return repo.track(hash, writer, 200);
  }
}

/** Bytes, size, name or presence of one file of the catalogue. */
function damage(vfs: MemoryVfs, { pick, integer }: Seeded): void {
  const parts = partsOf(vfs);
  if (parts.length === 0) return;
  const [path, other] = [pick(parts), pick(parts)];
  const bytes = readFile(vfs, path);
  switch (integer(6)) {
    case 0:
      vfs.unlink(path);
      break;
    case 1:
      writeFile(vfs, path, bytes.subarray(0, integer(bytes.length + 1)));
      break;
    case 2:
      writeFile(vfs, path, new Uint8Array(bytes.length));
      break;
    case 3:
      writeFile(vfs, path, readFile(vfs, other));
      break;
    default: {
      const place = integer(bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << integer(8));
      writeFile(vfs, path, bytes);
    }
  }
}

async function history(random: Seeded, steps: number): Promise<void> {
  const repo = new CatalogueRepo();
  let scanners: Catalogue[] = [repo.catalogue(), repo.catalogue()];
  for (let step = 0; step < steps; step += 1) {
    await act(repo, random);
    const leap = random.integer(10);
    if (leap < 3) repo.time += random.integer(4000);
    else if (leap === 3) repo.time -= random.integer(6000);
    else if (leap === 4) repo.time += 10_000;
    if (random.integer(20) === 0) damage(repo.vfs, random);
    // Another process, or another start of the machine.
    if (random.integer(20) === 0) scanners = [repo.catalogue(), repo.catalogue('next boot')];
    if (random.integer(3) !== 0) continue;
    const options = {
      sequences: random.integer(2) === 0,
      objects: random.integer(2) === 0,
      afterwards: random.integer(3) === 0,
    };
    const wanted = truth(repo.vfs);
    const leavesOut = random.pick([['sequences'], ['objects'], []] as const)[0];
    if (leavesOut !== undefined) for (const each of Object.values(wanted)) delete each[leavesOut];
    expect(
      scanned(random.pick(scanners), { ...options, ...(leavesOut && { leavesOut }) }).answers,
    ).toEqual(wanted);
  }
  repo.time += 100_000;
  // The first may come upon damage, the second writes what that one read.
  for (let time = 0; time < 2; time += 1) scanned(repo.catalogue());
  expect(scanned(repo.catalogue()).fromCatalogue).toBe(soundCount(repo.vfs));
  repo.dispose();
}

describe('with the catalogue answers are what they are without', () => {
  it(
    'under random histories',
    async () => {
      const random = seeded('catalogue history');
      const end = Date.now() + seconds * 1000;
      for (let round = 0; round < 20 || Date.now() < end; round += 1) await history(random, 60);
    },
    60_000 + 2000 * seconds,
  );
});
