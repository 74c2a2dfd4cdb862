// `runlog artifacts`: what files a run keeps, and with `--out` those files again.
//
// 1. Names of artifacts are anybody's: a directory is named after one, never by it (file-names.ts); paths inside
//    were checked when they were read, and are downloaded by the library.
// 2. Nothing half written is left, also by a signal. What is there is replaced only when that was asked for.
//
// Spec: spec/command.md. Test: test/cli/artifacts.test.ts.

import { join } from 'node:path';

import type { Command } from 'commander';
import { type Artifact, nearestName, RunlogError, type RunView } from '../../index.ts';
import { artifactCells, artifactColumns, metadataText } from '../artifact-table.ts';
import { confirm } from '../confirm.ts';
import { artifactFacts } from '../facts.ts';
import { fileNameOf, uniqueNames } from '../file-names.ts';
import { findRun, openRepo } from '../open.ts';
import { jsonOption, path, withExamples, yesOption } from '../options.ts';
import { isThere, makeDirectory } from '../output-file.ts';
import { bytes, counted, escaped, print, printAside, printJson } from '../print.ts';
import { beginProgress } from '../progress.ts';
import { type Cell, printTable } from '../table.ts';
import { tellDamage, tellUnreadable } from '../trouble.ts';
import { untilSignal } from '../until-signal.ts';

interface ArtifactsOptions {
  readonly out?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

async function artifacts(
  run: string,
  names: string[],
  options: ArtifactsOptions,
  command: Command,
): Promise<void> {
  const view = await findRun(await openRepo(command), run);
  const all = view.artifacts();
  const chosen = [...new Set(names.map((name) => findArtifact(view, all, name)))];
  const { out, json } = options;
  if (out !== undefined) await fetchAll(names.length > 0 ? chosen : newest(all), out, options);
  else if (json) printJson((names.length > 0 ? chosen : all).filter(isReadable).map(artifactJson));
  else if (all.length === 0)
    printAside(`${view.hash} has no artifacts; a program keeps files with: run.logArtifact(path)`);
  else if (names.length > 0) for (const each of chosen) tellFiles(each);
  else tellAll(all);
  tellDamage(view);
}

const artifactJson = (each: Artifact): object => ({ ...artifactFacts(each), entries: each.files });

/** What its record says of its files can be read; else that was said. */
function isReadable(artifact: Artifact): boolean {
  try {
    return artifact.files.length >= 0;
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    tellUnreadable(`artifact ${shownName(artifact)}`, error);
    return false;
  }
}

const shownName = ({ name, version }: Artifact): string => `${name}:v${version}`;

/** Of each name the last version. */
const newest = (all: readonly Artifact[]): Artifact[] => [
  ...new Map(all.map((each) => [each.name, each])).values(),
];

/** By name, the newest of them; `name:v2` is a version of it, unless one is called so. */
function findArtifact(view: RunView, all: readonly Artifact[], text: string): Artifact {
  const named = all.findLast(({ name }) => name === text);
  if (named !== undefined) return named;
  const [, name, version] = /^(.*):v([1-9]\d*)$/s.exec(text) ?? [];
  const found = all.find((each) => each.name === name && each.version === Number(version));
  if (found !== undefined) return found;
  const last = all.findLast((each) => each.name === name);
  if (last !== undefined)
    throw new TypeError(
      `artifact: ${name} has no version ${version}; the newest is ${last.version}`,
    );
  const there = [...new Set(all.map((each) => each.name))];
  const near = nearestName(text, there);
  const have = there.length === 0 ? 'it has none' : `it has ${there.slice(0, 10).join(', ')}`;
  throw new TypeError(
    `artifact: ${view.hash} has no ${text}${near === undefined ? '' : `; near: ${near}`}; ${have}`,
  );
}

const tellAll = (all: readonly Artifact[]): void =>
  printTable(artifactColumns, all.filter(isReadable).map(artifactCells));

/** What one is made of: a line a file. */
function tellFiles(artifact: Artifact): void {
  if (!isReadable(artifact)) return;
  const { files, kind } = artifact;
  print(
    escaped(
      `${shownName(artifact)}  ${kind}, ${counted(files.length, 'file')}, ${bytes(artifact.size)}, sha256 ${artifact.sha256}`,
    ),
  );
  const metadata = metadataText(artifact);
  if (metadata !== '') print(escaped(`metadata: ${metadata}`));
  printTable(
    ['path', { right: 'size' }, { whole: 'sha256', spare: 1 }],
    files.map((each): Cell[] => [
      each.kind === 'link'
        ? `${each.path} -> ${each.target}`
        : `${each.path}${each.kind === 'directory' ? '/' : ''}`,
      each.kind === 'file' ? bytes(each.size) : '',
      each.kind === 'file' ? each.sha256.slice(0, 12) : '',
    ]),
  );
}

interface Fetch {
  readonly artifact: Artifact;
  readonly directory: string;
}

/** One lies in the directory itself; of several each in one of its own, called after it. */
function placesOf(chosen: readonly Artifact[], out: string): Fetch[] {
  const unique = uniqueNames();
  return chosen.map((artifact) => ({
    artifact,
    directory: chosen.length === 1 ? out : join(out, unique(fileNameOf(artifact.name))),
  }));
}

async function fetchAll(
  chosen: readonly Artifact[],
  out: string,
  { yes, json }: ArtifactsOptions,
): Promise<void> {
  const places = placesOf(chosen.filter(isReadable), out);
  const there = places.flatMap(({ artifact, directory }) =>
    artifact.files.filter(
      ({ kind, path }) => kind !== 'directory' && isThere(join(directory, path)),
    ),
  );
  if (
    there.length > 0 &&
    !(await confirm(`Replace ${counted(there.length, 'file')} in ${out}?`, yes))
  )
    return;
  makeDirectory(out);
  const progress = beginProgress();
  const fetched: { artifact: Artifact; paths: readonly string[] }[] = [];
  await untilSignal(async (signal) => {
    for (const { artifact, directory } of places) {
      progress.tell(`${shownName(artifact)}, ${bytes(artifact.size)} ...`);
      try {
        const paths = await artifact.download(directory, { overwrite: there.length > 0, signal });
        fetched.push({ artifact, paths });
        if (!json) for (const path of paths) print(escaped(path));
      } catch (error) {
        // The others are fetched.
        if (!(error instanceof RunlogError) || error.code !== 'CORRUPT') throw error;
        tellUnreadable(`artifact ${shownName(artifact)}`, error);
      }
    }
  }).finally(() => progress.end());
  if (json) printJson(fetched.map(({ artifact, paths }) => ({ ...artifactJson(artifact), paths })));
  else printAside(`${counted(fetched.length, 'artifact')} in ${out}`);
}

export function addArtifacts(program: Command): void {
  withExamples(
    program
      .command('artifacts')
      .description('lists the artifacts of a run, or the files of some; with --out it fetches them')
      .argument('<run>', 'a hash, a prefix of it, or -1')
      .argument('[artifact...]', 'names; the newest version of each, or one, as model:v2')
      .option(
        '--out <directory>',
        'writes their files there (of several, each in one of its own)',
        path,
      )
      .addOption(yesOption())
      .addOption(jsonOption())
      .action(artifacts),
    ['runlog artifacts -1', 'what the newest run keeps'],
    ['runlog artifacts -1 model', 'the files of one'],
    ['runlog artifacts -1 model --out model', 'those files'],
  );
}
