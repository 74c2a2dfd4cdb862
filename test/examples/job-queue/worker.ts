// Works on a queue until it is killed; says what was acknowledged, a line each: `enqueued ID`, `done ID`.

import { writeSync } from 'node:fs';

import { JobQueue } from './job-queue.ts';

const [directory = '', start = '0'] = process.argv.slice(2);
const queue = await JobQueue.open(directory);
const claimed = new Set<string>();
const say = (line: string): number => writeSync(1, `${line}\n`);

for (let number = Number(start); ; number += 1) {
  const job = { id: `job-${number}`, work: { n: number } };
  if (queue.enqueue([job])) say(`enqueued ${job.id}`);
  if (number % 2 === 0) continue;
  const next = queue.claim(claimed);
  if (next === undefined) continue;
  claimed.add(next.id);
  const follow = { id: `${next.id}-report`, work: next.id };
  if (queue.done(next, next.id.endsWith('-report') ? [] : [follow])) say(`done ${next.id}`);
}
