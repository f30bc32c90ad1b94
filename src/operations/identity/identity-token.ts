import { createHash } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { IdentityTokenRequest } from '../../providers/index.ts'
import { configuredIssuer, configuredSource } from '../session/signed-requests.ts'
import type { Workspace } from '../session/workspace.ts'
import { requireIdentity } from '../trust/identity.ts'
import { audienceOf, ownToken, type TokenContext } from './own-token.ts'
import { explicitToken, systemNames, systemToken, type TokenSource } from './system-tokens.ts'

/** A token, and who has issued it. */
export interface FoundToken {
  readonly token: string
  /** For people: `the issuer of this store`, `GitHub Actions`. */
  readonly from: string
}

/**
 * A token that vendors take for the identity of an environment: the one that the user names, that
 * of the system we run in, or one of the store's own issuer, in this order. `oidc: {source}` in
 * `esc.yaml`, or `ESC_OIDC_SOURCE`, chooses one of them; so does `ESC_OIDC_KEY`.
 *
 * @throws EscError `provider_failed`, `untrusted`; `invalid_input` for a source that nobody knows.
 */
export async function identityToken(
  workspace: Workspace,
  request: IdentityTokenRequest,
  context: TokenContext,
  signal?: AbortSignal,
): Promise<FoundToken> {
  const isOwn = request.version !== undefined || request.service !== undefined
  const source = isOwn ? undefined : givenSource(workspace, request)
  if (source !== undefined) return { token: await given(workspace, source, signal), from: source.from }
  return { token: await ownToken(workspace, request, context), from: 'the issuer of this store' }
}

/** `undefined`: the store's own issuer. */
function givenSource(workspace: Workspace, { provider, audience }: IdentityTokenRequest): TokenSource | undefined {
  const { env } = workspace.host
  const chosen = chosenSource(workspace)
  const wish = {
    vendor: audience ?? provider.replace(/-login$/, ''),
    audience: env.ESC_OIDC_AUDIENCE || audienceOf(audience, workspace.store.organization),
  }
  if (chosen === undefined) {
    const explicit = explicitToken(env, wish)
    // A key that was set for this run is as explicit as a token.
    if (explicit !== undefined || (env.ESC_OIDC_KEY && configuredIssuer(workspace) !== undefined)) return explicit
    return systemToken(env, wish)
  }
  if (chosen === 'issuer') return undefined
  const source = chosen === 'variable' ? explicitToken(env, wish) : systemToken(env, wish, chosen)
  if (source !== undefined) return source
  throw new EscError('provider_failed', `${provider}: there is no identity token of the source ${chosen} here`, {
    hint: `run this where ${chosen === 'variable' ? 'ESC_OIDC_TOKEN or ESC_OIDC_TOKEN_FILE is set' : `${chosen} gives one`}, or choose another source in esc.yaml or ESC_OIDC_SOURCE`,
  })
}

function chosenSource(workspace: Workspace): string | undefined {
  const chosen = workspace.host.env.ESC_OIDC_SOURCE || configuredSource(workspace)
  const known = ['variable', ...systemNames, 'issuer']
  if (chosen === undefined || chosen === null) return undefined
  if (typeof chosen === 'string' && known.includes(chosen)) return chosen
  throw new EscError('invalid_input', `${JSON.stringify(chosen)} is not a source of identity tokens`, {
    hint: `oidc: {source} and ESC_OIDC_SOURCE are one of ${known.join(', ')}`,
  })
}

/**
 * The token of a source, once this machine lets the store speak with it: it is as good as the
 * identity key, and belongs to the first store that uses it.
 */
async function given(workspace: Workspace, source: TokenSource, signal: AbortSignal | undefined): Promise<string> {
  const thumbprint = createHash('sha256').update(`token source: ${source.name}`).digest('base64url')
  await requireIdentity(workspace, { thumbprint, from: 'variable' })
  const token = (await source.read(signal)).trim()
  const claims = claimsOf(token)
  if (claims === undefined) {
    throw new EscError('provider_failed', `the identity token in ${source.from} is not a JSON Web Token`, {
      hint: 'it is three parts of letters and digits with dots between, and begins with eyJ',
    })
  }
  if (typeof claims.exp === 'number' && claims.exp * 1000 <= workspace.host.now().getTime()) {
    throw new EscError('provider_failed', `the identity token in ${source.from} has expired`, {
      hint: 'ask the system for a new one, or set the clock of this machine right',
    })
  }
  return token
}

/** Returns the claims of a token, without a look at its signature. `undefined`: it is none. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return claims !== null && typeof claims === 'object' ? (claims as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
