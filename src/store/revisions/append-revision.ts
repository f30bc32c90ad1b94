import { EscError, messageOf } from '../../errors.ts'
import { createFile, readIfPresent } from '../../files/index.ts'
import type { DataKey } from '../../keys/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import type { Seals } from '../keys/seals.ts'
import { layout } from '../layout.ts'
import type { ScheduleRun, StoreTransaction } from '../records/records.ts'
import { keyChanged, type SettingsFile } from '../settings/settings-file.ts'
import type { History } from './history.ts'
import { type Author, type Change, digestOf, formatRevision, parseRevision, type Revision } from './revision-file.ts'
import type { WorkingDefinition } from './working-definition.ts'

export interface Append {
  /**
   * The revision this change was made from: a conflict, not a lost update, when it
   * is no longer the newest.
   */
  readonly base: number
  /**
   * Digest of that revision: to be given when its text was not read through this object, because a
   * change of the secrets provider re-encrypts revisions without changing their numbers.
   */
  readonly baseDigest?: string
  readonly definition: string
  readonly change: Change
  readonly author: Author
  readonly created: Date
  /** Further fields of the record, such as `from`: the revision a rollback restores. */
  readonly details?: Readonly<Record<string, string>>
  /**
   * The text of `environment.yaml` that was read, when a hand edit is being saved.
   * Any other edit is refused.
   */
  readonly savedEdit?: string
  /** True for the holder of the environment's lock: refused once another process has that. */
  readonly underLock?: boolean
  /** The run of a schedule that this revision is the result of: no other run saves one for it. */
  readonly run?: ScheduleRun
}

/** The parts of the environment that gets a revision. */
interface Appending {
  readonly transaction: StoreTransaction
  readonly context: EnvironmentContext
  readonly settings: SettingsFile
  readonly history: History
  readonly seals: Seals
  readonly working: WorkingDefinition
}

/**
 * Appends the next revision, sealed by this key, and makes it `environment.yaml`. For the holder of
 * the write lock.
 */
export function appendRevision(request: Append, key: DataKey, to: Appending): Revision {
  const { transaction, context, settings, history, seals, working } = to
  settings.refuseChangedKey()
  const newest = history.newest()
  if (newest.number !== request.base) throw conflict(context, request.base, newest)
  if (request.baseDigest !== undefined && newest.digest !== request.baseDigest) throw keyChanged(context.name)
  // A seal vouches for all that came before it; do not lend ours to something changed.
  seals.verifyRevision(newest, key)
  working.requireSaved(newest, request.savedEdit)
  const number = newest.number + 1
  const { definition, change, author, created, details = {} } = request
  const record = { number, change, author, created, details, previous: newest.digest }
  const bytes = formatRevision(record, definition, (sealed) => key.seal('revision', sealed))
  const file = layout.revision(context.folder, number)
  const appending = announce(to, request, { number, digest: digestOf(bytes) })
  if (!createRevision(context, file, bytes)) {
    appending.refused()
    throw conflict(context, request.base, history.newest())
  }
  if (request.run !== undefined) transaction.partOf(request.run, 'saved')
  transaction.afterwards(() => appending.appended())
  transaction.again(() => appending.refused())
  try {
    working.replace(definition)
  } catch (error) {
    // The revision is safe; only the copy that people read lags behind, and the
    // next writer puts it right.
    const reason = messageOf(error)
    context.host.keys.notify({ kind: 'definition-not-replaced', environment: context.name, revision: number, reason })
  }
  const revision = parseRevision(bytes, file, number)
  transaction.afterwards(() => history.seen.remember(revision))
  return revision
}

function announce(
  { context, settings, transaction: { tell } }: Appending,
  { author, change, created }: Append,
  { number, digest }: { readonly number: number; readonly digest: string },
) {
  const { state, store, host, name } = context
  const environment = { id: settings.last.id, name }
  const place = { files: host.files, store, state: state.folder, environment }
  return host.listener.appending({ ...place, number, author, change, created, digest, tell })
}

/** False when that number is taken. */
function createRevision({ folder, host: { files } }: EnvironmentContext, file: string, bytes: Uint8Array): boolean {
  try {
    return createFile(files, file, bytes, { temporaryIn: folder })
  } catch (error) {
    const written = readIfPresent(files, file)
    if (written === undefined || !Buffer.from(bytes).equals(written)) throw error
    throw new EscError('io', `${file} was written, but the disk did not confirm it: ${messageOf(error)}`, {
      hint: 'check the disk, and then whether the newest revision holds the change',
      cause: error,
    })
  }
}

function conflict({ name }: EnvironmentContext, base: number, newest: Revision): EscError {
  return new EscError(
    'conflict',
    `environment '${name}' has changed: this change was made from revision ${base}, and ${newest.author.name} has since saved revision ${newest.number}`,
    { hint: 'look at the newest revision and make the change again' },
  )
}
