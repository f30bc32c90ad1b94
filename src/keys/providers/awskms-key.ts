/** The URL of a key, taken apart. */
export interface AwsKeyUrl {
  readonly kind: 'awskms'
  /** Key id, `alias/<name>`, or the ARN of either. */
  readonly keyId: string
  readonly region?: string
  readonly profile?: string
  /** ARN of a role to assume first. */
  readonly role?: string
  readonly endpoint?: string
  readonly dualstack: boolean
  readonly fips: boolean
  /** Requests are not signed. */
  readonly anonymous: boolean
  /** Encryption context, from the parameters `context_<key>`. */
  readonly context: Readonly<Record<string, string>>
}

/** The key of the encryption context that holds the environment's id. */
export const environmentContextKey = 'esc-environment'
