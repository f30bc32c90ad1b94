import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { dirname, join } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { createFile, type FileSystem, machineFiles, makeFolders, readIfPresent, statusOf } from '../files/index.ts'
import type { Notice } from '../notice.ts'

/** The place that the key comes from: a variable, or a file of the user. */
export interface OidcKeyContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly configFolder: string
  readonly notify: (notice: Notice) => void
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

/** The two numbers of the public half, as JWK writes them. */
export interface RsaPublicKey {
  readonly n: string
  readonly e: string
}

/** The key that signs. Undefined: there is none yet. */
export function existingKey({ env, configFolder, files = machineFiles }: OidcKeyContext): KeyObject | undefined {
  // Variables of CI systems often lose their line breaks.
  if (env.ESC_OIDC_KEY) return parseKey(env.ESC_OIDC_KEY.replaceAll('\\n', '\n'), 'ESC_OIDC_KEY')
  return readKey(files, keyPath(configFolder))
}

export function keyPath(configFolder: string): string {
  return join(configFolder, 'oidc.key')
}

/** The file of the key that has been published and does not sign yet. */
export function nextKeyPath(configFolder: string): string {
  return join(configFolder, 'oidc.next.key')
}

/** The key that is to sign next. Undefined: none is prepared, or the key is a variable. */
export function nextKey({ env, configFolder, files = machineFiles }: OidcKeyContext): KeyObject | undefined {
  return env.ESC_OIDC_KEY ? undefined : readKey(files, nextKeyPath(configFolder))
}

/** The key that signs, which is made where there is none. */
export function loadKey(context: OidcKeyContext): KeyObject {
  const existing = existingKey(context)
  if (existing !== undefined) return existing
  const { configFolder, notify } = context
  const path = keyPath(configFolder)
  const { key, isNew } = makeKey(context, path)
  if (isNew) notify({ kind: 'signing-key-made', file: path, remedy: { do: 'show-signing-keys' } })
  return key
}

/** Makes a key file, for its owner only, unless another process was first. */
export function makeKey(
  { files = machineFiles, onMade }: OidcKeyContext,
  path: string,
): { readonly key: KeyObject; readonly isNew: boolean } {
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
  if (!created) return { key: readKey(files, path) ?? privateKey, isNew: false }
  onMade?.(thumbprint(publicKey(privateKey)))
  return { key: privateKey, isNew: true }
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

/** The public half of a key. */
export function publicKey(key: KeyObject): RsaPublicKey {
  const { n, e } = createPublicKey(key).export({ format: 'jwk' }) as { n: string; e: string }
  return { n, e }
}

/** RFC 7638: the SHA-256 of the members that make an RSA key, in this order. */
export function thumbprint({ e, n }: RsaPublicKey): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
}
