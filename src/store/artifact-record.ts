// The record of an artifact: which contents it is made of, under which paths.
//
// 1. A list that was read is checked whole: no path leads out of the artifact or through another entry,
//    no link points out. Whoever downloads may rely on it.
// 2. Equal trees have equal digests, whenever and by whom they were made.
//
// Spec: spec/artifacts.md, The record. Test: test/store/artifact-record.test.ts.

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';

import { packBody, type RecordInput, unpackBody } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { bodyFields, bytesOf, hexOf, recordType } from './record.ts';

/** No sequence has it: theirs hold a NUL. */
export const ARTIFACT_KEY = 'artifact';

/** Whether an artifact is one file, or a directory with all below it. */
export type ArtifactKind = 'file' | 'directory';

interface EntryFacts {
  /** Below the artifact, with forward slashes. */
  readonly path: string;
  /** Bytes; 0 of a link and of a directory. */
  readonly size: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

/** A file, link or empty directory of an artifact. */
export type ArtifactEntry =
  | (EntryFacts & { readonly kind: 'file'; readonly sha256: string })
  | (EntryFacts & { readonly kind: 'link'; readonly target: string })
  | (EntryFacts & { readonly kind: 'directory' });

export interface ArtifactFacts {
  readonly name: string;
  readonly kind: ArtifactKind;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Spelled. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** Entries of one part, and characters of their paths, so that none is long to pack or to inflate. */
const PART_ENTRIES = 1024;
const PART_CHARACTERS = 1024 * 1024;
/** A shorter list stands in the record as it is. */
const PLAIN_ENTRIES = 8;

const deflate = promisify(deflateRaw);

/** `entries`: sorted. Off the calling thread where there are many. */
export async function encodeArtifact(
  facts: ArtifactFacts,
  entries: readonly ArtifactEntry[],
): Promise<RecordInput> {
  const files: unknown[] = [];
  for (const part of partsOf(entries)) {
    const fields = part.map(fieldsOf);
    files.push(entries.length <= PLAIN_ENTRIES ? fields : await deflate(packBody(fields)));
  }
  const body = [facts.name, files, facts.time, facts.kind, facts.metadata ?? null, null];
  return { type: recordType.artifact, key: ARTIFACT_KEY, body };
}

function* partsOf(entries: readonly ArtifactEntry[]): Generator<ArtifactEntry[]> {
  let part: ArtifactEntry[] = [];
  let characters = 0;
  for (const entry of entries) {
    part.push(entry);
    characters += entry.path.length;
    if (part.length < PART_ENTRIES && characters < PART_CHARACTERS) continue;
    yield part;
    part = [];
    characters = 0;
  }
  if (part.length > 0) yield part;
}

function fieldsOf(entry: ArtifactEntry): unknown[] {
  const { path, size, mode, mtime } = entry;
  if (entry.kind === 'file') return [path, bytesOf(entry.sha256), size, mode, mtime];
  return [path, entry.kind === 'link' ? entry.target : null, size, mode, mtime];
}

const wrong = (what: string): RunlogError =>
  new RunlogError(
    'CORRUPT',
    `artifact: ${what}; the record is damaged or was not written by runlog`,
  );

/** Without the list. @throws RunlogError CORRUPT. */
export function decodeArtifact(body: unknown): ArtifactFacts & { readonly files: unknown } {
  const [name, files, time, kind, metadata] = bodyFields(body, 5, 'artifact');
  const isMap = typeof metadata === 'object' && !Array.isArray(metadata);
  const isKind = kind === 'file' || kind === 'directory';
  if (typeof name !== 'string' || name === '' || typeof time !== 'number' || !isKind || !isMap)
    throw wrong('not the shape of its type');
  if (!Array.isArray(files)) throw wrong('it has no list of files');
  return {
    name,
    kind,
    time,
    files,
    metadata: (metadata as Record<string, unknown> | null) ?? undefined,
  };
}

/** `files` of `decodeArtifact`. @throws RunlogError CORRUPT. */
export function decodeEntries(files: unknown, kind: ArtifactKind): ArtifactEntry[] {
  const entries: ArtifactEntry[] = [];
  for (const part of files as unknown[]) {
    const fields = partFields(part);
    // Before more is inflated: so much may be said in few bytes that no memory holds it.
    const count = entries.length + fields.length;
    if (count > limits.artifactFileCountMax) throw wrong(`${count} entries or more`);
    for (const each of fields) entries.push(entryOf(each));
  }
  if (kind === 'file' && (entries.length !== 1 || entries[0]?.kind !== 'file'))
    throw wrong('one file has another list');
  checkPaths(entries);
  return entries;
}

function partFields(part: unknown): unknown[] {
  if (Array.isArray(part)) return part;
  if (!(part instanceof Uint8Array)) throw wrong('a part of its list is neither array nor bin');
  try {
    const bytes = inflateRawSync(part, { maxOutputLength: limits.frameBodySizeMax });
    const fields = unpackBody(bytes);
    if (Array.isArray(fields)) return fields;
  } catch (error) {
    const text = 'artifact: a part of its list cannot be inflated';
    throw new RunlogError('CORRUPT', text, { cause: error });
  }
  throw wrong('a part of its list is no list');
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function entryOf(fields: unknown): ArtifactEntry {
  const [path, content, size, mode, mtime] = bodyFields(fields, 5, 'artifact');
  const isWhole = isCount(size) && isCount(mode) && typeof mtime === 'number';
  if (typeof path !== 'string' || !isWhole) throw wrong('an entry is not of its shape');
  const facts = { path, size, mode, mtime };
  if (content === null) return { ...facts, kind: 'directory' };
  if (typeof content === 'string') return { ...facts, kind: 'link', target: content };
  if (!(content instanceof Uint8Array) || content.length !== 32)
    throw wrong('an entry is not of its shape');
  return { ...facts, kind: 'file', sha256: hexOf(content) };
}

/** @throws RunlogError CORRUPT where a path would lead out of the artifact, or through another entry. */
function checkPaths(entries: readonly ArtifactEntry[]): void {
  const paths = new Set<string>();
  for (const { path } of entries) {
    if (!isInsidePath(path)) throw wrong(`a path leads out of it: ${JSON.stringify(path)}`);
    if (paths.has(path)) throw wrong(`a path is there twice: ${JSON.stringify(path)}`);
    paths.add(path);
  }
  for (const entry of entries) {
    const { path } = entry;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
      if (paths.has(path.slice(0, end)))
        throw wrong(`a path leads through another entry: ${JSON.stringify(path)}`);
    if (entry.kind === 'link' && !isInsideLink(path, entry.target))
      throw wrong(`a link points out of it: ${JSON.stringify(path)}`);
  }
}

export function isInsidePath(path: string): boolean {
  if (path.includes('\0') || !path.isWellFormed()) return false;
  return path.split('/').every((each) => each !== '' && each !== '.' && each !== '..');
}

/**
 * Whether a link at `path` points into the artifact, whatever the other links in it are: it goes up
 * through real directories only, and then down.
 */
export function isInsideLink(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0') || !target.isWellFormed())
    return false;
  const parts = target.split('/').filter((each) => each !== '' && each !== '.');
  const down = parts.findIndex((each) => each !== '..');
  const ups = down < 0 ? parts.length : down;
  const depth = path.split('/').length - 1;
  return ups <= depth && !parts.slice(ups).includes('..');
}

/** 64 hex digits. */
export function digestOf(kind: ArtifactKind, entries: readonly ArtifactEntry[]): string {
  const [first] = entries;
  if (kind === 'file' && first?.kind === 'file') return first.sha256;
  const hash = createHash('sha256');
  // Many lines at once: a call a line would take longer than the hashing.
  for (let start = 0; start < entries.length; start += PART_ENTRIES)
    hash.update(
      entries
        .slice(start, start + PART_ENTRIES)
        .map(digestLine)
        .join(''),
    );
  return hash.digest('hex');
}

const NO_CONTENT = '0'.repeat(64);

function digestLine(entry: ArtifactEntry): string {
  if (entry.kind === 'file') return `f ${entry.sha256} ${entry.path}\0`;
  if (entry.kind === 'directory') return `d ${NO_CONTENT} ${entry.path}\0`;
  return `l ${createHash('sha256').update(entry.target).digest('hex')} ${entry.path}\0`;
}
