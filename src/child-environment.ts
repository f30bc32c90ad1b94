/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Variables that hold what opens environments: keys, passphrases, identities. With an ending, such
 * as `_FILE`, they name where it is.
 */
const OWN_KEYS = [
  'ESC_KEY',
  'ESC_OIDC_KEY',
  'ESC_OIDC_TOKEN',
  'ESC_PASSPHRASE',
  'ESC_NEW_PASSPHRASE',
  'ESC_AGE_IDENTITY',
  'ESC_AZURE_ACCESS_TOKEN',
  // Of a server, and of the database that a server keeps its store in.
  'ESC_ACCESS_TOKEN',
  'ESC_DATABASE_URL',
]
/** The same of one Vault each, by its name. */
const OWN_TOKEN = /^ESC_VAULT_TOKEN_\w+$/
/** The same for secrets providers: age identities where SOPS keeps them. */
const PROVIDER_KEYS = ['SOPS_AGE_KEY']
/** Tokens of Vault and OpenBao, and the files that they are in. */
const PROVIDER_TOKENS = ['VAULT_TOKEN', 'VAULT_TOKEN_PATH', 'VAULT_SERVER_TOKEN', 'BAO_TOKEN', 'BAO_TOKEN_PATH']

/** One of the names, or one with an ending of capital letters, such as `_FILE` or `_CMD`. */
function isOneOf(names: readonly string[], name: string): boolean {
  return names.some((each) => name === each || (name.startsWith(each) && /^_[A-Z]+$/.test(name.slice(each.length))))
}

/**
 * Logins to clouds, and what `esc env import` reads. They are the user's for any
 * program, so programs keep them.
 */
export const AMBIENT_SECRETS: readonly string[] = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AZURE_CLIENT_SECRET',
  'ARM_CLIENT_SECRET',
  'ARM_OIDC_TOKEN',
  'IDENTITY_HEADER',
  'GOOGLE_CREDENTIALS',
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'CLOUDSDK_AUTH_ACCESS_TOKEN',
  'PULUMI_CONFIG_PASSPHRASE',
  'PULUMI_ACCESS_TOKEN',
]

/**
 * True for a variable that holds or names a key to environments: programs that
 * esc starts do not get it.
 */
export function isKeyVariable(name: string): boolean {
  return isOwnKeyVariable(name) || isOneOf(PROVIDER_KEYS, name) || PROVIDER_TOKENS.includes(name)
}

/** True for a variable of esc's own, whose value nothing else would print by chance. */
export function isOwnKeyVariable(name: string): boolean {
  // Every variable of a process passes here, and few begin so.
  return name.startsWith('ESC_') && (isOneOf(OWN_KEYS, name) || (name.startsWith('ESC_VAULT_') && OWN_TOKEN.test(name)))
}

declare const madeHere: unique symbol

/** Variables of a program that we start, as `childEnvironment` alone makes them. */
export type ChildVariables = Record<string, string | undefined> & { readonly [madeHere]: true }

export interface ChildOptions {
  /** Variables that are added, or replace others. */
  readonly add?: Variables
  /** For our own program, and for `run --keep-esc-keys`. Default: false. */
  readonly keepKeys?: boolean
}

/**
 * The environment variables of a program that we start: ours, without keys to environments. Every
 * program gets its variables from here (`test/lint/spawns.ts`).
 */
export function childEnvironment(env: Variables, options: ChildOptions = {}): ChildVariables {
  const { add, keepKeys = false } = options
  const child: Record<string, string | undefined> = Object.create(null)
  for (const name of Object.keys(env)) if (keepKeys || !isKeyVariable(name)) child[name] = env[name]
  return Object.assign(child, add) as ChildVariables
}

/**
 * The variables of this process. Keys are taken out of `process.env`: what inherits that, as
 * helpers of vendor libraries and plugins may, gets none. Called once, by the program's own start.
 */
export function takeProcessVariables(): Variables {
  const names = Object.keys(process.env)
  // Most starts have no key there, and a copy of everything costs each of them.
  if (!names.some(isKeyName)) return process.env
  const taken: Record<string, string | undefined> = {}
  for (const name of names) {
    // Names have no case on Windows, but those of a copy do.
    taken[process.platform === 'win32' ? name.toUpperCase() : name] = process.env[name]
    if (isKeyName(name)) delete process.env[name]
  }
  return taken
}

function isKeyName(name: string): boolean {
  return isKeyVariable(process.platform === 'win32' ? name.toUpperCase() : name)
}
