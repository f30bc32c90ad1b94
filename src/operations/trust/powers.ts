import { stateFolder } from '../../machine/index.ts'
import type { Store } from '../../store/index.ts'
import { digestOfPowers, givenDigest, type Power, readDecision, type TrustContext } from '../../trust/index.ts'
import type { Workspace } from '../session/workspace.ts'
import { wantedPowers } from './wanted-powers.ts'

/**
 * Returns the workspace whose decision counts: a draft is a copy of a store, in a folder that
 * exists for a moment.
 */
export function trustedWorkspace(workspace: Workspace): Workspace {
  return workspace.original ?? workspace
}

export function trustContext(workspace: Workspace): TrustContext {
  const { host, store } = trustedWorkspace(workspace)
  return { stateFolder: stateFolder(host.env), store: store.files.realPath(store.folder) }
}

/**
 * The powers that the user has allowed by naming it on the command line, such as the URL of a
 * secrets provider. It counts for this process, also beside `ESC_TRUST`.
 */
const typed = new WeakMap<Store, Power[]>()

export function allowTyped(workspace: Workspace, power: Power): void {
  const of = trustedWorkspace(workspace).store
  typed.set(of, [...(typed.get(of) ?? []), power])
}

/**
 * Returns the powers of the store on this machine. `ESC_TRUST` stands for exactly one set: where
 * the variable is set, it alone decides; else what a person has accepted.
 */
export async function allowedPowers(workspace: Workspace): Promise<readonly Power[]> {
  const named = typed.get(trustedWorkspace(workspace).store) ?? []
  const given = givenDigest(workspace.host.env)
  if (given === undefined) return [...named, ...(readDecision(trustContext(workspace))?.powers ?? [])]
  const { powers } = await wantedPowers(workspace)
  return digestOfPowers(powers) === given ? [...named, ...powers] : named
}
