import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** The file that a command name means on this PATH; undefined when there is none. A name with a `/` is taken as a path. */
export function findProgram(name: string, path: string | undefined, cwd: string): string | undefined {
  return candidates(name, path, cwd).find(isExecutable)
}

/** For a name that means no program: a file, or folder, it would mean if that could be executed. */
export function findUnexecutable(name: string, path: string | undefined, cwd: string): string | undefined {
  return candidates(name, path, cwd).find((file) => existsSync(file))
}

function candidates(name: string, path: string | undefined, cwd: string): string[] {
  if (name === '') return []
  if (name.includes('/')) return [resolve(cwd, name)]
  return (path ?? '').split(delimiter).map((folder) => join(isAbsolute(folder) ? folder : resolve(cwd, folder), name))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
