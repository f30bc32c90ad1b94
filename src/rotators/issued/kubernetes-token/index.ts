import { EscError } from '../../../errors.ts'
import type { Lookup } from '../../../http/index.ts'
import { madeReady } from '../../made-ready.ts'
import { wayToNamedHost } from '../../named-host.ts'
import type { Rotator } from '../../rotator.ts'
import { httpsOptions, requireEncryption } from '../../tls/index.ts'
import { type IssuedPlan, type IssuedTiming, issuedCredentialRotator, issuedTiming } from '../kit/index.ts'
import { KubernetesSession, rotator as name } from './session.ts'
import {
  type KubernetesToken,
  type KubernetesTokenInputs,
  type KubernetesTokenPending,
  type KubernetesTokenState,
  kubernetesInputsSchema,
  tokenSchema,
} from './types.ts'

const example = `values:
  deployer:
    fn::rotate::kubernetes-service-account-token:
      inputs:
        server: https://cluster.example.org:6443
        login: {token: {fn::secret: "…"}}
        namespace: shop
        serviceAccount: deployer
`

export type { KubernetesToken, KubernetesTokenInputs } from './types.ts'

/** The way to clusters, and the times to wait. Tests hand them in. */
export interface KubernetesTokenOptions {
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: Lookup
  readonly timing?: IssuedTiming
}

/**
 * Rotates tokens of a service account of Kubernetes. Each ends with a secret of its own, which is
 * deleted: one that the cluster has put it into, or one that a token with an end is bound to.
 */
export function kubernetesTokenRotator({
  lookup,
  timing = issuedTiming,
}: KubernetesTokenOptions = {}): Rotator<
  KubernetesTokenInputs,
  KubernetesTokenState,
  KubernetesTokenPending,
  IssuedPlan
> {
  const rotator = issuedCredentialRotator<KubernetesTokenInputs, KubernetesToken>({
    name,
    description: 'Tokens of a service account of Kubernetes.',
    example,
    inputs: kubernetesInputsSchema,
    credential: tokenSchema,
    timing,
    marks: true,
    retires: 'after commit',
    noun: 'token',
    words: { otherLogin: 'let `login` use the current token, or that of another account' },
    subject: ({ server, namespace, serviceAccount }) =>
      `service account ${namespace}/${serviceAccount} on ${server.replace(/\/+$/, '')}`,
    idOf: ({ secretName }) => secretName,
    checkInputs,
    loginUses: ({ login }, { token }) => login?.token.reveal() === token.reveal(),
    async connect(inputs, context) {
      const { server: url, tls } = inputs
      const host = { rotator: name, url, tls: httpsOptions(tls), lookup, input: 'server' }
      return new KubernetesSession(inputs, await wayToNamedHost(host, context), context)
    },
  })
  return madeReady(rotator, { tls: ['tls'] })
}

export const kubernetesToken = kubernetesTokenRotator()

function checkInputs({ server, login, tls, lifetimeInHours: hours, audiences }: KubernetesTokenInputs): void {
  const refuse = (problem: string, hint: string) => new EscError('invalid_input', `${name}: ${problem}`, { hint })
  const url = URL.canParse(server) ? new URL(server) : undefined
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  // It may hold a password, so it is not quoted.
  if (url?.protocol !== 'https:' || !plain) {
    throw refuse('`server` is not the https:// address of an API', 'write it as in https://10.0.0.1:6443')
  }
  requireEncryption(tls, { rotator: name, place: 'tls' })
  if ((login === undefined) === (tls?.cert === undefined)) {
    throw login === undefined
      ? refuse('nothing says who logs in', 'give `login: {token}`, or a client certificate as `tls: {cert, key}`')
      : refuse('`login` stands beside a client certificate in `tls`', 'keep one of the two')
  }
  if (login !== undefined && !/^[\x21-\x7e]+$/.test(login.token.reveal())) {
    throw refuse('`login.token` is not a token', 'it must not be empty, and hold no spaces and line breaks')
  }
  if (hours !== undefined && !(Number.isFinite(hours) && hours >= 1 && hours <= 8_760)) {
    throw refuse(`\`lifetimeInHours\` is ${hours}`, 'give a number of hours from 1 to 8760')
  }
  if (audiences !== undefined && hours === undefined) {
    throw refuse(
      '`audiences` is given without `lifetimeInHours`',
      'a token without an end is for the API of the cluster',
    )
  }
}
