import { rich } from '../../../rich-text.ts'
import { adoptRemedy, credentialsOf } from '../../adopted.ts'
import type { LoginOutcome } from '../../log-in.ts'
import type { PlanStep, RotationRequest, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import { type KeeperSession, passwordSteps } from '../kit/index.ts'
import { addressOf, type DirectoryEntry, type DirectorySession, type LdapTiming, tryLdapLogin } from './directory.ts'
import { isValueOf, saltedValue } from './password-value.ts'
import type { LdapInputs, LdapLogin, LdapPending, LdapState } from './types.ts'

/** The passwords of one entry. */
export class LdapKeeper implements KeeperSession<LdapLogin, LdapPending, LdapInputs, LdapState> {
  readonly #session: DirectorySession
  readonly #inputs: LdapInputs
  readonly #timing: LdapTiming
  readonly #context: RotatorContext

  constructor(session: DirectorySession, inputs: LdapInputs, timing: LdapTiming, context: RotatorContext) {
    this.#session = session
    this.#inputs = inputs
    this.#timing = timing
    this.#context = context
  }

  readEntry(): Promise<DirectoryEntry | undefined> {
    return this.#session.readEntry(this.#inputs.dn)
  }

  has({ dn, password }: LdapLogin): Promise<boolean | undefined> {
    return this.#session.holds(dn, password, saltedValue(password.reveal()))
  }

  add({ dn, password }: LdapLogin): Promise<void> {
    const text = password.reveal()
    return this.#session.addValue(dn, this.#inputs.hashing === 'server' ? text : saltedValue(text))
  }

  async remove(logins: readonly LdapLogin[]): Promise<void> {
    for (const login of logins) await this.#remove(login)
  }

  async listForeign(state: LdapState | undefined): Promise<readonly string[]> {
    const { dn } = this.#inputs
    const values = (await this.readEntry())?.values ?? []
    return foreignValues(values, state).map(
      () => `another password of "${dn}" on ${place(addressOf(this.#inputs).server)}`,
    )
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  /**
   * Returns the credential that becomes `previous`: the one that consumers hold, or the only one of
   * ours that the directory still takes.
   */
  async live(state: LdapState | undefined): Promise<LdapLogin | undefined> {
    if (state?.previous === undefined) return state?.current
    if (await this.#isTaken(state.current)) return state.current
    return (await this.#isTaken(state.previous)) ? state.previous : state.current
  }

  async planSteps(
    entry: DirectoryEntry,
    { state }: Pick<RotationRequest<LdapInputs, LdapState>, 'state'>,
  ): Promise<PlanStep[]> {
    const { dn, login } = this.#inputs
    const { current, previous, adopted = [] } = state ?? {}
    const accepted = current !== undefined && (await this.#isTaken(current))
    if (current !== undefined && !accepted) {
      this.#context.warn(`the current password of "${dn}" is no longer one that the directory takes`)
    }
    const foreign = foreignValues(entry.values, state).length
    if (entry.values.length === 0 && state === undefined) {
      this.#context.warn(
        rich`"${login.dn}" may not read userPassword, so whether "${dn}" has other passwords is not known. One that it was made with stays. ${adoptRemedy()}`,
      )
    }
    const steps = {
      owner: `"${dn}"`,
      keeps: current && (accepted || previous === undefined ? ('current' as const) : ('previous' as const)),
      goes: [
        ...(accepted && previous !== undefined ? (['previous'] as const) : []),
        ...adopted.map(() => 'adopted' as const),
      ],
      foreign,
    }
    return passwordSteps(steps, this.#context)
  }

  /**
   * True when the directory still takes it, by reading or comparing where that
   * tells, else by a log-in.
   */
  async #isTaken(login: LdapLogin): Promise<boolean> {
    return (await this.has(login)) ?? (await this.#logIn(login)).kind !== 'wrong'
  }

  #logIn(login: LdapLogin): Promise<LoginOutcome> {
    return tryLdapLogin(this.#inputs, login, this.#timing)
  }

  async #remove(login: LdapLogin): Promise<void> {
    const password = login.password.reveal()
    // A log-in would prove it too, but as a failed one, for which a policy may lock the account.
    if (await this.#session.removePassword(login.dn, login.password, [saltedValue(password), password])) return
    // The directory shows nothing, and had none of the values that we know: most likely it keeps
    // the password in another form.
    for (const wait of [...this.#timing.verifyWaitsMs, undefined]) {
      if ((await this.#logIn(login)).kind !== 'works') return
      if (wait !== undefined) await this.#context.sleep(wait)
    }
    throw new VendorError(`the former password of "${login.dn}" is still accepted`, {
      rotator: 'ldap-password',
      code: undefined,
      refused: false,
      hint: 'remove it by hand, or let `login` read userPassword of the entry, so that the value to remove can be found',
    })
  }
}

/** A value of a scheme that only the server knows may be ours: it is not called foreign. */
function foreignValues(values: readonly Buffer[], state: LdapState | undefined): readonly Buffer[] {
  const ours = credentialsOf(state).map((each) => each.password.reveal())
  return values.filter((value) => ours.every((password) => isValueOf(value, password) === false))
}
