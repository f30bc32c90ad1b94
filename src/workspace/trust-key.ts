import { relative } from 'node:path'
import type { KeyHolders } from '../crypto/index.ts'
import { EscError, messageOf } from '../errors.ts'
import { machineGit } from '../git/index.ts'
import { holdersOf } from './access.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import type { Workspace } from './workspace.ts'

/**
 * What a person needs to know to decide whether a data key was changed on purpose. Nothing of it is what the author of the change says of
 * themselves: names, messages and comments can be forged.
 */
export interface UnknownKey {
  readonly environment: string
  /** It is another environment than the one that this machine has seen under the name. */
  readonly replaced: boolean
  readonly key: KeyHolders & { readonly secretsProvider: string }
  /** What is different from the key that this machine knows, one line each. Undefined: this machine has not used one yet. */
  readonly differences: readonly string[] | undefined
  /** Number of the newest revision. */
  readonly revision: number
  /** Short id of the last commit that changed the settings, in which the key is. Undefined: git knows none. */
  readonly commit: string | undefined
  /** Why its seals could not be checked; undefined: they are right. */
  readonly unverified: string | undefined
}

export interface TrustedKey extends UnknownKey {
  /** False: this machine knew the key already. */
  readonly accepted: boolean
}

/**
 * Accepts the data key of an environment that this machine has not seen before, once `confirm` has returned. What does not even have
 * the seals of that key is not accepted.
 *
 * @throws EscError `tampered`, `forbidden`; what `confirm` throws.
 */
export async function trustKey(
  workspace: Workspace,
  { name }: EnvironmentReference,
  confirm: (unknown: UnknownKey) => Promise<void>,
): Promise<TrustedKey> {
  await permit(workspace, name, 'open', 'environment-key-trusted')
  const environment = workspace.store.environment(name)
  const revision = environment.unconfirmedNewest()
  const unverified = await environment.verify(revision).then(
    () => undefined,
    (error) => {
      if (error instanceof EscError && error.code === 'key_unavailable') return messageOf(error)
      throw error
    },
  )
  const known = {
    environment: environment.name,
    replaced: environment.isReplaced(),
    key: withoutComments(holdersOf(workspace, environment)),
    differences: await environment.keyDifferences(),
    revision: revision.number,
    commit: await lastCommit(workspace, environment.settings.file),
    unverified: environment.settings.wrappedDataKey === undefined ? 'it has no data key yet' : unverified,
  }
  if (environment.knowsKey()) {
    // Also where nothing was remembered yet, as of a commit that is checked out without a branch.
    environment.trustKey()
    return { ...known, accepted: false }
  }
  await confirm(known)
  environment.trustKey()
  return { ...known, accepted: true }
}

async function lastCommit({ store }: Workspace, file: string): Promise<string | undefined> {
  const path = relative(store.folder, file)
  const log = await machineGit(['log', '-1', '--format=%h', '--', path], { cwd: store.folder })
  const line = log.status === 0 ? log.stdout.toString().trim() : ''
  return line === '' ? undefined : line
}

/** The list of recipients may have been edited by whoever changed the key. */
function withoutComments<Key extends KeyHolders>(key: Key): Key {
  if (key.kind !== 'recipients') return key
  return { ...key, recipients: key.recipients.map(({ recipient }) => ({ recipient, of: undefined })) }
}
