import { existsSync, realpathSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stateFolder } from '../../machine/index.ts'
import { digestOfPowers, listDecisions, removeDecision, type TrustDecision } from '../../trust/index.ts'
import { openWorkspace, openWorkspaceAt } from '../session/open-workspace.ts'
import type { SessionHost, SessionRequest } from '../session/session-parts.ts'
import { trustContext } from './powers.ts'

export interface TrustedStore extends TrustDecision {
  readonly digest: string
}

/** The stores that were allowed something on this machine, by their folders. */
export function trustedStores({ env }: Pick<SessionHost, 'env'>): readonly TrustedStore[] {
  return listDecisions(stateFolder(env)).map((decision) => ({ ...decision, digest: digestOfPowers(decision.powers) }))
}

export interface Revocation {
  /** As typed. Undefined: the store in use. */
  readonly folder: string | undefined
  readonly all: boolean
}

/**
 * Forgets what stores were allowed, and with `all` the copies of plugins that were
 * run. Returns their folders.
 */
export function revokeTrust(request: SessionRequest, { folder, all }: Revocation): readonly string[] {
  const state = stateFolder(request.host.env)
  const stores = all ? listDecisions(state).map(({ store }) => store) : [storeOf(request, folder)]
  const revoked = stores.filter((store) => removeDecision({ stateFolder: state, store }))
  if (all) rmSync(join(state, 'plugins'), { recursive: true, force: true })
  return revoked
}

/** Real path of the store. One that is gone is known by the path that it had. */
function storeOf(request: SessionRequest, folder: string | undefined): string {
  if (folder === undefined) return trustContext(openWorkspace(request)).store
  const typed = resolve(request.host.cwd, folder)
  if (!existsSync(typed)) return typed
  try {
    return trustContext(openWorkspaceAt(typed, request, 'named')).store
  } catch {
    return realpathSync(typed)
  }
}
