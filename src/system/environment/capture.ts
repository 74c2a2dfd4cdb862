// The capture: everything that is known of program and machine, without secrets, within its sizes.
//
// 1. Each part is gathered by itself; one that fails or is late costs only itself, and says why in
//    `missing`. What is known may be asked for at any time.
// 2. Texts are redacted here, before anything leaves: env, arguments, remote, message, diff, reasons; the
//    variables first, since what they hold is a secret in every other text too.
// 3. The event loop is held for a slice at a time, no program or thread keeps the process alive, and
//    what still runs is ended by `stop` or after `durations.captureMs`.
//
// Spec: spec/system-params.md. Test: test/system/environment/capture.test.ts.

import { dirname } from 'node:path';

import { durations, limits } from '../../limits.ts';
import type { GitFacts, SystemParams } from '../../model/system-params.ts';
import { type Inventory, readInventory } from '../machine.ts';
import { createRedactor, type RedactOptions, type Redactor } from '../redact/redactor.ts';
import { ciOf } from './ci.ts';
import { readContainer } from './container.ts';
import { findRepository, type GitAnswer, readRepository } from './git.ts';
import { readInstalled } from './packages.ts';
import { type Program, packageManagerOf, readProgram } from './program.ts';
import { redactDiff, redactEnvironment } from './redact-in-slices.ts';
import { shared } from './shared.ts';
import { nextTurn } from './slices.ts';
import { cutLines, REDACTED_BEYOND, recordable } from './texts.ts';

/** Bytes of the diff that are kept unless it is told. */
export const DIFF_SIZE = 64 * 1024;
/** Three calls of git follow one another: what the first ones told is recorded though the last hangs. */
const GIT_CALL_SHARE = 0.3;
/** Of the arguments of a command line: each may be as long as `capturedTextSizeMax`. */
const ARGUMENT_COUNT_MAX = 1000;

export interface CaptureOptions {
  /** Bytes of the diff against HEAD that are kept; 0: none. Default DIFF_SIZE. */
  readonly diffSizeMax?: number | undefined;
  readonly redact?: RedactOptions | undefined;
  /** Of which program. Default: this one. */
  readonly program?: Program;
  readonly timeoutMs?: number;
}

type Facts = Omit<SystemParams, 'redacted' | 'missing' | 'cut' | 'captured_at'>;
type Writable = { -readonly [Key in keyof Facts]: Facts[Key] };

const parts = ['env_variables', 'git_info', 'packages', 'os', 'container'] as const;

export class Capture {
  readonly #program: Program;
  readonly #redactor: Redactor;
  readonly #diffSizeMax: number;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #facts: Writable = {};
  readonly #missing: Record<string, string> = {};
  readonly #cut: Record<string, string> = {};
  readonly #capturedAt = Date.now();
  /** Resolves when every part has answered, or has not in time. Never rejects. */
  readonly done: Promise<void>;

  constructor(options: CaptureOptions = {}) {
    this.#program = options.program ?? readProgram();
    this.#redactor = createRedactor(options.redact);
    this.#diffSizeMax = options.diffSizeMax ?? DIFF_SIZE;
    this.#timeoutMs = options.timeoutMs ?? durations.captureMs;
    for (const each of parts) this.#missing[each] = 'not known yet';
    this.#addProgram();
    this.done = this.#run();
  }

