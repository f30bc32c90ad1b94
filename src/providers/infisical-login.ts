import type { SchemaObject } from '../schema/index.ts'
import { type Secret, secret } from '../secret.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { type InfisicalLogin, infisicalFault, infisicalLoginSchema, infisicalSite } from './infisical-api.ts'
import { lastsFor } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  infisical:
    login:
      fn::open::infisical-login:
        oidc:
          identityId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
`

export type InfisicalLoginInputs = {
  readonly siteUrl?: string
  readonly oidc?: { readonly identityId: string; readonly subjectAttributes?: readonly string[] }
  readonly static?: { readonly clientId: string; readonly clientSecret: Secret<string> }
}

const oidc: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: { identityId: { type: 'string' }, subjectAttributes: subjectAttributesSchema },
  required: ['identityId'],
}

const credentials: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: { clientId: { type: 'string' }, clientSecret: { type: 'string', secret: true } },
  required: ['clientId', 'clientSecret'],
}

/** A token of Infisical, for the identity token of the store or for a machine identity's secret. */
export function infisicalLoginProvider(network: ProviderNetwork = {}): Provider<InfisicalLoginInputs> {
  const variant = (name: string, schema: SchemaObject): SchemaObject => ({
    type: 'object',
    additionalProperties: false,
    properties: { siteUrl: { type: 'string' }, [name]: schema },
    required: [name],
  })
  return {
    name: 'infisical-login',
    description: 'A short-lived token of Infisical.',
    example,
    inputs: { oneOf: [variant('oidc', oidc), variant('static', credentials)] },
    outputs: infisicalLoginSchema,
    shareable: true,

    async open(inputs, context): Promise<InfisicalLogin> {
      const { siteUrl } = inputs
      const { site, ...way } = infisicalSite('infisical-login', siteUrl)
      const { doing, path, body, hidden } = await requestOf(inputs, context)
      const url = `${site}/api/v1/auth/${path}/login`
      const call = { provider: 'infisical-login', doing, url, body, hidden, readFault: infisicalFault, hints, ...way }
      const { json } = await callVendor(call, network, context)
      const token = textIn(json, 'accessToken')
      if (token === undefined) throw malformedAnswer('infisical-login', doing)
      lastsFor(context, memberOf(json, 'expiresIn'))
      return { accessToken: secret(token), ...(siteUrl !== undefined && { siteUrl }) }
    },
  }
}

export const infisicalLogin = infisicalLoginProvider()

const hints: Readonly<Record<string, string>> = {
  Unauthorized:
    'check the credentials; with `oidc` the identity must trust the issuer, audience and subject of the store',
  UnauthorizedError:
    'check the credentials; with `oidc` the identity must trust the issuer, audience and subject of the store',
  Forbidden: 'the identity must be allowed to log in from this network',
  NotFound: 'check `identityId` or `clientId`, and `siteUrl`',
  ForbiddenError: 'the identity must be allowed to log in from this network',
}

async function requestOf({ oidc: federated, static: given }: InfisicalLoginInputs, context: ProviderContext) {
  if (federated !== undefined) {
    const { identityId, subjectAttributes } = federated
    const jwt = await requireIdentityToken(context, {
      provider: 'infisical-login',
      audience: 'infisical',
      subjectAttributes,
    })
    const body = { identityId, jwt }
    return { doing: `login as identity ${identityId}`, path: 'oidc-auth', body, hidden: [jwt] }
  }
  const { clientId, clientSecret } = given as NonNullable<InfisicalLoginInputs['static']>
  const body = { clientId, clientSecret: clientSecret.reveal() }
  return { doing: `login as client ${clientId}`, path: 'universal-auth', body, hidden: [clientSecret.reveal()] }
}
