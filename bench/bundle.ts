// What users import: the bundle in `dist`. What opens a run in a new process, or asks, is timed on it; a
// file a module takes half as long again, most of it to load what few programs need.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const bundle = resolve('dist/index.js');

/** Address of the package. The small size builds nothing: what lies in dist may be old. */
export const runlogOf = (isSmall: boolean): string =>
  !isSmall && existsSync(bundle)
    ? pathToFileURL(bundle).href
    : new URL('../src/index.js', import.meta.url).href;

/** The package at an address that `runlogOf` gave. */
export const loadRunlog = (address: string): Promise<typeof import('runlog')> => import(address);
