import { EscError, messageOf } from '../../errors.ts'
import {
  DataKey,
  type KeyContext,
  type KeyOwner,
  makeDataKey,
  openSecretsProvider,
  secretsProviderKind,
} from '../../keys/index.ts'
import { present } from '../../present.ts'
import { type EnvironmentContext, keyMemo, restoreHint } from '../environment-context.ts'
import { layout } from '../layout.ts'
import type { History } from '../revisions/history.ts'
import type { Revision } from '../revisions/revision-file.ts'
import { keyedFields, type Settings, sealSettings } from '../settings/settings.ts'
import type { SettingsFile } from '../settings/settings-file.ts'
import { digestOfKey, type KnownKey } from './remembered.ts'
import type { Seals } from './seals.ts'

/** The data key of one environment: unwrapped once a process, made when it is first needed. */
export class EnvironmentKey {
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile
  readonly #history: History
  readonly #seals: Seals

  constructor(context: EnvironmentContext, parts: { settings: SettingsFile; history: History; seals: Seals }) {
    this.#context = context
    this.#settings = parts.settings
    this.#history = parts.history
    this.#seals = parts.seals
  }

  /**
   * @throws EscError `key_unavailable` when there is none or it cannot be unwrapped; `tampered`.
   */
  async existing(): Promise<DataKey> {
    const settings = this.#settings.last
    const key = await this.unwrapped()
    if (this.#seals.hasVerified(settings, key)) return key
    this.#seals.verifySettings(settings, key)
    this.#history.seen.proveKey(settings, key)
    const { memory } = this.#context
    if (memory.lacksKey(settings.id, digestOfKey(settings.wrappedDataKey))) await this.#learn(settings, key)
    return key
  }

  /**
   * So that this machine can tell the next time who has changed the key. Best effort, as
   * everything that is remembered.
   */
  async #learn(settings: Settings, key: DataKey): Promise<void> {
    try {
      const { memory } = this.#context
      memory.learnKey(settings.id, await knownKey(this.#context, settings, key))
    } catch {}
  }

  /** The key, with nothing said about the settings it is in. */
  async unwrapped(): Promise<DataKey> {
    const settings = this.#settings.last
    const { wrappedDataKey } = settings
    if (wrappedDataKey === undefined) {
      const problem = `environment '${this.#context.name}' has no data key, so nothing in it can be decrypted`
      throw new EscError('key_unavailable', problem, {
        hint: `restore wrappedDataKey in ${layout.settings(this.#context.folder)} from the git history`,
      })
    }
    return unwrapDataKey(this.#context, settings)
  }

  /** Made, wrapped and recorded in the settings when there is none yet. */
  async existingOrNew(): Promise<DataKey> {
    if (this.#settings.last.wrappedDataKey === undefined) this.#settings.read()
    if (this.#settings.last.wrappedDataKey === undefined) await this.create()
    return this.existing()
  }

  /**
   * A sealed revision without a key in the settings: making a new key would hide that something is
   * gone. `newest`: looked at with all before it; an environment that never had a key has few.
   */
  refuseLost(newest: Revision): void {
    let sealed: Revision | undefined = newest
    while (sealed !== undefined && sealed.seal === undefined) {
      sealed = sealed.number === 1 ? undefined : this.#history.revision(sealed.number - 1)
    }
    if (sealed === undefined) return
    throw new EscError(
      'store_damaged',
      `revision ${sealed.number} of environment '${this.#context.name}' is sealed, but ${this.#settings.last.file} has no wrappedDataKey`,
      { hint: restoreHint },
    )
  }

  /**
   * An environment without a key must have nothing that is sealed.
   * @throws EscError `store_damaged`, `tampered`.
   */
  refuseSealed(revision: Revision): void {
    this.refuseLost(revision)
    const settings = this.#settings.last
    const unsealed = keyedFields.find((field) => settings.get(field) !== undefined)
    if (unsealed === undefined) return
    throw new EscError('tampered', `${settings.file} has ${unsealed} that nothing vouches for`, { hint: restoreHint })
  }

  /**
   * Makes the first key and records it, under another secrets provider when one is given; all or
   * nothing. Returns false where somebody else has just made one, which then stays.
   */
  async create(given: { readonly secretsProvider?: string; readonly keys?: KeyContext } = {}): Promise<boolean> {
    const { keys, memory, host } = this.#context
    this.refuseLost(this.#history.newest())
    // Wrapping may ask a person or the network, so it is done before the lock is taken; whoever is
    // first under the lock wins.
    const owner = this.#owner
    const secretsProvider = given.secretsProvider ?? providerOf(this.#context, this.#settings.last)
    const made = await makeDataKey(secretsProvider, given.keys ?? host.keys, owner)
    const { key, wrapped: wrappedDataKey } = made
    let first = true
    await this.#context.records.transaction({ environment: owner.name, purpose: 'key' }, () =>
      this.#settings.change((settings) => {
        first = settings.wrappedDataKey === undefined
        if (!first) return {}
        const newest = this.#history.newest()
        // The seal of the settings vouches for it, and so for all that it goes back to.
        this.#history.promisedDigest(1)
        const bound = { sealedFrom: newest.number + 1, sealedAfter: newest.digest }
        memory.trustKey(owner.id, digestOfKey(wrappedDataKey))
        return sealSettings(settings, { secretsProvider, wrappedDataKey, ...bound }, key)
      }),
    )
    if (first) keys.set(keyMemo(owner, wrappedDataKey), Promise.resolve(key))
    return first
  }

  get #owner(): KeyOwner {
    const { name, folder, store } = this.#context
    return { id: this.#settings.last.id, name, folders: [folder, store] }
  }
}

/** The key that settings hold, unwrapped once a process. Says nothing about the settings' seal. */
export async function unwrapDataKey(context: EnvironmentContext, settings: Settings): Promise<DataKey> {
  const { folder, keys, name, store, host } = context
  // Where the list of age recipients is: an edit of it that nobody has applied is
  // noticed while unwrapping.
  const owner = { id: settings.id, name, folders: [folder, store] }
  const wrapped = present(settings.wrappedDataKey)
  const memo = keyMemo(owner, wrapped)
  let unwrapped = keys.get(memo)
  if (unwrapped === undefined) {
    unwrapped = (async () => {
      const provider = await openSecretsProvider(usableProviderOf(context, settings), host.keys, owner)
      return new DataKey(await provider.unwrapKey(wrapped), owner)
    })()
    keys.set(memo, unwrapped)
    // A failure is not kept: the next try may have the key.
    unwrapped.catch(() => keys.delete(memo))
  }
  return unwrapped
}

function providerOf(context: EnvironmentContext, settings: Settings): string {
  return settings.secretsProvider ?? context.defaultSecretsProvider()
}

/**
 * @throws EscError `store_damaged`, naming the file, when no key can ever have been
 *   wrapped by such a provider.
 */
function usableProviderOf(context: EnvironmentContext, settings: Settings): string {
  const secretsProvider = providerOf(context, settings)
  try {
    secretsProviderKind(secretsProvider)
  } catch (error) {
    const file = settings.secretsProvider === undefined ? layout.configuration(context.store) : settings.file
    const { hint = restoreHint } = error instanceof EscError ? error : {}
    throw new EscError('store_damaged', `${file} names no usable secrets provider: ${messageOf(error)}`, { hint })
  }
  return secretsProvider
}

/** Returns what is to be remembered of the key that settings hold. */
async function knownKey(context: EnvironmentContext, settings: Settings, { signer }: DataKey): Promise<KnownKey> {
  const secretsProvider = providerOf(context, settings)
  const wrapped = settings.wrappedDataKey as string
  const holders = await namesOfHolders(context, { id: settings.id, secretsProvider, wrapped })
  return { key: digestOfKey(wrapped), signer, secretsProvider, holders }
}

/** Tells who can unwrap a key, as far as its secrets provider says so. */
export async function namesOfHolders(
  { folder, name, store, host }: EnvironmentContext,
  { id, secretsProvider, wrapped }: { readonly id: string; readonly secretsProvider: string; readonly wrapped: string },
): Promise<string[]> {
  const keyFile = /^v1:default:([^:]+):/.exec(wrapped)?.[1]
  if (keyFile !== undefined) return [`key file ${keyFile}`]
  if (!secretsProvider.startsWith('age:')) return []
  const { recipientsOf } = await import('./recipients.ts')
  return recipientsOf(secretsProvider, host.keys, { id, name, folders: [folder, store] })
}
