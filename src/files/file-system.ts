import {
  closeSync,
  constants,
  existsSync,
  fsync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'

/**
 * The file-system calls that stores and key files are built from, each one system call, and all but
 * one synchronous (loading `fs/promises` alone costs more than everything a read does). Tests hand
 * in one that fails or stops at call n. Errors are Node's: an `Error` with `code` such as `ENOENT`.
 */
export interface FileSystem {
  /**
   * `undefined` when there is no such file (or a parent that is no folder). Any other trouble
   * throws.
   */
  stat(path: string): FileStatus | undefined
  /** As `stat`, of the name itself: a symbolic link is `link`, wherever it leads. */
  lstat(path: string): FileStatus | undefined
  /** The absolute path with all symbolic links resolved. */
  realPath(path: string): string
  /**
   * Cheaper than `stat`, above all where nothing is there. False also where looking is not allowed.
   */
  exists(path: string): boolean
  readFile(path: string): Uint8Array
  /** As `readFile`, and cheaper, for UTF-8; bytes that are none become U+FFFD. */
  readText(path: string): string
  /** Names in a folder, in no particular order. */
  list(path: string): string[]
  /**
   * `wx`: create, fail with EEXIST. `a`: append, created if absent. `r`: read, also for folders.
   * `r+`: overwrite from the start.
   */
  open(path: string, flags: 'wx' | 'a' | 'r' | 'r+', mode?: number): number
  /** Returns the number of bytes written, which may be fewer than given. */
  write(file: number, bytes: Uint8Array): number
  /** fsync: returns when the bytes, or the names in a folder, are on the disk. */
  sync(file: number): void
  /** The same, and whatever else goes on is not held up meanwhile. */
  syncAside(file: number): Promise<void>
  close(file: number): void
  /** Gives the file a second name; fails with EEXIST: the compare-and-swap everything rests on. */
  link(existing: string, added: string): void
  /** Replaces `to` silently. */
  rename(from: string, to: string): void
  unlink(path: string): void
  /** One level; fails with EEXIST. */
  makeFolder(path: string, mode?: number): void
  removeFolder(path: string): void
}

export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  /** Permission bits, such as 0o600. */
  readonly mode: number
  readonly size: number
  /** The time when its contents last changed, in milliseconds since 1970. */
  readonly modifiedMs: number
  /** User id of the owner. Undefined: the system has none (Windows). */
  readonly owner?: number
}

// Made once: Node copies options that are given as a text for each call.
const asText = { encoding: 'utf8', flag: 'r' } as const
const quietly = { throwIfNoEntry: false } as const

/** The machine's own files. */
export const machineFiles: FileSystem = {
  stat: (path) => statusFrom(statSync, path),
  lstat: (path) => statusFrom(lstatSync, path),
  realPath: (path) => realpathSync.native(path),
  exists: (path) => existsSync(path),
  readFile: (path) => readFileSync(path),
  readText: (path) => readFileSync(path, asText),
  list: (path) => readdirSync(path),
  open: (path, flags, mode) => openSync(path, flags, mode),
  write: (file, bytes) => writeSync(file, bytes),
  sync: (file) => fsyncSync(file),
  syncAside: (file) => new Promise((resolve, reject) => fsync(file, (error) => (error ? reject(error) : resolve()))),
  close: (file) => closeSync(file),
  link: (existing, added) => linkSync(existing, added),
  rename: (from, to) => renameSync(from, to),
  unlink: (path) => unlinkSync(path),
  makeFolder: (path, mode) => mkdirSync(path, { mode }),
  removeFolder: (path) => rmdirSync(path),
}

function statusFrom(ask: typeof statSync, path: string): FileStatus | undefined {
  let stats: Stats | undefined
  try {
    stats = ask(path, quietly)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOTDIR') throw error
  }
  if (stats === undefined) return undefined
  const type = stats.mode & constants.S_IFMT
  const kind =
    type === constants.S_IFREG
      ? 'file'
      : type === constants.S_IFDIR
        ? 'folder'
        : type === constants.S_IFLNK
          ? 'link'
          : 'other'
  const { size, mtimeMs: modifiedMs } = stats
  const mode = stats.mode & 0o777
  return process.platform === 'win32'
    ? { kind, mode, size, modifiedMs }
    : { kind, mode, size, modifiedMs, owner: stats.uid }
}
