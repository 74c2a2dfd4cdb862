// The scan of what is installed where a program runs: packages of every node_modules that it can reach,
// and the lockfile beside them.
//
// 1. Begun at the entry file and upwards, as Node resolves: the nearest version of a name is the one
//    that the entry gets. From there on into the packages: nested node_modules, and through links the
//    node_modules that a package stands in, which is how pnpm and its like lay them out.
// 2. Each directory and each package is read once, whatever links lead to it; number, depth and time
//    have limits, and what was left out is said.
// 3. Runs as text in another thread, where it may wait for a disk: it refers to nothing but its
//    parameters and what JavaScript has. So it starts from the sources, the build and a bundle alike.
//
// Spec: spec/system-params.md. Test: test/system/environment/packages.test.ts.

type Files = Pick<
  typeof import('node:fs'),
  'readFileSync' | 'readdirSync' | 'realpathSync' | 'statSync'
>;
type Paths = Pick<typeof import('node:path'), 'basename' | 'dirname' | 'join'>;
type Hashes = Pick<typeof import('node:crypto'), 'createHash'>;

export interface ScanSetup {
  /** The entry file, or a directory. */
  readonly start: string;
  readonly packageCountMax: number;
  readonly depthMax: number;
  readonly timeMs: number;
  /** Bytes of a package.json and of a lockfile that are read. */
  readonly manifestSizeMax: number;
  readonly lockfileSizeMax: number;
  readonly lockfiles: readonly (readonly [file: string, kind: string])[];
}

/** What is installed. Plain values: they come from another thread. */
export interface Installed {
  /** As the entry resolves them; others by the first that was met. Null: the package names no version. */
  readonly packages: Record<string, string | null>;
  /** Other versions of the same name that are installed for somebody else. */
  readonly nested: Record<string, string[]>;
  readonly lockfile: { readonly kind: string; readonly file: string; readonly hash: string } | null;
  /** The field of the nearest package.json that has one. */
  readonly packageManager: string | null;
  /** Of node_modules, packages and links that could not be read: the first few, and how many. */
  readonly unreadable: string[];
  readonly unreadableCount: number;
  /** Why the scan stopped early. */
  readonly stopped: string | null;
}

interface Step {
  readonly directory: string;
  readonly depth: number;
}

/** `new InstalledScan(...).run()`: once. */
export class InstalledScan {
  readonly #setup: ScanSetup;
  readonly #files: Files;
  readonly #paths: Paths;
  readonly #hashes: Hashes;
  readonly #deadline: number;
  readonly #versions = new Map<string, string | null>();
  readonly #others = new Map<string, Set<string>>();
  /** By real directory of a package; undefined: it has no package.json that can be read. */
  readonly #versionAt = new Map<string, string | null | undefined>();
  /** Directories of node_modules, by device and inode. */
  readonly #seen = new Set<string>();
  readonly #queue: Step[] = [];
  readonly #unreadable: string[] = [];
  #unreadableCount = 0;
  #count = 0;
  #stopped: string | null = null;
  #lockfile: Installed['lockfile'] = null;
  #packageManager: string | null = null;

  constructor(setup: ScanSetup, files: Files, paths: Paths, hashes: Hashes) {
    this.#setup = setup;
    this.#files = files;
    this.#paths = paths;
    this.#hashes = hashes;
    this.#deadline = Date.now() + setup.timeMs;
  }

