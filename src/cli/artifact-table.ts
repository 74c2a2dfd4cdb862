// Artifacts as rows of a table, of `show` and of `artifacts`. Pure.
//
// Test: test/cli/artifacts.test.ts.

import type { Artifact } from '../index.ts';
import { jsonText } from './json.ts';
import { bytes, time } from './print.ts';
import type { Cell, Column } from './table.ts';

export const artifactColumns: readonly Column[] = [
  'artifact',
  { right: 'version' },
  { whole: 'kind', spare: 3 },
  { right: 'files', spare: 4 },
  { right: 'size' },
  { whole: 'logged', spare: 2 },
  { whole: 'sha256', spare: 1 },
  { left: 'metadata', isTail: true },
];

/** As JSON; empty: it has none. */
export const metadataText = ({ metadata }: Artifact): string =>
  metadata === undefined ? '' : jsonText(metadata);

/** @throws RunlogError CORRUPT. */
export const artifactCells = (artifact: Artifact): Cell[] => [
  artifact.name,
  String(artifact.version),
  artifact.kind,
  String(artifact.files.length),
  bytes(artifact.size),
  time(artifact.time),
  artifact.sha256.slice(0, 12),
  metadataText(artifact),
];
