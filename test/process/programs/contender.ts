// Opens a run, says so or why not, tracks on order. Driven over its standard input, one command a
// line: `open [force]`, `track N` (N points, then a flush; answers `flushed true|false`), `close`.
//
// Arguments: repo, run hash, writer, value that this process tracks.

import { createInterface } from 'node:readline';

import { Run, RunlogError } from 'runlog';

const [repo = '', runHash = '', writer = 'main', value = '0'] = process.argv.slice(2);
let run: Run | undefined;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

async function obey(line: string): Promise<void> {
  const [command, argument] = line.split(' ');
  if (command === 'open') {
    try {
      run = await Run.open({
        repo,
        runHash,
        writer,
        forceResume: argument === 'force',
        systemTrackingInterval: null,
        onError: () => {},
      });
      say('opened');
    } catch (error) {
      say(`refused ${error instanceof RunlogError ? error.code : String(error)}`);
    }
  } else if (command === 'track') {
    for (let index = 0; index < Number(argument); index += 1)
      run?.track(Number(value), { name: 'loss' });
    say(`flushed ${run?.flush()} ${run?.recording}`);
  } else if (command === 'close') {
    await run?.close().catch(() => {});
    say('closed');
    process.exit(0);
  }
}

let queue: Promise<void> = Promise.resolve();
createInterface({ input: process.stdin }).on('line', (line) => {
  queue = queue.then(() => obey(line));
});
