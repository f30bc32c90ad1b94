import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { IdentityTokenRequest, ProviderContext } from './provider.ts'

export const subjectAttributesSchema: SchemaObject = { type: 'array', items: { type: 'string' } }

/** The token of the store, where there is one. */
export async function identityToken(context: ProviderContext, request: IdentityTokenRequest): Promise<string> {
  if (context.identityToken !== undefined) return context.identityToken(request)
  throw new EscError('provider_failed', `${request.provider}: \`oidc\` needs the identity token of a store`, {
    hint: 'use static credentials, kept as `fn::secret`',
  })
}
