// What a name says about its value. The last word decides: PASSWORD_FILE is a file, MAX_TOKENS a
// number, PAD_TOKEN a word of a vocabulary.
//
// 1. A name is read as words: DB_PASSWORD, dbPassword, db-password and db.password are the same.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

/**
 * password: every value, a number too; secret: every value that is no number, path or switch;
 * likely: values that are hard to guess; weak: only what is random beyond doubt; none: as any text.
 */
export type NameLevel = 'password' | 'secret' | 'likely' | 'weak' | 'none';

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

/** Parts of a name after which it is still the secret itself: SECRET_KEY_BASE, API_KEY_PROD, TOKEN_2. */
const neutral = set(
  'prod production dev development staging stage test testing live sandbox old new current previous default primary secondary backup base base64 b64 raw value val text plain string str main env admin readonly ro rw read write hex json pem encoded json64',
);

/** Last words that speak about a secret, and are none. */
const about = set(
  `file files path paths dir directory folder name names url urls uri endpoint host hostname port server
  address domain type types kind mode method scheme format encoding algorithm alg hash algo digest
  length len size count counts total num number min max minimum maximum limit limits quota budget
  ttl expiry expires expiration expire expired exp timeout interval lifetime age duration days hours
  minutes seconds ms rotation policy policies rule rules pattern regex regexp prefix suffix header
  headers field fields column columns param params parameter attribute property label labels title
  description desc hint help prompt message msg error errors info status state level version
  versions enabled enable disabled disable required require optional allowed allow valid invalid
  check checks checker validator validation verify verified provider providers manager management
  store storage backend service services client handler factory helper generator creator
  rate ratio index idx offset position pos order sort sorting id ids ref refs reference references
  map list array table tree group groups user users username email owner region zone parallelism
  sock socket agent askpass stdin prompted only usage used uses use limit tokenizer vocab embedding
  embeddings dim dims board event events code codes press down up bindings binding layout lang
  language model models class classes strength score complexity reset change changed changes
  update updated created at time timestamp date issuer audience scope scopes realm domain role
  roles exists exist present set count cost price warning warnings required support supported`,
);

/** Before `token`: words of a vocabulary, or an amount. */
const vocabulary = set(
  `pad padding eos bos unk unknown mask masked sep separator cls class stop special image img audio
  video vision start end begin beginning prefix suffix middle fim eot bot sot eod per max min num n
  total count first last next prev previous new current input output prompt completion generated
  cached context word sub subword char byte added additional extra blank tool think
  reasoning eom turn newline space time frame patch text query source
  avg mean each every this that draft accepted`,
);

/** Before `key`: how things are found or told apart. */
const lookup = set(
  `primary foreign sort sorting partition public cache group grouping hash row object index idx map
  dict json metric column label config configuration param registry lookup unique natural composite
  candidate surrogate sequence shard routing range bucket s3 blob dedupe deduplication idempotency
  translation i18n message locale property attribute field attr item entry node cluster cache_key
  hot arrow enter return escape esc tab shift ctrl control alt meta function left right up down
  home end delete keyboard modifier any press minor major musical query filter order state data
  input output feature target score value storage_key local parent child root_key param_key image
  batch sample time event topic kafka redis_key routing join merge`,
);

/** Before `key`: a secret, whatever the value. */
const secretKeys = set(
  `api access secret private signing signature sign encryption encrypt decryption master account auth
  authentication authorization service deploy ssh shared symmetric admin app application consumer
  subscription crypto hmac jwt cipher aes rsa ecdsa ed25519 client tls ssl write read integration
  ingest ingestion functions function_app webhook bot personal unseal recovery registration sas
  cookie session license licence activation restricted project organization org team server
  publishing wallet vault kms data_encryption root rotation pem`,
);

/** Before `pass`: a run over data, a ticket. */
const passes = set(
  'max min num n by forward backward first second third single multi two one one_pass render all test tests did does has can should will must low high band all optimizer compiler rows season per',
);

/** First words that make a switch of the rest. */
const switches = set(
  'no use is has have with without skip ask show hide enable disable require requires allow can should needs num max min count total',
);

const joined =
  /(?:password|passwd|passphrase|passcode|apikey|accesskey|secretkey|privatekey|signingkey|encryptionkey|masterkey|accountkey|sharedkey|authkey|authtoken|accesstoken|refreshtoken|bearertoken|sessiontoken|apitoken|clientsecret|appsecret|secret|credential|credentials|pwd|passwort|contrasena|motdepasse)$/;

