// What the published package may contain. `node test/support/package-content.js` lists what would be
// packed now and fails if it holds anything else: a test, a source map, a file of another tool.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const allowed = [
  /^dist\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(?:d\.ts|js)$/,
  /^spec\/(?:[a-z0-9-]+\/)*[A-Za-z0-9-]+\.(?:md|txt)$/,
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
];

const required = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/engine/index.js',
  'dist/engine/index.d.ts',
  'dist/cli/main.js',
  'spec/README.md',
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** What is wrong with a list of packed files, a sentence each. */
export function contentFaults(files) {
  return [
    ...files
      .filter((file) => !allowed.some((pattern) => pattern.test(file)))
      .map((file) => `${file} does not belong in the package`),
    ...required
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is missing from the package`),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    process.stderr.write(result.stderr);
    process.exitCode = 1;
  } else {
    const report = JSON.parse(result.stdout);
    // npm 11 and older answer with a list, newer ones with an object by package name.
    const [{ files, unpackedSize }] = Array.isArray(report) ? report : Object.values(report);
    const faults = contentFaults(files.map(({ path }) => path));
    for (const fault of faults) process.stderr.write(`${fault}\n`);
    process.stdout.write(`${files.length} files, ${unpackedSize} bytes unpacked\n`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  }
}
