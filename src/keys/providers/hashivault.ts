import { type HttpAnswer, NoAnswer } from '../../http/index.ts'
import { bindKey, malformedWrapping, unbindKey } from '../bound-key.ts'
import type { KeyOwner } from '../data-key.ts'
import { type KeyCall, type KeyProblem, keyFault, malformedKeyAnswer, noAnswer } from '../key-fault.ts'
import { completeNetwork, request } from '../network.ts'
import type { KeyContext, SecretsProvider } from '../provider.ts'
import { exactBytes } from '../wrapping.ts'
import type { VaultKeyUrl } from './vault-key.ts'
import { findVaultServer } from './vault-server.ts'
import { vaultTls } from './vault-tls.ts'

/**
 * `hashivault://`: a key of the transit engine of Vault (or OpenBao), API version 1. Wrapped form:
 * `v1:hashivault:vault:v<key version>:<base64>`, so that a key may be rotated at the vendor.
 */
export function hashivaultProvider(url: VaultKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const network = completeNetwork(context.network)
  const key = `Vault key ${url.engine}/${url.key}`

  async function send(call: KeyCall, path: string, body?: object) {
    const { address, token, namespace } = findVaultServer(url, context, call)
    const tls = address.startsWith('https:') ? vaultTls(context, call) : undefined
    const answer = await request(network, {
      method: body === undefined ? 'GET' : 'POST',
      url: `${address}/v1/${url.engine}/${path}/${url.key}`,
      headers: {
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(namespace && { 'x-vault-namespace': namespace }),
      },
      body,
      tls,
    }).catch((error) => {
      throw noAnswer(call, error, { from: address, hint: unreachableHint(error) })
    })
    return { answer, token }
  }

  /**
   * For a token that may create keys, Vault makes one of any name that it is to encrypt with,
   * mistyped or not. So it is asked for the key first; a token that may not see it learns
   * from the encryption itself.
   */
  async function refuseMissing(call: KeyCall): Promise<void> {
    const { answer } = await send(call, 'keys')
    const { errors } = (answer.json ?? {}) as { errors?: unknown }
    if (answer.status !== 404 || !Array.isArray(errors) || errors.length > 0) return
    const hint = 'check the name of the key, the engine and the namespace; esc makes no keys in Vault'
    throw keyFault(call, 'missing', { code: 'HTTP 404', text: 'encryption key not found', hint })
  }

  async function ask(action: KeyCall['action'], body: object, hidden: readonly string[]) {
    const call: KeyCall = { action, key, owner, hidden }
    if (action === 'wrap') await refuseMissing(call)
    const operation = action === 'wrap' ? 'encrypt' : 'decrypt'
    const { answer, token } = await send(call, operation, body)
    const hiding = { ...call, hidden: [...hidden, token] }
    if (answer.status !== 200) throw refusal(hiding, answer, operation)
    return { call: hiding, data: dataOf(answer.json) }
  }

  return {
    async wrapKey(dataKey) {
      const plaintext = Buffer.from(bindKey(dataKey, owner)).toString('base64')
      const { call, data } = await ask('wrap', { plaintext }, [plaintext, Buffer.from(dataKey).toString('base64')])
      if (typeof data.ciphertext !== 'string' || !ciphertextForm.test(data.ciphertext)) {
        throw malformedKeyAnswer(call, 'Vault')
      }
      return `v1:hashivault:${data.ciphertext}`
    },

    async unwrapKey(wrapped) {
      const ciphertext = /^v1:hashivault:(.*)$/.exec(wrapped)?.[1] ?? ''
      const text = ciphertext.slice(ciphertext.lastIndexOf(':') + 1)
      if (!ciphertextForm.test(ciphertext) || exactBytes(text) === undefined) throw malformedWrapping(owner)
      const { call, data } = await ask('unwrap', { ciphertext }, [])
      if (typeof data.plaintext !== 'string' || data.plaintext === '') throw malformedKeyAnswer(call, 'Vault')
      return unbindKey(Buffer.from(data.plaintext, 'base64'), owner)
    },

    async encryptForeign(bytes) {
      const plaintext = Buffer.from(bytes).toString('base64')
      const { call, data } = await ask('wrap', { plaintext }, [plaintext])
      if (typeof data.ciphertext !== 'string' || !ciphertextForm.test(data.ciphertext)) {
        throw malformedKeyAnswer(call, 'Vault')
      }
      return Buffer.from(data.ciphertext, 'latin1')
    },

    async decryptForeign(bytes) {
      const ciphertext = Buffer.from(bytes).toString('latin1')
      if (!ciphertextForm.test(ciphertext)) throw malformedWrapping(owner)
      const { call, data } = await ask('unwrap', { ciphertext }, [])
      if (typeof data.plaintext !== 'string' || data.plaintext === '') throw malformedKeyAnswer(call, 'Vault')
      return Buffer.from(data.plaintext, 'base64')
    },
  }
}

