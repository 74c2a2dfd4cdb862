// The params of a run from the changes of its writers.
//
// 1. Changes are applied in the order of (Lamport number, writer name), whatever order they are read
//    in: every reader ends with the same tree.
// 2. A change that a later one of the same or a shorter path replaces is not needed any more.
//
// Spec: spec/records.md, Params. Test: test/store/params-merge.test.ts.

import { type ParamsTree, setParam, unsetParam } from '../model/params.ts';
import type { ParamsChange } from './record.ts';

export interface WriterChange extends ParamsChange {
  readonly writer: string;
}

/**
 * Drops the changes of one writer that a later one of it covers; order is kept. Before an unset one set
 * is left: it made the parents, which stay when what it set is gone.
 */
export function compactChanges(changes: readonly ParamsChange[]): ParamsChange[] {
  const later = new Map<string, ParamsChange>();
  const withParents = new Set<string>();
  const kept: ParamsChange[] = [];
  for (const change of [...changes].reverse()) {
    const covers = [...change.path.keys(), change.path.length]
      .map((length) => later.get(pathText(change.path.slice(0, length))))
      .filter((each) => each !== undefined);
    const [first] = covers;
    if (first === undefined) {
      later.set(pathText(change.path), change);
      kept.push(change);
      continue;
    }
    const text = pathText(first.path);
    const isReplaced = covers.some((each) => 'value' in each);
    if (isReplaced || !('value' in change) || first.path.length < 2 || withParents.has(text))
      continue;
    withParents.add(text);
    kept.push(change);
  }
  return kept.reverse();
}

const pathText = (path: readonly string[]): string => JSON.stringify(path);

/** Pure: the tree that the changes of all writers make; of one writer they need not name it. */
export function mergeParams(changes: readonly (ParamsChange & { writer?: string })[]): ParamsTree {
  const ordered = [...changes].sort(
    (a, b) => a.lamport - b.lamport || compare(a.writer ?? '', b.writer ?? ''),
  );
  const holder: ParamsTree = { root: {} };
  for (const each of ordered) applyChange(holder, each);
  return holder['root'] as ParamsTree;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Applies one change to a tree that is held under `root`, so that an empty path replaces it whole. */
export function applyChange(holder: ParamsTree, change: ParamsChange): void {
  const path = ['root', ...change.path];
  if ('value' in change) setParam(holder, path, change.value);
  else if (change.path.length === 0) holder['root'] = {};
  else unsetParam(holder, path);
}
