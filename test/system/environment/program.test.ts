// What a process is started from is told as it was started: a file, text, a REPL, a worker; who manages
// its packages; and nothing throws where the current directory or the name of the user is missing.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { afterAll, expect, it } from 'vitest';
import {
  entryOf,
  packageManagerOf,
  readProgram,
  userOf,
} from '../../../src/system/environment/program.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-program-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

type Started = [argv: string[], execArgv: string[]];

const tell = 'console.log(JSON.stringify([process.argv, process.execArgv]))';
const started = (args: string[], input = ''): Started =>
  JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', input }).trim().split('\n').at(-1) ??
      '',
  );

it('the entry is the file that Node was started with, and absent where there is none', async () => {
  const file = join(directory, 'entry.cjs');
  fs.writeFileSync(file, tell);
  expect(entryOf(...started([file, 'x']))).toBe(file);
  expect(entryOf(...started(['--no-warnings', file]))).toBe(file);
  expect(entryOf(...started(['--eval', tell]))).toBeUndefined();
  expect(entryOf(...started(['-e', tell, file]))).toBeUndefined();
  const printed = 'JSON.stringify([process.argv, process.execArgv])';
  expect(entryOf(...started(['-p', printed, file]))).toBeUndefined();
  expect(entryOf(...started(['-'], tell))).toBeUndefined();
  expect(entryOf([process.execPath], [])).toBeUndefined();
  const worker = new Worker(
    "require('worker_threads').parentPort.postMessage([process.argv, process.execArgv])",
    { eval: true },
  );
  const [argv, execArgv] = await new Promise<Started>((resolve) => worker.once('message', resolve));
  expect(entryOf(argv, execArgv)).toBeUndefined();
});

it('a current directory that is gone, and a user id without a name, are undefined', () => {
  const gone = (): string => {
    throw Object.assign(new Error('ENOENT: process.cwd failed'), { code: 'ENOENT' });
  };
  const { env, execPath, argv, execArgv, version, versions } = process;
  const program = readProgram({ env, execPath, argv, execArgv, version, versions, cwd: gone });
  expect(program.directory).toBeUndefined();
  expect(readProgram().directory).toBe(process.cwd());
  expect(userOf({ USER: 'ada' })).toBe('ada');
  expect(userOf({ USER: '', LOGNAME: 'ada' })).toBe('ada');
  expect(userOf({})).toBe(userInfo().username);
});

it('the package manager is who started the program, else who is named for its packages', () => {
  const agent = { npm_config_user_agent: 'pnpm/9.1.0 npm/? node/v22.1.0 linux x64' };
  expect(packageManagerOf(agent, 'yarn@4.0.0')).toEqual({ name: 'pnpm', version: '9.1.0' });
  expect(packageManagerOf({}, 'yarn@4.0.0+sha512.abc')).toEqual({ name: 'yarn', version: '4.0.0' });
  expect(packageManagerOf({ npm_config_user_agent: 'npm/? x' }, null)).toEqual({ name: 'npm' });
  expect(packageManagerOf({}, 'nonsense')).toBeUndefined();
});
