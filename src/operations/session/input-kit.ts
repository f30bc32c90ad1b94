import { EscError, messageOf } from '../../errors.ts'
import { isData } from '../../json.ts'
import type * as zod from '../../vendor/zod.ts'
import { parsePropertyPath, type YamlData } from '../../yaml/index.ts'
import { type EnvironmentReference, parseReference } from '../references/reference.ts'

/**
 * The kit that schemas of inputs are made with: zod, and the types that inputs have beside JSON. It
 * is handed in, so that no operation loads it: a session gets typed input, and only faces that
 * decode need it.
 */
export type InputKit = ReturnType<typeof inputKit>

/** The schema of an input, made with the kit: `(z) => z.strictObject({ name: z.string() })`. */
export type InputSchema<Input> = (z: InputKit) => zod.ZodType<Input>

/** The members of an input that are data: a function, such as one that asks, is the face's own. */
export type DataOf<Input> = Input extends AnyFunction
  ? never
  : Input extends readonly unknown[]
    ? Input
    : Input extends object
      ? { readonly [Key in keyof Input as NonNullable<Input[Key]> extends AnyFunction ? never : Key]: Input[Key] }
      : Input

/** An input without the members of those names. */
export type Given<Input, Own extends string> = [Own] extends [never] ? Input : Omit<Input, Own>

/**
 * `unknown` for a schema that decodes to exactly the data of an input, and where there is none.
 * Else a member that no declaration has, so that one with such a schema does not compile.
 */
export type Agreeing<Schema extends zod.ZodType, Input> = zod.ZodType extends Schema
  ? unknown
  : [Whole<DataOf<Input>>] extends [Whole<zod.output<Schema>>]
    ? [Whole<zod.output<Schema>>] extends [Whole<DataOf<Input>>]
      ? unknown
      : { readonly 'the schema lacks a member of the input': true }
    : { readonly 'the schema has what the input has not': true }

type AnyFunction = (...given: never[]) => unknown

/** The type without optional members: one that a schema left out would not be missed otherwise. */
type Whole<T> = [YamlData] extends [T]
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Whole<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Whole<NonNullable<T[Key]>> }
      : T

/** Makes the kit. @param z the module `vendor/zod.ts`, which is loaded when it is needed. */
export function inputKit(z: typeof zod) {
  const read = <Value>(reader: (text: string) => Value) =>
    z.string().transform((text, context): Value => {
      try {
        return reader(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) })
        return z.NEVER
      }
    })
  return {
    ...z,
    /** A text that a reader makes something of. It throws where it cannot. */
    read,
    /** The path of a value, as text: `database.users[0]["a.b"]`. */
    path: () => read(parsePropertyPath).describe('path of a value, such as database.password or endpoints[0]["a.b"]'),
    /** The name of an environment of the same store, with a version where one is allowed. */
    environment: () =>
      read(ownReference).describe(
        'project/name of an environment, with @ and a revision number or tag where a version is allowed',
      ),
    /** An instant as RFC 3339 has it: `2030-01-02T03:04:05Z`. */
    instant: () => z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
    /** A value as JSON has it, numbers with their text among it. */
    data: () => z.unknown().refine(isData, 'is not a JSON value') as unknown as zod.ZodType<YamlData, YamlData>,
  }
}

function ownReference(text: string): EnvironmentReference {
  return parseReference(text, () => {
    throw new EscError('usage', 'has the label of a store, which must be left out')
  })
}
