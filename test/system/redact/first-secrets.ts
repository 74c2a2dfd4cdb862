// Secrets in the places where they are found, first part: the rules were written with these at hand.

import { alphabet, type SecretMaker } from './made-secrets.ts';

/** One secret in its surroundings. What must not come back, and, where it matters, what must. */
export interface SecretCase {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly text?: string;
  readonly secrets: readonly string[];
  readonly stays?: readonly string[];
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one list.
export function firstSecrets(make: SecretMaker): SecretCase[] {
  const random = make.of(24);
  const hex32 = make.hex(32);
  const hex40 = make.hex(40);
  const aws = make.of(40, alphabet.base64);
  const sas = `${make.of(86, alphabet.base64)}==`;
  const signature = make.hex(64);
  const weak = 'hunter2';
  const jwt = make.jwt();
  const pem = make.pem();
  const pemBody = pem.split('\n').slice(1, -1);
  const variables: [string, string][] = [
    ['AWS_SECRET_ACCESS_KEY', aws],
    ['DB_PASSWORD', weak],
    ['POSTGRES_PASSWORD', 'postgres'],
    ['PGPASSWORD', 'letmein'],
    ['MYSQL_PWD', weak],
    ['OPENAI_API_KEY', 'placeholder-but-set'],
    ['WANDB_API_KEY', hex40],
    ['HF_TOKEN', random],
    ['HUGGING_FACE_HUB_TOKEN', random],
    ['COHERE_API_KEY', make.of(40)],
    ['GITHUB_TOKEN', hex40],
    ['NPM_TOKEN', make.uuid()],
    ['NEPTUNE_API_TOKEN', make.base64(90)],
    ['COMET_API_KEY', make.of(25)],
    ['KAGGLE_KEY', hex32],
    ['DD_API_KEY', hex32],
    ['PINECONE_API_KEY', make.uuid()],
    ['SECRET_KEY_BASE', make.hex(128)],
    ['DJANGO_SECRET_KEY', '!z9$kq(x3v@1'],
    ['AZURE_CLIENT_SECRET', make.of(34, `${alphabet.url}~`)],
    ['AZURE_STORAGE_KEY', `${make.of(86, alphabet.base64)}==`],
    ['CI_JOB_TOKEN', random],
    ['ACTIONS_RUNTIME_TOKEN', jwt],
    ['SMTP_PASS', 'correcthorse'],
    ['ENCRYPTION_KEY', make.base64(32)],
    ['APP_KEY', `base64:${make.base64(32)}`],
    ['SSH_PRIVATE_KEY', pem],
    ['MNEMONIC', 'legal winner thank year wave sausage worth useful legal winner thank yellow'],
    ['clientSecret', random],
    ['spring.datasource.password', weak],
    ['API_KEY_PROD', random],
    ['HASH_SALT', make.base64(18)],
    ['CODECOV_TOKEN', make.uuid()],
    ['npm_config__authToken', random],
  ];
  const named: SecretCase[] = variables.map(([name, value]) => ({
    name: `variable ${name}`,
    env: { [name]: value },
    secrets: [value],
    stays: [name],
  }));
  const urls: SecretCase[] = [
    {
      name: 'postgres address',
      env: { DATABASE_URL: `postgres://ada:${weak}@db.internal:5432/runs?sslmode=require` },
      secrets: [weak],
      stays: ['postgres://ada:', '@db.internal:5432/runs?sslmode=require'],
    },
    { name: 'redis address', text: `REDIS_URL=redis://:${random}@cache:6379/0`, secrets: [random] },
    {
      name: 'mongo address',
      text: `connecting to mongodb+srv://app:${random}@c0.ab1cd.mongodb.net/`,
      secrets: [random],
    },
    { name: 'amqp address', text: `broker: amqp://guest:${weak}@rabbit:5672//`, secrets: [weak] },
    {
      name: 'git remote with token',
      text: `https://oauth2:${random}@gitlab.example.com/a/b.git`,
      secrets: [random],
      stays: ['gitlab.example.com/a/b.git'],
    },
    {
      name: 'git remote with token as user',
      text: `origin https://${hex40}@github.com/a/b.git (fetch)`,
      secrets: [hex40],
    },
    {
      name: 'sentry dsn',
      env: { SENTRY_DSN: `https://${hex32}@o42.ingest.sentry.io/7` },
      secrets: [hex32],
    },
    {
      name: 'password with slash',
      text: `mysql://root:p/${random}@10.0.0.2/db`,
      secrets: [random],
    },
    { name: 'password with at', text: `postgresql://u:p@ss${weak}@h/db`, secrets: [weak] },
    { name: 'proxy', env: { HTTPS_PROXY: `http://ada:${weak}@proxy:3128` }, secrets: [weak] },
    {
      name: 'query token',
      text: `GET /v1/items?limit=5&token=${random}&page=2 200`,
      secrets: [random],
      stays: ['limit=5', 'page=2'],
    },
    {
      name: 'azure sas',
      text: `https://acct.blob.core.windows.net/c/f?sv=2022-11-02&sig=${encodeURIComponent(make.base64(32))}&se=2026`,
      secrets: ['%3D'],
    },
    {
      name: 's3 presigned',
      text: `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${signature}`,
      secrets: [signature],
    },
    {
      name: 'api key in query',
      text: `curl "https://api.example.com/v1?api_key=${hex32}"`,
      secrets: [hex32],
    },
  ];
  const args: SecretCase[] = [
    {
      name: '--api-key x',
      args: ['train.js', '--api-key', 'abc123', '--lr', '0.1'],
      secrets: ['abc123'],
      stays: ['--lr', '0.1'],
    },
    { name: '--password=x', args: [`--password=${weak}`], secrets: [weak], stays: ['--password='] },
    { name: '--hf_token x', args: ['--hf_token', random], secrets: [random] },
    {
      name: 'mysql -px',
      args: ['mysql', '-uroot', `-p${weak}`, 'db'],
      secrets: [weak],
      stays: ['-uroot', 'db'],
    },
    { name: 'sshpass', args: ['sshpass', '-p', weak, 'ssh', 'host'], secrets: [weak] },
    {
      name: 'docker login',
      args: ['docker', 'login', '-u', 'ada', '-p', weak],
      secrets: [weak],
      stays: ['ada'],
    },
    {
      name: 'curl -u',
      args: ['curl', '-u', `ada:${weak}`, 'https://h'],
      secrets: [weak],
      stays: ['ada:'],
    },
    { name: 'header', args: ['curl', '-H', `Authorization: Bearer ${random}`], secrets: [random] },
    { name: 'assignment', args: ['env', `WANDB_API_KEY=${hex40}`, 'node'], secrets: [hex40] },
    { name: 'hydra override', args: [`+db.password=${weak}`], secrets: [weak] },
    { name: 'java property', args: [`-Ddb.password=${weak}`], secrets: [weak] },
    {
      name: 'shell string',
      args: ['bash', '-c', `API_TOKEN=${random} node run.js --secret ${weak}9 --x 1`],
      secrets: [random, `${weak}9`],
    },
    { name: 'camel flag', args: ['--apiKey', random], secrets: [random] },
  ];
  const texts: [string, string, string[]][] = [
    ['dotenv line in a diff', `+DB_PASSWORD=${weak}\n-OLD_SECRET=${random}\n`, [weak, random]],
    ['dotenv with symbols', 'ADMIN_PASSWORD=p@ss;w0rd&x', ['p@ss', 'w0rd']],
    ['dotenv quoted', `export SECRET_TOKEN="${random}"`, [random]],
    ['json field', `{"user":"ada","password":"${weak}","n":1}`, [weak]],
    ['json field spaced', `  "clientSecret": "${random}",`, [random]],
    ['json in a string', `"{\\"api_key\\":\\"${random}\\"}"`, [random]],
    ['yaml field', `database:\n  password: ${weak}\n  port: 1\n`, [weak]],
    ['yaml word', 'db:\n  password: correcthorse\n', ['correcthorse']],
    ['yaml list of variables', `- name: DB_PASSWORD\n  value: ${weak}\n`, [weak]],
    ['json list of variables', `{"name":"API_TOKEN","value":"${random}"}`, [random]],
    ['toml', `api_key = "${random}"`, [random]],
    ['ini', `[db]\npassword = ${weak}\nhost = x`, [weak]],
    ['python', `client = Client(api_key="${random}", timeout=5)`, [random]],
    ['python typed', `password: str = "${weak}"`, [weak]],
    ['javascript', `const token = '${random}';`, [random]],
    ['ruby', `config.secret_key = "${random}"`, [random]],
    ['go', `password := "${weak}"`, [weak]],
    ['php', `'password' => '${weak}',`, [weak]],
    ['xml', `<server><password>${weak}</password></server>`, [weak]],
    ['npmrc', `//registry.npmjs.org/:_authToken=${random}`, [random]],
    [
      'npmrc auth',
      `_auth=${Buffer.from(`ada:${weak}`).toString('base64')}`,
      [Buffer.from(`ada:${weak}`).toString('base64')],
    ],
    ['netrc', `machine api.wandb.ai login user password ${hex40}`, [hex40]],
    ['netrc lines', `machine h\n  login ada\n  password ${weak}\n`, [weak]],
    ['header line', `> Authorization: Bearer ${random}`, [random]],
    ['header token', `Authorization: token ${hex40}`, [hex40]],
    [
      'header basic',
      `Authorization: Basic ${Buffer.from(`ada:${weak}`).toString('base64')}`,
      [Buffer.from(`ada:${weak}`).toString('base64')],
    ],
    ['header key', `X-Api-Key: ${random}`, [random]],
    ['header object', `headers: { Authorization: \`Bearer ${random}\` }`, [random]],
    ['cookie', `Cookie: session=${random}; theme=dark`, [random]],
    ['set-cookie', `Set-Cookie: sid=${hex32}; Path=/; HttpOnly`, [hex32]],
    ['pem', pem, pemBody],
    [
      'pem in a diff',
      pem
        .split('\n')
        .map((line) => `+${line}`)
        .join('\n'),
      pemBody,
    ],
    ['pem escaped', `"private_key": "${pem.replaceAll('\n', '\\n')}\\n"`, pemBody],
    ['pem cut off', pem.split('\n').slice(0, 5).join('\n'), pemBody.slice(0, 4)],
    ['openssh', make.pem('OPENSSH PRIVATE KEY'), []],
    ['pgp', make.pem('PGP PRIVATE KEY BLOCK'), []],
    ['sql', `CREATE USER ada WITH PASSWORD '${weak}';`, [weak]],
    [
      'ado connection string',
      `Server=tcp:h,1433;User ID=ada;Password=${weak};Encrypt=True`,
      [weak],
    ],
    [
      'azure connection string',
      `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${sas};EndpointSuffix=x`,
      [sas],
    ],
    ['stackexchange redis', `cache:6380,password=${random},ssl=True`, [random]],
    ['shell flag in text', `$ ./run --password ${weak} --n 3`, [weak]],
    ['dockerfile', `ENV API_KEY ${random}`, [random]],
    ['log line', `2026-01-01 INFO using api_key=${random} for user=3`, [random]],
    ['url encoded', `next=https%3A%2F%2Fh%2Fcb%3Faccess_token%3D${random}`, [random]],
    ['coloured token', `\x1b[32m${make.withChecksum('ghp_', 36)}\x1b[0m`, []],
    ['curl in text', `curl -s -u ada:${weak} https://h/x`, [weak]],
  ];
  return [
    ...named,
    ...urls,
    ...args,
    ...texts.map(([name, text, secrets]) => ({
      name,
      text,
      secrets: secrets.length > 0 ? secrets : (text.match(/[\w+/]{24,}/g) ?? []),
    })),
  ];
}
