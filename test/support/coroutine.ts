// Synchronous code that can be paused at any of its file-system calls and goes on later, while others
// run: what nesting one actor in another's call cannot do.
//
// 1. To pause is to throw at the next call; to go on is to run the program again from its start, with
//    the outcomes of the calls that it has made given back from memory. Each call has its effect once.
// 2. The program must be deterministic: the same outcomes lead to the same calls. A call that differs
//    from the one that was remembered fails the test.
// 3. After a pause every further call throws: what the program still does is undone by the next run.
// 4. Only calls that another can notice count as steps: closing, asking an open file, reading and
//    writing what has no name yet that others know are done with the step before.
// 5. Hands off (G6): a program that writes to or cuts a file that it did not make fails the test.

import type { FileFacts, FileHandle, MemoryVfs, Vfs } from '../../src/engine/index.ts';
import { beginRandom } from './replayed-random.ts';

class Paused extends Error {}

interface Outcome {
  readonly call: string;
  readonly value?: unknown;
  readonly error?: unknown;
  /** What `read` put into its target. */
  readonly bytes?: Uint8Array;
}

/** Passes calls on up to a limit, and remembers what came of them. */
class PausableVfs implements Vfs {
  readonly #vfs: MemoryVfs;
  readonly #outcomes: Outcome[] = [];
  readonly #files = new Map<FileHandle, { readonly path: string; readonly isOwn: boolean }>();
  /** Names that it made: a file may be opened again by its name. */
  readonly #made = new Set<string>();
  #next = 0;
  #limit = 0;
  steps = 0;
  isPaused = false;
  /** Why the program is not one that may be run: the test fails. */
  fault: string | undefined;

  constructor(vfs: MemoryVfs) {
    this.#vfs = vfs;
  }

  /** The program begins again; `steps` new ones are let through. */
  begin(steps: number): void {
    this.#next = 0;
    this.#limit = this.steps + steps;
    this.isPaused = false;
  }

  /** Its process ends. */
  end(): void {
    this.#vfs.detach();
  }

