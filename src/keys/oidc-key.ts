import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { dirname, join } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { createFile, type FileSystem, machineFiles, makeFolders, readIfPresent, statusOf } from '../files/index.ts'

/** Where the key comes from. */
export interface OidcKeyContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly configFolder: string
  readonly notify: (text: string) => void
  readonly files?: FileSystem
  /** Hears of a key that has just been made. */
  readonly onMade?: (thumbprint: string) => void
  /** Asked before each signature. Throws to refuse. Default: everything may be signed. */
  readonly allow?: (use: OidcKeyUse) => Promise<void>
}

/** A key about to sign: its RFC 7638 thumbprint, and where it was found. */
export interface OidcKeyUse {
  readonly thumbprint: string
  /** `variable`: `ESC_OIDC_KEY`. */
  readonly from: 'variable' | 'file'
}

/** A signer of JSON Web Tokens. */
export interface OidcKey {
  /**
   * As the configuration says, else the RFC 9278 name of the key:
   * `urn:ietf:params:oauth:jwk-thumbprint:sha-256:…`.
   */
  readonly issuer: string
  /**
   * Throws where `sign` would be refused, before anything is begun. A key that does not exist
   * yet is not made for that.
   */
  authorize(): Promise<void>
  /** A compact JWT, RS256, of these claims and `iss`. */
  sign(claims: Readonly<Record<string, string | number>>): Promise<string>
}

/**
 * The public half (RFC 7517), and the JSON document that is served at
 * `<issuer>/.well-known/jwks.json`.
 */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, string>>[]
}

/**
 * The key that requests to adapters are signed with: `ESC_OIDC_KEY` (PEM), else `oidc.key` in the
 * configuration folder, PEM with mode 0600, which is made when it is first needed.
 */
export function oidcKey(context: OidcKeyContext, options: { readonly issuer?: string | undefined } = {}): OidcKey {
  let loaded: KeyObject | undefined
  const privateKey = () => {
    loaded ??= loadKey(context)
    return loaded
  }
  /** Returns the thumbprint of the key. */
  const allow = async (key: KeyObject) => {
    const kid = thumbprint(publicPart(key))
    await context.allow?.({ thumbprint: kid, from: context.env.ESC_OIDC_KEY ? 'variable' : 'file' })
    return kid
  }
  const issuer = () =>
    options.issuer ?? `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint(publicPart(privateKey()))}`
  return {
    get issuer() {
      return issuer()
    },
    async authorize() {
      loaded ??= existingKey(context)
      if (loaded !== undefined) await allow(loaded)
    },
    async sign(claims) {
      const key = privateKey()
      const kid = await allow(key)
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const header = { alg: 'RS256', typ: 'JWT', kid }
      const text = `${part(header)}.${part({ iss: issuer(), ...claims })}`
      return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
    },
  }
}

/** What adapters verify signatures with. */
export function oidcKeySet(context: OidcKeyContext): JsonWebKeySet {
  const key = loadKey(context)
  const { n, e } = publicPart(key)
  return { keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: thumbprint({ n, e }), n, e }] }
}

/** Undefined: there is none yet. */
function existingKey({ env, configFolder, files = machineFiles }: OidcKeyContext): KeyObject | undefined {
  // Variables of CI systems often lose their line breaks.
  if (env.ESC_OIDC_KEY) return parseKey(env.ESC_OIDC_KEY.replaceAll('\\n', '\n'), 'ESC_OIDC_KEY')
  return readKey(files, keyPath(configFolder))
}

function keyPath(configFolder: string): string {
  return join(configFolder, 'oidc.key')
}

function loadKey(context: OidcKeyContext): KeyObject {
  const existing = existingKey(context)
  if (existing !== undefined) return existing
  const { configFolder, notify, files = machineFiles, onMade } = context
  const path = keyPath(configFolder)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let created: boolean
  try {
    makeFolders(files, dirname(path), 0o700)
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    created = createFile(files, path, Buffer.from(pem), { mode: 0o600 })
  } catch (error) {
    throw new EscError('key_unavailable', `cannot make a signing key: ${messageOf(error)}`, {
      hint: 'set ESC_CONFIG_HOME to a folder you can write to, or ESC_OIDC_KEY to an existing key',
      cause: error,
    })
  }
  // Another process was first.
  if (!created) return readKey(files, path) ?? privateKey
  onMade?.(thumbprint(publicPart(privateKey)))
  notify(
    `A new key was made that signs requests to your adapters: ${path}.\n` +
      'Give them the output of `esc oidc jwks`, so that they can verify it. In CI, set ESC_OIDC_KEY to the content of the file.',
  )
  return privateKey
}

function readKey(files: FileSystem, path: string): KeyObject | undefined {
  const status = statusOf(files, path)
  if (status === undefined) return undefined
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    throw new EscError(
      'key_unavailable',
      `the signing key ${path} can be read by others (mode 0${status.mode.toString(8)})`,
      { hint: `run \`chmod 600 ${path}\`; if others may have read it, delete it and give adapters the new key` },
    )
  }
  const bytes = readIfPresent(files, path)
  return bytes === undefined ? undefined : parseKey(Buffer.from(bytes).toString(), `the signing key ${path}`)
}

function parseKey(pem: string, place: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key
  } catch {
    // Said below; the parser's own words may quote the key.
  }
  throw new EscError('key_unavailable', `${place} is not an RSA private key of 2048 bits or more, in PEM`, {
    hint: 'restore it from a backup, or delete it: a new one is made, which adapters must be given',
  })
}

function publicPart(key: KeyObject): { readonly n: string; readonly e: string } {
  return createPublicKey(key).export({ format: 'jwk' }) as { n: string; e: string }
}

/** RFC 7638: the SHA-256 of the members that make an RSA key, in this order. */
export function thumbprint({ e, n }: { readonly e: string; readonly n: string }): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
}
