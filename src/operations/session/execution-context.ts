import { type ExportedMap, fromPlain } from '../../evaluate/index.ts'
import type { UsedEnvironments } from './used-environments.ts'
import type { Workspace } from './workspace.ts'

/**
 * The content of `${context…}` in an evaluation: who evaluates, for whom, and which
 * environments, by their full names.
 */
export interface ExecutionContext {
  readonly context: ExportedMap
  readonly fullName: (name: string) => string
}

/**
 * `name`: the root as the evaluator knows it, with its full name, which is
 * the same in every command.
 */
export function executionContext(
  workspace: Workspace,
  name: { readonly known: string; readonly full: string },
  environments: UsedEnvironments,
): ExecutionContext {
  const login = workspace.principal().name
  const organization = workspace.store.organization
  const context = { pulumi: { user: { login }, organization: { login: organization } } }
  return {
    context: fromPlain(context).value as ExportedMap,
    fullName: (each) =>
      each === name.known
        ? name.full
        : (environments.all.get(each)?.environment.name ?? workspace.reference(each).name),
  }
}
