import { type OwnIdentity, ownIdentity } from '../../keys/index.ts'
import { keyContext, type Workspace } from '../session/workspace.ts'

/** The facts that somebody tells the others in order to be let in. */
export interface JoinRequest extends OwnIdentity {
  readonly principal: string
}

/**
 * The principal and the age recipient of the user. Makes an identity where there is none. @throws
 * EscError `key_unavailable`, `io`.
 */
export async function joinRequest(workspace: Workspace): Promise<JoinRequest> {
  const { options } = workspace
  return { principal: workspace.principal().name, ...(await ownIdentity(keyContext(options), options.now())) }
}
