import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { PlainObject } from '../plain.ts'
import { present } from '../present.ts'
import { secret } from '../secret.ts'
import { readEntries } from './entries.ts'
import { type KubernetesLoginInputs, kubernetesLogin, kubernetesLoginSchema } from './kubernetes-login.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const provider = 'kubernetes-secrets'

const example = `values:
  kubernetes:
    secrets:
      fn::open::kubernetes-secrets:
        login:
          from: ~/.kube/config
          context: production
        get:
          db-password:
            namespace: shop
            name: db
            key: password
`

export type KubernetesSecretsInputs = {
  readonly login: KubernetesLoginInputs
  readonly get: Readonly<Record<string, Entry>>
}

type Entry = { readonly name: string; readonly namespace?: string; readonly key?: string }

/** A secret has a mebibyte at most; base64, and notes of the server on its fields, come on top. */
const longestBytes = 4 << 20

/** Secrets of a cluster of Kubernetes. */
export function kubernetesSecretsProvider(network: ProviderNetwork = {}): Provider<KubernetesSecretsInputs> {
  return {
    name: provider,
    description: 'Secrets of a cluster of Kubernetes.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: kubernetesLoginSchema,
        get: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' },
              namespace: {
                type: 'string',
                pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
                description: 'Default: that of the context or pod, else default.',
              },
              key: {
                type: 'string',
                pattern: '^[a-zA-Z0-9._-]+$',
                description: 'One value of the secret. Default: an object with all of them.',
              },
            },
            required: ['name'],
          },
        },
      },
      required: ['login', 'get'],
    },
    outputs: { type: 'object', additionalProperties: true },
    shareable: true,

    async open({ login: inputs, get }, context) {
      const { server, namespace: usual, ...way } = await kubernetesLogin(inputs, context)
      const call = { provider, ...way, longestBytes, readFault: statusFault, hints }
      // Several keys of a secret cost one request.
      const asked = new Map<string, { readonly entries: string; answer?: Promise<HttpAnswer> }>()
      const urlOf = ({ name, namespace = usual }: Entry) => `${server}/api/v1/namespaces/${namespace}/secrets/${name}`
      for (const [entry, of] of Object.entries(get)) {
        const before = asked.get(urlOf(of))?.entries
        asked.set(urlOf(of), { entries: before === undefined ? `\`get.${entry}\`` : `${before}, \`get.${entry}\`` })
      }
      return readEntries(get, async (of, entry) => {
        const { name, namespace = usual, key } = of
        const url = urlOf(of)
        const request = present(asked.get(url))
        const doing = `${request.entries}: reading secret ${name} in namespace ${namespace} of ${server}`
        request.answer ??= callVendor({ ...call, doing, url }, network, context)
        const { json } = await request.answer
        const data = memberOf(json, 'data') ?? {}
        if (textIn(json, 'kind') !== 'Secret' || typeof data !== 'object') throw malformedAnswer(provider, doing)
        const read = (one: string) =>
          decoded(String(memberOf(data, one)), () =>
            context.warn?.(`${provider}: \`get.${entry}\`: ${one} is binary, so it is given in base64`),
          )
        if (key === undefined) {
          return secret(Object.fromEntries(Object.keys(data).map((one) => [one, read(one)])) as PlainObject)
        }
        if (memberOf(data, key) !== undefined) return secret(read(key))
        const names = Object.keys(data)
        throw new EscError('provider_failed', `${provider}: ${doing} gave no key ${JSON.stringify(key)}`, {
          hint: names.length === 0 ? 'the secret is empty' : `there are ${names.join(', ')}`,
        })
      })
    },
  }
}

export const kubernetesSecrets = kubernetesSecretsProvider()

function decoded(base64: string, warn: () => void): string {
  const bytes = Buffer.from(base64, 'base64')
  const text = bytes.toString()
  if (Buffer.from(text).equals(bytes)) return text
  warn()
  return base64
}

/**
 * Reads an error.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
function statusFault({ json, status }: HttpAnswer): VendorFault | undefined {
  if (textIn(json, 'kind') !== 'Status') return undefined
  const text = textIn(json, 'message')
  return { code: textIn(json, 'reason') ?? `HTTP ${status}`, ...(text !== undefined && { text }) }
}

const hints: Readonly<Record<string, string>> = {
  Unauthorized: 'the token or certificate has expired, or is not one of this cluster: log in anew',
  Forbidden: 'whoever logs in needs a role that may `get` the secret in this namespace',
  NotFound: 'check the name and the namespace of the secret, and the context',
}
