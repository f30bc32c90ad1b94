import { EscError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { isSocketPath, requireAddress } from '../../server-address.ts'
import type { Database, DatabaseUser, ManagingUser, PairInputs, PairState } from './types.ts'

/** The user who gets a new password, and who is `previous` afterwards. */
export interface PairDecision {
  readonly username: string
  /** The password of that user so far, where the state holds it. */
  readonly replaced?: Secret<string>
  /** Keeps its password and becomes `previous`. */
  readonly kept?: DatabaseUser
}

/** Throws `invalid_input` for names that can never be rotated. */
export function requireUserPair(
  rotator: string,
  { database, rotateUsers }: PairInputs,
  state: PairState | undefined,
): void {
  const { username1, username2 } = rotateUsers
  const manager = database.managingUser.username
  requireDatabase(rotator, database)
  if (database.connector !== undefined) requirePassword(rotator, database.managingUser)
  for (const [key, name] of Object.entries({ username1, username2 })) {
    if (name === '' || name.includes('\0')) {
      throw new EscError(
        'invalid_input',
        `${rotator}: \`rotateUsers.${key}\` ${JSON.stringify(name)} is not a user name`,
        { hint: 'name a user of the server, whose password is rotated' },
      )
    }
    if (name === manager) {
      throw new EscError('invalid_input', `${rotator}: \`rotateUsers.${key}\` "${name}" is the managing user`, {
        hint: 'rotate two users of their own; the managing user only sets their passwords',
      })
    }
  }
  if (username1 === username2) {
    throw new EscError('invalid_input', `${rotator}: \`username1\` and \`username2\` are both "${username1}"`, {
      hint: 'two users are needed, so that one keeps its password while the other gets a new one',
    })
  }
  for (const [key, user] of Object.entries({ current: state?.current, previous: state?.previous })) {
    if (user !== undefined && user.username !== username1 && user.username !== username2) {
      throw new EscError(
        'invalid_input',
        `${rotator}: \`state.${key}\` is "${user.username}", who is not in \`rotateUsers\` ("${username1}", "${username2}")`,
        {
          hint: 'put the user back, or remove `state` to begin anew with the users named',
        },
      )
    }
  }
  if (state?.current !== undefined && state.current.username === state.previous?.username) {
    throw new EscError(
      'invalid_input',
      `${rotator}: \`state.current\` and \`state.previous\` are both "${state.current.username}"`,
      {
        hint: 'remove `previous` from `state`',
      },
    )
  }
}

/**
 * Throws `invalid_input` where a library would fill in what is empty: this machine,
 * the user of this process.
 */
export function requireDatabase(rotator: string, database: Database & { readonly managingUser: ManagingUser }): void {
  requireAddress(rotator, database, 'database.')
  if (!isSocketPath(database.host) && database.tls?.cert === undefined) requirePassword(rotator, database.managingUser)
  for (const [field, value] of [
    ['database', database.database],
    ['managingUser.username', database.managingUser.username],
  ] as const) {
    if (value !== '' && !value.includes('\0')) continue
    throw new EscError('invalid_input', `${rotator}: \`database.${field}\` ${JSON.stringify(value)} is not a name`, {
      hint: field === 'database' ? 'name the database to connect to' : 'name the user that may set passwords',
    })
  }
}

function requirePassword(rotator: string, { username, password }: ManagingUser): void {
  if (password !== undefined) return
  throw new EscError(
    'invalid_input',
    `${rotator}: \`database.managingUser\` "${username}": missing required properties: password`,
    { hint: 'only over a unix socket (`host`) or with a client certificate (`tls.cert`) may it be left out' },
  )
}

/** Whoever consumers may still hold as `current` keeps its password; the other user is changed. */
export function decidePair({ rotateUsers }: PairInputs, state: PairState | undefined): PairDecision {
  const { username1, username2 } = rotateUsers
  const kept = state?.current ?? state?.previous
  if (kept === undefined) return { username: username1 }
  const username = kept.username === username1 ? username2 : username1
  const replaced = state?.previous?.username === username ? state.previous.password : undefined
  return { username, kept, ...(replaced !== undefined && { replaced }) }
}
