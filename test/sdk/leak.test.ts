// No secret that a process carries reaches the disk: not in its environment, arguments, git remote,
// commit message, diff or printed lines, in no record of the run and in no byte of its repo.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { afterAll, expect, inject, it, vi } from 'vitest';
import { Log } from '../../src/engine/index.ts';
import { Repo, Run } from '../../src/index.ts';
import { redactedError } from '../../src/sdk/late-redactor.ts';
import { everyText, findSecrets } from '../support/every-text.ts';
import { seeded } from '../support/random.ts';
import { madeTokens, SecretMaker } from '../system/redact/made-secrets.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-leak-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

/** What must not be found of a token: of an address its secret part, of a bot's token the second half. */
const secretPart = (token: string): string =>
  /^\d+:(AA.*)$/.exec(token)?.[1] ?? /[^/:=@]{7,}$/.exec(token)?.[0] ?? token;

it('of an error the name alone is recorded where the rules could not be loaded', () => {
  const kept = { name: 'TypeError', message: 'token x', stack: 'at token x', causes: [] };
  expect(redactedError(kept, {})).toBe(kept);
  expect(redactedError(kept, { redact: {} })).toEqual({
    name: 'TypeError',
    message: '[redacted]',
    stack: '',
  });
});

it('a planted secret is found, in whatever it is packed', async () => {
  const repo = join(directory, 'planted');
  const [param, name, packed, encoded, coloured, printed, state] = [
    'planted-param-1',
    'planted-name-2',
    'planted-packed-3',
    'planted-encoded-4',
    'coloured-6',
    'planted-line-7',
    'planted-state-8',
  ];
  const run = await Run.open({ repo, systemTrackingInterval: null });
  run.set('deep', { in: [{ a: param }] });
  run.set('encoded', Buffer.from(`u:${encoded}`).toString('base64'));
  for (let step = 0; step < 5000; step++)
    run.track(step, { name: 'loss', context: { [name]: step % 2 } });
  await run.close();
  const logs = join(repo, '.aim', 'else', 'logs');
  fs.mkdirSync(logs, { recursive: true });
  const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const printing = await Run.open({
    repo,
    systemTrackingInterval: null,
    captureTerminalLogs: true,
  });
  process.stderr.write(`\x1b[31mplanted-\x1b[32m${coloured}\x1b[0m\n`);
  for (let line = 0; line < 2000; line++) process.stderr.write(`${printed} ${line}\n`);
  printing.set('padded', `${state}${'x'.repeat(2000)}`);
  await printing.close();
  write.mockRestore();
  const log = await Log.open(join(logs, 'main'));
  log.append(20, [new Uint8Array(zlib.deflateRawSync(Buffer.from(`${'x'.repeat(100)}${packed}`)))]);
  await log.close();
  const held = await everyText(join(repo, '.aim'));
  for (const secret of [param, name, packed, encoded, `planted-${coloured}`, `${printed} 1999`])
    expect(findSecrets(held, [secret]), secret).not.toEqual([]);
  // What is in no file as it is: the deflated frames of lines, params and the folded state.
  const places = held.filter(({ bytes }) => bytes.includes(state)).map(({ place }) => place);
  expect(places.filter((place) => place.endsWith('unpacked')).length).toBeGreaterThanOrEqual(2);
  expect(places.filter((place) => place.endsWith('000001'))).toEqual([]);
  expect(held.some(({ bytes }) => bytes.includes(packed) && bytes.length < 4096)).toBe(true);
  expect(findSecrets(held, ['planted-nowhere-5'])).toEqual([]);
});

const program = `
import fs from 'node:fs';
const { Repo, Run } = await import(process.env.LIBRARY);
const run = await Run.open({
  repo: process.env.REPO, runHash: 'leaky', systemTrackingInterval: null,
  logSystemParams: { diffSizeMax: 1048576 }, captureTerminalLogs: { redact: true },
});
for (const line of fs.readFileSync(process.env.LINES, 'utf8').split('\\n')) console.log(line);
for (const line of fs.readFileSync(process.env.LINES, 'utf8').split('\\n')) console.error('at', line);
run.track(1, { name: 'loss' });
// However slow the machine is: until git has answered.
for (let tries = 0; tries < 400; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const view = await (await Repo.open(process.env.REPO)).run('leaky');
  if (view?.get(['__system_params', 'git_info', 'diff']) !== undefined) break;
}
await run.close();
`;

