import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../store/index.ts'
import type { Workspace } from './workspace.ts'

/**
 * The environment that commands work with on this machine when none is named. Undefined: none was selected, or it is gone.
 */
export function selectedEnvironment({ store }: Workspace): string | undefined {
  try {
    const name = readFileSync(fileOf(store.folder), 'utf8').trim()
    return name !== '' && store.has(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** Selects an environment by its name in the store; undefined: none any more. */
export function selectEnvironment({ store }: Workspace, name: string | undefined): void {
  const file = fileOf(store.folder)
  if (name === undefined) {
    rmSync(file, { force: true })
    return
  }
  const environment = store.environment(name)
  mkdirSync(layout.machine(store.folder), { recursive: true })
  writeFileSync(file, `${environment.name}\n`)
}

function fileOf(store: string): string {
  return join(layout.machine(store), 'selected')
}
