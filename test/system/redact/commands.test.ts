// Secrets on command lines: what a flag, a command or a name says of the next word, as words of a
// program and as a line of a script.

import { expect, it } from 'vitest';
import { createRedactor } from '../../../src/system/redact/redactor.ts';

const secret = 'Zk9vY2x1Y2tUaGlzSXN7';

const wordsOf = (args: readonly string[]): string => createRedactor().arguments(args).join(' ');

it.each([
  // A value may hold what separates a name from a value, and begin like a flag.
  ['tool', '--api-key', `${secret}==`],
  ['tool', '--api-key', 'Zk9vY2x1Y2tUaGlzSXNBU2VjcmV0S2V5MTIzNDU2Nzg5MA=='],
  ['tool', '--password', `a=${secret}`],
  ['tool', '--token', `${secret}=`],
  ['tool', '--cookie', `sid=${secret}`],
  ['tool', '--api-key', `-${secret}`],
  ['docker', 'login', '-u', 'ada', `-p${secret}`],
  ['curl', `-uada:${secret}`, 'https://h'],
  ['vault', 'login', secret],
  ['wandb', 'login', secret],
  ['wandb', 'login', '--relogin', secret],
  ['cargo', 'login', secret],
  ['twine', 'upload', '-u', '__token__', '-p', secret],
  ['ssh-keygen', '-t', 'rsa', '-N', secret],
  ['keytool', '-list', '-storepass', secret],
  ['openssl', 'enc', '-aes-256-cbc', '-k', secret],
  ['aws', 'configure', 'set', 'aws_secret_access_key', secret],
  ['npm', 'config', 'set', '//registry/:_authToken', secret],
  ['nmcli', 'wifi', 'connect', 'home', 'password', secret],
])('takes the secret of %s %s %s', (...args) => {
  const words = wordsOf(args.filter((each) => each !== undefined));
  expect(words).not.toContain('Zk9v');
  expect(words).toContain('[redacted]');
});

it.each([
  [`mysql -u root -p${secret} db`, 'mysql -u root -p[redacted] db'],
  [`sshpass -p ${secret} ssh h`, 'sshpass -p [redacted] ssh h'],
  [`sshpass -p '${secret}' ssh h`, "sshpass -p '[redacted]' ssh h"],
  [`cd /x && docker login -u ada -p ${secret} r`, 'cd /x && docker login -u ada -p [redacted] r'],
  [`redis-cli -h h -a ${secret} ping`, 'redis-cli -h h -a [redacted] ping'],
  [`az login -u ada -p ${secret}`, 'az login -u ada -p [redacted]'],
  [`+  mysqldump -p${secret} db > x`, '+  mysqldump -p[redacted] db > x'],
  [`{"run": "sshpass -p ${secret}"}`, '{"run": "sshpass -p [redacted]"}'],
  [`a\n/usr/bin/mongosh -p ${secret}\nb`, 'a\n/usr/bin/mongosh -p [redacted]\nb'],
  [`jdbc:oracle:thin:ada/${secret}@h:1521:x`, 'jdbc:oracle:thin:ada/[redacted]@h:1521:x'],
])('takes the secret of the line %s', (line, expected) => {
  expect(createRedactor().text(line)).toBe(expected);
  expect(wordsOf(['sh', '-c', line])).toBe(`sh -c ${expected}`);
});

it.each([
  ['LDAP_BIND_PW', 'S3cretPw'],
  ['DB_PW', 'hunter22'],
  ['DBPASS', 'hunter22'],
  ['ROOTPW', 'hunter22'],
  ['KEYSTOREPASS', 'changeit'],
  ['SEGMENT_WRITEKEY', 'ed53cd50c525253e02beada3391bee21'],
])('takes the value of %s', (name, value) => {
  expect(createRedactor().environment({ [name]: value })).toEqual({ [name]: '[redacted]' });
});

it.each([
  ['mysql', '-u', 'root', '-P', '3306'],
  ['docker', 'run', '-p', '8080:80', 'mysql', '-v'],
  ['docker', 'build', '--secret', 'id=npm,src=.npmrc', '.'],
  ['ssh', '-p', '2222', 'h'],
  ['mkdir', '-p', 'mysql/data'],
  ['vault', 'login', '-method=github'],
  ['tool', '--password', '--verbose'],
  ['tool', 'token', 'list'],
  ['tool', '--laser_pw', '5'],
  ['openssl', 'x509', '-in', 'file.pem'],
])('leaves %s %s %s', (...args) => {
  const words = args.filter((each) => each !== undefined);
  expect(createRedactor().arguments(words)).toEqual(words);
});

it.each([
  'mysql -h db.example.com -P 3306 --verbose',
  'mkdir -p mysql && cd mysql',
  'The mysql client reads -p from the terminal.',
  'docker run -p 8080:80 nginx',
  'docker login; mkdir -p out/Zk9vY2x1Y2tUaGlzSXN7',
  'PWM_BYPASS=compass LASER_PW=5 hotkey=Ctrl+K',
  'jdbc:oracle:thin:@h:1521:x',
])('leaves the line %s', (line) => {
  expect(createRedactor().text(line)).toBe(line);
});

it('takes no secret for the name of the word behind it', () => {
  const redactor = createRedactor();
  // What a webhook ends with may be a name of passwords.
  const webhook = 'hooks.zapier.com/hooks/catch/6813434/Zk9v7pw';
  const words = [`secret_${secret}`, `SECRET-KEY-${secret}`, secret, webhook, secret];
  redactor.arguments(words);
  expect(JSON.stringify(redactor.counts)).not.toContain('Zk9v');
});
