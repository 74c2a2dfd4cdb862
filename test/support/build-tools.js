// Compiles the programs that run outside the test runner (bench, examples, child processes of
// tests) into build/tools, or into the directory given. Node 20 cannot run TypeScript itself.
//
// The package.json written beside them makes `import 'runlog'` mean the sources compiled with
// them, not a dist that may be older.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Compiles into `directory`; the exit code is the compiler's. Code is written despite type errors. */
export function buildTools(directory) {
  const require = createRequire(import.meta.url);
  const compiler = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const { name, version } = require('../../package.json');
  fs.rmSync(directory, { recursive: true, force: true });
  fs.mkdirSync(directory, { recursive: true });
  const exports = {
    '.': './src/index.js',
    './engine': './src/engine/index.js',
    './package.json': './package.json',
  };
  const description = JSON.stringify({ name, version, type: 'module', exports }, undefined, 2);
  fs.writeFileSync(path.join(directory, 'package.json'), `${description}\n`);
  const result = spawnSync(
    process.execPath,
    [compiler, '-p', path.join(root, 'tsconfig.tools.json'), '--outDir', directory],
    { cwd: root, encoding: 'utf8' },
  );
  return { status: result.status ?? 1, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, output } = buildTools(path.resolve(process.argv[2] ?? 'build/tools'));
  if (status !== 0) process.stderr.write(output);
  process.exitCode = status;
}
