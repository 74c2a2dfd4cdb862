// A scene and its schedule by chance: owners that take over from one another, maintenance, a reader;
// kills, a failing sync; moments at which all stop, or the power is lost.

import type { Action, OwnerPlan } from './ownership-actors.ts';
import type { Seeded } from './random.ts';
import { type Scene, World } from './schedules.ts';

const actions: readonly Action[] = [
  'append',
  'append',
  'append',
  'flush',
  'flush',
  'flush',
  'roll',
  'sync',
  'syncSync',
  'rewrite',
  'park',
  'close',
];

type Chance = Pick<Seeded, 'integer' | 'pick' | 'random'>;

export function randomScene(chance: Chance): Scene {
  const { integer, pick } = chance;
  const failing = pick(['', '', 'a', 'b']);
  const some = (countMax: number): Action[] =>
    Array.from({ length: 2 + integer(countMax) }, () => pick(actions));
  const owner = (name: string): OwnerPlan => ({
    name,
    openings: [some(10), ...(integer(3) === 0 ? [some(4)] : [])],
    mayFail: name === failing,
  });
  return {
    owners: [
      owner('a'),
      owner('b'),
      owner('c'),
      { name: 'm', kind: 'maintenance', openings: [['rewrite', 'close']], triesMax: 3 },
    ],
    readers: { r: 3 },
    refuseLinks: integer(4) === 0,
    ...(failing === '' ? {} : { failingSync: { owner: failing, nth: 1 + integer(6) } }),
  };
}

/**
 * Plays a scene by chance to its end. The power is lost on the way where no sync fails: a successor's
 * sync of a file may succeed whose pages an earlier, failed one has dropped, and nobody can tell.
 */
export async function playByChance(scene: Scene, chance: Chance): Promise<void> {
  const { integer, random } = chance;
  const mayLosePower = scene.failingSync === undefined;
  const world = new World(scene);
  const told: string[] = [];
  const names = [...scene.owners.map(({ name }) => name), ...Object.keys(scene.readers ?? {})];
  // Long turns and short ones: a preemption at any step, and many openings beside a sleeper.
  const stepsMax = chance.pick([3, 12, 40]);
  try {
    while (names.length > 0) {
      const name = chance.pick(names);
      if (integer(40) === 0) {
        told.push(`${name} is killed`);
        world.kill(name);
        names.splice(names.indexOf(name), 1);
        continue;
      }
      const steps = 1 + integer(stepsMax);
      told.push(`${name} ${steps}`);
      if (await world.go(name, steps)) names.splice(names.indexOf(name), 1);
      if (integer(6) === 0) await world.openAlone();
      if (mayLosePower && integer(6) === 0) await world.losePower({ random });
    }
    await world.openAlone();
  } catch (error) {
    const plan = JSON.stringify(scene);
    throw new Error(`${(error as Error).message}\n${plan}\n${told.join(', ')}`, { cause: error });
  }
}
