// Runs the workloads of bench/workloads.ts, each several times, and prints the medians.

import { workloads } from './workloads.ts';

const args = process.argv.slice(2);
const isJson = args.includes('--json');
const isSmall = args.includes('--small');
const wanted = args.filter((each) => !each.startsWith('--'));
for (const name of wanted) {
  if (!(name in workloads)) {
    console.error(`no workload ${name}; there are: ${Object.keys(workloads).join(' ')}`);
    process.exit(2);
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

if (!isJson)
  console.log('| workload | metric | median | min | max | unit |\n|---|---|---|---|---|---|');
for (const [workload, run] of Object.entries(workloads)) {
  if (wanted.length > 0 && !wanted.includes(workload)) continue;
  const found = new Map<string, { unit: string; samples: number[] }>();
  for (let repetition = 0; repetition < (isSmall ? 1 : 3); repetition += 1) {
    for (const { metric, value, unit } of await run(isSmall)) {
      const samples = found.get(metric)?.samples ?? [];
      samples.push(value);
      found.set(metric, { unit, samples });
    }
  }
  for (const [metric, { unit, samples }] of found) {
    if (isJson)
      console.log(JSON.stringify({ workload, metric, value: median(samples), unit, samples }));
    else {
      const text = (value: number): string => value.toPrecision(3);
      console.log(
        `| ${workload} | ${metric} | ${text(median(samples))} | ${text(Math.min(...samples))} | ${text(Math.max(...samples))} | ${unit} |`,
      );
    }
  }
}
