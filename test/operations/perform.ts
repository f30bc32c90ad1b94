import { Session } from '../../src/operations/index.ts'
import type { Operation, OperationSubject, PerformOptions } from '../../src/operations/session/operation.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'

/** Performs one operation in a session of its own, and returns its result. */
export function perform<S extends OperationSubject, Result>(
  workspace: Workspace,
  operation: Operation<S, undefined, Result>,
  subject: S,
): Promise<Result>
export function perform<S extends OperationSubject, Input, Result>(
  workspace: Workspace,
  operation: Operation<S, Input, Result>,
  subject: S,
  input: Input,
  options?: PerformOptions,
): Promise<Result>
export async function perform<S extends OperationSubject, Input, Result>(
  workspace: Workspace,
  operation: Operation<S, Input, Result>,
  subject: S,
  input?: Input,
  options?: PerformOptions,
): Promise<Result> {
  return (await new Session(workspace).perform(operation, subject, input as Input, options)).result
}
