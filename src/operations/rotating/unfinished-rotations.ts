import { storeOperation } from '../session/operation.ts'
import { visibleEnvironments } from '../session/permit.ts'

/**
 * Names of the environments of which a journal holds something, because a rotation was cut off or
 * is under way. Needs no key.
 */
export const unfinishedRotations = storeOperation({
  name: 'list-unfinished-rotations',
  level: undefined,
  audit: 'environment-read',
  async run(workspace): Promise<readonly string[]> {
    const { store } = workspace
    return visibleEnvironments(workspace).filter((name) => {
      try {
        return store.environment(name).journal().ids().length > 0
      } catch {
        // Whoever looks at the environment says that it cannot be read.
        return false
      }
    })
  },
})
