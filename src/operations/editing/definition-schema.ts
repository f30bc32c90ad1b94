import { formatJson, type Json } from '../../json.ts'
import { type BuiltinName, builtin, builtinNames } from '../../language/index.ts'
import { arrayOf } from '../../schema/index.ts'
import { type Offered, offered } from '../catalogue/catalogue.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import { definitionNames, ExpressionSchemas, noCall, refTo } from './expression-schema.ts'

type Members = { [key: string]: Json }

/** A text that is not all literal: it has references in it, or doubled dollar signs. */
const COMPUTED = '\\$[{$]'
/** A text without references. */
const LITERAL = '^(?:[^$]|\\$\\$|\\$(?![${]))*$'

/** The providers and rotators that definitions can name. */
export interface Installed {
  readonly providers: readonly Offered[]
  readonly rotators: readonly Offered[]
}

/**
 * The JSON Schema of definitions, with what is installed here: what is built in, and what plugins
 * of the store in use bring. As text. @throws EscError `untrusted` as `offered` does.
 */
export async function definitionSchemaText(request: SessionRequest): Promise<string> {
  return `${formatJson(definitionSchema(await installedHere(request)), { indent: 2 })}\n`
}

/** Everything that definitions can name here. @throws EscError `untrusted` as `offered` does. */
export async function installedHere(request: SessionRequest): Promise<Installed> {
  return { providers: await offered(request, 'provider'), rotators: await offered(request, 'rotator') }
}

/**
 * The JSON Schema (2020-12) of definitions: their form, the builtins, and what providers and
 * rotators take. It refuses nothing that a check accepts without a word.
 */
export function definitionSchema(installed: Installed): Json {
  const schemas = new ExpressionSchemas()
  const calls = callsOf(schemas, installed)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ESC environment',
    description: 'A definition of an environment: what it imports, and its values.',
    ...rootMembers(),
    $defs: {
      [definitionNames.value]: valueSchema(calls),
      [definitionNames.call]: {
        title: 'call of a builtin',
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
        properties: calls,
        additionalProperties: false,
      },
      [definitionNames.isComputed]: { anyOf: [{ type: 'string', pattern: COMPUTED }, callLike] },
      [definitionNames.computed]: {
        if: { type: 'object' },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: refTo(definitionNames.call),
      },
      [definitionNames.literal]: { title: 'text without references', type: 'string', pattern: LITERAL },
      ...schemas.definitions,
    },
  }
}

/** An object with one name that is that of a builtin, or looks like it: a mistyped one. */
const callLike: Json = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  propertyNames: { pattern: '^[fF][nN]::' },
}

/** Readers say best what is wrong, and what may be written, where one form is chosen by `if`. */
function valueSchema(calls: Members): Json {
  const offered = Object.entries(calls).map(([name, call]) => {
    const { description } = call as { readonly description?: string }
    return [name, description === undefined ? true : { description }] as const
  })
  return {
    if: callLike,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: refTo(definitionNames.call),
    else: {
      type: ['null', 'boolean', 'number', 'string', 'array', 'object'],
      items: refTo(definitionNames.value),
      // Offered where nothing stands yet. Beside other names, none of them may stand.
      properties: Object.fromEntries(offered),
      additionalProperties: refTo(definitionNames.value),
      propertyNames: noCall,
    },
  }
}

/** Names of fields count in any case; those in lower case are offered. */
function rootMembers(): Members {
  const fields: Members = {
    description: { ...(refTo(definitionNames.literal) as Members), description: 'What the environment is for.' },
    imports: {
      description: 'Environments whose values lie beneath those of this one, the last one on top.',
      type: 'array',
      items: { anyOf: [{ type: 'string' }, importWithOptions] },
    },
    values: {
      description: 'The values, by name.',
      type: 'object',
      properties: Object.fromEntries(Object.entries(knownValues).map(([name, about]) => [name, described(about)])),
      additionalProperties: refTo(definitionNames.value),
      propertyNames: noCall,
    },
  }
  const otherCase = Object.entries(fields).map(([name, field]) => [
    `^(?!${name}$)${[...name].map((letter) => `[${letter}${letter.toUpperCase()}]`).join('')}$`,
    field,
  ])
  return {
    type: 'object',
    properties: fields,
    patternProperties: Object.fromEntries(otherCase) as Members,
    additionalProperties: false,
  }
}

