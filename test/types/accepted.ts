// What a program in TypeScript may write: each line compiles, from the sources and from the installed
// package, and nothing of it is run. test/types.test.ts and test/package.test.ts compile it.

import {
  type Context,
  type DataObject,
  type Metric,
  Repo,
  Run,
  RunlogError,
  Text,
  type TrackOptions,
} from 'runlog';

interface HParams {
  lr: number;
  layers?: number;
  readonly sizes: readonly number[];
  optimizer: { name: 'adam' | 'sgd'; betas: readonly [number, number] };
  startedAt: Date;
  weights: Float32Array;
  labels: Map<string, number>;
}
interface Where {
  subset: 'train' | 'val';
  fold?: number;
  readonly tags?: readonly string[];
  inner?: Where;
}
interface Losses {
  loss: number;
  accuracy?: number;
  readonly isBest: boolean;
}
class Settings {
  readonly lr = 0.1;
  readonly layers: readonly number[] = [64];
}
/** As zod and the like infer it. */
type Parsed = { lr: number; layers?: number | undefined; mode: 'a' | 'b' };

declare const hparams: HParams;
declare const where: Where;
declare const losses: Losses;
declare const parsed: Parsed;
declare const json: Record<string, unknown>;
declare const context: Context;
// biome-ignore lint/suspicious/noExplicitAny: what programs without types have
declare const anything: any;
declare const perhaps: number | undefined;
declare const mixed: number | Losses;
declare function see(...values: unknown[]): void;

export async function use(run: Run, repo: Repo): Promise<void> {
  run.set('hparams', hparams);
  run.set(hparams);
  run.set(parsed);
  run.set(json);
  run.set(new Settings());
  run.set(['a', 'b'], new Settings());
  run.set({ lr: 1, mode: undefined });
  run.set({});
  run.set(process.memoryUsage());
  run.set(anything);

  run.track(1, { name: 'loss', context: where });
  run.track(1, { name: 'loss', context: { subset: 'train' } });
  run.track(1, { name: 'loss', context: context });
  run.track(1, { name: 'loss', context: json });
  run.track(1, { name: 'loss', context: new Settings() });
  run.track(1, { name: 'loss', context: { subset: 'train', fold: perhaps } });
  run.track(1, { name: 'loss', context: parsed });
  run.track(1, { name: 'loss', context: { deep: { list: [1, [null, 'x', true]] } } });
  run.track(1n, { name: 'loss' });
  run.track(true, { name: 'loss', step: 3, epoch: 0.5, time: Date.now() });
  run.track(losses, { step: 3, context: where });
  run.track({ loss: 1, accuracy: undefined });
  run.track(mixed, { name: 'loss' });
  run.track(new Text('x'), { name: 'text', context: where });
  run.track([new Text('x'), new Text('y')], { name: 'text' });
  run.track(anything, anything);
  // What may be left out may be undefined, whatever the program's exactOptionalPropertyTypes.
  run.track(1, { name: 'loss', step: perhaps, epoch: perhaps, context: undefined });
  run.rewind({ step: 1, name: undefined });

  const handle = run.sequence('loss', where);
  handle.track(0.5, 10);
  run.sequence('loss', { subset: 'train' }).trackColumns({ values: new Float32Array(3) });
  run.rewind({ step: 3, name: 'loss', context: where });
  run.log.info('said', losses);
  await run.logArtifact('./weights', { metadata: hparams });

  const view = await repo.run(run.hash);
  const metric: Metric | undefined = view?.metric('loss', where);
  view?.texts('text', where)?.count;
  const points = await metric?.values({ fromStep: perhaps, writer: undefined });
  see(points?.values, view?.get()['lr'], run.get()['lr']);
  await view?.edit({ name: undefined, tags: { add: undefined } });
  const step: number = metric?.lastStep ?? 0;
  const mean: number = metric?.mean ?? step;
  run.set('mean', mean);
  for await (const each of repo.runs({ limit: 3 })) see(each.get(['hparams', 'lr']));
}

/** A helper around the calls may pass on what it is given. */
export function helpers(run: Run): void {
  const options: TrackOptions = { name: 'loss', context: { subset: 'train' } };
  const typed: TrackOptions<Where> = { name: 'loss', context: where };
  run.track(1, options);
  run.track(1, typed);
  run.track(1, { ...options, step: 3 });
  const track = (...given: Parameters<Run['track']>): void => run.track(...given);
  track(1, { name: 'loss', context: { subset: 'train' } });
  const bound: Run['track'] = run.track.bind(run);
  bound(losses);
  function inContext<Given extends Context>(given: Given): void {
    run.track(1, { name: 'loss', context: given });
    run.sequence('loss', given);
  }
  inContext({ subset: 'train' });
  const keep = (values: DataObject): void => run.set(values);
  keep(hparams);
  const keepAll = <Given extends object>(key: string, value: Given): void => run.set(key, value);
  keepAll('hparams', hparams);
  const each = (values: Record<string, number>, step: number): void => run.track(values, { step });
  each({ loss: 1 }, 1);
}

/** `code` is a union: a switch over it narrows, and a slip in it does not compile. */
export function told(error: unknown): string {
  if (!(error instanceof RunlogError)) throw error;
  switch (error.code) {
    case 'RUN_LOCKED':
      return `${error.details.holder?.pid}`;
    case 'QUERY_SYNTAX':
      return `${error.details.line}:${error.details.column}`;
    default: {
      const rest: Exclude<RunlogError['code'], 'RUN_LOCKED' | 'QUERY_SYNTAX'> = error.code;
      return rest;
    }
  }
}

export async function opened(signal: AbortSignal): Promise<void> {
  const { CI } = process.env;
  const run = await Run.open({ experiment: 'x', name: CI, tags: undefined });
  await run[Symbol.asyncDispose]();
  const found = await Run.with({ runHash: 'x' }, async (inner) => inner.hash);
  const repo = await Repo.open('./here', { readOnly: true });
  for await (const view of repo.runs('run.lr > 1', { signal, limit: 3, order: undefined })) {
    for await (const event of view.follow({ from: 'now', signal })) {
      if (event.type === 'points') see(event.name, event.values[0], found);
      else if (event.type === 'state') see(event.close?.outcome);
    }
  }
}
