import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { EscError } from '../errors.ts'
import { signChange, signerOf } from './key-signature.ts'

/**
 * The environment whose key it is. The id is bound into every ciphertext and seal; the name is only
 * for messages.
 */
export interface KeyOwner {
  readonly id: string
  readonly name: string
  /**
   * The place where files that say who may open it can be, nearest first: its own folder, then the
   * store's.
   */
  readonly folders?: readonly string[]
  /** The names of it, and of its key, in texts, where it is no environment. */
  readonly words?: OwnerWords
}

interface OwnerWords {
  readonly owner: string
  readonly dataKey: string
  readonly wrappedKey: string
}

/** Returns the name of an owner in texts: `environment 'app/dev'`. */
export function ownerText({ name, words }: Pick<KeyOwner, 'name' | 'words'>): string {
  return words?.owner ?? `environment '${name}'`
}

/** Returns the name of the data key of an owner in texts. */
export function dataKeyText(owner: Pick<KeyOwner, 'name' | 'words'>): string {
  return owner.words?.dataKey ?? `the data key of ${ownerText(owner)}`
}

/** Returns the name of the wrapped data key of an owner in texts. */
export function wrappedKeyText(owner: Pick<KeyOwner, 'name' | 'words'>): string {
  return owner.words?.wrappedKey ?? `the wrapped data key of ${ownerText(owner)}`
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const sealPrefix = 'hmac-sha256:'

/**
 * The key of one environment: 32 random bytes from which one key for each use is derived
 * (HKDF-SHA256). A ciphertext is nonce (12 bytes, random) + AES-256-GCM ciphertext + tag (16
 * bytes); its associated data is the use and the environment's id, so that it opens nowhere else.
 */
export class DataKey {
  readonly owner: KeyOwner
  readonly #bytes: Uint8Array
  readonly #derived = new Map<string, Uint8Array>()

  constructor(bytes: Uint8Array, owner: KeyOwner) {
    if (bytes.length !== keyBytes) {
      throw new EscError('key_unavailable', `${dataKeyText(owner)} has ${bytes.length} bytes, not ${keyBytes}`)
    }
    this.#bytes = Uint8Array.from(bytes)
    this.owner = owner
  }

  static generate(owner: KeyOwner): DataKey {
    return new DataKey(randomBytes(keyBytes), owner)
  }

  /**
   * A key that only the holder of all these can make, for what was made from the secrets of several
   * environments. Their order counts. At least one.
   */
  static joint(keys: readonly DataKey[]): DataKey {
    const parts = keys.map((key) => key.#subKey('joint'))
    const bytes = deriveKey(Buffer.concat(parts), 'esc joint v1')
    const owners = keys.map(({ owner }) => owner)
    return new DataKey(bytes, {
      id: owners.map(({ id }) => id).join('+'),
      name: owners.map(({ name }) => name).join(', '),
    })
  }

  /** The raw key, for a secrets provider to wrap. Never to be written anywhere. */
  revealBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  /** Seals the plaintext of a secret. The result goes inside the ESC envelope. */
  encrypt(plaintext: string): Uint8Array {
    return this.#encrypt('text', '', Buffer.from(plaintext))
  }

  /** Throws `tampered` for a ciphertext that was changed or is another environment's. */
  decrypt(ciphertext: Uint8Array): string {
    const plaintext = this.#decrypt('text', '', ciphertext)
    if (plaintext === undefined) {
      throw new EscError(
        'tampered',
        `a ciphertext in ${ownerText(this.owner)} was changed, or was made for another environment or key`,
        { hint: 'restore the definition from its git history, or set the value again' },
      )
    }
    return plaintext.toString()
  }

  /**
   * Tells keys apart without saying anything else of them: 16 hex digits, for the
   * names of journal entries.
   */
  get mark(): string {
    return Buffer.from(this.#subKey('mark')).toString('hex', 0, 8)
  }

  /** Encrypts a record of the rotation journal; `entry` is bound to it. */
  encryptRecord(entry: string, plaintext: Uint8Array): Uint8Array {
    return this.#encrypt('journal', entry, plaintext)
  }

  decryptRecord(entry: string, ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.#decrypt('journal', entry, ciphertext)
    if (plaintext === undefined) {
      throw new EscError(
        'tampered',
        `the journal entry '${entry}' of ${ownerText(this.owner)} was changed, or was made with another data key`,
      )
    }
    return plaintext
  }

  /**
   * Encrypts what opening environments came to; `circumstances`, all it
   * depends on, are bound to it.
   */
  encryptOpened(circumstances: string, plaintext: string): Uint8Array {
    return this.#encrypt('opened', circumstances, Buffer.from(plaintext))
  }

  /** `undefined` when it was changed, or is of other circumstances or keys. */
  decryptOpened(circumstances: string, ciphertext: Uint8Array): string | undefined {
    return this.#decrypt('opened', circumstances, ciphertext)?.toString()
  }

  /** Encrypts a value of the settings; `field`, where it stands, is bound to it. */
  encryptSetting(field: string, plaintext: string): Uint8Array {
    return this.#encrypt('setting', field, Buffer.from(plaintext))
  }

  decryptSetting(field: string, ciphertext: Uint8Array): string {
    const plaintext = this.#decrypt('setting', field, ciphertext)
    if (plaintext === undefined) {
      throw new EscError(
        'tampered',
        `the setting ${field} of ${ownerText(this.owner)} was changed, or was made for another environment, place or key`,
        { hint: 'restore settings.yaml from its git history, or set it again' },
      )
    }
    return plaintext.toString()
  }

  /** A MAC over `bytes` and the environment's id: `hmac-sha256:` and 43 characters of base64url. */
  seal(use: SealUse, bytes: Uint8Array): string {
    return sealPrefix + this.#mac(use, bytes)
  }

  verifySeal(use: SealUse, bytes: Uint8Array, seal: string): boolean {
    // As text: the last character of base64url has bits that say nothing, and a
    // changed seal is a changed seal.
    const given = Buffer.from(seal)
    const expected = Buffer.from(this.seal(use, bytes))
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  /** Public key that verifies what `signChange` makes: base64url of an Ed25519 key. */
  get signer(): string {
    return signerOf(this.#subKey('change'))
  }

  /**
   * Signs a change of the data key; whoever knows `signer` can tell that its
   * author had the key before.
   */
  signChange(change: Uint8Array): Uint8Array {
    return signChange(this.#subKey('change'), this.owner.id, change)
  }

  #mac(use: SealUse, bytes: Uint8Array): string {
    return createHmac('sha256', this.#subKey('seal'))
      .update(`${use}\0${this.owner.id}\0`)
      .update(bytes)
      .digest('base64url')
  }

  #encrypt(use: string, context: string, plaintext: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#subKey(use), nonce)
    cipher.setAAD(this.#associatedData(use, context))
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  #decrypt(use: string, context: string, ciphertext: Uint8Array): Buffer | undefined {
    if (ciphertext.length < nonceBytes + tagBytes) return undefined
    const end = ciphertext.length - tagBytes
    const decipher = createDecipheriv('aes-256-gcm', this.#subKey(use), ciphertext.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(this.#associatedData(use, context))
    decipher.setAuthTag(ciphertext.subarray(end))
    const plaintext = decipher.update(ciphertext.subarray(nonceBytes, end))
    try {
      // Nothing comes with it in this mode: it only compares the tags.
      decipher.final()
    } catch {
      return undefined
    }
    return plaintext
  }

  #associatedData(use: string, context: string): Buffer {
    return Buffer.from(`esc ${use} v1\0${this.owner.id}\0${context}`)
  }

  #subKey(use: string): Uint8Array {
    let key = this.#derived.get(use)
    if (key === undefined) {
      key = deriveKey(this.#bytes, `esc ${use} v1`)
      this.#derived.set(use, key)
    }
    return key
  }
}

/**
 * Key for one use: HKDF-SHA256 (RFC 5869) without salt, of as many bytes as one hash has. By Node's
 * HMAC, which every start needs anyway: the first `hkdfSync` of a process takes a millisecond more.
 */
function deriveKey(secret: Uint8Array, info: string): Uint8Array {
  const extracted = createHmac('sha256', Buffer.alloc(keyBytes)).update(secret).digest()
  return createHmac('sha256', extracted).update(`${info}\x01`).digest()
}

/**
 * The things that a seal vouches for: a revision's record and definition, or the settings that say
 * from where on seals are required.
 */
export type SealUse = 'revision' | 'settings'
