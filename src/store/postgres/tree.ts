import { temporaryPrefix } from '../../files/index.ts'

/** Bytes of a file. They are never changed: a write makes new ones. */
export type Bytes = Uint8Array

/** The same bytes as a Buffer. The driver takes that for bytes, and other arrays for lists. */
export function buffer(content: Bytes): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

/** A folder in memory. */
export class TreeFolder {
  parent: TreeFolder | undefined
  name = ''
  readonly entries = new Map<string, Bytes | TreeFolder>()
  /** The version of what is in it; 0: changed in a transaction that is not kept yet. */
  version = 0

  /** Path below the root, with `/`. Empty: the root itself. */
  get path(): string {
    const above = this.parent?.path
    return above ? `${above}/${this.name}` : this.name
  }
}

/** One name in a folder that was given, changed or taken away. */
export interface TreeChange {
  readonly folder: TreeFolder
  readonly name: string
  /** Path below the root at that time. */
  readonly path: string
  readonly before: Bytes | TreeFolder | undefined
  readonly after: Bytes | TreeFolder | undefined
  readonly version: number
}

/**
 * Folders and files in memory, which can be put back as they were before a transaction.
 *
 * Outside a transaction only temporary names can be changed: what nobody else sees.
 */
export class Tree {
  readonly root = new TreeFolder()
  #changes: TreeChange[] | undefined

  /** Returns what is at a path below the root. Undefined: nothing. */
  find(path: string): Bytes | TreeFolder | undefined {
    let at: Bytes | TreeFolder | undefined = this.root
    if (path === '') return at
    for (const name of path.split('/')) {
      if (!(at instanceof TreeFolder)) return undefined
      at = at.entries.get(name)
    }
    return at
  }

  /** Gives, changes or takes away one name in a folder. */
  set(folder: TreeFolder, name: string, after: Bytes | TreeFolder | undefined): void {
    const before = folder.entries.get(name)
    const above = folder.path
    const path = above === '' ? name : `${above}/${name}`
    if (this.#changes !== undefined) this.#changes.push({ folder, name, path, before, after, version: folder.version })
    else if (!isTemporary(path)) {
      throw new Error(`${path} is changed outside a transaction of the store`)
    }
    place(folder, name, after)
    folder.version = 0
  }

  /**
   * Runs something that changes the tree, says what has changed, and puts everything back but for
   * temporary names that are gone. `changed` is called before that.
   */
  attempt<T, C>(write: () => T, changed: (changes: readonly TreeChange[]) => C): { result: T; changes: C } {
    if (this.#changes !== undefined) throw new Error('a transaction of the store begins inside another one')
    const changes: TreeChange[] = []
    this.#changes = changes
    try {
      const result = write()
      return { result, changes: changed(changes) }
    } finally {
      this.#changes = undefined
      for (const { folder, name, before, version } of changes.reverse()) {
        place(folder, name, before)
        folder.version = version
      }
    }
  }

  /** Puts a folder with these files in the place of what is at a path. Undefined: nothing. */
  install(path: string, files: ReadonlyMap<string, Bytes> | undefined, version: number): void {
    const parts = path.split('/')
    const name = parts.pop() as string
    const above = files === undefined ? this.find(parts.join('/')) : folderAt(this.root, parts)
    if (!(above instanceof TreeFolder)) return
    if (files === undefined) place(above, name, undefined)
    else {
      const made = new TreeFolder()
      made.version = version
      for (const [file, content] of files) {
        const inner = file.split('/')
        const last = inner.pop() as string
        const folder = folderAt(made, inner)
        folder.version = version
        folder.entries.set(last, content)
      }
      place(above, name, made)
    }
    if (above.entries.size === 0 && above.parent !== undefined) place(above.parent, above.name, undefined)
  }

  /** Puts files into a folder that is there: all of it has this version then. */
  installFiles(path: string, files: ReadonlyMap<string, Bytes | undefined>, version: number): void {
    const top = folderAt(this.root, path.split('/'))
    for (const [file, content] of files) {
      const inner = file.split('/')
      const last = inner.pop() as string
      place(folderAt(top, inner), last, content)
    }
    setVersion(top, version)
  }

  /** Puts one file at a path, in the place of what is there. Undefined: nothing. */
  installFile(path: string, content: Bytes | undefined): void {
    const parts = path.split('/')
    const name = parts.pop() as string
    place(folderAt(this.root, parts), name, content)
  }
}

/** All files below a folder by their paths in it, without those under temporary names. */
export function filesBelow(folder: TreeFolder, prefix = '', found = new Map<string, Bytes>()): Map<string, Bytes> {
  for (const [name, entry] of folder.entries) {
    if (name.startsWith(temporaryPrefix)) continue
    if (entry instanceof TreeFolder) filesBelow(entry, `${prefix}${name}/`, found)
    else found.set(prefix + name, entry)
  }
  return found
}

function setVersion(folder: TreeFolder, version: number): void {
  folder.version = version
  for (const inner of folder.entries.values()) if (inner instanceof TreeFolder) inner.version = version
}

function place(folder: TreeFolder, name: string, entry: Bytes | TreeFolder | undefined): void {
  if (entry === undefined) folder.entries.delete(name)
  else folder.entries.set(name, entry)
  if (entry instanceof TreeFolder) {
    entry.parent = folder
    entry.name = name
  }
}

function folderAt(root: TreeFolder, parts: readonly string[]): TreeFolder {
  let at = root
  for (const name of parts) {
    let next = at.entries.get(name)
    if (!(next instanceof TreeFolder)) {
      next = new TreeFolder()
      place(at, name, next)
    }
    at = next
  }
  return at
}

/** True for a file that is about to be renamed, or is in such a folder. */
export function isTemporary(path: string): boolean {
  return path.split('/').some((part) => part.startsWith(temporaryPrefix))
}
