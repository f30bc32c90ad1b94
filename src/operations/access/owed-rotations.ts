import { rotatedPaths } from '../../rotation/index.ts'
import { stateLayout } from '../../store/index.ts'
import { operation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { exposedOf } from './exposed-secrets.ts'
import { readRecord, removeRecord, writeRecord } from './machine-record.ts'

/** A command that gives environments new data keys, and can rotate what the former holders know. */
export type KeyChanger = 'access remove' | 'env change-secrets-provider'

/**
 * The part that this machine remembers of a change of a data key, so that the same command can
 * finish the rotations after it.
 */
interface Owed {
  readonly version: 1
  readonly by: KeyChanger
  /** The newest revision at that time: a later one that rotated a path has settled it. */
  readonly revision: number
  /** The wrapped data key before the change. Where it is still there, nothing was changed. */
  readonly before: string | null
}

/**
 * Is called before the data key of an environment is changed: its credentials are to be rotated
 * afterwards. `keepsKey`: they are to be rotated although the key stays, because only whoever keeps
 * that key can end its use.
 */
export function oweRotations(
  { store }: Workspace,
  name: string,
  { by, keepsKey = false }: { readonly by: KeyChanger; readonly keepsKey?: boolean },
): void {
  const environment = store.environment(name)
  const before = (keepsKey ? undefined : environment.settings.wrappedDataKey) ?? null
  const owed: Owed = { version: 1, by, revision: environment.current().number, before }
  writeRecord(fileOf(store.state.folder, environment.id), owed)
}

/**
 * The paths of an environment whose credentials have not been rotated since a command changed its
 * data key. Empty also where none did, or where it failed to.
 */
export const owedRotations = operation({
  name: 'list-owed-rotations',
  level: 'read',
  audit: 'environment-read',
  run: async (work): Promise<readonly string[]> => owedPaths(work, work.subject.name),
})

/** Does what `owedRotations` does. `by`: only since that command changed the key. */
export function owedPaths({ store }: Workspace, name: string, by?: KeyChanger): readonly string[] {
  const environment = store.environment(name)
  const file = fileOf(store.state.folder, environment.id)
  const owed = read(file)
  if (owed === undefined || (by !== undefined && owed.by !== by)) return []
  if (owed.before === (environment.settings.wrappedDataKey ?? null)) return []
  const waiting = new Set(exposedOf(environment, name).rotators.map(({ path }) => path))
  for (const revision of environment.history()) {
    if (revision.number <= owed.revision || waiting.size === 0) break
    if (revision.change !== 'rotate') continue
    for (const path of rotatedPaths(environment, revision)) waiting.delete(path)
  }
  if (waiting.size === 0) removeRecord(file)
  return [...waiting]
}

function read(file: string): Owed | undefined {
  const owed = readRecord(file) as Owed | undefined
  return owed?.version === 1 && Number.isSafeInteger(owed.revision) ? owed : undefined
}

function fileOf(state: string, id: string): string {
  return stateLayout.owedRotations(state, id)
}
