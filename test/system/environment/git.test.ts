// The facts of a git repository are right in every state that one is met in, cost nothing but time when
// git is missing, hangs or refuses, and asking for them changes and runs nothing of the repository.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { type GitAnswer, readGit } from '../../../src/system/environment/git.ts';
import { gitEnvironment } from '../../../src/system/environment/git-call.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-git-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const environment: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: directory,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '2024-05-06T07:08:09+02:00',
  GIT_COMMITTER_NAME: 'Ada Lovelace',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

const git = (at: string, ...args: string[]): string =>
  execFileSync('git', ['-C', at, ...args], { env: environment, encoding: 'utf8' }).trim();

let count = 0;

/** A repository on the branch with one commit of one file. */
function repository(branch = 'main', message = 'first'): string {
  count += 1;
  const at = join(directory, `repository-${count}`);
  fs.mkdirSync(at);
  git(at, 'init', '--quiet', `--initial-branch=${branch}`);
  fs.writeFileSync(join(at, 'train.js'), 'let rate = 1;\n');
  git(at, 'add', '.');
  git(at, 'commit', '--quiet', '-m', message);
  return at;
}

const ask = (at: string, more: object = {}): Promise<GitAnswer> =>
  readGit(at, { environment, diffSizeMax: 65536, timeoutMs: 20_000, ...more });

/** A directory with a program called git. */
function standIn(text: string): string {
  count += 1;
  const at = join(directory, `bin-${count}`);
  fs.mkdirSync(at);
  fs.writeFileSync(join(at, 'git'), text, { mode: 0o755 });
  return at;
}

/** Every file below with its content and time of change. */
const stateOf = (at: string): string[] =>
  fs
    .readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort()
    .map((each) => `${each} ${fs.statSync(each).mtimeMs} ${fs.readFileSync(each, 'base64')}`);

