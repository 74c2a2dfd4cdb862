// JSON lines through the writer that pino uses.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import SonicBoom from 'sonic-boom';
import { versionOf } from '../version.js';

const fileOf = (directory) => join(directory, 'points.jsonl');

export async function openStore(directory, mode) {
  const stream = new SonicBoom({
    dest: fileOf(directory),
    sync: mode === 'step',
    minLength: mode === 'step' ? 16_000 : 0,
  });
  await once(stream, 'ready');
  return {
    version: versionOf('sonic-boom'),
    settings: mode === 'step' ? 'JSON lines, flushSync' : 'JSON lines, defaults, asynchronous',
    add(sequence, step, value, time) {
      stream.write(`{"sequence":${sequence},"step":${step},"value":${value},"time":${time}}\n`);
    },
    commit() {
      if (mode === 'step') stream.flushSync();
      else
        return new Promise((resolve, reject) => stream.flush((e) => (e ? reject(e) : resolve())));
    },
    close() {
      const closed = once(stream, 'close');
      stream.end();
      return closed;
    },
  };
}

export async function readSequence(directory, sequence) {
  let count = 0;
  for (const line of readFileSync(fileOf(directory), 'utf8').split('\n'))
    if (line !== '' && JSON.parse(line).sequence === sequence) count += 1;
  return count;
}
