import { EscError } from '../../src/errors.ts'
import type { Plain } from '../../src/plain.ts'
import type { Rotator, RotatorContext } from '../../src/rotators/index.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { longestFlightMs, longestLagMs, Refused, type Remote } from './vendors.ts'

/** Ways of being wrong, to see that the simulation notices. */
export type Sabotage =
  | 'stages a secret too late'
  | 'stages no intent'
  | 'forgets what it cannot verify'
  | 'removes foreign tokens'
  | 'removes the current token first'
  | 'believes in absence at once'
  | 'changes the current user'

interface Token {
  readonly id: string
  readonly token: Secret<string>
}
interface TokenState {
  readonly account: string
  readonly current: Token
  readonly previous?: Token
}
interface TokenInputs {
  readonly account: string
  readonly note?: string
}
type TokenPending =
  | {
      readonly phase: 'creating'
      readonly account: string
      readonly seen: readonly string[]
      readonly label: string
      readonly stagedMs: number
    }
  | { readonly phase: 'created'; readonly account: string; readonly key: Token; readonly previousId?: string }
  | { readonly phase: 'refused'; readonly account: string; readonly reason: string }
interface TokenPlan {
  readonly steps: []
  readonly seen: readonly string[]
  readonly retireId: string | undefined
  /** Which token of the state stays, as `previous`. */
  readonly previousId: string | undefined
}

/** So long after it may have been created, a token that is not listed was not created. */
const absenceMs = longestFlightMs + longestLagMs + 1_000
const patienceMs = longestLagMs + 4_000
/** From staging the intent to the last moment at which the request may be carried out. */
export const creationWindowMs = 2 * longestFlightMs + 5_000

const text = { type: 'string' } as const
const hidden = { type: 'string', secret: true } as const
const inputsSchema = (place: string) =>
  ({
    type: 'object',
    properties: { [place]: text, note: text, login: hidden },
    required: [place],
    rotateOnly: ['login'],
  }) as const
const tokenInputs = inputsSchema('account')
const pairInputs = inputsSchema('server')
const token = { type: 'object', properties: { id: text, token: hidden }, required: ['id', 'token'] } as const
const tokenState = {
  type: 'object',
  properties: { account: text, current: token, previous: token },
  required: ['account', 'current'],
} as const

/**
 * Tokens that the vendor makes. `slots`, as IAM: the previous one goes first where it fills the
 * last place, and nothing but time and a list tells whether a lost answer left a token. `retiring`,
 * as Entra ID: room for several, labelled, and the superseded one goes after the commit.
 */
