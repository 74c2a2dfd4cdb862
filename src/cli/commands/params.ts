// `runlog params`: which params runs have, of which types, and some values of each: what can be asked
// for. Params of the environment (`__system_params`) stand apart: --system.

import type { Command } from 'commander';
import { isSystemPath, leavesOf, pathText, textOf } from '../facts.ts';
import { tellNext, tellNothing } from '../hints.ts';
import { openRepo } from '../open.ts';
import { archivedOption, jsonOption, withExamples } from '../options.ts';
import { printJson, printTable } from '../print.ts';
import { selectRuns } from '../select.ts';
import { tellDamage } from '../trouble.ts';

interface ParamsOptions {
  readonly archived: boolean;
  readonly system: boolean;
  readonly json: boolean;
}

interface Known {
  readonly path: readonly string[];
  readonly types: Set<string>;
  runs: number;
  /** By their text: each once. */
  readonly examples: Map<string, unknown>;
}

const EXAMPLES = 3;

/** As queries name types. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return 'list';
  if (value instanceof Set) return 'set';
  return value instanceof Date ? 'datetime' : 'dict';
}

async function params(words: string[], options: ParamsOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const known = new Map<string, Known>();
  for await (const view of selectRuns(repo, words, options)) {
    for (const { path, value } of leavesOf(view.get())) {
      if (isSystemPath(path) && !options.system) continue;
      const key = JSON.stringify(path);
      const each = known.get(key) ?? { path, types: new Set(), runs: 0, examples: new Map() };
      each.types.add(typeOf(value));
      each.runs += 1;
      if (each.examples.size < EXAMPLES) each.examples.set(textOf(value), value);
      known.set(key, each);
    }
    tellDamage(view);
  }
  const sorted = [...known.values()].sort((a, b) => (pathText(a.path) < pathText(b.path) ? -1 : 1));
  if (options.json) {
    printJson(
      sorted.map(({ path, types, runs, examples }) => ({
        path,
        types: [...types].sort(),
        runs,
        examples: [...examples.values()],
      })),
    );
    return;
  }
  if (sorted.length === 0) tellNothing(repo, 'param', words);
  else
    printTable(
      ['param', 'type', { right: 'runs' }, 'for example'],
      sorted.map(({ path, types, runs, examples }) => [
        pathText(path),
        [...types].sort().join(', '),
        String(runs),
        [...examples.keys()].join(', '),
      ]),
    );
  if (sorted.length > 0) tellNext(repo, 'runlog show -1', 'runlog metrics');
}

export function addParams(program: Command): void {
  withExamples(
    program
      .command('params')
      .description('lists the params that runs have, their types and some values')
      .argument('[what...]', 'runs, or one query; all runs if left out')
      .addOption(archivedOption())
      .option('--system', 'what of their environment was captured too', false)
      .addOption(jsonOption())
      .action(params),
    ['runlog params', 'those of every run'],
    ['runlog params -1 --system', 'of the newest run, with its environment'],
  );
}
