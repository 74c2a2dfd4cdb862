// A program that is run ends in time and within its size, keeps no process alive, and tells how it went.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { type CommandResult, runCommand } from '../../../src/system/environment/command.ts';

const directory = fs.mkdtempSync(join(tmpdir(), 'runlog-command-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const run = (script: string, more: object = {}): Promise<CommandResult> =>
  runCommand(process.execPath, ['--eval', script], {
    environment: process.env,
    timeoutMs: 30_000,
    sizeMax: 1000,
    ...more,
  });

const text = ({ how, code, output, complaint }: CommandResult): unknown[] => [
  how,
  code,
  output.toString(),
  complaint,
];

it('its exit code, what it printed, and the first line that it complained with', async () => {
  expect(text(await run('console.log(1)'))).toEqual(['ended', 0, '1\n', '']);
  const failing = "console.log(1); console.error('a\\nb'); process.exitCode = 3";
  expect(text(await run(failing))).toEqual(['ended', 3, '1\n', 'a']);
});

it('what is not there, or no program, is told', async () => {
  const options = { environment: {}, timeoutMs: 1000, sizeMax: 10 };
  expect((await runCommand('no-such-program', [], options)).how).toBe('absent');
  const plain = join(directory, 'plain');
  fs.writeFileSync(plain, '');
  expect(await runCommand(plain, [], options)).toMatchObject({
    how: 'failed',
    complaint: expect.stringMatching(/EACCES/),
  });
  expect((await runCommand('a\0b', [], options)).how).toBe('failed');
});

it('more than its size ends it, with what it printed until then', async () => {
  const endless = "for (;;) require('fs').writeSync(1, 'x'.repeat(100))";
  const result = await run(endless);
  expect([result.how, result.output.length]).toEqual(['cut', 1000]);
});

it('longer than its time ends it, also where a child of it holds the output', async () => {
  const pid = join(directory, 'pid');
  // A shell, which has begun long before its time is over.
  const program = join(directory, 'late');
  const script = `trap '' TERM; echo $$ > "${pid}"; echo begun; sleep 60 & wait; sleep 60`;
  fs.writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = performance.now();
  const options = { environment: process.env, timeoutMs: 2000, sizeMax: 1000 };
  const result = await runCommand(program, [], options);
  expect(text(result)).toEqual(['late', 0, 'begun\n', '']);
  expect(performance.now() - before).toBeLessThan(50_000);
  expect(() => process.kill(Number(fs.readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH');
});

it('a signal ends it, or keeps it from being run', async () => {
  const told = new AbortController();
  const running = run('setInterval(() => {}, 1000)', { signal: told.signal });
  setTimeout(() => told.abort(), 20);
  expect((await running).how).toBe('stopped');
  expect((await run('console.log(1)', { signal: told.signal })).how).toBe('stopped');
});
