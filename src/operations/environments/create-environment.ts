import { EscError } from '../../errors.ts'
import { type DataKey, isRemoteProvider } from '../../keys/index.ts'
import { decryptDefinition, reencryptDefinition } from '../../language/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { Change, Environment, PreparedKey } from '../../store/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { checkDefinition, type SaveResult, saveDefinition } from '../definitions/save-definition.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { dropRotatorState } from '../rotating/rotator-state.ts'
import { withErrorContext } from '../session/error-context.ts'
import { operation } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import { type Workspace, warnOfUnsavedEdit } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'

export interface NewEnvironmentRequest {
  /** Empty: an environment without values. */
  readonly definition: string
  /** The environment to take the definition from instead, encrypted anew for this one. */
  readonly copyFrom?: EnvironmentReference
  readonly secretsProvider?: string
  /** The kind of change that the revision records. Default: `edit`. */
  readonly change?: Change
  /**
   * Makes nothing for a definition with errors. Default: true for a copy, else false, which
   * makes an empty environment.
   */
  readonly wholeOnly?: boolean
}

export interface CreatedEnvironment {
  /** `organization/project/environment`. */
  readonly fullName: string
  /**
   * The revision that holds the definition; undefined when there was none, or when it has errors.
   */
  readonly revision: number | undefined
  /** False for a definition with errors that was to be there whole. */
  readonly exists: boolean
  readonly diagnostics: readonly Diagnostic[]
  /** The definition that was saved, or refused. */
  readonly definition: string
  /** Rotators that were copied without their credentials, below `values`. */
  readonly dropped: readonly string[]
}

/**
 * Makes an environment; its first revision is empty, and a definition becomes the second. When
 * anything fails, such as the secrets provider, nothing is left. A definition with errors leaves an
 * empty environment, unless `wholeOnly`. Throws EscError `already_exists`, `key_unavailable` and
 * others of secrets providers.
 */
export const createEnvironment = operation({
  name: 'create-environment',
  level: 'write',
  audit: 'environment-created',
  input: (z) =>
    z.strictObject({
      definition: z.string().default('').describe('the YAML text; default: an environment without values'),
      copyFrom: z.environment().optional(),
      secretsProvider: z.string().optional(),
      wholeOnly: z.boolean().optional().describe('make nothing for a definition with errors'),
    }),
  own: ['change'],
  run: (work, request: NewEnvironmentRequest) => makeEnvironment(work, work.subject.name, request),
  outcome: ({ revision, definition }: CreatedEnvironment) =>
    revision === undefined && definition.trim() !== '' ? { failed: 'invalid_definition' } : {},
})

async function makeEnvironment(
  workspace: Workspace,
  name: string,
  request: NewEnvironmentRequest,
): Promise<CreatedEnvironment> {
  const { definition: given, copyFrom, secretsProvider, change = 'edit', wholeOnly = copyFrom !== undefined } = request
  const { store } = workspace
  const by = { author: await workspace.author(), created: workspace.host.now() }
  if (store.has(name)) {
    throw new EscError('already_exists', 'creating environment: already exists', {
      hint: rich`choose another name, or ${step('change it', { do: 'edit-definition', environment: name })}`,
    })
  }
  const source = copyFrom && (await openSource(workspace, copyFrom))
  const remember = await allowTypedProvider(workspace, secretsProvider)
  const isEmpty = (source?.text ?? given).trim() === ''
  // Both may fail, so they come before anything is there.
  const { diagnostics } = isEmpty ? { diagnostics: [] } : await checkDefinition(workspace, name, source?.text ?? given)
  const refused = diagnostics.some(({ severity }) => severity === 'error')
  const fullName = `${store.organization}/${name}`
  const { dropped = [] } = source ?? {}
  if (refused && wholeOnly) {
    return { fullName, revision: undefined, exists: false, diagnostics, definition: source?.text ?? given, dropped }
  }
  const asksNow = secretsProvider !== undefined && isRemoteProvider(secretsProvider)
  const key: PreparedKey | undefined =
    asksNow || (!isEmpty && !refused)
      ? await withErrorContext('creating environment', () => store.additions.prepareKey(name, secretsProvider))
      : undefined
  const definition = key === undefined || source === undefined ? given : source.encryptFor(key.key)
  const environment = await withErrorContext('creating environment', () =>
    store.additions.create(name, { ...by, key, ...(secretsProvider === undefined ? {} : { secretsProvider }) }),
  )
  await remember()
  const made = { fullName, exists: true, definition, dropped }
  if (isEmpty || refused) return { ...made, revision: undefined, diagnostics }
  const saved = await saveFirst(workspace, environment, { definition, change, diagnostics })
  return { ...made, revision: saved.revision, diagnostics: saved.diagnostics }
}

async function saveFirst(
  workspace: Workspace,
  environment: Environment,
  first: { readonly definition: string; readonly change: Change; readonly diagnostics: readonly Diagnostic[] },
): Promise<SaveResult> {
  try {
    return await withErrorContext('updating environment definition', () =>
      saveDefinition(workspace, environment, {
        text: first.definition,
        base: environment.current(),
        change: first.change,
        checked: first.diagnostics,
      }),
    )
  } catch (error) {
    await workspace.store.additions.takeBack(environment).catch(() => {})
    throw error
  }
}

interface Source {
  /** The definition as it is, under the key of its environment. */
  readonly text: string
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
    text,
    dropped,
    encryptFor(key) {
      let next = 0
      return reencryptDefinition(environment.name, text, () => key.encrypt(plaintexts[next++] as string))
    },
  }
}
