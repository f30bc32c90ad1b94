import { type OwnIdentity, ownIdentity } from '../../keys/index.ts'
import { storeOperation } from '../session/operation.ts'
import { keyContext } from '../session/workspace.ts'

/** The facts that somebody tells the others in order to be let in. */
export interface JoinRequest extends OwnIdentity {
  readonly principal: string
}

/**
 * The principal and the age recipient of the user. Makes an identity where there is none. Throws
 * EscError `key_unavailable`, `io`.
 */
export const joinRequest = storeOperation({
  name: 'request-access',
  level: undefined,
  audit: 'environment-read',
  async run({ host, principal }): Promise<JoinRequest> {
    return { principal: principal().name, ...(await ownIdentity(keyContext(host), host.now())) }
  },
})
