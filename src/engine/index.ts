// runlog/engine: append-only logs that know nothing of runs.

export { type ErrorCode, type ErrorDetails, errorCodes, type LogHolder, RunlogError } from '../errors.ts';
export type { Recording } from './appender.ts';
export type { Fold } from './fold.ts';
export type { FenceKind } from './format/fence.ts';
export type { FramePlace } from './format/index-page.ts';
export { decodeDocument, type Document, encodeDocument } from './format/document.ts';
export { packBody, unpackBody } from './format/msgpack.ts';
export { fileLetter } from './format/version.ts';
export { loadXxhash } from './format/xxhash.ts';
export type { Host, OwnerRecord, OwnerState, PoliteLock, Probe, SyncSlot, SyncSlotOptions } from './host.ts';
export { nodeHost } from './host/node-host.ts';
export { Log, type LogDurability, type LogOptions, type ReadOptions } from './log.ts';
export { publish, readWhole } from './publish.ts';
export type { LogRecord, RecordInput } from './record.ts';
export type { RewriteHook, RewriteOutput } from './rewrite.ts';
export type { Damage } from './tail.ts';
export type { VerifyReport } from './verify.ts';
export { memoryVfs } from './vfs/memory-vfs.ts';
export { nodeVfs } from './vfs/node-vfs.ts';
export type { FileFacts, FileHandle, Vfs } from './vfs/vfs.ts';
