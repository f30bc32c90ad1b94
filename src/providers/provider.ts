import type { Plain, PlainObject } from '../plain.ts'
import type { Schema } from '../schema/index.ts'

export interface ProviderContext {
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** Opens dynamic credentials or reads another secret store. Inputs are as for rotators: `secret: true` arrives as a `Secret`. */
export interface Provider<Inputs = PlainObject> {
  readonly name: string
  readonly description: string
  readonly inputs: Schema
  readonly outputs: Schema
  open(inputs: Inputs, context: ProviderContext): Promise<Plain>
}
