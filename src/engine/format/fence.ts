// A fence: the numbered file whose owner may append.
//
// Spec: spec/document.md, Fence. Test: test/engine/format/fence.test.ts.

import { RunlogError } from '../../errors.ts';
import type { OwnerRecord } from '../host.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { fileLetter } from './version.ts';

export const fenceKind = { writer: 1, maintenance: 2, deleted: 3 } as const;
export type FenceKind = keyof typeof fenceKind;

/** Heartbeat of an owner that closed its log. */
export const RELEASED = 0xffff_ffff_ffff_ffffn;

const NONCE_SIZE = 16;

export interface Fence {
  readonly kind: FenceKind;
  readonly owner: OwnerRecord;
  readonly heartbeat: bigint;
}

export function encodeFence(kind: FenceKind, owner: OwnerRecord): Uint8Array {
  const { host, bootId, pidNamespace, pid, startTime, thread, nonce, probe } = owner;
  // The clock of a host may have fractions; a fence has none.
  const since = Math.floor(owner.since);
  const body = [host, bootId, pidNamespace, pid, startTime, thread, nonce, since, probe];
  return encodeDocument(fileLetter.fence, fenceKind[kind], body);
}

const SHAPE = 'string,string,string,integer,string,integer,nonce,integer,string';

function shapeOf(fact: unknown): string {
  if (Number.isSafeInteger(fact)) return 'integer';
  return fact instanceof Uint8Array && fact.length === NONCE_SIZE ? 'nonce' : typeof fact;
}

/** @throws RunlogError CORRUPT, FORMAT_TOO_NEW. */
export function decodeFence(bytes: Uint8Array, file: string): Fence {
  const { kind, heartbeat, body } = decodeDocument(bytes, fileLetter.fence, file);
  const name = (Object.keys(fenceKind) as FenceKind[]).find((each) => fenceKind[each] === kind);
  const shape = Array.isArray(body) ? body.map(shapeOf) : [];
  if (name === undefined || shape.join() !== SHAPE) {
    throw new RunlogError('CORRUPT', `${file}: not the shape of a fence`, {
      file,
      offset: 0,
      size: bytes.length,
    });
  }
  const [host, bootId, pidNamespace, pid, startTime, thread, nonce, since, probe] = body as [
    string,
    string,
    string,
    number,
    string,
    number,
    Uint8Array,
    number,
    string,
  ];
  const owner = {
    host,
    bootId,
    pidNamespace,
    pid,
    startTime,
    thread,
    nonce: nonce.slice(),
    since,
    probe,
  };
  return { kind: name, owner, heartbeat };
}
