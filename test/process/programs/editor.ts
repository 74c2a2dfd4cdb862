// Edits a run as often as it is told, as fast as it can: a tag, a note, description, name and archived each
// time.
//
// Arguments: repo, run hash, own name, number of edits.

import { Repo } from 'runlog';

const [path = '', hash = '', name = '', count = '10'] = process.argv.slice(2);

const view = await (await Repo.open(path)).run(hash);
for (let index = 0; index < Number(count); index += 1)
  await view?.edit({
    tags: { add: [`${name}-${index}`] },
    note: `${name} ${index}`,
    description: `${name} ${index}`,
    archived: index % 2 === 1,
    name,
  });
