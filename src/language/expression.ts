import type { Node, Range, StringNode } from '../yaml/index.ts'
import type { BuiltinName, BuiltinOf, PartOf, StateOf } from './builtins.ts'
import type { PropertyAccess } from './property-access.ts'

interface ExpressionBase {
  /**
   * Position of the expression among all of its environment, from 0: the index of what an
   * evaluation remembers about it.
   */
  readonly id: number
  /** The place where it is written. Undefined: nowhere (an operand that was left out). */
  readonly node: Node | undefined
}

export interface NullLiteral extends ExpressionBase {
  readonly kind: 'null'
}
export interface BooleanLiteral extends ExpressionBase {
  readonly kind: 'boolean'
  readonly value: boolean
}
export interface NumberLiteral extends ExpressionBase {
  readonly kind: 'number'
  readonly text: string
}
export interface StringLiteral extends ExpressionBase {
  readonly kind: 'string'
  readonly value: string
}

/** Text with references in it. */
export interface Interpolation extends ExpressionBase {
  readonly kind: 'interpolation'
  readonly node: StringNode
  readonly parts: readonly InterpolationPart[]
}
export interface InterpolationPart {
  readonly text: string
  /** Follows the text. Undefined only in the last part. */
  readonly access: PropertyAccess | undefined
}

/** A string that is one reference and nothing else: it has the value of what it refers to. */
export interface SymbolReference extends ExpressionBase {
  readonly kind: 'symbol'
  readonly node: StringNode
  readonly access: PropertyAccess
}

export interface ArrayExpression extends ExpressionBase {
  readonly kind: 'array'
  readonly elements: readonly Expression[]
}

export interface ObjectExpression extends ExpressionBase {
  readonly kind: 'object'
  /** As written, duplicates included. */
  readonly entries: readonly ObjectProperty[]
  /** The first property of each key, in key order. */
  readonly properties: ReadonlyMap<string, ObjectProperty>
}
export interface ObjectProperty {
  readonly key: string
  readonly keyNode: StringNode
  readonly value: Expression
  /**
   * False when the key is no string literal, so the property does not count; it was
   * only read for its mistakes.
   */
  readonly valid: boolean
}

interface CallBase<Name extends BuiltinName> extends ExpressionBase {
  readonly kind: 'call'
  readonly name: Name
  /** The whole key, such as `fn::open::test`. */
  readonly key: string
  readonly keyNode: StringNode
  readonly argument: Expression
}

/** A call whose one operand is the argument. */
interface ArgumentCall<Name extends BuiltinOf<'argument'>> extends CallBase<Name> {
  readonly shape: 'argument'
}
/** A call whose operands have names, in the order of the table of builtins. */
interface PartsCall<Name extends BuiltinOf<'pair' | 'object'>> extends CallBase<Name> {
  readonly shape: 'pair' | 'object'
  readonly parts: { readonly [Part in PartOf<Name>]: Expression }
}
interface SecretCall<Name extends BuiltinOf<'secret'>> extends CallBase<Name> {
  readonly shape: 'secret'
  /**
   * Exactly one of the two is there. A plaintext that is no string literal is replaced
   * by a rangeless empty one.
   */
  readonly plaintext: StringLiteral | undefined
  readonly ciphertext: StringLiteral | undefined
}
interface VendorCall<Name extends BuiltinOf<'provider'>> extends CallBase<Name> {
  readonly shape: 'provider'
  /** The provider's name. `undefined` when it is missing or no string literal. */
  readonly provider: StringLiteral | undefined
  readonly inputs: Expression
  /** A rangeless null literal when none is written; `undefined` when the builtin has no state. */
  readonly state: StateOf<Name, Expression>
  /** True when the provider stands in the key (`fn::open::PROVIDER`). */
  readonly short: boolean
}

/** A call of one of these builtins. */
export type CallOf<Name extends BuiltinName> =
  Name extends BuiltinOf<'argument'>
    ? ArgumentCall<Name>
    : Name extends BuiltinOf<'pair' | 'object'>
      ? PartsCall<Name>
      : Name extends BuiltinOf<'secret'>
        ? SecretCall<Name>
        : Name extends BuiltinOf<'provider'>
          ? VendorCall<Name>
          : never

export type Call = CallOf<BuiltinName>

/**
 * An operand that is not there or cannot be used: an unknown value, without a further diagnostic.
 */
export interface MissingExpression extends ExpressionBase {
  readonly kind: 'missing'
}

export type Expression =
  | NullLiteral
  | BooleanLiteral
  | NumberLiteral
  | StringLiteral
  | Interpolation
  | SymbolReference
  | ArrayExpression
  | ObjectExpression
  | Call
  | MissingExpression

export function isStringLiteral(expression: Expression | undefined): expression is StringLiteral {
  return expression?.kind === 'string'
}

/** Returns the place where the expression is written. Undefined: rangeless. */
export function rangeOf(expression: Expression): Range | undefined {
  return expression.node?.range
}

/** The document path of the expression; empty when it is written nowhere. */
export function pathOf(expression: Expression): string {
  return expression.node?.path ?? ''
}
