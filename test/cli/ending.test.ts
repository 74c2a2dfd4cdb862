// The command says how a run ended, with which code and by which error, in a list and of one run; and
// how long it took.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { beforeAll, expect, inject, it } from 'vitest';
import { Run } from '../../src/index.ts';
import { runlogIn, workDirectory } from './command.ts';

const directory = workDirectory();
const out = (...args: string[]): string => runlogIn(directory, [...args, '--repo', 'kept']).out;

/** Opens a run in a process of its own, which ends by `code`. */
function end(runHash: string, code: string): void {
  const sources = join(inject('toolsDirectory'), 'src/index.js');
  const program = `
    const { Run } = await import(process.argv[1]);
    const run = await Run.open({ repo: 'kept', runHash: '${runHash}', systemTrackingInterval: null });
    run.track(1, { name: 'loss' });
    ${code}`;
  spawnSync(process.execPath, ['--input-type=module', '-e', program, sources], { cwd: directory });
}

beforeAll(async () => {
  end('exited', 'process.exit(3)');
  end('zero', '');
  end(
    'uncaught',
    "throw new RangeError('diverged\\u001b[31m\\nat step 5', { cause: new Error('lr') })",
  );
  end('killed', "setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')));");
  const options = { repo: join(directory, 'kept'), systemTrackingInterval: null } as const;
  await (await Run.open({ ...options, runHash: 'closed' })).close();
  const failed = await Run.open({ ...options, runHash: 'failed' });
  failed.fail(new TypeError('no data'));
  await failed.close();
});

it('in a list: nothing of a plain end, else how and why', () => {
  const lines = out('ls').split('\n');
  const row = (hash: string): string => lines.find((line) => line.startsWith(hash)) ?? '';
  expect(row('run')).toMatch(/duration +metrics +ended/);
  expect(row('closed')).toMatch(/finished +\S+ \S+ +\d+m?s +0$/);
  expect(row('failed')).toMatch(/ failed .* \d+m?s +0 +TypeError: no data$/);
  expect(row('zero')).toMatch(/finished .* \d+m?s +1 +exit 0$/);
  expect(row('exited')).toMatch(/ failed .* \d+m?s +1 +exit 3$/);
  expect(row('uncaught')).toMatch(
    / failed .* \d+m?s +1 +uncaught, exit 1: RangeError: diverged\\x1b\[31m$/,
  );
  expect(row('killed')).toMatch(/ killed +\S+ \S+ +\d+m?s +1$/);
});

it('of one run: each opening, and the stack and the causes of its error', () => {
  const text = out('show', 'uncaught');
  expect(text).toMatch(/writer +opened +last seen +duration +ended +host, process +error/);
  expect(text).toMatch(/main .* uncaught, exit 1 .* RangeError: diverged\\x1b\[31m\n/);
  expect(text).toMatch(/main: RangeError: diverged\\x1b\[31m\n {4}at /);
  expect(text).toMatch(/ {2}caused by Error: lr\n/);
  expect(out('show', 'exited')).toMatch(/main .* exit 3 /);
  expect(out('show', 'closed')).toMatch(/main .* closed /);
});

it('as JSON: everything', () => {
  expect(JSON.parse(out('show', 'uncaught', '--json'))).toMatchObject({
    state: 'failed',
    duration: expect.any(Number),
    activeTime: expect.any(Number),
    openings: [
      {
        ending: 'uncaught',
        exitCode: 1,
        origin: 'unhandledRejection',
        error: { name: 'RangeError', causes: [{ message: 'lr' }] },
      },
    ],
  });
});
