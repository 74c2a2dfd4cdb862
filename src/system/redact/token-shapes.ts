// Tokens that tell by their shape whose they are.
//
// 1. Each begins with a literal of at least three characters, or has one at a fixed place: the scan
//    looks for literals, and only there a pattern runs, from one place, once.
// 2. No pattern tries a character twice: one class follows another, each with a bound or to its end.
//
// Shapes are facts that their issuers publish, or that scanners (gitleaks, secretlint) look for.
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md, which lists each.

import type { Found, Trigger } from './found.ts';

export interface TokenShape {
  readonly name: string;
  /** Where the scan stops: exact, at least three characters. */
  readonly literals: readonly string[];
  /** From the beginning of the token on. Sticky. */
  readonly pattern: RegExp;
  /** Characters between the beginning and the literal, where the literal stands inside. */
  readonly before?: number;
  /** A word may go right into it: the literal is long, or what follows is. */
  readonly isInside?: boolean;
  readonly isSecret?: (token: string) => boolean;
}

const shape = (name: string, literals: string, pattern: RegExp, more?: Partial<TokenShape>) => ({
  name,
  literals: literals.split(' '),
  pattern: new RegExp(pattern.source, `y${pattern.flags}`),
  ...more,
});
const inside = { isInside: true } as const;
const hasDigit = (token: string): boolean => /\d/.test(token);
/** `0Q~` to `9Q~`, `SK0` to `SKf`: short literals are told apart by what must stand beside them. */
const with16 = (before: string): string =>
  [...'0123456789abcdef'].map((digit) => `${before}${digit}`).join(' ');
const digitsBefore = (after: string): string =>
  [...'0123456789'].map((digit) => `${digit}${after}`).join(' ');

/** How the ids of Discord begin in base64: three decimal digits. */
const discord = ['MT', 'Mj', 'Mz', 'MD', 'ND', 'NT', 'Nj', 'Nz', 'OD', 'OT']
  .flatMap((two) => [...'AEIMQUYcgk'].map((third) => two + third))
  .join(' ');

