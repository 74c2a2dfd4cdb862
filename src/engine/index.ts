// runlog/engine: append-only logs that know nothing of runs.

export {
  type ErrorCode,
  type ErrorDetails,
  errorCodes,
  type LogHolder,
  RunlogError,
} from '../errors.ts';
export type { Recording } from './appender-options.ts';
export type { Fold } from './fold.ts';
export { type Document, decodeDocument, encodeDocument } from './format/document.ts';
export type { FenceKind } from './format/fence.ts';
export type { FramePlace } from './format/index-page.ts';
export { packBody, unpackBody } from './format/msgpack.ts';
export { fileLetter } from './format/version.ts';
export { loadXxhash, xxh64 } from './format/xxhash.ts';
export {
  type HolderFacts,
  hasSyncedRecords,
  newestFence,
  readHolder,
  readNewestFence,
  recentWriters,
  type WriterFacts,
} from './holder.ts';
export { nodeHost } from './host/node-host.ts';
export type {
  Host,
  OwnerRecord,
  OwnerState,
  PoliteLock,
  Probe,
  SyncSlot,
  SyncSlotOptions,
} from './host.ts';
export { Log } from './log.ts';
export type { LogDurability, LogOptions, ReadOptions } from './log-options.ts';
export type { RewriteOutput } from './output-segment.ts';
export { publish, readWhole } from './publish.ts';
export type { LogRecord, RecordInput } from './record.ts';
export { isWorthRewriting, type RewriteHook } from './rewrite.ts';
export { SettledLog, type SettledSegment } from './settled-log.ts';
export type { Damage } from './tail.ts';
export type { VerifyReport } from './verify.ts';
export { type CrashRule, type NamedCrashRule, namedCrashRules } from './vfs/crash-rules.ts';
export { isRemoteFileSystem } from './vfs/file-system-names.ts';
export { fileSystemError } from './vfs/memory-disk.ts';
export type { PendingChange } from './vfs/memory-image.ts';
export {
  type CallHook,
  type CallReply,
  MemoryVfs,
  type MemoryVfsOptions,
  memoryVfs,
  type VfsCall,
} from './vfs/memory-vfs.ts';
export { nodeVfs } from './vfs/node-vfs.ts';
export type { FileFacts, FileHandle, Vfs } from './vfs/vfs.ts';
