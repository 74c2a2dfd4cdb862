// Every workload by its name: what `npm run bench -- NAME` takes.

import type { Workload } from '../harness.ts';
import { askingCorpus, askingMetrics, askingParams, downsampling } from './ask.ts';
import { capture } from './capture.ts';
import { commandStart } from './command.ts';
import { corpus } from './corpus.ts';
import { floorMsgpackr, floorWrite, flush } from './flush.ts';
import { lengthCost, sequencesCost } from './growth.ts';
import { images } from './image.ts';
import { hotHandle, track, trackColumns } from './ingest.ts';
import { openingOptions } from './opening.ts';
import { paramScan, readMetric, readSequence } from './read.ts';
import {
  amplification,
  bytesOfHot,
  loopDelays,
  memoryGrowth,
  openFilesCount,
} from './resources.ts';
import { resume, resumeKilled } from './resume.ts';
import { importing, openCloseRun } from './start.ts';
import { systemSample } from './system-sample.ts';
import { terminalLines } from './terminal.ts';

export const workloads: Readonly<Record<string, Workload>> = {
  'floor-write': floorWrite,
  'floor-msgpackr': floorMsgpackr,
  track,
  'hot-handle': hotHandle,
  'track-columns': trackColumns,
  flush,
  'bytes-hot': bytesOfHot,
  corpus,
  import: importing,
  'command-start': commandStart,
  'open-close': openCloseRun,
  opening: openingOptions,
  resume,
  'resume-killed': resumeKilled,
  'read-sequence': readSequence,
  'read-metric-1000': readMetric,
  'param-scan': paramScan,
  'ask-params': askingParams,
  'ask-metrics': askingMetrics,
  'ask-corpus': askingCorpus,
  downsample: downsampling,
  'loop-delay': loopDelays,
  'system-sample': systemSample,
  'system-params': capture,
  'terminal-lines': terminalLines,
  images,
  memory: memoryGrowth,
  'open-files': openFilesCount,
  'write-amplification': amplification,
  'length-cost': lengthCost,
  'sequences-cost': sequencesCost,
};
