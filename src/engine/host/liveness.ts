// Whether the holder of a fence lives, as far as this machine can tell.
//
// 1. *Dead* only on proof: same boot and pid namespace and the process is gone or another; the same
//    machine rebooted since; or its probe refuses the connection. Everything else is alive or unknown.
// 2. Read from /proc where there is one; no child process, nothing asynchronous but the probe.
//
// Spec: spec/liveness.md. Test: test/engine/host.test.ts, test/process/host.test.ts.

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

import { errorCode } from '../../errors.ts';
import type { OwnerRecord, OwnerState } from '../host.ts';
import { askProbe } from './probe.ts';

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Field 22 of /proc/<pid>/stat: start in ticks since boot. Behind the name, which may hold anything. */
function startTimeOf(pid: number | 'self'): string {
  const text = readText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

type Machine = Pick<OwnerRecord, 'host' | 'bootId' | 'pidNamespace' | 'startTime'>;
let machine: Machine | undefined;

/** Read once: none of it changes while the process lives. */
const machineFacts = (): Machine => {
  machine ??= {
    host: hostname(),
    bootId: readText('/proc/sys/kernel/random/boot_id'),
    pidNamespace: namespaceOf(),
    startTime: startTimeOf('self'),
  };
  return machine;
};

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
  if (byProcess === 'dead' || (byProcess === 'alive' && owner.thread === 0)) return byProcess;
  // Another namespace, another host with the same files, or a thread of a living process.
  return owner.probe === '' ? 'unknown' : askProbe(`${directory}/${owner.probe}`);
}

/** What the process table says: nothing, unless the pid means the same here as there. */
function stateByProcess(owner: OwnerRecord): OwnerState {
  const here = machineFacts();
  if (owner.bootId === '' || owner.bootId !== here.bootId) return 'unknown';
  if (owner.pidNamespace === '' || owner.pidNamespace !== here.pidNamespace) return 'unknown';
  if (!exists(owner.pid)) return 'dead';
  const startTime = startTimeOf(owner.pid);
  if (startTime === '' || owner.startTime === '') return 'unknown';
  return startTime === owner.startTime ? 'alive' : 'dead';
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
