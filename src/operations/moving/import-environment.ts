import { EscError } from '../../errors.ts'
import { listRotators, parseEnvironment } from '../../language/index.ts'
import {
  type RemoteEnvironment,
  type RemoteEnvironmentTag,
  RemoteRefusal,
  type RemoteRevision,
  type RemoteRevisionTag,
} from '../../remote/index.ts'
import { type AdoptedRevision, type EnvironmentTag, isTagName, type RevisionTag } from '../../store/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'
import type { Workspace } from '../session/workspace.ts'
import { encryptHistory } from './encrypt-history.ts'
import { personOf, readHistory, readNewest } from './remote-history.ts'

/** An environment that is to be imported. */
export interface PlannedImport {
  /** Project and name, there and here. */
  readonly name: string
  /** The URL of the server, and the full name there. */
  readonly source: string
  readonly history: boolean
  /** Names it to a person who waits, such as `app/dev (2 of 9)`. */
  readonly place: string
  readonly remote: RemoteEnvironment
}

/** Something of an environment that is not taken over, and the reason. */
export interface LeftOut {
  readonly kind: 'schedule' | 'webhook' | 'revision-tag' | 'tag' | 'revision' | 'protection'
  /** Such as a cron expression or the name of a webhook. No secret: no URL. */
  readonly what: string
  readonly reason: string
}

export interface ImportedEnvironment {
  readonly name: string
  readonly source: string
  /** The number of revisions that it has here. */
  readonly revisions: number
  /** Numbers of revisions that are retracted here. */
  readonly retracted: readonly number[]
  readonly tags: readonly string[]
  readonly revisionTags: readonly string[]
  readonly deletionProtected: boolean
  readonly leftOut: readonly LeftOut[]
  /**
   * Rotators, below `values`, whose credentials came along. The source can still rotate them.
   * Empty while it is only planned: that takes the definition.
   */
  readonly rotators: readonly string[]
  /** Names of environments that the newest revision imports, as they are written. */
  readonly imports: readonly string[]
}

/** Everything about an environment but its definitions. */
interface Surroundings {
  readonly revisions: readonly RemoteRevision[]
  readonly tags: readonly EnvironmentTag[]
  readonly revisionTags: readonly RevisionTag[]
  readonly deletionProtected: boolean
  readonly leftOut: readonly LeftOut[]
}

/** Returns what an import would bring. Reads no definition, and so no secret. */
export async function planImport(workspace: Workspace, one: PlannedImport): Promise<ImportedEnvironment> {
  workspace.host.progress?.(`looking at ${one.place}`)
  const around = await readSurroundings(one)
  const retracted = one.history ? around.revisions.flatMap((each) => (each.retracted ? [each.number] : [])) : []
  return described(one, around, {
    revisions: one.history ? newestOf(around).number : 1,
    retracted,
    rotators: [],
    imports: [],
  })
}

/** Imports an environment, whole or not at all. */
export async function adoptEnvironment(workspace: Workspace, one: PlannedImport): Promise<ImportedEnvironment> {
  const { name, source, place, remote, history } = one
  const { store, host } = workspace
  host.progress?.(`reading ${place}`)
  // The key may be out of reach: before secrets are asked for.
  const key = await store.additions.prepareKey(name)
  const around = await readSurroundings(one)
  const newest = newestOf(around)
  const onRead = (done: number) => host.progress?.(`reading ${place}: revision ${done} of ${newest.number}`)
  const { texts, retractions } = history
    ? await readHistory(remote, around.revisions, onRead)
    : await readNewest(remote, newest)
  for (const { plaintext } of texts) if (plaintext !== undefined) host.hide?.(plaintext)
  const definitions = encryptHistory({ name, key: key.key, texts })
  const revisions = texts.map(
    ({ number, created, author }, index): AdoptedRevision => ({
      created,
      author,
      change: 'import',
      details: { source, sourceRevision: String(number) },
      definition: definitions[index] as string,
    }),
  )
  const { tags, revisionTags, deletionProtected } = around
  await store.additions.adopt(name, { key, revisions, tags, revisionTags, retractions, deletionProtected })
  return described(one, around, {
    revisions: revisions.length,
    retracted: retractions.map((each) => each.revision),
    ...usesOf(name, definitions.at(-1) ?? ''),
  })
}

