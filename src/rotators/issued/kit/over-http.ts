import { currentFetch, type Fetch } from '../../../http/index.ts'
import type { Rotator, RotatorContext } from '../../rotator.ts'
import { issuedCredentialRotator } from './index.ts'
import type { IssuedPending, IssuedPlan, IssuedState, Issuer, IssuerSession } from './issuer.ts'
import type { IssuedTiming } from './timing.ts'

/** The parts that tests put others in place of. */
export interface IssuedOptions {
  /** Default: the machine's. */
  readonly fetch?: Fetch
  /** Default: that of the issuer. */
  readonly timing?: IssuedTiming
}

/** The way to a vendor. */
export interface WayToVendor {
  readonly fetch: Fetch
  readonly context: RotatorContext
}

/** A vendor whose session goes over plain HTTPS. */
export interface HttpIssuer<Inputs, Credential extends object> extends Omit<Issuer<Inputs, Credential>, 'connect'> {
  connect(inputs: Inputs, way: WayToVendor): IssuerSession<Credential> | Promise<IssuerSession<Credential>>
}

/** Returns what makes the rotator of such a vendor. */
export function issuedOverHttp<Inputs, Credential extends object>(
  issuer: HttpIssuer<Inputs, Credential>,
): (options?: IssuedOptions) => Rotator<Inputs, IssuedState<Credential>, IssuedPending<Credential>, IssuedPlan> {
  return ({ fetch = currentFetch, timing = issuer.timing } = {}) =>
    issuedCredentialRotator({
      ...issuer,
      timing,
      connect: async (inputs, context) => issuer.connect(inputs, { fetch, context }),
    })
}
