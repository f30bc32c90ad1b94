import { relative } from 'node:path'
import { EscError, hintOf, messageOf } from '../../errors.ts'
import { machineGit } from '../../git/index.ts'
import type { KeyHolders } from '../../keys/index.ts'
import type { Text } from '../../rich-text.ts'
import type { Environment } from '../../store/index.ts'
import { holdersOf } from '../access/access.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { permit, visibleEnvironments } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * The facts that a person needs to know to decide whether a data key was changed on purpose.
 * Nothing of it is what the author of the change says of themselves: names, messages and comments
 * can be forged.
 */
export interface UnknownKey {
  readonly environment: string
  /** It is another environment than the one that this machine has seen under the name. */
  readonly replaced: boolean
  readonly key: KeyHolders & { readonly secretsProvider: string }
  /**
   * The differences from the key that this machine knows, one line each. Undefined: this
   * machine has not used one yet.
   */
  readonly differences: readonly string[] | undefined
  /** Number of the newest revision. */
  readonly revision: number
  /**
   * Short id of the last commit that changed the settings, in which the key is.
   * Undefined: git knows none.
   */
  readonly commit: string | undefined
  /** The reason why its seals could not be checked; undefined: they are right. */
  readonly unverified: string | undefined
}

export interface TrustedKey extends UnknownKey {
  /** False when this machine knew the key already. */
  readonly accepted: boolean
}

/**
 * Accepts the data key of an environment that this machine has not seen before, once `confirm` has
 * returned. What does not even have the seals of that key is not accepted. Throws EscError
 * `tampered`; what `confirm` throws.
 */
export const trustKey = operation({
  name: 'trust-key',
  level: 'open',
  audit: 'environment-key-trusted',
  async run(work, { confirm }: { readonly confirm: (unknown: UnknownKey) => Promise<void> }): Promise<TrustedKey> {
    const environment = work.store.environment(work.subject.name)
    const known = await examine(work, environment)
    if (environment.keyTrust.isKnown()) {
      // Also where nothing was remembered yet, as of a commit that is checked out without a branch.
      environment.keyTrust.accept()
      return { ...known, accepted: false }
    }
    await confirm(known)
    environment.keyTrust.accept()
    return { ...known, accepted: true }
  },
})

async function examine(workspace: Workspace, environment: Environment): Promise<UnknownKey> {
  const revision = environment.unconfirmedNewest()
  const unverified = await environment.verify(revision).then(
    () => undefined,
    (error) => {
      if (error instanceof EscError && error.code === 'key_unavailable') return messageOf(error)
      throw error
    },
  )
  return {
    environment: environment.name,
    replaced: environment.keyTrust.isReplaced(),
    key: withoutComments(holdersOf(workspace, environment)),
    differences: await environment.keyTrust.differences(),
    revision: revision.number,
    commit: await lastCommit(workspace, environment.settings.file),
    unverified: environment.settings.wrappedDataKey === undefined ? 'it has no data key yet' : unverified,
  }
}

/** A commit as git describes it. Its author can be forged: git proves nothing. */
export interface KeyCommit {
  /** Short id. */
  readonly commit: string
  /** `Name <mail>`. */
  readonly author: string
  /** RFC 3339. */
  readonly date: string
  readonly subject: string
}

/** Environments whose data keys one commit has changed. */
export interface ChangedKeys {
  /** `undefined` when the change is in no commit, or there is no git. */
  readonly commit: KeyCommit | undefined
  readonly environments: readonly UnknownKey[]
}

export interface TrustedKeys {
  readonly changes: readonly (ChangedKeys & { readonly accepted: boolean })[]
  /** Environments whose key cannot be accepted, such as for a wrong seal. */
  readonly failed: readonly {
    readonly environment: string
    readonly error: string
    readonly hint?: Text | undefined
  }[]
}

/**
 * Accepts the data keys of all environments that this machine has not seen before, commit by
 * commit, where `accept` says so. A refusal leaves the environments of that commit as they are, and
 * so does a wrong seal; the others go on.
 */
export const trustKeys = storeOperation({
  name: 'trust-keys',
  level: undefined,
  audit: 'environment-key-trusted',
  async run(work, { accept }: { readonly accept: (change: ChangedKeys) => Promise<boolean> }): Promise<TrustedKeys> {
    const { store } = work
    const { groups, failed } = await unknownKeys(work)
    const changes: TrustedKeys['changes'][number][] = []
    for (const change of groups) {
      const accepted = await accept(change)
      if (accepted) for (const { environment } of change.environments) store.environment(environment).keyTrust.accept()
      changes.push({ ...change, accepted })
    }
    return { changes, failed }
  },
})

/** Unknown keys of the environments that the user may see, by the commits that brought them. */
async function unknownKeys(workspace: Workspace) {
  const { store } = workspace
  const groups = new Map<string, { readonly commit: KeyCommit | undefined; readonly environments: UnknownKey[] }>()
  const failed: TrustedKeys['failed'][number][] = []
  for (const name of visibleEnvironments(workspace)) {
    try {
      const environment = store.environment(name)
      if (environment.keyTrust.isKnown()) continue
      await permit(workspace, name, 'open', 'environment-key-trusted')
      const unknown = await examine(workspace, environment)
      // Unwrapped, it may have proved to be one that is known.
      if (environment.keyTrust.isKnown()) continue
      const commit = await commitOfKey(workspace, environment.settings.file)
      const group = groups.get(commit?.commit ?? '') ?? { commit, environments: [] }
      groups.set(commit?.commit ?? '', group)
      group.environments.push(unknown)
    } catch (error) {
      const hint = hintOf(error)
      failed.push({ environment: name, error: messageOf(error), hint })
    }
  }
  return { groups: [...groups.values()], failed }
}

/**
 * The last commit that changed the data key in the settings. Undefined: that is in no
 * commit, or there is no git.
 */
async function commitOfKey({ store }: Workspace, file: string): Promise<KeyCommit | undefined> {
  const path = relative(store.folder, file)
  const cwd = store.folder
  const changed = await machineGit(['status', '--porcelain', '--', path], { cwd })
  if (changed.status !== 0 || changed.stdout.toString().trim() !== '') return undefined
  const format = '--format=%h%x00%an <%ae>%x00%cI%x00%s'
  const log = (...more: string[]) =>
    machineGit(['log', '-1', '--no-ext-diff', '--no-textconv', format, ...more, '--', path], { cwd })
  // A key that was put in while a merge was resolved is in no diff of one commit: then the last
  // change of the file has to do.
  for (const more of [['-G', '^(wrappedDataKey|id):'], []]) {
    const { status, stdout } = await log(...more)
    const [commit = '', author = '', date = '', subject = ''] = status === 0 ? stdout.toString().trim().split('\0') : []
    if (commit !== '') return { commit, author, date, subject }
  }
  return undefined
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
