import { existsSync, realpathSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stateFolder } from '../../machine/index.ts'
import { digestOfPowers, listDecisions, removeDecision, type TrustDecision } from '../../trust/index.ts'
import { openWorkspace, openWorkspaceAt } from '../session/open-workspace.ts'
import type { WorkspaceOptions } from '../session/workspace.ts'
import { trustContext } from './powers.ts'

export interface TrustedStore extends TrustDecision {
  readonly digest: string
}

/** The stores that were allowed something on this machine, by their folders. */
export function trustedStores({ env }: Pick<WorkspaceOptions, 'env'>): readonly TrustedStore[] {
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
export function revokeTrust(options: WorkspaceOptions, { folder, all }: Revocation): readonly string[] {
  const state = stateFolder(options.env)
  const stores = all ? listDecisions(state).map(({ store }) => store) : [storeOf(options, folder)]
  const revoked = stores.filter((store) => removeDecision({ stateFolder: state, store }))
  if (all) rmSync(join(state, 'plugins'), { recursive: true, force: true })
  return revoked
}

/** Real path of the store. One that is gone is known by the path that it had. */
function storeOf(options: WorkspaceOptions, folder: string | undefined): string {
  if (folder === undefined) return trustContext(openWorkspace(options)).store
  const typed = resolve(options.cwd, folder)
  if (!existsSync(typed)) return typed
  try {
    return trustContext(openWorkspaceAt(typed, options, 'named')).store
  } catch {
    return realpathSync(typed)
  }
}
