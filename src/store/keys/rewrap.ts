import { EscError } from '../../errors.ts'
import { rewrapKey, secretsProviderKind } from '../../keys/index.ts'
import type { Environment } from '../environment.ts'
import { withWriteLock } from '../locks/write-lock.ts'
import type { EnvironmentPlace } from '../place.ts'
import { sealSettings } from '../settings/settings.ts'
import { keyChanged, SettingsFile } from '../settings/settings-file.ts'
import { namesOfHolders } from './environment-key.ts'
import { digestOfKey, type KnownKey } from './history-memory.ts'
import { announceHolders, withKeyChange } from './key-changes.ts'

/**
 * Wraps the same data key again: for a changed list of age recipients, or the newest version of a
 * vendor's key. Revisions stay as they are, byte for byte. `secretsProvider`: another URL of the
 * same kind, such as one with more recipients; default: the present one.
 *
 * @throws EscError `key_unavailable`, `tampered`, `conflict`, `invalid_input`, `usage` for
 *   another kind of provider.
 */
export async function rewrap(
  environment: Environment,
  place: EnvironmentPlace,
  secretsProvider: string | undefined,
): Promise<{ readonly from: string; readonly to: string }> {
  const { memory, host } = place
  const lock = await environment.lock('wrap the key again')
  try {
    const { settings } = environment
    const { wrappedDataKey: wrapped } = settings
    const from = settings.secretsProvider ?? place.defaultSecretsProvider()
    const to = secretsProvider ?? from
    if (secretsProviderKind(from) !== secretsProviderKind(to)) {
      throw new EscError(
        'usage',
        `environment '${place.name}' is under ${from}, and only the same kind can wrap its key again`,
        {
          hint: `\`esc env change-secrets-provider ${place.name} ${to}\` gives it a new key under another`,
        },
      )
    }
    // Also says when there is no key yet.
    const key = await environment.unlock(environment.current())
    const owner = { id: environment.id, name: place.name, folders: [place.folder, place.store] }
    const rewrapped = await rewrapKey({ wrapped: wrapped as string, from, to }, host.keys, owner)
    const after = { id: owner.id, secretsProvider: to, wrapped: rewrapped }
    const known: KnownKey = {
      key: digestOfKey(rewrapped),
      signer: key.signer,
      secretsProvider: to,
      holders: await namesOfHolders(place, after),
    }
    announceHolders(place, owner.id, known)
    await withWriteLock(place, 'wrap the key again', () =>
      new SettingsFile(place).change((now) => {
        if (now.wrappedDataKey !== wrapped) throw keyChanged(place.name)
        // Before it is there, or this machine would take it for a stranger's.
        memory.trustKey(now.id, known.key)
        const keyChanges = withKeyChange(now, { from: digestOfKey(wrapped), to: known }, key)
        if (to === from) return { wrappedDataKey: rewrapped, keyChanges }
        return { ...sealSettings(now, { secretsProvider: to, wrappedDataKey: rewrapped }, key), keyChanges }
      }),
    )
    return { from, to }
  } finally {
    lock.release()
  }
}
