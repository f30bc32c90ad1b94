import { EscError } from '../../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { nearest } from '../../suggestion.ts'
import type { ZodType } from '../../vendor/zod.ts'
import { formatPropertyPath } from '../../yaml/index.ts'

type Issue = NonNullable<ReturnType<ZodType['safeParse']>['error']>['issues'][number]

interface Read {
  readonly given: unknown
  /** The JSON Schema that was expected. */
  readonly schema: JsonObject
}

interface Mistake {
  readonly problem: string
  readonly fix: string
}

/** More mistakes than this are not told at once. */
const mostTold = 3

/**
 * Returns the error for what a schema does not take. It names each place and what belongs there;
 * values are quoted only where one of a few words is expected, since the others may be secrets.
 */
export function inputError(what: string, issues: readonly Issue[], read: Read): EscError {
  const mistakes = issues.flatMap((issue) => mistakesIn(issue, read))
  const told = mistakes.slice(0, mostTold)
  const more = mistakes.length > mostTold ? `; and ${mistakes.length - mostTold} more` : ''
  const problems = told.map(({ problem }) => problem).join('; ')
  return new EscError('invalid_input', `${what} is wrong: ${problems}${more}`, {
    hint: [...new Set(told.map(({ fix }) => fix))].join('; '),
  })
}

function mistakesIn(issue: Issue, read: Read): readonly Mistake[] {
  const path = issue.path as readonly (string | number)[]
  const place = placeOf(path)
  switch (issue.code) {
    case 'invalid_type': {
      const value = valueAt(read.given, path)
      const problem = value === undefined ? `${place} is missing` : `${place} is ${kindOf(value)}`
      return [{ problem, fix: `give ${place} ${typeWords[issue.expected] ?? issue.expected}` }]
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, read.schema))
    case 'invalid_value': {
      const value = valueAt(read.given, path)
      const problem =
        value === undefined
          ? `${place} is missing`
          : `${place} is ${typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : kindOf(value)}`
      return [{ problem, fix: `give ${place} one of ${issue.values.map(String).join(', ')}` }]
    }
    case 'invalid_union':
      return unionMistakes(issue, read)
    case 'too_small':
      return [{ problem: `${place} is too small`, fix: `give ${place} at least ${sized(issue.minimum, issue.origin)}` }]
    case 'too_big':
      return [{ problem: `${place} is too large`, fix: `give ${place} at most ${sized(issue.maximum, issue.origin)}` }]
    default:
      return [{ problem: `${place}: ${issue.message}`, fix: `correct ${place}` }]
  }
}

/** The mistakes in the alternative that is meant, if one can be told; else all alternatives. */
function unionMistakes(issue: Issue & { readonly code: 'invalid_union' }, read: Read): readonly Mistake[] {
  const path = issue.path as readonly (string | number)[]
  const within = (inner: Issue): Issue => ({ ...inner, path: [...path, ...inner.path] })
  const meant = issue.errors.find((each) => each.length > 0 && each.every((inner) => inner.path.length > 0))
  if (meant !== undefined) return meant.flatMap((inner) => mistakesIn(within(inner), read))
  const fixes = issue.errors.flatMap((each) => each.slice(0, 1).flatMap((inner) => mistakesIn(within(inner), read)))
  const value = valueAt(read.given, path)
  const place = placeOf(path)
  return [
    {
      problem: value === undefined ? `${place} is missing` : `${place} is ${kindOf(value)}`,
      fix: fixes.map(({ fix }) => fix).join(', or ') || `give ${place} one of its forms`,
    },
  ]
}

function unknownKey(key: string, path: readonly (string | number)[], schema: JsonObject): Mistake {
  const known = membersAt(schema, path)
  const best = nearest(key, known)
  const problem = `${placeOf([...path, key])} is unknown`
  if (best !== undefined) return { problem, fix: `did you mean ${placeOf([...path, best])}?` }
  return { problem, fix: known.length === 0 ? 'leave it out' : `there are ${known.join(', ')}` }
}

function membersAt(schema: JsonObject, path: readonly (string | number)[]): readonly string[] {
  let at: Json | undefined = schema
  for (const key of path) {
    if (!isJsonObject(at)) return []
    at = typeof key === 'number' ? at.items : isJsonObject(at.properties) ? at.properties[key] : undefined
  }
  return isJsonObject(at) && isJsonObject(at.properties) ? Object.keys(at.properties) : []
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  undefined: 'nothing',
  null: 'null',
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeWords[typeof value] ?? 'no data'
}

function sized(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} characters`
  return origin === 'array' ? `${limit} elements` : String(limit)
}

function placeOf(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the whole' : `\`${formatPropertyPath(path)}\``
}

function valueAt(given: unknown, path: readonly (string | number)[]): unknown {
  let at = given
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[key]
  }
  return at
}
