// Whether the holder of a fence lives, as far as this machine can tell.
//
// 1. *Dead* only on proof: the process is gone or another one has its pid, told where a pid means the
//    same here as there; or its probe refuses, told where a refusal means that nobody listens. All
//    else is alive or unknown. A wrong *dead* costs a live owner its log, never data (fences).
// 2. A copy of a log says nothing about the owner of the original but that it is dead.
// 3. Read from /proc where there is one; no child process, nothing asynchronous but the probe.
//
// Spec: spec/liveness.md. Test: test/engine/host.test.ts, test/process/host.test.ts.

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

import { errorCode } from '../../errors.ts';
import type { OwnerRecord, OwnerState } from '../host.ts';
import { isRemoteFileSystem } from '../vfs/file-system-names.ts';
import { nodeVfs } from '../vfs/node-vfs.ts';
import { askProbe, isProbeName, isProbeOf } from './probe.ts';

interface ProcessFacts {
  /** Start in ticks since boot. */
  readonly startTime: string;
  /** Ended, and not yet waited for by its parent. */
  readonly isZombie: boolean;
}

type MachineFacts = Pick<OwnerRecord, 'host' | 'bootId' | 'pidNamespace' | 'startTime'>;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Fields 3, 20 and 22 of /proc/<pid>/stat, which begin behind the name: that may hold anything. */
function processFacts(pid: number | 'self'): ProcessFacts | undefined {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTime = fields[19];
  if (startTime === undefined) return undefined;
  // The first thread may have ended before the others: the process then still writes.
  return { startTime, isZombie: /^[ZXx]$/.test(fields[0] ?? '') && Number(fields[17]) <= 1 };
}

/** '' also where /proc belongs to another namespace: its pids are then not the ones that we mean. */
function readPidNamespace(): string {
  try {
    if (readlinkSync('/proc/self') !== String(process.pid)) return '';
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

let machine: MachineFacts | undefined;

/** Read once: none of it changes while the process lives. */
function machineFacts(): MachineFacts {
  machine ??= {
    host: hostname(),
    bootId: readText('/proc/sys/kernel/random/boot_id'),
    pidNamespace: readPidNamespace(),
    startTime: processFacts('self')?.startTime ?? '',
  };
  return machine;
}

/** This thread as the holder of a fence to be made: with a new nonce, without a probe. */
export function selfRecord(now: number): OwnerRecord {
  return {
    ...machineFacts(),
    pid: process.pid,
    thread: threadId,
    nonce: randomBytes(16),
    since: now,
    probe: '',
  };
}

export async function ownerState(owner: OwnerRecord, directory: string): Promise<OwnerState> {
  const byProcess = stateByProcess(owner);
  if (byProcess === 'dead') return 'dead';
  const hasProbe = isProbeName(owner.probe);
  if (hasProbe && !isProbeOf(owner.probe, directory)) return 'unknown';
  const isThisThread = owner.pid === process.pid && owner.thread === threadId;
  if (byProcess === 'alive' && (owner.thread === 0 || isThisThread)) return 'alive';
  // A thread of a living process, another namespace, or another host with the same files.
  if (!hasProbe) return 'unknown';
  const answer = await askProbe(`${directory}/${owner.probe}`);
  if (answer === 'connected') return 'alive';
  return answer === 'refused' && isHere(owner, directory) ? 'dead' : 'unknown';
}

/** What the process table says: nothing, unless the pid means the same here as there. */
function stateByProcess(owner: OwnerRecord): OwnerState {
  const here = machineFacts();
  if (owner.bootId === '' || owner.bootId !== here.bootId) return 'unknown';
  if (owner.pidNamespace === '' || owner.pidNamespace !== here.pidNamespace) return 'unknown';
  if (!exists(owner.pid)) return 'dead';
  const facts = processFacts(owner.pid);
  if (facts === undefined || owner.startTime === '') return 'unknown';
  return facts.startTime === owner.startTime && !facts.isZombie ? 'alive' : 'dead';
}

/**
 * Whether a socket of this owner would be known to our kernel. Every other kernel refuses too, though
 * its file may be in sight (network file systems, folders shared with a virtual machine).
 */
function isHere(owner: OwnerRecord, directory: string): boolean {
  const here = machineFacts();
  if (owner.bootId !== '' && owner.bootId === here.bootId) return true;
  // The same machine before it was started anew, or one that does not tell its boots apart.
  if (owner.host !== here.host) return false;
  try {
    return !isRemoteFileSystem(nodeVfs().fileSystem(directory));
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process.
    return errorCode(error) !== 'ESRCH';
  }
}
