import { EscError } from '../../../errors.ts'
import { credentialsOf, foreignPasswordsWarning, withoutAdopted } from '../../adopted.ts'
import { retargetHint } from '../../another-target.ts'
import { checkLogin, logInPatiently } from '../../log-in.ts'
import { madeReady } from '../../made-ready.ts'
import { newPassword } from '../../new-password.ts'
import type {
  CredentialCheck,
  Plan,
  PlanStep,
  RotationRequest,
  Rotator,
  RotatorContext,
  Settled,
  SettleRequest,
} from '../../rotator.ts'
import { place, requireAddress, type ServerAddress } from '../../server-address.ts'
import {
  connectRedis,
  passwordHash,
  type RedisSession,
  type RedisTiming,
  redisTiming,
  tryRedisLogin,
} from './server.ts'
import {
  inputsSchema,
  outputsSchema,
  type RedisAclInputs,
  type RedisAclPending,
  type RedisAclState,
  stateSchema,
} from './types.ts'

export type { RedisAclInputs, RedisAclPending, RedisAclState } from './types.ts'

type Request = RotationRequest<RedisAclInputs, RedisAclState>

/**
 * Rotates the passwords of one ACL user, which may hold several at once. The server gets the
 * SHA-256 it stores, never a password; adding the same one again changes nothing, so after a
 * crash it is added once more.
 */
export function redisAclRotator(
  timing: RedisTiming = redisTiming,
): Rotator<RedisAclInputs, RedisAclState, RedisAclPending, Plan> {
  const rotator: Rotator<RedisAclInputs, RedisAclState, RedisAclPending, Plan> = {
    name: 'redis-acl',
    description: 'Passwords of a Redis ACL user.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: outputsSchema,

    open: withoutAdopted,

    target: (inputs) => `redis-acl ${JSON.stringify([inputs.host.toLowerCase(), addressOf(inputs).port, inputs.user])}`,

    async plan(request, context) {
      const { inputs, state } = request
      requireInputs(inputs, state)
      return withSession(inputs, async (session) => {
        const hashes = await requireUsableUser(session, inputs, context)
        return { steps: steps(inputs, state, hashes, context) }
      })
    },

    async rotate(_plan, { inputs, state }, stage, context) {
      const { host, port } = addressOf(inputs)
      const password = newPassword(context.random)
      await withSession(inputs, async (session) => {
        const current = state?.current.password
        await stage({ host, port, username: inputs.user, password, ...(current !== undefined && { current }) })
        await session.addPassword(inputs.user, passwordHash(password))
      })
    },

    async settle(pending, request, context) {
      const { inputs, state } = request
      if (state !== undefined && hashesOf(withoutAdopted(state)).includes(passwordHash(pending.password))) {
        return { kind: 'rotated', state }
      }
      requireSameTarget(pending, inputs)
      return withSession(inputs, (session) => settleWith(session, pending, request, context))
    },

    retarget(pending, inputs) {
      const moved = { ...pending, host: inputs.host, port: addressOf(inputs).port }
      requireSameTarget(moved, inputs)
      return moved
    },

    async retire(superseded, { inputs, state }, context) {
      const kept = hashesOf(state)
      const gone = credentialsOf(superseded).filter((each) => !kept.includes(passwordHash(each.password)))
      if (gone.length === 0) return
      await withSession(inputs, async (session) => {
        for (const each of gone) {
          const user = await session.getUser(each.username)
          const hash = passwordHash(each.password)
          if (user?.passwordHashes.includes(hash)) await session.removePasswords(each.username, [hash])
        }
        await save(session, inputs, context)
      })
    },

    async check(request, context) {
      const { inputs, state } = request
      const known = (['current', 'previous'] as const).flatMap((credential) => {
        const user = state?.[credential]
        if (user === undefined) return []
        const what = `password of user "${user.username}" on ${place(addressOf(inputs))}`
        const logIn = () => tryRedisLogin(addressOf(inputs), user, timing)
        return [checkLogin({ credential, what, wrong: 'refused at log-in (WRONGPASS)', logIn })]
      })
      return [...(await Promise.all(known)), ...(await foreignPasswords(request, context))]
    },
  }
  return madeReady(rotator, { tls: ['tls'], host: 'host' })

  async function withSession<T>(inputs: RedisAclInputs, use: (session: RedisSession) => Promise<T>): Promise<T> {
    const { username = 'default', password } = inputs.login
    const session = await connectRedis(addressOf(inputs), { username, password }, timing)
    try {
      return await use(session)
    } finally {
      session.close()
    }
  }

  async function settleWith(
    session: RedisSession,
    { username, password, current }: RedisAclPending,
    { inputs, state, movedOn }: SettleRequest<RedisAclInputs, RedisAclState>,
    context: RotatorContext,
  ): Promise<Settled<RedisAclState>> {
    const hash = passwordHash(password)
    const user = await session.getUser(username)
    if (user === undefined) return undone(`user "${username}" is gone`)
    const takeBack = async (reason: string) => {
      await session.removePasswords(username, [hash])
      await save(session, inputs, context)
      return undone(reason)
    }
    if (movedOn || state?.current.password.reveal() !== current?.reveal()) {
      return takeBack(`the passwords of user "${username}" were rotated by somebody else since; theirs are kept`)
    }
    if (!user.passwordHashes.includes(hash)) await session.addPassword(username, hash)
    const outcome = await logInPatiently(() => tryRedisLogin(addressOf(inputs), { username, password }, timing), {
      verifyWaitsMs: timing.verifyWaitsMs,
      context,
      waitingFor: `${place(addressOf(inputs))} to accept the new password of user "${username}"`,
    })
    if (outcome.kind === 'wrong') {
      return takeBack(`the new password of user "${username}" was refused at log-in (WRONGPASS); it was removed`)
    }
    if (outcome.kind === 'inconclusive') {
      context.warn(`the new password of user "${username}" is set but could not be tried: ${outcome.reason}`)
    }
    await save(session, inputs, context)
    const previous = liveCredential(state, user.passwordHashes)
    return {
      kind: 'rotated',
      state: { current: { username, password }, ...(previous !== undefined && { previous }) },
    }
  }

  async function foreignPasswords({ inputs, state }: Request, context: RotatorContext): Promise<CredentialCheck[]> {
    try {
      const user = await withSession(inputs, (session) => session.getUser(inputs.user))
      const ours = hashesOf(state)
      return (user?.passwordHashes ?? [])
        .filter((hash) => !ours.includes(hash))
        .map(() => ({
          credential: 'foreign',
          what: `another password of user "${inputs.user}" on ${place(addressOf(inputs))}`,
          works: undefined,
          detail: 'not managed here',
        }))
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      context.warn(`whether user "${inputs.user}" has other passwords is not known: ${error.message}`)
      return []
    }
  }
}