function described(
  { name, source }: PlannedImport,
  { tags, revisionTags, deletionProtected, leftOut }: Surroundings,
  counted: Pick<ImportedEnvironment, 'revisions' | 'retracted' | 'rotators' | 'imports'>,
): ImportedEnvironment {
  const names = (all: readonly { readonly name: string }[]) => all.map((each) => each.name)
  return { name, source, ...counted, tags: names(tags), revisionTags: names(revisionTags), deletionProtected, leftOut }
}

function newestOf({ revisions }: Surroundings): RemoteRevision {
  return revisions.reduce((newest, each) => (each.number > newest.number ? each : newest))
}

async function readSurroundings({ name, remote, history }: PlannedImport): Promise<Surroundings> {
  const leftOut: LeftOut[] = []
  const revisions = await remote.revisions.all()
  if (revisions.length === 0) {
    throw new EscError('not_found', `the server lists no revision of '${name}'`, {
      hint: 'check the token and its rights',
    })
  }
  const newest = Math.max(...revisions.map(({ number }) => number))
  const [tags, revisionTags, schedules, webhooks, isProtected] = await Promise.all([
    remote.tags.all(),
    remote.revisions.tags(),
    unlessRefused(remote.schedules.all()),
    unlessRefused(remote.webhooks.all()),
    unlessRefused(remote.isDeletionProtected()),
  ])
  if (schedules === undefined) leftOut.push(notShown('schedule', 'schedules'))
  if (webhooks === undefined) leftOut.push(notShown('webhook', 'webhooks'))
  if (isProtected === undefined) leftOut.push(notShown('protection', 'whether it is protected from deletion'))
  for (const { scheduleCron, scheduleOnce, id } of schedules ?? [])
    leftOut.push({ kind: 'schedule', what: scheduleCron ?? scheduleOnce ?? id, reason: scheduleReason })
  for (const { name: hook, displayName } of webhooks ?? [])
    leftOut.push({ kind: 'webhook', what: displayName ?? hook, reason: 'servers do not hand out its signing secret' })
  const kept = keptRevisionTags(revisionTags, { history, newest, leftOut })
  return {
    revisions,
    tags: tags.map(tagOf),
    revisionTags: kept.map((tag) => revisionTagOf(tag, history)),
    deletionProtected: isProtected === true,
    leftOut,
  }
}

const scheduleReason = 'two stores that rotate one credential take it away from each other'

function keptRevisionTags(
  tags: readonly RemoteRevisionTag[],
  { history, newest, leftOut }: { readonly history: boolean; readonly newest: number; readonly leftOut: LeftOut[] },
): readonly RemoteRevisionTag[] {
  return tags.filter(({ name, revision }) => {
    const reason = !isTagName(name)
      ? 'no tag of this store can have that name'
      : !history && revision !== newest
        ? `it is of revision ${revision}, which is not imported`
        : undefined
    if (reason !== undefined) leftOut.push({ kind: 'revision-tag', what: name, reason })
    return reason === undefined
  })
}

function tagOf({ name, value, modified, editorName, editorLogin }: RemoteEnvironmentTag): EnvironmentTag {
  return { name, value, ...(modified && { modified }), ...editorOf(editorName, editorLogin) }
}

function revisionTagOf(
  { name, revision, modified, editorName, editorLogin }: RemoteRevisionTag,
  history: boolean,
): RevisionTag {
  return { name, revision: history ? revision : 1, ...(modified && { modified }), ...editorOf(editorName, editorLogin) }
}

function editorOf(name: string | undefined, login: string | undefined) {
  return name === undefined && login === undefined ? {} : { editor: personOf(name, login) }
}

function notShown(kind: LeftOut['kind'], what: string): LeftOut {
  return { kind, what, reason: 'the server does not show it to this token' }
}

/** `undefined` where the server does not have this, or not for the user. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RemoteRefusal && [403, 404, 405, 501].includes(error.status)) return undefined
    throw error
  }
}

/** The rotators and imports of a definition. It may have mistakes: the server has accepted it. */
function usesOf(name: string, definition: string): Pick<ImportedEnvironment, 'rotators' | 'imports'> {
  const { environment } = parseEnvironment(name, definition)
  if (environment === undefined) return { rotators: [], imports: [] }
  return {
    rotators: listRotators(environment).map(({ path }) => belowValues(path)),
    imports: (environment.imports ?? []).flatMap((each) => (each.name === undefined ? [] : [each.name.value])),
  }
}
