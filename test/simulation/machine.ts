import type { FileStatus, FileSystem } from '../../src/files/index.ts'
import type { StoreHost } from '../../src/store/index.ts'
import type { MemoryFiles } from '../files/memory-files.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** What everything throws in a process that was killed. */
export class Killed extends Error {
  constructor() {
    super('killed')
  }
}

/** A fault of one process: at the nth call that changes a file, or around its nth remote call. */
export type Fault =
  | { readonly at: 'file'; readonly nth: number; readonly effect: 'kill' | 'power loss' | 'disk error' }
  | {
      readonly at: 'remote'
      readonly nth: number
      readonly when: 'before' | 'in flight' | 'after'
      readonly effect: 'kill' | 'power loss'
    }

export const storeFolder = '/work/environments'
const stateFolder = '/home/state'

/** Where the state folder of a machine is on the one disk of all. */
export const stateOf = (host: string) => `${stateFolder}-of-${host}`

/** What all machines of a simulation share: one disk, and time. */
export class Machines {
  readonly disk: MemoryFiles
  readonly timeline: Timeline
  readonly alive = new Set<Process>()
  /** Sees every byte that is written. */
  onWrite: (bytes: Uint8Array) => void = () => {}
  /** Sees every change of a file that took effect. */
  onChange: (path: string) => void = () => {}
  /** Deaths of any kind. */
  kills = 0
  powerLosses = 0
  diskErrors = 0
  /** Set to have `sync` do nothing, to see that the simulation notices. */
  lyingDisk = false
  readonly #random: Random
  #pid = 100

  constructor(timeline: Timeline, random: Random, disk: MemoryFiles) {
    this.disk = disk
    disk.longestWrite = 2_000
    this.timeline = timeline
    this.#random = random
  }