export function tokenRotator(kind: 'slots' | 'retiring', remote: Remote, wrong?: Sabotage): Rotator {
  const rotator: Rotator<TokenInputs, TokenState, TokenPending, TokenPlan> = {
    name: kind,
    description: 'Tokens of a simulated vendor.',
    inputs: tokenInputs,
    state: tokenState,
    outputs: tokenState,
    open: (state) => state as Plain | undefined,
    target: ({ account }) => `${kind} ${account}`,

    async plan({ inputs: { account }, state }) {
      requireSame(account, state?.account)
      const listed = (await remote.list(account)).map(({ id }) => id)
      let retireId: string | undefined
      if (kind === 'slots') {
        const foreign = listed.filter((id) => id !== state?.current.id && id !== state?.previous?.id)
        if (listed.length >= 2) {
          retireId = listed.includes(state?.previous?.id ?? '') ? state?.previous?.id : undefined
          if (retireId === undefined && wrong === 'removes foreign tokens') retireId = foreign[0]
          if (retireId === undefined) {
            throw new EscError('rotation_failed', `no room: ${foreign.join(', ')} are foreign`, {
              hint: 'remove one by hand',
            })
          }
        }
        if (wrong === 'removes the current token first' && state) retireId = state.current.id
      }
      const live = [state?.current.id, state?.previous?.id].filter((id) => id !== retireId)
      return { steps: [], seen: listed, retireId, previousId: live.find((id) => id && listed.includes(id)) }
    },

    async rotate({ seen, retireId, previousId }, { inputs: { account } }, stage, context) {
      const label = Buffer.from(context.random(6)).toString('hex')
      const stagedMs = context.now().getTime()
      if (wrong !== 'stages no intent') await stage({ phase: 'creating', account, seen, label, stagedMs })
      if (retireId !== undefined) await remote.remove(account, retireId)
      let made: { id: string; secret: string }
      try {
        // What is made later is not looked for.
        if (context.now().getTime() - stagedMs > creationWindowMs - longestFlightMs) throw new Refused('TooLate')
        made = await remote.create(account, label)
      } catch (error) {
        if (error instanceof Refused) await stage({ phase: 'refused', account, reason: error.message })
        throw error
      }
      if (wrong === 'stages a secret too late') await remote.list(account)
      const key = { id: made.id, token: secret(made.secret) }
      await stage({ phase: 'created', account, key, ...(previousId && { previousId }) })
    },

    async reconcile(pending, { inputs: { account }, state, movedOn }, context) {
      if (pending.account !== account) {
        throw new EscError('conflict', `an interrupted rotation concerns ${pending.account}`, { hint: 'put it back' })
      }
      if (pending.phase === 'refused') return { kind: 'undone', reason: pending.reason }
      if (pending.phase === 'creating') return removeUnsaved(pending, account, state, context)
      const { key } = pending
      if (state?.current.id === key.id || state?.previous?.id === key.id) return { kind: 'rotated', state }
      if (movedOn) {
        await remote.remove(account, key.id)
        return { kind: 'undone', reason: `token ${key.id} was rotated out since; it was removed` }
      }
      if (state !== undefined && state.account !== account) {
        await remote.remove(account, key.id)
        return { kind: 'undone', reason: `the state belongs to account ${state.account} since; ${key.id} was removed` }
      }
      for (let waitedMs = 0; !(await remote.logIn(account, key.id, key.token.reveal())); waitedMs += 1_000) {
        if (wrong === 'forgets what it cannot verify') return { kind: 'undone', reason: 'does not log in' }
        if (waitedMs >= patienceMs) {
          await remote.remove(account, key.id)
          return { kind: 'undone', reason: `token ${key.id} does not log in; it was removed` }
        }
        await context.sleep(1_000)
      }
      // As planned; or, when the state was written anew since, its current one, which consumers
      // hold.
      const planned = [state?.current, state?.previous].find((each) => each && each.id === pending.previousId)
      const previous = planned ?? state?.current
      return { kind: 'rotated', state: { account, current: key, ...(previous && { previous }) } }
    },
  }
  if (kind === 'retiring') {
    rotator.retire = async (superseded, { state }) => {
      const kept = [state?.current.id, state?.previous?.id]
      for (const each of [superseded.current, superseded.previous]) {
        if (each && !kept.includes(each.id)) await remote.remove(superseded.account, each.id)
      }
    }
  }
  return rotator as unknown as Rotator

  async function removeUnsaved(
    pending: Extract<TokenPending, { phase: 'creating' }>,
    account: string,
    state: TokenState | undefined,
    context: RotatorContext,
  ) {
    const known = [...pending.seen, state?.current.id, state?.previous?.id]
    for (;;) {
      const listed = await remote.list(account)
      const ours = listed.filter(({ id, label, createdMs }) =>
        kind === 'retiring'
          ? label === pending.label
          : !known.includes(id) &&
            createdMs >= pending.stagedMs - 2_000 &&
            createdMs <= pending.stagedMs + creationWindowMs,
      )
      if (ours.length > 1) {
        throw new EscError('conflict', 'two tokens may be ours, and nothing tells which', { hint: 'remove both' })
      }
      if (ours[0] !== undefined) {
        await remote.remove(account, ours[0].id)
        return { kind: 'undone' as const, reason: `token ${ours[0].id} was created, its secret lost; it was removed` }
      }
      const ageMs = context.now().getTime() - pending.stagedMs
      if (ageMs >= absenceMs + creationWindowMs || wrong === 'believes in absence at once') {
        return { kind: 'undone' as const, reason: 'no token was created' }
      }
      await context.sleep(1_000)
    }
  }
}

