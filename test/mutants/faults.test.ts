// Every planted fault still has its place in the sources, and its test still exists: a fault that can no
// longer be planted proves nothing, and would go unnoticed until somebody plants it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { whyNot } from './fault.ts';
import { faults } from './faults.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

it('every fault has its place, exactly once', () => {
  const lost = faults.flatMap(({ name, edits }) =>
    edits.flatMap((each) => {
      const trouble = whyNot(each, read(`src/${each.file}`));
      return trouble === undefined ? [] : [`${name}: ${trouble}`];
    }),
  );
  expect(lost).toEqual([]);
});

it('every fault has its test', () => {
  const lost = faults.flatMap(({ name, proof }) => {
    if (!existsSync(join(root, 'test', proof.file))) return [`${name}: no ${proof.file}`];
    const isThere = proof.test === undefined || read(`test/${proof.file}`).includes(proof.test);
    return isThere ? [] : [`${name}: no test in ${proof.file} is called ${proof.test}`];
  });
  expect(lost).toEqual([]);
});

it('no two faults have one name', () => {
  const names = faults.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it('the page lists every fault', () => {
  const page = read('spec/mutants.md');
  expect(faults.map(({ name }) => name).filter((name) => !page.includes(`| ${name} |`))).toEqual(
    [],
  );
});
