import { noticeText } from '../../src/cli/framework/notice-text.ts'
import type { KeyContext } from '../../src/keys/index.ts'
import { reroute } from '../fakes/http-fake.ts'

/** What a context is made of, as data: it can be handed to another process. */
export interface Setup {
  readonly env: Readonly<Record<string, string>>
  readonly configFolder: string
  /** Origins of vendors, and where they are led. */
  readonly routes?: Readonly<Record<string, string>>
  /** Default: 5 seconds. */
  readonly timeoutMs?: number
}

export function contextOf(
  { env, configFolder, routes = {}, timeoutMs = 5000 }: Setup,
  notices: string[] = [],
): KeyContext {
  return {
    env: { HOME: '/nowhere', ...env },
    configFolder,
    notify: (notice) => void notices.push(noticeText(notice)),
    network: { fetch: reroute(routes), timeoutMs, sleep: async () => {} },
  }
}
