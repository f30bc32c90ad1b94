import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { IdentityTokenRequest } from '../../providers/index.ts'
import { rich, step } from '../../rich-text.ts'
import { configuredIssuer, trustedSigner } from '../session/signed-requests.ts'
import type { Workspace } from '../session/workspace.ts'
import { systemHint } from './system-tokens.ts'

/**
 * The time for which a vendor may take the token for fresh: those of Azure are
 * exchanged by whoever uses them.
 */
export const longestSeconds = 3600
/** A service of the user's own reads it at once. */
const requestSeconds = 300

/**
 * The environments for which a token is asked, as `project/name`: the one whose definition does so,
 * and the one that is being opened.
 */
export interface TokenContext {
  readonly currentEnvironment: string
  readonly rootEnvironment: string
}

type Claims = Readonly<Record<string, string | number>>

/**
 * A token signed with the store's own key (`esc oidc init`). Vendors fetch the keys from the
 * issuer, so there must be one: `oidc: {issuer: https://…}` in `esc.yaml`. Without one no key is
 * made either, unless the token is for a service of the user's own.
 *
 * @throws EscError `provider_failed` without one; `invalid_input` for an attribute that nothing is
 * known about.
 */
export async function ownToken(
  workspace: Workspace,
  request: IdentityTokenRequest,
  context: TokenContext,
): Promise<string> {
  const issuer = configuredIssuer(workspace)
  const isReachable = issuer !== undefined && /^https:[/][/]./.test(issuer)
  if (!isReachable && request.service === undefined) throw noIssuer(request.provider, workspace)
  const { seconds = request.service === undefined ? longestSeconds : requestSeconds } = request
  const issuedAt = Math.floor(workspace.host.now().getTime() / 1000)
  const random = workspace.host.random ?? ((byteCount: number) => randomBytes(byteCount))
  const times = { iat: issuedAt, exp: issuedAt + seconds, jti: Buffer.from(random(16)).toString('hex') }
  const author = await workspace.author()
  const user = author.email || author.name
  if (request.version === 'v2') {
    const claims = versionTwo(workspace, { user, audience: request.audience ?? '' }, context)
    return trustedSigner(workspace, issuer, '/v2').sign({ ...claims, ...times, nbf: issuedAt })
  }
  return trustedSigner(workspace, issuer).sign({ ...versionOne(workspace, { ...request, user }, context), ...times })
}

/** The claims that login providers send. */
function versionOne(
  { store: { organization } }: Workspace,
  { provider, audience, service, subjectAttributes, claims, user }: IdentityTokenRequest & { readonly user: string },
  { currentEnvironment, rootEnvironment }: TokenContext,
): Claims {
  const known: Readonly<Record<string, string>> = {
    'pulumi.user.login': user,
    'pulumi.token.type': 'personal',
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
  const sub =
    attributes === undefined || subjectAttributes?.length === 0
      ? `pulumi:environments:org:${organization}:env:${rootEnvironment.replace(/^default\//, '')}`
      : `pulumi:environments:pulumi.organization.login:${organization}${attributes.join('')}`
  return {
    ...claims,
    sub,
    aud: service ?? audienceOf(audience, organization),
    org: organization,
    env: rootEnvironment,
    current_env: currentEnvironment,
    root_env: rootEnvironment,
    trigger_user: user,
  }
}

/** The claim `aud` of a token for a login. */
export function audienceOf(vendor: string | undefined, organization: string): string {
  return vendor === undefined ? organization : `${vendor}:${organization}`
}

/** The claims of `fn::open::oidc`: ids, which stay when something is renamed. */
function versionTwo(
  { store }: Workspace,
  { user, audience }: { readonly user: string; readonly audience: string },
  { currentEnvironment, rootEnvironment }: TokenContext,
): Claims {
  const { organization } = store
  const [root, current] = [rootEnvironment, currentEnvironment].map((name) => store.environment(name).id)
  const claim = (name: string) => `https://pulumi.com/${name}`
  return {
    sub: `pulumi:org:${organization}:env:${root}`,
    aud: audience,
    [claim('org')]: organization,
    [claim('org_id')]: organization,
    [claim('current_env')]: currentEnvironment,
    [claim('current_env_id')]: current as string,
    [claim('root_env')]: rootEnvironment,
    [claim('root_env_id')]: root as string,
    [claim('actor')]: user,
  }
}

function noIssuer(provider: string, { host: { env } }: Workspace): EscError {
  const system = systemHint(env)
  const init = step('set one up', { do: 'create-issuer' })
  const publish = step('write what is to be served there', { do: 'publish-issuer' })
  return new EscError(
    'provider_failed',
    `${provider}: \`oidc\` needs an issuer of identity tokens that the vendor can reach, and this store has none`,
    {
      hint: rich`${system === undefined ? '' : `${system}; or `}${init}, and ${publish}; or use static credentials, kept as \`fn::secret\``,
    },
  )
}
