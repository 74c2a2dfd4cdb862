// A Unix socket in a log's directory: the kernel closes it with the process or thread that listens,
// so that asking it proves life or death where a pid means nothing.
//
// 1. Never keeps the process alive, never fails an opening: without one, liveness falls back to the
//    heartbeat.
// 2. Appears under its name by rename: a connection never meets a socket that does not listen yet.
// 3. Its name ends in four digits of the directory's inode: in a copy of the directory the socket has
//    no listener, which says nothing about the owner.
//
// Spec: spec/liveness.md, Probe. Test: test/engine/host.test.ts, test/process/host.test.ts.

import { randomBytes } from 'node:crypto';
import { lstatSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';

import { errorCode } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Probe } from '../host.ts';

let openCount = 0;

const inodeDigits = (inode: bigint): string => (inode & 0xffffn).toString(16).padStart(4, '0');

const makeName = (inode: bigint): string =>
  `probe-${randomBytes(2).toString('hex')}${inodeDigits(inode)}`;

export const isProbeName = (name: string): boolean => /^probe-[0-9a-f]{8}$/.test(name);

/** False in a copy of the directory that the probe was made in. */
export function isProbeOf(name: string, directory: string): boolean {
  try {
    return name.endsWith(inodeDigits(statSync(directory, { bigint: true }).ino));
  } catch {
    return false;
  }
}

/** Undefined where there can be none: the path is too long, a link or gone, or enough are open. */
export async function openProbe(directory: string): Promise<Probe | undefined> {
  if (process.platform === 'win32' || openCount >= limits.probeCountMax) return undefined;
  // Counted before the first pause: a thousand openings at once must not pass the check above.
  openCount += 1;
  let probe: Probe | undefined;
  try {
    probe = await listenIn(directory);
  } catch {
    // Permissions, no room, a file system without sockets: the heartbeat has to do.
  }
  if (probe === undefined) openCount -= 1;
  return probe;
}

async function listenIn(directory: string): Promise<Probe | undefined> {
  const facts = lstatSync(directory, { bigint: true });
  const name = makeName(facts.ino);
  const path = `${directory}/${name}`;
  // As long as the final name, and one that the next owner removes if we die in between.
  const draft = `${directory}/probe-${randomBytes(4).toString('hex')}`;
  if (!facts.isDirectory() || Buffer.byteLength(path) > limits.probePathSizeMax) return undefined;

  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // exclusive: in a cluster worker the primary would listen instead, and live on.
    server.listen({ path: draft, exclusive: true }, resolve);
    server.unref();
  });
  // accept() may fail for want of descriptors; connecting works all the same.
  server.on('error', () => {});
  try {
    renameSync(draft, path);
  } catch (error) {
    server.close();
    throw error;
  }
  let isOpen = true;
  return {
    name,
    close() {
      if (!isOpen) return;
      isOpen = false;
      openCount -= 1;
      server.close();
      removeQuietly(path);
    },
  };
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Collected by a successor, or the directory is gone.
  }
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/** silent: it says nothing either way. */
export type ProbeAnswer = 'connected' | 'refused' | 'silent';

const ANSWER_MS = 1000;

/** Refused: no listener in this kernel. A connection or a full backlog: somebody listens. */
export function askProbe(path: string): Promise<ProbeAnswer> {
  // What is not a socket refuses too, and a longer path would be cut to that of something else.
  if (!isSocket(path) || Buffer.byteLength(path) > limits.probePathSizeMax) {
    return Promise.resolve('silent');
  }
  return new Promise((resolve) => {
    const socket = connect({ path });
    const answer = (given: ProbeAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(given);
    };
    const timer = setTimeout(() => answer('silent'), ANSWER_MS);
    socket.once('connect', () => answer('connected'));
    socket.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'ECONNREFUSED') answer('refused');
      else answer(code === 'EAGAIN' ? 'connected' : 'silent');
    });
  });
}
