import { decide, decideForStore, holders, includes, type Level } from '../../access/index.ts'
import type { GuardLevel } from '../../store/index.ts'
import { storeOperation } from '../session/operation.ts'
import { refusalOf, wholeStore } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** A level of access that the user does not have. */
export interface MissingLevel {
  readonly level: GuardLevel
  /** The level that they have. */
  readonly held: Level
  /** The cause: the access rules, or what their session or token was begun with. */
  readonly by: 'rules' | 'session'
  /** Those who can give it, as the rules name them: `ada@example.com`, `team:ops`. */
  readonly ask: readonly string[]
}

const guardLevels = ['read', 'open', 'write', 'admin'] as const satisfies readonly GuardLevel[]

/**
 * The levels that the user lacks on an environment, or on the store as a whole, where none is
 * named. For faces that show beforehand what will be refused; refusing is done by each operation.
 */
export const missingLevels = storeOperation({
  name: 'list-missing-levels',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ environment: z.string().optional() }),
  async run(work, { environment }: { readonly environment?: string }): Promise<readonly MissingLevel[]> {
    const about = environment ?? wholeStore
    if (environment !== undefined && !work.store.has(environment)) work.store.environment(environment)
    const held = heldLevel(work, about)
    return guardLevels
      .filter((level) => refusalOf(work, about, level) !== undefined)
      .map((level) => {
        const by = includes(held, level) ? 'session' : 'rules'
        return { level, held, by, ask: by === 'rules' ? askable(work, about) : [] }
      })
  },
})

/** Returns the level that the rules give, whatever the session was begun with. */
function heldLevel(workspace: Workspace, environment: string): Level {
  const rules = workspace.accessRules()
  const { name } = workspace.principal()
  return (environment === wholeStore ? decideForStore(rules, name) : decide(rules, name, environment)).level
}

function askable(workspace: Workspace, environment: string): readonly string[] {
  const rules = workspace.accessRules()
  return rules === undefined ? [] : holders(rules, environment, 'admin').filter((each) => each !== '*')
}
