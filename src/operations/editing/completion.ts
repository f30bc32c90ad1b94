import { bounded } from '../../budget.ts'
import type { ExportedValue } from '../../evaluate/index.ts'
import { builtinNames } from '../../language/index.ts'
import { propertySchema, type Schema } from '../../schema/index.ts'
import type { PropertyPath } from '../../yaml/index.ts'
import { isObject } from '../opening/value-format.ts'
import type { Analysis } from './analysis.ts'
import { describeCall, propertiesOf, typeOfArgument, vendorCallAround } from './calls-at.ts'
import { type CompletionContext, completionContext, MARK } from './completion-context.ts'
import type { Installed } from './definition-schema.ts'
import type { DocumentPart } from './document-offsets.ts'
import { documentValueAt } from './resolved-reference.ts'
import { typeOfValue } from './type-declarations.ts'

/** Something that can be written at a place of a document. No secret is in it. */
export interface Offer {
  readonly kind: 'field' | 'value-name' | 'builtin' | 'input' | 'environment' | 'constant'
  readonly label: string
  /** The text to put in the place of `part`. */
  readonly newText: string
  /** The type of the value, or another short fact. */
  readonly detail?: string
  readonly description?: string
  /** Offers of a lower rank come first. */
  readonly rank: number
}

export interface Offers {
  /** The part of the document that an offer replaces. */
  readonly part: DocumentPart
  readonly offers: readonly Offer[]
}

/** Everything that a document can lead to, beside itself. */
export interface Surroundings {
  readonly installed: Installed
  /** Names of the environments of the store that the user may see. */
  readonly environments: readonly string[]
  /**
   * Looks at another environment, for what references into it can go on with. Undefined: it cannot
   * be looked at.
   */
  readonly look: (environment: string) => Promise<Analysis | undefined>
}

/** More of them help nobody. */
const MOST_OFFERS = 500

/**
 * Lists what can be written at an offset of a text. `known` is the last analysis of the document
 * that could be evaluated: the text itself may be no YAML yet.
 */
export async function offersAt(
  text: string,
  offset: number,
  known: Analysis | undefined,
  around: Surroundings,
): Promise<Offers | undefined> {
  const context = completionContext(text, offset)
  if (context === undefined) return undefined
  const offers =
    context.kind === 'reference'
      ? await referenceOffers(context.keys, known, around)
      : bounded(undefined, 'what can be written', () =>
          context.kind === 'key' ? keyOffers(context, known, around) : valueOffers(context, known, around),
        )
  const ended = context.kind === 'key' && /^\s*:/.test(text.slice(context.part.end))
  const listed = offers.filter(({ label }) => label !== MARK).slice(0, MOST_OFFERS)
  return { part: context.part, offers: ended ? listed.map(withoutColon) : listed }
}

function withoutColon(offer: Offer): Offer {
  return { ...offer, newText: offer.newText.replace(/: ?$/, '') }
}

async function referenceOffers(
  keys: PropertyPath,
  known: Analysis | undefined,
  { environments, look }: Surroundings,
): Promise<readonly Offer[]> {
  const [first, project, name] = keys
  if (first === 'environments') {
    if (keys.length === 1)
      return [...new Set(environments.map((each) => each.split('/')[0] as string))].map(environmentOffer)
    if (keys.length === 2) {
      const own = environments.filter((each) => each.startsWith(`${project}/`))
      return own.map((each) => environmentOffer(each.slice(String(project).length + 1)))
    }
    const other = await look(`${project}/${name}`)
    return other === undefined ? [] : bounded(undefined, 'the values', () => memberOffers(other, keys.slice(3)))
  }
  return bounded(undefined, 'the values', () => {
    const members = known === undefined || first === 'context' ? [] : memberOffers(known, keys)
    if (first === 'context') return contextOffers(known, keys.slice(1))
    return keys.length === 0 ? [...members, ...['environments', 'context'].map(nameOffer)] : members
  })
}

