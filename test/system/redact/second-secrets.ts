// Secrets in the places where they are found, second part: written after the rules, to see what they
// are worth on what they were not made for.

import type { SecretCase } from './first-secrets.ts';
import { alphabet, type SecretMaker } from './made-secrets.ts';

export const secondSecrets = (make: SecretMaker): SecretCase[] => [
  ...ofVariables(make),
  ...ofArguments(make),
  ...ofTexts(make),
];

function ofVariables(make: SecretMaker): SecretCase[] {
  const values: [string, string][] = [
    ['MISTRAL_API_KEY', make.of(32)],
    ['TOGETHER_API_KEY', make.hex(64)],
    ['DEEPSEEK_APIKEY', make.of(20)],
    ['AZURE_OPENAI_KEY', make.hex(32)],
    ['CLOUDFLARE_API_TOKEN', make.of(40, alphabet.url)],
    ['LABEL_STUDIO_API_KEY', make.hex(40)],
    ['MLFLOW_TRACKING_PASSWORD', 'mlflow!'],
    ['MINIO_ROOT_PASSWORD', 'minioadmin'],
    ['AWS_SESSION_TOKEN', make.of(220, alphabet.base64)],
    ['B2_APPLICATION_KEY', `K005${make.of(27, alphabet.base64)}`],
    ['RABBITMQ_DEFAULT_PASS', 'guest'],
    ['ELASTIC_PASSWORD', 'changeme'],
    ['JWT_SECRET', 'my-super-secret'],
    ['SESSION_SECRET', 'keyboard cat'],
    ['NEXTAUTH_SECRET', make.base64(32)],
    ['STRIPE_KEY', make.of(32)],
    ['VAULT_SECRET_ID', make.uuid()],
    ['SNOWFLAKE_PRIVATE_KEY_PASSPHRASE', 'open sesame'],
    ['CI_REGISTRY_PASSWORD', make.of(20)],
    ['GITLAB_ACCESS_TOKEN', make.of(20)],
    ['ROBOFLOW_API_KEY', make.of(20)],
    ['RUNPOD_API_KEY', make.of(40)],
    ['VAST_API_KEY', make.hex(64)],
    ['LAMBDA_CLOUD_KEY', make.of(40)],
    ['CLEARML_API_SECRET_KEY', make.of(50)],
    ['ARGILLA_APIKEY', 'argilla.apikey9'],
    ['LANGFUSE_SECRET_KEY', `sk-lf-${make.uuid()}`],
    ['OP_CONNECT_TOKEN', make.jwt()],
    ['TF_VAR_db_password', 'Pa55w0rd'],
    ['SA_PASSWORD', 'Str0ng!Passw0rd'],
    ['REDISCLI_AUTH', make.of(16)],
    ['SQLALCHEMY_DATABASE_URI', 'mysql+pymysql://root:toor@db/x'],
    ['CELERY_BROKER_URL', 'amqp://celery:s3kr1t@mq:5672/v'],
    [
      'DISCORD_WEBHOOK_URL',
      `https://discord.com/api/webhooks/${make.of(18, alphabet.digits)}/${make.of(68, alphabet.url)}`,
    ],
  ];
  const secretOf = (value: string): string => /:\/\/\w+:(\w+)@/.exec(value)?.[1] ?? value;
  return values.map(([name, value]) => ({
    name: `variable ${name}`,
    env: { [name]: value },
    secrets: [secretOf(value)],
  }));
}

