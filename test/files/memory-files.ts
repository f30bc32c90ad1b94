import { posix } from 'node:path'
import type { FileStatus, FileSystem } from '../../src/files/index.ts'

/** What happens at the call a fault is set for. */
export type Fault =
  /** That call fails with EIO and does nothing; the process goes on. */
  | 'fail'
  /** The process dies before that call (a write gets half done); the machine goes on. */
  | 'kill'
  /** The machine loses power: only what was synced is left. */
  | 'power-loss'
  /** The same, on a disk that wrote the names before the contents. */
  | 'power-loss-names-first'

interface File {
  readonly kind: 'file'
  readonly mode: number
  bytes: Uint8Array
  synced: Uint8Array
}

interface Folder {
  readonly kind: 'folder'
  readonly mode: number
  entries: Map<string, File | Folder>
  synced: Map<string, File | Folder>
}

interface OpenFile {
  readonly node: File | Folder
}

/**
 * A disk in memory that knows what was synced, counts calls, and can fail, kill or lose power at
 * any of them.
 */
export class MemoryFiles implements FileSystem {
  calls = 0
  /** So many bytes are written by one call at most. */
  longestWrite = 100
  #root: Folder = folder(0o755)
  readonly #open = new Map<number, OpenFile>()
  #nextFile = 3
  #fault: { readonly kind: Fault; readonly at: number } | undefined
  #dead = false

  /** Sets a fault for the nth call from now. */
  arm(kind: Fault, n: number): void {
    this.#fault = { kind, at: this.calls + n }
  }

  disarm(): void {
    this.#fault = undefined
  }

  /** Whether the fault has happened. */
  get struck(): boolean {
    return this.#fault !== undefined && this.calls >= this.#fault.at
  }

