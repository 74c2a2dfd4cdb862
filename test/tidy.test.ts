// The rules of the sources that no compiler holds: which folder may import which, who imports each
// package, the words of the glossary, the size of a file. The tables here are the architecture;
// src/README.md explains them.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** What each folder of src may import, besides itself and the three files that all may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  engine: ['model'],
  store: ['model', 'engine/index.ts'],
  system: ['model'],
  query: ['model', 'store'],
  sdk: ['model', 'engine/index.ts', 'store', 'query', 'system'],
  'index.ts': ['model', 'sdk', 'store', 'query'],
  server: ['index.ts'],
  cli: ['index.ts', 'server'],
};

const forAll: readonly string[] = ['errors.ts', 'assert.ts', 'limits.ts'];

/** One importer each: the place where a package's traps are known, or where it is exchanged. */
const singleImporter: readonly string[] = [
  'msgpackr',
  'xxhash-wasm',
  'proper-lockfile',
  'chokidar',
  'systeminformation',
  '@lezer/python',
  're2js',
];

/** Losing words and the winner of each; matched anywhere in a word, so that no name hides one. */
const bannedWords: readonly { pattern: RegExp; instead: string }[] = [
  {
    pattern: /check-?points?/i,
    instead: 'state record or manifest (the word means model weights)',
  },
  { pattern: /(?<![a-z])series|Series/, instead: 'sequence' },
  { pattern: /(?<![a-z])ctx(?![a-z])|Ctx/, instead: 'context, or the name of the thing' },
  { pattern: /(?<![a-z:])utils?(?![a-z])|Utils?(?![a-z])/, instead: 'the name of what it does' },
];

/** Loaded when first needed: each costs an import of the package what few programs use. */
const loadedLate: readonly string[] = [
  'proper-lockfile',
  'chokidar',
  'systeminformation',
  '@lezer/python',
  're2js',
];

const lineCountMax = 400;
/** Longer ones, each with the size that it may not outgrow: a ratchet. */
const longFiles: Readonly<Record<string, number>> = {
  'engine/appender.ts': 500,
  'engine/log.ts': 600,
  'sdk/run.ts': 515,
};

interface Source {
  /** Path below the folder that was listed, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

interface Import {
  readonly file: string;
  /** What stands in the import: a path or a package. */
  readonly specifier: string;
}

const sources = list('src', /\.ts$/);
const imports = sources.flatMap(importsOf);

