import { EscError } from '../../../errors.ts'
import { adoptRemedy, credentialsOf, foreignPasswordsWarning, withoutAdopted } from '../../adopted.ts'
import { retargetHint } from '../../another-target.ts'
import { checkLogin, type LoginOutcome, logInPatiently } from '../../log-in.ts'
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
import { place } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import {
  addressOf,
  connectDirectory,
  type DirectorySession,
  type Entry,
  type LdapTiming,
  ldapTiming,
  tryLdapLogin,
} from './directory.ts'
import { isValueOf, saltedValue, schemeOf } from './password-value.ts'
import {
  inputsSchema,
  type LdapInputs,
  type LdapLogin,
  type LdapPending,
  type LdapState,
  outputsSchema,
  stateSchema,
} from './types.ts'

export type { LdapInputs, LdapPending, LdapState } from './types.ts'

type Request = RotationRequest<LdapInputs, LdapState>

/**
 * Rotates the password of one entry, whose `userPassword` may have several values (RFC 4519,
 * 2.41), each of which lets in. Adding the same value again changes nothing, so after a
 * crash it is added once more.
 */
export function ldapPasswordRotator(
  timing: LdapTiming = ldapTiming,
): Rotator<LdapInputs, LdapState, LdapPending, Plan> {
  const rotator: Rotator<LdapInputs, LdapState, LdapPending, Plan> = {
    name: 'ldap-password',
    description: 'Password of an entry of an LDAP directory.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: outputsSchema,

    open: withoutAdopted,

    target: ({ url, dn }) => `ldap-password ${JSON.stringify([url.toLowerCase().replace(/\/$/, ''), sameDn(dn)])}`,

    async plan({ inputs, state }, context) {
      requireInputs(inputs, state)
      return withSession(inputs, async (session) => {
        const entry = await session.readEntry(inputs.dn)
        requireUsableEntry(entry, inputs)
        if (entry?.lockedSince !== undefined) {
          context.warn(
            `"${inputs.dn}" was locked by a password policy (pwdAccountLockedTime: ${entry.lockedSince}); while it is, its new password cannot be proved`,
          )
        }
        warnOfScheme(entry!, inputs, context)
        return { steps: await steps(session, entry!, { inputs, state }, context) }
      })
    },

    async rotate(_plan, { inputs, state }, stage, context) {
      const { url, dn } = inputs
      const password = newPassword(context.random)
      await withSession(inputs, async (session) => {
        const current = state?.current.password
        await stage({ url, dn, password, ...(current !== undefined && { current }) })
        await session.addValue(dn, newValue(inputs, password.reveal()))
      })
    },

    async settle(pending, request, context) {
      const { inputs, state } = request
      if (state !== undefined && holds(withoutAdopted(state), pending.password.reveal()))
        return { kind: 'rotated', state }
      requireSameTarget(pending, inputs)
      return settlePending(pending, request, context)
    },

    retarget(pending, inputs) {
      const moved = { ...pending, url: inputs.url }
      requireSameTarget(moved, inputs)
      return moved
    },

    async retire(superseded, { inputs, state }, context) {
      const gone = credentialsOf(superseded).filter((each) => !holds(state, each.password.reveal()))
      if (gone.length === 0) return
      await withSession(inputs, async (session) => {
        for (const each of gone) await remove(session, inputs, each, context)
      })
    },

    async check(request, context) {
      const { inputs, state } = request
      const known = (['current', 'previous'] as const).flatMap((credential) => {
        const login = state?.[credential]
        if (login === undefined) return []
        const what = `password of "${login.dn}" on ${place(addressOf(inputs).server)}`
        return [() => checkCarefully(inputs, { credential, what }, login)]
      })
      const checks = []
      for (const check of known) checks.push(await check())
      return [...checks, ...(await foreignPasswords(request, context))]
    },
  }
  return madeReady(rotator, { tls: ['tls'] })

  async function withSession<T>(inputs: LdapInputs, use: (session: DirectorySession) => Promise<T>): Promise<T> {
    const session = await connectDirectory(inputs, inputs.login, timing)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  }

  /**
   * A password that the entry is known not to have is not tried: policies count failed
   * log-ins, and lock the account.
   */
  async function checkCarefully(
    inputs: LdapInputs,
    about: Pick<CredentialCheck, 'what'> & { readonly credential: 'current' | 'previous' },
    login: LdapLogin,
  ): Promise<CredentialCheck> {
    const there = await withSession(inputs, (session) => holdsPassword(session, login)).catch((error) => {
      if (!(error instanceof EscError)) throw error
      return undefined
    })
    if (there === false) return { ...about, works: false, detail: 'not a password of the entry any more' }
    return checkLogin({ ...about, wrong: 'refused at log-in (49)', logIn: () => logIn(inputs, login) })
  }

  /**
   * Whether the directory still takes it, by reading or comparing where that
   * tells, else by a log-in.
   */
  async function isTaken(session: DirectorySession, inputs: LdapInputs, login: LdapLogin): Promise<boolean> {
    return (await holdsPassword(session, login)) ?? (await logIn(inputs, login)).kind !== 'wrong'
  }

  function logIn(inputs: LdapInputs, login: LdapLogin): Promise<LoginOutcome> {
    return tryLdapLogin(inputs, login, timing)
  }

  async function settlePending(
    { dn, password, current }: LdapPending,
    { inputs, state, movedOn }: SettleRequest<LdapInputs, LdapState>,
    context: RotatorContext,
  ): Promise<Settled<LdapState>> {
    const login = { dn, password }
    return withSession(inputs, async (session) => {
      if (movedOn || state?.current.password.reveal() !== current?.reveal()) {
        await remove(session, inputs, login, context)
        return undone(`the password of "${dn}" was rotated by somebody else since; theirs is kept`)
      }
      const refusal = await addUnlessThere(session, inputs, login)
      if (refusal !== undefined) return undone(refusal)
      const outcome = await logInPatiently(() => logIn(inputs, login), {
        verifyWaitsMs: timing.verifyWaitsMs,
        context,
        waitingFor: `${place(addressOf(inputs).server)} to accept the new password of "${dn}"`,
      })
      if (outcome.kind === 'wrong') {
        await remove(session, inputs, login, context)
        return undone(`the new password of "${dn}" was refused at log-in (49); it was removed`)
      }
      if (outcome.kind === 'inconclusive') {
        context.warn(`the new password of "${dn}" is set but could not be tried: ${outcome.reason}`)
      }
      const previous = await liveCredential(session, inputs, state)
      return { kind: 'rotated', state: { current: login, ...(previous !== undefined && { previous }) } }
    })
  }

  /** Returns why the directory does not take the new password; undefined when it is there. */
  async function addUnlessThere(
    session: DirectorySession,
    inputs: LdapInputs,
    login: LdapLogin,
  ): Promise<string | undefined> {
    const there = await holdsPassword(session, login)
    if (there) return undefined
    // A directory that hashes would keep the same password twice, so there it is tried
    // before it is added once more.
    const tried = there === undefined && inputs.hashing === 'server' ? await logIn(inputs, login) : undefined
    if (tried?.kind === 'works') return undefined
    try {
      await session.addValue(login.dn, newValue(inputs, login.password.reveal()))
      return undefined
    } catch (error) {
      if (!(error instanceof VendorError) || !error.refused) throw error
      // The run before may have added it all the same, and the policy refuses it as one of old.
      const outcome = there === false ? { kind: 'wrong' } : (tried ?? (await logIn(inputs, login)))
      if (outcome.kind === 'works') return undefined
      if (outcome.kind === 'wrong') return error.message
      throw error
    }
  }

  /**
   * What becomes `previous`: the one that consumers hold, or the only one of ours that
   * the directory still takes.
   */
  async function liveCredential(
    session: DirectorySession,
    inputs: LdapInputs,
    state: LdapState | undefined,
  ): Promise<LdapLogin | undefined> {
    if (state === undefined) return undefined
    const { current, previous } = state
    if (previous === undefined) return current
    if (await isTaken(session, inputs, current)) return current
    return (await isTaken(session, inputs, previous)) ? previous : current
  }

  async function remove(
    session: DirectorySession,
    inputs: LdapInputs,
    login: LdapLogin,
    context: RotatorContext,
  ): Promise<void> {
    const password = login.password.reveal()
    // A log-in would prove it too, but as a failed one, for which a policy may lock the account.
    if (await session.removePassword(login.dn, login.password, [saltedValue(password), password])) return
    // The directory shows nothing, and had none of the values that we know: most likely it keeps
    // the password in another form.
    for (const wait of [...timing.verifyWaitsMs, undefined]) {
      if ((await logIn(inputs, login)).kind !== 'works') return
      if (wait !== undefined) await context.sleep(wait)
    }
    throw new VendorError(`ldap-password: the former password of "${login.dn}" is still accepted`, {
      code: undefined,
      refused: false,
      hint: 'remove it by hand, or let `login` read userPassword of the entry, so that the value to remove can be found',
    })
  }

  async function foreignPasswords({ inputs, state }: Request, context: RotatorContext): Promise<CredentialCheck[]> {
    try {
      const entry = await withSession(inputs, (session) => session.readEntry(inputs.dn))
      return foreignValues(entry?.values ?? [], state).map(() => ({
        credential: 'foreign',
        what: `another password of "${inputs.dn}" on ${place(addressOf(inputs).server)}`,
        works: undefined,
        detail: 'not managed here',
      }))
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      context.warn(`whether "${inputs.dn}" has other passwords is not known: ${error.message}`)
      return []
    }
  }

  async function steps(
    session: DirectorySession,
    entry: Entry,
    { inputs, state }: Request,
    context: RotatorContext,
  ): Promise<PlanStep[]> {
    const of = `of "${inputs.dn}"`
    const planned: PlanStep[] = [{ action: 'create', what: `password ${of}` }]
    if (state !== undefined) {
      const accepted = await isTaken(session, inputs, state.current)
      if (!accepted) context.warn(`the current password ${of} is no longer one that the directory takes`)
      const kept = accepted || state.previous === undefined ? 'current, becomes previous' : 'previous'
      planned.push({ action: 'keep', what: `password ${of} (${kept})` })
      if (accepted && state.previous !== undefined) {
        planned.push({ action: 'delete', what: `password ${of} (previous), once the new one is saved` })
      }
    }
    for (const _ of state?.adopted ?? []) {
      planned.push({ action: 'delete', what: `password ${of} (adopted), once the new one is saved` })
    }
    const foreign = foreignValues(entry.values, state).length
    if (foreign === 0 && entry.values.length === 0 && state === undefined) {
      context.warn(
        `"${inputs.login.dn}" may not read userPassword, so whether "${inputs.dn}" has other passwords is not known. One that it was made with stays. ${adoptRemedy()}`,
      )
    }
    if (foreign > 0) {
      context.warn(foreignPasswordsWarning(`"${inputs.dn}"`, foreign))
      planned.push({
        action: 'keep',
        what: `${foreign} other password${foreign > 1 ? 's' : ''} ${of} (not managed here)`,
      })
    }
    return planned
  }
}

