import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** Hooks that a person expects of a command. */
const expected: Readonly<Record<string, readonly string[]>> = {
  commit: ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'post-commit'],
  merge: ['pre-merge-commit', 'prepare-commit-msg', 'commit-msg', 'post-merge'],
  push: ['pre-push'],
}

/** True when a person expects hooks of a command. */
export function runsHooks(command: string): boolean {
  return expected[command] !== undefined
}

/** True when a folder of hooks has one that a person expects of `command`. */
export function hasHooks(folder: string, command: string): boolean {
  return (expected[command] ?? []).some((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
