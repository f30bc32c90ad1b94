import { createHash } from 'node:crypto'
import type { RotationIdentity, RotatorContext } from '../rotator.ts'

/** The time for which an adapter may take the token for fresh. Seconds. */
const lifeSeconds = 300

/**
 * In the form of subresource integrity: `sha256-` and the base64 of the SHA-256
 * of the body as it is sent.
 */
export function bodyHash(body: string): string {
  return `sha256-${createHash('sha256').update(body).digest('base64')}`
}

/** The claims of a request to an adapter, without `iss`. */
export function adapterClaims(
  { url, body }: { readonly url: string; readonly body: string },
  identity: RotationIdentity,
  context: RotatorContext,
): Readonly<Record<string, string | number>> {
  const { organization, currentEnvironment, rootEnvironment, user } = identity
  const iat = Math.floor(context.now().getTime() / 1000)
  return {
    sub: `pulumi:environments:org:${organization}:env:${rootEnvironment.replace(/^default\//, '')}`,
    aud: url,
    iat,
    exp: iat + lifeSeconds,
    jti: Buffer.from(context.random(16)).toString('hex'),
    org: organization,
    env: rootEnvironment,
    current_env: currentEnvironment,
    root_env: rootEnvironment,
    trigger_user: user,
    body_hash: bodyHash(body),
  }
}
