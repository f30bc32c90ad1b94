import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** The file that a command name means on this PATH; undefined when there is none. A name with a `/` is taken as a path. */
export function findProgram(name: string, path: string | undefined, cwd: string): string | undefined {
  if (name === '') return undefined
  if (name.includes('/')) return isExecutable(resolve(cwd, name)) ? resolve(cwd, name) : undefined
  for (const folder of (path ?? '').split(delimiter)) {
    const file = join(isAbsolute(folder) ? folder : resolve(cwd, folder), name)
    if (isExecutable(file)) return file
  }
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
