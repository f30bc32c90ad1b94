import { createDecipheriv } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { KeyContext } from './provider.ts'
import { AgeIdentities, badIdentity, passedOver, type UsableIdentity } from './providers/age-identities.ts'

/**
 * A value of a SOPS file in the clear. `type` is what it was before: `str`, `int`,
 * `float`, `bool`, `bytes` …
 */
export interface SopsPlaintext {
  readonly type: string
  readonly bytes: Uint8Array
}

const form = /^ENC\[AES256_GCM,data:([A-Za-z0-9+/=]*),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]$/

/** True when a text is one that SOPS has encrypted. */
export function isSopsCiphertext(text: string): boolean {
  return form.test(text)
}

/**
 * The data key of a SOPS file: 32 bytes, encrypted for age recipients. `armored`: the age file of
 * each. The identities are those of the age secrets provider, among them `SOPS_AGE_KEY`,
 * `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY_CMD` and SOPS's own file.
 * @throws EscError `key_unavailable`; `invalid_input` for what is no age file.
 */
export async function openSopsDataKey(
  armored: readonly string[],
  context: KeyContext,
  environment: string,
): Promise<Uint8Array> {
  const hint = 'set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE to the identity of one of its recipients'
  let problem: unknown
  const { result: key, found } = await new AgeIdentities(context).try(async (identities) => {
    for (const text of armored) {
      try {
        const opened = await decryptAge(text, identities)
        if (opened !== undefined) return opened
      } catch (error) {
        problem ??= error
      }
    }
    return undefined
  })
  if (key !== undefined) return key
  if (problem !== undefined) throw problem
  if (found.identities.length > 0) {
    const none = `none of your age identities is a recipient of the SOPS file${passedOver(found)}`
    throw new EscError('key_unavailable', none, { hint })
  }
  if (found.unusable.length > 0) throw badIdentity(found, environment)
  throw new EscError('key_unavailable', 'the SOPS file is encrypted for age recipients, and you have no age identity', {
    hint,
  })
}

/**
 * `undefined` when it is for none of these identities. The library's own errors may repeat what it
 * was given, so they go no further.
 */
async function decryptAge(text: string, identities: readonly UsableIdentity[]): Promise<Uint8Array | undefined> {
  const { armor, Decrypter } = await import('../vendor/age.ts')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity.text)
  let file: Uint8Array
  try {
    file = armor.decode(text)
  } catch {
    throw new EscError('invalid_input', 'sops.age holds something that is not an age file', {
      hint: 'copy the file again as SOPS wrote it',
    })
  }
  let key: Uint8Array
  try {
    key = await decrypter.decrypt(file)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('no identity matched')) return undefined
    throw new EscError('tampered', 'the encrypted data key of the SOPS file was changed', {
      hint: 'restore the file from its history',
    })
  }
  if (key.length === 32) return key
  throw new EscError('invalid_input', `the data key of the SOPS file has ${key.length} bytes instead of 32`)
}

/**
 * Opens `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`: AES-256-GCM with a nonce of any length
 * (SOPS uses 32 bytes) and a tag of 16. `associatedData` is the keys on the way to the
 * value, each followed by `:`.
 * @throws EscError `invalid_input`; `tampered` when it was changed or
 *   moved. `place` names it there.
 */
export function decryptSops(
  key: Uint8Array,
  text: string,
  { associatedData, place }: { readonly associatedData: string; readonly place: string },
): SopsPlaintext {
  const [, data = '', iv = '', tag = '', type = ''] = form.exec(text) ?? []
  const tagBytes = Buffer.from(tag, 'base64')
  if (type === '' || tagBytes.length !== 16) {
    throw new EscError('invalid_input', `${place} is not a value that SOPS has encrypted`)
  }
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(associatedData))
  decipher.setAuthTag(tagBytes)
  const start = decipher.update(Buffer.from(data, 'base64'))
  try {
    return { type, bytes: Buffer.concat([start, decipher.final()]) }
  } catch {
    throw new EscError('tampered', `${place} was changed, or moved from another place, since SOPS encrypted it`, {
      hint: 'restore the file from its history',
    })
  }
}
