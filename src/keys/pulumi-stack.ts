import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { Text } from '../rich-text.ts'
import { unknownKeyHost } from './key-hosts.ts'
import type { KeyContext } from './provider.ts'
import { openSecretsProvider } from './secrets-provider.ts'

/** Reads and writes the `secure:` values of a Pulumi stack file. */
export interface PulumiSecrets {
  /**
   * The plaintext of `v1:<base64 nonce>:<base64 ciphertext>`: AES-256-GCM, a nonce of 12
   * bytes, no associated data.
   * @throws EscError `invalid_input` for another form; `tampered` when it does not verify;
   *   `key_unavailable` when locked.
   */
  decrypt(value: string): string
  /** The same the other way, with a nonce of its own. @throws EscError `key_unavailable`. */
  encrypt(plaintext: string): string
}

const iterations = 1_000_000
const tagBytes = 16

/**
 * The secrets of a stack file with `encryptionsalt: v1:<base64 salt of 8 bytes>:<verifier>`; the
 * key is PBKDF2-HMAC-SHA256 of the passphrase (0.6 s). The verifier is the encrypted text `pulumi`.
 * A wrong passphrase gives locked secrets: the error comes when the first of them is asked for, as
 * a stack without any needs none.
 * @throws EscError `invalid_input`.
 */
export async function openPulumiPassphrase(encryptionsalt: string, passphrase: string): Promise<PulumiSecrets> {
  const [version, saltText = '', ...verifier] = encryptionsalt.split(':')
  const hint = 'copy the line `encryptionsalt` of the stack file as it is'
  if (verifier.length !== 3) throw new EscError('invalid_input', 'encryptionsalt: malformed state value', { hint })
  if (version !== 'v1') throw new EscError('invalid_input', 'encryptionsalt: unknown state version', { hint })
  const salt = base64Of(saltText)
  if (salt?.length !== 8) throw new EscError('invalid_input', 'encryptionsalt: malformed state value', { hint })
  const secrets = openPulumiSecrets(await derivedKey(passphrase, salt))
  try {
    if (secrets.decrypt(verifier.join(':')) === 'pulumi') return secrets
  } catch (error) {
    if ((error as EscError).code === 'invalid_input') {
      throw new EscError('invalid_input', 'encryptionsalt: malformed state value', { hint })
    }
  }
  return { decrypt: refuseLocked, encrypt: refuseLocked }
}

function refuseLocked(): never {
  throw new EscError('key_unavailable', 'the passphrase is not that of the stack file', {
    hint: 'set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to that of the stack',
  })
}

/** The secrets of a stack that has had none, and the line `encryptionsalt` for its file. */
export interface NewPulumiPassphrase {
  readonly secrets: PulumiSecrets
  readonly encryptionsalt: string
}

/** Makes a salt for a passphrase (0.6 s). */
export async function makePulumiPassphrase(passphrase: string): Promise<NewPulumiPassphrase> {
  const salt = randomBytes(8)
  const secrets = openPulumiSecrets(await derivedKey(passphrase, salt))
  return { secrets, encryptionsalt: `v1:${salt.toString('base64')}:${secrets.encrypt('pulumi')}` }
}

function derivedKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(passphrase, salt, iterations, 32, 'sha256', (error, derived) => (error ? reject(error) : resolve(derived)))
  })
}

/** The lines of a stack file whose secrets are under the key of a vendor. */
export interface PulumiProvider {
  /** `secretsprovider`: `awskms://…`, `azurekeyvault://…`, `gcpkms://…` or `hashivault://…`. */
  readonly url: string
  /** `encryptedkey`: 32 bytes, encrypted by the vendor, in base64. */
  readonly encryptedKey: string
}

/**
 * The secrets of a stack file under a vendor's key, which decrypts the stack's own key.
 * @throws EscError `key_unavailable`, `tampered`, `untrusted` for a host that the user has
 *   not named, `invalid_input`.
 */