function unreachableHint(error: unknown): string {
  const code = error instanceof NoAnswer ? error.code : ''
  if (/ALTNAME/.test(code)) {
    return 'the certificate is for another name: check the address, or set VAULT_TLS_SERVER_NAME to that name'
  }
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_UNTRUSTED/.test(code)) {
    return 'set VAULT_CACERT to the file of the certificate authority, or VAULT_CAPATH to a folder of them'
  }
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET/.test(code)) return 'the certificate of the server is out of date: renew it there'
  if (/SSL|TLS|PEM|X509|OSSL/.test(code)) {
    return 'check VAULT_CACERT, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY, and whether the server asks for a client certificate'
  }
  return 'check the address (VAULT_SERVER_URL, BAO_ADDR, VAULT_ADDR, or ?address= in the URL), and the network'
}

const ciphertextForm = /^vault:v[1-9][0-9]*:[A-Za-z0-9+/]+={0,2}$/

function refusal(call: KeyCall, answer: HttpAnswer, operation: string): Error {
  const { status } = answer
  if (status >= 300 && status < 400) {
    return keyFault(call, 'failed', {
      code: `HTTP ${status}`,
      text: 'the server refers to another one',
      hint: 'give the address of the active server: VAULT_ADDR, or ?address= in the URL of the secrets provider',
    })
  }
  const { errors } = (answer.json ?? {}) as { errors?: unknown }
  if (!Array.isArray(errors)) return malformedKeyAnswer(call, 'Vault')
  const text = errors.filter((each) => typeof each === 'string').join('; ')
  const [problem, hint] = explain(status, text, operation)
  return keyFault(call, problem, { code: `HTTP ${status}`, text, hint })
}

function explain(status: number, text: string, operation: string): [KeyProblem, string] {
  if (status === 503) return ['unreachable', 'the server is sealed or in maintenance: unseal it, or try again later']
  // Servers from 1.4 on call a ciphertext that does not verify a fault of their own.
  if (/message authentication failed|invalid ciphertext|unable to decrypt|decryption error/i.test(text)) {
    return [
      'changed',
      'restore secretsProvider and wrappedDataKey in its settings.yaml from the git history; if the Vault key was deleted and made anew, restore that',
    ]
  }
  if (/disallowed by policy|too old/i.test(text)) {
    return ['missing', 'lower min_decryption_version of the Vault key, or restore the archived key version']
  }
  if (/key not found/i.test(text)) return ['missing', 'check the name of the key, the engine and the namespace']
  if (status === 401 || status === 403) {
    return ['denied', `the token must be valid, in the right namespace, and may \`update\` …/${operation}/<key>`]
  }
  if (status === 404) return ['missing', 'check where the transit engine is mounted (?engine=) and the namespace']
  if (status >= 500 || status === 429) return ['failed', 'try again later; the log of the Vault server may say more']
  return ['failed', 'the type of the Vault key must support encryption and must not be derived']
}

function dataOf(json: unknown): { readonly ciphertext?: unknown; readonly plaintext?: unknown } {
  const { data } = (json ?? {}) as { data?: unknown }
  return typeof data === 'object' && data !== null ? data : {}
}
