// The ways in which a power loss may treat what was not synced, by name or from a seed.
//
// The named rules are the corners: each breaks one habit of careless code (a file whose name came
// before its bytes, bytes whose name never came, a size without its bytes). The random one mixes them.
//
// Spec: spec/file-system.md. Test: test/engine/memory-vfs.test.ts.

import {
  type BytesFate,
  type Choose,
  type Fate,
  type PendingChange,
  SECTOR_SIZE,
} from './memory-image.ts';

const isContent = ({ kind }: PendingChange): boolean => kind === 'write' || kind === 'truncate';

export type NamedCrashRule =
  | 'all kept'
  | 'all dropped'
  | 'names kept content dropped'
  | 'content kept names dropped'
  | 'zeroed'
  | 'garbled'
  | 'every other'
  | 'every other but the first';

const named: Record<NamedCrashRule, Choose> = {
  'all kept': () => 'kept',
  'all dropped': () => 'dropped',
  'names kept content dropped': (change) => (isContent(change) ? 'dropped' : 'kept'),
  'content kept names dropped': (change) => (isContent(change) ? 'kept' : 'dropped'),
  zeroed: () => 'zeroed',
  garbled: () => 'garbled',
  'every other': (_change, index) => (index % 2 === 0 ? 'kept' : 'dropped'),
  'every other but the first': (_change, index) => (index % 2 === 0 ? 'dropped' : 'kept'),
};

/** Every named rule. */
export const namedCrashRules: readonly NamedCrashRule[] = Object.keys(named) as NamedCrashRule[];

/** How a power loss treats the pending changes. */
export type CrashRule =
  | NamedCrashRule
  /** Everything is kept but the end of the newest write. */
  | { readonly lastWriteCutAt: number }
  /** Each change has a random fate; `random` gives numbers in [0, 1). */
  | { readonly random: () => number }
  /** Each change has the fate that the function gives; `index` counts from the oldest. */
  | { readonly choose: Choose };

/** The rule as a function of one change; called for each, oldest first. */
export function chooser(rule: CrashRule, changes: readonly PendingChange[]): Choose {
  if (typeof rule === 'string') return named[rule];
  if ('choose' in rule) return rule.choose;
  if ('random' in rule) return randomChooser(rule.random);
  const last = changes.findLastIndex(({ kind }) => kind === 'write');
  const cut: Fate = { cutAt: rule.lastWriteCutAt };
  return (_change, index) => (index === last ? cut : 'kept');
}

function randomChooser(random: () => number): Choose {
  // One image keeps nearly all, the next nearly nothing: with one chance for all images, the
  // states with many changes of one fate would hardly ever come.
  const keep = [0.1, 0.5, 0.9][Math.floor(random() * 3)] ?? 0.5;
  return (change) => {
    if (random() < keep) return 'kept';
    if (change.kind !== 'write') return 'dropped';
    const kind = Math.floor(random() * 8);
    if (kind === 0) return 'zeroed';
    if (kind === 1) return 'garbled';
    if (kind === 2) return { cutAt: Math.floor(random() * (change.size + 1)) };
    if (kind === 3) return { cutAt: sectorCut(change, random()) };
    if (kind === 4) return { sectors: () => randomBytesFate(random()) };
    return 'dropped';
  };
}

/** A cut where a sector of the file begins. */
function sectorCut({ offset, size }: PendingChange, random: number): number {
  const first = Math.floor(offset / SECTOR_SIZE);
  const count = Math.ceil((offset + size) / SECTOR_SIZE) - first;
  return (first + Math.floor(random * count)) * SECTOR_SIZE - offset;
}

function randomBytesFate(random: number): BytesFate {
  if (random < 0.6) return 'kept';
  if (random < 0.8) return 'dropped';
  return random < 0.9 ? 'zeroed' : 'garbled';
}
