// Owners and readers of one log whose file-system calls come in any order: each is paused at any call
// and goes on later (test/support/coroutine.ts), so that an owner may write between two calls of its
// successor's opening, and another open between two calls of that one's check.
//
// Each form below is a shortest counterexample of some wrong order, with every number of steps in its
// places: `npm run mutants` plants the wrong orders and expects these tests to fail. After every turn
// everybody stops, and a fresh owner opens alone; in some scenes the power is lost instead.
// Oracle: test/support/ownership-history.ts, ownership-actors.ts.

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type CrashRule, loadXxhash } from '../../src/engine/index.ts';
import type { PendingChange } from '../../src/engine/vfs/memory-image.ts';
import type { Action, OwnerPlan } from '../support/ownership-actors.ts';
import { seeded } from '../support/random.ts';
import { playByChance, randomScene } from '../support/random-schedule.ts';
import { explore, type FormTurn, type Scene } from '../support/schedules.ts';

vi.mock('node:crypto', () => import('../support/replayed-random.ts'));

beforeAll(loadXxhash);

const once: readonly Action[] = ['append', 'flush'];
const twice: readonly Action[] = [...once, ...once];
const sealing: readonly Action[] = [...once, 'roll', ...once, 'rewrite', ...once];

const owner = (
  name: string,
  openings: OwnerPlan['openings'],
  more: Partial<OwnerPlan> = {},
): OwnerPlan => ({ name, openings, ...more });

/** Before the second flush: its record is built, not written. */
const SECOND = '0.3';

/** Everything is kept but the names that are not among these. */
const keeping = (isKept: (change: PendingChange) => boolean): CrashRule => ({
  choose: (change) =>
    change.kind === 'write' || change.kind === 'truncate' || isKept(change) ? 'kept' : 'dropped',
});

const rules: readonly CrashRule[] = [
  'all dropped',
  'names kept content dropped',
  'content kept names dropped',
  'every other',
  'every other but the first',
  // What was decided stays, and not the files that it is about; what was unlinked, and not why.
  keeping(({ path }) => path.includes('/manifest-')),
  keeping(({ kind }) => kind === 'unlink'),
  // The first frame of each segment goes, those behind it stay.
  { choose: ({ kind, offset }) => (kind === 'write' && offset === 128 ? 'dropped' : 'kept') },
];

interface Form {
  readonly what: string;
  readonly scene: Scene;
  readonly turns: readonly FormTurn[];
  readonly isPlayedUnlinked?: boolean;
}