describe('a repository', () => {
  it('that is clean: branch with slashes, commit as git gives it, remote, nothing to differ', async () => {
    const at = repository('feature/testing/a', 'first\n\nwith a body\n');
    git(at, 'remote', 'add', 'origin', 'git@example.org:ada/engine.git');
    fs.mkdirSync(join(at, 'deep/er'), { recursive: true });
    const { git: facts, missing } = await ask(join(at, 'deep/er'));
    expect(missing).toEqual({});
    expect(facts).toEqual({
      branch: 'feature/testing/a',
      detached: false,
      remote_origin_url: 'git@example.org:ada/engine.git',
      commit: {
        hash: git(at, 'log', '-1', '--format=%h'),
        full_hash: git(at, 'rev-parse', 'HEAD'),
        timestamp: '2024-05-06T07:08:09+02:00',
        author: 'Ada Lovelace',
        message: 'first\n\nwith a body',
      },
      dirty: false,
      untracked: 0,
      diff: '',
      diff_truncated: false,
      shallow: false,
      bare: false,
      worktree: false,
      root: at,
    });
  });

  it('that differs: what is staged and what is not is in a diff that git applies', async () => {
    const at = repository();
    fs.writeFileSync(join(at, 'staged.js'), 'let staged;\n');
    git(at, 'add', 'staged.js');
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 2;\n');
    fs.writeFileSync(join(at, 'new.js'), '');
    git(at, 'config', 'diff.noprefix', 'true');
    git(at, 'config', 'color.ui', 'always');
    git(at, 'config', 'diff.mnemonicPrefix', 'true');
    const { git: facts } = await ask(at);
    expect(facts).toMatchObject({ dirty: true, untracked: 1, diff_truncated: false });
    const other = join(directory, 'applied');
    git(directory, 'clone', '--quiet', at, other);
    const patch = join(directory, 'patch');
    fs.writeFileSync(patch, facts?.diff ?? '');
    git(other, 'apply', patch);
    expect(fs.readFileSync(join(other, 'train.js'), 'utf8')).toBe('let rate = 2;\n');
    expect(fs.existsSync(join(other, 'staged.js'))).toBe(true);
  });

  it('whose HEAD is detached', async () => {
    const at = repository();
    git(at, 'checkout', '--quiet', '--detach');
    const { git: facts } = await ask(at);
    expect(facts).toMatchObject({ branch: 'HEAD', detached: true });
    expect(facts?.commit?.full_hash).toHaveLength(40);
  });

  it('without a commit: the branch, and why there is no more', async () => {
    const at = join(directory, 'unborn');
    fs.mkdirSync(at);
    git(at, 'init', '--quiet', '--initial-branch=not/yet');
    fs.writeFileSync(join(at, 'train.js'), '');
    git(at, 'add', '.');
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ branch: 'not/yet', detached: false, dirty: true });
    expect(facts).not.toHaveProperty('commit');
    expect(missing).toEqual({
      'git_info.commit': 'the branch has no commit yet',
      'git_info.diff': 'the branch has no commit yet',
    });
  });

  it('that is shallow', async () => {
    const from = repository();
    git(from, 'commit', '--quiet', '--allow-empty', '-m', 'second');
    const at = join(directory, 'shallow');
    git(directory, 'clone', '--quiet', '--depth=1', `file://${from}`, at);
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ shallow: true, dirty: false, commit: { message: 'second' } });
    expect([facts?.remote_origin_url, missing]).toEqual([`file://${from}`, {}]);
  });

  it('that is a worktree of another', async () => {
    const from = repository();
    const at = join(directory, 'worktree');
    git(from, 'worktree', 'add', '--quiet', '-b', 'beside/it', at);
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ worktree: true, branch: 'beside/it', root: at, dirty: false });
    expect(missing).toEqual({});
    expect((await ask(from)).git).toMatchObject({ worktree: false, branch: 'main' });
  });

  it('whose settings send git elsewhere is asked for its place', async () => {
    const at = repository();
    const tree = join(directory, 'elsewhere');
    fs.mkdirSync(tree);
    git(at, 'config', 'core.worktree', tree);
    const included = join(directory, 'included');
    fs.writeFileSync(included, '[remote "origin"]\nurl = https://example.org/included.git\n');
    git(at, 'config', 'include.path', included);
    const { git: facts } = await ask(join(at, '.git'));
    expect(facts).toMatchObject({ remote_origin_url: 'https://example.org/included.git' });
    expect(
      (await ask(tree, { environment: { ...environment, GIT_CEILING_DIRECTORIES: directory } }))
        .git,
    ).toBeUndefined();
    const asked = await ask(at);
    expect(asked.git).toMatchObject({ bare: false, commit: { message: 'first' } });
  });

  it('an ordinary one is asked twice when it is clean, three times when it differs', async () => {
    const at = repository();
    const calls = join(directory, 'calls');
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const bin = standIn(`#!/bin/sh\necho x >> "${calls}"\nexec "${real}" "$@"\n`);
    const counting = { ...environment, PATH: `${bin}:${process.env['PATH']}` };
    await ask(at, { environment: counting });
    expect(fs.readFileSync(calls, 'utf8')).toBe('x\n'.repeat(2));
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 2;\n');
    await ask(at, { environment: counting });
    expect(fs.readFileSync(calls, 'utf8')).toBe('x\n'.repeat(2 + 3));
  });

  it('that is bare has a commit and no working tree', async () => {
    const at = join(directory, 'bare.git');
    git(directory, 'clone', '--quiet', '--bare', repository(), at);
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ bare: true, branch: 'main', commit: { author: 'Ada Lovelace' } });
    expect(missing).toEqual({
      'git_info.dirty': 'there is no working tree',
      'git_info.diff': 'there is no working tree',
    });
  });

  it('with a submodule whose files were changed is dirty; files it does not know are not', async () => {
    const inner = repository();
    const at = repository();
    const allow = ['-c', 'protocol.file.allow=always'];
    git(at, ...allow, 'submodule', '--quiet', 'add', inner, 'inner');
    git(at, 'commit', '--quiet', '-m', 'with a submodule');
    fs.writeFileSync(join(at, 'inner/new.js'), '');
    expect((await ask(at)).git).toMatchObject({ dirty: false });
    fs.writeFileSync(join(at, 'inner/train.js'), 'changed\n');
    const { git: facts } = await ask(at);
    expect(facts?.dirty).toBe(true);
    expect(facts?.diff).toMatch(/^\+Subproject commit [0-9a-f]{40}-dirty$/m);
    // Asked inside, the submodule is a repository of its own.
    expect((await ask(join(at, 'inner'))).git).toMatchObject({
      worktree: false,
      root: join(at, 'inner'),
      remote_origin_url: inner,
    });
  });

  it('whose author has a name with a slash, a line end or bytes that are not UTF-8', async () => {
    const at = repository();
    const tree = git(at, 'write-tree');
    const byAuthor = async (author: Buffer): Promise<string | undefined> => {
      const text = Buffer.concat([
        Buffer.from(`tree ${tree}\nauthor `),
        author,
        Buffer.from(' <a@b> 1714971600 +0200\ncommitter c <c@d> 1714971600 +0000\n\nhand made\n'),
      ]);
      const hash = execFileSync('git', ['-C', at, 'hash-object', '-t', 'commit', '-w', '--stdin'], {
        env: environment,
        input: text,
        encoding: 'utf8',
      }).trim();
      git(at, 'reset', '--quiet', '--soft', hash);
      const { git: facts } = await ask(at);
      expect(facts?.commit).toMatchObject({ full_hash: hash, message: 'hand made' });
      return facts?.commit?.author;
    };
    expect(await byAuthor(Buffer.from('R/D: Team/One'))).toBe('R/D: Team/One');
    expect(await byAuthor(Buffer.from('Jos\u00e9'))).toBe('Jos\u00e9');
    expect((await byAuthor(Buffer.from('Jos\u00e9', 'latin1')))?.isWellFormed()).toBe(true);
    git(at, 'commit', '--quiet', '--allow-empty', '--author=Two\nLines <a@b>', '-m', 'lines');
    expect((await ask(at)).git?.commit?.author).toMatch(/^Two ?Lines$/);
  });

  it('that another program has locked is read', async () => {
    const at = repository();
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 2;\n');
    fs.writeFileSync(join(at, '.git/index.lock'), '');
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ dirty: true, branch: 'main' });
    expect(missing).toEqual({});
  });

  it('that a variable of a hook does not name is the one that is asked', async () => {
    const [at, other] = [repository('asked'), repository('other')];
    const hooked = { ...environment, GIT_DIR: join(other, '.git'), GIT_INDEX_FILE: '/dev/null' };
    expect((await ask(at, { environment: hooked })).git).toMatchObject({
      branch: 'asked',
      root: at,
      dirty: false,
    });
    expect(gitEnvironment({ GIT_WORK_TREE: '/', GIT_TRACE: '/x', A: 'b' })).toMatchObject({
      A: 'b',
    });
    expect(gitEnvironment({ GIT_WORK_TREE: '/' })).not.toHaveProperty('GIT_WORK_TREE');
  });
});