  run(): Installed {
    this.#goUp(this.#startDirectory());
    for (const step of this.#queue) {
      if (this.#isOver()) break;
      this.#addDirectory(step);
    }
    const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
    return {
      packages: Object.fromEntries([...this.#versions].sort(byName)),
      nested: Object.fromEntries(
        [...this.#others]
          .map(([name, set]): [string, string[]] => [name, [...set].sort()])
          .sort(byName),
      ),
      lockfile: this.#lockfile,
      packageManager: this.#packageManager,
      unreadable: this.#unreadable,
      unreadableCount: this.#unreadableCount,
      stopped: this.#stopped,
    };
  }

  #startDirectory(): string {
    let { start } = this.#setup;
    try {
      start = this.#files.realpathSync(start);
    } catch {
      // The parents of what is not there may be.
    }
    return this.#look(start)?.isDirectory() === true ? start : this.#paths.dirname(start);
  }

  /** The node_modules of the entry, the nearest first, and what stands beside them. */
  #goUp(start: string): void {
    for (let directory = start; ; directory = this.#paths.dirname(directory)) {
      if (this.#paths.basename(directory) !== 'node_modules')
        this.#queue.push({ directory: this.#paths.join(directory, 'node_modules'), depth: 0 });
      if (this.#packageManager === null) {
        const field = this.#readManifest(directory)?.['packageManager'];
        if (typeof field === 'string') this.#packageManager = field.slice(0, 256).toWellFormed();
      }
      if (this.#lockfile === null) this.#findLockfile(directory);
      if (this.#paths.dirname(directory) === directory) return;
    }
  }

  #findLockfile(directory: string): void {
    for (const [name, kind] of this.#setup.lockfiles) {
      const file = this.#paths.join(directory, name);
      try {
        const bytes = this.#readSmall(file, this.#setup.lockfileSizeMax);
        if (bytes === undefined) continue;
        const hash = this.#hashes.createHash('sha256').update(bytes).digest('hex');
        this.#lockfile = { kind, file, hash };
        return;
      } catch (error) {
        this.#complain(file, error);
      }
    }
  }

  #addDirectory({ directory, depth }: Step): void {
    const facts = this.#look(directory);
    if (facts === undefined || !facts.isDirectory()) return;
    const identity = `${facts.dev}:${facts.ino}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    if (depth > this.#setup.depthMax) {
      this.#stopped ??= `packages are nested deeper than ${this.#setup.depthMax}`;
      return;
    }
    for (const { name, isLink } of this.#list(directory)) {
      if (name.startsWith('.')) continue;
      const isScope = name.startsWith('@');
      const inner = isScope ? this.#list(this.#paths.join(directory, name)) : [{ name, isLink }];
      for (const each of inner) {
        if (this.#isOver()) return;
        const whole = isScope ? `${name}/${each.name}` : name;
        this.#addPackage(whole, directory, { isLink: each.isLink || isLink, depth });
      }
    }
  }

  #addPackage(
    name: string,
    directory: string,
    { isLink, depth }: { isLink: boolean; depth: number },
  ): void {
    this.#count += 1;
    if (this.#count > this.#setup.packageCountMax) {
      this.#stopped ??= `more than ${this.#setup.packageCountMax} packages are installed`;
      return;
    }
    const place = this.#paths.join(directory, name);
    let real = place;
    try {
      if (isLink) real = this.#files.realpathSync(place);
    } catch (error) {
      this.#complain(place, error);
      return;
    }
    if (!this.#versionAt.has(real)) {
      const manifest = this.#readManifest(real);
      const version = manifest?.['version'];
      this.#versionAt.set(
        real,
        manifest && (typeof version === 'string' ? version.slice(0, 256).toWellFormed() : null),
      );
      this.#queue.push({ directory: this.#paths.join(real, 'node_modules'), depth: depth + 1 });
      // What is linked to finds its own dependencies beside it.
      const above = this.#paths.dirname(name.includes('/') ? this.#paths.dirname(real) : real);
      if (isLink && this.#paths.basename(above) === 'node_modules')
        this.#queue.push({ directory: above, depth: depth + 1 });
    }
    const version = this.#versionAt.get(real);
    if (version !== undefined) this.#record(name.toWellFormed(), version);
  }

  #record(name: string, version: string | null): void {
    const known = this.#versions.get(name);
    if (known === undefined) this.#versions.set(name, version);
    else if (version !== null && version !== known) {
      const set = this.#others.get(name);
      if (set === undefined) this.#others.set(name, new Set([version]));
      else set.add(version);
    }
  }

  #isOver(): boolean {
    if (this.#stopped === null && Date.now() > this.#deadline)
      this.#stopped = `the scan took longer than ${this.#setup.timeMs} ms`;
    return this.#stopped !== null;
  }

  /** Undefined: there is none, or it is none. */
  #readManifest(directory: string): Record<string, unknown> | undefined {
    const path = this.#paths.join(directory, 'package.json');
    try {
      const text = this.#readSmall(path, this.#setup.manifestSizeMax)?.toString('utf8');
      if (text === undefined) return undefined;
      const value: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
      throw new SyntaxError('not an object');
    } catch (error) {
      // What the parser says quotes the file.
      this.#complain(path, error instanceof SyntaxError ? { message: 'not JSON' } : error);
      return undefined;
    }
  }

  /** Undefined: there is none. */
  #readSmall(path: string, sizeMax: number): Buffer | undefined {
    const facts = this.#look(path);
    if (facts === undefined) return undefined;
    // Of a pipe reading would not end.
    if (!facts.isFile()) throw new Error('not a file');
    if (facts.size > sizeMax) throw new Error(`longer than ${sizeMax} bytes`);
    return this.#files.readFileSync(path);
  }

  /** Undefined: nothing is there, or it cannot be looked at. */
  #look(path: string): ReturnType<Files['statSync']> {
    try {
      return this.#files.statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      this.#complain(path, error);
      return undefined;
    }
  }

  #list(directory: string): { name: string; isLink: boolean }[] {
    try {
      return this.#files
        .readdirSync(directory, { withFileTypes: true })
        .filter((each) => each.isDirectory() || each.isSymbolicLink())
        .map((each) => ({ name: each.name, isLink: each.isSymbolicLink() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      this.#complain(directory, error);
      return [];
    }
  }

  #complain(path: string, error: unknown): void {
    this.#unreadableCount += 1;
    const { code, message } = error as { code?: string; message?: string };
    if (this.#unreadable.length < 10)
      this.#unreadable.push(`${path} (${code ?? message ?? 'not readable'})`);
  }
}
