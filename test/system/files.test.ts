// A file that is kept open is read as it is now, whole, however long, until it is closed.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { systemFiles } from '../../src/system/files.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'files-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const file = path.join(root, 'file');
const openFiles = (): number => fs.readdirSync('/proc/self/fd').length;

it.each([0, 1, 2047, 2048, 2049, 4096, 5000, 8191, 100_000])(
  'reads %i bytes whole',
  async (size) => {
    const text = 'x'.repeat(size);
    fs.writeFileSync(file, text);
    const kept = await systemFiles(root).open('/file');
    expect(await kept?.read()).toBe(text);
    fs.writeFileSync(file, 'changed\n');
    expect(await kept?.read()).toBe('changed\n');
    kept?.close();
  },
);

it('files of /proc change under it', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const kept = await systemFiles().open('/proc/self/stat');
  const first = await kept?.read();
  const busy = performance.now();
  while (performance.now() - busy < 40);
  expect(await kept?.read()).not.toBe(first);
  kept?.close();
});

it('what is not there is not opened, and a folder that is not there is empty', async () => {
  expect(await systemFiles(root).open('/absent')).toBeUndefined();
  expect(await systemFiles(root).list('/absent')).toEqual([]);
  expect(await systemFiles(root).list('/')).toContain('file');
});

it('rejects what is endless, and what is no file', async () => {
  fs.writeFileSync(file, 'x'.repeat(2 * 1024 * 1024));
  const endless = await systemFiles(root).open('/file');
  await expect(endless?.read()).rejects.toThrow('longer than');
  endless?.close();
  const folder = await systemFiles(root).open('/');
  await expect(folder?.read()).rejects.toThrow('EISDIR');
  folder?.close();
});

it('is closed after the read that is under way, and once', async (context) => {
  if (process.platform !== 'linux') context.skip('counts the open files in /proc');
  fs.writeFileSync(file, 'text\n');
  const before = openFiles();
  const kept = await systemFiles(root).open('/file');
  const reading = kept?.read();
  kept?.close();
  kept?.close();
  expect(await reading).toBe('text\n');
  await expect(kept?.read()).rejects.toThrow('closed');
  for (let tries = 0; tries < 400 && openFiles() !== before; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(openFiles()).toBe(before);
});