function ofArguments(make: SecretMaker): SecretCase[] {
  const random = make.of(28);
  const values: [string, string[], string][] = [
    ['--wandb-key', ['--wandb-key', make.hex(40)], ''],
    ['--token=x', ['python', 'train.py', `--token=${random}`], random],
    ['--hub_token', ['--push_to_hub', '--hub_token', random, '--lr', '1e-4'], random],
    ['--auth-token', ['ngrok', '--authtoken', random], random],
    ['--client-secret', ['az', 'login', '--client-secret', 'short1'], 'short1'],
    ['-p of redis', ['redis-cli', '-h', 'cache', '-a', 'letmein'], 'letmein'],
    ['--db-url', ['--db-url', 'postgresql://ml:tr41n@pg/metrics'], 'tr41n'],
    ['--header=', ['--header=X-Auth-Token: hush-hush-9'], 'hush-hush-9'],
    ['json argument', ['--config', '{"db":{"password":"tr0ub4dor"}}'], 'tr0ub4dor'],
    ['node -e', ['node', '-e', `fetch(u,{headers:{"x-api-key":"${random}"}})`], random],
    ['sqlcmd', ['sqlcmd', '-S', 'h', '-U', 'sa', '-P', 'Y0urPwd'], 'Y0urPwd'],
    [
      '--passphrase',
      ['gpg', '--batch', '--passphrase', 'open sesame', '-d', 'x.gpg'],
      'open sesame',
    ],
  ];
  return values.map(([name, args, secret]) => ({
    name,
    args,
    secrets: [secret === '' ? (args.at(-1) ?? '') : secret],
  }));
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one list.
function ofTexts(make: SecretMaker): SecretCase[] {
  const random = make.of(30);
  const hex = make.hex(32);
  const aws = make.of(40, alphabet.base64);
  const pem = make.pem('EC PRIVATE KEY', 3);
  const indented = pem.split('\n').map((line) => `  ${line}`);
  const values: [string, string, string][] = [
    ['terraform', `  password = "${random}"\n`, random],
    ['helm values', `redis:\n  auth:\n    password: "s3cr3t"\n`, 's3cr3t'],
    ['compose list', `    environment:\n      - POSTGRES_PASSWORD=example9\n`, 'example9'],
    ['compose map', `    environment:\n      MYSQL_ROOT_PASSWORD: rootpw1\n`, 'rootpw1'],
    ['kubernetes secret', `stringData:\n  api-key: ${random}\n`, random],
    ['java properties', 'spring.mail.password=mailpw1', 'mailpw1'],
    ['java call', `builder.setPassword("${random}")`, random],
    ['csharp', `var apiKey = @"${random}";`, random],
    ['rust', `let api_key = "${random}".to_string();`, random],
    ['kotlin', `val clientSecret: String = "${random}"`, random],
    ['powershell', `$env:API_KEY = "${random}"`, random],
    ['batch', `set SECRET_KEY=${random}`, random],
    ['fish', `set -x OPENAI_API_KEY ${random}`, random],
    ['makefile', `TOKEN := ${random}`, random],
    ['r', `Sys.setenv(GITHUB_PAT = "${hex}")`, hex],
    ['python dict', `{'api_key': '${random}', 'n': 1}`, random],
    ['python subscript', `os.environ["WANDB_API_KEY"] = "${hex}"`, hex],
    ['python login', `wandb.login(key="${make.of(20)}${hex}")`, hex],
    ['dict call', `dict(auth_token='${random}')`, random],
    ['js object', `{ apiKey: "${random}" }`, random],
    ['js template', `\`\${host}?apikey=${random}\``, random],
    ['http log', `"GET /cb?code=1&access_token=${random} HTTP/1.1" 302`, random],
    ['websocket', `wss://h/stream?auth=${random}`, random],
    ['logged header', `{'Authorization': 'Bearer ${random}', 'Accept': '*/*'}`, random],
    [
      'request dump',
      `authorization: Basic ${Buffer.from(`u:${random}`).toString('base64')}`,
      Buffer.from(`u:${random}`).toString('base64'),
    ],
    [
      'proxy header',
      `Proxy-Authorization: Basic ${Buffer.from('ada:pw').toString('base64')}`,
      Buffer.from('ada:pw').toString('base64'),
    ],
    ['gitlab header', `curl --header "PRIVATE-TOKEN: ${make.of(20)}${hex}" https://h`, hex],
    ['jdbc', `jdbc:mysql://h/db?user=root&password=jdbcpw1`, 'jdbcpw1'],
    ['odbc', `Driver={ODBC};Server=h;Uid=sa;Pwd=odbcpw1;`, 'odbcpw1'],
    ['libpq', `host=h user=u password=libpq1 dbname=d`, 'libpq1'],
    [
      'git error',
      `fatal: Authentication failed for 'https://ada:${random}@github.com/a/b.git/'`,
      random,
    ],
    ['pip index', `--extra-index-url https://__token__:${random}@pypi.example.com/simple`, random],
    ['clone', `Cloning into https://x-access-token:${random}@github.com/a/b`, random],
    ['commit message', `fix: rotate leaked key, was api_key=${random}`, random],
    ['printed', `Using token: ${random}`, random],
    ['printed password', 'Generated password: Xk9!mQ2z', 'Xk9!mQ2z'],
    ['error with dump', `ValueError: bad config {"secret_key": "${random}"}`, random],
    ['mongo shell', `mongosh "mongodb://root:${random}@h:27017/admin"`, random],
    ['ftp', 'ftp://anon:ftp-pw1@files/x', 'ftp-pw1'],
    [
      'docker auth',
      `{"auths":{"ghcr.io":{"auth":"${Buffer.from(`ada:${random}`).toString('base64')}"}}}`,
      Buffer.from(`ada:${random}`).toString('base64'),
    ],
    ['kubeconfig', `    token: ${make.jwt()}`, 'eyJ'],
    ['pem in yaml', `key: |\n${indented.join('\n')}`, indented[2] ?? ''],
    ['terminal prompt', `$ export AWS_SECRET_ACCESS_KEY=${aws}`, aws],
    ['aws configure', `aws configure set aws_secret_access_key ${aws}`, aws],
    ['sql of MySQL', "CREATE USER 'a'@'%' IDENTIFIED BY 'pw12'", 'pw12'],
    ['login of wandb', `$ wandb login ${hex}a1b2c3d4`, hex],
    ['escaped json', `"config": "{\\"password\\": \\"esc4ped\\"}"`, 'esc4ped'],
    ['xml attribute', `<db user="sa" password="xmlpw1"/>`, 'xmlpw1'],
    ['config key and value', `<add key="ApiKey" value="${random}" />`, random],
    [
      'slack in code',
      `slack = "https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/${make.of(24)}"`,
      'B0AB12CD3',
    ],
    ['long line', `${'x'.repeat(5000)} password="${random}"`, random],
  ];
  return values.map(([name, text, secret]) => ({ name, text, secrets: [secret] }));
}
