// The public types, as a strict program meets them: what test/types/ says compiles does, and what it says
// is refused is. The same files are compiled against the installed package by test/package.test.ts.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { afterAll, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
const compiler = path.join(path.dirname(packageFile), 'bin/tsc');
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'runlog-types-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

it.each([
  { module: 'nodenext', moduleResolution: 'nodenext', exactOptionalPropertyTypes: true },
  { module: 'esnext', moduleResolution: 'bundler', exactOptionalPropertyTypes: false },
])(
  'hold with $moduleResolution, exactOptionalPropertyTypes $exactOptionalPropertyTypes',
  (given) => {
    const project = path.join(directory, `${given.moduleResolution}.json`);
    const options = {
      extends: path.join(root, 'tsconfig.json'),
      // As a user has it: strict, and none of the stricter rules of this package.
      compilerOptions: {
        ...given,
        noUnusedLocals: false,
        noUnusedParameters: false,
        noUncheckedIndexedAccess: false,
        noPropertyAccessFromIndexSignature: false,
        typeRoots: [path.join(root, 'node_modules/@types')],
      },
      files: ['accepted.ts', 'refused.ts'].map((name) => path.join(root, 'test/types', name)),
      include: [],
    };
    fs.writeFileSync(project, JSON.stringify(options));
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], {
      encoding: 'utf8',
    });
    // Those of the sources are for `npm run check`, which compiles them as they are meant.
    const errors = stdout.split('\n').filter((line) => line !== '' && !/^(?:src\/| )/.test(line));
    expect(errors).toEqual([]);
    expect(status === 0 || stdout !== '').toBe(true);
  },
);

it('are documented: every name of the package has a text on hover', () => {
  const index = fs.readFileSync(path.join(root, 'src/index.ts'), 'utf8');
  const missing: string[] = [];
  let count = 0;
  for (const [, names = '', file = ''] of index.matchAll(
    /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm,
  )) {
    const source = fs.readFileSync(path.join(root, 'src', file), 'utf8');
    for (const each of names.split(',')) {
      const name = each
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, '');
      if (name === '') continue;
      count += 1;
      const declared = `^export (?:declare |abstract |async )*(?:class|interface|type|const|function) ${name}\\b`;
      const isDocumented = new RegExp(`\\*/\\n${declared.slice(1)}`).test(source);
      const isPassedOn = !new RegExp(declared, 'm').test(source);
      if (!isDocumented && !isPassedOn) missing.push(`${file}: ${name}`);
    }
  }
  expect(count).toBeGreaterThan(100);
  expect(missing).toEqual([]);
});
