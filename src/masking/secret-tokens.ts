/**
 * Tokens that say whose they are. From the vendors' documentation and the rule sets of public
 * secret scanners. Each is a piece of a regular expression; all begin where a word begins.
 */
const VENDOR_TOKENS: readonly string[] = [
  'gh[pousr]_\\w{8,}', // GitHub
  'github_pat_\\w{8,}',
  'gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[\\w.-]{8,}', // GitLab
  'xox[abeoprs]-[\\w-]{8,}', // Slack
  'xapp-\\d-[\\w-]{8,}',
  '[rs]k_(?:live|test|prod)_\\w{6,}', // Stripe and others
  'whsec_[\\w+/=]{8,}',
  'sk-(?=[\\w-]*\\d)[\\w-]{16,}', // OpenAI, Anthropic
  'hv[bsr]\\.[\\w-]{8,}', // Vault
  'npm_[A-Za-z0-9]{16,}',
  'pypi-[\\w-]{16,}',
  'AGE-SECRET-KEY-[A-Z0-9-]+',
  'AIza[\\w-]{20,}', // Google
  'ya29\\.[\\w-]{8,}',
  'GOCSPX-[\\w-]{8,}',
  'SG\\.[\\w-]{8,}\\.[\\w-]{8,}', // SendGrid
  'do[oprst]_v1_\\w{8,}', // DigitalOcean
  'shp(?:at|ca|pa|ss)_\\w{8,}', // Shopify
  'hf_[A-Za-z0-9]{20,}', // Hugging Face
  'pul-[\\da-f]{16,}', // Pulumi
  '\\w{14}\\.atlasv1\\.[\\w-]{8,}', // HCP Terraform
  'dp\\.(?:pt|st|ct|sa|scim|audit)\\.[\\w.-]{8,}', // Doppler
  'dckr_(?:pat|oat)_[\\w-]{8,}',
  'PMAK-[\\da-f-]{16,}', // Postman
  'lin_api_\\w{8,}',
  'NRAK-\\w{8,}',
  'gl(?:c|sa)_[\\w=+/-]{16,}', // Grafana
  'dapi[\\da-f]{32}', // Databricks
  'key-[\\da-f]{32}', // Mailgun
  'sbp_[\\da-f]{16,}', // Supabase
  'ATATT3x[\\w=-]{16,}', // Atlassian
  '\\d{8,10}:AA[\\w-]{30,}', // Telegram
]

/**
 * Finds private keys in PEM, to their end or that of the text; JSON web tokens; tokens of vendors.
 * A global expression, made when it is first needed: everyday commands load this file.
 */
export function secretTokens(): RegExp {
  tokens ??= new RegExp(
    `-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[\\s\\S]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|[\\s\\S]*)|(?<![\\w-])(?:eyJ[\\w-]{8,}\\.[\\w-]+\\.[\\w-]*|${VENDOR_TOKENS.join('|')})`,
    'g',
  )
  return tokens
}

let tokens: RegExp | undefined

/**
 * Forms of secrets that no vendor has given a prefix: PuTTY's keys, keys of AWS, URLs that are as
 * good as a password, headers of requests. An access key id of AWS is not secret by itself, but
 * mostly its secret is not far.
 */
const FORMS =
  /PuTTY-User-Key-File-|(?<![\w-])(?:AKIA|ASIA)[A-Z0-9]{12,}|hooks\.slack\.com\/(?:services|workflows)\/\w|discord(?:app)?\.com\/api\/webhooks\/\d|\.webhook\.office\.com\/webhookb2\/\w|[?&;](?:sig|X-Amz-Signature)=[\w%+/=-]{16,}|\botpauth:\/\/\S*secret=\w|(?:^|["'\s:])(?:Bearer|Basic) +[\w.~+/=-]{16,}/m

/**
 * A password in a URL, a connection string, the arguments of a program or the DSN
 * of Go's driver for MySQL.
 */
const PASSWORDS = [
  /(?<![\w+.-])[a-z][a-z\d+.-]*:\/\/[^/?#\s:@"']*:([^/?#\s@]+)@/gi,
  /(?:^|[;?&\s"'-])(?:password|passwd|pwd|accountkey|sharedaccesskey|access_token|client_secret|api_?key)\s*=\s*["']?([^"';&\s]{4,})/gi,
  /(?:^|\s)[^\s:@/'"]+:([^\s@/'"]+)@(?:tcp|unix)\(/gi,
]

/**
 * Matches whatever stands where a secret is to be put in: `<password>`, `${PW}`, `$(cmd)`,
 * `{{ .pw }}`, `%s`, `***`, and words.
 */
const PLACEHOLDER =
  /^(?:<.*|\$.*|\{.*|\[.*|%.*|@.*|\*+|x+|\.+|…|-+|_+|.*\(.*\).*|(?:true|false|yes|no|none|null|required|optional|disabled|enabled|prompt|redacted|changeme|change-me|placeholder|todo)\b.*)$/i

/** `USER:PASSWORD@HOST` of a manual. */
const CAPITALS = /^[A-Z]+(?:_[A-Z]+)*$/

/** Longer texts are judged by their beginning, where a form of a secret may begin. */
const MOST_CHARACTERS = 100_000

/**
 * True when a text has the form of a secret: a token of a known vendor, a private key, a URL or
 * connection string with a password. Also where it is a part of the text, such as a line or a
 * member of a JSON text, and where a private key is in base64.
 */
export function hasFormOfSecret(whole: string): boolean {
  const text = whole.slice(0, MOST_CHARACTERS)
  const known = secretTokens()
  known.lastIndex = 0
  if (known.test(text) || FORMS.test(text)) return true
  for (const pattern of PASSWORDS)
    for (const [, password = ''] of text.matchAll(pattern))
      if (!isPlaceholder(password) && !CAPITALS.test(password)) return true
  // A PEM text in base64 begins so.
  return (
    /^LS0tLS1CRUdJTi/.test(text) && /PRIVATE KEY/.test(Buffer.from(text.slice(0, 100), 'base64').toString('latin1'))
  )
}

/** Returns true for a text that only marks where a secret is to be filled in. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}
