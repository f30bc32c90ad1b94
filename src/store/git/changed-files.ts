import { basename, relative, sep } from 'node:path'
import { type FileSystem, machineFiles, temporaryPrefix } from '../../files/index.ts'
import { environmentName } from '../environment-name.ts'

/** The files of a store, and which of them have been changed through this object. */
export interface RecordedFiles {
  readonly files: FileSystem
  /**
   * Files and folders below a store that belong into its git history,
   * absolute; some may be gone again.
   * @param state the state folder of this machine, which never does.
   */
  changedIn(store: string, state: string): ChangedFiles
}

export interface ChangedFiles {
  readonly paths: readonly string[]
  /** Environments that some of the paths belong to, in the order of their first change. */
  readonly environments: readonly string[]
}

/** Records files that change: those that get a name, or lose one. */
export function recordFiles(files: FileSystem = machineFiles): RecordedFiles {
  const changed = new Set<string>()
  const recording: FileSystem = {
    ...files,
    open(path, flags, mode) {
      if (flags !== 'r') changed.add(path)
      return files.open(path, flags, mode)
    },
    link(existing, added) {
      files.link(existing, added)
      changed.add(added)
    },
    rename(from, to) {
      files.rename(from, to)
      changed.add(from)
      changed.add(to)
    },
    unlink(path) {
      files.unlink(path)
      changed.add(path)
    },
  }
  return {
    files: recording,
    changedIn(store, state) {
      const paths: string[] = []
      const environments = new Set<string>()
      for (const path of changed) {
        if (path.startsWith(state + sep)) continue
        const parts = relative(store, path).split(sep)
        // Another folder, this machine's own files, or what has not got its name yet.
        if (parts[0] === '..' || parts[0] === '.esc' || parts.some((part) => part.startsWith(temporaryPrefix))) continue
        paths.push(path)
        const name = nameOf(parts)
        if (name !== undefined) environments.add(name)
      }
      return { paths: withoutNested(paths), environments: [...environments] }
    },
  }
}

function nameOf([project, name]: readonly string[]): string | undefined {
  try {
    return name === undefined ? undefined : environmentName(`${project}/${name}`)
  } catch {
    return undefined
  }
}

/** A folder stands for everything in it. */
function withoutNested(paths: readonly string[]): string[] {
  const known = new Set(paths)
  return paths.filter((path) => {
    for (let end = path.lastIndexOf(sep); end > 0; end = path.lastIndexOf(sep, end - 1)) {
      if (known.has(path.slice(0, end))) return false
    }
    return basename(path) !== ''
  })
}
