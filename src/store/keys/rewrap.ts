import { EscError } from '../../errors.ts'
import { rewrapDataKey, secretsProviderKind } from '../../keys/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { Environment } from '../environment.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { sealSettings } from '../settings/settings.ts'
import { keyChanged, SettingsFile } from '../settings/settings-file.ts'
import { namesOfHolders } from './environment-key.ts'
import { announceHolders, withKeyChange } from './key-changes.ts'
import { digestOfKey, type KnownKey } from './remembered.ts'

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
  context: EnvironmentContext,
  secretsProvider: string | undefined,
): Promise<{ readonly from: string; readonly to: string }> {
  const { memory, host } = context
  const lock = await environment.lock('wrap the key again')
  try {
    const { settings } = environment
    const { wrappedDataKey: wrapped } = settings
    const from = settings.secretsProvider ?? context.defaultSecretsProvider()
    const to = secretsProvider ?? from
    if (secretsProviderKind(from) !== secretsProviderKind(to)) {
      throw new EscError(
        'usage',
        `environment '${context.name}' is under ${from}, and only the same kind can wrap its key again`,
        {
          hint: rich`${step('give it a new key under another', { do: 'change-secrets-provider', environment: context.name, provider: to })}`,
        },
      )
    }
    // Also says when there is no key yet.
    const key = await environment.unlock(environment.current())
    const owner = { id: environment.id, name: context.name, folders: [context.folder, context.store] }
    const rewrapped = await rewrapDataKey({ wrapped: wrapped as string, from, to }, host.keys, owner)
    const after = { id: owner.id, secretsProvider: to, wrapped: rewrapped }
    const known: KnownKey = {
      key: digestOfKey(rewrapped),
      signer: key.signer,
      secretsProvider: to,
      holders: await namesOfHolders(context, after),
    }
    announceHolders(context, owner.id, known)
    await context.records.transaction({ environment: context.name, purpose: 'wrap the key again' }, () =>
      new SettingsFile(context).change((now) => {
        if (now.wrappedDataKey !== wrapped) throw keyChanged(context.name)
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
