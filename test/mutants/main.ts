// `npm run mutants [NAME ...]`: plants each fault in a copy of the sources and runs the proofs there;
// each must fail. Prints a table; ends with 1 when one survives.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Fault, faults } from './faults.ts';

const root = process.cwd();
const proofs = ['interleaving', 'failing-calls', 'power-loss', 'corruption'].map(
  (name) => `test/engine/${name}.test.ts`,
);
const wanted = process.argv.slice(2);

/** The first test that fails with the fault planted; undefined: it survived. */
function caughtBy(fault: Fault): string | undefined {
  const copy = mkdtempSync(join(tmpdir(), 'runlog-mutant-'));
  try {
    for (const name of [
      'src',
      'test',
      'package.json',
      'tsconfig.json',
      'tsconfig.tools.json',
      'vitest.config.ts',
    ]) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, 'src', fault.file);
    const text = readFileSync(file, 'utf8');
    if (text.split(fault.search).length !== 2)
      throw new Error(
        `${fault.name}: the place in src/${fault.file} is gone; bring the fault up to date`,
      );
    writeFileSync(
      file,
      text.replace(fault.search, () => fault.replace),
    );
    for (const proof of proofs) {
      const args = [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--bail=1',
        '--reporter=json',
        proof,
      ];
      const { status, stdout } = spawnSync(process.execPath, args, {
        cwd: copy,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        timeout: 300_000,
        env: { ...process.env, RUNLOG_STATES: '20000' },
      });
      if (status !== 0) return firstFailure(stdout, proof);
    }
    return undefined;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function firstFailure(json: string, proof: string): string {
  const failed = /"status":"failed","title":"([^"]*)"/.exec(json)?.[1];
  return `${proof.slice('test/engine/'.length)}: ${failed ?? 'did not come to its end'}`;
}

let survived = 0;
console.log('| fault | caught by |\n|---|---|');
for (const fault of faults.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const caught = caughtBy(fault);
  if (caught === undefined) survived += 1;
  console.log(`| ${fault.name} | ${caught ?? 'SURVIVED'} |`);
}
console.log(`\n${survived} survived`);
process.exitCode = survived === 0 ? 0 : 1;
