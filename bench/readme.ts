// Puts the figures of a run into the README: `node build/tools/bench/readme.js FILE`, where FILE is
// what `npm run bench -- --json --peers` printed.

import { readFileSync, writeFileSync } from 'node:fs';

import { tableOf } from './figures.ts';
import type { Result } from './harness.ts';

const README = 'README.md';
const BEGIN = '<!-- figures -->\n';
const END = '<!-- /figures -->';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('expected the file that `npm run bench -- --json --peers` printed into');
  process.exit(2);
}
const results = readFileSync(file, 'utf8')
  .split('\n')
  // npm says which script it runs.
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line) as Result);
const text = readFileSync(README, 'utf8');
const start = text.indexOf(BEGIN) + BEGIN.length;
const end = text.indexOf(END);
if (start < BEGIN.length || end < start) throw new Error(`${README} has no ${BEGIN.trim()} ${END}`);
writeFileSync(README, `${text.slice(0, start)}${tableOf(results)}\n${text.slice(end)}`);
