import { EscError } from '../../../errors.ts'
import { currentFetch, type Fetch } from '../../../http/index.ts'
import { present } from '../../../present.ts'
import { rich } from '../../../rich-text.ts'
import type { Secret } from '../../../secret.ts'
import { forgetHint } from '../../another-target.ts'
import { rfc3339 } from '../../rfc3339.ts'
import type {
  CredentialCheck,
  Reconciled,
  ReconcileRequest,
  RotationRequest,
  Rotator,
  RotatorContext,
} from '../../rotator.ts'
import { inputRefusal, VendorHttpError } from '../../vendor-http.ts'
import { requireAccount, resolveUser } from './identifier.ts'
import { type KeyPair, newPrivateKey, readKeyPair } from './key-pair.ts'
import { decideSlots } from './key-slots.ts'
import {
  type Connection,
  connectSnowflake,
  type KeySlots,
  type SnowflakeSession,
  type SnowflakeTiming,
  snowflakeTiming,
} from './sql-api.ts'
import {
  type SnowflakeInputs,
  type SnowflakePending,
  type SnowflakePlan,
  type SnowflakeState,
  snowflakeInputsSchema,
  snowflakeOutputsSchema,
  snowflakeStateSchema,
} from './types.ts'

const example = `values:
  loader:
    fn::rotate::snowflake-user:
      inputs:
        login: {account: example-account, user: MANAGER, privateKey: {fn::secret: "…"}}
        targetUser: LOADER
`

export { snowflakeTiming } from './sql-api.ts'
export type { SnowflakeInputs, SnowflakePending, SnowflakePlan, SnowflakeState } from './types.ts'

type Request = RotationRequest<SnowflakeInputs, SnowflakeState>

export interface SnowflakeOptions {
  readonly fetch?: Fetch
  readonly timing?: SnowflakeTiming
  /** Makes a private key, PEM. Default: RSA of 2048 bits, by the system's own randomness. */
  readonly newPrivateKey?: () => Promise<Secret<string>>
}

/**
 * Rotates the RSA key pair of a Snowflake user: slot 1 (`RSA_PUBLIC_KEY`) gets the new public key,
 * slot 2 keeps the former.
 *
 * The private key is staged before its public half is sent, so after a crash that
 * is simply set once more.
 */
export function snowflakeUserRotator(
  options: SnowflakeOptions = {},
): Rotator<SnowflakeInputs, SnowflakeState, SnowflakePending, SnowflakePlan> {
  const keys = new KeyRotation(options)
  return {
    name: 'snowflake-user',
    description: 'RSA key pairs of a Snowflake user.',
    example,
    inputs: snowflakeInputsSchema,
    state: snowflakeStateSchema,
    outputs: snowflakeOutputsSchema,

    open: (state, inputs) =>
      state && {
        account: state.account,
        user: state.user ?? (inputs?.targetUser && resolveUser(inputs.targetUser, 'targetUser')),
        privateKey: state.privateKey,
        rotatedAt: state.createdAt,
      },

    target: ({ login, targetUser }) =>
      `snowflake-user ${JSON.stringify([login.account.toLowerCase(), targetUser.toUpperCase()])}`,

    plan: (request, context) => keys.plan(request, context),
    rotate: (plan, request, stage, context) => keys.rotate(plan, request, stage, context),
    reconcile: (pending, request, context) => keys.reconcile(pending, request, context),
    check: (request, context) => keys.check(request, context),
  }
}

/** Does the work of each call of the rotator. */
class KeyRotation {
  readonly #timing: SnowflakeTiming
  readonly #fetch: Fetch
  readonly #newPrivateKey: () => Promise<Secret<string>>

  constructor({
    fetch = currentFetch,
    timing = snowflakeTiming,
    newPrivateKey: make = newPrivateKey,
  }: SnowflakeOptions) {
    this.#timing = timing
    this.#fetch = fetch
    this.#newPrivateKey = make
  }

  #connection(context: RotatorContext): Connection {
    return { fetch: this.#fetch, timing: this.#timing, context }
  }

