import { type OidcKeys, oidcKeys, prepareOidcKey, rotateOidcKey } from '../../keys/index.ts'
import { storeOperation } from '../session/operation.ts'
import { oidcContext } from '../session/signed-requests.ts'
import { identityPassedOn } from '../trust/identity.ts'
import { longestSeconds } from './own-token.ts'

interface KeyRotation {
  /**
   * `prepare`: the next key is made, and signs nothing yet. `drop`: nothing of the old one counts
   * from now on. Else the next key signs, and the old one is published until its tokens have run
   * out.
   */
  readonly step: 'prepare' | 'rotate' | 'drop'
}

/**
 * Changes the key that identity tokens and requests to adapters are signed with. Whom the old one
 * belongs to, the new one belongs to. Throws EscError `not_found` without a key.
 */
export const rotateSigningKey = storeOperation({
  name: 'rotate-signing-key',
  level: undefined,
  audit: 'store-settings-updated',
  async run(work, { step }: KeyRotation): Promise<OidcKeys> {
    const context = oidcContext(work.host)
    const now = work.host.now()
    if (step === 'prepare') return prepareOidcKey(context, now)
    const { current: old } = oidcKeys(context, now)
    const keys = rotateOidcKey(context, { now, tokenSeconds: longestSeconds, drop: step === 'drop' })
    identityPassedOn(work.host, { from: old, to: keys.current })
    return keys
  },
})
