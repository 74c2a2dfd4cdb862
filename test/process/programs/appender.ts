// Appends [position] at every position of a log until it is killed, rolling and rewriting all the time,
// and says after each flush how far it is acknowledged, by a synchronous write.
//
// Arguments: directory, then `stop` to close after 200 records instead.

import { writeSync } from 'node:fs';

import { Log, type RewriteHook } from 'runlog/engine';

const [directory = '', how = ''] = process.argv.slice(2);

const rewrite: RewriteHook = async (input, output) => {
  for (const { type, body, position, end } of input) output.append([{ type, body }], position, end);
};

const log = await Log.open(directory, { rewrite, sizes: { segmentSize: 4096 } });
for (let count = 0; how !== 'stop' || count < 200; ) {
  const size = 1 + (count % 7);
  log.appendAll(
    Array.from({ length: size }, (_, index) => ({ type: 20, body: [log.position + index] })),
  );
  count += size;
  if (log.flush()) writeSync(1, `${log.position}\n`);
  await new Promise((resolve) => setTimeout(resolve, count % 3));
}
await log.close();
writeSync(1, 'closed\n');