export const ldapPassword = ldapPasswordRotator()

function holdsPassword(session: DirectorySession, { dn, password }: LdapLogin): Promise<boolean | undefined> {
  return session.holds(dn, password, saltedValue(password.reveal()))
}

function newValue({ hashing = 'client' }: LdapInputs, password: string): string {
  return hashing === 'client' ? saltedValue(password) : password
}

/** A value of a scheme that only the server knows may be ours: it is not called foreign. */
function foreignValues(values: readonly Buffer[], state: LdapState | undefined): readonly Buffer[] {
  const ours = credentialsOf(state).map((each) => each.password.reveal())
  return values.filter((value) =>
    state === undefined ? true : ours.every((password) => isValueOf(value, password) === false),
  )
}

function holds(state: LdapState | undefined, password: string): boolean {
  return credentialsOf(state).some((each) => each.password.reveal() === password)
}

function undone(reason: string): Settled<LdapState> {
  return { kind: 'undone', reason: reason.startsWith('ldap-password: ') ? reason : `ldap-password: ${reason}` }
}

/**
 * DNs are compared without regard to case and the spaces around separators, which is
 * enough to know our own again.
 */
function sameDn(dn: string): string {
  return dn.toLowerCase().replace(/\s*([,=+])\s*/g, '$1')
}

