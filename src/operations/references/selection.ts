import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { stateLayout } from '../../store/index.ts'
import { operation, storeOperation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * The environment that is meant on this machine when none is named. `undefined` when none was
 * selected, or it is gone.
 */
export function selectedEnvironment({ store }: Workspace): string | undefined {
  try {
    const name = readFileSync(stateLayout.selected(store.state.folder), 'utf8').trim()
    return name !== '' && store.has(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** Selects an environment on this machine. Throws EscError `not_found`. */
export const selectEnvironment = operation({
  name: 'select-environment',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<void> {
    const { name } = store.environment(subject.name)
    const file = stateLayout.selected(store.state.folder)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${name}\n`, { mode: 0o600 })
  },
})

/** Selects none any more. */
export const deselectEnvironment = storeOperation({
  name: 'deselect-environment',
  level: undefined,
  audit: 'environment-read',
  async run({ store }): Promise<void> {
    rmSync(stateLayout.selected(store.state.folder), { force: true })
  },
})
