// Opens a run whose new description does not fit the file size that its test allows, then opens it
// again; tells the outcome of both.
//
// Argument: repo.

import { Run, RunlogError } from 'runlog';

const repo = process.argv[2] ?? '';
const runHash = 'refused';

async function outcome(description?: string): Promise<string> {
  const resumed = description === undefined ? {} : { description };
  try {
    const run = await Run.open({ repo, runHash, systemTrackingInterval: null, ...resumed });
    await run.close();
    return 'opened';
  } catch (error) {
    return error instanceof RunlogError ? error.code : String(error);
  }
}

// One after the other: the second must not find the log held by the first, which was refused.
const first = await outcome();
const second = await outcome('d'.repeat(60_000));
process.stdout.write(`${JSON.stringify([first, second, await outcome()])}\n`);
