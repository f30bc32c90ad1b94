import { bindKey, malformedWrapping, unbindKey } from '../bound-key.ts'
import type { KeyOwner } from '../data-key.ts'
import { type KeyCall, type KeyProblem, keyFault, malformedAnswer, noAnswer } from '../key-fault.ts'
import { completeNetwork, type HttpAnswer, request } from '../network.ts'
import type { KeyContext, SecretsProvider } from '../secrets-provider.ts'
import type { VaultKeyUrl } from './hashivault-url.ts'

/**
 * `hashivault://`: a key of the transit engine of Vault (or OpenBao), API version 1.
 * Wrapped form: `v1:hashivault:vault:v<key version>:<base64>`, so that a key may be rotated at the vendor.
 */
export function hashivaultProvider(url: VaultKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const { env } = context
  const network = completeNetwork(context.network)
  const key = `Vault key ${url.engine}/${url.key}`

  async function ask(action: KeyCall['action'], body: object, hidden: readonly string[]) {
    const call: KeyCall = { action, key, owner, hidden }
    const { address, token } = server(call)
    const operation = action === 'wrap' ? 'encrypt' : 'decrypt'
    const answer = await request(network, {
      method: 'POST',
      url: `${address}/v1/${url.engine}/${operation}/${url.key}`,
      headers: {
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(env.VAULT_NAMESPACE && { 'x-vault-namespace': env.VAULT_NAMESPACE }),
      },
      body,
    }).catch((error) => {
      throw noAnswer(call, error, { from: address, hint: 'check VAULT_SERVER_URL or VAULT_ADDR, and the network' })
    })
    const hiding = { ...call, hidden: [...hidden, token] }
    if (answer.status !== 200) throw refusal(hiding, answer, operation)
    return { call: hiding, data: dataOf(answer.json) }
  }

  function server(call: KeyCall): { address: string; token: string } {
    const variable = env.VAULT_SERVER_URL ? 'VAULT_SERVER_URL' : 'VAULT_ADDR'
    const address = env[variable]
    const token = env.VAULT_SERVER_TOKEN || env.VAULT_TOKEN
    if (!address) {
      throw keyFault(call, 'credentials', {
        code: 'no address',
        text: 'neither VAULT_SERVER_URL nor VAULT_ADDR is set',
        hint: 'set one of them to the address of the Vault server',
      })
    }
    if (!/^https?:\/\/[^/@?#\s]+(?:\/[\w./-]*)?$/.test(address)) {
      throw keyFault(call, 'credentials', {
        code: 'no address',
        text: `${variable} is not the http(s) address of a server`,
        hint: `write it as https://vault.example.com:8200`,
      })
    }
    if (!token) {
      throw keyFault(call, 'credentials', {
        code: 'no token',
        text: 'neither VAULT_SERVER_TOKEN nor VAULT_TOKEN is set',
        hint: 'set one of them to a token that may use the key',
      })
    }
    return { address: address.replace(/\/+$/, ''), token }
  }

  return {
    async wrapKey(dataKey) {
      const plaintext = Buffer.from(bindKey(dataKey, owner)).toString('base64')
      const { call, data } = await ask('wrap', { plaintext }, [plaintext, Buffer.from(dataKey).toString('base64')])
      if (typeof data.ciphertext !== 'string' || !ciphertextForm.test(data.ciphertext)) {
        throw malformedAnswer(call, 'Vault')
      }
      return `v1:hashivault:${data.ciphertext}`
    },

    async unwrapKey(wrapped) {
      const ciphertext = /^v1:hashivault:(.*)$/.exec(wrapped)?.[1] ?? ''
      if (!ciphertextForm.test(ciphertext)) throw malformedWrapping(owner)
      const { call, data } = await ask('unwrap', { ciphertext }, [])
      if (typeof data.plaintext !== 'string' || data.plaintext === '') throw malformedAnswer(call, 'Vault')
      return unbindKey(Buffer.from(data.plaintext, 'base64'), owner)
    },
  }
}

const ciphertextForm = /^vault:v[1-9][0-9]*:[A-Za-z0-9+/]+={0,2}$/

function refusal(call: KeyCall, answer: HttpAnswer, operation: string): Error {
  const { status } = answer
  if (status >= 300 && status < 400) {
    return keyFault(call, 'failed', {
      code: `HTTP ${status}`,
      text: 'the server refers to another one',
      hint: 'set VAULT_SERVER_URL or VAULT_ADDR to the active server',
    })
  }
  const { errors } = (answer.json ?? {}) as { errors?: unknown }
  if (!Array.isArray(errors)) return malformedAnswer(call, 'Vault')
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
  if (/key not found/i.test(text)) return ['missing', 'check the name of the key, the engine and VAULT_NAMESPACE']
  if (status === 401 || status === 403) {
    return ['denied', `the token must be valid, in the right VAULT_NAMESPACE, and may \`update\` …/${operation}/<key>`]
  }
  if (status === 404) return ['missing', 'check where the transit engine is mounted (?engine=) and VAULT_NAMESPACE']
  if (status >= 500 || status === 429) return ['failed', 'try again later; the log of the Vault server may say more']
  return ['failed', 'the type of the Vault key must support encryption and must not be derived']
}

function dataOf(json: unknown): { readonly ciphertext?: unknown; readonly plaintext?: unknown } {
  const { data } = (json ?? {}) as { data?: unknown }
  return typeof data === 'object' && data !== null ? data : {}
}
