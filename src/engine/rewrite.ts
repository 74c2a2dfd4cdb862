// Rewriting: stretches of sealed segments become one segment in a form made for reading.
//
// 1. Order: output synced, directory synced, manifest linked, directory synced, check, inputs
//    deleted. Each state between is legal; a lost output is an unlisted file.
// 2. Positions are preserved: each output frame says which range it stands for.
// 3. A stretch with damage is left as it is: nothing that may still be read is thrown away.
// 4. On the event loop in slices; what deflates does so in the thread pool.
//
// Spec: spec/ownership.md, Rewrite. Test: test/engine/rewrite.test.ts.

import { errorCode } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Appender } from './appender.ts';
import { readStateFrame } from './fold.ts';
import type { SealedSegment } from './format/manifest.ts';
import { segmentName } from './format/names.ts';
import type { Host } from './host.ts';
import { readRecords } from './log-reader.ts';
import { OutputSegment, type RewriteOutput } from './output-segment.ts';
import { findHolder, isReleased } from './owner.ts';
import { unlinkQuietly } from './publish.ts';
import type { LogRecord } from './record.ts';
import { readSnapshot } from './snapshot.ts';
import type { Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

/**
 * Makes read-optimised records of the input's. Every position of [from, to) must be stood for by what
 * it appends. Called again with its own output when neighbours are merged.
 */
export type RewriteHook = (
  input: Iterable<LogRecord>,
  output: RewriteOutput,
  range: { from: number; to: number },
) => Promise<void>;

export interface RewriterOptions {
  readonly vfs: Vfs;
  readonly host: Host;
  readonly directory: string;
  readonly appender: Appender;
  readonly hook: RewriteHook;
  /** The packed state where this owner's own segments begin. */
  readonly startState: Uint8Array | undefined;
}

/** Size classes of rewritten segments: neighbours of one class are merged. */
const CLASS_FACTOR = 8;

/**
 * The next stretch worth rewriting, as [start, end) of `segments`; undefined when there is none. Hot
 * segments first, neighbours together as long as they are small; then small rewritten ones.
 */
export function planRewrite(
  segments: readonly SealedSegment[],
  refused: ReadonlySet<string>,
  sizeMax: number,
): { start: number; end: number } | undefined {
  const isUsable = (segment: SealedSegment): boolean => !refused.has(segmentName(segment));
  const hot = segments.findIndex((each) => !each.rewritten && isUsable(each));
  if (hot >= 0) {
    const fits = (each: SealedSegment): boolean => !each.rewritten && isUsable(each);
    return {
      start: hot,
      end: hot + Math.max(1, countTogether(segments.slice(hot), sizeMax, fits)),
    };
  }
  for (const [start, first] of segments.entries()) {
    const fits = (each: SealedSegment): boolean =>
      each.rewritten && isUsable(each) && sizeClass(each) <= sizeClass(first);
    const count = countTogether(segments.slice(start), sizeMax, fits);
    if (count >= limits.mergeCount) return { start, end: start + count };
  }
  return undefined;
}

const sizeClass = ({ length }: SealedSegment): number =>
  Math.floor(Math.log(Math.max(1, length / limits.indexSizeMin)) / Math.log(CLASS_FACTOR));

/** How many from the first on fit, and are together within the size. */
function countTogether(
  segments: readonly SealedSegment[],
  sizeMax: number,
  fits: (segment: SealedSegment) => boolean,
): number {
  let size = 0;
  const end = segments.findIndex((each) => {
    size += each.length;
    return size > sizeMax || !fits(each);
  });
  return end < 0 ? segments.length : end;
}

/**
 * Whether an opening would seal or rewrite something, for who tidies up logs that nobody writes: each
 * opening leaves files of its own, so that one for nothing makes a log larger. Requires `loadXxhash`.
 *
 * @throws RunlogError; Node's error.
 */
export function isWorthRewriting(vfs: Vfs, directory: string): boolean {
  if (!isReleased(findHolder(vfs, directory).fence)) return true;
  const { segments } = readSnapshot(vfs, directory);
  const hot = segments.filter((each) => !each.rewritten);
  const size = hot.reduce((sum, each) => sum + each.length, 0);
  if (hot.length > 1 || size >= limits.rewriteSizeMin) return true;
  const leftAlone = new Set(hot.map(segmentName));
  return planRewrite(segments, leftAlone, limits.mergeSizeMax) !== undefined;
}

export class Rewriter {
  readonly #options: RewriterOptions;
  readonly #refused = new Set<string>();
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** Nobody waits for it. */
  #isInBackground = false;
  #number = 0;

  constructor(options: RewriterOptions) {
    this.#options = options;
  }

  /** Begins in the background when there is something to do. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#isInBackground = true;
    this.#begin().catch(() => {
      // What could not be rewritten stays as it is; the next seal or opening tries again.
    });
  }

  /** Rewrites until nothing is left to do. One at a time. */
  async run(): Promise<void> {
    this.#isInBackground = false;
    await awaited(this.#begin());
  }

  /** Rewrites every sealed segment once, whatever its form. */
  async runAll(): Promise<void> {
    this.#isInBackground = false;
    await awaited(this.#running?.catch(() => {}));
    const names = this.#options.appender.manifest.segments.map(segmentName);
    this.#running = this.#rewriteEach(names).finally(() => {
      this.#running = undefined;
    });
    await awaited(this.#running);
  }

  async #rewriteEach(names: readonly string[]): Promise<void> {
    const { appender } = this.#options;
    for (const name of names) {
      const segment = appender.manifest.segments.find((each) => segmentName(each) === name);
      if (segment === undefined || this.#refused.has(name)) continue;
      if (this.#isStopped || appender.recording !== 'on') return;
      await this.#rewrite([segment]);
    }
  }

  #begin(): Promise<void> {
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** At close: seals what is hot if it is worth it, and rewrites. */
  async finish(): Promise<void> {
    const { appender } = this.#options;
    this.#isInBackground = false;
    await awaited(this.#running?.catch(() => {}));
    const hot = appender.manifest.segments.reduce(
      (sum, each) => sum + (each.rewritten ? 0 : each.length),
      0,
    );
    if (hot + appender.segment.size < limits.rewriteSizeMin) return;
    appender.roll();
    await this.run();
  }

  async #loop(): Promise<void> {
    const { appender } = this.#options;
    while (!this.#isStopped && appender.recording === 'on') {
      const { segments } = appender.manifest;
      const plan = planRewrite(segments, this.#refused, limits.mergeSizeMax);
      if (plan === undefined) return;
      await this.#rewrite(segments.slice(plan.start, plan.end));
    }
  }

  async #rewrite(inputs: readonly SealedSegment[]): Promise<void> {
    const { vfs, host, directory, appender, hook } = this.#options;
    const from = (inputs[0] as SealedSegment).first;
    const to = (inputs.at(-1) as SealedSegment).end;
    this.#number += 1;
    const name = { fence: appender.manifest.fence, number: this.#number, rewritten: true };
    const damage: Damage[] = [];
    const output = new OutputSegment(vfs, host, directory, {
      name,
      first: from,
      end: to,
      logId: appender.manifest.logId,
      nonce: appender.nonce,
      inBackground: () => this.#isInBackground,
    });
    try {
      await hook(readRecords(vfs, directory, inputs, damage), output, { from, to });
      if (damage.length > 0) {
        const files = new Set(damage.map((each) => each.file));
        const damaged = inputs.filter((each) => files.has(`${directory}/${segmentName(each)}`));
        this.#refuse(damaged.length > 0 ? damaged : inputs);
      } else {
        const sealed = await output.finish(this.#stateOf(inputs));
        if (!this.#isStopped) this.#replace(inputs, sealed);
      }
    } catch (error) {
      const code = errorCode(error);
      const gone = inputs.filter(
        (each) => vfs.stat(`${directory}/${segmentName(each)}`) === undefined,
      );
      if (code !== 'CORRUPT' && (code !== 'ENOENT' || gone.length === 0)) throw error;
      this.#refuse(gone.length > 0 ? gone : inputs);
    } finally {
      // A manifest that was linked may be what a successor has read, whatever came after the link.
      if (!appender.manifest.segments.some((each) => segmentName(each) === segmentName(name)))
        output.discard();
    }
  }

  /** They stay as they are; what stands beside them is still rewritten. */
  #refuse(segments: readonly SealedSegment[]): void {
    for (const each of segments) this.#refused.add(segmentName(each));
  }

  /** The state at the end of a stretch, where one is known. */
  #stateOf(inputs: readonly SealedSegment[]): { position: number; body: Uint8Array } | undefined {
    const { vfs, directory, appender, startState } = this.#options;
    const last = inputs.at(-1) as SealedSegment;
    const frame = readStateFrame(vfs, directory, last);
    if (frame?.position === last.end) return frame;
    const isBeforeOwn = appender.startPosition === last.end;
    return isBeforeOwn && startState !== undefined
      ? { position: last.end, body: startState }
      : undefined;
  }

  /** Publishes the output in place of the inputs, checks, deletes them. */
  #replace(inputs: readonly SealedSegment[], sealed: SealedSegment): void {
    const { vfs, directory, appender } = this.#options;
    const names = inputs.map(segmentName);
    const { segments } = appender.manifest;
    const start = segments.findIndex((each) => segmentName(each) === names[0]);
    const found = segments.slice(start, start + inputs.length).map(segmentName);
    if (start < 0 || found.join() !== names.join()) return;
    vfs.syncDirectory(directory);
    const next = [...segments.slice(0, start), sealed, ...segments.slice(start + inputs.length)];
    const gone = new Set(inputs.map((each) => `${each.fence}-${each.number}`));
    const damage = appender.manifest.damage.filter(
      (each) => !gone.has(`${each.fence}-${each.number}`),
    );
    if (!appender.publish({ segments: next, damage })) return;
    for (const each of names) unlinkQuietly(vfs, `${directory}/${each}`);
  }
}

/** Somebody waits: work that was begun in the background may rest on a timer that keeps nothing alive. */
async function awaited(work: Promise<void> | undefined): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  try {
    await work;
  } finally {
    clearInterval(alive);
  }
}