describe('asking', () => {
  it('changes no file, and runs no hook, monitor, external diff or text conversion', async () => {
    const at = repository();
    const ran = join(directory, 'ran');
    const program = join(directory, 'program');
    fs.writeFileSync(program, `#!/bin/sh\necho "$0 $@" >> "${ran}"\ncat "$1"\n`, { mode: 0o755 });
    for (const name of ['core.fsmonitor', 'diff.external', 'core.pager', 'diff.x.textconv'])
      git(at, 'config', name, program);
    git(at, 'config', 'core.hooksPath', join(at, 'hooks'));
    fs.mkdirSync(join(at, 'hooks'));
    fs.copyFileSync(program, join(at, 'hooks/post-index-change'));
    fs.writeFileSync(join(at, '.git/info/attributes'), '* diff=x\n');
    // Its time differs from the index, so that git would refresh it.
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 1;\n');
    fs.utimesSync(join(at, 'train.js'), 1, 1);
    const before = stateOf(at);
    const clean = await ask(at);
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 2;\n');
    const { git: facts } = await ask(at);
    expect([clean.git?.dirty, facts?.dirty]).toEqual([false, true]);
    expect(facts?.diff).toContain('+let rate = 2;');
    expect(fs.existsSync(ran)).toBe(false);
    fs.writeFileSync(join(at, 'train.js'), 'let rate = 1;\n');
    fs.utimesSync(join(at, 'train.js'), 1, 1);
    expect(stateOf(at)).toEqual(before);
  });

  it('a diff of any size reads no more than it may', async () => {
    const at = repository();
    const line = 'a line that was added, and that another follows\n';
    fs.writeFileSync(join(at, 'train.js'), line.repeat(1_500_000));
    const { git: facts } = await ask(at, { diffSizeMax: 10_000 });
    expect(facts?.diff_truncated).toBe(true);
    expect(Buffer.byteLength(facts?.diff ?? '')).toBe(10_000);
    expect((await ask(at, { diffSizeMax: 0 })).missing).toEqual({
      'git_info.diff': 'not asked for: diffSizeMax is 0',
    });
  });

  it('outside of a repository says so', async () => {
    const at = fs.mkdtempSync(join(directory, 'none-'));
    const ceiling = { ...environment, GIT_CEILING_DIRECTORIES: directory };
    expect(await ask(at, { environment: ceiling })).toEqual({
      git: undefined,
      missing: { git_info: 'not a git repository' },
    });
    expect((await ask(join(at, 'gone'))).git).toBeUndefined();
  });

  it('without git tells what the files of the repository do', async () => {
    const at = repository('feature/x');
    git(at, 'remote', 'add', 'origin', 'https://example.org/x.git');
    const { git: facts, missing } = await ask(at, { environment: { PATH: directory } });
    const hash = git(at, 'rev-parse', 'HEAD');
    expect(facts).toEqual({
      branch: 'feature/x',
      detached: false,
      commit: { hash: hash.slice(0, 7), full_hash: hash },
      remote_origin_url: 'https://example.org/x.git',
      shallow: false,
      bare: false,
      worktree: false,
      root: at,
    });
    const absent = 'git is not installed, or not on PATH';
    expect(missing).toEqual({
      'git_info.commit.timestamp': `${absent}; read from its files`,
      'git_info.commit.author': `${absent}; read from its files`,
      'git_info.commit.message': `${absent}; read from its files`,
      'git_info.dirty': absent,
      'git_info.diff': absent,
    });
  });

  it('a git that hangs ends in time, and is gone', async () => {
    const at = repository();
    const pid = join(directory, 'hung-pid');
    const bin = standIn(`#!/bin/sh\necho $$ > "${pid}"\nexec sleep 1000\n`);
    const hanging = { PATH: `${bin}:${process.env['PATH']}` };
    const { git: facts, missing } = await ask(at, { environment: hanging, timeoutMs: 2000 });
    expect(facts?.branch).toBe('main');
    expect(missing['git_info.dirty']).toBe('git status took too long');
    expect(() => process.kill(Number(fs.readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH');
  });

  it('a git that hangs in one call costs what that call would have told', async () => {
    const at = repository();
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const bin = standIn(
      `#!/bin/sh\ncase "$*" in *" status "*) exec sleep 1000;; esac\nexec "${real}" "$@"\n`,
    );
    const hanging = { ...environment, PATH: `${bin}:${process.env['PATH']}` };
    const { git: facts, missing } = await ask(at, { environment: hanging, timeoutMs: 2000 });
    expect(facts).toMatchObject({ branch: 'main', commit: { message: 'first' }, root: at });
    expect(missing).toEqual({
      'git_info.dirty': 'git status took too long',
      'git_info.diff': 'git status took too long',
    });
  });

  it('a git that prints nonsense, nothing, or dies tells nothing wrong', async () => {
    const at = repository();
    for (const text of [
      'echo nonsense',
      'exit 0',
      'kill -9 $$',
      'printf "\\377\\376\\n"; exit 3',
    ]) {
      const bin = standIn(`#!/bin/sh\n${text}\n`);
      const { git: facts, missing } = await ask(at, { environment: { PATH: `${bin}:/bin` } });
      expect(facts).toMatchObject({ branch: 'main', root: at });
      expect(Object.keys(missing)).toContain('git_info.dirty');
    }
  });

  it('a damaged repository gives what can be read, with the reason for the rest', async () => {
    const at = repository();
    const hash = git(at, 'rev-parse', 'HEAD');
    fs.rmSync(join(at, '.git/objects', hash.slice(0, 2)), { recursive: true });
    const lost = await ask(at);
    expect(lost.git).toMatchObject({ branch: 'main', root: at });
    expect(lost.missing['git_info.commit.author']).toMatch(/^git log ended with 128: /);
    // As a power loss leaves it.
    const empty = repository();
    fs.writeFileSync(join(empty, '.git/refs/heads/main'), '');
    expect((await ask(empty)).missing['git_info.commit']).toMatch(/./);
    const index = repository();
    fs.writeFileSync(join(index, '.git/index'), 'garbage');
    const torn = await ask(index);
    expect(torn.git).toMatchObject({ branch: 'main', commit: { message: 'first' } });
    expect(torn.missing['git_info.dirty']).toMatch(/^git status ended with 128: /);
    const head = repository();
    fs.writeFileSync(join(head, '.git/HEAD'), 'garbage');
    expect(
      (await ask(head, { environment: { ...environment, GIT_CEILING_DIRECTORIES: directory } }))
        .missing,
    ).not.toEqual({});
  });

  it("another owner's repository, which git refuses, is read from its files", async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can give a directory away');
    const at = repository('theirs');
    for (const each of [at, join(at, '.git')]) fs.chownSync(each, 12345, 12345);
    const { git: facts, missing } = await ask(at);
    expect(facts).toMatchObject({ branch: 'theirs', commit: { full_hash: /./ } });
    expect(missing['git_info.diff']).toMatch(/dubious ownership/);
    expect(missing['git_info.commit.author']).toMatch(/dubious ownership.*read from its files$/);
  });

  it('stops when it is told to, and asks nothing more', async () => {
    const at = repository();
    const told = new AbortController();
    const bin = standIn('#!/bin/sh\nexec sleep 1000\n');
    const hanging = { PATH: `${bin}:${process.env['PATH']}` };
    const answer = ask(at, { environment: hanging, signal: told.signal });
    setTimeout(() => told.abort(), 50);
    expect((await answer).missing).toMatchObject({
      'git_info.dirty': 'the run ended before git status answered',
    });
    fs.rmSync(join(bin, 'git'));
    const after = await ask(at, { signal: told.signal });
    expect(after.git).toMatchObject({ branch: 'main' });
    expect(after.missing).toMatchObject({
      'git_info.diff': 'the run ended before git status answered',
    });
  });
});
