import { messageOf } from '../errors.ts'
import type { Json } from '../json.ts'
import { compileSchema, schemaFromJson } from '../schema/index.ts'
import { contractVersion } from './plugin.ts'

/**
 * Returns the fault of what a plugin exports, such as
 * `rotators[0] ("x") has no method reconcile`. Undefined: nothing.
 */
export function pluginFault(exported: unknown): string | undefined {
  if (!isRecord(exported)) return 'its default export is not an object'
  if (exported.contract === undefined) return 'its default export does not say `contract: 1`'
  if (exported.contract !== contractVersion) {
    return `it is written for version ${shown(exported.contract)} of the contract, and this esc knows version ${contractVersion}`
  }
  const unknown = Object.keys(exported).find((key) => !['contract', 'rotators', 'providers'].includes(key))
  if (unknown !== undefined) return `its default export has ${shown(unknown)}, which is not a part of a plugin`
  const { rotators = [], providers = [] } = exported
  if (!Array.isArray(rotators)) return '`rotators` is not a list'
  if (!Array.isArray(providers)) return '`providers` is not a list'
  if (rotators.length + providers.length === 0) return 'it has neither rotators nor providers'
  return firstFault(rotators, 'rotators', rotatorFault) ?? firstFault(providers, 'providers', providerFault)
}

/** Returns the fault of a rotator, such as `has no method reconcile`. Undefined: nothing. */
export function rotatorFault(rotator: unknown): string | undefined {
  return faultOf(rotator, {
    methods: ['open', 'target', 'plan', 'rotate', 'reconcile'],
    optional: ['retire', 'retarget', 'check'],
    schemas: ['inputs', 'state', 'outputs'],
  })
}

/** Returns the fault of a provider, such as `has no method open`. Undefined: nothing. */
function providerFault(provider: unknown): string | undefined {
  return faultOf(provider, { methods: ['open'], optional: [], schemas: ['inputs', 'outputs'] })
}

interface Parts {
  readonly methods: readonly string[]
  readonly optional: readonly string[]
  readonly schemas: readonly string[]
}

function firstFault(
  members: readonly unknown[],
  of: string,
  find: (member: unknown) => string | undefined,
): string | undefined {
  const seen = new Set<unknown>()
  for (const [index, member] of members.entries()) {
    const name = isRecord(member) && typeof member.name === 'string' ? ` (${shown(member.name)})` : ''
    const fault = find(member)
    if (fault !== undefined) return `${of}[${index}]${name} ${fault}`
    const { name: taken } = member as { readonly name: string }
    if (seen.has(taken)) return `${of}[${index}]${name} has the name of another`
    seen.add(taken)
  }
  return undefined
}

function faultOf(member: unknown, { methods, optional, schemas }: Parts): string | undefined {
  if (!isRecord(member)) return 'is not an object'
  if (typeof member.name !== 'string') return 'has no name'
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(member.name)) return 'has a name that is not like my-vendor-key'
  if (typeof member.description !== 'string' || member.description.trim() === '') return 'has no description'
  for (const method of methods) if (typeof member[method] !== 'function') return `has no method ${method}`
  for (const method of optional) {
    if (member[method] !== undefined && typeof member[method] !== 'function')
      return `has a ${method} that is not a method`
  }
  for (const part of schemas) {
    if (member[part] === undefined) return `has no schema ${part}`
    const fault = schemaFault(member[part], part)
    if (fault !== undefined) return fault
  }
  return undefined
}

const knownMembers = new Set(
  (
    '$defs $ref anyOf oneOf prefixItems items additionalProperties properties type const enum multipleOf maximum ' +
    'exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems maxProperties ' +
    'minProperties required dependentRequired title description default deprecated examples secret rotateOnly'
  ).split(' '),
)
const types = ['null', 'boolean', 'number', 'string', 'array', 'object']

/** A misspelt `secret` would be written in the clear, so what is not known is refused. */
function schemaFault(schema: unknown, at: string): string | undefined {
  const members = memberFault(schema, at, 0)
  if (members !== undefined) return members
  try {
    compileSchema(schemaFromJson(schema as Json))
    return undefined
  } catch (error) {
    return `has a schema ${at} that cannot be used: ${messageOf(error)}`
  }
}

const deepest = 100

function memberFault(schema: unknown, at: string, depth: number): string | undefined {
  if (typeof schema === 'boolean') return undefined
  if (!isRecord(schema) || Array.isArray(schema)) return `has a schema ${at} that is neither an object nor a boolean`
  if (depth > deepest) return `has a schema ${at.slice(0, 60)}… that is nested too deeply`
  const unknown = Object.keys(schema).find((key) => !knownMembers.has(key))
  if (unknown !== undefined) return `has a schema ${at} with ${shown(unknown)}, which schemas do not have here`
  if (schema.type !== undefined && !types.includes(schema.type as string)) {
    return `has a schema ${at} of type ${shown(schema.type)} (there are ${types.join(', ')})`
  }
  for (const [part, path] of partsOf(schema, at)) {
    const fault = memberFault(part, path, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

function* partsOf(schema: Readonly<Record<string, unknown>>, at: string): Generator<readonly [unknown, string]> {
  for (const key of ['items', 'additionalProperties'])
    if (schema[key] !== undefined) yield [schema[key], `${at}.${key}`]
  for (const key of ['anyOf', 'oneOf', 'prefixItems', 'properties', '$defs']) {
    const parts = schema[key]
    if (isRecord(parts)) for (const [name, part] of Object.entries(parts)) yield [part, `${at}.${key}.${name}`]
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 80)
}
