import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { stateLayout } from '../../store/index.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * The environment that commands work with on this machine when none is named. Undefined: none was
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

/** Selects an environment by its name in the store; undefined: none any more. */
export function selectEnvironment({ store }: Workspace, name: string | undefined): void {
  const file = stateLayout.selected(store.state.folder)
  if (name === undefined) {
    rmSync(file, { force: true })
    return
  }
  const environment = store.environment(name)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${environment.name}\n`, { mode: 0o600 })
}
