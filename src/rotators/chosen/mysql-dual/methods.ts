import { rich } from '../../../rich-text.ts'
import type { Secret } from '../../../secret.ts'
import { adoptRemedy, foreignPasswordsWarning } from '../../adopted.ts'
import { ed25519PublicKey } from '../../mysql-server/ed25519.ts'
import type { Account, AuthenticationMethod, ServerFacts } from '../../mysql-server/facts.ts'
import { nativePasswordHash } from '../../mysql-server/password-hash.ts'
import type { PlanStep, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { passwordsOf, type Request } from './request.ts'
import type { MySqlDualState } from './types.ts'

/**
 * Returns true where the method lets the password in. Only passwords of these two plugins can be
 * told; other methods are somebody else's.
 */
async function isPassword({ plugin, stored }: AuthenticationMethod, password: Secret<string>): Promise<boolean> {
  if (plugin === 'mysql_native_password') return stored.toUpperCase() === nativePasswordHash(password.reveal())
  return plugin === 'ed25519' && stored === (await ed25519PublicKey(password.reveal()))
}

/** Methods in the order given that let none of these passwords in. */
export async function methodsBeside(
  methods: readonly AuthenticationMethod[],
  passwords: readonly Secret<string>[],
): Promise<readonly AuthenticationMethod[]> {
  const others: AuthenticationMethod[] = []
  for (const method of methods) {
    const verdicts = await Promise.all(passwords.map((password) => isPassword(method, password)))
    if (!verdicts.includes(true)) others.push(method)
  }
  return others
}

/** Returns true where one of the methods lets the password in. */
export async function hasPassword(
  methods: readonly AuthenticationMethod[],
  password: Secret<string>,
): Promise<boolean> {
  return (await methodsBeside(methods, [password])).length < methods.length
}

/** Methods that the state does not know of. */
export function foreignMethods(
  methods: readonly AuthenticationMethod[],
  state: MySqlDualState | undefined,
): Promise<readonly AuthenticationMethod[]> {
  return methodsBeside(methods, passwordsOf(state))
}

export interface FoundAccount {
  readonly flavor: ServerFacts['flavor']
  readonly account: Account
  readonly currentWorked: boolean
}

/** The steps of a plan. Warns of passwords that nobody manages. */
export async function planSteps(
  { inputs, state }: Request,
  { flavor, account, currentWorked }: FoundAccount,
  context: RotatorContext,
): Promise<PlanStep[]> {
  const user = `user "${inputs.rotateUser.username}"`
  const of = `of ${user} on ${place(inputs.database)}`
  const planned: PlanStep[] = [{ action: 'create', what: `password ${of}` }]
  if (currentWorked) planned.push({ action: 'keep', what: `password ${of} (current, becomes previous)` })
  if (flavor === 'mysql') {
    planned.push(
      currentWorked
        ? { action: 'delete', what: `second password ${of} (previous), at once: MySQL keeps two` }
        : { action: 'keep', what: `password ${of} so far, until the next rotation` },
    )
    if (state === undefined) {
      context.warn(rich`${user} keeps the password that it was made with until the next rotation. ${adoptRemedy()}`)
    }
    return planned
  }
  const methods = account.kind === 'found' ? account.methods : []
  const deletes = async (password: Secret<string> | undefined, role: string) => {
    if (password === undefined || !(await hasPassword(methods, password))) return
    planned.push({ action: 'delete', what: `password ${of} (${role}), once the new one is saved` })
  }
  if (currentWorked) await deletes(state?.previous?.password, 'previous')
  for (const { password } of state?.adopted ?? []) await deletes(password, 'adopted')
  const foreign = await foreignMethods(methods, state)
  for (const { plugin } of foreign) {
    planned.push({ action: 'keep', what: `another way in (${plugin}) ${of} (not managed here)` })
  }
  if (methods.some(({ plugin, stored }) => plugin === 'mysql_native_password' && stored === '')) {
    context.warn(`${user} logs in without a password so far, which this rotation ends`)
  }
  const passwords = foreign.filter(({ plugin, stored }) => isPasswordPlugin(plugin) && stored !== '').length
  if (passwords > 0) context.warn(foreignPasswordsWarning(user, passwords))
  return planned
}

function isPasswordPlugin(plugin: string): boolean {
  return plugin === 'mysql_native_password' || plugin === 'ed25519'
}
