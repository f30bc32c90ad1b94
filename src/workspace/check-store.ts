import { findPlaintextSecrets } from '../language/index.ts'
import type { CheckReport, Finding } from '../store/index.ts'
import type { EnvironmentReference } from './reference.ts'
import type { Workspace } from './workspace.ts'

export interface CheckRequest {
  /** Empty: the whole store. */
  readonly references: readonly EnvironmentReference[]
  /** Do what is safe about what is found, and check again. */
  readonly fix: boolean
  /** Whether seals are to be checked, which needs the keys. */
  readonly useKeys: boolean
}

export interface CheckedStore extends CheckReport {
  readonly fixed: readonly Finding[]
  /** Folder of what this machine keeps about the store. */
  readonly state: string
}

/** Verifies a store, as far as the keys at hand allow. @throws EscError `not_found` for an environment that is not there. */
export async function checkStore(workspace: Workspace, request: CheckRequest): Promise<CheckedStore> {
  const { store } = workspace
  const { references, fix, useKeys } = request
  const environments = references.map(({ name }) => (store.has(name) ? name : store.environment(name).name))
  const onProgress = (name: string, number: number, count: number) =>
    workspace.options.progress?.(`checking ${name} (${number} of ${count})`)
  const options = {
    useKeys,
    findPlaintext: findPlaintextSecrets,
    onProgress,
    ...(environments.length === 0 ? {} : { environments }),
  }
  const report = await store.check(options)
  const fixed = fix ? await store.fix(report.findings) : []
  return { ...(fixed.length === 0 ? report : await store.check(options)), fixed, state: store.state.folder }
}
