// What a training is told, what it tells its parent, and how large the demo is.

/** Everything a trainer needs, as JSON in its first argument. */
export interface TrainingSettings {
  /** Directory of the repo. */
  readonly repo: string;
  /** Goes on with this run; null: begins a new one. */
  readonly runHash: string | null;
  readonly experiment: string;
  /** What `packDigits` wrote. */
  readonly digitsPath: string;
  /** Where weights are saved; null: nowhere. */
  readonly weightsPath: string | null;
  readonly seed: number;
  readonly learningRate: number;
  /** Outputs of the first hidden layer. */
  readonly width: number;
  readonly stepCount: number;
  /** Steps between two examinations on the images for validation. */
  readonly validateEvery: number;
  /** Steps between two flushes that the parent is told of. */
  readonly flushEvery: number;
  /** Steps between two savings of the weights: a multiple of `flushEvery`. */
  readonly saveEvery: number;
}

/** What a trainer tells, over the channel that `fork` makes. Points are counted since it started. */
export type TrainingMessage =
  /** The run is open; `step` is the first to be trained. */
  | { readonly kind: 'opened'; readonly hash: string; readonly step: number }
  /** The points of `step` are tracked next; with them it will be so many. */
  | { readonly kind: 'tracking'; readonly step: number; readonly pointCount: number }
  /** `run.flush()` was true for so many points. */
  | { readonly kind: 'flushed'; readonly pointCount: number }
  /** `run.close()` has resolved. The time is that of the processor in tracking calls. */
  | {
      readonly kind: 'closed';
      readonly pointCount: number;
      readonly trackMicroseconds: number;
    };

/** Numbers of steps. */
export interface DemoSize {
  readonly main: StepCounts;
  readonly sweep: StepCounts;
}

type StepCounts = Pick<
  TrainingSettings,
  'stepCount' | 'validateEvery' | 'flushEvery' | 'saveEvery'
>;

// A step takes 2 to 5 ms on a slow core: some seconds for the main training and for the sweep. A
// flush each 25 steps leaves time to kill between two of them.
export const FULL_SIZE: DemoSize = {
  main: { stepCount: 1200, validateEvery: 25, flushEvery: 25, saveEvery: 150 },
  sweep: { stepCount: 400, validateEvery: 25, flushEvery: 25, saveEvery: 400 },
};

export const SMALL_SIZE: DemoSize = {
  main: { stepCount: 300, validateEvery: 50, flushEvery: 25, saveEvery: 75 },
  sweep: { stepCount: 50, validateEvery: 25, flushEvery: 25, saveEvery: 50 },
};

/** Best learning rate and width of the few that were tried. */
export const MAIN_LEARNING_RATE = 0.02;
export const MAIN_WIDTH = 64;

/** Learning rate, width and seed of each training of the sweep; seeds are added to the demo's. */
export const SWEEP = [0.01, 0.1].flatMap((learningRate) =>
  [16, 64].flatMap((width) => [1, 2].map((seed) => ({ learningRate, width, seed }))),
);
