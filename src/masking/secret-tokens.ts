/**
 * Tokens that say whose they are. From the vendors' documentation and the rule sets of public secret scanners. Each is a piece of a regular
 * expression; all begin where a word begins.
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

/** Private keys in PEM, to their end or that of the text; JSON web tokens; tokens of vendors. */
export const SECRET_TOKENS = new RegExp(
  `-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[\\s\\S]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|[\\s\\S]*)|(?<![\\w-])(?:eyJ[\\w-]{8,}\\.[\\w-]+\\.[\\w-]*|${VENDOR_TOKENS.join('|')})`,
  'g',
)