it('a run of a process full of secrets holds none', async () => {
  const make = new SecretMaker(seeded('leak'));
  const tokens = madeTokens(make).map(([, token]) => token);
  const words = {
    env: make.of(24),
    arg: make.of(20),
    remote: make.of(22),
    message: make.of(26),
    diff: make.of(24),
    line: make.of(28),
  };
  const pem = make.pem();
  const lines = [
    ...tokens.map((token) => `line with ${token} in it`),
    `password = "${words.line}"`,
    `{"api_key": "${words.line}"}`,
    `printed ${words.env} again`,
    Buffer.from(words.env).toString('base64'),
    encodeURIComponent(`k ${words.env}`),
  ];
  const at = join(directory, 'project');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', at, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    });
  fs.mkdirSync(at);
  git('init', '--quiet', '--initial-branch=main');
  fs.writeFileSync(join(at, 'program.mjs'), program);
  fs.writeFileSync(join(at, 'settings.txt'), 'first\n');
  git('add', 'program.mjs', 'settings.txt');
  const some = tokens.slice(0, 20);
  git('commit', '--quiet', '-m', `first\n\nsecret: "${words.message}"\n${some.join('\n')}`);
  git('remote', 'add', 'origin', `https://ada:${words.remote}@git.example.com/a/b.git`);
  fs.writeFileSync(
    join(at, 'settings.txt'),
    `${tokens.join('\n')}\nDB_PASSWORD=${words.diff}\n${pem}\n`,
  );
  const linesFile = join(directory, 'lines.txt');
  fs.writeFileSync(linesFile, lines.join('\n'));
  const repo = join(directory, 'repo');
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    REPO: repo,
    LINES: linesFile,
    LIBRARY: pathToFileURL(join(inject('toolsDirectory'), 'src/index.js')).href,
    DB_PASSWORD: words.env,
    SIGNING_KEY: pem,
    DATABASE_URL: `postgres://ada:${words.env}@h/db`,
    ...Object.fromEntries(tokens.map((token, index) => [`ITEM_${index}`, token])),
  };
  const args = ['program.mjs', '--api-key', words.arg, `--password=${words.arg}`, ...tokens];
  const ended = spawnSync(process.execPath, args, {
    cwd: at,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(ended.stderr).toContain('line with');
  expect(ended.status).toBe(0);

  const view = await (await Repo.open(repo)).run('leaky');
  const params = JSON.stringify(view?.get('__system_params'));
  // The parts are there, so that there was something to take out.
  for (const part of ['ITEM_0', '--api-key', 'git.example.com', 'settings.txt', '[redacted]'])
    expect(params).toContain(part);
  const held = await everyText(join(repo, '.aim'));
  expect(held.some(({ bytes }) => bytes.includes('line with [redacted] in it'))).toBe(true);
  const secrets = [
    ...tokens.map(secretPart),
    ...Object.values(words),
    ...pem.split('\n').slice(1, -1),
  ];
  expect(findSecrets(held, secrets)).toEqual([]);
});

it('nor do the errors that end such a run', async () => {
  const make = new SecretMaker(seeded('errors'));
  const [password, token, arg] = [make.of(24), `hf_${make.of(34)}`, make.of(20)];
  const failing = join(directory, 'failing.mjs');
  fs.writeFileSync(
    failing,
    `const { Run } = await import(process.env.LIBRARY);
    const [repo, how] = process.argv.slice(2);
    const { password, token } = JSON.parse(process.env.TEXTS);
    const cause = new AggregateError([new Error('token=' + token)], 'with ' + process.env.DB_PASSWORD);
    const error = new Error('no answer of postgres://ada:' + password + '@h/db', { cause });
    const options = { repo, runHash: how, systemTrackingInterval: null, ...JSON.parse(process.env.OPTIONS) };
    if (how === 'with') await Run.with(options, () => { throw error; }).catch(() => {});
    else {
      const run = await Run.open(options);
      if (how === 'thrown') throw error;
      if (how === 'fails') run.fail(error);
      await run.close(how === 'closes' ? { error } : {});
    }`,
  );
  const options = [{ logSystemParams: true }, { redact: {} }];
  for (const [index, each] of options.entries()) {
    const repo = join(directory, `failed-${index}`);
    const env = {
      PATH: process.env['PATH'],
      LIBRARY: pathToFileURL(join(inject('toolsDirectory'), 'src/index.js')).href,
      TEXTS: JSON.stringify({ password, token }),
      DB_PASSWORD: arg,
      OPTIONS: JSON.stringify(each),
    };
    for (const how of ['thrown', 'fails', 'closes', 'with']) {
      spawnSync(process.execPath, [failing, repo, how], { env, timeout: 60_000 });
      const view = await (await Repo.open(repo)).run(how);
      const error = view?.openings[0]?.error;
      expect(error?.message, how).toBe('no answer of postgres://ada:[redacted]@h/db');
      expect(error?.stack, how).toMatch(/^Error: no answer .*\n +at /);
      expect(
        error?.causes?.map(({ message }) => message),
        how,
      ).toEqual(['with [redacted]', 'token=[redacted]']);
    }
    const held = await everyText(join(repo, '.aim'));
    expect(findSecrets(held, [password, token, arg])).toEqual([]);
  }
});