const forms: readonly Form[] = [
  {
    what: 'a whole opening at any step of an owner',
    scene: { owners: [owner('a', [twice]), owner('b', [once])] },
    turns: [['a', 'any'], ['b'], ['a']],
  },
  {
    what: 'an owner goes on at any step of its successor',
    scene: { owners: [owner('a', [twice]), owner('b', [once])] },
    isPlayedUnlinked: true,
    turns: [['a', 'any'], ['b', 'any'], ['a'], ['b']],
  },
  {
    what: 'one loses to another in the middle of its opening, and the owner before both goes on',
    scene: {
      owners: [owner('a', [twice]), owner('b', [once], { triesMax: 1 }), owner('c', [once])],
    },
    turns: [['a', SECOND], ['b', 'any'], ['c', 'any'], ['b'], ['a'], ['c']],
  },
  {
    what: 'a contender that listed long ago, when the fences that it knew are collected',
    scene: { owners: [owner('a', [once, once, once, once, once]), owner('c', [twice])] },
    turns: [['a', '0.1'], ['c', 'any'], ['a', '4.0'], ['c', 'any'], ['a'], ['c']],
  },
  {
    what: 'a contender that listed the empty directory',
    scene: {
      owners: [
        owner('a', [twice]),
        owner('b', [once, once, once]),
        owner('c', [once], { triesMax: 1 }),
      ],
    },
    isPlayedUnlinked: true,
    turns: [['c', 'any'], ['a', SECOND], ['b'], ['c', 'any'], ['a'], ['c']],
  },
  {
    what: 'two more openings at any step of the check of an owner that has been replaced',
    scene: { owners: [owner('a', [twice]), owner('b', [once]), owner('c', [once, once, once])] },
    turns: [['a', 'any'], ['b'], ['a', 'any'], ['c'], ['a']],
  },
  {
    what: 'three openings at any step of an owner that was parked',
    scene: {
      owners: [
        owner('a', [[...once, 'park', ...once]]),
        owner('b', [once]),
        owner('c', [once, once]),
      ],
    },
    turns: [['a', 'any'], ['b'], ['a', 'any'], ['c'], ['a']],
  },
  {
    what: 'an owner goes on at any step of a collection of its fence and the next',
    scene: {
      owners: [owner('a', [twice]), owner('b', [once]), owner('c', [once]), owner('d', [once])],
    },
    turns: [['a', SECOND], ['b'], ['c', 'any'], ['d', 'any'], ['a'], ['d'], ['c']],
  },
  {
    what: 'a late one publishes what another has decided meanwhile',
    scene: { owners: [owner('a', [twice]), owner('b', [once]), owner('c', [twice])] },
    isPlayedUnlinked: true,
    turns: [['a', SECOND], ['b', 'any'], ['a'], ['c', 'any'], ['b'], ['c']],
  },
  {
    what: 'a successor at any step of a reader, the owner goes on in between',
    scene: { owners: [owner('a', [twice]), owner('b', [once])], readers: { r: 2 } },
    turns: [['a', SECOND], ['r', 'any'], ['b', 'any'], ['a'], ['r'], ['b']],
  },
  {
    what: 'rolling and rewriting at any step of a reader',
    scene: { owners: [owner('a', [sealing])], readers: { r: 1 } },
    isPlayedUnlinked: true,
    turns: [['a', 'any'], ['r', 'any'], ['a'], ['r']],
  },
  {
    what: 'three openings at any step of rolling and rewriting',
    scene: { owners: [owner('a', [sealing]), owner('b', [once, once, once])] },
    isPlayedUnlinked: true,
    turns: [['a', 'any'], ['b'], ['a']],
  },
  {
    what: 'an owner rolls and rewrites at any step of its successor',
    scene: { owners: [owner('a', [sealing]), owner('b', [sealing])] },
    isPlayedUnlinked: true,
    turns: [['b', 'any'], ['a', 'any'], ['b'], ['a']],
  },
  {
    what: 'maintenance rewrites at any step of an owner, and is replaced at any step',
    scene: {
      owners: [
        owner('a', [[...once, 'roll', ...once]]),
        owner('m', [['rewrite', 'close']], { kind: 'maintenance' }),
        owner('b', [twice]),
      ],
    },
    turns: [['a', 'any'], ['m', 'any'], ['b'], ['m'], ['a']],
  },
];

const powerForms: readonly Form[] = [
  {
    what: 'rolling, syncing, rewriting',
    scene: {
      owners: [owner('a', [['append', 'sync', ...sealing, 'sync', 'close']])],
      power: rules,
    },
    turns: [['a', 'any']],
  },
  {
    what: 'a take-over at any step, with the owner going on',
    scene: { owners: [owner('a', [twice]), owner('b', [[...once, 'syncSync']])], power: rules },
    turns: [['a', 'any'], ['b', 'any'], ['a'], ['b']],
  },
  {
    what: 'one that syncs goes on at any step of a take-over',
    scene: {
      owners: [owner('a', [[...once, 'append', 'sync', 'append', 'syncSync']]), owner('b', [once])],
      power: rules,
    },
    turns: [['a', 'any'], ['b', 'any'], ['a'], ['b']],
  },
  {
    what: 'a new life begins',
    scene: {
      owners: [
        owner('a', [
          ['append', 'sync', 'close'],
          [...once, 'roll', ...once],
        ]),
        owner('b', [[], ['append', 'sync']], { fresh: true }),
      ],
      power: rules,
    },
    turns: [['a'], ['b', 'any']],
  },
  {
    what: 'a take-over of rolled segments',
    scene: { owners: [owner('a', [sealing]), owner('b', [[...once, 'sync']])], power: rules },
    turns: [['a', 'any'], ['b', 'any'], ['a'], ['b']],
  },
];

