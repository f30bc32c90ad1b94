import type { HttpAnswer } from '../../http/index.ts'
import { exactKey, malformedWrapping } from '../bound-key.ts'
import { crc32c } from '../crc32c.ts'
import type { KeyOwner } from '../data-key.ts'
import { type KeyCall, type KeyProblem, keyFault, malformedKeyAnswer, noAnswer } from '../key-fault.ts'
import { completeNetwork, request } from '../network.ts'
import type { KeyContext, SecretsProvider } from '../provider.ts'
import { exactBytes } from '../wrapping.ts'
import { googleToken } from './google-token.ts'

const service = 'https://cloudkms.googleapis.com'

/** The URL of a key, taken apart. */
export interface GcpKeyUrl {
  readonly kind: 'gcpkms'
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…`. */
  readonly name: string
  /** Bytes bound to the ciphertext besides the environment's id. */
  readonly additionalData: Uint8Array
}

/**
 * `gcpkms://`: a symmetric key of Google Cloud KMS, by its REST API. The environment's id is
 * part of the additional authenticated data. Wrapped form:
 * `v1:gcpkms:<key version>:<base64>`; the version is for people, as Google finds its own in
 * the ciphertext and keeps the old ones of a rotated key.
 */
export function gcpkmsProvider(url: GcpKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const network = completeNetwork(context.network)
  const key = `Google Cloud KMS key ${url.name}`
  const additionalData = Buffer.concat([url.additionalData, Buffer.from(`\0esc data key v1\0${owner.id}`)])
  const bound = authenticated(additionalData)
  const foreignBound = url.additionalData.length === 0 ? {} : authenticated(url.additionalData)

  async function ask(call: KeyCall, operation: 'encrypt' | 'decrypt', given: object, binding: object = bound) {
    const token = await googleToken(context, call)
    const hiding = { ...call, hidden: [...call.hidden, token] }
    const answer = await request(network, {
      method: 'POST',
      url: `${service}/v1/${url.name}:${operation}`,
      headers: { authorization: `Bearer ${token}` },
      body: { ...given, ...binding },
    }).catch((error) => {
      throw noAnswer(hiding, error, { from: service, hint: 'check the network' })
    })
    if (answer.status !== 200) throw refusal(hiding, answer, operation)
    return { call: hiding, json: (answer.json ?? {}) as Readonly<Record<string, unknown>> }
  }

  return {
    async wrapKey(dataKey) {
      const plaintext = Buffer.from(dataKey).toString('base64')
      const { call, json } = await ask({ action: 'wrap', key, owner, hidden: [plaintext] }, 'encrypt', {
        plaintext,
        plaintextCrc32c: String(crc32c(dataKey)),
      })
      const ciphertext = bytesOf(json.ciphertext, json.ciphertextCrc32c)
      const version = /\/cryptoKeyVersions\/([0-9]+)$/.exec(String(json.name))?.[1]
      const verified = json.verifiedPlaintextCrc32c === true && json.verifiedAdditionalAuthenticatedDataCrc32c === true
      if (ciphertext === undefined || version === undefined || !verified) throw malformedKeyAnswer(call, service)
      return `v1:gcpkms:${version}:${ciphertext.toString('base64')}`
    },

    async unwrapKey(wrapped) {
      const text = /^v1:gcpkms:[0-9]+:([A-Za-z0-9+/]+={0,2})$/.exec(wrapped)?.[1]
      const bytes = text === undefined ? undefined : exactBytes(text)
      if (bytes === undefined) throw malformedWrapping(owner)
      const { call, json } = await ask({ action: 'unwrap', key, owner, hidden: [] }, 'decrypt', {
        ciphertext: text,
        ciphertextCrc32c: String(crc32c(bytes)),
      })
      const plaintext = bytesOf(json.plaintext, json.plaintextCrc32c)
      if (plaintext === undefined) throw malformedKeyAnswer(call, service)
      return exactKey(plaintext, owner)
    },

    async encryptForeign(plaintext) {
      const text = Buffer.from(plaintext).toString('base64')
      const given = { plaintext: text, plaintextCrc32c: String(crc32c(plaintext)) }
      const { call, json } = await ask({ action: 'wrap', key, owner, hidden: [text] }, 'encrypt', given, foreignBound)
      const ciphertext = bytesOf(json.ciphertext, json.ciphertextCrc32c)
      if (ciphertext === undefined || json.verifiedPlaintextCrc32c !== true) throw malformedKeyAnswer(call, service)
      return ciphertext
    },

    async decryptForeign(ciphertext) {
      const given = {
        ciphertext: Buffer.from(ciphertext).toString('base64'),
        ciphertextCrc32c: String(crc32c(ciphertext)),
      }
      const { call, json } = await ask({ action: 'unwrap', key, owner, hidden: [] }, 'decrypt', given, foreignBound)
      const plaintext = bytesOf(json.plaintext, json.plaintextCrc32c)
      if (plaintext === undefined) throw malformedKeyAnswer(call, service)
      return plaintext
    },
  }
}

function authenticated(data: Uint8Array): object {
  return {
    additionalAuthenticatedData: Buffer.from(data).toString('base64'),
    additionalAuthenticatedDataCrc32c: String(crc32c(data)),
  }
}

/** `undefined` when it is not base64, or not the bytes that were sent. */
function bytesOf(base64: unknown, checksum: unknown): Buffer | undefined {
  if (typeof base64 !== 'string' || base64 === '') return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 && String(crc32c(bytes)) === String(checksum) ? bytes : undefined
}

function refusal(call: KeyCall, answer: HttpAnswer, operation: string): Error {
  const { error } = (answer.json ?? {}) as { error?: { status?: unknown; message?: unknown } }
  if (typeof error?.status !== 'string') return malformedKeyAnswer(call, service)
  const [problem, hint] = explain(answer.status, error.status, operation)
  const text = typeof error.message === 'string' ? error.message : ''
  return keyFault(call, problem, { code: error.status, text, hint })
}

function explain(status: number, code: string, operation: string): [KeyProblem, string] {
  const permission = `cloudkms.cryptoKeyVersions.useTo${operation === 'encrypt' ? 'Encrypt' : 'Decrypt'}`
  if (status === 401) return ['credentials', 'log in anew: the access token is not valid, or no longer']
  if (status === 403) return ['denied', `the identity needs ${permission} on the key, and the key must exist`]
  if (status === 404) return ['missing', 'check the name of the key; keys and key rings cannot be renamed or deleted']
  if (code === 'FAILED_PRECONDITION') {
    return [
      'missing',
      'the key version is disabled or scheduled for destruction: restore and enable it in Google Cloud',
    ]
  }
  if (status === 400 && operation === 'decrypt') {
    return ['changed', 'restore secretsProvider and wrappedDataKey in its settings.yaml from the git history']
  }
  if (status >= 500 || status === 429) return ['failed', 'try again later']
  return ['failed', 'the purpose of the key must be ENCRYPT_DECRYPT']
}
