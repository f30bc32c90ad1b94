import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { machineFiles } from '../../files/index.ts'
import type { KeyOwner } from '../data-key.ts'
import { createKeyFile, type FileKey, keepKeyFile, parseKey, readKeyFile } from '../key-file.ts'
import type { KeyContext, SecretsProvider } from '../secrets-provider.ts'
import { unwrap, wrap } from '../wrapping.ts'

interface KnownKey {
  readonly key: FileKey
  readonly place: string
}

/**
 * The key that each context last unwrapped with, so that it is read once for all environments that are opened together. Never to wrap with:
 * by then its file may be gone.
 */
const known = new WeakMap<KeyContext, KnownKey>()

/**
 * `default`: one key for the user, in `default.key` of the configuration folder; `ESC_KEY` holds the same line and wins.
 * Wrapped form: `v1:default:<key id>:<base64>`, bound to the environment's id.
 */
export function defaultProvider(context: KeyContext, owner: KeyOwner): SecretsProvider {
  const path = join(context.configFolder, 'default.key')
  const files = context.files ?? machineFiles

  function existingKey(): KnownKey | undefined {
    if (context.env.ESC_KEY) return { key: parseKey(context.env.ESC_KEY, 'ESC_KEY'), place: 'ESC_KEY' }
    const key = readKeyFile(files, path)
    return key && { key, place: path }
  }

  function newKey(): FileKey {
    const { key, created } = createKeyFile(files, path)
    if (created) {
      context.notify(
        `A new key was made for your environments: ${path} (key ${key.id}).\n` +
          'Keep a copy of this file in a safe place, such as a password manager: without it your secrets cannot be opened.\n' +
          'In CI, set the variable ESC_KEY to the line of the file that begins with esc-key-v1.',
      )
    }
    return key
  }

  return {
    async wrapKey(dataKey) {
      const existing = existingKey()
      if (existing?.place === path) keepKeyFile(files, path)
      const key = existing?.key ?? newKey()
      return `v1:default:${key.id}:${wrap(key.bytes, dataKey, owner.id)}`
    },

    async unwrapKey(wrapped) {
      const [version, kind, id, text, ...rest] = wrapped.split(':')
      if (version !== 'v1' || kind !== 'default' || id === undefined || text === undefined || rest.length > 0) {
        throw new EscError('store_damaged', `the wrapped data key of environment '${owner.name}' is malformed`, {
          hint: `restore wrappedDataKey in its settings.yaml from the git history`,
        })
      }
      const last = known.get(context)
      const found = last?.key.id === id ? last : existingKey()
      if (found === undefined) {
        throw new EscError(
          'key_unavailable',
          `environment '${owner.name}' is locked with key ${id}, and there is no key file at ${path}`,
          { hint: `copy the key file with that id to ${path}, or set ESC_KEY to its line` },
        )
      }
      if (found.key.id !== id) {
        throw new EscError(
          'key_unavailable',
          `environment '${owner.name}' is locked with key ${id}, but ${found.place} holds key ${found.key.id}`,
          { hint: `put the key with id ${id} into ${found.place === path ? 'that file, or into ESC_KEY' : 'ESC_KEY'}` },
        )
      }
      const dataKey = unwrap(found.key.bytes, text, owner.id)
      if (dataKey === undefined) {
        throw new EscError(
          'tampered',
          `the wrapped data key of environment '${owner.name}' was changed, or belongs to another environment`,
          { hint: 'restore id and wrappedDataKey in its settings.yaml from the git history' },
        )
      }
      known.set(context, found)
      return dataKey
    },
  }
}
