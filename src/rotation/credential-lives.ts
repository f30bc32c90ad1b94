import { listRotators, parseEnvironment } from '../language/index.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'
import type { Environment, Revision } from '../store/index.ts'
import { decode, getAt, type Node, parsePropertyPath } from '../yaml/index.ts'
import { shownMembers, uniqueIds } from './concerns.ts'
import type { JournalEntry } from './journal-entry.ts'
import { shownPath } from './selection.ts'
import { nodeText } from './state-text.ts'

/** A revision, as an instant in the life of a credential. */
export interface Moment {
  readonly revision: number
  readonly at: Date
}

/** Life of one credential of a rotator. Holds no secrets. */
export interface CredentialLife {
  /** Below `values`. */
  readonly path: string
  readonly rotator: string
  /**
   * Names and ids in its state, such as `{username: 'app_b'}` or
   * `{accessKeyId: 'AKIA…'}`. Empty: it has none.
   */
  readonly ids: Readonly<Record<string, string>>
  /**
   * - `current`, `previous`: the newest revision holds it there.
   * - `adopted`: the newest revision holds it beside the two, for the next rotation to remove.
   * - `retiring`: no revision holds it any more, and the journal says that
   *   it is still to be deleted.
   * - `deleted`: a rotation replaced or deleted it.
   * - `dropped`: an edit took it out of the state, so it may still work where it was made.
   */
  readonly status: 'current' | 'previous' | 'adopted' | 'retiring' | 'deleted' | 'dropped'
  /** The first revision that held it. */
  readonly made: Moment
  /** The revision that made it `previous`. */
  readonly superseded?: Moment
  /** The revision that held it no more. */
  readonly ended?: Moment
}

interface Life extends Omit<CredentialLife, 'status'> {
  superseded?: Moment
  ended?: Moment
  status: CredentialLife['status']
  readonly identity: string
}

interface Held {
  readonly path: string
  readonly rotator: string
  readonly place: 'current' | 'previous' | 'adopted'
  /**
   * `undefined` when the state says that the credential before is still valid, and does not hold
   * it.
   */
  readonly identity: string | undefined
  readonly ids: Readonly<Record<string, string>>
}

/**
 * The life of every credential that revisions of an environment hold or held, by path, oldest
 * first. Needs the key: which credential is which is told by its secret. Every revision is
 * verified. `journal`: what is still to be done.
 *
 * @throws EscError `key_unavailable`, `tampered`.
 */
export async function credentialLives(
  environment: Environment,
  journal: readonly JournalEntry[],
): Promise<readonly CredentialLife[]> {
  const lives: Life[] = []
  const key = environment.settings.wrappedDataKey === undefined ? undefined : await environment.unlock()
  const decrypt = key && ((ciphertext: Uint8Array) => key.decrypt(ciphertext))
  const newest = environment.current().number
  for (let number = 1; number <= newest; number++) {
    const revision = environment.revision(number)
    await environment.verify(revision)
    follow(lives, heldIn(environment.name, revision, decrypt), revision)
  }
  const retiring = new Set(
    journal.flatMap(({ path, superseded }) => superseded.flatMap((state) => identitiesOf(shownPath(path), state))),
  )
  return lives
    .map(({ identity, ...life }): CredentialLife => {
      const isRetiring = life.status === 'deleted' && retiring.has(identity)
      return isRetiring ? { ...life, status: 'retiring' } : life
    })
    .sort((a, b) => (a.path === b.path ? a.made.revision - b.made.revision : a.path < b.path ? -1 : 1))
}

