import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import type { DataKey } from '../../src/keys/index.ts'
import { storeIdentity } from '../../src/machine/index.ts'
import type { Notice } from '../../src/notice.ts'
import type { Remedy } from '../../src/remedy.ts'
import type { Environment, Processes, ProcessIdentity, Reencrypt, StoreHost } from '../../src/store/index.ts'
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
  world(env: Record<string, string | undefined> = {}): StoreHost {
    const identity: ProcessIdentity = { pid: ++this.#pid, host: 'machine' }
    const processes: Processes = { self: () => identity, isGone: (other) => other.pid !== identity.pid }
    const notify = (notice: Notice) => void this.notices.push(noticeText(notice))
    return {
      files: this.files,
      processes,
      sleep: async () => {},
      state: '/home/state',
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

/** The state of the machine's store. */
export const machineState = `/home/state/stores/${storeIdentity('/work/environments')}`

/** A folder on the real disk, removed after the test. */
export function realFolder(): { readonly folder: string; readonly world: StoreHost; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'esc-store-'))
  const world: StoreHost = {
    state: join(folder, 'state'),
    keys: { env: {}, configFolder: join(folder, 'config'), notify: () => {} },
  }
  return { folder, world, remove: () => rmSync(folder, { recursive: true }) }
}

/** The error a function throws or rejects with; fails when there is none. */
export async function errorOf(
  run: () => unknown,
): Promise<Error & { code?: string; hint?: string; remedies?: readonly Remedy[] }> {
  try {
    await run()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an error')
}

/** The language of these tests: a secret is `enc(…)` around the base64 of its ciphertext. */
export const enc = (key: DataKey, plaintext: string) => `enc(${Buffer.from(key.encrypt(plaintext)).toString('base64')})`

export const reencrypt: Reencrypt = (definition, { decrypt, encrypt }) =>
  definition.replace(/enc\(([^)]*)\)/g, (_, base64) => {
    const ciphertext = encrypt(decrypt(Buffer.from(base64, 'base64')))
    return `enc(${Buffer.from(ciphertext).toString('base64')})`
  })

/** A definition with its secrets in the clear. */
export function revealed(definition: string, key: DataKey): string {
  return definition.replace(/enc\(([^)]*)\)/g, (_, base64) => key.decrypt(Buffer.from(base64, 'base64')))
}

/** Appends a definition whose secrets are given as `enc:text`. */
export async function save(environment: Environment, text: string): Promise<number> {
  const key = await environment.dataKey()
  const definition = text.replace(/enc:(\w+)/g, (_, plaintext) => enc(key, plaintext))
  const base = environment.current().number
  return (await environment.append({ base, definition, change: 'edit', ...by })).number
}