interface User {
  readonly username: string
  readonly password: Secret<string>
}
interface PairState {
  readonly current: User
  readonly previous?: User
}
interface PairInputs {
  readonly server: string
  readonly note?: string
}
interface PairPending {
  readonly server: string
  readonly username: string
  readonly password: Secret<string>
  readonly replaced?: Secret<string>
}
interface PairPlan {
  readonly steps: []
  readonly username: string
  readonly replaced: Secret<string> | undefined
}

const user = {
  type: 'object',
  properties: { username: text, password: hidden },
  required: ['username', 'password'],
} as const
const pairState = { type: 'object', properties: { current: user, previous: user }, required: ['current'] } as const
export const pairUsers = ['app_a', 'app_b'] as const

/**
 * Two users of a server, as PostgreSQL has: each rotation sets a password we make for the one that
 * is not current.
 */
export function pairRotator(remote: Remote, newSecret: () => string, wrong?: Sabotage): Rotator {
  const next = (state: PairState | undefined) => {
    const other = pairUsers.find((name) => name !== state?.current.username)!
    const username = wrong === 'changes the current user' && state ? state.current.username : other
    const replaced = state?.previous?.username === username ? state.previous.password : undefined
    return { username, replaced }
  }
  const rotator: Rotator<PairInputs, PairState, PairPending, PairPlan> = {
    name: 'pair',
    description: 'Users of a simulated server.',
    inputs: pairInputs,
    state: pairState,
    outputs: pairState,
    open: (state) => state as Plain | undefined,
    target: ({ server }) => `pair ${server}`,

    async plan({ inputs: { server }, state }) {
      const chosen = next(state)
      await remote.logInUser(server, chosen.username, '')
      return { steps: [], ...chosen }
    },

    async rotate({ username, replaced }, { inputs: { server } }, stage) {
      const password = secret(newSecret())
      const record = { server, username, password, ...(replaced && { replaced }) }
      if (wrong === 'stages a secret too late') await remote.setPassword(server, username, password.reveal())
      await stage(record)
      await remote.setPassword(server, username, password.reveal())
    },

    async reconcile(pending, { inputs: { server }, state, movedOn }) {
      const { username, password, replaced } = pending
      const holds = (each: User | undefined) =>
        each?.username === username && each.password.reveal() === password.reveal()
      if (state !== undefined && (holds(state.current) || holds(state.previous))) return { kind: 'rotated', state }
      if (pending.server !== server) {
        throw new EscError('conflict', `an interrupted rotation concerns ${pending.server}`, { hint: 'put it back' })
      }
      const rotated = {
        kind: 'rotated',
        state: { current: { username, password }, ...previousOf(username, state) },
      } as const
      const works = await remote.logInUser(server, username, password.reveal())
      if (works && movedOn) {
        const known = [state?.current, state?.previous].find((each) => each?.username === username)
        if (known) await remote.setPassword(server, username, known.password.reveal())
      }
      if (movedOn) return { kind: 'undone', reason: `the password of ${username} was rotated since` }
      if (works) return rotated
      if (wrong === 'forgets what it cannot verify') return { kind: 'undone', reason: 'does not log in' }
      const now = next(state)
      if (now.username !== username || now.replaced?.reveal() !== replaced?.reveal()) {
        return { kind: 'undone', reason: `the password of ${username} was rotated by somebody else` }
      }
      await remote.setPassword(server, username, password.reveal())
      if (await remote.logInUser(server, username, password.reveal())) return rotated
      throw new EscError('provider_failed', `the password of ${username} was set and does not work`)
    },
  }
  return rotator as unknown as Rotator

  function previousOf(username: string, state: PairState | undefined): { previous?: User } {
    const previous = [state?.current, state?.previous].find((each) => each && each.username !== username)
    return previous ? { previous } : {}
  }
}

function requireSame(account: string, former: string | undefined): void {
  if (former === undefined || former === account) return
  throw new EscError('invalid_input', `the state belongs to account ${former}, the inputs say ${account}`, {
    hint: 'put it back',
  })
}
