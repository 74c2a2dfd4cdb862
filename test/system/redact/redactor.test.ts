// What holds for every text: what is redacted stays redacted, a token is found wherever it stands,
// other text comes back as it was, and no text takes long. Options and counts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/system/redact/redactor.ts';
import { seeded } from '../../support/random.ts';
import { firstSecrets } from './first-secrets.ts';
import { madeTokens, SecretMaker } from './made-secrets.ts';
import { secondSecrets } from './second-secrets.ts';

const chance = seeded('redactor');
const make = new SecretMaker(chance);
const tokens = madeTokens(make);
const cases = [...firstSecrets(make), ...secondSecrets(make)];
const property = { seed: chance.seed | 0, numRuns: 300 };

describe('any text', () => {
  const pieces = fc.oneof(
    fc.string({ maxLength: 24 }),
    fc.constantFrom(...tokens.map(([, token]) => token)),
    fc.constantFrom(...cases.map(({ text = '' }) => text)),
    fc.constantFrom(
      '\n',
      ' ',
      '"',
      "'",
      '=',
      ':',
      '://',
      '@',
      '&',
      '[redacted]',
      'password',
      'API_KEY=',
      '\\"',
      '--token ',
      'key: ',
    ),
  );

  it('that is redacted stays as it is', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const once = createRedactor().text(parts.join(''));
        expect(createRedactor().text(once)).toBe(once);
      }),
      property,
    );
  });

  it('without a trigger comes back as the same string', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'xyzXYZ 0123,()!\n'), maxLength: 200 });
    fc.assert(
      fc.property(plain, (text) => {
        const redactor = createRedactor();
        expect(redactor.text(text)).toBe(text);
        expect(redactor.counts).toEqual({});
      }),
      property,
    );
  });

  it('gives no token away that stands in it', () => {
    const around: readonly ((token: string, a: string, b: string) => string)[] = [
      (token, a, b) => `${a} ${token} ${b}`,
      (token, a, b) => JSON.stringify({ [a]: token, b }),
      (token, a) => JSON.stringify({ log: `${a}\n${token}\n` }),
      (token, a) => `https://h.example/x?${encodeURIComponent(a)}=1&q=${token}`,
      (token) => `$ ./run.sh '${token}' && echo done`,
      (token, a) => `+const value = "${token}"; // ${a.replaceAll('\n', ' ')}`,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...tokens),
        fc.constantFrom(...around),
        fc.string(),
        fc.string(),
        ([rule, token], place, a, b) => {
          const output = createRedactor().text(place(token, a, b));
          expect(output.includes(token), `${rule}: ${output}`).toBe(false);
        },
      ),
      { ...property, numRuns: 1500 },
    );
  });
});

describe('a long text of what sets a search off', () => {
  const beginnings = [
    'key',
    'key=',
    'token=',
    'password="',
    'password: ',
    'eyJaaaaaaaaa-',
    'a://b:',
    'a://b@',
    '-----BEGIN RSA PRIVATE KEY-----',
    'sk-',
    'Authorization: ',
    'cookie:',
    'bearer ',
    'curl -u a:',
    'MTA',
    '.atlasv1.',
    'PASSWORD=${'.slice(0, 10),
    'name: TOKEN\n',
    '"password":"',
    'login a password ',
    '\\"token\\',
    'LS0tLS1CRUdJTi',
  ];

  const secondsOf = (beginning: string, size: number): number => {
    const text = beginning.repeat(Math.ceil(size / beginning.length));
    const begun = process.cpuUsage();
    createRedactor().text(text);
    const used = process.cpuUsage(begun);
    return (used.user + used.system) / 1e6;
  };

  // Sixteen times the text: linear work takes 16 times as long, quadratic work 256 times.
  it.for(beginnings)('%j is gone through in linear time', (beginning) => {
    secondsOf(beginning, 2 ** 12);
    const small = secondsOf(beginning, 2 ** 14);
    expect(secondsOf(beginning, 2 ** 18)).toBeLessThan(64 * small + 0.5);
  });

  it('is gone through to its end', () => {
    const token = make.withChecksum('ghp_', 36);
    const output = createRedactor().text(`${'password="key=\n'.repeat(2 ** 16)}${token}`);
    expect(output.includes(token)).toBe(false);
  });
});