export const tokenShapes: readonly TokenShape[] = [
  // Clouds
  shape('aws-access-key-id', 'AKIA ASIA ABIA ACCA', /A[KSBC][IC]A[A-Z0-9]{16}(?![A-Za-z0-9])/),
  shape('aws-bedrock-key', 'ABSK', /ABSK[A-Za-z0-9+/]{80,400}={0,2}/),
  shape('aws-session-token', 'IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz', /[A-Za-z0-9+/]{80,}={0,2}/),
  shape('aws-mws-key', 'amzn.mws.', /amzn\.mws\.[0-9a-f-]{36}/),
  shape('google-api-key', 'AIza', /AIza[\w-]{35}(?!\w)/),
  shape('google-oauth-secret', 'GOCSPX-', /GOCSPX-[\w-]{28}/, inside),
  shape('google-access-token', 'ya29.', /ya29\.[\w-]{20,}(?:\.[\w-]+)*/),
  shape('google-refresh-token', '1//0', /1\/\/0[\w-]{40,}/),
  shape('azure-client-secret', digitsBefore('Q~'), /[\w~.]{3}\dQ~[\w~.-]{31,34}/, { before: 3 }),
  shape('azure-devops-token', 'AZDO', /[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}/, { before: 76 }),
  shape('azure-ai-key', 'JQQJ99', /[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}/, { before: 52 }),
  shape('alibaba-access-key', 'LTAI', /LTAI[A-Za-z0-9]{12,26}(?![A-Za-z0-9])/),
  shape('tencent-secret-id', 'AKID', /AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])/),
  shape('digitalocean-token', 'dop_v1_ doo_v1_ dor_v1_', /do[opr]_v1_[a-f0-9]{64}/, inside),
  shape('cloudflare-ca-key', 'v1.0-', /v1\.0-[a-f0-9]{24}-[a-f0-9]{146}/),
  shape('heroku-key', 'HRKU-', /HRKU-[\w-]{36,64}/, inside),
  shape('fly-token', 'fo1_ fm1a_ fm1r_ fm2_', /f(?:o1|m1a|m1r|m2)_[\w+/-]{40,}={0,3}/),
  shape('netlify-token', 'nfp_', /nfp_[A-Za-z0-9]{36,40}/),
  shape('supabase-key', 'sbp_ sb_secret_', /(?:sbp_[a-f0-9]{40}|sb_secret_[\w-]{22,})/),
  shape(
    'planetscale-token',
    'pscale_tkn_ pscale_pw_ pscale_oauth_',
    /pscale_[a-z]+_[\w.=-]{32,64}/,
  ),
  shape('neon-key', 'napi_', /napi_[a-z0-9]{40,}/),
  shape('render-key', 'rnd_', /rnd_[A-Za-z0-9]{28,40}/, { isSecret: hasDigit }),
  shape('vercel-token', 'vcp_ vci_ vca_ vcr_ vck_', /vc[piark]_[A-Za-z0-9]{24,80}/, {
    isSecret: hasDigit,
  }),
  // Models and machine learning
  shape('anthropic-key', 'sk-ant-', /sk-ant-[\w-]{20,}/, inside),
  shape('openai-key', 'sk-', /sk-(?:[a-z]{2,10}-)?(?:v\d-)?[A-Za-z0-9][\w-]{18,250}/, {
    isSecret: (token) => hasDigit(token) && /(?:[A-Z]|[a-f0-9]{24})/.test(token),
  }),
  shape('huggingface-token', 'hf_', /hf_[A-Za-z0-9]{30,40}(?![A-Za-z0-9_])/, inside),
  shape('huggingface-org-token', 'api_org_', /api_org_[A-Za-z0-9]{30,40}/, inside),
  shape('replicate-token', 'r8_', /r8_[A-Za-z0-9]{37,40}/),
  shape('groq-key', 'gsk_', /gsk_[A-Za-z0-9]{40,60}/),
  shape('xai-key', 'xai-', /xai-[A-Za-z0-9]{70,90}/),
  shape('perplexity-key', 'pplx-', /pplx-[A-Za-z0-9]{40,60}/),
  shape('nvidia-key', 'nvapi-', /nvapi-[\w-]{40,}/, inside),
  shape('pinecone-key', 'pcsk_', /pcsk_\w{40,}/),
  shape('wandb-key', 'wandb_v1_', /wandb_v1_\w{40,}/, inside),
  shape('langsmith-key', 'lsv2_', /lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}/),
  shape('together-key', 'tgp_v1_', /tgp_v1_[\w-]{40,}/),
  shape('fireworks-key', 'fw_', /fw_[A-Za-z0-9]{22,24}(?![A-Za-z0-9_])/, { isSecret: hasDigit }),
  shape('cerebras-key', 'csk-', /csk-[a-z0-9]{40,60}/),
  shape('jina-key', 'jina_', /jina_[a-f0-9]{32}[\w-]{20,40}/),
  shape('tavily-key', 'tvly-', /tvly-(?:[a-z]{3,4}-)?[A-Za-z0-9]{20,40}/),
  shape('voyage-key', 'pa-', /pa-[\w-]{43}(?![\w-])/, {
    isSecret: (token) => hasDigit(token) && /[A-Z]/.test(token) && /[a-z]/.test(token),
  }),
  shape('elevenlabs-key', 'sk_', /sk_[a-f0-9]{48}/),
  // Code hosts and packages
  shape(
    'github-token',
    'ghp_ gho_ ghu_ ghs_ ghr_',
    /gh[pousr]_\w{30,255}(?:\.[\w-]{16,})*/,
    inside,
  ),
  shape('github-fine-grained-token', 'github_pat_', /github_pat_\w{22,255}/, inside),
  shape(
    'gitlab-token',
    'glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- glwt-',
    /gl[a-z]{2,5}-[\w.=-]{16,300}/,
    inside,
  ),
  shape('gitlab-runner-token', 'GR1348941', /GR1348941[\w-]{20,}/, inside),
  shape('bitbucket-token', 'ATBB', /ATBB[A-Za-z0-9]{32}/),
  shape('atlassian-token', 'ATATT3 ATCTT3', /AT[AC]TT3[\w=-]{60,}/, inside),
  shape('npm-token', 'npm_', /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/, inside),
  shape('pypi-token', 'pypi-Ag', /pypi-Ag[\w-]{40,}/, inside),
  shape('rubygems-key', 'rubygems_', /rubygems_[a-f0-9]{48}/, inside),
  shape('crates-token', 'cio', /cio[A-Za-z0-9]{32}(?!\w)/, {
    isSecret: (token) => hasDigit(token) && /[A-Z]/.test(token),
  }),
  shape('nuget-key', 'oy2', /oy2[a-z0-9]{43}(?!\w)/),
  shape('docker-token', 'dckr_pat_ dckr_oat_', /dckr_[po]at_[\w-]{20,}/, inside),
  shape('artifactory-token', 'AKCp cmVmd', /(?:AKCp[A-Za-z0-9]{60,80}|cmVmd[A-Za-z0-9]{59})/),
  shape('sonar-token', 'squ_ sqp_ sqa_', /sq[upa]_[a-f0-9]{40}/),
  shape('circleci-token', 'CCIPAT_ CCIPRJ_', /CCIP(?:AT|RJ)_\w{22,}/, inside),
  shape('buildkite-token', 'bkua_', /bkua_[a-z0-9]{40}/),
  // Messages and mail
  shape(
    'slack-token',
    'xoxb xoxp xoxa xoxo xoxr xoxs xoxe xoxc xoxd',
    /xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{10,}/,
    inside,
  ),
  shape('slack-app-token', 'xapp-', /xapp-\d-[A-Za-z0-9-]{20,}/, inside),
  shape('discord-token', discord, /[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/),
  shape('twilio-key', with16('SK'), /SK[0-9a-f]{32}(?![0-9A-Za-z])/),
  shape('sendgrid-key', 'SG.', /SG\.[\w-]{16,32}\.[\w-]{16,64}/),
  shape('mailgun-key', 'key-', /key-[0-9a-f]{32}(?![0-9a-f])/),
  shape(
    'mailchimp-key',
    [...'123456789'].map((digit) => `-us${digit}`).join(' '),
    /[0-9a-f]{32}-us\d{1,2}(?!\w)/,
    { before: 32 },
  ),
  shape('brevo-key', 'xkeysib-', /xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}/, inside),
  shape('resend-key', 're_', /re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,28}(?!\w)/, { isSecret: hasDigit }),
  // Payment, shops, observation, documents
  shape(
    'stripe-key',
    'sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_',
    /[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}/,
    inside,
  ),
  shape('stripe-webhook-secret', 'whsec_', /whsec_[A-Za-z0-9+/]{20,}={0,2}/, inside),
  shape('square-token', 'sq0atp- sq0csp- EAAA', /(?:sq0[a-z]{3}-[\w-]{22,43}|EAAA[\w-]{60})/),
  shape(
    'shopify-token',
    'shpat_ shpca_ shppa_ shpss_',
    /shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/,
    inside,
  ),
  shape('razorpay-key', 'rzp_live_ rzp_test_', /rzp_(?:live|test)_[A-Za-z0-9]{14,}/, inside),
  shape('facebook-token', 'EAAC EAAM EAAB EAAG', /EAA[A-Z][A-Za-z0-9]{80,}/),
  shape(
    'plaid-token',
    'access-sandbox- access-production- access-development-',
    /access-[a-z]+-[0-9a-f-]{36}/,
    inside,
  ),
  shape('sentry-token', 'sntrys_ sntryu_', /sntry[su]_[A-Za-z0-9+/=_]{40,}/, inside),
  shape('newrelic-key', 'NRAK- NRII- NRRA- NRJS- NRSP-', /NR[A-Z]{2}-[A-Za-z0-9-]{17,60}/),
  shape(
    'grafana-token',
    'glc_ glsa_',
    /gl(?:c_[A-Za-z0-9+/]{32,400}={0,3}|sa_\w{32}_[A-Fa-f0-9]{8})/,
  ),
  shape(
    'dynatrace-token',
    'dt0c01. dt0s01.',
    /dt0[cs]01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}/,
    inside,
  ),
  shape('postman-key', 'PMAK-', /PMAK-[a-f0-9]{24}-[a-f0-9]{34}/, inside),
  shape('linear-key', 'lin_api_ lin_oauth_', /lin_(?:api|oauth)_[A-Za-z0-9]{32,64}/, inside),
  shape('notion-token', 'ntn_ secret_', /(?:ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})(?!\w)/),
  shape('airtable-token', 'pat', /pat[A-Za-z0-9]{14}\.[a-f0-9]{64}/),
  shape('figma-token', 'figd_', /figd_[\w-]{40}/, inside),
  shape('dropbox-token', 'sl.', /sl\.(?:u\.)?[\w-]{100,}/),
  shape('hubspot-token', 'pat-na pat-eu', /pat-(?:na|eu)\d-[0-9a-f-]{36}/),
  shape('contentful-token', 'CFPAT-', /CFPAT-[\w-]{43}/, inside),
  shape('typeform-token', 'tfp_', /tfp_[\w.-]{44,60}/),
  shape('mapbox-token', 'sk.eyJ', /sk\.eyJ[\w-]{20,}\.[\w-]{20,}/),
  shape('asana-token', '1/1', /1\/1\d{14,16}:[a-f0-9]{32}/),
  // Infrastructure and secrets of secrets
  shape(
    'databricks-token',
    'dapi dose',
    /d(?:api|ose)[a-f0-9]{32}(?:-\d{1,2})?(?![0-9A-Za-z])/,
    inside,
  ),
  shape('vault-token', 'hvs. hvb. hvr.', /hv[sbr]\.[\w-]{20,}/),
  shape('terraform-token', '.atlasv1.', /[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}/, { before: 14 }),
  shape(
    'doppler-token',
    'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.',
    /dp\.[a-z]{2,5}\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}/,
  ),
  shape('pulumi-token', 'pul-', /pul-[a-f0-9]{40}/),
  shape('prefect-key', 'pnu_ pnb_', /pn[ub]_[A-Za-z0-9]{36}/),
  shape('tailscale-key', 'tskey-', /tskey-[a-z]+-\w{10,}(?:-\w{16,})?/, inside),
  shape('openshift-token', 'sha256~', /sha256~[\w-]{43}/),
  shape('1password-token', 'ops_eyJ', /ops_eyJ[A-Za-z0-9+/_-]{100,}={0,3}/, inside),
  shape(
    '1password-key',
    'A3-',
    /A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}/,
  ),
  shape('age-key', 'AGE-SECRET-KEY-', /AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50,}/, inside),
  shape('jwt', 'eyJ', /eyJ[\w-]{8,2048}\.[\w-]{8,4096}(?:\.[\w-]*){1,3}/),
  // Addresses that are secrets
  shape(
    'slack-webhook',
    'hooks.slack.com/',
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/-]{16,}/,
    inside,
  ),
  shape(
    'discord-webhook',
    'discord.com/api/webhooks/ discordapp.com/api/webhooks/',
    /discord(?:app)?\.com\/api\/webhooks\/\d{10,20}\/[\w-]{40,}/,
    inside,
  ),
  shape(
    'teams-webhook',
    'webhook.office.com/webhookb2/ outlook.office.com/webhook/',
    /[a-z]+\.office\.com\/webhook(?:b2)?\/[\w@-]{36,}(?:\/[\w-]+)*/,
    inside,
  ),
  shape(
    'google-chat-webhook',
    'chat.googleapis.com/v1/spaces/',
    /chat\.googleapis\.com\/v1\/spaces\/[\w-]+\/messages\?[\w=&%-]{20,}/,
    inside,
  ),
  shape(
    'zapier-webhook',
    'hooks.zapier.com/hooks/catch/',
    /hooks\.zapier\.com\/hooks\/catch\/\d+\/\w{5,}/,
    inside,
  ),
  shape(
    'ifttt-webhook',
    'maker.ifttt.com/trigger/',
    /maker\.ifttt\.com\/trigger\/\w+\/(?:json\/)?with\/key\/[\w-]{12,}/,
    inside,
  ),
  shape(
    'feishu-webhook',
    '/open-apis/bot/v2/hook/',
    /\/open-apis\/bot\/v2\/hook\/[\w-]{20,}/,
    inside,
  ),
  shape('ping-address', 'hc-ping.com/', /hc-ping\.com\/[\w-]{22,}/, inside),
];

