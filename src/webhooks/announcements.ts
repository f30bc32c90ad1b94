import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import {
  type FileSystem,
  listIfPresent,
  machineFiles,
  makeFolders,
  readIfPresent,
  removeQuietly,
  replaceFile,
  syncFolder,
} from '../files/index.ts'
import { formatJson } from '../json.ts'
import { machineProcesses, type Processes, type ProcessIdentity, type Settings, stateLayout } from '../store/index.ts'
import type { WebhookEvent } from './event.ts'

/**
 * The way to find out, after the process has died, whether what it was about to do has happened.
 */
export type Proof =
  | { readonly kind: 'revision'; readonly number: number; readonly digest: string }
  /** It has if this field of the settings is no longer what it was. */
  | { readonly kind: 'field'; readonly field: string; readonly before: string }
  | { readonly kind: 'rotation' }

/** An event that is about to happen. */
export interface Expected {
  readonly event: WebhookEvent
  /** `undefined` when it has happened; only the file's new name is missing. */
  readonly proof?: Proof
  readonly process?: ProcessIdentity
}

const [expectedSuffix, happenedSuffix] = ['.expected', '.json']

/**
 * Everything that is to be told to webhooks, `webhooks/events/` of the store's state: one file for
 * each event. It is there, on the disk, before the thing itself happens, and says how to find out
 * whether it has; so no kill between the two can lose it.
 */
export class Announcements {
  readonly #folder: string
  readonly #files: FileSystem
  readonly #processes: Processes

  /** @param state folder of what this machine keeps about the store. */
  constructor(state: string, files: FileSystem = machineFiles, processes: Processes = machineProcesses) {
    this.#folder = join(stateLayout.webhooks(state), 'events')
    this.#files = files
    this.#processes = processes
  }

  /** Returns when it is on the disk. */
  expect(event: Omit<WebhookEvent, 'id'>, proof: Proof): { happened(as?: Partial<WebhookEvent>): void; not(): void } {
    const id = randomUUID()
    const expected: Expected = { event: { ...event, id }, proof, process: this.#processes.self() }
    makeFolders(this.#files, this.#folder, 0o700)
    this.#write(id + expectedSuffix, expected)
    return {
      happened: (as = {}) => this.happened({ ...expected.event, ...as }),
      not: () => removeQuietly(this.#files, join(this.#folder, id + expectedSuffix)),
    }
  }

  /** Makes an expected event one that is to be told. */
  happened(event: WebhookEvent): void {
    const file = join(this.#folder, event.id + expectedSuffix)
    this.#write(event.id + expectedSuffix, { event })
    this.#files.rename(file, join(this.#folder, event.id + happenedSuffix))
    syncFolder(this.#files, this.#folder)
  }

  /** Returns the events that were not yet turned into deliveries, oldest first. */
  waiting(): WebhookEvent[] {
    const events = this.#names(happenedSuffix).flatMap((name) => this.#read<{ event: WebhookEvent }>(name)?.event ?? [])
    return events.sort((a, b) => (a.at < b.at ? -1 : 1))
  }

  /** Once all that follows from it is on the disk. */
  done(id: string): void {
    removeQuietly(this.#files, join(this.#folder, id + happenedSuffix))
  }

  /** Returns the events expected by processes that are gone. */
  orphans(): Expected[] {
    return this.#names(expectedSuffix).flatMap((name) => {
      const expected = this.#read<Expected>(name)
      if (expected === undefined || (expected.process && !this.#processes.isGone(expected.process))) return []
      return [expected]
    })
  }

  drop(id: string): void {
    removeQuietly(this.#files, join(this.#folder, id + expectedSuffix))
  }

  /** True when there is anything to do; a look at one folder. */
  get any(): boolean {
    return this.#names(happenedSuffix).length > 0 || this.orphans().length > 0
  }

  #names(suffix: string): string[] {
    return listIfPresent(this.#files, this.#folder).filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
  }

  #write(name: string, content: object): void {
    replaceFile(this.#files, join(this.#folder, name), Buffer.from(JSON.stringify(content)), { mode: 0o600 })
  }

  #read<T>(name: string): T | undefined {
    try {
      const bytes = readIfPresent(this.#files, join(this.#folder, name))
      return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as T)
    } catch {
      return undefined
    }
  }
}

/** Says whether a field of the settings has changed, without keeping what is in it. */
export function fieldDigest(settings: Settings, field: string): string {
  const value = settings.get(field)
  const text = value === undefined ? '' : formatJson(value, { sortKeys: true })
  return createHash('sha256').update(text).digest('hex')
}
