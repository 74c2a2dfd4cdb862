// `npm run mutants [-- PART OF A NAME ...] [--why]`: plants each fault in a copy of the project and runs its test
// there, which must fail; before that, without a fault, it must pass. Prints a table; ends with 1 when a
// fault survives, when the place of one is gone, or when a test fails by itself.
//
// The checkout is not touched.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Edit, type Fault, type Proof, whyNot } from './fault.ts';
import { faults } from './faults.ts';

/** A test that hangs on a fault has noticed it, but says so late. */
const TIME_LIMIT_MS = 180_000;

const copied = ['src', 'test', 'package.json', 'vitest.config.ts'];
const compiled = ['tsconfig.json', 'tsconfig.tools.json', 'tsconfig.build.json'];

interface Verdict {
  readonly passed: boolean;
  /** Name of the first test that failed. */
  readonly failed: string;
  /** What it said. */
  readonly why: string;
}

function run(copy: string, { file, test }: Proof): Verdict {
  const vitest = join(process.cwd(), 'node_modules/vitest/vitest.mjs');
  const filter = test === undefined ? [] : ['-t', test];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--bail=1', '--reporter=json', `test/${file}`, ...filter],
    {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, RUNLOG_STATES: '20000', FUZZ_SECONDS: '0' },
    },
  );
  if (status === null) return { passed: false, failed: `over ${TIME_LIMIT_MS / 1000} s`, why: '' };
  const passedCount = Number(/"numPassedTests":(\d+)/.exec(stdout)?.[1] ?? 0);
  if (status === 0 && passedCount === 0)
    throw new Error(`test/${file}: no test is called ${test}\n${stderr}`);
  const failed = /"status":"failed","title":"([^"]*)"/.exec(stdout)?.[1];
  const why = /"failureMessages":\["(.{0,400}?)(?:\\n|")/.exec(stdout)?.[1] ?? '';
  return { passed: status === 0, failed: failed ?? 'the file could not be run', why };
}

/** What its test says of the fault. */
function judge(copy: string, { edits, proof }: Fault): Verdict {
  const before = new Map(edits.map(({ file }) => [file, read(copy, file)]));
  try {
    for (const each of edits) plant(copy, each);
    return run(copy, proof);
  } finally {
    for (const [file, text] of before) writeFileSync(join(copy, 'src', file), text);
  }
}

function plant(copy: string, each: Edit): void {
  const text = read(copy, each.file);
  const trouble = whyNot(each, text);
  if (trouble !== undefined) throw new Error(trouble);
  writeFileSync(
    join(copy, 'src', each.file),
    text.replace(each.search, () => each.replace),
  );
}

const read = (copy: string, file: string): string => readFileSync(join(copy, 'src', file), 'utf8');

function main(words: readonly string[]): boolean {
  const isTold = words.includes('--why');
  const wanted = words.filter((word) => word !== '--why');
  const chosen = faults.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  const copy = mkdtempSync(join(tmpdir(), 'runlog-mutants-'));
  try {
    for (const name of [...copied, ...compiled])
      cpSync(join(process.cwd(), name), join(copy, name), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
    const known = new Map<string, Verdict>();
    let isFine = true;
    console.log('| fault | test that fails on it |\n|---|---|');
    for (const fault of chosen) {
      const { file, test = '' } = fault.proof;
      const plain = known.get(file + test) ?? run(copy, fault.proof);
      known.set(file + test, plain);
      if (!plain.passed) {
        isFine = false;
        console.log(`| ${fault.name} | FAILS WITHOUT: ${plain.failed} |`);
        continue;
      }
      const { passed, failed, why } = judge(copy, fault);
      if (passed) isFine = false;
      console.log(`| ${fault.name} | ${passed ? 'SURVIVED' : `\`${file}\`: ${failed}`} |`);
      if (isTold && !passed) console.log(`    ${why}`);
    }
    return isFine;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
