// A callback in the style of TensorFlow.js, against a stand-in for its `model.fit`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-callback-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Logs = Readonly<Record<string, number>>;

interface Callback {
  onBatchEnd(batch: number, logs: Logs): Promise<void>;
  onEpochEnd(epoch: number, logs: Logs): Promise<void>;
  onTrainEnd(): Promise<void>;
}

/** What a user writes: batches count on through the epochs, `val_` names are a context. */
function runlogCallback(run: Run): Callback {
  let step = 0;
  return {
    async onBatchEnd(_, logs) {
      run.track({ loss: logs['loss'], acc: logs['acc'] }, { step, context: { subset: 'train' } });
      step += 1;
    },
    async onEpochEnd(epoch, logs) {
      run.track(
        { loss: logs['val_loss'], acc: logs['val_acc'] },
        { step, epoch, context: { subset: 'val' } },
      );
    },
    onTrainEnd: () => run.close(),
  };
}

/** The loop of `model.fit`, as far as a callback sees it. */
async function trainModel(epochs: number, batches: number, callback: Callback): Promise<void> {
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let batch = 0; batch < batches; batch += 1)
      await callback.onBatchEnd(batch, { batch, size: 32, loss: 1 / (1 + batch), acc: 0.5 });
    await callback.onEpochEnd(epoch, { loss: 0.1, acc: 0.9, val_loss: 0.2, val_acc: 0.8 });
  }
  await callback.onTrainEnd();
}

it('tracks a training by callbacks', async () => {
  const run = await Run.open({ repo: directory, systemTrackingInterval: null });
  await trainModel(3, 20, runlogCallback(run));
  const view = await (await Repo.open(directory)).run(run.hash);
  expect(view?.state).toBe('finished');
  expect(view?.metric('loss', { subset: 'train' })?.count).toBe(60);
  const columns = await view?.metric('acc', { subset: 'val' })?.values();
  expect([...(columns?.steps ?? [])]).toEqual([20, 40, 60]);
  expect([...(columns?.epochs ?? [])]).toEqual([0, 1, 2]);
});
