import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/**
 * The file that a command name means on this PATH; undefined when there is none. A name with
 * a `/` is taken as a path.
 */
export function findProgram(name: string, path: string | undefined, cwd: string): string | undefined {
  for (const file of candidates(name, path, cwd)) if (isExecutable(file)) return file
  return undefined
}

/** For a name that means no program: a file, or folder, it would mean if that could be executed. */
export function findUnexecutable(name: string, path: string | undefined, cwd: string): string | undefined {
  for (const file of candidates(name, path, cwd)) if (existsSync(file)) return file
  return undefined
}

function* candidates(name: string, path = '', cwd: string): Generator<string> {
  if (name === '') return
  if (name.includes('/')) yield resolve(cwd, name)
  else for (const folder of path.split(delimiter)) yield join(isAbsolute(folder) ? folder : resolve(cwd, folder), name)
}

function isExecutable(file: string): boolean {
  // An error takes longer to make than a look, and a name is in few folders of a PATH.
  if (!existsSync(file)) return false
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
