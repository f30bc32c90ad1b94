import { knownWorkspaces } from '../references/locate.ts'
import { storeOperation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

export interface ListOptions {
  /** Only of the store with this label. Undefined: of all. */
  readonly organization?: string
  /** Only of this project. */
  readonly project?: string
}

export interface ListedEnvironments {
  readonly environments: readonly string[]
  /** The number of environments that the access rules hide from the user. */
  readonly hidden: number
}

/**
 * The names of the environments of the store, sorted. Who works with the store they have
 * logged in to sees the others they know as well, after their own and under their labels,
 * which come before the name.
 */
export const listEnvironments = storeOperation({
  name: 'list-environments',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ organization: z.string().optional(), project: z.string().optional() }),
  run: async (work, options: ListOptions) => listed(work, options),
})

function listed(workspace: Workspace, { organization, project }: ListOptions): ListedEnvironments {
  const own = workspace.store.organization
  const known = workspace.chosen === 'login' ? knownWorkspaces(workspace) : []
  const others = known.filter(({ store }) => store.organization !== own)
  const byLabel = (a: Workspace, b: Workspace) => (a.store.organization < b.store.organization ? -1 : 1)
  const ofProject = (names: string[]) => names.filter((name) => !project || name.startsWith(`${project}/`))
  let hidden = 0
  const environments = [workspace, ...others.sort(byLabel)]
    .filter(({ store }) => !organization || store.organization === organization)
    .flatMap((each) => {
      const { store } = each
      const names = ofProject(visibleEnvironments(each))
      if (each.accessRules() !== undefined || each.caller.restriction !== undefined)
        hidden += ofProject(store.list()).length - names.length
      return store.organization === own ? names : names.map((name) => `${store.organization}/${name}`)
    })
  return { environments, hidden }
}
