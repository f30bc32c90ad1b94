import { EscError, messageOf } from '../../errors.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { permit, visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'

/** The outcome for one environment. After `failed` it is as it was. */
export type Rewrapped =
  | { readonly name: string; readonly status: 'rewrapped'; readonly from: string; readonly to: string }
  | {
      readonly name: string
      readonly status: 'failed'
      readonly code: string
      readonly error: string
      readonly hint?: string | undefined
    }

export interface RewrapRequest {
  /** Undefined: every environment that has a key under a provider of lists or versions. */
  readonly reference: EnvironmentReference | undefined
  /** Another URL of the same kind. Default: the present one. */
  readonly secretsProvider: string | undefined
}

/**
 * Wraps the data keys of environments again, for the recipients or the key version of now. Of
 * several, those that fail keep no other from being done, and are in the result.
 * @throws EscError `not_found`, and what fails when one environment is named.
 */
export async function rewrapKeys(workspace: Workspace, request: RewrapRequest): Promise<Rewrapped[]> {
  const { store } = workspace
  const { reference, secretsProvider } = request
  if (reference !== undefined)
    return [await rewrapOne(workspace, store.environment(reference.name).name, secretsProvider)]
  const rewrapped: Rewrapped[] = []
  for (const name of visibleEnvironments(workspace)) {
    try {
      if (store.environment(name).settings.wrappedDataKey === undefined) continue
      workspace.options.progress?.(`wrapping the key of ${name}`)
      rewrapped.push(await rewrapOne(workspace, name, secretsProvider))
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      rewrapped.push({ name, status: 'failed', code: error.code, error: messageOf(error), hint: error.hint })
    }
  }
  return rewrapped
}

async function rewrapOne(workspace: Workspace, name: string, secretsProvider: string | undefined): Promise<Rewrapped> {
  const permitted = await permit(workspace, name, 'admin', 'environment-key-rewrapped')
  try {
    const remember = await allowTypedProvider(workspace, secretsProvider)
    const done = await workspace.store.rewrapKey(name, secretsProvider)
    remember()
    permitted.done(done)
    return { name, status: 'rewrapped', ...done }
  } catch (error) {
    permitted.failed(error)
    throw error
  }
}