describe('imports', () => {
  it('go down the layers only', () => {
    expect(imports.filter((given) => !isAllowed(given)).map(show)).toEqual([]);
  });

  it('of a package stand in its one file', () => {
    for (const name of singleImporter) {
      const importers = new Set(
        imports.filter((given) => packageOf(given) === name).map((given) => given.file),
      );
      expect(
        [...importers].slice(1),
        `${name} is imported by ${[...importers].join(' and ')}`,
      ).toEqual([]);
    }
  });

  it('of a package that few need wait until it is needed', () => {
    const atStart = /^(?:import|export)\s(?!type\b)[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm;
    const found = sources.flatMap(({ file, text }) =>
      [...text.matchAll(atStart)]
        .map((match) => ({ file, specifier: match[1] ?? '' }))
        .filter((given) => loadedLate.includes(packageOf(given) ?? '')),
    );
    expect(found.map(show)).toEqual([]);
  });

  it('name a folder that the table knows', () => {
    const folders = new Set(sources.map(({ file }) => layerOf(file)));
    expect(
      [...folders].filter((layer) => !(layer in mayImport) && !forAll.includes(layer)),
    ).toEqual([]);
  });

  it('see an import that goes up, by any spelling', () => {
    const text = [
      "import { Run } from '../sdk/run.ts';",
      "export * from '../store/record.ts';",
      "const later = await import('../engine/log.ts');",
      "type Held = import('../engine/log.ts').Log;",
      "const old = require('msgpackr');",
    ].join('\n');
    const found = importsOf({ file: 'model/point.ts', text });
    expect(found).toHaveLength(5);
    expect(found.map(isAllowed)).toEqual([false, false, false, false, true]);
    expect(packageOf({ file: '', specifier: 'msgpackr/pack' })).toBe('msgpackr');
    expect(packageOf({ file: '', specifier: '@lezer/python' })).toBe('@lezer/python');
    expect(isAllowed({ file: 'store/record.ts', specifier: '../engine/index.ts' })).toBe(true);
    expect(isAllowed({ file: 'store/record.ts', specifier: '../engine/log.ts' })).toBe(false);
    expect(isAllowed({ file: 'cli/main.ts', specifier: '../sdk/run.ts' })).toBe(false);
  });
});

describe('sources', () => {
  it('use the words of the glossary', () => {
    const found = sources.flatMap(({ file, text }) =>
      linesOf(text).flatMap((line, index) =>
        bannedWords
          .filter(({ pattern }) => pattern.test(line))
          .map(({ instead }) => `src/${file}:${index + 1}: ${line.trim()} (say ${instead})`),
      ),
    );
    expect(found).toEqual([]);
  });

  it('are ASCII', () => {
    const found = sources.flatMap(({ file, text }) =>
      linesOf(text).flatMap((line, index) =>
        isAscii(line) ? [] : [`src/${file}:${index + 1}: ${line.trim()}`],
      ),
    );
    expect(found).toEqual([]);
  });

  it(`have at most ${lineCountMax} lines a file`, () => {
    const found = sources.filter(
      ({ file, text }) => lineCount(text) > (longFiles[file] ?? lineCountMax),
    );
    expect(found.map(({ file, text }) => `src/${file}: ${lineCount(text)} lines`)).toEqual([]);
  });

  it('say in a header comment what they are for', () => {
    const found = sources.filter(({ text }) => !/^(\/\/\/ .*\n)*(#!.*\n)?\/\/ \S/.test(text));
    expect(found.map(({ file }) => `src/${file}`)).toEqual([]);
  });

  it('name tests and pages that exist', () => {
    const missing = sources.flatMap(({ file, text }) => {
      const header = /^(?:\/\/.*\n|\n)*/.exec(text)?.[0] ?? '';
      const named = header.match(/\b(?:spec|test)\/[\w./-]+\.(?:md|ts)\b/g) ?? [];
      return named
        .filter((each) => !fs.existsSync(path.join(root, each)))
        .map((each) => `src/${file}: ${each}`);
    });
    expect(missing).toEqual([]);
  });

  it('are all imported by something, or are entries', () => {
    const entries = ['index.ts', 'engine/index.ts', 'cli/main.ts'];
    const reached = new Set(
      imports.flatMap(({ file, specifier }) => targetOf(file, specifier) ?? []),
    );
    // A worker is started by its path, not imported.
    const named = (file: string): boolean =>
      sources.some(({ text }) =>
        text.includes(`'./${path.posix.basename(file).replace(/\.ts$/, '')}`),
      );
    const found = sources.filter(
      ({ file }) => !entries.includes(file) && !reached.has(file) && !named(file),
    );
    expect(found.map(({ file }) => `src/${file}`)).toEqual([]);
  });
});

describe('the lock file', () => {
  const text = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, { license?: string }> };

  it('names no address to install from: each machine has its own', () => {
    expect(text).not.toMatch(/"resolved":/);
  });

  it('brings only packages under a permissive licence', () => {
    const permissive = /^\(?(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0)\b/;
    const found = Object.entries(packages).filter(
      ([, { license }]) => !permissive.test(license ?? ''),
    );
    expect(found.map(([name, { license }]) => `${name}: ${license}`)).toEqual([]);
  });
});

describe('tests', () => {
  it('are neither left out nor singled out', () => {
    const found = list('test', /\.test\.ts$|-suite\.ts$/).flatMap(({ file, text }) =>
      linesOf(text).flatMap((line, index) =>
        /\b(it|test|describe)(\.\w+)*\.(skip|only|todo|fails)\(|\bx(it|describe)\(/.test(line)
          ? [`test/${file}:${index + 1}: ${line.trim()}`]
          : [],
      ),
    );
    expect(found).toEqual([]);
  });
});

/** The files of a folder whose names match, or none where the folder does not exist. */
function list(folder: string, pattern: RegExp): Source[] {
  const directory = path.join(root, folder);
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => pattern.test(name) && !name.includes('node_modules/'))
    .sort()
    .map((file) => ({ file, text: fs.readFileSync(path.join(directory, file), 'utf8') }));
}

function importsOf({ file, text }: Source): Import[] {
  const pattern =
    /(?:^|[\s;}])(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
  }));
}

function isAllowed({ file, specifier }: Import): boolean {
  const target = targetOf(file, specifier);
  if (target === undefined) return true;
  const layer = layerOf(file);
  if (forAll.includes(target)) return true;
  if (forAll.includes(layer)) return false;
  if (layerOf(target) === layer) return true;
  return (mayImport[layer] ?? []).some(
    (allowed) => target === allowed || layerOf(target) === allowed,
  );
}

/** The file of src that an import means, or undefined for a package. */
function targetOf(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

/** The folder of src that a file is in; a file directly in src is a layer of its own. */
function layerOf(file: string): string {
  return file.split('/', 1)[0] ?? file;
}

function packageOf({ specifier }: Import): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function show({ file, specifier }: Import): string {
  return `src/${file} imports ${specifier}`;
}

function linesOf(text: string): string[] {
  return text.split('\n');
}

function lineCount(text: string): number {
  return linesOf(text.trimEnd()).length;
}

function isAscii(line: string): boolean {
  for (const character of line) {
    const code = character.codePointAt(0) ?? 0;
    if (code > 126 || (code < 32 && code !== 9)) return false;
  }
  return true;
}
