// A fence: the numbered file whose owner may append.
//
// Spec: spec/document.md, Fence. Test: test/engine/format.test.ts.

import { RunlogError } from '../../errors.ts';
import type { OwnerRecord } from '../host.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { fileLetter } from './version.ts';

export const fenceKind = { writer: 1, maintenance: 2, deleted: 3 } as const;
export type FenceKind = keyof typeof fenceKind;

/** Heartbeat of an owner that closed its log. */
export const RELEASED = 0xffff_ffff_ffff_ffffn;

export interface Fence {
  readonly kind: FenceKind;
  readonly owner: OwnerRecord;
  readonly heartbeat: bigint;
}

export function encodeFence(kind: FenceKind, owner: OwnerRecord): Uint8Array {
  const { host, bootId, pidNamespace, pid, startTime, thread, nonce, since, probe } = owner;
  const body = [host, bootId, pidNamespace, pid, startTime, thread, nonce, since, probe];
  return encodeDocument(fileLetter.fence, fenceKind[kind], body);
}

/** @throws RunlogError CORRUPT, FORMAT_TOO_NEW. */
export function decodeFence(bytes: Uint8Array, file: string): Fence {
  const { kind, heartbeat, body } = decodeDocument(bytes, fileLetter.fence, file);
  const name = (Object.keys(fenceKind) as FenceKind[]).find((each) => fenceKind[each] === kind);
  const shape = Array.isArray(body)
    ? body.map((each) => (each instanceof Uint8Array ? 'bytes' : typeof each))
    : [];
  const expected = 'string,string,string,number,string,number,bytes,number,string';
  if (name === undefined || shape.join() !== expected) {
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
