// Follows a run that it writes, or its metric or repo, ends the following in one way, says `done`, and has
// nothing else to do: whatever is left of the following would keep its process alive.
//
// Arguments: kind (view, metric, repo), way, repo.

import { Repo, Run } from 'runlog';

const [kind = '', way = '', path = ''] = process.argv.slice(2);
const options = { repo: path, runHash: 'followed', systemTrackingInterval: null };

const run = await Run.open(options);
// A second log, watched like the first: it has nothing to deliver when the following ends.
const other = await Run.open({ ...options, writer: 'other' });
other.track(0, { name: 'loss' });
other.flush();
run.track(0, { name: 'loss' });
run.flush();

const repo = await Repo.open(path);
const view = await repo.run('followed');
const metric = view?.metric('loss');
if (view === undefined || metric === undefined) throw new Error('nothing to follow');
const abort = new AbortController();
const { signal } = abort;
const events: AsyncGenerator<{ readonly type: string; readonly writer: string }> =
  kind === 'repo'
    ? repo.follow({ signal })
    : kind === 'metric'
      ? metric.follow({ signal })
      : view.follow({ signal });

/** Until a point that came while the log was watched: what was there first watches nothing yet. */
async function untilWatched(): Promise<void> {
  const timer = setInterval(() => {
    run.track(1, { name: 'loss' });
    run.flush();
  }, 50);
  // The first look brings the points that were there; the log is watched soon after.
  const begun = performance.now();
  for (;;) {
    const { value } = await events.next();
    if (value?.type === 'points' && performance.now() - begun > 500) break;
  }
  clearInterval(timer);
}

const ways: Record<string, () => Promise<void>> = {
  async break() {
    await untilWatched();
    run.track(2, { name: 'loss' });
    run.flush();
    for await (const _ of events) break;
  },
  async throw() {
    await untilWatched();
    run.track(2, { name: 'loss' });
    run.flush();
    try {
      for await (const _ of events) throw new Error('enough');
    } catch (error) {
      if ((error as Error).message !== 'enough') throw error;
    }
  },
  async return() {
    await untilWatched();
    await events.return(undefined);
  },
  /** While the generator rests at an event; nobody asks it again. */
  async 'abort-resting'() {
    await untilWatched();
    abort.abort();
  },
  async 'abort-waiting'() {
    await untilWatched();
    setTimeout(() => abort.abort(), 500);
    try {
      for await (const _ of events);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ABORTED') throw error;
    }
  },
  async deleted() {
    await untilWatched();
    await run.close();
    await other.close();
    await repo.delete('followed');
    // A repo goes on without the run.
    if (kind === 'repo') setTimeout(() => abort.abort(), 1000);
    try {
      for await (const _ of events);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'RUN_NOT_FOUND' && code !== 'ABORTED') throw error;
    }
  },
  /** The run's end is an event; a metric has none. */
  async closed() {
    await untilWatched();
    await run.close();
    for await (const { type, writer } of events) {
      if (type === 'state' && writer === 'main') break;
    }
  },
};

const end = ways[way];
if (end === undefined) throw new Error(`no way: ${way}`);
await end();
await run.close();
await other.close();
process.stdout.write('"done"\n');
