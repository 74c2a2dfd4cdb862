// Every command: how it is called, what it is for, and the file that does it, which is loaded when the
// command is asked for. `runlog --help` prints this table and loads none.
//
// Spec: spec/command.md. Test: test/cli/command-page.test.ts.

import type { Command } from 'commander';

/** Adds the command to the program. `whole` is the program with all of them. */
export type AddCommand = (program: Command, whole: () => Promise<Command>) => void;

export interface CommandEntry {
  readonly name: string;
  /** What follows the name in the list of commands. */
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<AddCommand>;
}

/** In groups, in the order of the help. */
export const commandGroups: Readonly<Record<string, readonly CommandEntry[]>> = {
  'Recording:': [
    {
      name: 'exec',
      usage: '[options] [--] <command...>',
      summary: 'runs a program and records what it prints, and how it ends',
      load: async () => (await import('./commands/exec.ts')).addExec,
    },
  ],
  'Looking:': [
    {
      name: 'ls',
      usage: '[what...]',
      summary: 'lists runs, newest first',
      load: async () => (await import('./commands/list.ts')).addList,
    },
    {
      name: 'show',
      usage: '<run>',
      summary: 'shows one run',
      load: async () => (await import('./commands/show.ts')).addShow,
    },
    {
      name: 'metrics',
      usage: '[what...]',
      summary: 'lists metrics with their last, least and greatest values',
      load: async () => (await import('./commands/metrics.ts')).addMetrics,
    },
    {
      name: 'values',
      usage: '<run> <sequence>',
      summary: 'prints what a sequence holds: points, texts, images, ...',
      load: async () => (await import('./commands/values.ts')).addValues,
    },
    {
      name: 'artifacts',
      usage: '<run> [artifact...]',
      summary: 'lists and fetches the files that a run keeps',
      load: async () => (await import('./commands/artifacts.ts')).addArtifacts,
    },
    {
      name: 'plot',
      usage: '[what...]',
      summary: 'draws metrics in the terminal',
      load: async () => (await import('./commands/plot.ts')).addPlot,
    },
    {
      name: 'compare',
      usage: '<what...>',
      summary: 'says what differs between runs',
      load: async () => (await import('./commands/compare.ts')).addCompare,
    },
    {
      name: 'query',
      usage: '[what...]',
      summary: 'says what metrics come to, in groups: count, mean, median, ...',
      load: async () => (await import('./commands/query.ts')).addQuery,
    },
    {
      name: 'params',
      usage: '[what...]',
      summary: 'lists the params that runs have, their types and some values',
      load: async () => (await import('./commands/params.ts')).addParams,
    },
    {
      name: 'follow',
      usage: '[what...]',
      summary: 'shows values as they come',
      load: async () => (await import('./commands/follow.ts')).addFollow,
    },
    {
      name: 'logs',
      usage: '<run>',
      summary: 'prints what a run printed, or said with run.log',
      load: async () => (await import('./commands/logs.ts')).addLogs,
    },
    {
      name: 'export',
      usage: '[what...]',
      summary: 'writes runs, params, metrics or points as CSV or JSON Lines',
      load: async () => (await import('./commands/export.ts')).addExport,
    },
  ],
  'Changing runs:': [
    {
      name: 'tag',
      usage: '<run> <tag...>',
      summary: 'adds tags',
      load: async () => (await import('./commands/edit.ts')).addTag,
    },
    {
      name: 'untag',
      usage: '<run> <tag...>',
      summary: 'takes tags away',
      load: async () => (await import('./commands/edit.ts')).addUntag,
    },
    {
      name: 'note',
      usage: '<run> <text>',
      summary: 'adds a note',
      load: async () => (await import('./commands/edit.ts')).addNote,
    },
    {
      name: 'rename',
      usage: '<run> [name]',
      summary: 'gives a run another name',
      load: async () => (await import('./commands/edit.ts')).addRename,
    },
    {
      name: 'archive',
      usage: '<what...>',
      summary: 'leaves runs out of lists',
      load: async () => (await import('./commands/edit.ts')).addArchive,
    },
    {
      name: 'unarchive',
      usage: '<what...>',
      summary: 'brings archived runs back into lists',
      load: async () => (await import('./commands/edit.ts')).addUnarchive,
    },
    {
      name: 'rm',
      usage: '<what...>',
      summary: 'deletes runs, for good',
      load: async () => (await import('./commands/remove.ts')).addRemove,
    },
    {
      name: 'cp',
      usage: '<what...> <repo>',
      summary: 'copies runs to another repo',
      load: async () => (await import('./commands/copy.ts')).addCopy,
    },
    {
      name: 'mv',
      usage: '<what...> <repo>',
      summary: 'moves runs to another repo',
      load: async () => (await import('./commands/copy.ts')).addMove,
    },
  ],
  'Repos:': [
    {
      name: 'init',
      usage: '',
      summary: 'makes a repo',
      load: async () => (await import('./commands/init.ts')).addInit,
    },
    {
      name: 'size',
      usage: '',
      summary: 'says how much the repo takes on disk',
      load: async () => (await import('./commands/size.ts')).addSize,
    },
    {
      name: 'verify',
      usage: '',
      summary: 'checks every byte of every run, changes nothing',
      load: async () => (await import('./commands/verify.ts')).addVerify,
    },
    {
      name: 'repair',
      usage: '',
      summary: 'makes damaged runs writable again',
      load: async () => (await import('./commands/repair.ts')).addRepair,
    },
    {
      name: 'compact',
      usage: '',
      summary: 'rewrites what crashes left in small or unsealed files',
      load: async () => (await import('./commands/compact.ts')).addCompact,
    },
  ],
  'The shell:': [
    {
      name: 'complete',
      usage: '<shell>',
      summary: 'prints the completion script of bash, zsh or fish',
      load: async () => (await import('./commands/complete.ts')).addComplete,
    },
  ],
};

export const commandEntries: readonly CommandEntry[] = Object.values(commandGroups).flat();
