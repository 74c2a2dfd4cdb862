// Secrets as their issuers shape them, made when a test runs: no file of this repository holds what a
// scanner of a code host would take for one.

import crypto from 'node:crypto';
import type { Seeded } from '../../support/random.ts';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
export const alphabet = {
  alnum: upper + lower + digits,
  url: `${upper}${lower}${digits}-_`,
  base64: `${upper}${lower}${digits}+/`,
  upperDigits: upper + digits,
  lowerDigits: lower + digits,
  hex: '0123456789abcdef',
  digits,
} as const;

export class SecretMaker {
  readonly #seeded: Seeded;

  constructor(chance: Seeded) {
    this.#seeded = chance;
  }

  /** A body has letters and digits, as nearly every drawn one has. */
  of(size: number, from: string = alphabet.alnum): string {
    const body = Array.from({ length: size }, () => from.charAt(this.#seeded.integer(from.length)));
    const pin = (index: number, letter: string): void => {
      if (size >= 8 && from.includes(letter)) body[index] = letter;
    };
    pin(2, '7');
    pin(5, 'c');
    pin(6, 'q');
    pin(7, 'K');
    return body.join('');
  }

  hex(size: number): string {
    return this.of(size, alphabet.hex);
  }

  uuid(): string {
    return [8, 4, 4, 4, 12].map((size) => this.hex(size)).join('-');
  }

  base64(bytes: number): string {
    return Buffer.from(this.#seeded.bytes(bytes)).toString('base64');
  }

  /** With the checksum of CRC32 in base 62 that GitHub and npm append. */
  withChecksum(prefix: string, size: number): string {
    const body = this.of(size - 6);
    let sum = crc32(body);
    let text = '';
    for (let index = 0; index < 6; index++) {
      text = (digits + upper + lower).charAt(sum % 62) + text;
      sum = Math.floor(sum / 62);
    }
    return prefix + body + text;
  }

  jwt(): string {
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: this.of(8), iat: 1_700_000_000 })}`;
    return `${head}.${crypto.createHmac('sha256', this.of(16)).update(head).digest('base64url')}`;
  }

  pem(label = 'RSA PRIVATE KEY', lines = 8): string {
    const body = Array.from({ length: lines }, () => this.of(64, alphabet.base64));
    return [`-----BEGIN ${label}-----`, ...body, `-----END ${label}-----`].join('\n');
  }
}

function crc32(text: string): number {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** One token of each listed shape, by the name of its rule. */
export const madeTokens = (make: SecretMaker): Token[] => [
  ...ofClouds(make),
  ...ofModels(make),
  ...ofCode(make),
  ...ofServices(make),
  ...ofInfrastructure(make),
];

type Token = [rule: string, token: string];

const { url, hex, digits: numbers, upperDigits, lowerDigits } = alphabet;
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function ofClouds(make: SecretMaker): Token[] {
  const of = make.of.bind(make);
  return [
    ['aws-access-key-id', `AKIA${of(16, base32)}`],
    ['aws-access-key-id', `ASIA${of(16, base32)}`],
    ['aws-bedrock-key', `ABSK${of(128, alphabet.base64)}`],
    ['aws-session-token', `IQoJb3JpZ2lu${of(300, alphabet.base64)}`],
    ['aws-mws-key', `amzn.mws.${make.uuid()}`],
    ['google-api-key', `AIza${of(35, url)}`],
    ['google-oauth-secret', `GOCSPX-${of(28, url)}`],
    ['google-access-token', `ya29.${of(120, url)}`],
    ['google-refresh-token', `1//0${of(60, url)}`],
    ['azure-client-secret', `${of(3)}8Q~${of(34, url)}`],
    ['azure-devops-token', `${of(76)}AZDO${of(4)}`],
    ['azure-ai-key', `${of(52)}JQQJ99${of(26)}`],
    ['alibaba-access-key', `LTAI${of(20)}`],
    ['tencent-secret-id', `AKID${of(32)}`],
    ['digitalocean-token', `dop_v1_${of(64, hex)}`],
    ['cloudflare-ca-key', `v1.0-${of(24, hex)}-${of(146, hex)}`],
    ['heroku-key', `HRKU-${make.uuid()}`],
    ['fly-token', `fm2_${of(120, alphabet.base64)}`],
    ['netlify-token', `nfp_${of(36)}`],
    ['supabase-key', `sbp_${of(40, hex)}`],
    ['planetscale-token', `pscale_tkn_${of(43, url)}`],
    ['neon-key', `napi_${of(64, lowerDigits)}`],
    ['render-key', `rnd_${of(32)}`],
    ['vercel-token', `vcp_${of(48)}`],
  ];
}

