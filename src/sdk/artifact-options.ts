// What `run.logArtifact` is given, checked at the door.
//
// Test: test/sdk/artifacts.test.ts.

import { basename, resolve } from 'node:path';

import { checkMembers } from '../model/check.ts';
import { type DataObject, isDataObject } from '../model/data-object.ts';
import { given } from '../model/given.ts';
import { checkName } from '../model/names.ts';
import { spellParams } from '../model/params.ts';

/** What `run.logArtifact` keeps beside the files. */
export interface LogArtifactOptions {
  /** Default: the last part of the path. The same name again is its next version. */
  readonly name?: string | undefined;
  /** Kept with it: an object of what params may hold. */
  readonly metadata?: DataObject | undefined;
}

export interface CheckedArtifact {
  readonly path: string;
  readonly name: string;
  /** Spelled. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

const names = new Set(['name', 'metadata']);

/** @throws TypeError, RangeError naming the argument. */
export function checkArtifact(path: unknown, options: LogArtifactOptions): CheckedArtifact {
  const absolute = checkPath(path, 'path');
  checkMembers(options, 'options', names);
  const { name, metadata } = options;
  if (metadata !== undefined && !isDataObject(metadata))
    throw new TypeError(`metadata: expected an object, got ${given(metadata)}`);
  return {
    path: absolute,
    name: checkName(name ?? basename(absolute), 'name'),
    metadata:
      metadata === undefined
        ? undefined
        : (spellParams(metadata, ['metadata']) as Record<string, unknown>),
  };
}

/** Absolute. A NUL would end the path for the kernel. */
export function checkPath(path: unknown, argument: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new TypeError(`${argument}: expected a path, got ${given(path)}`);
  return resolve(path);
}