export const redisAcl = redisAclRotator()

function addressOf({ host, port = 6379, tls }: RedisAclInputs): ServerAddress {
  return { host, port, ...(tls && { tls }) }
}

function hashesOf(state: RedisAclState | undefined): string[] {
  return credentialsOf(state).map((each) => passwordHash(each.password))
}

/**
 * What becomes `previous`: the one that consumers hold, or the only one of ours
 * that the server still takes.
 */
function liveCredential(state: RedisAclState | undefined, hashes: readonly string[]): RedisAclState['previous'] {
  return [state?.current, state?.previous].find((each) => each && hashes.includes(passwordHash(each.password)))
}

function undone(reason: string): Settled<RedisAclState> {
  return { kind: 'undone', reason: `redis-acl: ${reason}` }
}

async function save(session: RedisSession, inputs: RedisAclInputs, context: RotatorContext): Promise<void> {
  const unsaved = await session.save()
  if (unsaved === undefined) return
  context.warn(
    `${place(addressOf(inputs))} could not save its users, so a restart would bring back the former passwords: ${unsaved}`,
  )
}

function requireInputs(inputs: RedisAclInputs, state: RedisAclState | undefined): void {
  const { login, user } = inputs
  requireAddress('redis-acl', addressOf(inputs))
  if (user === '' || /[\s\0]/.test(user)) {
    throw new EscError('invalid_input', `redis-acl: \`user\` ${JSON.stringify(user)} is not a user name`, {
      hint: 'write the name that ACL LIST shows',
    })
  }
  const named = Object.entries({ current: state?.current, previous: state?.previous })
  for (const [key, credential] of [...named, ...(state?.adopted ?? []).map((each) => ['adopted', each] as const)]) {
    if (credential === undefined || credential.username === user) continue
    throw new EscError(
      'invalid_input',
      `redis-acl: \`state.${key}\` is of user "${credential.username}", but \`user\` is "${user}"`,
      { hint: 'put the user back, or remove `state` to begin anew with the user named' },
    )
  }
  const { username = 'default', password } = login
  if (username === user && state?.previous?.password.reveal() === password.reveal()) {
    throw new EscError(
      'invalid_input',
      `redis-acl: \`login\` uses the previous password of user "${user}", which this rotation removes`,
      { hint: 'let `login` be another user, or use the current password' },
    )
  }
}

