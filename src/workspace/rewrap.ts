import { permit, visibleEnvironments } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { allowTypedProvider } from './trust/typed-provider.ts'
import type { Workspace } from './workspace.ts'

export interface Rewrapped {
  readonly name: string
  readonly from: string
  readonly to: string
}

export interface RewrapRequest {
  /** Undefined: every environment that has a key under a provider of lists or versions. */
  readonly reference: EnvironmentReference | undefined
  /** Another URL of the same kind. Default: the present one. */
  readonly secretsProvider: string | undefined
}

/** Wraps the data keys of environments again, for the recipients or the key version of now. Stops at the first that fails. */
export async function rewrapKeys(
  workspace: Workspace,
  { reference, secretsProvider }: RewrapRequest,
): Promise<Rewrapped[]> {
  const { store } = workspace
  const hasKey = (name: string) => store.environment(name).settings.wrappedDataKey !== undefined
  const names =
    reference === undefined ? visibleEnvironments(workspace).filter(hasKey) : [store.environment(reference.name).name]
  const rewrapped: Rewrapped[] = []
  for (const name of names) {
    const permitted = await permit(workspace, name, 'admin', 'environment-key-rewrapped')
    await allowTypedProvider(workspace, secretsProvider)
    const done = await store.rewrapKey(name, secretsProvider)
    permitted.done(done)
    rewrapped.push({ name, ...done })
  }
  return rewrapped
}
