import { EscError } from '../../errors.ts'
import { escapeReferences } from '../../language/index.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { parsePath } from '../words/value-path.ts'

/** The value that holds the configuration: a mapping by keys such as `aws:region`. */
export const configuration = 'pulumiConfig'

/**
 * Reads a key of the configuration as typed. Dots and brackets belong to it, unless `structured`
 * says that it is a path into a value, such as `endpoints[0].token`.
 *
 * @returns the path below `pulumiConfig`.
 * @throws EscError `usage` for what no key can be.
 */
export function parseConfigKey(typed: string, { structured }: { readonly structured: boolean }): PropertyPath {
  const path = structured ? parsePath(typed, (reason) => `invalid path: ${reason}`) : [typed]
  const [key] = path
  if (key === undefined || key === '') throw badKey(typed, 'is empty')
  if (typeof key === 'number') throw badKey(typed, 'begins with an index')
  const parts = key.split(':')
  if (parts.length > 2 || parts.includes('')) throw badKey(typed, 'is not of the form namespace:name or name')
  const call = path.find((each) => typeof each === 'string' && /^fn::/i.test(each))
  if (call !== undefined) throw badKey(typed, 'would be the call of a function')
  return path
}

/** A path below `pulumiConfig` as it stands in a definition, below `values`. */
export function configPathInDefinition(path: PropertyPath): PropertyPath {
  return [configuration, ...path.map((each) => (typeof each === 'string' ? escapeReferences(each) : each))]
}

/** The same as results of operations name it. */
export function writtenConfigPath(path: PropertyPath): string {
  return formatPropertyPath(configPathInDefinition(path))
}

/** A path below `pulumiConfig` as people write it: keys with a namespace as they are. */
export function showConfigPath([key, ...rest]: PropertyPath): string {
  return `${key}${rest.length === 0 ? '' : formatPropertyPath(['', ...rest]).replace(/^\[""\]/, '')}`
}

function badKey(typed: string, problem: string): EscError {
  return new EscError('usage', `the configuration key ${JSON.stringify(typed)} ${problem}`, {
    hint: 'write a key like aws:region or region',
  })
}
