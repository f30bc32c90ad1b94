import { loadLocalStore } from './load-local-store.ts'
import type { EnvironmentStore, StoreOptions } from './store.ts'

/**
 * Uses the store that a server keeps. The token says who asks; it comes from `esc server token
 * create`, or from an exchange for an identity token.
 *
 * @param url such as `https://esc.example.com`.
 * @throws EscError `usage` for what is not a URL. Calls of the store throw `forbidden` for a token
 *   that the server does not take, and `io` where there is no answer.
 *
 * @example
 * ```ts
 * import { connect } from '@gitesc/cli'
 *
 * const token = process.env.ESC_ACCESS_TOKEN ?? 'none'
 * const store = await connect('https://esc.example.com', token)
 * typeof store.open // 'function': the server is asked when something is wanted
 * ```
 */
export async function connect(url: string, token: string, options: StoreOptions = {}): Promise<EnvironmentStore> {
  const { LocalStore } = await loadLocalStore()
  return new LocalStore(undefined, options, { url, token })
}
