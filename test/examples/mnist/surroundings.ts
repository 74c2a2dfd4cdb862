// What was recorded around the killed and resumed training without being tracked: how each opening
// ended, what ran, how the machine behaved, what was printed.

import Table from 'cli-table3';
import type { OpeningFacts, RunView, SystemParams } from 'runlog';
import { check, formatCount, print } from './print.ts';

const MIB = 1024 * 1024;
const LAST_LINES = 3;

export async function showSurroundings(view: RunView): Promise<void> {
  print(`\nWhat was recorded around run ${view.hash.slice(0, 8)}`);
  printOpenings(view.openings);
  printMachine(view);
  await printLastLines(view);
}

function printOpenings(openings: readonly OpeningFacts[]): void {
  const table = plainTable([
    'opening',
    'ended',
    'seconds',
    'process',
    'node',
    'packages',
    'branch',
  ]);
  for (const [index, opening] of openings.entries()) {
    const { ending, duration = Number.NaN, pid, systemParams } = opening;
    table.push([
      String(index + 1),
      ending,
      (duration / 1000).toFixed(1),
      String(pid),
      systemParams?.node_version ?? '',
      formatCount(Object.keys(systemParams?.packages ?? {}).length),
      branchOf(systemParams),
    ]);
  }
  print(table.toString());
  check(
    openings.map((each) => each.ending).join() === 'killed,closed',
    'it says that the first opening was killed and the second closed',
  );
  // One that is killed in its first moments has not been told yet.
  check(openings.at(-1)?.systemParams !== undefined, 'it says what ran when it came to its end');
}

/** Killed soon after it was opened, it may not have been told by git yet. */
const branchOf = (params: SystemParams | undefined): string =>
  params?.git_info?.branch ?? 'unknown';

function printMachine(view: RunView): void {
  const table = plainTable(['of the machine', 'samples', 'mean', 'greatest']);
  const row = (name: string, text: string, scale = 1): void => {
    const metric = view.metric(`__system__${name}`);
    if (metric === undefined) return;
    const { count, sum, max } = metric;
    table.push([text, String(count), (sum / count / scale).toFixed(0), (max / scale).toFixed(0)]);
  };
  row('cpu', 'processor time of the training, % of a core');
  row('p_rss_bytes', 'its memory, MiB', MIB);
  row('loop_delay_max_ms', 'longest delay of its event loop, ms');
  row('memory_percent', 'memory of the machine in use, %');
  print(table.toString());
  check((view.metric('__system__cpu')?.count ?? 0) > 0, 'the machine was sampled');
}

async function printLastLines(view: RunView): Promise<void> {
  const lines: string[] = [];
  for await (const { text } of view.terminalLines()) lines.push(text);
  print(`Printed ${lines.length} lines, the last of them:`);
  for (const line of lines.slice(-LAST_LINES)) print(`  ${line}`);
  check(lines.length > 0, 'what it printed is in the run');
}

const plainTable = (head: string[]): InstanceType<typeof Table> =>
  new Table({ head, style: { head: [], border: [], compact: true } });
