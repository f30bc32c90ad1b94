import type { DataKey } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import { decryptDefinition, reencryptDefinition } from '../language/index.ts'
import type { Diagnostic } from '../syntax/index.ts'
import { doing } from './doing.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { dropRotatorState } from './rotator-state.ts'
import { saveDefinition } from './save-definition.ts'
import { allowTypedProvider } from './trust/typed-provider.ts'
import { type Workspace, warnOfUnsavedEdit } from './workspace.ts'

export interface NewEnvironmentRequest {
  /** Empty: an environment without values. */
  readonly definition: string
  /** The environment to take the definition from instead, encrypted anew for this one. */
  readonly copyFrom?: EnvironmentReference | undefined
  readonly secretsProvider?: string | undefined
}

export interface Created {
  /** `organization/project/environment`. */
  readonly fullName: string
  /** The revision that holds the definition; undefined when there was none, or when it has errors. */
  readonly revision: number | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** What was saved, or refused. */
  readonly definition: string
  /** Rotators that were copied without their credentials, below `values`. */
  readonly dropped: readonly string[]
}

/**
 * Makes an environment; its first revision is empty. A definition becomes the second, unless it has errors: the environment is
 * there all the same.
 *
 * @throws EscError `already_exists`.
 */
export async function createEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  { definition: given, copyFrom, secretsProvider }: NewEnvironmentRequest,
): Promise<Created> {
  await permit(workspace, reference.name, 'write', 'environment-created')
  const author = await workspace.author()
  const created = workspace.options.now()
  if (workspace.store.has(reference.name)) {
    throw new EscError('already_exists', 'creating environment: already exists', {
      hint: `choose another name, or change it with "esc env edit ${reference.name}"`,
    })
  }
  const source = copyFrom && (await openSource(workspace, copyFrom))
  await allowTypedProvider(workspace, secretsProvider)
  const environment = await doing('creating environment', () =>
    workspace.store.create(reference.name, {
      author,
      created,
      ...(secretsProvider === undefined ? {} : { secretsProvider }),
    }),
  )
  const fullName = `${workspace.store.organization}/${environment.name}`
  const definition = source === undefined ? given : source.encryptFor(await environment.dataKey())
  const { dropped = [] } = source ?? {}
  if (definition.trim() === '') return { fullName, revision: undefined, diagnostics: [], definition, dropped }
  const saved = await doing('updating environment definition', () =>
    saveDefinition(workspace, environment, { text: definition, base: environment.current(), change: 'edit' }),
  )
  return { fullName, revision: saved.revision, diagnostics: saved.diagnostics, definition, dropped }
}

interface Source {
  encryptFor(key: DataKey): string
  readonly dropped: readonly string[]
}

/** Everything that can fail about a source does so here, before anything is made. */
async function openSource(workspace: Workspace, reference: EnvironmentReference): Promise<Source> {
  await permit(workspace, reference.name, 'open', 'environment-decrypted')
  const environment = workspace.store.environment(reference.name)
  const revision = environment.resolve(reference.version)
  if (reference.version === undefined) warnOfUnsavedEdit(workspace, environment, revision)
  await environment.verify(revision)
  const { text, dropped } = dropRotatorState(environment.name, revision.definition)
  const from = environment.settings.wrappedDataKey === undefined ? undefined : await environment.unlock(revision)
  const plaintexts: string[] = []
  decryptDefinition(environment.name, text, (ciphertext) => {
    if (from === undefined) throw new Error('an environment without a data key holds a ciphertext')
    plaintexts.push(from.decrypt(ciphertext))
    return ''
  })
  return {
    dropped,
    encryptFor(key) {
      let next = 0
      return reencryptDefinition(environment.name, text, () => key.encrypt(plaintexts[next++] as string))
    },
  }
}
