import { EscError } from '../../errors.ts'
import type { JsonObject } from '../../json.ts'
import type { JSONWebKeySet, JWTVerifyGetKey } from '../../vendor/oidc.ts'
import type { Workspace } from '../session/workspace.ts'
import { type GuardedFetch, guardedFetch, type IssuerNetwork } from './guarded-fetch.ts'
import type { TrustedIssuer } from './server-settings.ts'

/** An issuer that gives no answer is not asked again at once. */
const pauseMs = 5_000
/** The place of the keys is looked up again after that; the keys themselves are, too. */
const keptMs = 10 * 60_000

interface Kept {
  readonly sinceMs: number
  readonly keys: Promise<JWTVerifyGetKey>
  failed: boolean
  /** Asks in the name of the newest request, so that what `esc.yaml` says now counts. */
  ask: GuardedFetch
}

/**
 * The public keys of issuers, by their discovery documents. They are kept for ten minutes; a token
 * with a key that is not among them has them fetched again, at most every thirty seconds.
 */
export class IssuerKeys {
  readonly #network: IssuerNetwork
  readonly #kept = new Map<string, Kept>()

  constructor(network: IssuerNetwork = {}) {
    this.#network = network
  }

  /** Finds the key of a token. @throws EscError `provider_failed`, `invalid_input`, `untrusted`. */
  async of(workspace: Workspace, { url, keys }: Pick<TrustedIssuer, 'url' | 'keys'>): Promise<JWTVerifyGetKey> {
    if (keys !== undefined) return fixed(keys)
    const ask = guardedFetch(workspace, this.#network)
    const nowMs = performance.now()
    const before = this.#kept.get(url)
    if (before !== undefined && nowMs - before.sinceMs < (before.failed ? pauseMs : keptMs)) {
      before.ask = ask
      return before.keys
    }
    const kept: Kept = {
      sinceMs: nowMs,
      failed: false,
      ask,
      keys: discovered(url, (...request) => kept.ask(...request)).catch((error) => {
        kept.failed = true
        throw error
      }),
    }
    this.#kept.set(url, kept)
    return kept.keys
  }
}

async function fixed(keys: JsonObject): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import('../../vendor/oidc.ts')
  try {
    return createLocalJWKSet(keys as unknown as JSONWebKeySet)
  } catch (error) {
    throw new EscError('invalid_input', '`keys` of an issuer in esc.yaml is not a JSON Web Key Set', { cause: error })
  }
}

async function discovered(url: string, ask: GuardedFetch): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, jwksFetch } = await import('../../vendor/oidc.ts')
  const place = `${url.replace(/\/+$/, '')}/.well-known/openid-configuration`
  const answer = await ask(place, { headers: { accept: 'application/json' } })
  const found: unknown = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined
  const { issuer, jwks_uri } = (found ?? {}) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
  if (issuer !== url || typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri)) {
    throw new EscError(
      'provider_failed',
      `${place} is not the discovery document of ${url} (status ${answer.status})`,
      {
        hint: 'write the issuer in esc.yaml as the claim `iss` of its tokens has it',
      },
    )
  }
  return createRemoteJWKSet(new URL(jwks_uri), {
    cacheMaxAge: keptMs,
    cooldownDuration: 30_000,
    [jwksFetch]: (address: string, options: Parameters<GuardedFetch>[1]) => ask(address, options),
  })
}
