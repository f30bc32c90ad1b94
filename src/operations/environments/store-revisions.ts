import { machineFiles } from '../../files/index.ts'
import { layout } from '../../store/index.ts'
import { workspaceKeys } from '../session/open-workspace.ts'
import type { Session } from '../session/session.ts'

/** The newest revision of an environment, and when its folder of revisions had last changed. */
export interface SeenRevision {
  readonly revision: number
  readonly modifiedMs: number | undefined
}

/** A folder that has changed so lately may change once more without a sign of it. */
const settlesMs = 2_000

/**
 * The newest revision of each environment of the store, whoever may see it: for a server that asks
 * the access rules before it tells anybody. An environment that cannot be read is left out.
 *
 * @param before what was seen at the last look: folders that have not changed since are not read.
 */
export function newestRevisions(
  { workspace }: Session,
  before: ReadonlyMap<string, SeenRevision>,
): Map<string, SeenRevision> {
  const store = workspace.store.openedFor({ keys: workspaceKeys(() => workspace, workspace.host) })
  const seen = new Map<string, SeenRevision>()
  for (const name of store.list()) {
    try {
      const environment = store.environment(name)
      const modifiedMs = machineFiles.stat(layout.revisions(environment.folder))?.modifiedMs
      const known = before.get(name)
      const isSettled = modifiedMs !== undefined && Date.now() - modifiedMs > settlesMs
      if (known !== undefined && isSettled && known.modifiedMs === modifiedMs) seen.set(name, known)
      else seen.set(name, { revision: environment.current().number, modifiedMs })
    } catch {}
  }
  return seen
}
