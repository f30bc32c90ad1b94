import { EscError } from '../../../errors.ts'
import { credentialsOf } from '../../adopted.ts'
import type { Plan, RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import { place, requireAddress, type ServerAddress } from '../../server-address.ts'
import { type ChosenState, chosenPasswordRotator, passwordSteps, requireStateOf } from '../kit/index.ts'
import { connectRedis, passwordHash, type RedisTiming, redisTiming, tryRedisLogin } from './server.ts'
import { RedisKeeper } from './session.ts'
import {
  type RedisAclInputs,
  type RedisAclPending,
  type RedisAclState,
  type RedisPassword,
  redisInputsSchema,
  redisOutputsSchema,
  redisStateSchema,
} from './types.ts'

const example = `values:
  cache:
    fn::rotate::redis-acl:
      inputs:
        host: cache.example.org
        login: {password: {fn::secret: "…"}}
        user: app
`

export type { RedisAclInputs, RedisAclPending, RedisAclState } from './types.ts'

/**
 * Rotates the passwords of one ACL user, which may hold several at once. The server gets the
 * SHA-256 it stores, never a password.
 */
export function redisAclRotator(
  timing: RedisTiming = redisTiming,
): Rotator<RedisAclInputs, RedisAclState, RedisAclPending, Plan> {
  return chosenPasswordRotator<RedisAclInputs, RedisPassword, RedisAclPending, Plan, RedisKeeper>({
    name: 'redis-acl',
    description: 'Passwords of a Redis ACL user.',
    example,
    inputs: redisInputsSchema,
    state: redisStateSchema,
    outputs: redisOutputsSchema,
    connection: { tls: ['tls'], host: 'host' },
    refusal: 'WRONGPASS',
    verifyWaitsMs: timing.verifyWaitsMs,
    names: '`host`, `port` and `user`',
    target: (inputs) => `redis-acl ${JSON.stringify([inputs.host.toLowerCase(), addressOf(inputs).port, inputs.user])}`,
    checkInputs,
    owner: ({ user }) => `user "${user}"`,
    place: (inputs) => place(addressOf(inputs)),
    overtaken: (owner) => `the passwords of ${owner} were rotated by somebody else since; theirs are kept`,
    record: (inputs) => ({ host: inputs.host, port: addressOf(inputs).port, username: inputs.user }),
    address: (inputs) => ({ host: inputs.host, port: addressOf(inputs).port }),
    credentialOf: ({ username, password }) => ({ username, password }),
    isOf: ({ host, port, username }, inputs) =>
      host === inputs.host && port === addressOf(inputs).port && username === inputs.user,
    concerns: ({ host, port, username }) => `user "${username}" on ${place({ host, port })}`,
    connect,
    logIn: (inputs, user) => tryRedisLogin(addressOf(inputs), user, timing),
    plan: planUser,
  })

  async function connect(inputs: RedisAclInputs, context: RotatorContext): Promise<RedisKeeper> {
    const { username = 'default', password } = inputs.login
    const session = await connectRedis(addressOf(inputs), { username, password }, timing)
    return new RedisKeeper(session, { user: inputs.user, where: place(addressOf(inputs)), context })
  }
}

export const redisAcl = redisAclRotator()

async function planUser(
  session: RedisKeeper,
  { inputs, state }: RotationRequest<RedisAclInputs, RedisAclState>,
  context: RotatorContext,
): Promise<Plan> {
  const hashes = await session.requireUsable(inputs.login.username ?? 'default')
  return { steps: stepsOf(inputs, state, hashes, context) }
}

function addressOf({ host, port = 6379, tls }: RedisAclInputs): ServerAddress {
  return { host, port, tls }
}

function checkInputs(inputs: RedisAclInputs, state: ChosenState<RedisPassword> | undefined): void {
  const { login, user } = inputs
  requireAddress('redis-acl', addressOf(inputs))
  if (user === '' || /[\s\0]/.test(user)) {
    throw new EscError('invalid_input', `redis-acl: \`user\` ${JSON.stringify(user)} is not a user name`, {
      hint: 'write the name that ACL LIST shows',
    })
  }
  const owner = {
    rotator: 'redis-acl',
    input: 'user',
    account: user,
    another: ({ username }: RedisPassword) => (username === user ? undefined : `user "${username}"`),
    hint: 'put the user back, or remove `state` to begin anew with the user named',
  }
  requireStateOf(owner, state)
  const { username = 'default', password } = login
  if (username === user && state?.previous?.password.reveal() === password.reveal()) {
    throw new EscError(
      'invalid_input',
      `redis-acl: \`login\` uses the previous password of user "${user}", which this rotation removes`,
      { hint: 'let `login` be another user, or use the current password' },
    )
  }
}

function stepsOf(
  { user }: RedisAclInputs,
  state: RedisAclState | undefined,
  hashes: readonly string[],
  context: RotatorContext,
) {
  const isThere = ({ password }: RedisPassword) => hashes.includes(passwordHash(password))
  const kept = [state?.current, state?.previous].find((each) => each !== undefined && isThere(each))
  if (state !== undefined && kept !== state.current) {
    context.warn(`the current password of user "${user}" is no longer one that the server takes`)
  }
  const { previous, adopted = [] } = state ?? {}
  const ours = credentialsOf(state).map(({ password }) => passwordHash(password))
  const steps = {
    owner: `user "${user}"`,
    keeps: kept && (kept === state?.current ? ('current' as const) : ('previous' as const)),
    goes: [
      ...(previous !== undefined && previous !== kept && isThere(previous) ? (['previous'] as const) : []),
      ...adopted.filter(isThere).map(() => 'adopted' as const),
    ],
    foreign: hashes.filter((hash) => !ours.includes(hash)).length,
  }
  return passwordSteps(steps, context)
}