function follow(lives: Life[], held: readonly Held[], { change, created, number }: Revision): void {
  const moment = { revision: number, at: created }
  const known = new Map(lives.map((life) => [life.identity, life]))
  const seen = new Set<Life>()
  for (const { path, rotator, place, identity, ids } of held) {
    let life = identity === undefined ? lastOf(lives, path, seen) : known.get(identity)
    if (identity === undefined && life === undefined) continue
    if (life === undefined) {
      life = { path, rotator, ids, identity: identity ?? '', made: moment, status: place }
      lives.push(life)
    }
    seen.add(life)
    // A rollback may bring back what had ended.
    delete life.ended
    if (place === 'current') delete life.superseded
    else if (place === 'previous') life.superseded ??= moment
    life.status = place
  }
  for (const life of lives) {
    if (seen.has(life) || life.ended !== undefined) continue
    life.ended = moment
    life.status = change === 'rotate' ? 'deleted' : 'dropped'
  }
}

/** The youngest credential of a path that has not ended, but for those that the revision holds. */
function lastOf(lives: readonly Life[], path: string, held: ReadonlySet<Life>): Life | undefined {
  return lives.findLast((life) => life.path === path && life.ended === undefined && !held.has(life))
}

function heldIn(
  name: string,
  { definition }: Revision,
  decrypt: ((ciphertext: Uint8Array) => string) | undefined,
): Held[] {
  const { environment } = parseEnvironment(name, definition)
  const calls = environment === undefined ? [] : listRotators(environment)
  if (calls.length === 0) return []
  const { node } = decode(name, definition)
  return calls.flatMap(({ path: documentPath, provider, statePath }): Held[] => {
    const state = getAt(node, parsePropertyPath(statePath))
    if (provider === undefined || state === undefined) return []
    const path = shownPath(documentPath)
    const found = (place: Held['place'], credential: Node | undefined): Held[] => {
      const text = nodeText(credential, decrypt)
      if (credential === undefined || text === '') return []
      const ids = idsIn(credential)
      return [{ path, rotator: provider, place, ids, identity: identityOf(path, ids, text) }]
    }
    if (getAt(state, ['current']) !== undefined) {
      const adopted = getAt(state, ['adopted'])
      return [
        ...found('current', getAt(state, ['current'])),
        ...found('previous', getAt(state, ['previous'])),
        ...(adopted?.kind === 'array' ? adopted.elements.flatMap((each) => found('adopted', each)) : []),
      ]
    }
    // A state without places is one credential, such as that of snowflake-user, which names the one
    // before by its fingerprint.
    const before =
      getAt(state, ['previousFingerprint']) === undefined
        ? []
        : [{ path, rotator: provider, place: 'previous' as const, ids: {}, identity: undefined }]
    return [...found('current', state), ...before]
  })
}

/** Secrets are maps (`fn::secret`), so what is a text or a number is none. */
function idsIn(credential: Node): Readonly<Record<string, string>> {
  const ids: Record<string, string> = {}
  for (const name of shownMembers) {
    const member = getAt(credential, [name])
    if (member?.kind === 'string') ids[name] = member.value
  }
  return ids
}

/** Stays in memory: it may hold the secret. */
function identityOf(path: string, ids: Readonly<Record<string, string>>, text: string): string {
  const unique = uniqueIds.find((name) => ids[name] !== undefined)
  return JSON.stringify([path, unique === undefined ? text : ids[unique]])
}

/** Returns the identities in a former state in the journal. */
function identitiesOf(path: string, state: PlainObject): string[] {
  const { current, previous, adopted } = state
  return [current, previous, ...(Array.isArray(adopted) ? adopted : [])].flatMap((credential) => {
    if (credential === undefined || credential === null) return []
    const ids = credential instanceof Secret ? {} : (credential as Readonly<Record<string, string>>)
    return [identityOf(path, ids, plainText(credential))]
  })
}

/** As `nodeText`, of plain data. */
function plainText(value: Plain): string {
  if (value instanceof Secret) {
    const plaintext = value.reveal()
    return `secret(${JSON.stringify(typeof plaintext === 'string' ? plaintext : JSON.stringify(plaintext))})`
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((each) => plainText(each)).join(',')}]`
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [`${JSON.stringify(key)}:${plainText(member)}`],
  )
  return `{${members.sort().join(',')}}`
}
