import { EscError, messageOf } from '../../errors.ts'
import type { Session } from '../session/session.ts'
import type { Workspace } from '../session/workspace.ts'
import { checkWords } from '../tokens/token-words.ts'
import { requirePowers } from '../trust/require-powers.ts'
import { type Claims, claimText, fits } from './claims.ts'
import { guardedFetch, type IssuerNetwork } from './guarded-fetch.ts'
import { type SignInSettings, serverSettings, signInVoucher } from './server-settings.ts'
import type { RefusedIdentity, ShownIdentity } from './verify-identity.ts'

/** The secrets of a sign-in that has begun, which the browser does not get. */
export interface BegunSignIn {
  /** The address of the provider that the browser is sent to. */
  readonly url: string
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

/** Tells whether people can sign in with a browser, and at which address the server is. */
export function browserSignIn({ workspace }: Session): { readonly offered: boolean; readonly url: string | undefined } {
  const { signIn, url } = serverSettings(workspace.store)
  return { offered: signIn !== undefined, url }
}

/**
 * Begins the code flow of OpenID Connect with PKCE (RFC 7636), by `server: {signIn}` of `esc.yaml`.
 * Throws EscError `provider_failed`, `untrusted`.
 */
export async function beginSignIn(
  { workspace }: Session,
  { redirectUri, network }: { readonly redirectUri: string; readonly network: IssuerNetwork | undefined },
): Promise<BegunSignIn> {
  const settings = await allowedSettings(workspace)
  const client = await import('../../vendor/oidc.ts')
  const config = await configurationOf(workspace, settings, network)
  const verifier = client.randomPKCECodeVerifier()
  const [state, nonce] = [client.randomState(), client.randomNonce()]
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: settings.scopes,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  return { url: url.href, verifier, state, nonce }
}

/**
 * Ends a sign-in: exchanges the code, and reads who it was. A refusal is in the audit log. Throws
 * EscError `untrusted`.
 *
 * @param returned the address that the browser came back to, with code and state.
 */
export async function finishSignIn(
  { workspace }: Session,
  begun: BegunSignIn,
  { returned, network }: { readonly returned: URL; readonly network: IssuerNetwork | undefined },
): Promise<ShownIdentity | RefusedIdentity> {
  const settings = await allowedSettings(workspace)
  const identity = await shownTo(workspace, { settings, begun, returned, network })
  if (identity.kind === 'refused') {
    const { error, message } = identity
    workspace.audit.denied('user-signed-in', '*', { error, reason: message.slice(0, 500) })
    await workspace.audit.settled()
  }
  return identity
}

interface Returned {
  readonly settings: SignInSettings
  readonly begun: BegunSignIn
  readonly returned: URL
  readonly network: IssuerNetwork | undefined
}

async function shownTo(
  workspace: Workspace,
  { settings, begun, returned, network }: Returned,
): Promise<ShownIdentity | RefusedIdentity> {
  let claims: Claims | undefined
  try {
    const { authorizationCodeGrant } = await import('../../vendor/oidc.ts')
    const config = await configurationOf(workspace, settings, network)
    const answer = await authorizationCodeGrant(config, returned, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      idTokenExpected: true,
    })
    claims = answer.claims()
  } catch (error) {
    if (error instanceof EscError && error.code === 'untrusted') throw error
    // What a provider says of a failure can hold the code, which is of no use any more.
    return refused(`the sign-in at ${settings.issuer} has failed: ${messageOf(error).slice(0, 200)}`)
  }
  const user = claims && claimText(claims, settings.user)
  if (claims === undefined || user === undefined)
    return refused(`the provider does not tell the claim ${settings.user}`)
  if (settings.user === 'email' && claims.email_verified === false)
    return refused('the provider has not verified the mail address')
  if (!settings.allow.some((pattern) => fits(pattern.toLowerCase(), user.toLowerCase())))
    return refused(`${JSON.stringify(user.slice(0, 100))} may not sign in here`)
  try {
    checkWords('user', user)
  } catch {
    return refused('this name cannot be one of a user here')
  }
  const { issuer, level, environments, lifetimeSeconds } = settings
  const subject = claimText(claims, 'sub') ?? ''
  return { kind: 'shown', user, issuer, subject, level, environments, lifetimeSeconds }
}

async function allowedSettings(workspace: Workspace): Promise<SignInSettings> {
  const { signIn } = serverSettings(workspace.store)
  if (signIn === undefined) throw new EscError('not_found', 'this server has no sign-in with a browser')
  await requirePowers(workspace, [{ kind: 'identityIssuer', value: signInVoucher(signIn) }])
  return signIn
}

/** The provider, by its discovery document. The secret of the client is in `ESC_SIGN_IN_SECRET`. */
async function configurationOf(
  workspace: Workspace,
  { issuer, clientId }: SignInSettings,
  network: IssuerNetwork | undefined,
) {
  const client = await import('../../vendor/oidc.ts')
  const secret = workspace.host.env.ESC_SIGN_IN_SECRET
  const authentication = secret ? client.ClientSecretBasic(secret) : client.None()
  const ask = guardedFetch(workspace, network)
  const config = await client.discovery(new URL(issuer), clientId, { [client.clockTolerance]: 60 }, authentication, {
    [client.clientFetch]: (url, options) => ask(url, options),
    timeout: 20,
  })
  // The signature counts besides TLS.
  client.enableNonRepudiationChecks(config)
  return config
}

function refused(message: string): RefusedIdentity {
  return { kind: 'refused', error: 'invalid_grant', message }
}
