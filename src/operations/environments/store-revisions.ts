import { machineFiles } from '../../files/index.ts'
import { layout } from '../../store/index.ts'
import { workspaceKeys } from '../session/open-workspace.ts'
import type { Session } from '../session/session.ts'

/** The newest revision of an environment, and when its files had last changed. */
export interface SeenRevision {
  readonly revision: number
  /** Tags of revisions, such as `stable=7`, and which are retracted. */
  readonly versions: string
  readonly modifiedMs: number | undefined
}

/** A folder that has changed so lately may change once more without a sign of it. */
const recentMs = 2_000

/**
 * The newest revision of each environment of the store, whoever may see it: for a server that asks
 * the access rules before it tells anybody. An environment that cannot be read is left out.
 *
 * @param before what was seen at the last look: folders that have not changed since are not read.
 */
export async function newestRevisions(
  { workspace }: Session,
  before: ReadonlyMap<string, SeenRevision>,
): Promise<Map<string, SeenRevision>> {
  // Another process may have written to a database.
  await workspace.store.refresh()
  const store = workspace.store.openedFor({ keys: workspaceKeys(() => workspace, workspace.host) })
  const seen = new Map<string, SeenRevision>()
  for (const name of store.list()) {
    try {
      const environment = store.environment(name)
      const modifiedMs = modified(environment.folder)
      const known = before.get(name)
      const isOld = modifiedMs !== undefined && Date.now() - modifiedMs > recentMs
      if (known !== undefined && isOld && known.modifiedMs === modifiedMs) seen.set(name, known)
      else seen.set(name, { revision: environment.current().number, versions: versionsOf(environment), modifiedMs })
    } catch {}
  }
  return seen
}

/** When the folder of revisions or the settings had last changed. `undefined`: nothing tells. */
function modified(folder: string): number | undefined {
  const revisions = machineFiles.stat(layout.revisions(folder))?.modifiedMs
  const settings = machineFiles.stat(layout.settings(folder))?.modifiedMs
  return revisions === undefined || settings === undefined ? undefined : Math.max(revisions, settings)
}

function versionsOf({ versions }: ReturnType<Session['workspace']['store']['environment']>): string {
  const tags = versions.tags().map(({ name, revision }) => `${name}=${revision}`)
  const retracted = versions.retractions().map(({ revision, replacement }) => `${revision}:${replacement}`)
  return [...tags, ...retracted].join(' ')
}
