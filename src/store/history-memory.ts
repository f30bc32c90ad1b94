import { dirname, isAbsolute, join } from 'node:path'
import { type FileSystem, makeFolders, readIfPresent, replaceFile, statusOf } from '../files/index.ts'
import { layout } from './layout.ts'

/** The newest revision this machine has seen of an environment. */
export interface Sighting {
  readonly number: number
  readonly digest: string
  /** Digest of the wrapped data key, empty for none: after a key change every file has another digest. */
  readonly key: string
}

/**
 * Remembers the newest revision of each environment in `.esc/seen`, one line of history per git branch, so that a
 * history cut short or put back is noticed. Switching branches is no alarm; a detached HEAD, where people look at old
 * commits on purpose, is not remembered at all.
 */
export class HistoryMemory {
  readonly #files: FileSystem
  readonly #store: string
  /** Undefined: not looked up yet. */
  #branch: string | 'detached' | undefined

  constructor(files: FileSystem, store: string) {
    this.#files = files
    this.#store = store
  }

  file(id: string): string {
    return join(layout.seen(this.#store), `${id}.json`)
  }

  recall(id: string): Sighting | undefined {
    return this.#read(id)[this.#currentBranch()]
  }

  /** Best effort: a store on a read-only disk can still be read. */
  remember(id: string, sighting: Sighting): void {
    try {
      const branch = this.#currentBranch()
      if (branch === 'detached') return
      const { [branch]: _, ...others } = this.#read(id)
      const kept = Object.entries(others).slice(-99)
      const sightings = Object.fromEntries([...kept, [branch, sighting]])
      makeFolders(this.#files, layout.seen(this.#store), 0o700)
      replaceFile(this.#files, this.file(id), Buffer.from(JSON.stringify({ version: 1, sightings })), {
        synced: false,
      })
    } catch {}
  }

  #read(id: string): Readonly<Record<string, Sighting>> {
    try {
      const bytes = readIfPresent(this.#files, this.file(id))
      const content = bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString())
      return content?.version === 1 ? content.sightings : {}
    } catch {
      return {}
    }
  }

  #currentBranch(): string {
    this.#branch ??= currentBranch(this.#files, this.#store)
    return this.#branch
  }
}

/** `refs/heads/…` of the work tree the folder is in, `detached`, or `none` outside git. */
function currentBranch(files: FileSystem, folder: string): string {
  for (let above = folder; ; above = dirname(above)) {
    const git = join(above, '.git')
    const kind = statusOf(files, git)?.kind
    if (kind === undefined) {
      if (dirname(above) === above) return 'none'
      continue
    }
    const link = kind === 'file' ? readText(files, git)?.match(/^gitdir: (.+)$/m)?.[1] : undefined
    const head = readText(files, join(link === undefined ? git : isAbsolute(link) ? link : join(above, link), 'HEAD'))
    return head?.match(/^ref: (\S+)/)?.[1] ?? 'detached'
  }
}

function readText(files: FileSystem, path: string): string | undefined {
  const bytes = readIfPresent(files, path)
  return bytes && Buffer.from(bytes).toString()
}
