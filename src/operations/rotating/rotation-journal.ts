import { basename } from 'node:path'
import type { AuditDetails } from '../../audit/index.ts'
import { EscError, messageOf } from '../../errors.ts'
import { present } from '../../present.ts'
import { joined, rich, step, type Text } from '../../rich-text.ts'
import {
  type Concerns,
  concernsOf,
  credentialData,
  decodeJournalEntry,
  type JournalEntry,
  type Retarget,
  rotatorAt,
  type Standing,
  shownPath,
  standingOf,
} from '../../rotation/index.ts'
import type { Environment, JournalFile, LeftEntry } from '../../store/index.ts'
import { parsePropertyPath } from '../../yaml/index.ts'
import { operation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { rotateEnvironment } from './rotate.ts'

/** One record of the journal of unfinished rotations. Holds no secret. */
export interface UnfinishedRecord {
  /** The record's file on this machine. */
  readonly file: string
  /**
   * - `unfinished`: a rotation was cut off.
   * - `retire`: a rotation is saved, and a superseded credential is left to be removed.
   * - `unreadable`: it is encrypted under a key that is not at hand.
   * - `foreign`: it is of another store that has an environment of the same id.
   * - `left`: its environment is not in this store any more.
   */
  readonly kind: 'unfinished' | 'retire' | 'unreadable' | 'foreign' | 'left'
  /** Below `values`. This and the next three: absent where the record cannot be read. */
  readonly path?: string
  readonly rotator?: string
  /** RFC 3339, UTC. */
  readonly startedAt?: string
  readonly revision?: number
  /** The account whose credential it is. */
  readonly concerns?: Concerns
  /** Number of superseded credentials that it names. */
  readonly superseded?: number
  /**
   * The place where it stands in the history of this clone; `rotator-gone`: the newest definition
   * has no such rotator at the path.
   */
  readonly standing?: Standing['kind'] | 'rotator-gone' | 'unknown'
  /** The revision that rotated the path since. */
  readonly movedOnBy?: number
  /** Folder of the store that it was made in, where the record says so. */
  readonly store?: string
  /** The reason why it cannot be read. */
  readonly problem?: string
}

/** The result of `forgetRecord`. */
export interface ForgottenRecord {
  readonly record: UnfinishedRecord
  /** The place where the record is kept, encrypted as it was. */
  readonly kept: string
  /** The record with its secrets, when that was asked for. */
  readonly credential?: unknown
}

interface Found {
  readonly record: UnfinishedRecord
  /** `undefined` when it cannot be read. */
  readonly entry?: JournalEntry
  setAside(): Promise<string>
}

/**
 * The unfinished rotations of an environment that this machine knows of; also of one that is gone.
 */
export const journalRecords = operation({
  name: 'list-journal-records',
  level: 'open',
  audit: 'environment-rotation-examined',
  async run(work): Promise<readonly UnfinishedRecord[]> {
    return (await find(work, work.subject.name)).map(({ record }) => record)
  },
})

/**
 * Takes one record out of the journal. Throws EscError `not_found` for no such record; `usage`
 * where several could be meant; `locked` during a rotation.
 */
export const forgetRecord = operation({
  name: 'forget-journal-record',
  level: 'write',
  audit: 'environment-rotation-forgotten',
  input: (z) => z.strictObject({ chosen: z.string().optional().describe('its path, or the name of its file') }),
  async run(work, { chosen, confirm }: ForgetRequest): Promise<ForgottenRecord> {
    const {
      store,
      subject: { name },
    } = work
    const lock = store.has(name) ? await store.environment(name).lock('rotate') : undefined
    try {
      const { record, entry, setAside } = choose(await find(work, name), name, chosen)
      const credential = entry && (() => credentialOf(entry))
      const { show } = await confirm(record, credential)
      const kept = await setAside()
      return { record, kept, ...(show && credential && { credential: credential() }) }
    } finally {
      lock?.release()
    }
  },
  outcome({ record: { path, rotator, startedAt, file }, credential }) {
    const isRead = path !== undefined && rotator !== undefined && startedAt !== undefined
    const what: AuditDetails = isRead ? { path, rotator, startedAt } : {}
    return { details: { ...what, file: basename(file), shown: credential !== undefined } }
  },
})

export interface ForgetRequest {
  /** Its path, or the name of its file. `undefined`: the only one there is. */
  readonly chosen?: string
  /**
   * Is told what it concerns, with the credential unless the record cannot be read, and says
   * whether the credential is to be shown. Throws to decline.
   */
  readonly confirm: (
    record: UnfinishedRecord,
    credential: (() => unknown) | undefined,
  ) => Promise<{ readonly show: boolean }>
}

export interface RetargetRequest {
  /** As with `forgetRecord`. */
  readonly chosen?: string
  /** The address that a person has agreed to: `to` of what they were asked. */
  readonly agreed?: string
  /** Asks them. `undefined`: nobody is here to ask, and only what was agreed to is done. */
  readonly confirm?: (move: Retarget) => Promise<boolean>
}

export interface RetargetedRecord {
  readonly path: string
  readonly note: Text
  /** The move that nobody has agreed to yet, so that nothing was moved. Absent: it was moved. */
  readonly asks?: Retarget
}

/**
 * Moves the record of one path to the address that the definition names now.
 * Throws EscError `rotation_failed` where it was not moved.
 */
export const retargetRecord = operation({
  name: 'retarget-journal-record',
  level: 'write',
  audit: 'environment-rotation-retargeted',
  input: (z) =>
    z.strictObject({
      chosen: z.string().optional().describe('its path, or the name of its file'),
      agreed: z.string().optional().describe('the address to move it to; without it, the answer says what to agree to'),
    }),
  async run(work, { chosen, agreed, confirm }: RetargetRequest): Promise<RetargetedRecord> {
    const { subject } = work
    const path = movablePath(subject.name, choose(await find(work, subject.name), subject.name, chosen).record)
    let asked: Retarget | undefined
    const { paths } = await work.perform(rotateEnvironment, subject, {
      paths: [parsePropertyPath(path)],
      mode: 'retarget',
      confirmRetarget: async (move) => {
        asked = move
        return confirm === undefined ? move.to === agreed : confirm(move)
      },
      onProgress: () => {},
    })
    const [moved] = paths
    if (moved?.status === 'succeeded') return { path, note: joined(moved.notes, '; ') ?? '' }
    if (asked !== undefined && confirm === undefined && asked.to !== agreed) return { path, note: '', asks: asked }
    throw new EscError('rotation_failed', moved?.error ?? `${path}: the record was not moved`, { hint: moved?.hint })
  },
  outcome: ({ asks }) => (asks === undefined ? {} : { failed: 'not_agreed' }),
})

/** The path of a record. @throws EscError `invalid_input` for one that cannot be moved. */
function movablePath(environment: string, { kind, path, rotator, standing, file }: UnfinishedRecord): string {
  if (path === undefined) {
    throw new EscError('invalid_input', `${basename(file)} cannot be read, so it cannot be moved`, {
      hint: rich`${step('look at why', { do: 'show-journal', environment })}`,
    })
  }
  if (kind === 'unfinished' && standing !== 'rotator-gone') return path
  const why = kind === 'unfinished' ? `there is no ${rotator} rotator there any more` : 'its rotation is saved'
  throw new EscError('invalid_input', `${path}: its record cannot be moved, because ${why}`, {
    hint: kind === 'unfinished' ? 'put the rotator back with the new address first' : 'the next rotation does the rest',
  })
}

async function find(workspace: Workspace, name: string): Promise<Found[]> {
  const { store } = workspace
  const left = (await store.upkeep.leftEntries(name)).map((entry) => leftRecord(workspace, name, entry))
  if (!store.has(name)) {
    // Says so, with the nearest name there is.
    if (left.length === 0) store.environment(name)
    return left
  }
  const environment = store.environment(name)
  const journal = environment.journal()
  const files = await journal.files()
  const found = files.map(async (file): Promise<Found> => {
    const setAside = () => journal.setAside(file.file)
    const { record, entry } = await describe(environment, file)
    return { record, setAside, ...(entry && { entry }) }
  })
  return [...(await Promise.all(found)), ...left]
}

function leftRecord(workspace: Workspace, name: string, entry: LeftEntry): Found {
  const { file, store } = entry
  const problem = `the environment with the id ${entry.environmentId} is not here, and its data key with it`
  return {
    record: { file, kind: 'left', store, problem },
    setAside: () => workspace.store.upkeep.setAside(name, entry),
  }
}

async function describe(
  environment: Environment,
  file: JournalFile,
): Promise<{ readonly record: UnfinishedRecord; readonly entry?: JournalEntry }> {
  const shared = { file: file.file, store: file.store }
  if (file.kind === 'foreign') {
    const problem = 'it is encrypted under the data key of another store'
    return { record: { ...shared, kind: 'foreign', problem } }
  }
  if (file.kind === 'unreadable') return { record: { ...shared, kind: 'unreadable', problem: file.problem } }
  let entry: JournalEntry
  try {
    entry = decodeJournalEntry(file.content)
  } catch (error) {
    return { record: { ...shared, kind: 'unreadable', problem: messageOf(error) } }
  }
  const { rotator, startedAt, revision, pending, superseded } = entry
  const subject = pending ?? superseded.at(-1)
  return {
    record: {
      ...shared,
      kind: pending ? 'unfinished' : 'retire',
      path: shownPath(entry.path),
      rotator,
      startedAt,
      revision,
      concerns: subject ? concernsOf(subject) : {},
      superseded: superseded.length,
      ...(await standing(environment, entry)),
    },
    entry,
  }
}

async function standing(
  environment: Environment,
  entry: JournalEntry,
): Promise<Pick<UnfinishedRecord, 'standing' | 'movedOnBy'>> {
  try {
    const newest = environment.current()
    if (rotatorAt(environment.name, newest.definition, entry.path) !== entry.rotator)
      return { standing: 'rotator-gone' }
    const found = await standingOf(environment, newest, entry)
    if (found.kind !== 'moved-on' || found.by === undefined) return { standing: found.kind }
    return { standing: 'moved-on', movedOnBy: found.by }
  } catch {
    // A history that cannot be verified must not hide the record.
    return { standing: 'unknown' }
  }
}

function choose(found: readonly Found[], name: string, chosen: string | undefined): Found {
  const records = found.map(({ record }) => record)
  return present(found[records.indexOf(namedRecord(records, name, chosen))])
}

/**
 * The record that a user means by its path or file, or the only one there is.
 *
 * @throws EscError `not_found`; `usage` where several could be meant.
 */
export function namedRecord(
  records: readonly UnfinishedRecord[],
  name: string,
  chosen: string | undefined,
): UnfinishedRecord {
  const labels = records.map(({ path, file }) => path ?? basename(file))
  const [only] = records
  if (only === undefined) {
    throw new EscError('not_found', `the journal of '${name}' holds no record`, {
      hint: 'nothing is unfinished on this machine',
    })
  }
  if (chosen === undefined) {
    if (records.length === 1) return only
    throw new EscError('usage', `the journal of '${name}' holds ${records.length} records`, {
      hint: `name one of them: ${labels.join(', ')}`,
    })
  }
  const matching = records.filter(({ path, file }) => [path, basename(file), file].includes(chosen))
  const [first] = matching
  if (first !== undefined && matching.length === 1) return first
  if (first === undefined) {
    throw new EscError('not_found', `the journal of '${name}' holds no record of '${chosen}'`, {
      hint: `it has: ${labels.join(', ')}`,
    })
  }
  throw new EscError('usage', `the journal of '${name}' holds ${matching.length} records of '${chosen}'`, {
    hint: `name the file of one: ${matching.map(({ file }) => basename(file)).join(', ')}`,
  })
}

function credentialOf({ path, rotator, startedAt, revision, pending, superseded }: JournalEntry): unknown {
  return {
    path: shownPath(path),
    rotator,
    startedAt,
    revision,
    ...(pending && { pending: credentialData(pending) }),
    superseded: superseded.map(credentialData),
  }
}
