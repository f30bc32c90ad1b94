import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  type FileSystem,
  listIfPresent,
  machineFiles,
  makeFolders,
  readIfPresent,
  removeFile,
  removeQuietly,
  replaceFile,
} from '../files/index.ts'
import { stateLayout } from '../store/index.ts'

/** One try to send a delivery. */
export interface Attempt {
  /** RFC 3339, UTC. */
  readonly at: string
  readonly durationMs: number
  /** 0: there was no answer. */
  readonly responseCode: number
  readonly responseBody?: string
  /** The reason why it did not arrive. */
  readonly error?: string
}

/**
 * Something to be told to one webhook. Holds no secret: neither the signature's
 * key nor a URL that is one.
 */
export interface Delivery {
  /**
   * Made from the event and the webhook, so that doing it again makes no other one:
   * receivers drop what they know.
   */
  readonly id: string
  readonly environment: { readonly id: string; readonly name: string }
  readonly webhook: string
  /**
   * The time at which the webhook was made: a later one of that name gets nothing of an earlier
   * one.
   */
  readonly webhookCreated: string
  readonly kind: string
  /** RFC 3339, UTC. */
  readonly created: string
  readonly body: string
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly attempts: readonly Attempt[]
  /** For a pending one: milliseconds since 1970. */
  readonly due?: number
}

/** So many ended deliveries are kept of a webhook, and so many may wait. */
const keptDeliveries = 50
export const waitingDeliveries = 200

const suffix = '.json'
const json = (name: string) => name.endsWith(suffix) && !name.startsWith('.')

/**
 * The deliveries of a store on this machine, `webhooks/` of its state: those that wait one file
 * each, those that have ended one file a webhook. Written by one process at a time
 * (`Store.tryLockWebhooks`), except for `put` by whoever redelivers.
 */
export class Outbox {
  readonly folder: string
  readonly #files: FileSystem

  /** @param state folder of what this machine keeps about the store. */
  constructor(state: string, files: FileSystem = machineFiles) {
    this.folder = stateLayout.webhooks(state)
    this.#files = files
  }

  /** Those that wait, the earliest due first. */
  pending(): Delivery[] {
    const folder = this.#pendingFolder
    const all = listIfPresent(this.#files, folder).filter(json)
    return all
      .flatMap((name) => this.#read<Delivery>(join(folder, name)) ?? [])
      .sort((a, b) => (a.due ?? 0) - (b.due ?? 0))
  }

  /** Adds a new one, unless it is known. Where too many wait for its webhook, it has failed. */
  add(delivery: Delivery): void {
    const webhook = { name: delivery.webhook, created: delivery.webhookCreated }
    const known = this.of(delivery.environment.id, webhook)
    if (known.some(({ id }) => id === delivery.id)) return
    if (known.filter(({ state }) => state === 'pending').length < waitingDeliveries) this.put(delivery)
    else this.end({ ...delivery, state: 'failed', attempts: [tooMany(delivery.created)] })
  }

  /** Adds or replaces one that waits. Returns when it is on the disk. */
  put(delivery: Delivery): void {
    this.#write(join(this.#pendingFolder, delivery.id + suffix), delivery)
  }

  /** Ends one, and forgets the oldest of its webhook. */
  end(delivery: Delivery): void {
    const { due: _, ...ended } = delivery
    const others = this.ended(delivery.environment.id, delivery.webhook).filter(({ id }) => id !== delivery.id)
    this.#write(this.#endedFile(delivery.environment.id, delivery.webhook), [ended, ...others].slice(0, keptDeliveries))
    removeFile(this.#files, join(this.#pendingFolder, delivery.id + suffix))
  }

  /** The last ended ones of a webhook, newest first. */
  ended(environmentId: string, webhook: string): Delivery[] {
    return this.#read<Delivery[]>(this.#endedFile(environmentId, webhook)) ?? []
  }

  /** All ended ones, of every webhook. */
  allEnded(): Delivery[] {
    const folder = join(this.folder, 'ended')
    return listIfPresent(this.#files, folder).flatMap((environment) =>
      listIfPresent(this.#files, join(folder, environment))
        .filter(json)
        .flatMap((name) => this.#read<Delivery[]>(join(folder, environment, name)) ?? []),
    )
  }

  /** Removes all ended ones. */
  forgetEnded(): void {
    for (const { environment, webhook } of this.allEnded())
      removeQuietly(this.#files, this.#endedFile(environment.id, webhook))
  }

  /** All of a webhook, newest first. */
  of(environmentId: string, webhook: { readonly name: string; readonly created: string }): Delivery[] {
    const own = (each: Delivery) =>
      each.environment.id === environmentId && each.webhook === webhook.name && each.webhookCreated === webhook.created
    const waiting = this.pending().filter(own)
    const known = new Set(waiting.map(({ id }) => id))
    const ended = this.ended(environmentId, webhook.name).filter((each) => own(each) && !known.has(each.id))
    return [...waiting, ...ended].sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0))
  }

  /** Drops one that waits. */
  forgetOne(id: string): void {
    removeFile(this.#files, join(this.#pendingFolder, id + suffix))
  }

  /** Removes everything that a removed webhook leaves. */
  forget(environmentId: string, webhook: string): void {
    for (const { id, environment, webhook: name } of this.pending()) {
      if (environment.id === environmentId && name === webhook)
        removeFile(this.#files, join(this.#pendingFolder, id + suffix))
    }
    removeQuietly(this.#files, this.#endedFile(environmentId, webhook))
  }

  /**
   * Returns the time when something is due next, in milliseconds since 1970, as whoever last
   * sent something has left it.
   */
  get next(): number | undefined {
    const bytes = readIfPresent(this.#files, this.#nextFile)
    const next = bytes === undefined ? Number.NaN : Number(Buffer.from(bytes).toString())
    return Number.isFinite(next) ? next : undefined
  }

  set next(ms: number | undefined) {
    if (ms === undefined) {
      removeQuietly(this.#files, this.#nextFile)
      return
    }
    makeFolders(this.#files, this.folder, 0o700)
    replaceFile(this.#files, this.#nextFile, Buffer.from(String(ms)), { mode: 0o600, synced: false })
  }

  get #pendingFolder(): string {
    return join(this.folder, 'pending')
  }

  get #nextFile(): string {
    return join(this.folder, 'next')
  }

  #endedFile(environmentId: string, webhook: string): string {
    return join(this.folder, 'ended', environmentId, webhook + suffix)
  }

  #write(file: string, value: unknown): void {
    makeFolders(this.#files, join(file, '..'), 0o700)
    replaceFile(this.#files, file, Buffer.from(JSON.stringify(value)), { mode: 0o600 })
  }

  /** Reads a file; one that cannot be read is as good as lost: it must not stop the others. */
  #read<T>(file: string): T | undefined {
    try {
      const bytes = readIfPresent(this.#files, file)
      return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as T)
    } catch {
      return undefined
    }
  }
}

/** The attempt of a delivery that was never tried, because too many wait. */
export function tooMany(at: string): Attempt {
  return { at, durationMs: 0, responseCode: 0, error: `${waitingDeliveries} others are waiting for this webhook` }
}

/** The id of what an event means to one webhook. */
export function deliveryId(
  event: { readonly id: string },
  target: { readonly environmentId: string; readonly webhook: string; readonly kind: string },
): string {
  const parts = [event.id, target.environmentId, target.webhook, target.kind]
  return `dlv-${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 24)}`
}
