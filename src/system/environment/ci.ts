// Which service of continuous integration runs the program, from the variables that each documents.
//
// Spec: spec/system-params.md. Test: test/system/environment/ci.test.ts.

interface Service {
  readonly name: string;
  /** Set there and nowhere else. */
  readonly sign: string;
  /** Variables of its facts, where it gives them. */
  readonly id?: string;
  readonly url?: string;
  readonly job?: string;
}

const services: readonly Service[] = [
  { name: 'GitHub Actions', sign: 'GITHUB_ACTIONS', id: 'GITHUB_RUN_ID', job: 'GITHUB_JOB' },
  {
    name: 'GitLab CI',
    sign: 'GITLAB_CI',
    id: 'CI_PIPELINE_ID',
    url: 'CI_JOB_URL',
    job: 'CI_JOB_NAME',
  },
  {
    name: 'CircleCI',
    sign: 'CIRCLECI',
    id: 'CIRCLE_BUILD_NUM',
    url: 'CIRCLE_BUILD_URL',
    job: 'CIRCLE_JOB',
  },
  {
    name: 'Jenkins',
    sign: 'JENKINS_URL',
    id: 'BUILD_NUMBER',
    url: 'BUILD_URL',
    job: 'JOB_NAME',
  },
  {
    name: 'Buildkite',
    sign: 'BUILDKITE',
    id: 'BUILDKITE_BUILD_NUMBER',
    url: 'BUILDKITE_BUILD_URL',
    job: 'BUILDKITE_LABEL',
  },
  {
    name: 'Azure Pipelines',
    sign: 'TF_BUILD',
    id: 'BUILD_BUILDID',
    job: 'AGENT_JOBNAME',
  },
  { name: 'AWS CodeBuild', sign: 'CODEBUILD_BUILD_ID', id: 'CODEBUILD_BUILD_ID' },
  { name: 'Google Cloud Build', sign: 'BUILDER_OUTPUT', id: 'BUILD_ID' },
  { name: 'Travis CI', sign: 'TRAVIS', id: 'TRAVIS_BUILD_ID', url: 'TRAVIS_BUILD_WEB_URL' },
  {
    name: 'TeamCity',
    sign: 'TEAMCITY_VERSION',
    id: 'BUILD_NUMBER',
    job: 'TEAMCITY_BUILDCONF_NAME',
  },
  {
    name: 'Drone',
    sign: 'DRONE',
    id: 'DRONE_BUILD_NUMBER',
    url: 'DRONE_BUILD_LINK',
  },
  {
    name: 'Bitbucket Pipelines',
    sign: 'BITBUCKET_BUILD_NUMBER',
    id: 'BITBUCKET_BUILD_NUMBER',
  },
];

/** Null: nothing says that a service runs it. */
export function ciOf(env: NodeJS.ProcessEnv): Record<string, string> | null {
  const service = services.find(({ sign }) => isSet(env[sign]));
  if (service === undefined) return isSet(env['CI']) ? { name: 'unknown' } : null;
  const facts: Record<string, string> = { name: service.name };
  for (const field of ['id', 'url', 'job'] as const) {
    const value = env[service[field] ?? ''];
    if (value) facts[field] = value;
  }
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  if (service.sign === 'GITHUB_ACTIONS' && server && repository && facts['id'])
    facts['url'] = `${server}/${repository}/actions/runs/${facts['id']}`;
  return facts;
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== 'false' && value !== '0';
