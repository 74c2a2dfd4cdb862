// The service that runs a program is told by its own variables, and null where there is none.

import { expect, it } from 'vitest';
import { ciOf } from '../../../src/system/environment/ci.ts';

it('a service with its run and its address', () => {
  const github = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_RUN_ID: '1658821493',
    GITHUB_JOB: 'train',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'ada/engine',
  };
  expect(ciOf(github)).toEqual({
    name: 'GitHub Actions',
    id: '1658821493',
    job: 'train',
    url: 'https://github.com/ada/engine/actions/runs/1658821493',
  });
  expect(
    ciOf({ GITLAB_CI: 'true', CI_PIPELINE_ID: '7', CI_JOB_URL: 'https://x/-/jobs/9' }),
  ).toEqual({
    name: 'GitLab CI',
    id: '7',
    url: 'https://x/-/jobs/9',
  });
  expect(ciOf({ JENKINS_URL: 'https://j/', BUILD_NUMBER: '' })).toEqual({ name: 'Jenkins' });
});

it('none, one that is not known, and a variable that says no', () => {
  expect(ciOf({})).toBeNull();
  expect(ciOf({ CI: 'false', TRAVIS: '' })).toBeNull();
  expect(ciOf({ CI: '1' })).toEqual({ name: 'unknown' });
});
