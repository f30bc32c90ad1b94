import { sep } from 'node:path'
import type { FileStatus, FileSystem } from '../../files/index.ts'
import { Tree, TreeFolder } from './tree.ts'

interface OpenFile {
  readonly path: string
  readonly folder: TreeFolder
  readonly name: string
  readonly writes: boolean
  readonly written: Uint8Array[]
}

/** File descriptors of the system are small. */
const firstOpen = 0x4000_0000

/**
 * A file system in which everything below `root` is in a tree in memory, and all else is in
 * `outside`: the state of this machine, and the user's own files.
 */
export class TreeFiles implements FileSystem {
  readonly tree = new Tree()
  readonly #root: string
  readonly #identity: string
  readonly #outside: FileSystem
  readonly #open = new Map<number, OpenFile>()
  #next = firstOpen

  /** `identity`: what `realPath` returns for the root. */
  constructor({ root, identity, outside }: { root: string; identity: string; outside: FileSystem }) {
    this.#root = root
    this.#identity = identity
    this.#outside = outside
  }

  stat(path: string): FileStatus | undefined {
    const inside = this.#inside(path)
    return inside === undefined ? this.#outside.stat(path) : this.#status(inside)
  }

  lstat(path: string): FileStatus | undefined {
    const inside = this.#inside(path)
    return inside === undefined ? this.#outside.lstat(path) : this.#status(inside)
  }

  realPath(path: string): string {
    const inside = this.#inside(path)
    if (inside === undefined) return this.#outside.realPath(path)
    return inside === '' ? this.#identity : path
  }

  exists(path: string): boolean {
    const inside = this.#inside(path)
    return inside === undefined ? this.#outside.exists(path) : this.tree.find(inside) !== undefined
  }

  readFile(path: string): Uint8Array {
    const inside = this.#inside(path)
    if (inside === undefined) return this.#outside.readFile(path)
    const found = this.tree.find(inside)
    if (found === undefined) throw failure('ENOENT', 'no such file or directory', 'open', path)
    if (found instanceof TreeFolder) throw failure('EISDIR', 'illegal operation on a directory', 'read', path)
    return found
  }

  readText(path: string): string {
    return this.#inside(path) === undefined ? this.#outside.readText(path) : Buffer.from(this.readFile(path)).toString()
  }

  list(path: string): string[] {
    const inside = this.#inside(path)
    return inside === undefined ? this.#outside.list(path) : [...this.#folder(inside, 'scandir', path).entries.keys()]
  }

  open(path: string, flags: 'wx' | 'a' | 'r' | 'r+', mode?: number): number {
    const inside = this.#inside(path)
    if (inside === undefined) return this.#outside.open(path, flags, mode)
    const found = this.tree.find(inside)
    if (flags === 'r') {
      if (found === undefined) throw failure('ENOENT', 'no such file or directory', 'open', path)
      return this.#opened({ path, folder: this.tree.root, name: '', writes: false, written: [] })
    }
    if (flags === 'r+') throw new Error('files of a store are not overwritten')
    const { folder, name } = this.#place(inside, 'open', path)
    if (flags === 'wx' && found !== undefined) throw failure('EEXIST', 'file already exists', 'open', path)
    if (found instanceof TreeFolder) throw failure('EISDIR', 'illegal operation on a directory', 'open', path)
    if (found === undefined) this.tree.set(folder, name, new Uint8Array())
    return this.#opened({ path, folder, name, writes: true, written: [found ?? new Uint8Array()] })
  }

  write(file: number, bytes: Uint8Array): number {
    const open = this.#open.get(file)
    if (open === undefined) return this.#outside.write(file, bytes)
    if (!open.writes) throw failure('EBADF', 'bad file descriptor', 'write', open.path)
    open.written.push(Uint8Array.from(bytes))
    return bytes.length
  }