/**
 * Throws where a new password could not be added or would prove nothing. Returns the
 * hashes of those there are.
 */
async function requireUsableUser(
  session: RedisSession,
  inputs: RedisAclInputs,
  context: RotatorContext,
): Promise<readonly string[]> {
  const { user } = inputs
  const where = place(addressOf(inputs))
  const refuse = (message: string, hint: string): never => {
    throw new EscError('rotation_failed', `redis-acl: ${message}`, { hint })
  }
  const found = await session.getUser(user)
  if (found === undefined) {
    throw new EscError('invalid_input', `redis-acl: no such user "${user}" on ${where}`, {
      hint: 'create it with ACL SETUSER, or correct `user`',
    })
  }
  if (!found.flags.includes('on')) refuse(`user "${user}" is off on ${where}`, `run ACL SETUSER ${user} on`)
  if (found.flags.includes('nopass')) {
    refuse(`user "${user}" on ${where} takes any password (nopass)`, `run ACL SETUSER ${user} resetpass`)
  }
  const reason = await session.whyNotAllowed(user)
  if (reason !== undefined) {
    refuse(
      `user "${inputs.login.username ?? 'default'}" may not change users on ${where}: ${reason}`,
      'the user of `login` needs +acl|getuser +acl|setuser +acl|save',
    )
  }
  const replicas = await session.replication()
  if (replicas === 'replica') context.warn(`${where} is a replica: users changed there are not changed at its primary`)
  else if (replicas !== undefined && replicas > 0) {
    context.warn(
      `${where} has ${replicas === 1 ? 'a replica' : `${replicas} replicas`}, to which Redis does not copy users`,
    )
  }
  return found.passwordHashes
}

function steps(
  { user }: RedisAclInputs,
  state: RedisAclState | undefined,
  hashes: readonly string[],
  context: RotatorContext,
): PlanStep[] {
  const kept = liveCredential(state, hashes)
  if (state !== undefined && kept !== state.current) {
    context.warn(`the current password of user "${user}" is no longer one that the server takes`)
  }
  const planned: PlanStep[] = [{ action: 'create', what: `password of user "${user}"` }]
  if (kept !== undefined) {
    const role = kept === state?.current ? 'current, becomes previous' : 'previous'
    planned.push({ action: 'keep', what: `password of user "${user}" (${role})` })
  }
  const { previous } = state ?? {}
  if (previous !== undefined && previous !== kept && hashes.includes(passwordHash(previous.password))) {
    planned.push({ action: 'delete', what: `password of user "${user}" (previous), once the new one is saved` })
  }
  for (const each of state?.adopted ?? []) {
    if (!hashes.includes(passwordHash(each.password))) continue
    planned.push({ action: 'delete', what: `password of user "${user}" (adopted), once the new one is saved` })
  }
  const ours = hashesOf(state)
  const foreign = hashes.filter((hash) => !ours.includes(hash)).length
  if (foreign > 0) {
    context.warn(foreignPasswordsWarning(`user "${user}"`, foreign))
    planned.push({
      action: 'keep',
      what: `${foreign} other password${foreign > 1 ? 's' : ''} of user "${user}" (not managed here)`,
    })
  }
  return planned
}

/** Adding or removing must not reach another server or user than the one that was begun with. */
function requireSameTarget({ host, port, username }: RedisAclPending, inputs: RedisAclInputs): void {
  if (host === inputs.host && port === addressOf(inputs).port && username === inputs.user) return
  throw new EscError(
    'conflict',
    `redis-acl: an interrupted rotation concerns user "${username}" on ${place({ host, port })}, which \`host\`, \`port\` and \`user\` no longer name`,
    { hint: `put them back as they were and run again; ${retargetHint}` },
  )
}
