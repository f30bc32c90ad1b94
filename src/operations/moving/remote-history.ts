import { EscError } from '../../errors.ts'
import { type RemoteEnvironment, RemoteRefusal, type RemoteRevision } from '../../remote/index.ts'
import { again, rich } from '../../rich-text.ts'
import type { Author, Retraction } from '../../store/index.ts'

/** A revision of an environment on a server, its secrets in the clear. */
export interface RemoteText {
  /** Its number on the server. */
  readonly number: number
  readonly created: Date
  readonly author: Author
  /** `undefined`: the server does not hand it out any more. */
  readonly plaintext: string | undefined
}

/** The revisions of an environment on a server, as this store is to have them, from 1 on. */
export interface RemoteHistory {
  readonly texts: readonly RemoteText[]
  /** Retractions of those that the server does not hand out. */
  readonly retractions: readonly Retraction[]
}

/** The number of definitions that are asked for at a time. */
const atOnce = 4

/**
 * Reads every revision that a server still hands out, decrypted. The numbers stay what they are:
 * definitions may refer to them. So one that is gone has its place, and counts as retracted.
 *
 * @throws what the server refuses, but for retracted revisions.
 */
export async function readHistory(
  environment: RemoteEnvironment,
  revisions: readonly RemoteRevision[],
  onRead: (done: number) => void,
): Promise<RemoteHistory> {
  const byNumber = new Map(revisions.map((each) => [each.number, each]))
  const newest = Math.max(...byNumber.keys())
  const texts: RemoteText[] = []
  const gone = new Map<number, string>()
  for (let from = 1; from <= newest; from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, newest - from + 1) }, (_, index) => from + index)
    const read = await Promise.all(
      numbers.map(async (number) => {
        const listed = byNumber.get(number)
        if (listed === undefined) return { number, listed: nextTo(byNumber, number), plaintext: undefined }
        return { number, listed, plaintext: await textOf(environment, listed) }
      }),
    )
    for (const { number, listed, plaintext } of read) {
      if (plaintext === undefined) gone.set(number, byNumber.has(number) ? 'retracted' : 'not kept')
      texts.push({ number, created: listed.created, author: authorOf(listed), plaintext })
    }
    onRead(texts.length)
  }
  if (gone.has(newest)) throw unreadable(environment, newest)
  return { texts, retractions: retractionsOf(gone, byNumber, newest) }
}

/** The newest revision alone. */
export async function readNewest(environment: RemoteEnvironment, revision: RemoteRevision): Promise<RemoteHistory> {
  const plaintext = (await environment.decrypt(revision.number)).text
  return {
    texts: [{ number: revision.number, created: revision.created, author: authorOf(revision), plaintext }],
    retractions: [],
  }
}

/** The text of a revision. `undefined`: it was retracted. */
async function textOf(
  environment: RemoteEnvironment,
  { number, retracted }: RemoteRevision,
): Promise<string | undefined> {
  try {
    return (await environment.decrypt(number)).text
  } catch (error) {
    if (!(error instanceof RemoteRefusal) || error.code !== 'not_found') throw error
    // The SDKs hide that a revision is retracted, and so may a server.
    if (retracted === undefined) throw unreadable(environment, number)
    return undefined
  }
}

function unreadable({ fullName }: RemoteEnvironment, number: number): EscError {
  return new EscError('not_found', `revision ${number} of '${fullName}' is listed, and cannot be read`, {
    hint: rich`give ${again('no-history')} to take the newest revision alone`,
  })
}

/** Returns the listed revision after one that is not: it tells when that one was there at last. */
function nextTo(byNumber: ReadonlyMap<number, RemoteRevision>, number: number): RemoteRevision {
  for (let next = number + 1; ; next++) {
    const found = byNumber.get(next)
    if (found !== undefined) return found
  }
}

function retractionsOf(
  gone: ReadonlyMap<number, string>,
  byNumber: ReadonlyMap<number, RemoteRevision>,
  newest: number,
): readonly Retraction[] {
  return [...gone.keys()].map((revision) => {
    const { replacement, at, byLogin, byName, reason } = byNumber.get(revision)?.retracted ?? {}
    const isThere = (number: number | undefined) =>
      number !== undefined && number <= newest && !gone.has(number) && number > 0
    let next = revision + 1
    while (gone.has(next)) next++
    const by = byName ?? byLogin
    return {
      revision,
      replacement: isThere(replacement) ? (replacement as number) : next,
      at,
      by: by === undefined ? undefined : personOf(byName, byLogin),
      reason:
        reason ??
        (gone.get(revision) === 'not kept' ? 'the server it was imported from did not have it any more' : undefined),
    }
  })
}

function authorOf({ creatorName, creatorLogin }: RemoteRevision): Author {
  return personOf(creatorName, creatorLogin)
}

/** A person as a server names them: a name for people, and one to log in by. */
export function personOf(name: string | undefined, login: string | undefined): Author {
  const shown = name ?? login ?? 'unknown'
  return login !== undefined && /^[^\s<>@]+@[^\s<>@]+$/.test(login) ? { name: shown, email: login } : { name: shown }
}
