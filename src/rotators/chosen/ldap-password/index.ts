import { EscError } from '../../../errors.ts'
import { checkLogin } from '../../log-in.ts'
import type { CredentialCheck, Plan, RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { type CheckAbout, chosenPasswordRotator, requireStateOf } from '../kit/index.ts'
import {
  addressOf,
  connectDirectory,
  type DirectoryEntry,
  type LdapTiming,
  ldapTiming,
  tryLdapLogin,
} from './directory.ts'
import { schemeOf } from './password-value.ts'
import { LdapKeeper } from './session.ts'
import {
  type LdapInputs,
  type LdapLogin,
  type LdapPending,
  type LdapState,
  ldapInputsSchema,
  ldapOutputsSchema,
  ldapStateSchema,
} from './types.ts'

const example = `values:
  app:
    fn::rotate::ldap-password:
      inputs:
        url: ldaps://ldap.example.org
        login: {dn: "cn=manager,dc=example,dc=org", password: {fn::secret: "…"}}
        dn: "uid=app,ou=services,dc=example,dc=org"
`

export type { LdapInputs, LdapPending, LdapState } from './types.ts'

/**
 * Rotates the password of one entry, whose `userPassword` may have several values (RFC 4519,
 * 2.41), each of which lets in.
 */
export function ldapPasswordRotator(
  timing: LdapTiming = ldapTiming,
): Rotator<LdapInputs, LdapState, LdapPending, Plan> {
  return chosenPasswordRotator<LdapInputs, LdapLogin, LdapPending, Plan, LdapKeeper>({
    name: 'ldap-password',
    description: 'Password of an entry of an LDAP directory.',
    example,
    inputs: ldapInputsSchema,
    state: ldapStateSchema,
    outputs: ldapOutputsSchema,
    connection: { tls: ['tls'] },
    refusal: '49',
    verifyWaitsMs: timing.verifyWaitsMs,
    names: '`url` and `dn`',
    target: ({ url, dn }) => `ldap-password ${JSON.stringify([url.toLowerCase().replace(/\/$/, ''), sameDn(dn)])}`,
    checkInputs,
    owner: ({ dn }) => `"${dn}"`,
    place: (inputs) => place(addressOf(inputs).server),
    overtaken: (owner) => `the password of ${owner} was rotated by somebody else since; theirs is kept`,
    record: ({ url, dn }) => ({ url, dn }),
    address: ({ url }) => ({ url }),
    credentialOf: ({ dn, password }) => ({ dn, password }),
    isOf: ({ url, dn }, inputs) => url === inputs.url && sameDn(dn) === sameDn(inputs.dn),
    concerns: ({ url, dn }) => `"${dn}" on ${place(addressOf({ url }).server)}`,
    connect,
    logIn: (inputs, login) => tryLdapLogin(inputs, login, timing),
    plan: planEntry,
    // One that hashes would take the same password for another value.
    keepsTwice: ({ hashing }) => hashing === 'server',
    live: (session, state) => session.live(state),
    check: checkCarefully,
  })

  async function connect(inputs: LdapInputs, context: RotatorContext): Promise<LdapKeeper> {
    return new LdapKeeper(await connectDirectory(inputs, inputs.login, timing), inputs, timing, context)
  }

  /**
   * A password that the entry is known not to have is not tried: policies count failed
   * log-ins, and lock the account.
   */
  async function checkCarefully(
    inputs: LdapInputs,
    { credential, what, wrong }: CheckAbout,
    login: LdapLogin,
    context: RotatorContext,
  ): Promise<CredentialCheck> {
    if ((await isThere(inputs, login, context)) === false) {
      return { credential, what, works: false, detail: 'not a password of the entry any more' }
    }
    return checkLogin({ credential, what, wrong, logIn: () => tryLdapLogin(inputs, login, timing) })
  }

  async function isThere(inputs: LdapInputs, login: LdapLogin, context: RotatorContext): Promise<boolean | undefined> {
    try {
      const session = await connect(inputs, context)
      try {
        return await session.has(login)
      } finally {
        await session.close()
      }
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      return undefined
    }
  }
}

export const ldapPassword = ldapPasswordRotator()

async function planEntry(
  session: LdapKeeper,
  request: RotationRequest<LdapInputs, LdapState>,
  context: RotatorContext,
): Promise<Plan> {
  const { inputs } = request
  const entry = requireEntry(await session.readEntry(), inputs)
  if (entry.lockedSince !== undefined) {
    context.warn(
      `"${inputs.dn}" was locked by a password policy (pwdAccountLockedTime: ${entry.lockedSince}); while it is, its new password cannot be proved`,
    )
  }
  warnOfScheme(entry, inputs, context)
  return { steps: await session.planSteps(entry, request) }
}

/**
 * DNs are compared without regard to case and the spaces around separators, which is
 * enough to know our own again.
 */
function sameDn(dn: string): string {
  return dn.toLowerCase().replace(/\s*([,=+])\s*/g, '$1')
}

function checkInputs(inputs: LdapInputs, state: LdapState | undefined): void {
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
  const owner = {
    rotator: 'ldap-password',
    input: 'dn',
    account: dn,
    another: (credential: LdapLogin) => (sameDn(credential.dn) === sameDn(dn) ? undefined : `"${credential.dn}"`),
    hint: 'put `dn` back, or remove `state` to begin anew with the entry named',
  }
  requireStateOf(owner, state)
  if (sameDn(login.dn) === sameDn(dn) && state?.previous?.password.reveal() === login.password.reveal()) {
    throw new EscError(
      'invalid_input',
      `ldap-password: \`login\` uses the previous password of "${dn}", which this rotation removes`,
      { hint: 'let `login` be another entry, or use the current password' },
    )
  }
}

function requireEntry(entry: DirectoryEntry | undefined, inputs: LdapInputs): DirectoryEntry {
  if (entry !== undefined) return entry
  const where = place(addressOf(inputs).server)
  throw new EscError('invalid_input', `ldap-password: no such entry "${inputs.dn}" on ${where} (32)`, {
    hint: 'check `dn`, and whether `login` may read the entry',
  })
}

/** The new value is of a scheme of its own, whatever those are of that the entry has. */
function warnOfScheme(
  { values }: DirectoryEntry,
  { dn, hashing = 'client' }: LdapInputs,
  context: RotatorContext,
): void {
  const others = [...new Set(values.map(schemeOf))].filter((scheme) => scheme !== undefined && scheme !== '{SSHA}')
  if (hashing === 'server' || others.length === 0) return
  context.warn(
    `"${dn}" has passwords kept as ${others.join(', ')}, and the new one is kept as {SSHA}: to have the directory choose, set \`hashing: server\``,
  )
}