describe('options', () => {
  it('allow names in any case, and patterns of names and values', () => {
    const redactor = createRedactor({ allow: ['db_password', /^PUBLIC_/, /^test-/] });
    const env = { DB_PASSWORD: 'hunter2', PUBLIC_TOKEN: 'abc123def456', API_KEY: 'test-123' };
    expect(redactor.environment(env)).toEqual(env);
    expect(redactor.text('DB_PASSWORD=hunter2')).toBe('DB_PASSWORD=hunter2');
    expect(redactor.counts).toEqual({});
  });

  it('allow a rule by its name', () => {
    const jwt = make.jwt();
    expect(createRedactor({ allow: ['jwt'] }).text(jwt)).toBe(jwt);
    expect(createRedactor().text(jwt)).toBe('[redacted]');
  });

  it('deny names in any case, and patterns of names, everywhere', () => {
    const redactor = createRedactor({ deny: ['Cluster', /^INTERNAL_/] });
    expect(redactor.environment({ CLUSTER: 'alps', INTERNAL_HOST: 'h', HOME: '/h' })).toEqual({
      CLUSTER: '[redacted]',
      INTERNAL_HOST: '[redacted]',
      HOME: '/h',
    });
    expect(redactor.text('cluster=alps5 INTERNAL_PORT=81')).toBe(
      'cluster=[redacted] INTERNAL_PORT=[redacted]',
    );
    expect(redactor.arguments(['--cluster', 'alps'])).toEqual(['--cluster', '[redacted]']);
  });

  it('rules of the program take what they match, also with g and y', () => {
    const redactor = createRedactor({ rules: [{ name: 'badge', pattern: /ACME-\d{4}/gy }] });
    expect(redactor.text('a ACME-1234 b ACME-5678')).toBe('a [redacted] b [redacted]');
    expect(redactor.environment({ BADGE: 'ACME-1234' })).toEqual({ BADGE: '[redacted]' });
    expect(redactor.counts).toEqual({ badge: 2, BADGE: 1 });
  });
});

describe('a value that was taken for its name', () => {
  it('is taken from every later text, also encoded', () => {
    const redactor = createRedactor();
    const value = 'Tr0ub4dor&3/x';
    redactor.environment({ DB_PASSWORD: value });
    for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')])
      expect(redactor.text(`printed ${form}, as it was`)).toBe('printed [redacted], as it was');
    expect(redactor.counts).toEqual({ DB_PASSWORD: 4 });
  });

  it('stays in text when it is a word that any text may hold', () => {
    const redactor = createRedactor();
    redactor.environment({ POSTGRES_PASSWORD: 'postgres', PIN_PASSWORD: '12345678' });
    expect(redactor.text('postgres is up, 12345678 rows')).toBe('postgres is up, 12345678 rows');
  });
});

it('counts by the name of the variable, flag, field or rule', () => {
  const redactor = createRedactor();
  redactor.environment({
    DB_PASSWORD: 'hunter2',
    URL: 'redis://:s3cr3t@h/0',
    HOME: '/home/ada',
    GONE: undefined,
  });
  redactor.arguments(['--api-key', 'abc', 'mysql', '-pabc']);
  redactor.text(`secret: "${make.of(24)}"\n${make.withChecksum('ghp_', 36)}`);
  expect(redactor.counts).toEqual({
    DB_PASSWORD: 1,
    URL: 1,
    '--api-key': 1,
    '-p': 1,
    secret: 1,
    'github-token': 1,
  });
});

it('counts names of texts to a limit, and none that may be part of a secret', () => {
  const redactor = createRedactor();
  for (let index = 0; index < 1100; index++)
    redactor.text(
      `f${'abcdefghij'.charAt(index % 10).repeat(1 + Math.floor(index / 10))}_password=hunter2`,
    );
  expect(Object.keys(redactor.counts).length).toBeLessThanOrEqual(1001);
  const other = createRedactor();
  other.text(`${make.of(30)}_password=hunter2`);
  expect(other.counts).toEqual({ 'named-value': 1 });
});