function environmentOffer(label: string): Offer {
  return { kind: 'environment', label, newText: label, rank: 0 }
}

function nameOffer(label: string): Offer {
  return { kind: 'value-name', label, newText: label, rank: 1 }
}

const SIMPLE_NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u

function memberOffers(analysis: Analysis, keys: PropertyPath): readonly Offer[] {
  const { value, schema } = documentValueAt(analysis, keys)
  if (value?.secret) return []
  const content = value?.value
  if (isObject(content)) {
    return Object.keys(content).map((label) => {
      const type = propertySchema(schema, label)
      const detail = firstLine(typeOfValue(content[label] as ExportedValue, type === false ? undefined : type))
      return { kind: 'value-name', label, newText: inReference(label), detail, rank: 0 }
    })
  }
  return propertiesOf(schema).map(({ name, schema: type }) => ({
    kind: 'value-name',
    label: name,
    newText: inReference(name),
    detail: firstLine(typeOfValue(UNKNOWN, type)),
    rank: 0,
  }))
}

const PLACE = { line: 0, column: 0, byte: 0 }
const UNKNOWN: ExportedValue = { unknown: true, trace: { def: { begin: PLACE, end: PLACE } } }

function contextOffers(known: Analysis | undefined, keys: PropertyPath): readonly Offer[] {
  let members = known?.environment?.executionContext?.properties
  for (const key of keys) {
    const inner: ExportedValue['value'] = members?.[key]?.value
    members = isObject(inner) ? inner : undefined
  }
  return Object.keys(members ?? {}).map(nameOffer)
}

function inReference(name: string): string {
  return SIMPLE_NAME.test(name) ? name : `["${name.replaceAll('"', '\\"')}"]`
}

function firstLine(type: string): string {
  return type.startsWith('{') ? 'object' : (type.split('\n')[0] ?? '')
}

type KeyContext = CompletionContext & { kind: 'key' }
type ValueContext = CompletionContext & { kind: 'value' }

const FIELDS = {
  imports: 'Environments whose values lie beneath those of this one, the last one on top.',
  values: 'The values, by name.',
  description: 'What the environment is for.',
} as const

const TOP_VALUES = {
  environmentVariables: 'Variables that a command gets, by name.',
  files: 'Contents of temporary files, by the name of the variable that gets the path.',
  pulumiConfig: 'Configuration of Pulumi stacks that use the environment.',
} as const

function keyOffers(context: KeyContext, known: Analysis | undefined, around: Surroundings): readonly Offer[] {
  const { path, siblings } = context
  const all = keysAt(context, known, around)
  const [first] = path
  const isImport = String(first).toLowerCase() === 'imports' && path.length === 2
  const names = isImport ? around.environments.map((name) => ({ ...environmentOffer(name), newText: `${name}: ` })) : []
  return [...all, ...names].filter(({ label }) => !siblings.includes(label))
}

function keysAt(
  { path, root, alone }: Pick<KeyContext, 'path' | 'root' | 'alone'>,
  known: Analysis | undefined,
  { installed }: Surroundings,
): readonly Offer[] {
  const [first] = path
  if (first === undefined) return fieldOffers(FIELDS, 'field')
  if (String(first).toLowerCase() === 'imports') return path.length === 3 ? fieldOffers({ merge: '' }, 'field') : []
  if (String(first).toLowerCase() !== 'values') return []
  const calls = alone && path.length > 1 ? builtinOffers(installed) : []
  const call = vendorCallAround(root, path, installed)
  if (call !== undefined) return isOuter(call) ? partOffers(call) : [...inputOffers(call), ...calls]
  const inherited = known === undefined ? [] : memberOffers(known, path.slice(1))
  const names = inherited.map(({ label, detail }): Offer => {
    return { kind: 'value-name', label, newText: `${inKey(label)}: `, detail, rank: 0 }
  })
  return [...names, ...(path.length === 1 ? fieldOffers(TOP_VALUES, 'value-name') : []), ...calls]
}

