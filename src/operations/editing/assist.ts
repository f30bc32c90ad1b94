import { EscError } from '../../errors.ts'
import { SecretMask } from '../../masking/index.ts'
import type { Node } from '../../yaml/index.ts'
import { offeredHere } from '../catalogue/catalogue.ts'
import { listEnvironments } from '../environments/list-environments.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { ParseDefinition } from '../session/evaluation-host.ts'
import { operation, type Work } from '../session/operation.ts'
import { type Analysis, analyzeDefinition } from './analysis.ts'
import { type Offers, offersAt } from './completion.ts'
import { completionContext, readableText } from './completion-context.ts'
import type { Installed } from './definition-schema.ts'
import { definitionTargets } from './definition-target.ts'
import { type EditedValues, editedValues } from './edited-values.ts'
import { encryptableAt, encryptForDefinition, encryptionEdits } from './encrypt-value.ts'
import { factsAt, type PlaceFacts } from './hover.ts'
import { type PlacedDiagnostic, placedDiagnostics } from './placed-diagnostics.ts'
import type { DocumentEdit } from './rename-key.ts'

/** A text that somebody types into an editor elsewhere, such as in a browser. */
interface EditedText {
  readonly text: string
  /** Given by the face: one that remembers makes the next check of the same imports cheap. */
  readonly parse: ParseDefinition
}

/** A place in such a text: an offset in UTF-16 code units. */
interface EditedPlace extends EditedText {
  readonly offset: number
}

/** The findings of a check of a text that is being edited. No secret is in them. */
export interface CheckedEdit {
  readonly diagnostics: readonly PlacedDiagnostic[]
  /** The values it comes to. Undefined: the text could not be evaluated. */
  readonly values: EditedValues | undefined
}

/** Checks a text that is being edited, and tells what it comes to. Nothing is opened. */
export const checkEdit = operation({
  name: 'check-edit',
  level: 'read',
  audit: 'environment-read',
  own: ['parse'],
  input: (z) => z.strictObject({ text: z.string() }),
  async run(work, edited: EditedText): Promise<CheckedEdit> {
    const analysis = await work.perform(analyzeDefinition, work.subject, edited)
    const mask = maskOf(analysis)
    const diagnostics = placedDiagnostics(analysis).map((each) => ({
      ...each,
      summary: mask.text(each.summary),
      hint: each.hint && mask.rich(each.hint),
    }))
    return { diagnostics, values: editedValues(analysis) }
  },
})

/**
 * Lists what can be written at a place of a text that is being edited. `known`: the last text
 * before it that could be evaluated, where there was one.
 */
export const offerCompletions = operation({
  name: 'offer-completions',
  level: 'read',
  audit: 'environment-read',
  own: ['parse'],
  input: (z) => z.strictObject({ text: z.string(), offset: z.int(), known: z.string().optional() }),
  async run(work, { text, offset, known, parse }: EditedPlace & { readonly known?: string }): Promise<Offers | null> {
    const context = completionContext(text, offset)
    if (context === undefined) return null
    const look = (subject: EnvironmentReference, looked?: string) =>
      work.perform(analyzeDefinition, subject, { text: looked, parse }).catch(ifRefused(undefined))
    const readable = known ?? readableText(text, offset)
    const analysis = readable === undefined ? undefined : await look(work.subject, readable)
    const offers = await offersAt(text, offset, analysis?.environment && analysis, {
      // Loading them all takes long, and no reference names one.
      installed: context.kind === 'reference' ? { providers: [], rotators: [] } : await installedIn(work),
      environments: (await work.perform(listEnvironments, undefined, {})).environments,
      look: (environment) => look(work.reference(environment)),
    })
    return offers ?? null
  },
})