  async plan({ inputs, state }: Request, context: RotatorContext): Promise<SnowflakePlan> {
    const { user, current } = checkRequest({ inputs, state })
    const session = connectSnowflake(inputs.login, this.#connection(context))
    const slots = await session.keySlots(user)
    const previous = state?.previousFingerprint
    const { steps, warnings } = decideSlots({ user, slots, current: current?.fingerprint, previous })
    for (const warning of warnings) context.warn(warning)
    return { steps, ...(slots.slot1 !== undefined && { replaced: slots.slot1 }) }
  }

  async rotate(
    { replaced }: SnowflakePlan,
    request: Request,
    stage: (pending: SnowflakePending) => Promise<void>,
    context: RotatorContext,
  ): Promise<void> {
    const { user, current } = checkRequest(request)
    const { inputs, state } = request
    const privateKey = await this.#newPrivateKey()
    const session = connectSnowflake(inputs.login, this.#connection(context))
    const createdAt = rfc3339(context.now())
    await stage({
      account: inputs.login.account,
      user,
      privateKey,
      createdAt,
      ...(current && { basis: current.fingerprint }),
      ...(replaced !== undefined && { replaced }),
    })
    const slots = await session.keySlots(user)
    await setKeys(
      { session, user, slots, current, previous: state?.previousFingerprint },
      present(readKeyPair(privateKey)),
    )
  }

  async reconcile(
    pending: SnowflakePending,
    request: ReconcileRequest<SnowflakeInputs, SnowflakeState>,
    context: RotatorContext,
  ): Promise<Reconciled<SnowflakeState>> {
    const { inputs, state, movedOn } = request
    const { user, current } = checkRequest(request)
    const key = present(readKeyPair(pending.privateKey))
    // An earlier run committed it and died before it cleared its record, and the state
    // may have moved on since.
    if (state !== undefined && [current?.fingerprint, state.previousFingerprint].includes(key.fingerprint)) {
      return { kind: 'rotated', state }
    }
    requireSameTarget(pending, user, inputs)
    const session = connectSnowflake(inputs.login, this.#connection(context))
    let slots = await session.keySlots(user)
    if (movedOn) return giveUp({ session, user, slots, current, previous: undefined }, key)
    if (slots.slot1 !== key.fingerprint) {
      const former = { session, user, slots, current, previous: state?.previousFingerprint }
      const refusal = await setAgain(former, key, pending)
      if (refusal !== undefined) return { kind: 'undone', reason: refusal }
      slots = await session.keySlots(user)
      if (slots.slot1 !== key.fingerprint) {
        throw new EscError(
          'provider_failed',
          `snowflake-user: RSA_PUBLIC_KEY of user ${user} was set, but is shown as ${slots.slot1 ?? 'empty'}`,
          { hint: 'somebody else may be changing the keys of this user: run again when they have finished' },
        )
      }
    }
    if (current !== undefined && current.fingerprint !== pending.basis && slots.slot2 !== current.fingerprint) {
      // Somebody rotated since, and their key, which consumers hold by now, was in slot 1
      // until ours came through.
      await session.setKey(user, 2, current)
      slots = { ...slots, slot2: current.fingerprint }
    }
    await this.#logInWithNewKey(pending, key, inputs, context)
    return rotated(pending, slots, [current?.fingerprint, state?.previousFingerprint])
  }

  async check({ inputs, state }: Request, context: RotatorContext): Promise<readonly CredentialCheck[]> {
    const { user, current } = checkRequest({ inputs, state })
    const slots = await connectSnowflake(inputs.login, this.#connection(context)).keySlots(user)
    const what = (fingerprint: string) => `public key ${fingerprint} of user ${user}`
    const checks: CredentialCheck[] = []
    if (state !== undefined && current !== undefined) {
      const failure = await this.#tryLogin({ account: state.account, user, privateKey: state.privateKey }, context)
      const listed = current.fingerprint === slots.slot1 || current.fingerprint === slots.slot2
      const details = [...(failure ? [failure] : []), ...(listed ? [] : ['not set'])]
      checks.push({
        credential: 'current',
        what: what(current.fingerprint),
        // Set, and yet refused: a policy or a disabled user, not the key.
        works: failure === undefined ? true : listed ? undefined : false,
        ...(details.length > 0 && { detail: details.join(', ') }),
      })
    }
    for (const fingerprint of [slots.slot1, slots.slot2]) {
      if (fingerprint === undefined || fingerprint === current?.fingerprint) continue
      const previous = fingerprint === state?.previousFingerprint
      const detail = previous ? 'set; its private key is not kept here' : 'not managed here'
      checks.push({
        credential: previous ? 'previous' : 'foreign',
        what: what(fingerprint),
        works: undefined,
        detail,
      })
    }
    return checks
  }

  /**
   * The fingerprint proves that the key is set; a log-in that is refused all the same has other
   * reasons, worth a warning.
   */
  async #logInWithNewKey(
    { user, privateKey }: SnowflakePending,
    { fingerprint }: KeyPair,
    { login: { account } }: SnowflakeInputs,
    context: RotatorContext,
  ): Promise<void> {
    for (const wait of [...this.#timing.verifyWaitsMs, undefined]) {
      const failure = await this.#tryLogin({ account, user, privateKey }, context)
      if (failure === undefined) return
      if (wait === undefined) {
        context.warn(`the new key ${fingerprint} of user ${user} is set, but a log-in with it was refused (${failure})`)
        return
      }
      context.progress(`waiting for the new key of user ${user} to be accepted`)
      await context.sleep(wait)
    }
  }

  /** `undefined` when it works; else the code of the refusal. Throws when there is no answer. */
  async #tryLogin(
    login: { readonly account: string; readonly user: string; readonly privateKey: SnowflakeState['privateKey'] },
    context: RotatorContext,
  ): Promise<string | undefined> {
    try {
      const user = await connectSnowflake(login, this.#connection(context)).currentUser()
      return user === login.user ? undefined : `logs in as ${user}`
    } catch (error) {
      if (error instanceof VendorHttpError && error.refused) return error.vendorCode
      throw error
    }
  }
}

export const snowflakeUser = snowflakeUserRotator()

interface Former {
  readonly session: SnowflakeSession
  readonly user: string
  readonly slots: KeySlots
  readonly current: KeyPair | undefined
  readonly previous: string | undefined
}

/** The current key first: at every instant one of the slots holds it. */
async function setKeys({ session, user, slots, current, previous }: Former, key: KeyPair): Promise<void> {
  const { moveCurrent } = decideSlots({ user, slots, current: current?.fingerprint, previous })
  if (moveCurrent && current !== undefined) await session.setKey(user, 2, current)
  await session.setKey(user, 1, key)
}

/**
 * A later rotation made another key current: wherever the recorded one still is,
 * that one takes its place.
 */
async function giveUp({ session, user, slots, current }: Former, key: KeyPair): Promise<Reconciled<SnowflakeState>> {
  for (const slot of [1, 2] as const) {
    if ((slot === 1 ? slots.slot1 : slots.slot2) !== key.fingerprint) continue
    if (current === undefined) {
      const property = slot === 1 ? 'RSA_PUBLIC_KEY' : 'RSA_PUBLIC_KEY_2'
      throw new EscError(
        'conflict',
        `snowflake-user: ${property} of user ${user} is the key of an interrupted rotation, and the state names no other`,
        { hint: `run ALTER USER ${user} UNSET ${property}, and rotate again` },
      )
    }
    await session.setKey(user, slot, current)
  }
  return { kind: 'undone', reason: `snowflake-user: the key of user ${user} was rotated since; the newer one is kept` }
}

/** Returns the reason why it was not set; undefined: it was. Throws when that cannot be told. */
async function setAgain(former: Former, key: KeyPair, { replaced }: SnowflakePending): Promise<string | undefined> {
  const { user, slots, current } = former
  // Neither what was there when the rotation began, nor the key of the state as it is now.
  if (slots.slot1 !== undefined && slots.slot1 !== replaced && slots.slot1 !== current?.fingerprint) {
    return `snowflake-user: RSA_PUBLIC_KEY of user ${user} was set by somebody else since; theirs is kept`
  }
  try {
    await setKeys(former, key)
    return undefined
  } catch (error) {
    const refused = error instanceof VendorHttpError ? error.refused : error instanceof EscError
    if (refused && !(await isSet(former, key))) return (error as Error).message
    throw error
  }
}

/** A statement of the run before may have come through meanwhile. */
async function isSet({ session, user }: Former, { fingerprint }: KeyPair): Promise<boolean> {
  return (await session.keySlots(user)).slot1 === fingerprint
}

function rotated(
  { account, user, privateKey, createdAt }: SnowflakePending,
  { slot2 }: KeySlots,
  former: readonly (string | undefined)[],
): Reconciled<SnowflakeState> {
  const previousFingerprint = former.includes(slot2) ? slot2 : undefined
  const state = { account, createdAt, privateKey, user }
  return { kind: 'rotated', state: { ...state, ...(previousFingerprint !== undefined && { previousFingerprint }) } }
}

/** Reads what was given. @throws EscError `invalid_input`. */
function checkRequest({ inputs: { login, targetUser }, state }: Request): {
  readonly user: string
  readonly current: KeyPair | undefined
} {
  const refuse = inputRefusal('snowflake-user')
  requireAccount(login.account)
  const user = resolveUser(targetUser, 'targetUser')
  resolveUser(login.user, 'login.user')
  if ((login.privateKey === undefined) === (login.token === undefined)) {
    throw refuse(
      `\`login\` has ${login.token === undefined ? 'neither' : 'both'} \`privateKey\` ${login.token === undefined ? 'nor' : 'and'} \`token\``,
      'give one of them: the private key of the user, or an OAuth token',
    )
  }
  if (login.privateKey !== undefined && readKeyPair(login.privateKey) === undefined) {
    throw refuse('`login.privateKey` is not an RSA private key in PEM', 'give it as PKCS #8 and without a passphrase')
  }
  if (state === undefined) return { user, current: undefined }
  if (state.account.toLowerCase() !== login.account.toLowerCase()) {
    throw refuse(
      `the \`state\` is of account ${state.account}, but \`login\` of ${login.account}`,
      'use a login of the same account, or remove the `state` to begin anew',
    )
  }
  if (state.user !== undefined && state.user !== user) {
    throw refuse(
      `the \`state\` is of user ${state.user}, but \`targetUser\` is ${user}`,
      'put `targetUser` back, or remove the `state` to begin anew',
    )
  }
  const current = readKeyPair(state.privateKey)
  if (current === undefined) {
    throw refuse(
      'the `privateKey` of the `state` is not an RSA private key in PEM',
      'restore it from an earlier revision',
    )
  }
  return { user, current }
}

function requireSameTarget({ account, user }: SnowflakePending, targetUser: string, { login }: SnowflakeInputs): void {
  if (account === login.account && user === targetUser) return
  throw new EscError(
    'conflict',
    `snowflake-user: an interrupted rotation concerns user ${user} of account ${account}, which \`login\` and \`targetUser\` no longer name`,
    { hint: rich`put them back as they were and run again; ${forgetHint}` },
  )
}
