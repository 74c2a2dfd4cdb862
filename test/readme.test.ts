// The README's programs run as they stand: each js block, in an empty directory of its own. The quick
// start is run by test/package.test.ts, from the installed package.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, expect, inject, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'runlog-readme-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const text = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');
const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);

it('has at most 320 lines and at least two programs beside the quick start', () => {
  expect(text.split('\n').length).toBeLessThanOrEqual(320);
  expect(blocks.length).toBeGreaterThanOrEqual(2);
});

for (const [index, block] of blocks.entries()) {
  it(`program ${index + 1} of the README runs`, () => {
    const source = (name: string): string =>
      pathToFileURL(join(inject('toolsDirectory'), 'src', name)).href;
    const program = block
      .replaceAll("from 'runlog/engine'", `from '${source('engine/index.js')}'`)
      .replaceAll("from 'runlog'", `from '${source('index.js')}'`);
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
