import { EscError } from '../../errors.ts'
import { reencrypt } from '../keys/reencrypt.ts'
import { type EnvironmentReference, refuseVersion } from '../references/reference.ts'
import { dropRotatorState } from '../rotating/rotator-state.ts'
import { doing } from '../session/doing.ts'
import { permit } from '../session/permit.ts'
import { stamp } from '../session/stamp.ts'
import type { Workspace } from '../session/workspace.ts'

export interface CloneRequest {
  readonly source: EnvironmentReference
  /** As typed: `[project/]environment`. */
  readonly destination: string
  readonly preserveHistory: boolean
  readonly preserveEnvironmentTags: boolean
  readonly preserveRevisionTags: boolean
}

export interface Cloned {
  /** Full names. */
  readonly from: string
  readonly to: string
  /** Rotators of the newest definition that were cloned without their credentials. */
  readonly dropped: readonly string[]
}

/**
 * Makes an environment from another one: what it holds, under a key of its own. Rotators
 * forget their credentials.
 */
export async function cloneEnvironment(workspace: Workspace, request: CloneRequest): Promise<Cloned> {
  const { source, destination } = request
  refuseVersion(source, 'clone')
  if (!source.typed.includes('/')) {
    throw new EscError(
      'usage',
      "referring to an environment name ('env' or 'org/env') without a project is not supported",
      { hint: `write default/${source.typed}` },
    )
  }
  const project = source.name.split('/')[0] as string
  const target = workspace.reference(destination.includes('/') ? destination : `${project}/${destination}`)
  refuseVersion(target, 'clone')
  const { store } = workspace
  const { preserveHistory, preserveEnvironmentTags, preserveRevisionTags } = request
  await permit(workspace, source.name, 'open', 'environment-cloned')
  await permit(workspace, target.name, 'write', 'environment-created')
  const by = await stamp(workspace)
  const environment = store.environment(source.name)
  const { dropped } = dropRotatorState(source.name, environment.current().definition)
  await doing('cloning environment', () =>
    store.clone(source.name, target.name, {
      ...by,
      preserveHistory,
      preserveEnvironmentTags,
      preserveRevisionTags,
      reencrypt: (definition, ciphers, revision) =>
        reencrypt(dropRotatorState(source.name, definition).text, ciphers, revision),
    }),
  )
  const fullName = (name: string) => `${store.organization}/${name}`
  return { from: fullName(environment.name), to: fullName(target.name), dropped }
}
