// Runs workloads and prints what they found: `npm run bench -- [NAME ...] [--json] [--small | --full]
// [--peers]`. `peers` is a name too: of them alone.

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
  if (!(each in workloads) && each !== 'peers')
    refuse(`no workload ${each}; there are: ${Object.keys(workloads).join(' ')} peers`);

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

const processors = cpus();
const machine = `Node ${process.version}, ${processors.length} x ${processors[0]?.model ?? arch()}, ${type()} ${release()}, size: ${size}`;
if (isJson) {
  const { length } = processors;
  print({ workload: 'machine', metric: machine, value: length, unit: 'cores', samples: [length] });
} else {
  console.log(`${machine}\n`);
  console.log('| workload | metric | median | min | max | unit |\n|---|---|---|---|---|---|');
}
for (const [name, workload] of Object.entries(workloads)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const result of await measureAll(name, workload, size)) print(result);
}
if (options.includes('--peers') || wanted.includes('peers'))
  for (const result of runPeers(size)) print(result);