function requireInputs(inputs: LdapInputs, state: LdapState | undefined): void {
  const { dn, login } = inputs
  addressOf(inputs)
  for (const [key, value] of Object.entries({ dn, 'login.dn': login.dn })) {
    if (/^[^=\0]+=[^\0]+$/.test(value)) continue
    throw new EscError('invalid_input', `ldap-password: \`${key}\` ${JSON.stringify(value)} is not a DN`, {
      hint: 'it looks like cn=app,ou=services,dc=example,dc=org',
    })
  }
  if (login.password.reveal() === '') {
    throw new EscError('invalid_input', 'ldap-password: `login.password` is empty', {
      hint: 'a directory takes an empty password for no log-in at all; write the password',
    })
  }
  const named = Object.entries({ current: state?.current, previous: state?.previous })
  for (const [key, credential] of [...named, ...(state?.adopted ?? []).map((each) => ['adopted', each] as const)]) {
    if (credential === undefined || sameDn(credential.dn) === sameDn(dn)) continue
    throw new EscError(
      'invalid_input',
      `ldap-password: \`state.${key}\` is of "${credential.dn}", but \`dn\` is "${dn}"`,
      { hint: 'put `dn` back, or remove `state` to begin anew with the entry named' },
    )
  }
  if (sameDn(login.dn) === sameDn(dn) && state?.previous?.password.reveal() === login.password.reveal()) {
    throw new EscError(
      'invalid_input',
      `ldap-password: \`login\` uses the previous password of "${dn}", which this rotation removes`,
      { hint: 'let `login` be another entry, or use the current password' },
    )
  }
}