function ofModels(make: SecretMaker): Token[] {
  const of = make.of.bind(make);
  return [
    ['anthropic-key', `sk-ant-api03-${of(93, url)}AA`],
    ['openai-key', `sk-${of(20)}T3BlbkFJ${of(20)}`],
    ['openai-key', `sk-proj-${of(74, url)}T3BlbkFJ${of(74, url)}`],
    ['openai-key', `sk-or-v1-${of(64, hex)}`],
    ['huggingface-token', `hf_${of(34)}`],
    ['huggingface-org-token', `api_org_${of(34)}`],
    ['replicate-token', `r8_${of(37)}`],
    ['groq-key', `gsk_${of(52)}`],
    ['xai-key', `xai-${of(80)}`],
    ['perplexity-key', `pplx-${of(48)}`],
    ['nvidia-key', `nvapi-${of(64, url)}`],
    ['pinecone-key', `pcsk_${of(6)}_${of(62)}`],
    ['wandb-key', `wandb_v1_${of(77)}`],
    ['langsmith-key', `lsv2_pt_${of(32, hex)}_${of(10, hex)}`],
    ['together-key', `tgp_v1_${of(43, url)}`],
    ['fireworks-key', `fw_${of(24)}`],
    ['cerebras-key', `csk-${of(48, lowerDigits)}`],
    ['jina-key', `jina_${of(32, hex)}${of(28)}`],
    ['tavily-key', `tvly-dev-${of(32)}`],
    ['voyage-key', `pa-${of(43, alphabet.alnum)}`],
    ['elevenlabs-key', `sk_${of(48, hex)}`],
  ];
}

function ofCode(make: SecretMaker): Token[] {
  const of = make.of.bind(make);
  return [
    ['github-token', make.withChecksum('ghp_', 36)],
    ['github-token', make.withChecksum('gho_', 36)],
    ['github-token', make.withChecksum('ghs_', 36)],
    ['github-token', make.withChecksum('ghu_', 36)],
    ['github-fine-grained-token', `github_pat_${of(22)}_${of(59)}`],
    ['gitlab-token', `glpat-${of(20, url)}`],
    ['gitlab-token', `glcbt-64_${of(20, url)}`],
    ['gitlab-runner-token', `GR1348941${of(20, url)}`],
    ['bitbucket-token', `ATBB${of(32)}`],
    ['atlassian-token', `ATATT3${of(186, url)}`],
    ['npm-token', make.withChecksum('npm_', 36)],
    ['pypi-token', `pypi-AgEIcHlwaS5vcmc${of(120, url)}`],
    ['rubygems-key', `rubygems_${of(48, hex)}`],
    ['crates-token', `cio${of(32)}`],
    ['nuget-key', `oy2${of(43, lowerDigits)}`],
    ['docker-token', `dckr_pat_${of(27, url)}`],
    ['artifactory-token', `AKCp${of(69)}`],
    ['sonar-token', `squ_${of(40, hex)}`],
    ['circleci-token', `CCIPAT_${of(22)}_${of(40, hex)}`],
    ['buildkite-token', `bkua_${of(40, lowerDigits)}`],
  ];
}

