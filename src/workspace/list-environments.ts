import type { Workspace } from './workspace.ts'

/** The names of all environments of the store, sorted; of one project when it is named. */
export function listEnvironments(workspace: Workspace, project: string | undefined): string[] {
  const names = workspace.store.list()
  return project === undefined ? names : names.filter((name) => name.startsWith(`${project}/`))
}
