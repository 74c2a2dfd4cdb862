// What a user gets: the package is compiled, packed and installed in an empty directory, and the
// README's quick start is run there in each way a program may be written. Nothing of the checkout
// is used but its compiler.
//
// Installs through npm. Without a network it is skipped and says so, except in CI.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentFaults } from './support/package-content.js';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const binOf = (name: string, bin: string): string =>
  path.join(path.dirname(require.resolve(`${name}/package.json`)), bin);
const compiler = binOf('typescript', 'bin/tsc');
const bundler = binOf('vite', 'bin/vite.js');
const nodeTypesVersion: string = require('@types/node/package.json').version;
const isCi = (process.env['CI'] ?? '') !== '';

/** Installed by `npm install runlog`: design goals, so that a dependency's growth is seen. */
const installedCountMax = 25;
const installedSizeMax = 15 * 1024 * 1024;

let work = '';
let application = '';
let packed: string[] = [];
let offline: string | undefined;

let quickStart = '';

describe('the packed package', () => {
  beforeAll(() => {
    quickStart = readQuickStart();
    work = fs.mkdtempSync(path.join(os.tmpdir(), 'runlog-package-'));
    application = path.join(work, 'application');
    const tarball = pack(path.join(work, 'package'));
    offline = install(tarball);
  }, 240_000);

  afterAll(() => {
    if (work !== '') fs.rmSync(work, { recursive: true, force: true });
  });

  beforeEach((context) => {
    if (offline === undefined) return;
    if (isCi) throw new Error(`the package cannot be installed, and CI must: ${offline}`);
    context.skip(`no network to install from: ${offline}`);
  });

  it('holds what it should, and nothing else', () => {
    expect(contentFaults(packed)).toEqual([]);
  });

  it('is bundled: an import reads a handful of files, not one a module', () => {
    const dist = path.join(application, 'node_modules/runlog/dist');
    const loaded = (entry: string): number => loadedBy(path.join(dist, entry)).length;
    expect(loaded('index.js')).toBeLessThanOrEqual(3);
    expect(loaded('engine/index.js')).toBeLessThanOrEqual(2);
    // The command loads itself and the package; what it then does is loaded when it is asked for.
    expect(loaded('cli/main.js')).toBeLessThanOrEqual(6);
    // What a question loads late: itself, and what is loaded by then.
    expect(loaded('shared/query.js')).toBeLessThanOrEqual(3);
  });

  it('brings few and small dependencies', () => {
    const modules = path.join(application, 'node_modules');
    const names = installedPackages(modules).filter(
      // What the test itself asks for.
      (name) => name !== '@types/node' && name !== 'undici-types',
    );
    expect(names.length, names.join(' ')).toBeLessThanOrEqual(installedCountMax);
    const size = names.reduce((sum, name) => sum + sizeOf(path.join(modules, name)), 0);
    expect(size).toBeLessThanOrEqual(installedSizeMax);
  });

  it('runs the quick start as a module', () => {
    write('quick-start.mjs', quickStart);
    run(process.execPath, ['quick-start.mjs']);
  });

  it('runs the quick start by require()', () => {
    write('quick-start.cjs', asCommonJs(quickStart));
    run(process.execPath, ['quick-start.cjs']);
  });

  it.each([
    { name: 'nodenext', module: 'nodenext', moduleResolution: 'nodenext' },
    { name: 'bundler', module: 'esnext', moduleResolution: 'bundler' },
  ])('runs the quick start as TypeScript: $name', ({ name, module, moduleResolution }) => {
    const directory = `typescript-${name}`;
    write(`${directory}/quick-start.ts`, quickStart);
    write(`${directory}/engine.ts`, engineUse);
    // What compiles and what does not, as it is said of the sources.
    for (const name of ['accepted.ts', 'refused.ts'])
      write(`${directory}/${name}`, fs.readFileSync(path.join(root, 'test/types', name), 'utf8'));
    compile(directory, { module, moduleResolution, types: ['node'] });
    run(process.execPath, [`${directory}/out/quick-start.js`]);
  });

  it('runs as CommonJS that was written in TypeScript', () => {
    const directory = 'typescript-common';
    write(`${directory}/package.json`, JSON.stringify({ type: 'commonjs' }));
    write(`${directory}/main.ts`, commonUse);
    compile(directory, { module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] });
    expect(run(process.execPath, [`${directory}/out/main.js`])).toBe('0.5 function\n');
  });

  it('tells tools that do not read exports the same', () => {
    const file = path.join(application, 'node_modules/runlog/package.json');
    const told = JSON.parse(fs.readFileSync(file, 'utf8'));
    expect([told.main, told.types]).toEqual([told.exports['.'].default, told.exports['.'].types]);
    expect(told.typesVersions['*'].engine).toEqual([told.exports['./engine'].types]);
    for (const entry of [told.main, told.types, told.exports['./engine'].types])
      expect(packed).toContain(path.posix.normalize(entry));
  });

  it('has types that need neither Node nor explicit resource management', () => {
    const directory = 'typescript-bare';
    write(`${directory}/bare.ts`, `${engineUse}export { Repo, Run, RunlogError } from 'runlog';\n`);
    const lib = ['es2023', 'dom'];
    compile(directory, { module: 'nodenext', moduleResolution: 'nodenext', types: [], lib });
  });

  it('lists the runs of the quick start by npx runlog ls', () => {
    write('listed.mjs', quickStart);
    run(process.execPath, ['listed.mjs']);
    expect(run('npx', ['--no-install', 'runlog', 'ls']).trim()).not.toBe('');
    expect(run('npx', ['--no-install', 'runlog', 'ls', '--json']).trim()).not.toBe('');
  });
});

