import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { AzureLogin } from './azure-login.ts'
import type { ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const loginHints: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId and clientSecret of `login`, and whether the secret has expired',
  invalid_request: 'check tenantId of `login`',
  unauthorized_client: 'check clientId of `login`: the tenant does not know it',
}

export interface AzureTokenWish {
  readonly provider: string
  /** The service that it is for, such as `https://vault.azure.net`. */
  readonly resource: string
  /** Remedies of that service, by its codes. */
  readonly hints: Readonly<Record<string, string>>
}

/**
 * A token of a login for one of Azure's services. @throws EscError `provider_failed`,
 * `invalid_input`.
 */
export async function azureToken(
  { clientId, tenantId, clientSecret, oidc }: AzureLogin,
  { provider, resource, hints }: AzureTokenWish,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<string> {
  const credential = clientSecret?.reveal() ?? oidc?.token.reveal()
  if (credential === undefined || !/^[\w.-]+$/.test(tenantId)) {
    throw new EscError('invalid_input', `${provider}: \`login\` has neither clientSecret nor oidc, or a bad tenantId`, {
      hint: 'give it what azure-login gives: login: ${azure.login}',
    })
  }
  const doing = `login as ${clientId} in tenant ${tenantId}`
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: `${resource}/.default`,
    client_id: clientId,
    ...(clientSecret !== undefined
      ? { client_secret: credential }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: credential,
        }),
  })
  const url = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`
  const call = {
    provider,
    doing,
    url,
    body,
    hidden: [credential],
    readFault: azureFault,
    hints: { ...loginHints, ...hints },
  }
  const token = textIn((await callVendor(call, network, context)).json, 'access_token')
  if (token === undefined) throw malformedAnswer(provider, doing)
  return token
}

/** An error of Azure: the token service answers as OAuth does, others as its interfaces do. */
export function azureFault({ json }: HttpAnswer): VendorFault | undefined {
  const error = memberOf(json, 'error')
  const [code, text] =
    typeof error === 'string'
      ? [error, textIn(json, 'error_description')]
      : [textIn(error, 'code'), textIn(error, 'message')]
  return code === undefined ? undefined : { code, ...(text !== undefined && { text }) }
}