/** Tells what is known of a place: the type, the value where it is no secret, and its origin. */
export const describePlace = operation({
  name: 'describe-place',
  level: 'read',
  audit: 'environment-read',
  own: ['parse'],
  input: (z) => z.strictObject({ text: z.string(), offset: z.int() }),
  async run(work, { offset, ...edited }: EditedPlace): Promise<PlaceFacts | null> {
    const analysis = await work.perform(analyzeDefinition, work.subject, edited)
    const facts = factsAt(analysis, offset, await installedIn(work))
    if (facts === undefined) return null
    return { ...facts, value: facts.value && maskOf(analysis).text(facts.value) }
  },
})

/** A place that something is defined at: line and column from 1, columns in code points. */
interface EditedTarget {
  /** `project/environment`; that which is being edited among them. */
  readonly environment: string
  /** The line. Undefined: it is the environment as a whole. */
  readonly line: number | undefined
  readonly column: number | undefined
}

/** Finds where the value is defined that stands at a place, across imports. */
export const findDefinitions = operation({
  name: 'find-definitions',
  level: 'read',
  audit: 'environment-read',
  own: ['parse'],
  input: (z) => z.strictObject({ text: z.string(), offset: z.int() }),
  async run(work, { offset, ...edited }: EditedPlace): Promise<readonly EditedTarget[]> {
    const analysis = await work.perform(analyzeDefinition, work.subject, edited)
    return definitionTargets(analysis, offset).map(({ environment, begin }) => ({
      environment: environment === analysis.name ? work.subject.name : work.reference(environment).name,
      line: begin?.line,
      column: begin?.column,
    }))
  },
})

/** The edits that make a value a secret. */
interface EncryptedInEdit {
  readonly edits: readonly DocumentEdit[]
  /** False where the environment has no key yet: the value is marked, and saving encrypts it. */
  readonly encrypted: boolean
}

/**
 * Encrypts the plain value at a place of a text that is being edited. Nothing of the store changes.
 *
 * @throws EscError `invalid_input` where there is none.
 */
export const encryptInEdit = operation({
  name: 'encrypt-in-edit',
  level: 'write',
  audit: 'environment-update-planned',
  changes: false,
  own: ['parse'],
  input: (z) => z.strictObject({ text: z.string(), offset: z.int() }),
  async run(work, { offset, ...edited }: EditedPlace): Promise<EncryptedInEdit> {
    const analysis = await work.perform(analyzeDefinition, work.subject, edited)
    const value = encryptableAt(analysis, offset)
    if (value === undefined) {
      throw new EscError('invalid_input', 'there is no plain value here that can be encrypted', {
        hint: 'put the cursor on a text, a number or a boolean below values, or on its name',
      })
    }
    let ciphertext: string | undefined
    try {
      ciphertext = await work.perform(encryptForDefinition, work.subject, value.plaintext)
    } catch (error) {
      if (!(error instanceof EscError) || error.code !== 'key_unavailable' || hasKey(work)) throw error
    }
    return { edits: encryptionEdits(analysis, value, ciphertext), encrypted: ciphertext !== undefined }
  },
})

function hasKey({ store, subject }: Work<EnvironmentReference>): boolean {
  return store.environment(subject.name).settings.wrappedDataKey !== undefined
}

/** Everything that definitions can name. Where plugins were not allowed here, nothing. */
async function installedIn(work: Work): Promise<Installed> {
  const none = ifRefused([])
  const [providers, rotators] = await Promise.all([
    work.perform(offeredHere, undefined, { kind: 'provider' }).catch(none),
    work.perform(offeredHere, undefined, { kind: 'rotator' }).catch(none),
  ])
  return { providers, rotators }
}

/** Returns a value in the place of an error that tells a user something. */
function ifRefused<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof EscError && error.code !== 'interrupted') return value
    throw error
  }
}

/** Hides what the text holds in the clear as `fn::secret`. */
function maskOf({ node }: Analysis): SecretMask {
  const found: string[] = []
  const visit = (each: Node): void => {
    if (each.kind === 'array') each.elements.forEach(visit)
    if (each.kind !== 'object') return
    for (const { key, value } of each.entries) {
      if (key.value === 'fn::secret' && value.kind === 'string') found.push(value.value)
      else visit(value)
    }
  }
  if (node !== undefined) visit(node)
  return new SecretMask(found)
}