function ofServices(make: SecretMaker): Token[] {
  const of = make.of.bind(make);
  return [
    ['slack-token', `xoxb-${of(12, numbers)}-${of(13, numbers)}-${of(24)}`],
    ['slack-token', `xoxp-${of(11, numbers)}-${of(11, numbers)}-${of(12, numbers)}-${of(32, hex)}`],
    ['slack-app-token', `xapp-1-A${of(10, upperDigits)}-${of(13, numbers)}-${of(64, hex)}`],
    [
      'discord-token',
      `${Buffer.from(of(18, numbers)).toString('base64')}.${of(6, url)}.${of(38, url)}`,
    ],
    ['telegram-token', `${of(9, alphabet.digits)}:AA${of(33, url)}`],
    ['twilio-key', `SK${of(32, hex)}`],
    ['sendgrid-key', `SG.${of(22, url)}.${of(43, url)}`],
    ['mailgun-key', `key-${of(32, hex)}`],
    ['mailchimp-key', `${of(32, hex)}-us14`],
    ['brevo-key', `xkeysib-${of(64, hex)}-${of(16)}`],
    ['resend-key', `re_${of(8)}_${of(24)}`],
    ['stripe-key', `sk_live_${of(24)}`],
    ['stripe-key', `rk_test_${of(99)}`],
    ['stripe-webhook-secret', `whsec_${of(32)}`],
    ['square-token', `sq0atp-${of(22, url)}`],
    ['shopify-token', `shpat_${of(32, hex)}`],
    ['razorpay-key', `rzp_live_${of(14)}`],
    ['facebook-token', `EAAC${of(160)}`],
    ['plaid-token', `access-sandbox-${make.uuid()}`],
    ['sentry-token', `sntryu_${of(64, hex)}`],
    ['newrelic-key', `NRAK-${of(27, upperDigits)}`],
    ['grafana-token', `glsa_${of(32)}_${of(8, hex)}`],
    ['dynatrace-token', `dt0c01.${of(24, upperDigits)}.${of(64, upperDigits)}`],
    ['postman-key', `PMAK-${of(24, hex)}-${of(34, hex)}`],
    ['linear-key', `lin_api_${of(40)}`],
    ['notion-token', `ntn_${of(46)}`],
    ['notion-token', `secret_${of(43)}`],
    ['airtable-token', `pat${of(14)}.${of(64, hex)}`],
    ['figma-token', `figd_${of(40, url)}`],
    ['dropbox-token', `sl.${of(140, url)}`],
    ['hubspot-token', `pat-na1-${make.uuid()}`],
    ['contentful-token', `CFPAT-${of(43, url)}`],
    ['typeform-token', `tfp_${of(44, url)}`],
    ['mapbox-token', `sk.eyJ${of(60)}.${of(22, url)}`],
  ];
}

function ofInfrastructure(make: SecretMaker): Token[] {
  const of = make.of.bind(make);
  return [
    ['databricks-token', `dapi${of(32, hex)}`],
    ['vault-token', `hvs.${of(90, url)}`],
    ['terraform-token', `${of(14)}.atlasv1.${of(67, url)}`],
    ['doppler-token', `dp.pt.${of(43)}`],
    ['pulumi-token', `pul-${of(40, hex)}`],
    ['prefect-key', `pnu_${of(36)}`],
    ['tailscale-key', `tskey-auth-${of(16)}-${of(32)}`],
    ['openshift-token', `sha256~${of(43, url)}`],
    ['1password-token', `ops_eyJ${of(260)}`],
    ['age-key', `AGE-SECRET-KEY-1${of(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}`],
    ['jwt', make.jwt()],
    ['encoded-private-key', Buffer.from(make.pem()).toString('base64')],
    [
      'slack-webhook',
      `hooks.slack.com/services/T${of(9, upperDigits)}/B${of(9, upperDigits)}/${of(24)}`,
    ],
    ['discord-webhook', `discord.com/api/webhooks/${of(18, numbers)}/${of(68, url)}`],
    [
      'teams-webhook',
      `acme.webhook.office.com/webhookb2/${make.uuid()}@${make.uuid()}/IncomingWebhook/${of(32, hex)}/${make.uuid()}`,
    ],
    [
      'google-chat-webhook',
      `chat.googleapis.com/v1/spaces/${of(11)}/messages?key=${of(39, url)}&token=${of(43, url)}`,
    ],
    ['zapier-webhook', `hooks.zapier.com/hooks/catch/${of(7, numbers)}/${of(7, lowerDigits)}`],
    ['ifttt-webhook', `maker.ifttt.com/trigger/done/with/key/${of(22, url)}`],
    ['feishu-webhook', `/open-apis/bot/v2/hook/${make.uuid()}`],
    ['ping-address', `hc-ping.com/${make.uuid()}`],
  ];
}
