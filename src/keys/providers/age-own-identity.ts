import { dirname } from 'node:path'
import { createFile, machineFiles, makeFolders } from '../../files/index.ts'
import type { KeyContext } from '../provider.ts'
import { AgeIdentities, badIdentity, ownIdentityFile, type UsableIdentity } from './age-identities.ts'

/** The age identity of this user, as others may know it. */
export interface OwnIdentity {
  /** The public half, `age1…`. */
  readonly recipient: string
  /** A variable, or the path of a file. */
  readonly place: string
  /** True when it was made just now. */
  readonly created: boolean
}

/**
 * The first identity of this user that can be used; where there is none, a new one in
 * `age-identity.txt` of the configuration folder. A file that is there is never replaced.
 *
 * @throws EscError `key_unavailable` when there is something, and nothing that can be used; `io`.
 */
export async function ownIdentity(context: KeyContext, now: Date): Promise<OwnIdentity> {
  const { result, found } = await new AgeIdentities(context).try(
    async ([first]): Promise<UsableIdentity | undefined> => first,
  )
  if (result !== undefined) return { recipient: result.recipient, place: result.place, created: false }
  if (found.unusable.length > 0) throw badIdentity(found)
  const { generateIdentity, identityToRecipient } = await import('../../vendor/age.ts')
  const identity = await generateIdentity()
  const recipient = await identityToRecipient(identity)
  const { files = machineFiles } = context
  const place = ownIdentityFile(context)
  const created = now.toISOString().replace(/\.\d+Z$/, 'Z')
  const text = `# created: ${created}\n# public key: ${recipient}\n${identity}\n`
  makeFolders(files, dirname(place), 0o700)
  // Somebody else may have been faster: then theirs is the one.
  if (!createFile(files, place, Buffer.from(text), { mode: 0o600 })) return ownIdentity(context, now)
  return { recipient, place, created: true }
}