  /** What is known now. Values of its own each time. */
  params(): SystemParams {
    const counts = Object.entries(this.#redactor.counts);
    return {
      ...this.#facts,
      // Rules of the program's own have names of any kind.
      redacted: Object.fromEntries(counts.map(([name, count]) => [name.toWellFormed(), count])),
      missing: { ...this.#missing },
      cut: { ...this.#cut },
      captured_at: this.#capturedAt,
    };
  }

  /** Ends what still runs. Idempotent; throws nothing. */
  stop(): void {
    for (const [name, why] of Object.entries(this.#missing))
      if (why === 'not known yet') this.#missing[name] = 'the run ended before it was known';
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const timer = setTimeout(() => {
      for (const [name, why] of Object.entries(this.#missing))
        if (why === 'not known yet') this.#missing[name] = `not known after ${this.#timeoutMs} ms`;
      this.#abort.abort();
    }, this.#timeoutMs).unref();
    const over = new Promise<void>((resolve) => {
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const texts = this.#part('env_variables', () => this.#addTexts());
    const gathered = Promise.all([
      texts,
      this.#part('packages', () => this.#addPackages()),
      this.#part('git_info', () => this.#addGit(texts)),
      this.#part('os', () => this.#addMachine()),
      this.#part('container', () => this.#addPlace()),
    ]);
    await Promise.race([gathered, over]);
    clearTimeout(timer);
  }

  async #part(name: (typeof parts)[number], gather: () => Promise<void>): Promise<void> {
    try {
      await gather();
      if (this.#missing[name] === 'not known yet') delete this.#missing[name];
    } catch (error) {
      // What is ended has been said already.
      if (!this.#abort.signal.aborted)
        this.#missing[name] = this.#said(error instanceof Error ? error.message : String(error));
    }
  }

  #addProgram(): void {
    const program = this.#program;
    const facts = this.#facts;
    facts.executable = program.executable.toWellFormed();
    facts.node_version = program.nodeVersion;
    facts.versions = program.versions;
    facts.host_name = program.hostName.toWellFormed();
    if (program.entry !== undefined) facts.entry_file = program.entry.toWellFormed();
    else this.#missing['entry_file'] = 'the program was not started from a file';
    if (program.directory !== undefined) facts.cwd = program.directory.toWellFormed();
    else this.#missing['cwd'] = 'the current directory is gone';
    if (program.user !== undefined) facts.user = program.user.toWellFormed();
    else this.#missing['user'] = 'the user id has no name';
    this.#addPackageManager(null);
  }

  /** What the variables told is a secret wherever it stands: they come first. */
  async #addTexts(): Promise<void> {
    await this.#addEnvironment();
    if (this.#abort.signal.aborted) return;
    const { env, arguments: words, execArguments } = this.#program;
    const facts = this.#facts;
    facts.arguments = this.#words('arguments', words);
    facts.exec_arguments = this.#words('exec_arguments', execArguments);
    const ci = ciOf(env);
    facts.ci = ci && mapped(ci, (name, value) => this.#value(`ci.${name}`, name, value));
  }

  #addPackageManager(field: string | null): void {
    const manager = packageManagerOf(this.#program.env, field);
    if (manager !== undefined) this.#facts.package_manager = manager;
  }

  #words(name: string, words: readonly string[]): string[] {
    if (words.length > ARGUMENT_COUNT_MAX)
      this.#cut[name] = `${words.length - ARGUMENT_COUNT_MAX} of ${words.length} left out`;
    const read = words
      .slice(0, ARGUMENT_COUNT_MAX)
      .map((each) => recordable(each, limits.capturedTextSizeMax + REDACTED_BEYOND, String).text);
    return this.#redactor
      .arguments(read)
      .map((each, index) => this.#kept(`${name}[${index}]`, each));
  }

  async #addEnvironment(): Promise<void> {
    const { env } = this.#program;
    const { capturedTextSizeMax: sizeMax, capturedEnvironmentSizeMax: sizesMax } = limits;
    const redacted = await redactEnvironment({ env, sizeMax, redactor: this.#redactor });
    const variables: [string, string][] = [];
    let room: number = sizesMax;
    let leftOut = 0;
    for (const [name, { text, isCut }] of redacted) {
      const size = Buffer.byteLength(name) + Buffer.byteLength(text);
      if (size > room) {
        leftOut += 1;
        continue;
      }
      room -= size;
      variables.push([name, text]);
      if (isCut) this.#cut[`env_variables.${name}`] = `longer than ${sizeMax} bytes`;
    }
    if (leftOut > 0)
      this.#cut['env_variables'] =
        `${leftOut} of ${redacted.length} left out: more than ${sizesMax} bytes`;
    this.#facts.env_variables = Object.fromEntries(variables);
  }

  async #addPackages(): Promise<void> {
    const { entry, directory } = this.#program;
    const start = entry ?? directory;
    if (start === undefined) throw new Error('there is neither an entry file nor a directory');
    const timeoutMs = this.#timeoutMs;
    const found = await this.#shared(`packages ${timeoutMs} ${start}`, (signal) =>
      readInstalled({ start, timeoutMs, signal }),
    );
    // To take thousands of names in is a slice of its own, as it is to record them.
    await nextTurn();
    this.#facts.packages = found.packages;
    this.#facts.packages_nested = found.nested;
    if (found.lockfile !== null) this.#facts.lockfile = found.lockfile;
    this.#addPackageManager(found.packageManager);
    if (found.stopped !== null) this.#cut['packages'] = found.stopped;
    const { unreadable, unreadableCount } = found;
    if (unreadableCount > 0)
      this.#missing['packages_unreadable'] = this.#said(
        `${unreadableCount} could not be read: ${unreadable.join(', ')}`,
      );
    if (this.#program.versions['pnp'] !== undefined)
      this.#missing['packages'] = "Yarn Plug'n'Play keeps packages in archives, which are not read";
  }

  async #addGit(texts: Promise<void>): Promise<void> {
    const directories = gitDirectories(this.#program);
    if (directories.length === 0) throw new Error('the current directory is gone');
    const { env: environment } = this.#program;
    const diffSizeMax = this.#diffSizeMax === 0 ? 0 : this.#diffSizeMax + REDACTED_BEYOND;
    const timeoutMs = this.#timeoutMs * GIT_CALL_SHARE;
    let answer: GitAnswer | undefined;
    for (const directory of directories) {
      const key = `${timeoutMs} ${diffSizeMax} ${directory}`;
      const options = { environment, diffSizeMax, timeoutMs };
      const found = await this.#shared(`repository ${key}`, (signal) =>
        findRepository(directory, { ...options, signal }),
      );
      if ('missing' in found) answer = found;
      else {
        const { remote_origin_url: _, ...early } = found.facts;
        this.#facts.git_info = await this.#redactedGit(early);
        answer = await this.#shared(`git ${key}`, (signal) =>
          readRepository(directory, found, { ...options, signal }),
        );
      }
      if (answer.git !== undefined) break;
    }
    await texts;
    const { git = {}, missing = {} } = answer ?? {};
    this.#facts.git_info = await this.#redactedGit(git);
    for (const [name, why] of Object.entries(missing)) this.#missing[name] = this.#said(why);
  }

  async #redactedGit(git: GitFacts): Promise<GitFacts> {
    const { remote_origin_url: url, commit, diff, branch, root } = git;
    const message = commit?.message;
    const author = commit?.author;
    return {
      ...git,
      ...(branch !== undefined && { branch: branch.toWellFormed() }),
      ...(root !== undefined && { root: root.toWellFormed() }),
      ...(url !== undefined && {
        remote_origin_url: this.#text('git_info.remote_origin_url', url),
      }),
      ...(commit !== undefined && {
        commit: {
          ...commit,
          ...(author !== undefined && { author: this.#text('git_info.commit.author', author) }),
          ...(message !== undefined && { message: this.#text('git_info.commit.message', message) }),
        },
      }),
      ...(diff !== undefined && (await this.#redactedDiff(diff, git.diff_truncated ?? false))),
    };
  }

  async #redactedDiff(diff: string, isTruncated: boolean): Promise<GitFacts> {
    const whole = await redactDiff(diff.toWellFormed(), this.#redactor);
    const cut = cutLines(whole, this.#diffSizeMax);
    const isCut = cut.isCut || isTruncated;
    if (isCut) this.#cut['git_info.diff'] = `longer than ${this.#diffSizeMax} bytes, or late`;
    return { diff: cut.text, diff_truncated: isCut };
  }

  async #addMachine(): Promise<void> {
    const inventory: Inventory = await this.#shared('machine', () =>
      readInventory({ gpuTimeoutMs: this.#timeoutMs / 2 }),
    );
    const { os, platform, kernel, architecture, cpu, cpuCores, cpuThreads } = inventory;
    const { memoryBytes, gpus = [], gpuDriver } = inventory;
    this.#facts.os = known({ name: os, platform, kernel, architecture });
    this.#facts.cpu = known({ model: cpu, cores: cpuCores, threads: cpuThreads });
    this.#facts.memory = known({ total: memoryBytes });
    this.#facts.gpus = gpus.map(({ index, name, memoryBytes: total }) =>
      known({ index, name, memory: total }),
    );
    if (gpuDriver !== undefined) this.#facts.gpu_driver = gpuDriver;
  }

  async #addPlace(): Promise<void> {
    this.#facts.container = await readContainer(this.#program.env);
  }

  #shared<Answer>(key: string, find: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    return shared({ of: this.#program.env, key, signal: this.#abort.signal }, find);
  }

  // ---- texts

  #text(name: string, text: string): string {
    const { capturedTextSizeMax: sizeMax } = limits;
    const { text: kept, isCut } = recordable(text, sizeMax, (each) => this.#redactor.text(each));
    if (isCut) this.#cut[name] = `longer than ${sizeMax} bytes`;
    return kept;
  }

  #value(place: string, name: string, value: string): string {
    const { capturedTextSizeMax: sizeMax } = limits;
    const redact = (each: string): string => this.#redactor.value(name, each);
    const { text: kept, isCut } = recordable(value, sizeMax, redact);
    if (isCut) this.#cut[place] = `longer than ${sizeMax} bytes`;
    return kept;
  }

  #kept(place: string, redacted: string): string {
    const { capturedTextSizeMax: sizeMax } = limits;
    const { text, isCut } = recordable(redacted, sizeMax, String);
    if (isCut) this.#cut[place] = `longer than ${sizeMax} bytes`;
    return text;
  }

  #said(why: string): string {
    return recordable(why, 1024, (each) => this.#redactor.text(each)).text;
  }
}

/**
 * Where the repository of the program is looked for: at its entry file, unless that is installed, as
 * the command of a package is; else at the current directory.
 */
function gitDirectories({ entry, directory }: Program): string[] {
  const isInstalled = entry === undefined || /[/\\]node_modules[/\\]/.test(entry);
  const places = isInstalled ? [directory] : [dirname(entry), directory];
  return [...new Set(places)].filter((each) => each !== undefined);
}

const mapped = (
  members: Readonly<Record<string, string>>,
  change: (name: string, value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(members).map(([name, each]) => [name, change(name, each)]));

type Known<Facts> = { [Key in keyof Facts]: Exclude<Facts[Key], undefined> };

const known = <Facts extends Record<string, unknown>>(facts: Facts): Partial<Known<Facts>> =>
  Object.fromEntries(Object.entries(facts).filter(([, each]) => each !== undefined)) as Partial<
    Known<Facts>
  >;
