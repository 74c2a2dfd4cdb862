// Without git, the files of a repository tell branch, commit and remote as git itself does; what they
// do not hold, or what is damaged, is told by leaving it out.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import type { GitFacts } from '../../../src/model/system-params.ts';
import { readBranch, readGitFiles } from '../../../src/system/environment/git-files.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-git-files-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const hash = '0123456789abcdef0123456789abcdef01234567';

/** Without what each repository of files alone says alike. */
async function factsOf(at: string): Promise<GitFacts | undefined> {
  const { bare, shallow, ...facts } = (await readGitFiles(at))?.facts ?? {};
  return facts.worktree === false ? (({ worktree: _, ...others }) => others)(facts) : facts;
}

/** A repository made of these files. */
function repository(name: string, files: Readonly<Record<string, string>>): string {
  for (const [file, text] of Object.entries(files)) {
    const path = join(directory, name, file);
    fs.mkdirSync(join(path, '..'), { recursive: true });
    fs.writeFileSync(path, text);
  }
  return join(directory, name);
}

it('a loose ref wins over a packed one, which serves where it is absent', async () => {
  const other = hash.replaceAll('0', 'f');
  const packed = `# pack-refs with: peeled\n${other} refs/heads/feature/x\n${hash} refs/heads/main\n`;
  const at = repository('refs', {
    '.git/HEAD': 'ref: refs/heads/feature/x\n',
    '.git/packed-refs': packed,
    '.git/refs/heads/feature/x': `${hash}\n`,
  });
  expect(await factsOf(join(at, 'not/there'))).toEqual({
    branch: 'feature/x',
    detached: false,
    commit: { hash: hash.slice(0, 7), full_hash: hash },
    root: at,
  });
  fs.rmSync(join(at, '.git/refs'), { recursive: true });
  expect((await factsOf(at))?.commit?.full_hash).toBe(other);
  fs.rmSync(join(at, '.git/packed-refs'));
  expect(await factsOf(at)).toEqual({ branch: 'feature/x', detached: false, root: at });
});

it('a HEAD that is detached, kept in a table, damaged, a directory or absent', async () => {
  const at = repository('heads', { '.git/HEAD': `${hash}\n` });
  expect(await factsOf(at)).toMatchObject({ branch: 'HEAD', detached: true });
  for (const text of ['ref: refs/heads/.invalid\n', 'garbage', '', 'x'.repeat(10_000)]) {
    fs.writeFileSync(join(at, '.git/HEAD'), text);
    expect(await factsOf(at)).toEqual({ root: at });
  }
  fs.rmSync(join(at, '.git/HEAD'));
  expect(await readBranch(join(at, '.git'))).toBeUndefined();
  fs.mkdirSync(join(at, '.git/HEAD'));
  expect(await factsOf(at)).toEqual({ root: at });
});

it('the url of origin is what git reads in the same file', async () => {
  const urls = [
    'url = https://example.org/plain.git',
    '\turl=git@example.org:a/b.git # why',
    'url = "https://example.org/with space;and#.git" ; why',
    'url = a\\\\b\\"c',
    'URL = upper',
  ];
  for (const [index, url] of urls.entries()) {
    const at = repository(`url-${index}`, { '.git/HEAD': 'ref: refs/heads/main\n' });
    const config = `[core]\n\turl = no\n[remote "other"]\n\turl = no\n[Remote "origin"]\n${url}\n[branch "x"]\nurl = no\n`;
    fs.writeFileSync(join(at, '.git/config'), config);
    const args = ['config', '--file', join(at, '.git/config'), '--get', 'remote.origin.url'];
    const told = execFileSync('git', args, { encoding: 'utf8' }).trim();
    expect((await factsOf(at))?.remote_origin_url).toBe(told);
  }
});

it('a worktree has its own HEAD, and the refs of the repository it is of', async () => {
  const at = repository('shared', {
    '.git/HEAD': 'ref: refs/heads/main\n',
    '.git/refs/heads/beside': `${hash}\n`,
    '.git/worktrees/w/HEAD': 'ref: refs/heads/beside\n',
    '.git/worktrees/w/commondir': '../..\n',
    '.git/config': '[remote "origin"]\nurl = u\n',
  });
  const worktree = repository('of-shared', { '.git': `gitdir: ${at}/.git/worktrees/w\n` });
  expect(await factsOf(worktree)).toEqual({
    branch: 'beside',
    detached: false,
    commit: { hash: hash.slice(0, 7), full_hash: hash },
    remote_origin_url: 'u',
    worktree: true,
    root: worktree,
  });
  expect(await readGitFiles(repository('broken', { '.git': 'nonsense' }))).toBeUndefined();
});
