import { EscError } from '../../errors.ts'
import type { HostPolicy } from '../../host-policy.ts'
import { matchesHost } from '../../http/index.ts'
import { isJsonObject, type Json } from '../../json.ts'
import {
  type JsonWebKeySet,
  type OidcKey,
  type OidcKeyContext,
  type OidcKeyUse,
  oidcKey,
  oidcKeySet,
} from '../../keys/index.ts'
import type { RotatorContext } from '../../rotators/index.ts'
import { identityMade, requireIdentity } from '../trust/identity.ts'
import { allowedPowers } from '../trust/powers.ts'
import { requirePowers } from '../trust/require-powers.ts'
import type { SessionHost } from './session-parts.ts'
import { keyContext, type Workspace } from './workspace.ts'

export interface Requester {
  /**
   * The environment that is being rotated. Imports are only opened, so it is also the one
   * that holds the rotators.
   */
  readonly environment: string
  readonly user: string
}

/**
 * Returns everything that a rotation needs to call adapters: who asks, the key to sign with, and
 * the hosts of private networks that may be called. From `esc.yaml`, as far as this machine allows
 * it (`docs/trust.md`); nothing is asked before it is needed:
 *
 * ```yaml
 * oidc: {issuer: https://esc.example.org}    # default: a name made of the key
 * network: {privateHosts: [adapter.corp.example]}
 * allow: {sockets: [/run/mysqld/mysqld.sock]}
 * ```
 */
export async function signedRequests(
  workspace: Workspace,
  { environment, user }: Requester,
): Promise<Required<Pick<RotatorContext, 'identity' | 'oidc' | 'network'>>> {
  const { store } = workspace
  const issuer = configuredIssuer(workspace)
  return {
    identity: {
      organization: store.organization,
      currentEnvironment: environment,
      rootEnvironment: environment,
      user,
    },
    oidc: trustedSigner(workspace, issuer),
    network: {
      ...(await hostPolicy(workspace)),
      allowSocket: (path) => requirePowers(workspace, [{ kind: 'socket', value: path }]),
      allowOrigin: (origin) => requirePowers(workspace, [{ kind: 'issuingHost', value: origin }]),
    },
  }
}

/**
 * The issuer that `esc.yaml` names. `undefined`: none. @throws EscError `invalid_input` for what
 * can be none.
 */
export function configuredIssuer({ store }: Workspace): string | undefined {
  const issuer = fieldOf(store.configuration.get('oidc'), 'oidc', 'issuer')
  if (issuer === undefined || (typeof issuer === 'string' && issuer !== '')) return issuer
  throw malformed(
    'oidc.issuer',
    'write the address under which the keys can be fetched, such as https://esc.example.org',
  )
}

/** The source of identity tokens that `esc.yaml` chooses. `undefined`: none. */
export function configuredSource({ store }: Workspace): Json | undefined {
  return fieldOf(store.configuration.get('oidc'), 'oidc', 'source')
}

/**
 * The key of this machine, for a store that may use it, under an issuer that it may name. No key
 * is made for another store.
 *
 * @param below what follows the address of the issuer in the name of this one, such as `/v2`.
 */
export function trustedSigner(workspace: Workspace, issuer: string | undefined, below = ''): OidcKey {
  const allow = (use: OidcKeyUse) => requireIdentity(workspace, use)
  const key = oidcKey(
    { ...oidcContext(workspace.host), allow },
    { issuer: issuer && `${issuer.replace(/\/+$/, '')}${below}` },
  )
  const allowIssuer = async () => {
    if (issuer !== undefined) await requirePowers(workspace, [{ kind: 'issuer', value: issuer }])
  }
  return {
    get issuer() {
      return key.issuer
    },
    async authorize() {
      await allowIssuer()
      await key.authorize()
    },
    async sign(claims) {
      await allowIssuer()
      return key.sign(claims)
    },
  }
}

/** Tells which hosts of private networks may be called: what `network` of `esc.yaml` says. */
export async function hostPolicy(workspace: Workspace): Promise<HostPolicy> {
  const hosts = fieldOf(workspace.store.configuration.get('network'), 'network', 'privateHosts') ?? []
  if (!isList(hosts) || !hosts.every((host) => typeof host === 'string')) {
    throw malformed('network.privateHosts', 'write a list of host names, such as [adapter.corp.example, "*.internal"]')
  }
  return hosts.length === 0 ? { privateHosts: [] } : trustedNetwork(workspace, hosts)
}

/**
 * Hosts that were allowed; about another one that `esc.yaml` names, a person is asked
 * when it is to be called.
 */
async function trustedNetwork(workspace: Workspace, hosts: readonly string[]): Promise<HostPolicy> {
  const allowed = await allowedPowers(workspace)
  return {
    privateHosts: hosts.filter((host) => allowed.some(({ kind, value }) => kind === 'privateHost' && value === host)),
    async allowPrivate(host) {
      const pattern = hosts.find((each) => matchesHost(host, each))
      if (pattern === undefined) return false
      await requirePowers(workspace, [{ kind: 'privateHost', value: pattern }])
      return true
    },
  }
}

/**
 * The keys that adapters verify our signatures with: what `esc oidc jwks` prints. Makes the
 * key where there is none.
 */
export function signingKeys(host: SessionHost): JsonWebKeySet {
  return oidcKeySet(oidcContext(host), host.now())
}

export function oidcContext(host: SessionHost): OidcKeyContext {
  return { ...keyContext(host), onMade: (thumbprint) => identityMade(host, thumbprint) }
}

function fieldOf(section: Json | undefined, name: string, field: string): Json | undefined {
  if (section === undefined || section === null) return undefined
  if (!isJsonObject(section)) throw malformed(name, `write it as a mapping: ${name}: {${field}: …}`)
  return section[field] ?? undefined
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function malformed(field: string, hint: string): EscError {
  return new EscError('invalid_input', `\`${field}\` in esc.yaml cannot be used`, { hint })
}
