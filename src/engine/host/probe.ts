// A Unix socket in a log's directory: the kernel closes it with the process or thread that listens,
// so that asking it proves life or death where a pid means nothing.
//
// 1. Never keeps the process alive, never delays or fails an opening: without one, liveness falls
//    back to the heartbeat.
// 2. Appears under its name by rename: a connection never meets a socket that does not listen yet.
//
// Spec: spec/liveness.md. Test: test/process/host.test.ts.

import { randomBytes } from 'node:crypto';
import { renameSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';

import { errorCode } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { OwnerState, Probe } from '../host.ts';

let open = 0;

export function openProbe(directory: string): Promise<Probe | undefined> {
  const id = randomBytes(4).toString('hex');
  const name = `probe-${id}`;
  const path = `${directory}/${name}`;
  const draft = `${directory}/p${id}`;
  if (
    process.platform === 'win32' ||
    open >= limits.probeCountMax ||
    Buffer.byteLength(path) > limits.probePathSizeMax
  ) {
    return Promise.resolve(undefined);
  }
  open += 1;
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    const close = (): void => {
      server.close();
      try {
        unlinkSync(path);
      } catch {
        // Collected by a successor, or the directory is gone.
      }
    };
    server.once('error', () => {
      open -= 1;
      resolve(undefined);
    });
    // exclusive: in a cluster worker the primary would listen instead, and live on.
    server.listen({ path: draft, exclusive: true }, () => {
      server.unref();
      server.on('error', () => {});
      try {
        renameSync(draft, path);
        resolve({
          name,
          close() {
            open -= 1;
            close();
          },
        });
      } catch {
        open -= 1;
        server.close();
        resolve(undefined);
      }
    });
  });
}

const ANSWER_MS = 1000;

/** ECONNREFUSED: its listener is gone. Connected or a full backlog: it lives. Else nothing is said. */
export function askProbe(path: string): Promise<OwnerState> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const answer = (state: OwnerState): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(state);
    };
    const timer = setTimeout(() => answer('unknown'), ANSWER_MS);
    socket.once('connect', () => answer('alive'));
    socket.once('error', (error) => {
      const code = errorCode(error);
      answer(code === 'ECONNREFUSED' ? 'dead' : code === 'EAGAIN' ? 'alive' : 'unknown');
    });
  });
}
