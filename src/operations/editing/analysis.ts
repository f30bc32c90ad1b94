import { EscError } from '../../errors.ts'
import type { ExportedEnvironment } from '../../evaluate/index.ts'
import { type EnvironmentDeclaration, type ParsedEnvironment, parseEnvironment } from '../../language/index.ts'
import { type Diagnostic, decode, type Node } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { changeWarnings } from '../definitions/saved-text/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { ParseDefinition } from '../session/evaluation-host.ts'
import { operation, type Work } from '../session/operation.ts'

/** A text of a definition, such as one that is being typed, and all that a check finds of it. */
export interface Analysis {
  /** The name that positions in the text are reported under. */
  readonly name: string
  readonly text: string
  /** The document. Undefined: the text is no YAML, or empty. */
  readonly node: Node | undefined
  readonly declaration: EnvironmentDeclaration | undefined
  /** The outcome of the check. Undefined: the text could not be evaluated. */
  readonly environment: ExportedEnvironment | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** The other environments that took part, as they are named, and the revision each came to. */
  readonly imports: readonly { readonly name: string; readonly revision: number }[]
}

export interface AnalysisRequest {
  /** Default: the definition of the revision that is the subject. */
  readonly text?: string
  readonly parse: ParseDefinition
}

/**
 * Checks a text as the definition of an environment that is being edited. Nothing is opened and
 * nobody is asked anything: what was not allowed on this machine is reported. Its warnings are
 * those of saving it.
 *
 * @throws EscError `interrupted`.
 */
export const analyzeDefinition = operation({
  name: 'analyze-definition',
  level: 'read',
  audit: 'environment-read',
  async run(work, { parse, ...given }: AnalysisRequest): Promise<Analysis> {
    const { name, version } = work.subject
    const text = given.text ?? work.store.environment(name).resolve(version).definition
    const unasked = { ...work, host: { ...work.host, askTrust: undefined, prompt: undefined } }
    const { environment, diagnostics, imports } = await checkDefinition(unasked, name, text, {
      onlyToLook: true,
      parse,
      signal: work.signal,
    })
    const warnings = await changeWarnings({ name, text, before: savedText(work) })
    const parsed = parsedAnalysis(name, text, parse)
    return { ...parsed, environment, imports, diagnostics: [...diagnostics, ...warnings] }
  },
})

/** The definition that was saved last. Empty: none that can be read. */
function savedText({ store, subject }: Work<EnvironmentReference>): string {
  if (!store.has(subject.name)) return ''
  try {
    return store.environment(subject.name).current().definition
  } catch (error) {
    if (error instanceof EscError) return ''
    throw error
  }
}

/** Analyzes a text by its form alone, such as a file that is in no store. */
export function parsedAnalysis(name: string, text: string, parse: ParseDefinition = parseEnvironment): Analysis {
  const { environment: declaration, diagnostics } = parse(name, text)
  return { name, text, node: decode(name, text).node, declaration, environment: undefined, diagnostics, imports: [] }
}

/** The number of definitions that are remembered. */
const MOST_REMEMBERED = 500

/**
 * Parses definitions, and remembers the last text of each: while one is edited, its imports stay as
 * they are.
 */
export class RememberingParser {
  readonly #known = new Map<string, { readonly text: string; readonly parsed: ParsedEnvironment }>()

  readonly parse: ParseDefinition = (name, text) => {
    const known = this.#known.get(name)
    if (known?.text === text) return known.parsed
    const parsed = parseEnvironment(name, text)
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(name, { text, parsed })
    return parsed
  }
}
