// What a run of a repo holds of what it printed.

import { Repo, type RunView } from '../../src/index.ts';

export async function viewIn(directory: string, hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

export async function textsIn(directory: string, hash: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of (await viewIn(directory, hash)).terminalLines()) texts.push(text);
  return texts;
}