  /** The next process finds the disk as the fault left it. */
  reboot(): void {
    if (this.struck && this.#fault!.kind.startsWith('power-loss')) {
      loseUnsynced(this.#root, this.#fault!.kind === 'power-loss-names-first')
    }
    this.#fault = undefined
    this.#dead = false
    this.#open.clear()
  }

  /**
   * Power is lost: `reached` is asked, for each folder with unsynced names and each file with
   * unsynced bytes, whether they reached the disk all the same.
   */
  losePower(reached: () => boolean): void {
    loseRandomly(this.#root, reached)
    this.#open.clear()
  }

  /** Another disk with the same files, all synced. */
  copy(): MemoryFiles {
    const copy = new MemoryFiles()
    copy.#root = copyOf(this.#root)
    return copy
  }

  /** A file that is there already, synced and all; its folder must be. */
  put(path: string, text: string | Uint8Array): void {
    const bytes = Buffer.from(text)
    const parent = this.#parent(path, 'put')
    const file: File = { kind: 'file', mode: 0o644, bytes, synced: bytes }
    parent.entries.set(posix.basename(path), file)
    parent.synced.set(posix.basename(path), file)
  }

  /** All files with their contents, for assertions. */
  tree(): Record<string, string> {
    const result: Record<string, string> = {}
    const visit = (node: Folder, path: string) => {
      for (const [name, child] of node.entries) {
        if (child.kind === 'folder') visit(child, `${path}/${name}`)
        else result[`${path}/${name}`] = Buffer.from(child.bytes).toString()
      }
    }
    visit(this.#root, '')
    return result
  }

  /**
   * The bytes as they are now, not a copy, and not a call: the same object as long as nobody
   * writes.
   */
  peek(path: string): Uint8Array | undefined {
    const node = this.#find(path)
    return node?.kind === 'file' ? node.bytes : undefined
  }

  stat(path: string): FileStatus | undefined {
    this.#call('stat', path)
    const node = this.#find(path)
    const size = node?.kind === 'file' ? node.bytes.length : 0
    return node && { kind: node.kind, mode: node.mode, size, modifiedMs: 0 }
  }

  /** There are no links on this disk. */
  lstat(path: string): FileStatus | undefined {
    return this.stat(path)
  }

  realPath(path: string): string {
    this.#call('realpath', path)
    return this.#find(path) === undefined ? raise('ENOENT', 'realpath', path) : path
  }

  exists(path: string): boolean {
    this.#call('stat', path)
    return this.#find(path) !== undefined
  }

  readText(path: string): string {
    return Buffer.from(this.readFile(path)).toString()
  }

  readFile(path: string): Uint8Array {
    this.#call('open', path)
    const node = this.#find(path) ?? raise('ENOENT', 'open', path)
    if (node.kind === 'folder') return raise('EISDIR', 'read', path)
    return Uint8Array.from(node.bytes)
  }

  list(path: string): string[] {
    this.#call('scandir', path)
    const node = this.#find(path) ?? raise('ENOENT', 'scandir', path)
    return node.kind === 'folder' ? [...node.entries.keys()] : raise('ENOTDIR', 'scandir', path)
  }

  open(path: string, flags: 'wx' | 'a' | 'r', mode = 0o644): number {
    this.#call('open', path)
    let node = this.#find(path)
    if (flags === 'wx' && node) raise('EEXIST', 'open', path)
    if (flags === 'r' && !node) raise('ENOENT', 'open', path)
    if (!node) {
      node = { kind: 'file', mode, bytes: new Uint8Array(), synced: new Uint8Array() }
      this.#parent(path, 'open').entries.set(posix.basename(path), node)
    }
    this.#open.set(this.#nextFile, { node })
    return this.#nextFile++
  }

  write(file: number, bytes: Uint8Array): number {
    const { node } = this.#handle(file, 'write')
    if (node.kind !== 'file') return raise('EISDIR', 'write', '')
    const add = (more: Uint8Array) => {
      node.bytes = Buffer.concat([node.bytes, more])
    }
    this.#call('write', '', () => add(bytes.subarray(0, bytes.length >> 1)))
    // Short writes are legal, so make some.
    const count = Math.min(bytes.length, this.longestWrite)
    add(bytes.subarray(0, count))
    return count
  }

  sync(file: number): void {
    this.#call('fsync', '')
    const { node } = this.#handle(file, 'fsync')
    if (node.kind === 'file') node.synced = node.bytes
    else node.synced = new Map(node.entries)
  }

  async syncAside(file: number): Promise<void> {
    this.sync(file)
  }

  close(file: number): void {
    this.#call('close', '')
    this.#handle(file, 'close')
    this.#open.delete(file)
  }

  link(existing: string, added: string): void {
    this.#call('link', added)
    const node = this.#find(existing) ?? raise('ENOENT', 'link', existing)
    if (this.#find(added)) raise('EEXIST', 'link', added)
    this.#parent(added, 'link').entries.set(posix.basename(added), node)
  }

  rename(from: string, to: string): void {
    this.#call('rename', from)
    const node = this.#find(from) ?? raise('ENOENT', 'rename', from)
    const target = this.#find(to)
    if (target?.kind === 'folder' && target.entries.size > 0) raise('ENOTEMPTY', 'rename', to)
    const parent = this.#parent(to, 'rename')
    this.#parent(from, 'rename').entries.delete(posix.basename(from))
    parent.entries.set(posix.basename(to), node)
  }

  unlink(path: string): void {
    this.#call('unlink', path)
    if (!this.#find(path)) raise('ENOENT', 'unlink', path)
    this.#parent(path, 'unlink').entries.delete(posix.basename(path))
  }

  makeFolder(path: string, mode = 0o755): void {
    this.#call('mkdir', path)
    if (this.#find(path)) raise('EEXIST', 'mkdir', path)
    this.#parent(path, 'mkdir').entries.set(posix.basename(path), folder(mode))
  }

  removeFolder(path: string): void {
    this.#call('rmdir', path)
    const node = this.#find(path) ?? raise('ENOENT', 'rmdir', path)
    if (node.kind === 'folder' && node.entries.size > 0) raise('ENOTEMPTY', 'rmdir', path)
    this.#parent(path, 'rmdir').entries.delete(posix.basename(path))
  }

  #call(name: string, path: string, half?: () => void): void {
    if (this.#dead) throw new Error(`a dead process calls ${name}`)
    this.calls++
    if (this.#fault?.at !== this.calls) return
    if (this.#fault.kind === 'fail') raise('EIO', name, path)
    half?.()
    this.#dead = true
    throw new Error('killed')
  }

  #find(path: string): File | Folder | undefined {
    let node: File | Folder | undefined = this.#root
    for (let from = 1; from < path.length && node; ) {
      const slash = path.indexOf('/', from)
      const end = slash < 0 ? path.length : slash
      if (end > from) node = node.kind === 'folder' ? node.entries.get(path.slice(from, end)) : undefined
      from = end + 1
    }
    return node
  }

  #parent(path: string, call: string): Folder {
    const node = this.#find(posix.dirname(path)) ?? raise('ENOENT', call, path)
    return node.kind === 'folder' ? node : raise('ENOTDIR', call, path)
  }

  #handle(file: number, call: string): OpenFile {
    return this.#open.get(file) ?? raise('EBADF', call, '')
  }
}

function folder(mode: number): Folder {
  return { kind: 'folder', mode, entries: new Map(), synced: new Map() }
}

function loseUnsynced(node: Folder, keepNames: boolean): void {
  if (!keepNames) node.entries = new Map(node.synced)
  for (const child of node.entries.values()) {
    if (child.kind === 'folder') loseUnsynced(child, keepNames)
    else child.bytes = child.synced
  }
}

function copyOf(node: Folder): Folder {
  const entries = new Map(
    [...node.entries].map(([name, child]): [string, File | Folder] => [
      name,
      child.kind === 'folder' ? copyOf(child) : { ...child, synced: child.bytes },
    ]),
  )
  return { kind: 'folder', mode: node.mode, entries, synced: new Map(entries) }
}

function loseRandomly(node: Folder, reached: () => boolean): void {
  const changed = node.entries.size !== node.synced.size || [...node.entries].some(([n, e]) => node.synced.get(n) !== e)
  if (changed && !reached()) node.entries = new Map(node.synced)
  node.synced = new Map(node.entries)
  for (const child of node.entries.values()) {
    if (child.kind === 'folder') loseRandomly(child, reached)
    else if (child.bytes !== child.synced) {
      if (!reached()) child.bytes = child.synced
      child.synced = child.bytes
    }
  }
}

function raise(code: string, syscall: string, path: string): never {
  throw Object.assign(new Error(`${code}: simulated, ${syscall} '${path}'`), { code, syscall })
}
