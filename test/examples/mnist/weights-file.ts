// The file in which a trainer keeps its model weights, with the step that they stand before: what it
// goes on from after it was killed. It is the trainer's own, the repo knows nothing of it.
//
// It is replaced as a whole: written beside, synced, renamed. A kill at any moment leaves the old
// weights or the new ones. Little-endian as the machine: nobody else reads it.

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';

const FLOAT_SIZE = 4;

/** Saves `state`; the next step to train is `step`. */
export function saveWeights(path: string, step: number, state: readonly Float32Array[]): void {
  const floatCount = state.reduce((sum, part) => sum + part.length, 0);
  const content = new Float32Array(1 + floatCount);
  // A float32 holds integers up to 16 million exactly: more steps than any demo has.
  content[0] = step;
  let index = 1;
  for (const part of state) {
    content.set(part, index);
    index += part.length;
  }
  const draft = `${path}.new`;
  const file = openSync(draft, 'w');
  try {
    writeSync(file, new Uint8Array(content.buffer));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/** Loads saved weights into `state` and returns the next step to train; 0 where none were saved. */
export function loadWeights(path: string, state: readonly Float32Array[]): number {
  if (!existsSync(path)) return 0;
  const bytes = Uint8Array.from(readFileSync(path));
  const content = new Float32Array(bytes.buffer);
  const floatCount = state.reduce((sum, part) => sum + part.length, 0);
  if (bytes.length !== (1 + floatCount) * FLOAT_SIZE)
    throw new Error(`${path}: weights of another network`);
  let index = 1;
  for (const part of state) {
    part.set(content.subarray(index, index + part.length));
    index += part.length;
  }
  return content[0] as number;
}