const importWithOptions: Json = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: {
    type: 'object',
    properties: {
      merge: { type: 'boolean', description: 'false: its values are only there to be referred to. Default: true.' },
    },
    patternProperties: { '^(?!merge$)[mM][eE][rR][gG][eE]$': { type: 'boolean' } },
  },
}

const knownValues = {
  environmentVariables: 'Variables that a command gets, by name.',
  files: 'Contents of temporary files, by the name of the variable that gets the path.',
  pulumiConfig: 'Configuration of Pulumi stacks that use the environment.',
} as const

function described(description: string): Json {
  return { ...(refTo(definitionNames.value) as Members), description }
}

/** Every call that can be written, by its key. */
function callsOf(schemas: ExpressionSchemas, { providers, rotators }: Installed): Members {
  const calls: Members = {}
  for (const name of builtinNames) {
    const { description } = builtin(name)
    const about = description === undefined ? {} : { description }
    if (name === 'open' || name === 'rotate') continue
    calls[`fn::${name}`] = { ...about, ...(argumentOf(schemas, name) as Members) }
  }
  addVendorCalls(calls, schemas, 'open', providers)
  addVendorCalls(calls, schemas, 'rotate', rotators)
  return calls
}

function argumentOf(schemas: ExpressionSchemas, name: BuiltinName): Json {
  const { shape } = builtin(name)
  const owner = `fn::${name}`
  switch (shape.kind) {
    case 'argument':
      return shape.list === undefined
        ? schemas.of(shape.type, owner)
        : { type: 'array', items: schemas.of(arrayOf(true), owner) }
    case 'pair': {
      const parts = Object.values(shape.parts).map((part) => schemas.of(part, owner))
      return { type: 'array', prefixItems: parts, minItems: parts.length, maxItems: parts.length }
    }
    case 'object':
      return {
        type: 'object',
        properties: Object.fromEntries(
          Object.entries(shape.parts).map(([part, type]) => [part, schemas.of(type, `${owner} ${part}`)]),
        ),
        required: Object.keys(shape.parts),
        additionalProperties: refTo(definitionNames.value),
        propertyNames: noCall,
      }
    case 'secret':
      return { anyOf: [refTo(definitionNames.literal), ciphertext] }
    case 'provider':
      return true
  }
}

const ciphertext: Json = {
  type: 'object',
  properties: { ciphertext: refTo(definitionNames.literal) },
  required: ['ciphertext'],
  additionalProperties: false,
}

/** `fn::open` and `fn::rotate`: with the name in the key, or beside the inputs. */
function addVendorCalls(
  calls: Members,
  schemas: ExpressionSchemas,
  kind: 'open' | 'rotate',
  vendors: readonly Offered[],
): void {
  const named: Json[] = []
  for (const { name, description, inputs, state } of vendors) {
    const owner = `fn::${kind}::${name}`
    schemas.definitions[`${owner} inputs`] = schemas.of(inputs, owner)
    const members: Members = { inputs: refTo(`${owner} inputs`) }
    if (kind === 'rotate') {
      const written = typeof state === 'object' ? schemas.of(state, `${owner} state`) : refTo(definitionNames.value)
      members.state = { allOf: [{ type: 'object', propertyNames: noCall }, written], description: STATE }
    }
    calls[owner] =
      kind === 'open'
        ? { description, ...(refTo(`${owner} inputs`) as Members) }
        : { description, ...record(members, ['inputs']) }
    named.push({
      if: { properties: { provider: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: members },
    })
  }
  const about = builtin(kind).description
  calls[`fn::${kind}`] = {
    ...(about !== undefined && { description: about }),
    ...record({ provider: { enum: vendors.map(({ name }) => name) }, inputs: true }, ['provider', 'inputs']),
    allOf: named,
  }
}

const STATE = 'What the rotator keeps between rotations. A rotation writes it.'

function record(properties: Members, required: readonly string[]): Members {
  return {
    type: 'object',
    properties,
    required,
    additionalProperties: refTo(definitionNames.value),
    propertyNames: noCall,
  }
}