  sync(file: number): void {
    if (!this.#open.has(file)) this.#outside.sync(file)
  }

  async syncAside(file: number): Promise<void> {
    if (!this.#open.has(file)) await this.#outside.syncAside(file)
  }

  close(file: number): void {
    const open = this.#open.get(file)
    if (open === undefined) {
      this.#outside.close(file)
      return
    }
    this.#open.delete(file)
    if (open.written.length > 1) this.tree.set(open.folder, open.name, Buffer.concat(open.written))
  }

  link(existing: string, added: string): void {
    const [from, to] = [this.#inside(existing), this.#inside(added)]
    if (from === undefined || to === undefined) {
      this.#outside.link(existing, added)
      return
    }
    const content = this.tree.find(from)
    if (content === undefined) throw failure('ENOENT', 'no such file or directory', 'link', existing)
    if (content instanceof TreeFolder) throw failure('EPERM', 'operation not permitted', 'link', existing)
    const { folder, name } = this.#place(to, 'link', added)
    if (folder.entries.has(name)) throw failure('EEXIST', 'file already exists', 'link', added)
    this.tree.set(folder, name, content)
  }

  rename(from: string, to: string): void {
    const [source, target] = [this.#inside(from), this.#inside(to)]
    if (source === undefined || target === undefined) {
      this.#outside.rename(from, to)
      return
    }
    const moved = this.tree.find(source)
    if (moved === undefined) throw failure('ENOENT', 'no such file or directory', 'rename', from)
    const old = this.#place(source, 'rename', from)
    const { folder, name } = this.#place(target, 'rename', to)
    const there = folder.entries.get(name)
    if (there instanceof TreeFolder && (!(moved instanceof TreeFolder) || there.entries.size > 0)) {
      throw failure('ENOTEMPTY', 'directory not empty', 'rename', to)
    }
    this.tree.set(old.folder, old.name, undefined)
    this.tree.set(folder, name, moved)
  }

  unlink(path: string): void {
    const inside = this.#inside(path)
    if (inside === undefined) {
      this.#outside.unlink(path)
      return
    }
    const found = this.tree.find(inside)
    if (found === undefined) throw failure('ENOENT', 'no such file or directory', 'unlink', path)
    if (found instanceof TreeFolder) throw failure('EPERM', 'operation not permitted', 'unlink', path)
    const { folder, name } = this.#place(inside, 'unlink', path)
    this.tree.set(folder, name, undefined)
  }

  makeFolder(path: string, mode?: number): void {
    const inside = this.#inside(path)
    if (inside === undefined) {
      this.#outside.makeFolder(path, mode)
      return
    }
    if (inside === '' || this.tree.find(inside) !== undefined) {
      throw failure('EEXIST', 'file already exists', 'mkdir', path)
    }
    const { folder, name } = this.#place(inside, 'mkdir', path)
    this.tree.set(folder, name, new TreeFolder())
  }

  removeFolder(path: string): void {
    const inside = this.#inside(path)
    if (inside === undefined) {
      this.#outside.removeFolder(path)
      return
    }
    if (this.#folder(inside, 'rmdir', path).entries.size > 0) {
      throw failure('ENOTEMPTY', 'directory not empty', 'rmdir', path)
    }
    const { folder, name } = this.#place(inside, 'rmdir', path)
    this.tree.set(folder, name, undefined)
  }

  /** Path below the root, with `/`. Undefined: outside. */
  #inside(path: string): string | undefined {
    if (!path.startsWith(this.#root)) return undefined
    if (path.length === this.#root.length) return ''
    if (path[this.#root.length] !== sep) return undefined
    const inside = path.slice(this.#root.length + 1)
    return sep === '/' ? inside : inside.replaceAll(sep, '/')
  }

  #folder(inside: string, call: string, path: string): TreeFolder {
    const found = this.tree.find(inside)
    if (found === undefined) throw failure('ENOENT', 'no such file or directory', call, path)
    if (!(found instanceof TreeFolder)) throw failure('ENOTDIR', 'not a directory', call, path)
    return found
  }

  #place(inside: string, call: string, path: string): { folder: TreeFolder; name: string } {
    const end = inside.lastIndexOf('/')
    const folder = this.#folder(end < 0 ? '' : inside.slice(0, end), call, path)
    return { folder, name: inside.slice(end + 1) }
  }

  /** The version of a folder, or of that of a file, stands for the time of the last change. */
  #status(inside: string): FileStatus | undefined {
    const found = this.tree.find(inside)
    if (found === undefined) return undefined
    if (found instanceof TreeFolder) return { kind: 'folder', mode: 0o700, size: 0, modifiedMs: found.version }
    const folder = this.tree.find(inside.slice(0, Math.max(0, inside.lastIndexOf('/'))))
    const modifiedMs = folder instanceof TreeFolder ? folder.version : 0
    return { kind: 'file', mode: 0o600, size: found.length, modifiedMs }
  }

  #opened(file: OpenFile): number {
    const number = this.#next++
    this.#open.set(number, file)
    return number
  }
}

function failure(code: string, reason: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${reason}, ${syscall} '${path}'`), { code, syscall, path })
}
