import * as exported from '../../src/operations/index.ts'
import type { Operation, OperationSubject } from '../../src/operations/session/operation.ts'

export type AnyOperation = Operation<OperationSubject, unknown, unknown>

/** Every operation that faces can perform. */
export const operations = (Object.values(exported) as readonly { readonly kind?: unknown }[]).filter(
  (each): each is AnyOperation => each.kind === 'operation',
)

/** The access that an operation declares for this input. `undefined`: none. */
export function levelOf({ level }: AnyOperation, input: unknown) {
  return typeof level === 'function' ? level(input) : level
}

/** The event of the audit log that an operation declares for this input. */
export function eventOf({ audit }: AnyOperation, input: unknown) {
  return typeof audit === 'function' ? audit(input) : audit
}

/** Who has just not enough, by their names in the sample store. */
export const lower = { read: 'nobody', open: 'read', write: 'open', admin: 'write' } as const
