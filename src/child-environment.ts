/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Variables that hold, or name a file that holds, what opens environments: keys, passphrases, identities. */
const OWN_KEYS =
  /^ESC_(?:(?:KEY|OIDC_KEY|PASSPHRASE|NEW_PASSPHRASE|AGE_IDENTITY|AZURE_ACCESS_TOKEN)(?:_[A-Z]+)?|VAULT_TOKEN_\w+)$/
/** The same for secrets providers: age identities where SOPS keeps them, tokens of Vault and OpenBao. */
const PROVIDER_KEYS = /^(?:SOPS_AGE_KEY(?:_[A-Z]+)?|VAULT_SERVER_TOKEN|(?:VAULT|BAO)_TOKEN(?:_PATH)?)$/

/** Logins to clouds, and what `esc env import` reads. They are the user's for any program, so programs keep them. */
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
]

/** True for a variable that holds or names a key to environments: programs that esc starts do not get it. */
export function isKeyVariable(name: string): boolean {
  return OWN_KEYS.test(name) || PROVIDER_KEYS.test(name)
}

/** True for a variable of esc's own, whose value nothing else would print by chance. */
export function isOwnKeyVariable(name: string): boolean {
  return OWN_KEYS.test(name)
}

declare const madeHere: unique symbol

/** Variables of a program that we start, as `childEnvironment` alone makes them. */
export type ChildVariables = Record<string, string | undefined> & { readonly [madeHere]: true }

export interface ChildOptions {
  /** Variables that are added, or replace others. */
  readonly add?: Variables | undefined
  /** For our own program, and for `run --keep-esc-keys`. Default: false. */
  readonly keepKeys?: boolean | undefined
}

/**
 * The environment variables of a program that we start: ours, without keys to environments. Every program gets its variables from here
 * (`test/lint/check-spawns.ts`).
 */
export function childEnvironment(env: Variables, options: ChildOptions = {}): ChildVariables {
  const { add, keepKeys = false } = options
  const child: Record<string, string | undefined> = Object.create(null)
  for (const name of Object.keys(env)) if (keepKeys || !isKeyVariable(name)) child[name] = env[name]
  return Object.assign(child, add) as ChildVariables
}

/**
 * The variables of this process, as a copy. Keys are then taken out of `process.env`: what inherits that, as helpers of vendor libraries
 * and plugins may, gets none. Called once, by the program's own start.
 */
export function takeProcessVariables(): Variables {
  const taken: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(process.env)) {
    // Names have no case on Windows, but those of a copy do.
    const key = process.platform === 'win32' ? name.toUpperCase() : name
    taken[key] = value
    if (isKeyVariable(key)) delete process.env[name]
  }
  return taken
}
