import { arrayOf, record, type Schema, schemaOfSchemas, stringSchema, tuple } from '../schema/index.ts'

/** The way in which the operands of a builtin are written in its argument. */
export type OperandShape =
  /** The argument is the operand. `list` says of what, when it must be written as a list. */
  | { readonly kind: 'argument'; readonly type: Schema; readonly list?: string }
  /** A list of two: the operands in this order, each with its type. */
  | { readonly kind: 'pair'; readonly parts: Readonly<Record<string, Schema>> }
  /** An object in which each operand stands under its name. */
  | { readonly kind: 'object'; readonly parts: Readonly<Record<string, Schema>> }
  /** A string literal, or an object with its ciphertext. */
  | { readonly kind: 'secret' }
  /**
   * `provider` and `inputs`, and `state` when there is one; or the provider in the key
   * (`fn::open::NAME`). The provider declares the types.
   */
  | { readonly kind: 'provider'; readonly state: boolean }

interface Builtin {
  readonly shape: OperandShape
  /** The type of the result, as far as it is the same for all operands. */
  readonly result: Schema
  /** The text that an editor shows of it. */
  readonly description?: string
}

const strings = arrayOf(stringSchema)

/**
 * The builtins of the language by name: all that parsing a call, walking its operands and
 * describing it take. What a call comes to is in `src/evaluate/builtins/`.
 *
 * The types are those the reference tells editors, which are wider than what some builtins
 * accept: `fn::fromJSON` takes text only.
 */
const builtins = {
  concat: {
    shape: { kind: 'argument', type: arrayOf(arrayOf(true)), list: 'an array of arrays' },
    result: arrayOf(true),
  },
  final: {
    shape: { kind: 'argument', type: true },
    result: true,
    description: 'Protects a value from being overridden by environments that import this one.',
  },
  fromBase64: {
    shape: { kind: 'argument', type: stringSchema },
    result: stringSchema,
    description: 'Decodes a base64 text.',
  },
  fromJSON: {
    shape: { kind: 'argument', type: true },
    result: true,
    description: 'Reads a value from JSON text.',
  },
  join: {
    shape: { kind: 'pair', parts: { delimiter: stringSchema, values: strings } },
    result: stringSchema,
    description: 'Joins texts with a delimiter.',
  },
  open: {
    shape: { kind: 'provider', state: false },
    result: true,
    description: 'Opens dynamic credentials or reads another secret store through a provider.',
  },
  rotate: {
    shape: { kind: 'provider', state: true },
    result: true,
  },
  secret: {
    shape: { kind: 'secret' },
    result: stringSchema,
    description: 'Marks a text as secret; it is stored encrypted.',
  },
  split: {
    shape: { kind: 'pair', parts: { delimiter: stringSchema, string: stringSchema } },
    result: strings,
  },
  toBase64: {
    shape: { kind: 'argument', type: stringSchema },
    result: stringSchema,
    description: 'Encodes a text as base64.',
  },
  toJSON: {
    shape: { kind: 'argument', type: true },
    result: stringSchema,
    description: 'Writes a value as JSON text.',
  },
  toString: {
    shape: { kind: 'argument', type: true },
    result: stringSchema,
    description: 'Writes a value as text.',
  },
  toYAML: {
    shape: { kind: 'argument', type: true },
    result: stringSchema,
    description: 'Writes a value as YAML text.',
  },
  validate: {
    shape: {
      kind: 'object',
      parts: {
        // Made when it is first asked for: few definitions validate anything.
        get schema() {
          return schemaOfSchemas()
        },
        value: true,
      },
    },
    result: true,
  },
} as const satisfies Readonly<Record<string, Builtin>>

export type BuiltinName = keyof typeof builtins
type ShapeOf<Name extends BuiltinName> = (typeof builtins)[Name]['shape']

/** The builtins whose operands have a shape of this kind. */
export type BuiltinOf<Kind extends OperandShape['kind']> = {
  [Name in BuiltinName]: ShapeOf<Name>['kind'] extends Kind ? Name : never
}[BuiltinName]

/** The names of the operands of a builtin whose shape names them. */
export type PartOf<Name extends BuiltinOf<'pair' | 'object'>> = keyof Extract<
  ShapeOf<Name>,
  { parts: unknown }
>['parts']

/** The state operand of a builtin with a provider: `undefined` when it has none. */
export type StateOf<Name extends BuiltinOf<'provider'>, Operand> = Extract<
  ShapeOf<Name>,
  { state: boolean }
>['state'] extends true
  ? Operand
  : undefined

/** In order, as messages list them. */
export const builtinNames: readonly BuiltinName[] = (Object.keys(builtins) as BuiltinName[]).sort()

/** All that is known of a builtin, whichever it is. */
export function builtin(name: BuiltinName): Builtin {
  return builtins[name]
}

/** The type of a builtin's whole argument; `any` when a provider or nothing declares it. */
export function argumentSchema(name: BuiltinName): Schema {
  const { shape } = builtin(name)
  switch (shape.kind) {
    case 'argument':
      return shape.type
    case 'pair':
      return tuple(Object.values(shape.parts))
    case 'object':
      return record({ ...shape.parts })
    case 'secret':
    case 'provider':
      return true
  }
}

/**
 * The builtin that a key such as `fn::join` or `fn::open::aws-login` calls. `undefined` when
 * there is none.
 */
export function builtinOfKey(key: string): BuiltinName | undefined {
  if (!key.startsWith('fn::')) return undefined
  const end = key.indexOf('::', 'fn::'.length)
  const name = key.slice('fn::'.length, end === -1 ? undefined : end)
  if (!isBuiltin(name)) return undefined
  return end === -1 || builtins[name].shape.kind === 'provider' ? name : undefined
}

function isBuiltin(name: string): name is BuiltinName {
  return Object.hasOwn(builtins, name)
}
