// What a program in TypeScript may not write: each marked line is an error of the compiler, and one that
// no longer is makes the mark an error. Compiled as accepted.ts; nothing of it is run.

import { type Context, type Run, RunlogError, type TrackOptions } from 'runlog';

interface Where {
  subset: string;
  at: Date;
}
class Model {
  readonly lr = 1;
  half(): number {
    return this.lr / 2;
  }
}

declare const where: Where;
declare const json: Record<string, unknown>;
declare const perhaps: number | undefined;

export function refused(run: Run): void {
  // @ts-expect-error an array is no params object
  run.set([1, 2]);
  // @ts-expect-error nor is a function
  run.set(() => 1);
  // @ts-expect-error
  run.set(new Date());
  // @ts-expect-error
  run.set(new Map([['lr', 1]]));
  // @ts-expect-error it was not awaited
  run.set(Promise.resolve({ lr: 1 }));
  // @ts-expect-error a key without a value
  run.set('lr');
  // @ts-expect-error
  run.set(5);

  // @ts-expect-error
  run.track('1', { name: 'loss' });
  // @ts-expect-error
  run.track(null, { name: 'loss' });
  // @ts-expect-error
  run.track(undefined, { name: 'loss' });
  // @ts-expect-error
  run.track(() => 1, { name: 'loss' });
  // @ts-expect-error a list of numbers: use a handle's trackColumns
  run.track([1, 2], { name: 'loss' });
  // @ts-expect-error it was not awaited
  run.track(Promise.resolve(1), { name: 'loss' });
  // @ts-expect-error
  run.track({ loss: '1' });
  // @ts-expect-error
  run.track({ train: { loss: 1 } });
  // @ts-expect-error
  run.track(json);
  // @ts-expect-error a slip of the pen
  run.track(1, { name: 'loss', stpe: 3 });
  // @ts-expect-error
  run.track(1, { name: 5 });

  // @ts-expect-error a context holds no dates
  run.track(1, { name: 'loss', context: where });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: { subset: () => 1 } });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: { deep: { size: 1n } } });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: { folds: [perhaps] } });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: 'train' });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: ['train'] });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: new Model() });
  // @ts-expect-error
  run.track(1, { name: 'loss', context: null });
  // @ts-expect-error
  run.sequence('loss', where);
  // @ts-expect-error
  run.sequence('loss', 'train');
  // @ts-expect-error
  run.rewind({ step: 1, name: 'loss', context: where });
  // @ts-expect-error
  const options: TrackOptions = { name: 'loss', context: { at: new Date() } };
  // @ts-expect-error
  const context: Context = { at: new Date() };
  // @ts-expect-error read only
  run.hash = 'x';
  // @ts-expect-error there is no such code
  if (new RunlogError('IO', 'x').code === 'IOO') run.track(1, { ...options, context });
}
