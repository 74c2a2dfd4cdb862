// What an empty answer says that the query may have meant: a metric that was asked for as a param, another
// context of it, a state.

import { beforeAll, expect, it } from 'vitest';
import { runlogHere, workDirectory } from './command.ts';
import { makeRepo } from './fixture.ts';

const directory = workDirectory();
const said = async (query: string): Promise<string> =>
  (await runlogHere(directory, ['ls', query, '--repo', 'kept'])).err;

beforeAll(async () => {
  await makeRepo(directory);
});

it('a metric that was asked for as a param', async () => {
  expect(await said('run.accuracy < 0')).toContain(
    "runlog: no run has the param accuracy; near: run.metrics['accuracy'].last\n",
  );
});

it('the context that a metric has, where it was asked for with none or another', async () => {
  expect(await said("run.metrics['loss'].last < 100")).toMatch(
    /^runlog: run\.metrics\['loss'\] is the one without a context, which no run has; near: run\.metrics\['loss', \{'subset': '(train|val)'\}\]\n/m,
  );
  expect(await said("run.metrics['accuracy', {'fold': 1}].last < 100")).toContain(
    "runlog: no run has run.metrics['accuracy', {'fold': 1}]; near: run.metrics['accuracy']\n",
  );
});

it('that a metric may have other contexts, by the name that was asked for', async () => {
  expect(await said('run.seed > 9 or run.metrics["accuracy"].last > 99')).toContain(
    'runlog: run.metrics["accuracy"] is the one without a context; `runlog metrics --names` lists others\n',
  );
  expect(await said("run.metrics['loss', {'subset': 'val'}].last > 99")).not.toContain('context');
});

it('a state', async () => {
  expect(await said("run.state == 'Failed'")).toContain(
    "runlog: 'Failed' is no state of a run (running, finished, failed, killed, stalled, unknown); near: failed\n",
  );
  expect(await said("run.state == 'done'")).toContain(
    "runlog: 'done' is no state of a run (running, finished, failed, killed, stalled, unknown)\n",
  );
});