const play = async ({ scene, turns }: Form): Promise<void> => {
  expect((await explore(scene, turns)).states).toBeGreaterThan(20);
};

describe('nothing that was promised is lost or taken back', () => {
  for (const form of forms) it(form.what, () => play(form));

  it('nor where links are refused', async () => {
    for (const { what, scene, turns } of forms.filter((each) => each.isPlayedUnlinked))
      await play({ what, scene: { ...scene, refuseLinks: true }, turns });
  });
});

describe('nothing that was synced is lost with the power', () => {
  for (const form of powerForms) it(form.what, () => play(form));
});

describe('a sync fails', () => {
  it('of an owner, any of them, killed or replaced at any step', async () => {
    const plan = owner('a', [[...once, 'sync', ...once, 'sync', ...twice, 'sync']], {
      mayFail: true,
    });
    let states = 0;
    for (let nth = 1; nth <= 6; nth += 1) {
      const failingSync = { owner: 'a', nth };
      const alone = { owners: [plan], failingSync, power: rules };
      states += (await explore(alone, [['a', 'any']])).states;
      const scene = { owners: [plan, owner('b', [once])], failingSync };
      states += (await explore(scene, [['a', 'any'], ['b'], ['a']])).states;
    }
    expect(states).toBeGreaterThan(200);
  });

  it('on the way out: the handle is not used again, what a later sync resolves for is on the disk', async () => {
    const plan = owner('a', [['append', 'syncSync', 'sync', ...once, 'syncSync', 'sync']], {
      mayFail: true,
    });
    for (let nth = 1; nth <= 5; nth += 1) {
      const scene = { owners: [plan], failingSync: { owner: 'a', nth }, power: rules };
      await explore(scene, [['a', 'any']]);
    }
  });

  it('while a reader is at the segment that grows and is then repeated', async () => {
    const plan = owner('a', [['append', 'syncSync', 'append', 'syncSync', 'append', 'roll']], {
      mayFail: true,
    });
    const failingSync = { owner: 'a', nth: 4 };
    for (const refuseLinks of [false, true]) {
      const scene = { owners: [plan], readers: { r: 1 }, failingSync, refuseLinks };
      await explore(scene, [['a', 'any'], ['r', 'any'], ['a', 'any'], ['r']]);
    }
  });

  it('of the tail that a successor is about to seal, at any step of the owner', async () => {
    const before = owner('a', [['append', 'sync', ...once, 'roll', ...twice]]);
    const after = owner('b', [[...once, 'sync']], { mayFail: true });
    let states = 0;
    for (let nth = 1; nth <= 4; nth += 1) {
      const scene = { owners: [before, after], failingSync: { owner: 'b', nth } };
      const turns: readonly FormTurn[] = [['a', 'any'], ['b', 'any'], ['a'], ['b']];
      states += (await explore(scene, turns)).states;
    }
    // Killed after it has copied and lost to the roll of the owner: the copy is nobody's.
    const scene = { owners: [before, after], failingSync: { owner: 'b', nth: 2 } };
    await explore(scene, [['a', '0.4'], ['b', 'any'], ['a'], ['b', 'any']]);
    expect(states).toBeGreaterThan(500);
  });
});

/** More of the last test, for as long. */
const fuzzMs = Number(process.env['FUZZ_SECONDS'] ?? 0) * 1000;

it(
  'schedules by chance, with kills, failing syncs and losses of power',
  async () => {
    const end = performance.now() + fuzzMs;
    for (let block = 0; block < 2 || performance.now() < end; block += 1) {
      const chance = seeded(`schedules ${block}`);
      for (let round = 0; round < 100; round += 1) {
        try {
          await playByChance(randomScene(chance), chance);
        } catch (error) {
          throw new Error(`block ${block}, round ${round}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
    }
  },
  60_000 + fuzzMs,
);