const passwordLike = /(?:password|passwd|passphrase|passcode|passwort|pwd)$/;
/** Before `pass` and `pw`, also in one word: DBPASS, ROOT_PW. `pw` alone may be a width or a power. */
const accounts =
  /^(?:db|sql|mysql|pg|postgres|mongo|redis|root|user|admin|login|bind|ldap|ftp|smtp|imap|mail|ssh|sudo|wifi|key|store|keystore|trust|truststore)$/;
const mentions = /pass(?:word|wd|phrase|code)|secret|token|apikey|credential|private|webhook/;

const known = new Map<string, NameLevel>();
const knownMax = 4096;

/** What is said of a name of a variable, flag, field or header. */
export function nameLevel(name: string): NameLevel {
  const before = known.get(name);
  if (before !== undefined) return before;
  const level = judge(name);
  // Names come from text, so that their number is anybody's: begin anew rather than grow.
  if (known.size >= knownMax) known.clear();
  known.set(name, level);
  return level;
}

export function wordsOf(name: string): string[] {
  const found = name.slice(-128).match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return found.map((word) => word.toLowerCase());
}

function judge(name: string): NameLevel {
  const words = wordsOf(name);
  while (words.length > 1 && neutral.has(words.at(-1) ?? '')) words.pop();
  const last = words.at(-1);
  if (last === undefined) return 'none';
  const before = words.at(-2) ?? '';
  const all = words.join('');
  // PWD is where a shell is; Pwd stands in connection strings.
  if (name === 'PWD' || name === 'OLDPWD' || name === 'INIT_CWD') return 'none';
  const level = ofLastWord(last, before, words, all);
  return (level === 'secret' || level === 'password') && words.length > 1 && isSwitch(words)
    ? 'weak'
    : level;
}

const isSwitch = (words: readonly string[]): boolean => switches.has(words[0] ?? '');

function ofLastWord(
  last: string,
  before: string,
  words: readonly string[],
  all: string,
): NameLevel {
  if (passwordLike.test(last)) return 'password';
  if (last === 'pass') return passLevel(before, words);
  if (last === 'pw') return accounts.test(before) ? 'password' : 'likely';
  if (/pass$|pw$/.test(last) && accounts.test(last.replace(/(?:pass|pw)$/, ''))) return 'password';
  if (last === 'id') return idLevel(all);
  if (/^(?:(?:php|j|asp)?sess(?:ion)?id|sid)$/.test(last)) return 'likely';
  if (last === 'key') return keyLevel(before, words);
  if (last === 'token') return tokenLevel(before, words);
  if (last === 'phrase' || last === 'mnemonic')
    return /^(?:pass|seed|recovery|secret|backup|mnemonic|wallet)$/.test(before) ||
      last === 'mnemonic'
      ? 'password'
      : 'none';
  if (last === 'secrets' || last === 'passwords') return 'likely';
  if (last === 'hash' && passwordLike.test(before)) return 'likely';
  if (last === 'keys' || last === 'tokens')
    return /^(?:api|auth|access|secret|private|bearer|session)$/.test(before) ? 'likely' : 'weak';
  if (words.length === 1 && /^cred(?:ential)?s?$/.test(last)) return 'likely';
  if (/^(?:credentials?|creds?)$/.test(last) || joined.test(last)) return 'secret';
  if (
    /^(?:auth|jwt|bearer|pat|salt|pepper|sas|authorization|otp|totp|webhook|cookies?|sig|signature)$/.test(
      last,
    )
  )
    return 'likely';
  if (last === 'url' && before === 'webhook') return 'likely';
  if (/(?:token|apikey)$/.test(last) && last.length > 5) return 'likely';
  if (last.endsWith('key') && secretKeys.has(last.slice(0, -3))) return 'likely';
  if (about.has(last)) return mentions.test(all) ? 'weak' : 'none';
  return mentions.test(all) || /api_?key/.test(all) ? 'likely' : 'none';
}

function passLevel(before: string, words: readonly string[]): NameLevel {
  if (words.length === 1) return 'likely';
  return passes.has(before) ? 'none' : 'password';
}

/** What a service calls `session_id` names a session; what a cookie calls `sessionid` opens it. */
const idLevel = (all: string): NameLevel => {
  if (all.endsWith('accesskeyid')) return 'secret';
  return all.endsWith('secretid') ? 'likely' : 'none';
};

function keyLevel(before: string, words: readonly string[]): NameLevel {
  if (words.length === 1) return 'weak';
  if (secretKeys.has(before)) return 'secret';
  return lookup.has(before) ? 'none' : 'likely';
}

function tokenLevel(before: string, words: readonly string[]): NameLevel {
  if (words.length === 1) return 'likely';
  return vocabulary.has(before) ? 'weak' : 'secret';
}
