import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import { Store } from '../../src/store/index.ts'
import {
  allowedHosts,
  announcingListener,
  type DeliveryHost,
  encode,
  newName,
  type PostWebhook,
  postWebhook,
  type Webhook,
  withSecrets,
} from '../../src/webhooks/index.ts'
import { author, created, realFolder } from '../store/worlds.ts'

export interface HookOptions {
  readonly url: string
  readonly secret?: string
  readonly events?: readonly string[]
  readonly groups?: readonly string[]
  readonly format?: Webhook['format']
  readonly active?: boolean
}

/**
 * A store on the disk with the environment app/dev, and a clock that only moves when somebody
 * sleeps.
 */
export class HookedStore {
  readonly #place = realFolder()
  readonly warnings: string[] = []
  readonly folder = join(this.#place.folder, 'environments')
  store: Store
  /** Milliseconds since 1970. */
  clock = created.getTime()

  constructor() {
    Store.init(this.folder, {}, this.#place.world)
    this.store = this.open()
  }

  open(): Store {
    const listener = announcingListener((notice) => this.warnings.push(noticeText(notice)))
    return Store.open(this.folder, { ...this.#place.world, listener })
  }

  allow(...hosts: readonly string[]): void {
    appendFileSync(join(this.folder, 'esc.yaml'), `webhooks: {allow: ${JSON.stringify(hosts)}}\n`)
    this.store = this.open()
  }

  async environment(name: string, definition = 'values: {}\n') {
    return this.store.additions.create(name, { author, created, definition })
  }

  async hook(environment: string, { url, secret, ...options }: HookOptions): Promise<Webhook> {
    const own = this.store.environment(environment)
    const secrets = { url, ...(secret === undefined ? {} : { secret }) }
    const shape = { displayName: 'test', events: [], groups: [], format: 'raw', active: true, ...options } as const
    const name = newName(own.settings)
    const webhook = withSecrets({ ...shape, name, created: created.toISOString() }, secrets, await own.dataKey())
    await own.settingsWriter.change((settings) => ({
      webhooks: { ...(settings.get('webhooks') as object), [name]: encode(webhook) },
    }))
    return webhook
  }

  /** Appends a revision, which is announced. */
  async save(environment: string, definition: string): Promise<number> {
    const own = this.store.environment(environment)
    const base = own.current().number
    return (await own.append({ base, definition, change: 'edit', author, created })).number
  }

  /** The world of whoever sends, with this way to send. */
  world(post: PostWebhook = (request) => postWebhook(request)): DeliveryHost {
    return {
      store: this.store,
      now: () => this.clock,
      random: () => 0.5,
      sleep: async (ms) => {
        this.clock += Math.max(ms, 1)
      },
      post,
      importers: () => [],
      // What `allow` has named, as if this machine had allowed it.
      allowed: allowedHosts(this.store),
    }
  }

  remove(): void {
    this.#place.remove()
  }
}
