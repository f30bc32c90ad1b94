import { EscError } from '../../errors.ts'
import {
  type EnvironmentReference,
  hiddenTexts,
  type OpenedEnvironment,
  openEnvironment,
} from '../../operations/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import type { ToolCall } from '../tool.ts'

/** An environment without errors. Its secrets are hidden from now on in everything that leaves. */
export type Opened = OpenedEnvironment & { readonly properties: NonNullable<OpenedEnvironment['properties']> }

/**
 * Opens an environment for a tool.
 *
 * @throws EscError `invalid_definition` when its definition has errors.
 */
export async function openedBy(call: ToolCall, reference: EnvironmentReference): Promise<Opened> {
  const { session, shown, signal, settings } = call
  const { result: opened } = await session.perform(openEnvironment, reference, undefined, { signal })
  for (const properties of [opened.properties, opened.partial]) {
    if (properties !== undefined) shown.hide(hiddenTexts(properties, settings.env))
  }
  const errors = opened.diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    const said = errors.map(({ path, summary }) => `${path}: ${summary}`).join('; ')
    throw new EscError('invalid_definition', `the definition of ${reference.typed} has errors: ${said}`, {
      hint: errors[0]?.hint ?? 'check the environment',
    })
  }
  return { ...opened, properties: opened.properties ?? Object.create(null) }
}

/** Mistakes and warnings as data. */
export function diagnosticsData(diagnostics: readonly Diagnostic[]): readonly object[] {
  return diagnostics.map(({ severity, summary, hint, path, range }) => ({
    severity,
    path,
    summary,
    ...(hint !== undefined && { hint: String(hint) }),
    ...(range && { line: range.begin.line, column: range.begin.column }),
  }))
}
