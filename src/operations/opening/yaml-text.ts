import { EscError } from '../../errors.ts'
import type { ExportedEnvironment } from '../../evaluate/index.ts'
import { listCalls, parseEnvironment } from '../../language/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { permit, wholeStore } from '../session/permit.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import { evaluateOpened } from './evaluate-opened.ts'
import { type DefinitionOptions, definitionText } from './get-environment.ts'
import type { OpenedEnvironment } from './opened-environment.ts'

/** The name that positions in a text are reported under which belongs to no environment. */
const anonymous = '<yaml>'

export interface CheckedText {
  /** The environment. Absent: the text is empty, or no YAML. */
  readonly environment: ExportedEnvironment | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Evaluates a definition that belongs to no environment, without opening anything. What it imports
 * the user must be allowed to read; with `showSecrets` to open, as their static secrets are
 * decrypted.
 */
export const checkText = storeOperation({
  name: 'check-text',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ text: z.string(), showSecrets: z.boolean().optional() }),
  async run(
    work,
    { text, showSecrets = false }: { readonly text: string; readonly showSecrets?: boolean },
  ): Promise<CheckedText> {
    if (text.trim() === '') return { environment: undefined, diagnostics: [] }
    const { environment, diagnostics } = await checkDefinition(work, anonymous, text, { showSecrets, onlyToLook: true })
    return { environment, diagnostics }
  },
})

/**
 * Evaluates a revision of an environment without opening anything. With `showSecrets`, its static
 * secrets and those of what it imports are decrypted.
 */
export const checkRevision = operation({
  name: 'check-revision',
  level: ({ showSecrets }: DefinitionOptions) => (showSecrets ? 'open' : 'read'),
  audit: ({ showSecrets }: DefinitionOptions) => (showSecrets ? 'environment-decrypted' : 'environment-read'),
  input: (z) => z.strictObject({ showSecrets: z.boolean().default(false) }),
  async run(work, { showSecrets }: DefinitionOptions): Promise<CheckedText> {
    const { name } = work.subject
    const text = await definitionText(work, work.subject, showSecrets)
    if (text.trim() === '') return { environment: undefined, diagnostics: [] }
    const { environment, diagnostics } = await checkDefinition(work, name, text, { showSecrets, onlyToLook: true })
    return { environment, diagnostics }
  },
})

/**
 * Opens a definition that belongs to no environment: providers are called, and what it imports the
 * user must be allowed to open. Secrets in it are in the clear, as it has no key. A text that calls
 * a provider itself needs write on the whole store.
 */
export const openText = storeOperation({
  name: 'open-text',
  level: undefined,
  audit: 'environment-open',
  input: (z) => z.string().describe('the YAML text'),
  async run(work, text: string): Promise<Pick<OpenedEnvironment, 'properties' | 'diagnostics'>> {
    if (text.trim() === '') return { properties: undefined, diagnostics: [] }
    const { environment } = parseEnvironment(anonymous, text)
    // Such calls are made with what this machine may do, and no revision shows who wanted them.
    if (environment !== undefined && listCalls(environment).length > 0)
      await permit(work, wholeStore, 'write', 'environment-open')
    const environments = new UsedEnvironments(work, 'open')
    const opening = { name: anonymous, fullName: anonymous, text, unlock: noKey, environments, cache: undefined }
    return evaluateOpened(work, opening, { signal: work.signal })
  },
})

async function noKey(): Promise<(ciphertext: Uint8Array) => string> {
  throw new EscError('key_unavailable', 'this text belongs to no environment, so nothing in it can be decrypted', {
    hint: 'write its secrets in the clear, or import the environment that holds them',
  })
}
