// What a run printed is printed again as it looked, and nothing of it speaks to the terminal; what it said
// with run.log by level.

import { join } from 'node:path';

import { beforeAll, expect, it, vi } from 'vitest';
import { lengthOfLine, lineText } from '../../src/cli/line-text.ts';
import { Run } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);

beforeAll(async () => {
  const run = await Run.open({
    repo: join(directory, 'kept'),
    runHash: 'printed',
    systemTrackingInterval: null,
  });
  const program = [
    "process.stdout.write('first\\n');",
    "process.stdout.write('10%\\r50%\\r100%\\n');",
    "process.stdout.write('\\x1b[31mred\\x1b[0m and plain\\n');",
  ].join('');
  // What it prints is passed on: not into the report of the tests.
  const quiet = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((...given: unknown[]) => {
      const done = given.at(-1);
      if (typeof done === 'function') done();
      return true;
    }),
  );
  await run.spawn(process.execPath, ['-e', program]);
  // One after the other: which of two streams is read first is for the machine to say.
  await run.spawn(process.execPath, ['-e', "process.stderr.write('a warning\\n')"]);
  for (const each of quiet) each.mockRestore();
  run.log.info('began', { lr: 0.1 });
  run.log.error('went\nwrong');
  await run.close();
  await (await Run.open({ repo: join(directory, 'kept'), runHash: 'silent' })).close();
});

it('prints lines as they looked last, in their order, without colours in a pipe', async () => {
  const { out } = await runlog('logs', 'printed');
  expect(out).toBe('first\n100%\nred and plain\na warning\n');
  expect((await runlog('logs', 'printed', '-n', '2')).out).toBe('red and plain\na warning\n');
  expect((await runlog('logs', 'printed', '--stream', 'stderr')).out).toBe('a warning\n');
  expect((await runlog('logs', 'printed', '-t', '-n', '1')).out).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}a warning\n$/,
  );
});

it('as JSON Lines', async () => {
  const lines = (await runlog('logs', 'printed', '--json')).out.trimEnd().split('\n');
  expect(JSON.parse(lines[2] as string)).toMatchObject({
    writer: 'main',
    line: 2,
    stream: 'stdout',
    child: expect.any(Number),
    text: expect.stringMatching(/red.* and plain$/),
  });
});

it('prints what was said, by level', async () => {
  const { out } = await runlog('logs', 'printed', '--records');
  expect(out).toMatch(/^\S+ \S+ {2}info {3}began lr=0.1\n\S+ \S+ {2}error {2}went\\nwrong\n$/);
  expect((await runlog('logs', 'printed', '--level', 'warn')).out).toMatch(/^\S+ \S+ {2}error/);
  const [said] = (await runlog('logs', 'printed', '--records', '--json')).out.split('\n');
  expect(JSON.parse(said as string)).toMatchObject({ level: 'info', fields: { lr: 0.1 } });
});

it('says how output is captured where none was', async () => {
  const { status, out, err } = await runlog('logs', 'silent');
  expect([status, out]).toEqual([0, '']);
  expect(err).toContain('captureTerminalLogs: true');
  expect((await runlog('logs', 'silent', '-f')).err).toBe(err);
  expect((await runlog('logs', 'silent', '--records')).err).toContain('run.log.info');
});

it('of a run that has ended, following ends', async () => {
  expect((await runlog('logs', 'printed', '-f')).out).toMatch(/a warning\n$/);
});

it('colours pass where there are colours, everything else of a line is escaped', () => {
  const line = 'a\u001b[1;31mred\u001b[0m\u001b]0;title\u0007\u001b[2J';
  expect(lineText(line)).toBe('ared\\x1b]0;title\\x07\\x1b[2J');
  expect(lengthOfLine('\u001b[1;31mred\u001b[0m')).toBe(3);
});
