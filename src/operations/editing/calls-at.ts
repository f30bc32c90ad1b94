import { builtin, builtinOfKey } from '../../language/index.ts'
import { itemSchema, propertySchema, type Schema, type SchemaObject } from '../../schema/index.ts'
import type { Node, PropertyPath } from '../../yaml/index.ts'
import type { Offered } from '../catalogue/catalogue.ts'
import type { Installed } from './definition-schema.ts'

/** The call of a provider or rotator around a place of a document. */
export interface VendorCallAround {
  readonly kind: 'open' | 'rotate'
  /** The provider or rotator. Undefined: it names none, or one that is not installed. */
  readonly vendor: Offered | undefined
  /** The path from the argument of the call. */
  readonly rest: PropertyPath
  /** True when the name stands in the key. */
  readonly short: boolean
}

/** Finds the innermost call of a provider or rotator whose argument a path leads into. */
export function vendorCallAround(
  root: Node | undefined,
  path: PropertyPath,
  installed: Installed,
): VendorCallAround | undefined {
  for (let at = path.length - 1; at >= 0; at--) {
    const key = String(path[at])
    const name = builtinOfKey(key)
    if (name === undefined) continue
    if (name !== 'open' && name !== 'rotate') return undefined
    const prefix = `fn::${name}::`
    const short = key.startsWith(prefix)
    const vendorName = short ? key.slice(prefix.length) : providerBeside(root, path.slice(0, at + 1))
    const all = name === 'open' ? installed.providers : installed.rotators
    return { kind: name, vendor: all.find((each) => each.name === vendorName), rest: path.slice(at + 1), short }
  }
  return undefined
}

function providerBeside(root: Node | undefined, path: PropertyPath): string | undefined {
  const argument = nodeAt(root, path)
  if (argument?.kind !== 'object') return undefined
  const provider = argument.entries.find(({ key }) => key.value === 'provider')?.value
  return provider?.kind === 'string' ? provider.value : undefined
}

/** The node at a path of the document, the first of keys that stand twice. */
export function nodeAt(root: Node | undefined, path: PropertyPath): Node | undefined {
  let node = root
  for (const key of path) {
    if (node?.kind === 'array') node = node.elements[Number(key)]
    else if (node?.kind === 'object') node = node.entries.find((entry) => entry.key.value === key)?.value
    else return undefined
  }
  return node
}

/** The type of a place in the argument of a call. Undefined: nothing is declared for it. */
export function typeOfArgument({ kind, vendor, rest, short }: VendorCallAround): Schema | undefined {
  if (vendor === undefined) return undefined
  const inputsOnly = kind === 'open' && short
  if (inputsOnly) return partOfType(vendor.inputs, rest)
  const [first, ...more] = rest
  if (first === 'inputs') return partOfType(vendor.inputs, more)
  if (first === 'state' && kind === 'rotate') return partOfType(vendor.state, more)
  return undefined
}

function partOfType(schema: Schema | undefined, path: PropertyPath): Schema | undefined {
  let type = schema
  for (const key of path) {
    type = typeof key === 'number' ? itemSchema(type, key) : propertySchema(type, key)
    if (type === false) return undefined
  }
  return type
}

/** A property that an object may have. */
export interface DeclaredProperty {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

/** The properties that a type declares, of all its forms. */
export function propertiesOf(schema: Schema | undefined): readonly DeclaredProperty[] {
  if (typeof schema !== 'object') return []
  const { properties = {}, required = [] }: SchemaObject = schema
  const own = Object.entries(properties).map(([name, each]) => ({
    name,
    schema: each,
    required: required.includes(name),
  }))
  const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(propertiesOf)
  // Of one form, a property may be required; of the type as a whole it is not.
  return [...own, ...forms.map((each) => ({ ...each, required: false }))]
}

/** A sentence on what a key of a document calls. Undefined: it calls nothing. */
export function describeCall(key: string, installed: Installed): string | undefined {
  const name = builtinOfKey(key)
  if (name === undefined) return undefined
  const vendorName = key.split('::')[2]
  const all = name === 'open' ? installed.providers : installed.rotators
  const vendor = all.find((each) => each.name === vendorName)
  return vendor?.description ?? builtin(name).description
}
