import type { HttpAnswer } from '../../http/index.ts'
import { bindKey, malformedWrapping, unbindKey } from '../bound-key.ts'
import type { KeyOwner } from '../data-key.ts'
import { type KeyCall, type KeyProblem, keyFault, malformedKeyAnswer, noAnswer } from '../key-fault.ts'
import { completeNetwork, request } from '../network.ts'
import type { KeyContext, SecretsProvider } from '../provider.ts'
import { exactBytes } from '../wrapping.ts'
import { keyVaultToken } from './azure-token.ts'

const apiVersion = '7.4'

/** The URL of a key, taken apart. */
export interface AzureKeyUrl {
  readonly kind: 'azurekeyvault'
  /** Such as `team.vault.azure.net`. */
  readonly host: string
  readonly name: string
  /** `undefined` for the newest. */
  readonly version?: string
  readonly algorithm: string
}

/**
 * `azurekeyvault://`: an RSA key of Azure Key Vault, by its REST API. Wrapped form:
 * `v1:azurekeyvault:<key version>:<algorithm>:<base64url>`: a URL without a version wraps with the
 * newest one, and what an older one wrapped stays readable.
 */
export function azurekeyvaultProvider(url: AzureKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const network = completeNetwork(context.network)
  const keyUrl = `https://${url.host}/keys/${url.name}`
  const key = `Azure key ${keyUrl}${url.version ? `/${url.version}` : ''}`

  async function ask(
    action: KeyCall['action'],
    key_: { readonly version: string; readonly alg: string; readonly value: string },
    hidden: readonly string[] = [],
  ) {
    const call: KeyCall = { action, key, owner, hidden }
    const token = await keyVaultToken(url.host, context, call)
    const hiding = { ...call, hidden: [...hidden, token] }
    const operation = action === 'wrap' ? 'encrypt' : 'decrypt'
    const answer = await request(network, {
      method: 'POST',
      // An empty version between two slashes is the newest.
      url: `${keyUrl}/${key_.version}/${operation}?api-version=${apiVersion}`,
      headers: { authorization: `Bearer ${token}` },
      body: { alg: key_.alg, value: key_.value },
    }).catch((error) => {
      const hint = `check the network and the name of the vault, ${url.host}`
      throw noAnswer(hiding, error, { from: `https://${url.host}`, hint })
    })
    if (answer.status !== 200) throw refusal(hiding, answer, operation)
    const { kid, value } = (answer.json ?? {}) as { kid?: unknown; value?: unknown }
    const version = typeof kid === 'string' ? versionOf(kid) : undefined
    if (typeof value !== 'string' || !base64url.test(value) || version === undefined) {
      throw malformedKeyAnswer(hiding, 'Azure Key Vault')
    }
    return { value, version }
  }

  /** `undefined` for the id of another key. */
  function versionOf(kid: string): string | undefined {
    const match = /^https:\/\/([^/]+)\/keys\/([^/]+)\/([A-Za-z0-9]+)$/.exec(kid)
    if (match?.[1]?.toLowerCase() !== url.host || match[2]?.toLowerCase() !== url.name.toLowerCase()) return undefined
    return match[3]
  }

  return {
    async wrapKey(dataKey) {
      const value = Buffer.from(bindKey(dataKey, owner)).toString('base64url')
      const hidden = [value, Buffer.from(dataKey).toString('base64url')]
      const answer = await ask('wrap', { version: url.version ?? '', alg: url.algorithm, value }, hidden)
      return `v1:azurekeyvault:${answer.version}:${url.algorithm}:${answer.value}`
    },

    async unwrapKey(wrapped) {
      const match = /^v1:azurekeyvault:([A-Za-z0-9]+):(RSA-OAEP(?:-256)?):([\w-]+)$/.exec(wrapped)
      if (match === null || exactBytes(match[3] ?? '', 'base64url') === undefined) throw malformedWrapping(owner)
      const [, version, alg, value] = match as unknown as [string, string, string, string]
      const answer = await ask('unwrap', { version, alg, value })
      return unbindKey(Buffer.from(answer.value, 'base64url'), owner)
    },

    async encryptForeign(plaintext) {
      const value = Buffer.from(plaintext).toString('base64url')
      const answer = await ask('wrap', { version: url.version ?? '', alg: url.algorithm, value }, [value])
      return Buffer.from(answer.value.replace(/=+$/, ''), 'latin1')
    },

    // Go Cloud keeps the ciphertext as the text that Azure answers with; later versions keep its
    // bytes, of a plaintext in base64.
    async decryptForeign(ciphertext) {
      const text = Buffer.from(ciphertext).toString('latin1')
      const value = base64url.test(text) ? text.replace(/=+$/, '') : Buffer.from(ciphertext).toString('base64url')
      const answer = await ask('unwrap', { version: url.version ?? '', alg: url.algorithm, value })
      const plaintext = Buffer.from(answer.value, 'base64url')
      const inner = plaintext.toString('latin1')
      return /^[A-Za-z0-9+/]{43}=$/.test(inner) ? Buffer.from(inner, 'base64') : plaintext
    },
  }
}

const base64url = /^[\w-]+={0,2}$/

function refusal(call: KeyCall, answer: HttpAnswer, operation: string): Error {
  const { error } = (answer.json ?? {}) as { error?: { code?: unknown; message?: unknown } }
  if (typeof error?.code !== 'string') {
    if (answer.status !== 401) return malformedKeyAnswer(call, 'Azure Key Vault')
  }
  const code = typeof error?.code === 'string' ? error.code : `HTTP ${answer.status}`
  const text = typeof error?.message === 'string' ? error.message : ''
  const [problem, hint] = explain(answer.status, code, text, operation)
  return keyFault(call, problem, { code, text, hint })
}

function explain(status: number, code: string, text: string, operation: string): [KeyProblem, string] {
  if (status === 401) return ['credentials', "log in anew; the token must be for this vault's cloud and tenant"]
  if (status === 403 && /disabled|expired|not yet valid/i.test(text)) {
    return ['missing', 'enable the key version in Azure Key Vault']
  }
  if (status === 403) {
    return [
      'denied',
      `the identity needs the key permission '${operation}' (role Key Vault Crypto User), and the vault's firewall must let you in`,
    ]
  }
  if (status === 404 || code === 'KeyNotFound') {
    return ['missing', 'check the names of vault and key; a deleted key or version can be recovered in Azure Key Vault']
  }
  if (status === 400 && operation === 'decrypt') {
    return ['changed', 'restore secretsProvider and wrappedDataKey in its settings.yaml from the git history']
  }
  if (status >= 500 || status === 429) return ['failed', 'try again later']
  return ['failed', 'the key must be an RSA key that may encrypt and decrypt, of at least 2048 bits']
}
