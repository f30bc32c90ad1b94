import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { IdentityTokenRequest, ProviderContext } from './provider.ts'

/**
 * The parts that a subject can be made of. The name of a token is not among it: whoever makes one
 * chooses it.
 */
const subjectAttributes = [
  'pulumi.user.login',
  'pulumi.organization.login',
  'pulumi.token.type',
  'pulumi.token.team',
  'currentEnvironment.name',
  'rootEnvironment.name',
]

export const subjectAttributesSchema: SchemaObject = {
  type: 'array',
  items: { type: 'string', enum: subjectAttributes },
}

/** The token that vendors take for the identity of the environment. */
export async function requireIdentityToken(context: ProviderContext, request: IdentityTokenRequest): Promise<string> {
  if (context.identityToken !== undefined) return context.identityToken(request)
  throw new EscError('provider_failed', `${request.provider}: \`oidc\` needs the identity token of a store`, {
    hint: 'use static credentials, kept as `fn::secret`',
  })
}
