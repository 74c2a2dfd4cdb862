// Every bound and default size of the engine and the run, with its reason (G10). A limit that is
// hit is an error that names it. Tests lower some of them through options, never by editing these.
//
// Spec: spec/limits.md (a test compares the two tables).

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** One frame's body: a reader holds a whole body in memory. */
  frameBodySizeMax: 16 * MiB,
  /** Records in one frame: the count is checked before a body is believed. */
  frameRecordCountMax: 1 << 20,
  /** A hot segment is rolled here once it is nearly synced, at twice that in any case. */
  segmentSize: 16 * MiB,
  /** Segment files hold 32-bit places in index pages. */
  segmentFileSizeMax: 0xffff_ffff,
  /** Segments a manifest lists; the roll size doubles at each quarter of it. */
  segmentCountMax: 1024,
  /** Small files (fence, manifest, edit) are read whole. */
  documentSizeMax: 64 * KiB,
  /** Properties of a run, together: the snapshot of edits that holds them is read whole. */
  propertiesSizeMax: 4 * MiB,
  /** Hot bytes between two state records: bounds what opening folds. */
  stateInterval: 4 * MiB,
  /** Unsynced bytes held for replay after a failed sync. */
  replaySizeMax: 16 * MiB,
  /** Unsynced bytes that start a sync before its time. */
  syncSize: 8 * MiB,
  /** Bytes accepted but not written while recording is paused; what comes after is lost, counted. */
  pausedSizeMax: 64 * MiB,
  /** A log with fewer hot bytes is not rewritten at close: one sync ends it. */
  rewriteSizeMin: 4 * KiB,
  /** Segments without an index that an opening will scan; more are rewritten first. */
  unindexedSegmentCountMax: 8,
  /** Neighbouring rewritten segments of one size class that are merged into one. */
  mergeCount: 8,
  /** Segments that are rewritten together or merged: what holds more is not worth another pass. */
  mergeSizeMax: 4 * MiB,
  /** Entries of one index page, 24 bytes each. */
  indexPageEntryCount: 680,
  /** A rewritten segment below this size carries no index: it is read whole. */
  indexSizeMin: 64 * KiB,
  /** Key of a record, UTF-8 bytes. */
  keySizeMax: 64 * KiB,
  /** Record types: 7 bits less the engine's own. */
  recordTypeMin: 16,
  recordTypeMax: 127,
  /** Path of a Unix socket, less room for its temporary name (the kernel's limit is 108). */
  probePathSizeMax: 100,
  /** Liveness sockets of one thread: each is an open file. */
  probeCountMax: 64,
  /** Logs of one thread that keep their files open, two each; idle ones above it close them. */
  openSegmentCountMax: 256,
  /** Names of metrics, experiments, tags, runs: characters. */
  nameSizeMax: 1024,
  /** Run hash and writer name: characters, `[a-z0-9][a-z0-9._-]*`. */
  identifierSizeMax: 64,
  /** Depth of params and contexts: msgpack decoding recurses. */
  paramsDepthMax: 64,
  /** Canonical context: UTF-8 bytes. */
  contextSizeMax: 4 * KiB,
  /** Sequences of one log: their ids are indexes of arrays. */
  sequenceCountMax: 1 << 24,
  /** Pixel columns of a plot: none has more, and each costs memory. */
  plotWidthMax: 65536,
  /** Points of one sealed block: the unit that is decoded to read one value. */
  blockPointCountMax: 65536,
  /** One captured environment variable, argument or message: bytes of its value. */
  capturedTextSizeMax: 16 * KiB,
  /** Captured environment variables, names and values together: they stand in the folded state. */
  capturedEnvironmentSizeMax: 512 * KiB,
  /** Installed packages that a capture lists; a large workspace has some thousands. */
  packageCountMax: 20_000,
  /** Content of one object: what fits a frame, with room; larger things are artifacts. */
  objectSizeMax: 15 * MiB,
  /** Content of an object up to this size stands in its step's record: a frame of its own costs more. */
  inlineContentSizeMax: 256,
  /** Objects tracked together at one step: one record names them all. */
  objectCountMax: 1024,
  /** Captions, names of columns and the like of the objects of one step, as JSON: one record has them. */
  objectAttributesSizeMax: 8 * MiB,
  /** Text of a `Text`, UTF-8 bytes: a reader holds it whole. */
  textSizeMax: 4 * MiB,
  /** Caption of an image, UTF-8 bytes: captions of all objects of a step stand in one record. */
  captionSizeMax: 4 * KiB,
  /** Pixels along one side of an image: what PNG viewers take. */
  imageSideMax: 65535,
  /** Bins of a distribution; as Aim. */
  distributionBinCountMax: 512,
  /** Columns of a table. */
  tableColumnCountMax: 1024,
  /** Rows of a table: it is a thing to look at, not a store of data. */
  tableRowCountMax: 200_000,
  /** Text in one cell of a table, UTF-8 bytes. */
  tableCellSizeMax: 64 * KiB,
  /** Depth of a figure: its JSON is walked. */
  figureDepthMax: 64,
  /** Columns of a terminal line: one without an end would be held in memory and recorded each turn. */
  terminalColumnCountMax: 65536,
  /** An unfinished line above it is recorded anew by and by: one dot a turn would write its square. */
  terminalLongLineColumnCount: 1024,
  /** Rows of a terminal that the cursor can come back to. */
  terminalRowCountMax: 128,
  /** Numbers that a terminal line may lie behind the newest: how many a reader holds back. */
  terminalLinesBackMax: 1024,
  /** Files, links and empty directories of one artifact: their list is one record. */
  artifactFileCountMax: 200_000,
  /** Files of an artifact that are copied at once: each is two open files and a chunk. */
  artifactCopyCountMax: 8,
  /** Bytes of a file that are read and hashed at once: about a fifth of a millisecond. */
  artifactChunkSize: 256 * KiB,
  /** An artifact that is asked for as one piece of memory; larger ones are streamed. */
  artifactBytesMax: 1024 * MiB,
  /** A query, UTF-16 units: it is parsed at once, in a few hundredths of a second. */
  querySizeMax: 64 * KiB,
  /** Words and signs of a query. */
  queryTokenCountMax: 16384,
  /** Brackets and expressions of a query inside each other: evaluation recurses. */
  queryDepthMax: 200,
  /** Operators of a query in one chain, as `a or b or c`: the parser makes its tree by recursion. */
  queryChainCountMax: 1500,
  /** Steps that one row may cost: an element, or 32 characters. A few hundredths of a second. */
  queryStepCountMax: 250_000,
  /** Functions of a query inside each other: one that calls itself ends here. */
  queryCallDepthMax: 32,
  /** A string that a query makes, UTF-16 units. */
  queryStringSizeMax: 1 * MiB,
  /** Elements of a collection that a query makes. */
  queryElementCountMax: 250_000,
  /** An integer that a query makes: a product of two is a few microseconds. */
  queryIntegerBitCountMax: 4096,
  /** Digits after the point that a format may ask for. */
  queryPrecisionMax: 1000,
  /** A regular expression, UTF-16 units: its program is made before it is used. */
  queryPatternSizeMax: 1000,
} as const;