export async function openPulumiProvider(
  { url, encryptedKey }: PulumiProvider,
  context: KeyContext,
): Promise<PulumiSecrets> {
  const hint = 'copy the lines `secretsprovider` and `encryptedkey` of the stack file as they are'
  const ciphertext = base64Of(encryptedKey.trim())
  if (ciphertext === undefined) throw new EscError('invalid_input', 'encryptedkey: it is not base64', { hint })
  try {
    const provider = await openSecretsProvider(url, context, stackOwner)
    const key = await provider.decryptForeign?.(ciphertext)
    if (key?.length === 32) return openPulumiSecrets(key)
  } catch (error) {
    throw ofStack(error, url, hint)
  }
  throw new EscError('invalid_input', 'encryptedkey: what it decrypts to is not a key of 32 bytes', { hint })
}

const stackOwner = {
  id: 'stack',
  name: 'of the stack',
  words: {
    owner: 'the stack',
    dataKey: 'the data key of the stack',
    wrappedKey: 'the encryptedkey of the stack',
  },
}

/**
 * Makes a key for a stack and has a vendor's key encrypt it.
 * @throws EscError `key_unavailable`, `untrusted`, `invalid_input`.
 */
export async function makePulumiProvider(
  url: string,
  context: KeyContext,
): Promise<{ readonly secrets: PulumiSecrets; readonly encryptedKey: string }> {
  const key = randomBytes(32)
  try {
    const provider = await openSecretsProvider(url, context, stackOwner)
    const ciphertext = await provider.encryptForeign?.(key)
    if (ciphertext !== undefined) {
      return { secrets: openPulumiSecrets(key), encryptedKey: Buffer.from(ciphertext).toString('base64') }
    }
  } catch (error) {
    throw ofStack(error, url, undefined)
  }
  throw new EscError('invalid_input', `a stack has no secrets provider '${url}'`, {
    hint: 'name passphrase, or the URL of a key: awskms://…, azurekeyvault://…, gcpkms://… or hashivault://…',
  })
}

function ofStack(error: unknown, url: string, copy: string | undefined): unknown {
  if (!(error instanceof EscError)) return error
  return new EscError(error.code, error.message, { hint: hintFor(error, url, copy), transient: error.transient })
}

function hintFor(error: EscError, url: string, copy: string | undefined): Text | undefined {
  if (error.code === 'untrusted') {
    const host = unknownKeyHost(url)?.origin
    return `if you trust it with your credentials, set ESC_KEY_HOSTS=${host === undefined ? '<host>' : new URL(host).host}`
  }
  if (copy === undefined) return error.richHint
  return error.code === 'tampered' || error.code === 'store_damaged' ? copy : (error.richHint ?? copy)
}

/**
 * The secrets under a key of 32 bytes: that of a passphrase, or a cloud provider's data
 * key once it is unwrapped.
 */
export function openPulumiSecrets(key: Uint8Array): PulumiSecrets {
  return {
    encrypt(plaintext) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      const bytes = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1:${nonce.toString('base64')}:${bytes.toString('base64')}`
    },
    decrypt(value) {
      const [version, nonceText, text, ...rest] = value.split(':')
      if (version !== 'v1' || rest.length > 0) throw malformed()
      const nonce = base64Of(nonceText ?? '')
      const bytes = base64Of(text ?? '')
      if (nonce?.length !== 12 || bytes === undefined || bytes.length < tagBytes) throw malformed()
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      const start = decipher.update(bytes.subarray(0, -tagBytes))
      try {
        return Buffer.concat([start, decipher.final()]).toString()
      } catch {
        throw new EscError('tampered', 'an encrypted value was changed, or was made with another key', {
          hint: 'copy the value from the stack file again',
        })
      }
    },
  }
}

function malformed(): EscError {
  return new EscError('invalid_input', 'an encrypted value is malformed: it must be v1:<nonce>:<ciphertext>', {
    hint: 'copy the value behind `secure:` as it is',
  })
}

/** Standard base64 with its padding. Undefined: anything else. */
function base64Of(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined
}
