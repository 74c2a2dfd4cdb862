// JSON lines through the writer that pino uses.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import SonicBoom from 'sonic-boom';
import { versionOf } from '../version.js';

const fileOf = (directory) => join(directory, 'points.jsonl');

export async function openStore(directory, mode) {
  const stream = new SonicBoom({ dest: fileOf(directory), sync: mode === 'step' });
  await once(stream, 'ready');
  // Gathered here: it counts the bytes of all that waits at each write.
  let lines = '';
  return {
    version: versionOf('sonic-boom'),
    settings: `JSON lines, ${mode === 'step' ? '100 a synchronous write' : '10,000 a write, asynchronous'}`,
    add(sequence, step, value, time) {
      lines += `{"sequence":${sequence},"step":${step},"value":${value},"time":${time}}\n`;
    },
    commit() {
      if (lines !== '') stream.write(lines);
      lines = '';
      if (mode === 'step') return undefined;
      return new Promise((resolve, reject) => {
        stream.flush((error) => (error ? reject(error) : resolve()));
      });
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
