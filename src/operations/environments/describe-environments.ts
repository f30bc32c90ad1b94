import { storeOperation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** An environment as lists show it. */
export interface DescribedEnvironment {
  /** `project/environment`. */
  readonly name: string
  /** The time of its first revision. */
  readonly created: Date
  /** The time of its newest revision. */
  readonly modified: Date
}

export interface DescriptionPage {
  readonly environments: readonly DescribedEnvironment[]
  /** The name that the next page comes after. Absent: this is the last one. */
  readonly next?: string
}

/**
 * Describes the environments that the user may see, sorted by name: at most `count` of those whose
 * names come after `after`.
 */
export const describeEnvironments = storeOperation({
  name: 'describe-environments',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ after: z.string().optional(), count: z.int().min(1).max(1000).default(100) }),
  async run(work, { after, count }: { readonly after?: string; readonly count: number }): Promise<DescriptionPage> {
    const names = visibleEnvironments(work).filter((name) => after === undefined || name > after)
    const chosen = names.slice(0, count)
    const environments = chosen.flatMap((name) => described(work, name))
    return { environments, next: names.length > count ? chosen.at(-1) : undefined }
  },
})

/** Empty for one that was removed meanwhile, or cannot be read: `check` says so. */
function described({ store }: Workspace, name: string): DescribedEnvironment[] {
  try {
    const environment = store.environment(name)
    const { created: modified } = environment.current()
    let created = modified
    try {
      created = environment.revision(1).created
    } catch {
      // A shallow or damaged history shows its environment all the same.
    }
    return [{ name, created, modified }]
  } catch {
    return []
  }
}