const engineUse = [
  "import { Log, memoryVfs, type Vfs } from 'runlog/engine';",
  'export const open: typeof Log.open = Log.open;',
  'export const vfs: () => Vfs = memoryVfs;',
  '',
].join('\n');

const commonUse = `
import { type Metric, Repo, Run } from 'runlog';
import { Log } from 'runlog/engine';
async function main(): Promise<void> {
  const run = await Run.open({ repo: './common', runHash: 'common' });
  run.track(0.5, { name: 'loss' });
  await run.close();
  const metric: Metric | undefined = (await (await Repo.open('./common')).run('common'))?.metric('loss');
  console.log(metric?.last, typeof Log.open);
}
void main();
`;

/** The first `ts` block below the heading "Quick start": it must be JavaScript too. */
function readQuickStart(): string {
  const text = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const block = /^#+ Quick start\b.*$[\s\S]*?^```ts\n([\s\S]*?)^```$/im.exec(text)?.[1];
  if (block === undefined)
    throw new Error('README.md has no ts block below a heading "Quick start"');
  return block;
}

/** The same program for require(): imports are turned round, the rest waits in a function. */
function asCommonJs(text: string): string {
  const imports: string[] = [];
  const rest = text.replace(
    /^import\s+(?:(\{[^}]*\})|(\* as \w+)|(\w+))\s+from\s+('[^']+'|"[^"]+");?$/gm,
    (_whole, named?: string, all?: string, byDefault?: string, specifier?: string) => {
      const target = named?.replace(/ as /g, ': ') ?? all?.replace('* as ', '') ?? byDefault;
      imports.push(`const ${target} = require(${specifier});`);
      return '';
    },
  );
  expect(rest).not.toMatch(/^import\s/m);
  return [
    ...imports,
    '(async () => {',
    rest,
    '})().catch((error) => { console.error(error); process.exitCode = 1; });',
    '',
  ].join('\n');
}

/** Compiles and packs a copy, because the checkout's own dist may be in use; returns the tarball. */
function pack(directory: string): string {
  fs.mkdirSync(directory);
  for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'spec']) {
    fs.cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  const project = path.join(root, 'tsconfig.build.json');
  const dist = path.join(directory, 'dist');
  run(process.execPath, [compiler, '-p', project, '--outDir', dist], root);
  run(process.execPath, [bundler, 'build', '--logLevel', 'warn', '--outDir', dist], root);
  const answer = run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', work],
    directory,
  );
  const report = JSON.parse(answer) as PackReport[] | Record<string, PackReport>;
  // npm 11 and older answer with a list, newer ones with an object by package name.
  const [first] = Array.isArray(report) ? report : Object.values(report);
  if (first === undefined) throw new Error(`npm pack made nothing: ${answer}`);
  packed = first.files.map((file) => file.path);
  return path.join(work, first.filename);
}

/** Installs the tarball in an empty directory; returns why not if there is no network. */
function install(tarball: string): string | undefined {
  fs.mkdirSync(application);
  write('package.json', JSON.stringify({ name: 'application', private: true, type: 'module' }));
  const result = start(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      // Offline this is asked once a package.
      `--fetch-retries=${isCi ? 3 : 0}`,
      '--fetch-retry-mintimeout=1000',
      tarball,
      `@types/node@${nodeTypesVersion}`,
    ],
    application,
  );
  if (result.status === 0) return undefined;
  const reason =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED/;
  const match = reason.exec(result.output);
  if (match === null) throw new Error(`npm install failed:\n${result.output}`);
  return match[0];
}

/** The files of the package that importing one reads: not what is imported later. */
function loadedBy(file: string, known: Set<string> = new Set()): string[] {
  if (known.has(file)) return [...known];
  known.add(file);
  const text = fs.readFileSync(file, 'utf8');
  for (const [, specifier] of text.matchAll(/^(?:import|export)\b[^'";]*["'](\.[^'"]+)["']/gm))
    loadedBy(path.resolve(path.dirname(file), specifier as string), known);
  return [...known];
}

/** Compiles what is in a folder of the application, as a strict user would. */
function compile(directory: string, options: Readonly<Record<string, unknown>>): void {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    outDir: 'out',
    ...options,
  };
  write(`${directory}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  run(process.execPath, [compiler, '-p', directory]);
}

function write(name: string, text: string): void {
  const file = path.join(application, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

/** Runs a command to its end; returns what it printed, and throws with that if it failed. */
function run(command: string, given: readonly string[], directory: string = application): string {
  const result = start(command, given, directory);
  if (result.status === 0) return result.printed;
  throw new Error(`${command} ${given.join(' ')} ended with ${result.status}:\n${result.output}`);
}

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Ended {
  readonly status: number | null;
  readonly printed: string;
  /** Everything it printed, errors too. */
  readonly output: string;
}

function start(command: string, given: readonly string[], directory: string): Ended {
  // A repo named for the developer, or a mode, would answer instead of the installed package.
  const env: NodeJS.ProcessEnv = { ...process.env, RUNLOG_REPO: undefined, RUNLOG_MODE: undefined };
  // What vitest and npm tell the programs they start is not for these: npx given a version of Node
  // would hand its own package on to the npx below.
  delete env['NODE_OPTIONS'];
  for (const name of ['package', 'call', 'local_prefix']) delete env[`npm_config_${name}`];
  const { status, stdout, stderr, error } = spawnSync(command, given, {
    cwd: directory,
    encoding: 'utf8',
    env,
    timeout: 180_000,
  });
  return { status, printed: stdout ?? '', output: `${stdout}${stderr}${error?.message ?? ''}` };
}

function installedPackages(modules: string): string[] {
  return fs
    .readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? fs.readdirSync(path.join(modules, name)).map((inner) => `${name}/${inner}`)
        : [name],
    );
}

function sizeOf(directory: string): number {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
}
