import { bounded } from '../../budget.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { checkDefinition } from '../definitions/save-definition.ts'
import { evaluationLimits } from '../opening/evaluation-limits.ts'
import { operation } from '../session/operation.ts'
import { warnOfUnsavedEdit } from '../session/workspace.ts'
import { type ImportedType, typeOfValues } from './type-declarations.ts'

/** TypeScript declarations of the values of an environment. */
export interface EnvironmentTypes {
  /** A module. Undefined: the definition has errors. */
  readonly text: string | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Writes TypeScript declarations of the values of a revision, as programs see them: those that are
 * secret as `Secret`. Nothing is opened, and no value is told.
 */
export const environmentTypes = operation({
  name: 'environment-types',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<EnvironmentTypes> {
    const { subject, store } = work
    const environment = store.environment(subject.name)
    const revision = environment.resolve(subject.version)
    if (subject.version === undefined) warnOfUnsavedEdit(work, environment, revision)
    const options = { onlyToLook: true, fullName: subject.name }
    const checked = await checkDefinition(work, subject.environment, revision.definition, options)
    const { diagnostics } = checked
    if (diagnostics.some(({ severity }) => severity === 'error')) return { text: undefined, diagnostics }
    const { properties = {}, schema } = checked.environment ?? {}
    const limits = evaluationLimits(work.host.env)
    const { text, uses } = bounded(limits, `the types of ${subject.name}`, () => typeOfValues(properties, schema))
    return { text: moduleText(subject.name, text, uses), diagnostics }
  },
})

function moduleText(environment: string, type: string, uses: readonly ImportedType[]): string {
  const imported = uses.length === 0 ? '' : `import type { ${uses.join(', ')} } from '@gitesc/cli'\n\n`
  return `// Generated from the environment ${environment}: do not edit.
${imported}/** Values of ${environment}. */
export type ${typeName(environment)} = ${type}
`
}

/** Returns `AppDev` for `app/dev`. */
function typeName(environment: string): string {
  const words = environment.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const name = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
  return /^\d/.test(name) || name === '' ? `Environment${name}` : name
}
