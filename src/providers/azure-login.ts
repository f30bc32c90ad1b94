import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import { type Secret, secret } from '../secret.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { identityTokenBounds, lastsAsToken, wantedSeconds } from './lifetime.ts'
import type { Provider } from './provider.ts'

const example = `values:
  azure:
    login:
      fn::open::azure-login:
        clientId: 00000000-0000-0000-0000-000000000000
        tenantId: 11111111-1111-1111-1111-111111111111
        subscriptionId: 22222222-2222-2222-2222-222222222222
        oidc: true
  environmentVariables:
    ARM_USE_OIDC: "true"
    ARM_CLIENT_ID: \${azure.login.clientId}
    ARM_TENANT_ID: \${azure.login.tenantId}
    ARM_SUBSCRIPTION_ID: \${azure.login.subscriptionId}
    ARM_OIDC_TOKEN: \${azure.login.oidc.token}
`

export type AzureLoginInputs = {
  readonly clientId: string
  readonly tenantId: string
  readonly subscriptionId?: string
  readonly clientSecret?: Secret<string>
  readonly oidc?: boolean
  readonly subjectAttributes?: readonly string[]
}

const inputs: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    clientId: { type: 'string' },
    tenantId: { type: 'string' },
    subscriptionId: { type: 'string' },
    clientSecret: { type: 'string', secret: true },
    oidc: { type: 'boolean', default: false },
    subjectAttributes: subjectAttributesSchema,
  },
  required: ['clientId', 'tenantId'],
}

/** The login that `azure-login` gives, and what calls Azure is given. */
export type AzureLogin = {
  readonly clientId: string
  readonly tenantId: string
  readonly subscriptionId?: string
  readonly clientSecret?: Secret<string>
  readonly oidc?: { readonly token: Secret<string> }
}

export const azureLoginSchema: SchemaObject = {
  type: 'object',
  properties: {
    clientId: { type: 'string' },
    tenantId: { type: 'string' },
    subscriptionId: { type: 'string' },
    clientSecret: { type: 'string', secret: true },
    oidc: { type: 'object', properties: { token: { type: 'string', secret: true } }, required: ['token'] },
  },
  required: ['clientId', 'tenantId'],
}

/**
 * Credentials for Azure: the client secret as it is given, or the identity token of the store,
 * which Azure's own libraries exchange.
 */
export const azureLogin: Provider<AzureLoginInputs> = {
  name: 'azure-login',
  description: 'Credentials for Azure.',
  example,
  inputs,
  outputs: azureLoginSchema,
  shareable: true,

  async open({ clientId, tenantId, subscriptionId, clientSecret, oidc = false, subjectAttributes }, context) {
    if (oidc === (clientSecret !== undefined)) {
      throw new EscError('invalid_input', 'azure-login: exactly one of `clientSecret` and `oidc: true` must be given', {
        hint: 'keep the client secret as `fn::secret`, or let Azure trust the issuer of this store',
      })
    }
    const subscription = subscriptionId === undefined ? {} : { subscriptionId }
    if (!oidc) context.lasts?.('always')
    if (!oidc) return { clientId, tenantId, ...subscription, clientSecret: clientSecret as Secret<string> }
    const seconds = wantedSeconds(undefined, context, { input: 'azure-login', ...identityTokenBounds })
    const request = { provider: 'azure-login', audience: 'azure', subjectAttributes, seconds }
    const token = await requireIdentityToken(context, request)
    lastsAsToken(context, token)
    return { clientId, tenantId, ...subscription, oidc: { token: secret(token) } }
  },
}
