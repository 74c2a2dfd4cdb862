// The README's blocks are strict TypeScript and its programs run as they stand: all js and ts blocks are
// compiled in one program, and what has its imports is run, each in one directory. The quick start is
// also run from the installed package, by test/package.test.ts.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformWithEsbuild } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
const compiler = join(dirname(packageFile), 'bin/tsc');
const directory = mkdtempSync(join(tmpdir(), 'runlog-readme-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const text = readFileSync(resolve(root, 'README.md'), 'utf8');
const blocks = [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].map(
  (match) => match[1] as string,
);
const isProgram = (block: string): boolean => /^import /m.test(block);

/** What a block that is no program takes as given: its calls stand for themselves. */
const given = `
import { type Context, type Repo, Run, type RunView } from 'runlog';
declare const run: Run, repo: Repo, view: RunView, other: Repo;
declare const value: number, name: string, hash: string, error: unknown;
declare const step: number, epoch: number, time: number, context: Context;
declare const values: Float32Array, steps: number[], epochs: Float64Array, times: readonly number[];
`;

it('has at most 320 lines, and programs for every use', () => {
  expect(text.split('\n').length).toBeLessThanOrEqual(320);
  expect(blocks.filter(isProgram).length).toBeGreaterThanOrEqual(6);
  expect(blocks.filter((block) => !isProgram(block))).toHaveLength(1);
});

describe('as TypeScript', () => {
  let errors: string[] = [];
  beforeAll(() => {
    const sources = join(directory, 'types');
    mkdirSync(sources);
    for (const [index, block] of blocks.entries())
      writeFileSync(join(sources, `block-${index}.mts`), isProgram(block) ? block : given + block);
    // Strict, and of the stricter rules those that programs have: unused results may stand in an example.
    const compilerOptions = {
      noUnusedLocals: false,
      noUnusedParameters: false,
      typeRoots: [join(root, 'node_modules/@types')],
    };
    const project = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.mts'] };
    writeFileSync(join(sources, 'tsconfig.json'), JSON.stringify(project));
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', sources], {
      encoding: 'utf8',
    });
    // Those of the sources are for `npm run check`, which compiles them as they are meant.
    errors = stdout.split('\n').filter((line) => line !== '' && !/^(?:src\/| )/.test(line));
    if (status !== 0 && stdout === '') errors = [`the compiler ended with ${status}`];
  });

  it('compiles, strict', () => {
    expect(errors).toEqual([]);
  });
});

for (const [index, block] of blocks.entries()) {
  if (!isProgram(block)) continue;
  it(`program ${index + 1} of the README runs`, async () => {
    const { code } = await transformWithEsbuild(block, `program-${index}.ts`, {
      target: 'es2022',
      tsconfigRaw: '{}',
    });
    const source = (name: string): string =>
      pathToFileURL(join(inject('toolsDirectory'), 'src', name)).href;
    const program = code
      .replaceAll(/from ['"]runlog\/engine['"]/g, `from '${source('engine/index.js')}'`)
      .replaceAll(/from ['"]runlog['"]/g, `from '${source('index.js')}'`);
    const file = join(directory, `program-${index}.mjs`);
    writeFileSync(file, program);
    const { status, stderr } = spawnSync(process.execPath, [file], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
}