function requireUsableEntry(entry: Entry | undefined, inputs: LdapInputs): void {
  const where = place(addressOf(inputs).server)
  if (entry === undefined) {
    throw new EscError('invalid_input', `ldap-password: no such entry "${inputs.dn}" on ${where} (32)`, {
      hint: 'check `dn`, and whether `login` may read the entry',
    })
  }
}

/** The new value is of a scheme of its own, whatever those are of that the entry has. */
function warnOfScheme({ values }: Entry, { dn, hashing = 'client' }: LdapInputs, context: RotatorContext): void {
  const others = [...new Set(values.map(schemeOf))].filter((scheme) => scheme !== undefined && scheme !== '{SSHA}')
  if (hashing === 'server' || others.length === 0) return
  context.warn(
    `"${dn}" has passwords kept as ${others.join(', ')}, and the new one is kept as {SSHA}: to have the directory choose, set \`hashing: server\``,
  )
}

/**
 * Adding or removing must not reach another directory or entry than the one that was begun with.
 */
function requireSameTarget({ url, dn }: LdapPending, inputs: LdapInputs): void {
  if (url === inputs.url && sameDn(dn) === sameDn(inputs.dn)) return
  throw new EscError(
    'conflict',
    `ldap-password: an interrupted rotation concerns "${dn}" on ${place(addressOf({ url }).server)}, which \`url\` and \`dn\` no longer name`,
    { hint: `put them back as they were and run again; ${retargetHint}` },
  )
}
