import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, machineFiles } from '../../files/index.ts'
import { type KeyOwner, ownerText, wrappedKeyText } from '../data-key.ts'
import { createKeyFile, type FileKey, keepKeyFile, parseKeys, readKeyFile } from '../key-file.ts'
import type { KeyContext, ProviderKind, SecretsProvider } from '../provider.ts'
import { unwrap, wrap } from '../wrapping.ts'

/** The keys of one source, a variable or a file, the first of which is for new environments. */
interface KeySource {
  readonly source: string
  readonly keys: readonly FileKey[]
}

/**
 * The keys that each context has unwrapped with, by id, so that each is read once for all
 * environments that are opened together. Never to wrap with: by then their file may be gone.
 */
const known = new WeakMap<KeyContext, Map<string, FileKey>>()

/** `default`, without anything after it. */
export function defaultKind(): ProviderKind {
  return { open: async (_url, context, owner) => defaultProvider(context, owner) }
}

/**
 * `default`: the keys of the user, in `default.key` of the configuration folder;
 * `ESC_KEY` holds the same lines and wins. Wrapped form: `v1:default:<key id>:<base64>`,
 * bound to the environment's id.
 */
function defaultProvider(context: KeyContext, owner: KeyOwner): SecretsProvider {
  const keys = new UserKeys(context, owner)
  return {
    async wrapKey(dataKey, before) {
      const key = keys.forWrapping(before)
      return `v1:default:${key.id}:${wrap(key.bytes, dataKey, owner.id)}`
    },

    async unwrapKey(wrapped) {
      const { id, text } = parse(wrapped, owner)
      const key = known.get(context)?.get(id) ?? keys.find(id)
      const dataKey = unwrap(key.bytes, text, owner.id)
      if (dataKey === undefined) {
        throw new EscError('tampered', `${wrappedKeyText(owner)} was changed, or belongs to another environment`, {
          hint: 'restore id and wrappedDataKey in its settings.yaml from the git history',
        })
      }
      const all = known.get(context) ?? new Map<string, FileKey>()
      known.set(context, all.set(id, key))
      return dataKey
    },
  }
}

/** The keys of the user, wherever they are, for one environment. */
class UserKeys {
  readonly #context: KeyContext
  readonly #owner: KeyOwner
  readonly #files: FileSystem
  readonly #path: string

  constructor(context: KeyContext, owner: KeyOwner) {
    this.#context = context
    this.#owner = owner
    this.#files = context.files ?? machineFiles
    this.#path = join(context.configFolder, 'default.key')
  }

  /** Looks everywhere for one id: what cannot be used in one source hides nothing in the other. */
  find(id: string): FileKey {
    const sources: KeySource[] = []
    let problem: unknown
    for (const look of [() => this.#ofVariable(), () => this.#ofFile()]) {
      try {
        const there = look()
        const found = there?.keys.find((key) => key.id === id)
        if (found !== undefined) return found
        if (there !== undefined) sources.push(there)
      } catch (error) {
        problem ??= error
      }
    }
    throw problem ?? this.#notFound(id, sources)
  }

  /** Returns the key that wraps a data key. `before`: how it was wrapped until now. */
  forWrapping(before: string | undefined): FileKey {
    // What a team shares must not get under somebody's own key only because that
    // comes first in their file.
    const again = before === undefined ? undefined : this.find(parse(before, this.#owner).id)
    const existing = again === undefined ? (this.#ofVariable() ?? this.#ofFile())?.keys[0] : again
    if (existing === undefined) return this.#newKey()
    if (!this.#context.env.ESC_KEY || again !== undefined) keepKeyFile(this.#files, this.#path)
    return existing
  }

  #ofVariable(): KeySource | undefined {
    const { ESC_KEY } = this.#context.env
    return ESC_KEY ? { source: 'ESC_KEY', keys: parseKeys(ESC_KEY, 'ESC_KEY') } : undefined
  }

  #ofFile(): KeySource | undefined {
    const keys = readKeyFile(this.#files, this.#path)
    return keys && { source: this.#path, keys }
  }

  #newKey(): FileKey {
    const { key, created } = createKeyFile(this.#files, this.#path)
    if (created) {
      this.#context.notify({ kind: 'key-made', file: this.#path, key: key.id })
    }
    return key
  }

  #notFound(id: string, sources: readonly KeySource[]): EscError {
    const what = `${ownerText(this.#owner)} is encrypted with key ${id}`
    const line = `add the line of the key with that id to ${this.#path}`
    if (sources.length === 0) {
      return new EscError('key_unavailable', `${what}, and there is no key file at ${this.#path}`, {
        hint: `${line}, with mode 0600, or set ESC_KEY to it`,
      })
    }
    const held = sources.map(({ source, keys }) => {
      return `${source} holds key${keys.length === 1 ? '' : 's'} ${keys.map((key) => key.id).join(', ')}`
    })
    return new EscError('key_unavailable', `${what}, but ${held.join(' and ')}`, {
      hint: `${line}, and keep the lines that are there: a key file holds several keys, one per line`,
    })
  }
}

function parse(wrapped: string, owner: KeyOwner): { readonly id: string; readonly text: string } {
  const [version, kind, id, text, ...rest] = wrapped.split(':')
  if (version === 'v1' && kind === 'default' && id !== undefined && text !== undefined && rest.length === 0) {
    return { id, text }
  }
  throw new EscError('store_damaged', `${wrappedKeyText(owner)} is malformed`, {
    hint: `restore wrappedDataKey in its settings.yaml from the git history`,
  })
}