  #step<T>(call: string, work: () => T, target?: Uint8Array): T {
    return this.#call(call, work, true, target);
  }

  #call<T>(call: string, work: () => T, isStep: boolean, target?: Uint8Array): T {
    if (this.isPaused) throw new Paused(call);
    let outcome = this.#outcomes[this.#next];
    if (outcome === undefined) {
      if (isStep && this.steps >= this.#limit) {
        this.isPaused = true;
        throw new Paused(call);
      }
      if (isStep) this.steps += 1;
      outcome = perform(call, work, target);
      this.#outcomes.push(outcome);
    } else if (outcome.call !== call) {
      this.fault ??= `call ${this.#next} was ${outcome.call} and is now ${call}`;
    } else if (outcome.bytes !== undefined) target?.set(outcome.bytes);
    this.#next += 1;
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.value as T;
  }

  #isShared(handle: FileHandle): boolean {
    return /\/segment-/.test(this.#files.get(handle)?.path ?? '');
  }

  #refuseForeign(handle: FileHandle, what: string): void {
    const file = this.#files.get(handle);
    if (file?.isOwn === false) this.fault ??= `${what} ${file.path}, which it did not make`;
  }

  open(path: string, mode: 'create' | 'read' | 'write'): FileHandle {
    const work = (): FileHandle => this.#vfs.open(path, mode);
    const handle = this.#call(`open ${path} ${mode}`, work, !isTemporary(path));
    if (mode === 'create') this.#made.add(path);
    this.#files.set(handle, { path, isOwn: this.#made.has(path) });
    return handle;
  }

  close(handle: FileHandle): void {
    this.#call(`close ${handle}`, () => this.#vfs.close(handle), false);
  }

  read(handle: FileHandle, target: Uint8Array, offset: number): number {
    const call = `read ${handle} ${target.length} ${offset}`;
    const work = (): number => this.#vfs.read(handle, target, offset);
    return this.#call(call, work, this.#isShared(handle), target);
  }

  write(handle: FileHandle, source: Uint8Array, offset: number): number {
    const call = `write ${handle} ${source.length} ${offset}`;
    this.#refuseForeign(handle, 'writes to');
    const work = (): number => this.#vfs.write(handle, source, offset);
    return this.#call(call, work, this.#isShared(handle));
  }

  truncate(handle: FileHandle, size: number): void {
    this.#refuseForeign(handle, 'cuts');
    this.#step(`truncate ${handle} ${size}`, () => this.#vfs.truncate(handle, size));
  }

  sync(handle: FileHandle): void {
    this.#call(`sync ${handle}`, () => this.#vfs.sync(handle), this.#isShared(handle));
  }

  async syncLater(handle: FileHandle): Promise<void> {
    this.#step(`syncLater ${handle}`, () => this.#vfs.sync(handle));
  }

  syncDirectory(path: string): void {
    this.#step(`syncDirectory ${path}`, () => this.#vfs.syncDirectory(path));
  }

  facts(handle: FileHandle): FileFacts {
    return this.#call(`facts ${handle}`, () => this.#vfs.facts(handle), false);
  }

  stat(path: string): FileFacts | undefined {
    return this.#step(`stat ${path}`, () => this.#vfs.stat(path));
  }

  list(path: string): string[] {
    return this.#step(`list ${path}`, () => this.#vfs.list(path));
  }

  link(source: string, target: string): void {
    this.#step(`link ${source} ${target}`, () => this.#vfs.link(source, target));
    if (this.#made.has(source)) this.#made.add(target);
  }

  rename(source: string, target: string): void {
    this.#step(`rename ${source} ${target}`, () => this.#vfs.rename(source, target));
    if (this.#made.has(source)) this.#made.add(target);
  }

  unlink(path: string): void {
    this.#call(`unlink ${path}`, () => this.#vfs.unlink(path), !isTemporary(path));
  }

  makeDirectory(path: string): void {
    this.#step(`makeDirectory ${path}`, () => this.#vfs.makeDirectory(path));
  }

  removeDirectory(path: string): void {
    this.#step(`removeDirectory ${path}`, () => this.#vfs.removeDirectory(path));
  }

  fileSystem(path: string): string | undefined {
    return this.#step(`fileSystem ${path}`, () => this.#vfs.fileSystem(path));
  }
}

const isTemporary = (path: string): boolean => path.includes('/temporary-');

function perform(call: string, work: () => unknown, target: Uint8Array | undefined): Outcome {
  try {
    const value = work();
    if (target === undefined) return { call, value };
    return { call, value, bytes: target.slice(0, value as number) };
  } catch (error) {
    return { call, error };
  }
}

/** What a program is given. */
export interface Stage {
  readonly vfs: Vfs;
  /** Something that must happen once, however often the program is run again; its first result. */
  once<T>(work: () => T): T;
  /** A place that `goTo` can go to. */
  at(place: string): void;
}

/** Another stream for each name. */
const streamOf = (name: string): number =>
  [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);

export class Coroutine {
  readonly name: string;
  isOver = false;
  readonly #vfs: PausableVfs;
  readonly #program: (stage: Stage) => Promise<void>;
  readonly #done: unknown[] = [];
  readonly #stream: number;

  constructor(name: string, vfs: MemoryVfs, program: (stage: Stage) => Promise<void>) {
    this.name = name;
    this.#vfs = new PausableVfs(vfs);
    this.#program = program;
    this.#stream = streamOf(name);
  }

  /** Steps made so far. */
  get steps(): number {
    return this.#vfs.steps;
  }

  /** It is killed: it never goes on, and the kernel closes its files. */
  kill(): void {
    this.isOver = true;
    this.#vfs.end();
  }

  /** Lets the program make at most `steps` more steps. True when it has come to its end. */
  go(steps: number): Promise<boolean> {
    return this.#run(steps, undefined);
  }

  /** Lets the program go on to the place that it calls so. */
  goTo(place: string): Promise<boolean> {
    return this.#run(Number.POSITIVE_INFINITY, place);
  }

  async #run(steps: number, end: string | undefined): Promise<boolean> {
    if (this.isOver) return true;
    const vfs = this.#vfs;
    vfs.begin(steps);
    beginRandom(this.#stream);
    try {
      await this.#program({ vfs, once: this.#onceEach(), at: (place) => this.#stopAt(place, end) });
    } catch (error) {
      if (!vfs.isPaused) throw error;
    }
    if (vfs.fault !== undefined) throw new Error(`${this.name}: ${vfs.fault}`);
    this.isOver = !vfs.isPaused;
    return this.isOver;
  }

  #onceEach(): Stage['once'] {
    let next = 0;
    return <T>(work: () => T): T => {
      if (this.#vfs.isPaused) throw new Paused();
      if (next === this.#done.length) this.#done.push(work());
      next += 1;
      return this.#done[next - 1] as T;
    };
  }

  #stopAt(place: string, end: string | undefined): void {
    if (place === end) this.#vfs.isPaused = true;
    if (this.#vfs.isPaused) throw new Paused(place);
  }
}
