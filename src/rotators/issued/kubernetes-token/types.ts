import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { type Tls, tlsSchema } from '../../tls/index.ts'
import type { IssuedPending, IssuedState } from '../kit/index.ts'

export type KubernetesTokenInputs = {
  /** The address of the API, such as `https://10.0.0.1:6443`. */
  readonly server: string
  /** Absent where `tls` has a client certificate. */
  readonly login?: { readonly token: Secret<string> }
  readonly namespace: string
  readonly serviceAccount: string
  /** A token ends by itself after so many hours. Absent: when it is deleted. */
  readonly lifetimeInHours?: number
  readonly audiences?: readonly string[]
  readonly tls?: Tls
}

export type KubernetesToken = {
  /** The secret that the token ends with. */
  readonly secretName: string
  readonly token: Secret<string>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
  readonly expiresAt?: string
}

export type KubernetesTokenState = IssuedState<KubernetesToken>
export type KubernetesTokenPending = IssuedPending<KubernetesToken>

const name = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'

export const kubernetesInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    server: { type: 'string', description: 'The address of the API, such as https://10.0.0.1:6443.' },
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'Who makes and deletes tokens. Absent where `tls` has a client certificate.',
      properties: { token: { type: 'string', secret: true } },
      required: ['token'],
    },
    namespace: { type: 'string', pattern: name },
    serviceAccount: { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' },
    lifetimeInHours: {
      type: 'number',
      description: 'A token ends by itself after so many hours, 1 to 8760. Default: when it is deleted.',
    },
    audiences: {
      type: 'array',
      items: { type: 'string' },
      description: 'Who accepts the tokens, with `lifetimeInHours` only. Default: the API of the cluster.',
    },
    tls: tlsSchema,
  },
  required: ['server', 'namespace', 'serviceAccount'],
  rotateOnly: ['login', 'lifetimeInHours', 'audiences', 'tls'],
}

export const tokenSchema: SchemaObject = {
  type: 'object',
  properties: {
    secretName: { type: 'string' },
    token: { type: 'string', secret: true },
    createdAt: { type: 'string' },
    expiresAt: { type: 'string' },
  },
  required: ['secretName', 'token'],
}