  start(host: string, fault?: Fault): Process {
    const process = new Process(this, host, ++this.#pid, fault)
    this.alive.add(process)
    return process
  }

  losePower(): void {
    this.powerLosses++
    for (const process of [...this.alive]) process.kill()
    const bias = this.#random.pick([0, 0.5, 0.5, 0.9])
    this.disk.losePower(() => this.#random.chance(bias))
    this.onChange('/')
  }
}

/** A process of `esc`: its view of the disk, its waits, and its end. */
export class Process {
  readonly host: string
  readonly pid: number
  readonly files: FileSystem
  alive = true
  readonly #machines: Machines
  readonly #fault: Fault | undefined
  readonly #waits = new Set<(error: Error) => void>()
  #fileCalls = 0
  #remoteCalls = 0

  constructor(machines: Machines, host: string, pid: number, fault: Fault | undefined) {
    this.#machines = machines
    this.host = host
    this.pid = pid
    this.#fault = fault
    this.files = new ProcessFiles(this, machines)
  }

  get timeline(): Timeline {
    return this.#machines.timeline
  }

  world(): StoreHost {
    const alive = (pid: number) => [...this.#machines.alive].some((process) => process.pid === pid)
    return {
      files: this.files,
      processes: {
        self: () => ({ pid: this.pid, host: this.host }),
        isGone: ({ pid, host }) => host === this.host && !alive(pid),
      },
      sleep: (ms) => this.sleep(ms),
      state: stateFolder,
      now: () => this.timeline.nowMs,
      keys: { env: {}, configFolder: '/home/config', notify: () => {}, files: this.files },
    }
  }

  kill(): void {
    if (!this.alive) return
    this.#machines.kills++
    this.end()
    // Nothing it does from now on has an effect; its promises end so that its memory can be freed.
    for (const reject of [...this.#waits]) reject(new Killed())
  }

  end(): void {
    this.alive = false
    this.#machines.alive.delete(this)
  }

  sleep(ms: number): Promise<void> {
    return this.wait((resolve) => this.timeline.after(ms, resolve))
  }

  /** A promise that the end of the process rejects. */
  wait<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    this.requireAlive()
    return new Promise<T>((resolve, reject) => {
      this.#waits.add(reject)
      begin(
        (value) => {
          this.#waits.delete(reject)
          resolve(value)
        },
        (error) => {
          this.#waits.delete(reject)
          reject(error)
        },
      )
    })
  }

  requireAlive(): void {
    if (!this.alive) throw new Killed()
  }

  /** Before each call that changes a file. `half` is what a write leaves that is cut off. */
  passFile(half?: () => void): void {
    this.requireAlive()
    const fault = this.#fault
    if (fault?.at !== 'file' || ++this.#fileCalls !== fault.nth) return
    if (fault.effect === 'disk error') {
      this.#machines.diskErrors++
      throw Object.assign(new Error('EIO: simulated'), { code: 'EIO', syscall: 'write' })
    }
    half?.()
    this.#strike(fault.effect)
  }

  /** Around each remote call; its number is taken `before`. */
  passRemote(when: 'before' | 'in flight' | 'after', number: number = this.#remoteCalls + 1): number {
    this.requireAlive()
    if (when === 'before') this.#remoteCalls = number
    const fault = this.#fault
    if (fault?.at === 'remote' && fault.nth === number && fault.when === when) this.#strike(fault.effect)
    return number
  }

  #strike(effect: 'kill' | 'power loss'): never {
    if (effect === 'power loss') this.#machines.losePower()
    else this.kill()
    throw new Killed()
  }
}

/** The disk as one process sees it; each machine has a state folder of its own. */
class ProcessFiles implements FileSystem {
  readonly #process: Process
  readonly #machines: Machines
  readonly #disk: MemoryFiles

  constructor(process: Process, machines: Machines) {
    this.#process = process
    this.#machines = machines
    this.#disk = machines.disk
  }

  stat(path: string): FileStatus | undefined {
    return this.#read().stat(this.#own(path))
  }
  lstat(path: string): FileStatus | undefined {
    return this.#read().lstat(this.#own(path))
  }
  realPath(path: string): string {
    return this.#read().realPath(path)
  }
  exists(path: string): boolean {
    return this.#read().exists(this.#own(path))
  }
  readText(path: string): string {
    return this.#read().readText(this.#own(path))
  }
  readFile(path: string): Uint8Array {
    return this.#read().readFile(this.#own(path))
  }
  list(path: string): string[] {
    return this.#read().list(this.#own(path))
  }
  open(path: string, flags: 'wx' | 'a' | 'r', mode?: number): number {
    return (flags === 'r' ? this.#read() : this.#change()).open(this.#own(path), flags, mode)
  }
  write(file: number, bytes: Uint8Array): number {
    this.#machines.onWrite(bytes)
    return this.#change(() => void this.#disk.write(file, bytes.subarray(0, bytes.length >> 1))).write(file, bytes)
  }
  sync(file: number): void {
    const disk = this.#change()
    if (!this.#machines.lyingDisk) disk.sync(file)
  }
  /** Takes a moment, in which others go on, and the process may be killed. */
  async syncAside(file: number): Promise<void> {
    await this.#process.sleep(0)
    this.sync(file)
  }
  close(file: number): void {
    this.#read().close(file)
  }
  link(existing: string, added: string): void {
    this.#change().link(this.#own(existing), this.#own(added))
    this.#machines.onChange(added)
  }
  rename(from: string, to: string): void {
    this.#change().rename(this.#own(from), this.#own(to))
    this.#machines.onChange(to)
  }
  unlink(path: string): void {
    this.#change().unlink(this.#own(path))
    this.#machines.onChange(path)
  }
  makeFolder(path: string, mode?: number): void {
    this.#change().makeFolder(this.#own(path), mode)
  }
  removeFolder(path: string): void {
    this.#change().removeFolder(this.#own(path))
  }

  #own(path: string): string {
    const { host } = this.#process
    return path.startsWith(stateFolder) ? stateOf(host) + path.slice(stateFolder.length) : path
  }

  #read(): MemoryFiles {
    this.#process.requireAlive()
    return this.#disk
  }

  #change(half?: () => void): MemoryFiles {
    this.#process.passFile(half)
    return this.#disk
  }
}
