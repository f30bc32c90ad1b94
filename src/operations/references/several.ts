import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import { environmentPattern } from '../../store/index.ts'
import { nearest } from '../../suggestion.ts'
import { storeOperation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'

/**
 * True when a reference stands for several environments: `app/*`, `app/dev,app/prod`. Neither
 * character can be in a name.
 */
export function namesSeveral(typed: string): boolean {
  return typed.includes('*') || typed.includes(',')
}

/**
 * The references that a list of names and patterns stands for, each with the version behind it:
 * `app/*@stable`. `*` stands for any text without a slash; alone, for every environment. In the
 * order of the list, each once. Throws EscError `not_found` for a pattern that matches none.
 */
export const expandReferences = storeOperation({
  name: 'expand-references',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.string().describe('names and patterns, such as app/*'),
  run: async (work, typed: string) => expanded(typed, visibleEnvironments(work)),
})

function expanded(typed: string, all: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const part of typed.split(',').map((each) => each.trim())) {
    const [, pattern = '', version = ''] = /^([^@:]*)([@:].*)?$/.exec(part) ?? []
    const names = pattern.includes('*') ? all.filter(environmentPattern(pattern)) : [pattern]
    if (names.length === 0) {
      const similar = nearest(pattern, all)
      throw new EscError('not_found', `no environment matches '${pattern}'`, {
        hint:
          similar === undefined
            ? rich`${step('look at what there is', { do: 'list-environments' })}`
            : `did you mean '${similar}'?`,
      })
    }
    for (const name of names) found.add(name + version)
  }
  return [...found]
}
