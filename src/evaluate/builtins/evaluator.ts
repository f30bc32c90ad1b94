import type { BuiltinName, CallOf } from '../../language/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'

/** The evaluation of each builtin: the value of a call, without what it overlays. */
export type Evaluators = { readonly [Name in BuiltinName]: (scope: Scope, call: CallOf<Name>) => Value }
