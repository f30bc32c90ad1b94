import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Processes, ProcessIdentity, StoreWorld } from '../../src/store/index.ts'
import { Store } from '../../src/store/index.ts'
import { MemoryFiles } from '../files/memory-files.ts'

export const author = { name: 'Ada Lovelace', email: 'ada@example.com' }
export const created = new Date('2026-11-20T10:00:00Z')
export const by = { author, created }

/** A machine in memory: one disk, processes that come and go. */
export class Machine {
  readonly files = new MemoryFiles()
  readonly notices: string[] = []
  #pid = 100

  /** A world as a process of this machine sees it. The process before it is gone. */
  world(env: Record<string, string | undefined> = {}): StoreWorld {
    const identity: ProcessIdentity = { pid: ++this.#pid, host: 'machine' }
    const processes: Processes = { self: () => identity, isGone: (other) => other.pid !== identity.pid }
    const notify = (text: string) => void this.notices.push(text)
    return {
      files: this.files,
      processes,
      sleep: async () => {},
      keys: { env, configFolder: '/home/config', notify, files: this.files },
    }
  }

  init(): Store {
    return Store.init('/work/environments', {}, this.world())
  }

  open(env: Record<string, string | undefined> = {}): Store {
    return Store.open('/work/environments', this.world(env))
  }
}

/** A folder on the real disk, removed after the test. */
export function realFolder(): { readonly folder: string; readonly world: StoreWorld; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'esc-store-'))
  const world: StoreWorld = { keys: { env: {}, configFolder: join(folder, 'config'), notify: () => {} } }
  return { folder, world, remove: () => rmSync(folder, { recursive: true }) }
}

/** The error a function throws or rejects with; fails when there is none. */
export async function errorOf(run: () => unknown): Promise<Error & { code?: string; hint?: string }> {
  try {
    await run()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an error')
}