type CallAround = NonNullable<ReturnType<typeof vendorCallAround>>

/** True where the inputs are a part of the argument, and not the argument itself. */
function isOuter({ kind, short, rest }: CallAround): boolean {
  return rest.length === 0 && !(kind === 'open' && short)
}

function partOffers({ kind, short }: CallAround): readonly Offer[] {
  const parts = [...(short ? [] : ['provider']), 'inputs', ...(kind === 'rotate' ? ['state'] : [])]
  return parts.map((label, rank) => ({ kind: 'input', label, newText: `${label}: `, rank }))
}

function inputOffers(call: CallAround): readonly Offer[] {
  return propertiesOf(typeOfArgument(call)).map(({ name, schema, required }) => ({
    kind: 'input',
    label: name,
    newText: `${inKey(name)}: `,
    detail: `${typeName(schema)}${required ? ', required' : ''}`,
    ...(typeof schema === 'object' && schema.description !== undefined && { description: schema.description }),
    rank: required ? 0 : 1,
  }))
}

function typeName(schema: Schema): string {
  if (typeof schema === 'boolean') return 'any'
  const type = schema.type ?? (schema.oneOf ?? schema.anyOf ?? []).map(typeName).join(' or ')
  return `${type === '' ? 'any' : type}${schema.secret ? ', secret' : ''}`
}

function fieldOffers(fields: Readonly<Record<string, string>>, kind: Offer['kind']): readonly Offer[] {
  return Object.entries(fields).map(([label, description]) => ({
    kind,
    label,
    newText: `${label}: `,
    ...(description !== '' && { description }),
    rank: 1,
  }))
}

function builtinOffers(installed: Installed): readonly Offer[] {
  const plain = builtinNames.map((name) => `fn::${name}`)
  const opens = installed.providers.map(({ name }) => `fn::open::${name}`)
  const rotates = installed.rotators.map(({ name }) => `fn::rotate::${name}`)
  return [...plain, ...opens, ...rotates].map((label) => {
    const description = describeCall(label, installed)
    return { kind: 'builtin', label, newText: `${label}: `, ...(description !== undefined && { description }), rank: 2 }
  })
}

function inKey(name: string): string {
  return SIMPLE_NAME.test(name) ? name : JSON.stringify(name)
}

function valueOffers(context: ValueContext, known: Analysis | undefined, around: Surroundings): readonly Offer[] {
  const { path, root, siblings, alone } = context
  const { installed, environments } = around
  if (String(path[0]).toLowerCase() === 'imports' && path.length === 2) {
    return environments.filter((name) => !siblings.includes(name) && name !== known?.name).map(environmentOffer)
  }
  // Where nothing stands before it on its line, it may become the first name of an object.
  const names = alone && typeof path.at(-1) !== 'number' ? keysAt({ path, root, alone: true }, known, around) : []
  const call = vendorCallAround(root, path, installed)
  if (call === undefined) return names
  if (!call.short && call.rest.length === 1 && call.rest[0] === 'provider') {
    const all = call.kind === 'open' ? installed.providers : installed.rotators
    return all.map(({ name, description }) => ({ kind: 'constant', label: name, newText: name, description, rank: 0 }))
  }
  return [...constantsOf(typeOfArgument(call)), ...names]
}

function constantsOf(schema: Schema | undefined): readonly Offer[] {
  if (typeof schema !== 'object') return []
  const { const: only, enum: several = [], type } = schema
  const constants = [...(only === undefined ? [] : [only]), ...several, ...(type === 'boolean' ? [true, false] : [])]
  const own = constants
    .filter((each) => typeof each !== 'object')
    .map((each): Offer => ({ kind: 'constant', label: String(each), newText: String(each), rank: 0 }))
  return [...own, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(constantsOf)]
}
