import { EscError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import { again, rich, step } from '../../rich-text.ts'
import { type PropertyPath, setAt } from '../../yaml/index.ts'
import { createEnvironment } from '../environments/create-environment.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation, type Work } from '../session/operation.ts'
import { changeNewest } from './change-newest.ts'
import { relative } from './document-path.ts'
import { type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'

export interface LoginProviderRequest {
  /** Below `values`. Not empty. */
  readonly path: PropertyPath
  /** The path as it was typed, for messages. */
  readonly typed: string
  /**
   * The call, such as `{'fn::open::aws-login': {…}}`; secrets in it are `fn::secret` in the clear.
   */
  readonly block: Json
  /** Make the environment when it is missing. */
  readonly create: boolean
}

export interface LoginProviderSet {
  readonly saved: SaveResult
  /** The definition that was to be saved: positions of diagnostics are in it. */
  readonly text: string
  /** The full name of the environment that was made for it. `undefined`: it was there. */
  readonly created: string | undefined
}

/**
 * Puts a login provider at a path of an environment, in the place of whatever is there. Throws
 * EscError `not_found` for an environment that is neither there nor to be made.
 */
export const setLoginProvider = operation({
  name: 'set-login-provider',
  level: 'write',
  audit: 'environment-updated',
  async run(work, request: LoginProviderRequest): Promise<LoginProviderSet> {
    const { store, subject } = work
    if (!store.has(subject.name)) return createWith(work, request)
    const environment = store.environment(subject.name)
    return changeNewest(environment, [['values', ...request.path]], async (base) => {
      const text = placed(base.definition, request)
      const saved = await saveDefinition(work, environment, { text, base, change: 'set' })
      return { saved, text, created: undefined }
    })
  },
  outcome: ({ saved }) => saveOutcome(saved),
})

/** The environment comes to be with its provider, or not at all. */
async function createWith(work: Work<EnvironmentReference>, request: LoginProviderRequest): Promise<LoginProviderSet> {
  const fullName = `${work.store.organization}/${work.subject.name}`
  if (!request.create) {
    throw new EscError(
      'not_found',
      rich`environment ${fullName} does not exist; pass ${again('create')} to create it, or ${step('create it', { do: 'create-environment', environment: fullName })} first`,
    )
  }
  const text = placed('', request)
  const first = { definition: text, change: 'set', wholeOnly: true } as const
  const { diagnostics, exists, revision } = await work.perform(createEnvironment, work.subject, first)
  if (!exists || revision === undefined) {
    return { saved: { kind: 'refused', revision: undefined, diagnostics }, text, created: undefined }
  }
  return { saved: { kind: 'saved', revision, diagnostics }, text, created: fullName }
}

function placed(definition: string, { path, typed, block }: LoginProviderRequest): string {
  try {
    return relative(() => setAt(definition, ['values', ...path], block))
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    throw new EscError(error.code, `setting provider at ${typed}: ${error.message}`, { cause: error })
  }
}
