// runlog itself: `track` by name and context, flushed at the end of each turn; columns at its best.

const names = Array.from({ length: 100 }, (_, index) => `metric_${index}`);
const options = { systemTrackingInterval: null, runHash: 'points' };

export async function openStore(directory, mode, { runlog, metrics }) {
  const { Run } = await import(runlog);
  const run = await Run.open({ repo: directory, ...options });
  const shared = { version: 'of this checkout', close: () => run.close() };
  if (mode === 'step') {
    return {
      ...shared,
      settings: 'track by name and context, flushed at the end of the turn, synced each second',
      add: (sequence, step, value) =>
        run.track(value, { name: names[sequence], step, context: { subset: 'train' } }),
      // The end of the turn is the commit.
      commit() {},
    };
  }
  const handles = names.slice(0, metrics).map((name) => run.sequence(name, { subset: 'train' }));
  const columns = handles.map(() => ({ steps: [], values: [], times: [] }));
  return {
    ...shared,
    settings: 'trackColumns, 100 steps a call',
    add(sequence, step, value, time) {
      const { steps, values, times } = columns[sequence];
      steps.push(step);
      values.push(value);
      times.push(time);
    },
    commit() {
      handles.forEach((handle, index) => {
        const { steps, values, times } = columns[index];
        if (steps.length > 0) handle.trackColumns({ steps, values, times });
        columns[index] = { steps: [], values: [], times: [] };
      });
    },
  };
}

export async function readSequence(directory, sequence, { runlog }) {
  const { Repo } = await import(runlog);
  const view = await (await Repo.open(directory)).run(options.runHash);
  const { values } = await view.metric(names[sequence], { subset: 'train' }).values();
  return values.length;
}
