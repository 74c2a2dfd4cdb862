// A new process that runs one task of a module of workloads: its module, its name, its argument.

import type { Tasks } from './harness.ts';

const [module = '', task = '', argument = 'null'] = process.argv.slice(2);
const { tasks } = (await import(module)) as { tasks: Tasks<unknown> };
const run = tasks[task];
if (run === undefined) throw new Error(`no task ${task} in ${module}`);
console.log(JSON.stringify(await run(JSON.parse(argument))));
