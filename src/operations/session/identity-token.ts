import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { IdentityTokenRequest } from '../../providers/index.ts'
import { signedRequests } from './signed-requests.ts'
import type { Workspace } from './workspace.ts'

/**
 * How long a vendor may take the token for fresh: those of Azure are
 * exchanged by whoever uses them.
 */
const lifeSeconds = 3600

/**
 * Where a token is asked for: the environment whose definition does so, and the one that is
 * being opened. `project/name`.
 */
export interface TokenPlace {
  readonly currentEnvironment: string
  readonly rootEnvironment: string
}

/**
 * A token that vendors take for the identity of an environment, signed with the store's own key
 * (`esc oidc jwks`). Vendors fetch the keys from the issuer, so there must be one:
 * `oidc: {issuer: https://…}` in `esc.yaml`.
 *
 * @throws EscError `provider_failed` without one; `invalid_input` for an attribute
 *   that nothing is known about.
 */
export async function identityToken(
  workspace: Workspace,
  { provider, audience, subjectAttributes, claims }: IdentityTokenRequest,
  { currentEnvironment, rootEnvironment }: TokenPlace,
): Promise<string> {
  const author = await workspace.author()
  const user = author.email || author.name
  const { oidc } = await signedRequests(workspace, { environment: rootEnvironment, user })
  if (!/^https:[/][/]./.test(oidc.issuer)) {
    throw new EscError(
      'provider_failed',
      `${provider}: \`oidc\` needs an issuer of identity tokens that the vendor can reach, and this store has none`,
      {
        hint: 'serve the keys ("esc oidc jwks") at an address and name it in esc.yaml: oidc: {issuer: https://…}; or use static credentials, kept as `fn::secret`',
      },
    )
  }
  const { organization } = workspace.store
  const known: Readonly<Record<string, string>> = {
    'pulumi.user.login': user,
    'currentEnvironment.name': currentEnvironment,
    'rootEnvironment.name': rootEnvironment,
  }
  const attributes = subjectAttributes
    ?.filter((name) => name !== 'pulumi.organization.login')
    .map((name) => {
      if (Object.hasOwn(known, name)) return `:${name}:${known[name]}`
      throw new EscError('invalid_input', `${provider}: \`subjectAttributes\` cannot have ${JSON.stringify(name)}`, {
        hint: `use some of ${[...Object.keys(known), 'pulumi.organization.login'].join(', ')}`,
      })
    })
  const subject =
    attributes === undefined || subjectAttributes?.length === 0
      ? `pulumi:environments:org:${organization}:env:${rootEnvironment.replace(/^default\//, '')}`
      : `pulumi:environments:pulumi.organization.login:${organization}${attributes.join('')}`
  const issuedAt = Math.floor(workspace.options.now().getTime() / 1000)
  const random = workspace.options.random ?? ((byteCount: number) => randomBytes(byteCount))
  return oidc.sign({
    ...claims,
    sub: subject,
    aud: audience === undefined ? organization : `${audience}:${organization}`,
    iat: issuedAt,
    exp: issuedAt + lifeSeconds,
    jti: Buffer.from(random(16)).toString('hex'),
    org: organization,
    env: rootEnvironment,
    current_env: currentEnvironment,
    root_env: rootEnvironment,
    trigger_user: user,
  })
}