/** Times of the engine and the run, milliseconds of the monotonic clock. */
export const durations = {
  /** A batch this old is flushed by the next call, in a loop that does not yield. */
  flushMs: 100,
  /** Default time between two background syncs. */
  syncMs: 1000,
  /** Least time between two heartbeats. */
  heartbeatMs: 1000,
  /** An unknown holder whose heartbeat has not changed for so long is taken over. */
  takeOverMs: 60_000,
  /** A fence without content, as a power loss leaves one, is taken over after so long. */
  blankFenceMs: 1000,
  /** Logs that are open at exit are synced for so long, together; what is left only goes to the kernel. */
  exitSyncMs: 1000,
  /** An error that a handler took explains an exit with another code than 0 for so long: a graceful end. */
  uncaughtBlamedMs: 30_000,
  /** A long line of the terminal that goes on is recorded this often, unless it has grown much. */
  terminalLongLineMs: 1000,
  /** Longest slice of background work on the event loop. */
  sliceMs: 5,
  /** Time between two attempts to write while recording is paused. */
  pausedRetryMs: 1000,
  /** Followers look at file sizes this often, events or not. */
  followPollMs: 200,
  /** What is known of program and machine by then is recorded; the rest follows when it is known. */
  captureReadyMs: 300,
  /** What is not known by then is recorded as missing. */
  captureMs: 10_000,
  /** Longest wait of `close` for a capture that is not complete. */
  captureCloseMs: 300,
  /** A content that nothing refers to is kept for so long: somebody may be about to refer to it. */
  artifactGraceMs: 24 * 3_600_000,
} as const;
