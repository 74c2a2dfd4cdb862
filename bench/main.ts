// Runs workloads and prints what they found: `npm run bench -- [NAME ...] [--json] [--small | --full]
// [--peers]`.

import { arch, cpus, release, type } from 'node:os';

import { measureAll, type Result, type Size } from './harness.ts';
import { runPeers } from './run-peers.ts';
import { workloads } from './workloads/table.ts';

const args = process.argv.slice(2);
const options = args.filter((each) => each.startsWith('--'));
const wanted = args.filter((each) => !each.startsWith('--'));
const isJson = options.includes('--json');
const size: Size = options.includes('--small')
  ? 'small'
  : options.includes('--full')
    ? 'full'
    : 'usual';

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

const known = ['--json', '--small', '--full', '--peers'];
for (const each of options)
  if (!known.includes(each)) refuse(`no option ${each}; there are: ${known.join(' ')}`);
for (const each of wanted)
  if (!(each in workloads))
    refuse(`no workload ${each}; there are: ${Object.keys(workloads).join(' ')}`);

function print(result: Result): void {
  if (isJson) {
    console.log(JSON.stringify(result));
    return;
  }
  const { workload, metric, value, unit, samples } = result;
  const text = (number: number): string => number.toPrecision(3);
  const range = [Math.min(...samples), Math.max(...samples)].map(text).join(' | ');
  console.log(`| ${workload} | ${metric} | ${text(value)} | ${range} | ${unit} |`);
}

if (!isJson) {
  const processor = `${cpus().length} x ${cpus()[0]?.model ?? arch()}`;
  console.log(`Node ${process.version}, ${processor}, ${type()} ${release()}; size: ${size}\n`);
  console.log('| workload | metric | median | min | max | unit |\n|---|---|---|---|---|---|');
}
const isPeersOnly = options.includes('--peers') && wanted.length === 0;
for (const [name, workload] of Object.entries(workloads)) {
  if (isPeersOnly || (wanted.length > 0 && !wanted.includes(name))) continue;
  for (const result of await measureAll(name, workload, size)) print(result);
}
if (options.includes('--peers')) for (const result of runPeers(size)) print(result);