const isWordCode = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/**
 * Nothing goes into the token that stands at a place: the beginning, a character of no word, an escape
 * as `\\n` or `%3D`, the end of a colour.
 */
function isStart(text: string, at: number): boolean {
  if (at === 0) return true;
  const code = text.charCodeAt(at - 1);
  if (!isWordCode(code) && code !== 95) return true;
  return /(?:\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u00[0-9a-f]{2}|\[[\d;]{0,12}m)$/.test(
    text.slice(Math.max(0, at - 16), at),
  );
}

export const tokenTriggers: readonly Trigger[] = tokenShapes.flatMap((each) =>
  each.literals.map((literal) => ({
    literal,
    find: (text: string, at: number, from: number) => findToken(each, text, at, from),
  })),
);

function findToken(each: TokenShape, text: string, at: number, from: number): Found | undefined {
  const { name, pattern, before = 0, isInside = false, isSecret } = each;
  const start = at - before;
  // What was found before leaves a bracket there.
  const isFree = isInside || (start === from && from > 0) || isStart(text, start);
  if (start < from || !isFree) return undefined;
  pattern.lastIndex = start;
  if (!pattern.test(text)) return undefined;
  const end = pattern.lastIndex;
  if (isSecret !== undefined && !isSecret(text.slice(start, end))) return undefined;
  return { start, end, name };
}
