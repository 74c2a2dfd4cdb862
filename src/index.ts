/// <reference lib="esnext.disposable" preserve="true" />
// The public API: every export of the package, nothing else. `runlog/engine` is the log alone.

export {
  type ErrorCode,
  type ErrorDetails,
  errorCodes,
  type LogHolder,
  RunlogError,
} from './errors.ts';
export type { Context, ContextValue } from './model/context.ts';
export type {
  ContextLike,
  DataObject,
  MetricValues,
  MetricValuesLike,
} from './model/data-object.ts';
export { nearest as nearestName } from './model/nearest.ts';
export { pathText } from './model/path-text.ts';
export type { CommitFacts, GitFacts, SystemParams } from './model/system-params.ts';
export { isForAll, type QueryParts, queryParts } from './query/lexical.ts';
export type {
  Aggregate,
  AggregateCurve,
  AggregateCurvesOptions,
  AggregateOptions,
} from './sdk/aggregate.ts';
export type { Artifact, ArtifactReport, DamagedFile, DownloadOptions } from './sdk/artifact.ts';
export type { LogArtifactOptions } from './sdk/artifact-options.ts';
export type {
  RedactOptions,
  SystemParamsOptions,
  TerminalOptions,
} from './sdk/capture-options.ts';
export type { EvaluatedMetric, EvaluatedRun } from './sdk/evaluate.ts';
export type { FollowRepoOptions, RepoCursor, RepoFollowEvent } from './sdk/follow-repo.ts';
export type { FollowCursor, FollowEvent, FollowRunOptions } from './sdk/follow-run.ts';
export type { LoggedArtifact } from './sdk/log-artifact.ts';
export type {
  Downsampled,
  DownsampleOptions,
  Metric,
  MetricFollowEvent,
  Values,
  ValuesOptions,
} from './sdk/metric.ts';
export type { MissingName } from './sdk/missing-names.ts';
export {
  Distribution,
  type DistributionOptions,
  type Histogram,
} from './sdk/objects/distribution.ts';
export { Figure, type FigureFormat } from './sdk/objects/figure.ts';
export { Image, type ImageOptions } from './sdk/objects/image.ts';
export type {
  ObjectSequence,
  ObjectsAtStep,
  ObjectValuesOptions,
} from './sdk/objects/object-sequence.ts';
export type { Pixels } from './sdk/objects/png.ts';
export type {
  DistributionValues,
  StoredDistribution,
  StoredFigure,
  StoredImage,
  StoredObject,
  StoredTable,
  StoredText,
} from './sdk/objects/stored-object.ts';
export {
  type Cell,
  type ColumnType,
  Table,
  type TableColumn,
  type TableContent,
  type TableValues,
} from './sdk/objects/table.ts';
export { Text } from './sdk/objects/text.ts';
export type { TrackedObject } from './sdk/objects/tracked-object.ts';
export type { OpeningEnding, OpeningFacts, RunStateName } from './sdk/openings.ts';
export type {
  CloseOptions,
  Durability,
  RewindOptions,
  RunOptions,
  RunRecording,
  TrackOptions,
} from './sdk/options.ts';
export type { ProgressOptions } from './sdk/progress.ts';
export type { FailureCount, QueryOptions } from './sdk/query-options.ts';
export type { FailedRepair, HeldRun, RepairReport } from './sdk/repair-repo.ts';
export { Repo, type RepoOptions } from './sdk/repo.ts';
export type { RepoKeys } from './sdk/repo-keys.ts';
export type {
  CompactOptions,
  CompactReport,
  RepoReport,
  RepoSize,
} from './sdk/repo-maintenance.ts';
export { Run } from './sdk/run.ts';
export type { RunEdit } from './sdk/run-edit.ts';
export type { LogFields, RunLog } from './sdk/run-log.ts';
export type {
  LogRecordsOptions,
  LogRecordView,
  TerminalLinesOptions,
  WrittenLine,
} from './sdk/run-output.ts';
export type { RunView } from './sdk/run-view.ts';
export type { Columns, Sequence } from './sdk/sequence.ts';
export type { SpawnOptions, SpawnResult, StartedChild } from './sdk/spawn.ts';
export type { ObjectsChange, WriterCursor } from './sdk/writer-events.ts';
export type { ArtifactEntry, ArtifactKind } from './store/artifact-record.ts';
export type { Note } from './store/edits.ts';
export type { KeptError } from './store/kept-error.ts';
export type { TerminalLine } from './store/lines.ts';
export type { LogEntry, LogLevel, LogPlace } from './store/log-entry.ts';
export type { ObjectKind } from './store/object-record.ts';
export type { Origin, Outcome } from './store/record.ts';
