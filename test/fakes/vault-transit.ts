import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FakeAnswer, type FakeRequest, HttpFake } from './http-fake.ts'

interface TransitKey {
  readonly versions: Buffer[]
  minDecryptionVersion: number
}

/**
 * The transit engine of Vault: tokens and what they may do, namespaces, mounts, versions of keys.
 */
export class FakeVault extends HttpFake {
  readonly namespace: string
  readonly mount: string
  /** By token: paths below the mount that it may update, such as `encrypt/app`. */
  readonly tokens = new Map<string, readonly string[]>()
  readonly keys = new Map<string, TransitKey>()
  sealed = false
  /** Tokens may create keys: encrypting makes one that is missing. */
  upsert = false

  constructor(options: { readonly namespace?: string; readonly mount?: string } = {}) {
    super()
    this.namespace = options.namespace ?? ''
    this.mount = options.mount ?? 'transit'
  }

  addKey(name: string): TransitKey {
    const key = { versions: [randomBytes(32)], minDecryptionVersion: 1 }
    this.keys.set(name, key)
    return key
  }

  rotate(name: string): void {
    this.keys.get(name)!.versions.push(randomBytes(32))
  }

  addToken(...allowed: readonly string[]): string {
    const token = `hvs.${randomBytes(18).toString('base64url')}`
    this.tokens.set(token, allowed)
    return token
  }

  protected isKeyCall(): boolean {
    return true
  }

  protected fault(status: number, text: string): FakeAnswer {
    return { status, body: { errors: text === '' ? [] : [text] } }
  }

  protected answer({ method, path, headers, body }: FakeRequest): FakeAnswer {
    if (this.sealed) return this.fault(503, 'Vault is sealed')
    const inside = new RegExp(`^/v1/${this.mount}/(.*)$`).exec(path)?.[1]
    const allowed = this.tokens.get(String(headers['x-vault-token']))
    const namespace = String(headers['x-vault-namespace'] ?? '')
    if (namespace !== this.namespace) return this.fault(403, '2 errors occurred: * permission denied * invalid token')
    if (allowed === undefined) return this.fault(403, 'permission denied')
    if (inside === undefined) return this.fault(404, `no handler for route "${path.slice(4)}". route entry not found.`)
    if (!allowed.includes(inside)) return this.fault(403, '1 error occurred: * permission denied')
    const [operation, name, ...rest] = inside.split('/')
    if (method === 'GET' && operation === 'keys' && rest.length === 0) {
      const there = this.keys.get(name!)
      return there === undefined
        ? this.fault(404, '')
        : { status: 200, body: { data: { name, latest_version: there.versions.length } } }
    }
    if ((method !== 'POST' && method !== 'PUT') || rest.length > 0) return this.fault(405, 'unsupported operation')
    const key = this.keys.get(name!)
    if (key === undefined && operation === 'encrypt' && this.upsert) return this.#made(name!, body)
    if (key === undefined) return this.fault(400, 'encryption key not found')
    const given = JSON.parse(body) as { plaintext?: string; ciphertext?: string }
    if (operation === 'encrypt') return this.#encrypt(key, given.plaintext)
    if (operation === 'decrypt') return this.#decrypt(key, given.ciphertext ?? '')
    return this.fault(404, '')
  }

  #made(name: string, body: string): FakeAnswer {
    return this.#encrypt(this.addKey(name), (JSON.parse(body) as { plaintext?: string }).plaintext)
  }

  #encrypt(key: TransitKey, plaintext: string | undefined): FakeAnswer {
    const bytes = Buffer.from(plaintext ?? '', 'base64')
    if (plaintext === undefined || bytes.toString('base64') !== plaintext) {
      return this.fault(400, 'failed to base64-decode plaintext')
    }
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key.versions.at(-1)!, nonce)
    const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
    const version = key.versions.length
    const ciphertext = `vault:v${version}:${sealed.toString('base64')}`
    return { status: 200, body: { request_id: 'r', data: { ciphertext, key_version: version } } }
  }

  #decrypt(key: TransitKey, ciphertext: string): FakeAnswer {
    const match = /^vault:v(\d+):(.+)$/.exec(ciphertext)
    if (match === null) return this.fault(400, 'invalid ciphertext: no prefix')
    const version = Number(match[1])
    if (version < key.minDecryptionVersion) {
      return this.fault(400, 'ciphertext or signature version is disallowed by policy (too old)')
    }
    const bytes = Buffer.from(match[2]!, 'base64')
    const used = key.versions[version - 1]
    if (used === undefined || bytes.length < 28) return this.fault(400, 'invalid ciphertext: no such version')
    try {
      const decipher = createDecipheriv('aes-256-gcm', used, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAuthTag(bytes.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
      return { status: 200, body: { data: { plaintext: plaintext.toString('base64') } } }
    } catch {
      // The status that servers from 1.4 on answer with.
      return this.fault(500, '1 error occurred: * cipher: message authentication failed')
    }
  }
}
