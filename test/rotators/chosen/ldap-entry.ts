import type { LdapInputs, LdapState } from '../../../src/rotators/chosen/ldap-password/index.ts'
import { secret } from '../../../src/secret.ts'
import type { OpenLdapServer } from '../../servers/openldap.ts'

let made = 0

/** An entry with two passwords, and somebody who may write them, on a shared server. */
export interface LdapEntry {
  readonly inputs: LdapInputs
  readonly dn: string
  readonly passwords: readonly [string, string]
  /** Names the first password as current and, if asked for, the second as previous. */
  state(previous?: boolean): LdapState
}

export interface LdapEntryOptions {
  /** Whether the manager may also read passwords. Default true. */
  readonly reads?: boolean
  /** Default two. */
  readonly passwords?: 1 | 2
}

export async function createLdapEntry(
  server: OpenLdapServer,
  { reads = true, passwords: count = 2 }: LdapEntryOptions = {},
): Promise<LdapEntry> {
  const number = ++made
  const suffix = 'dc=example,dc=org'
  // A comma and quotes in the name, which the DN must quote.
  const dn = `cn=app \\"${number}\\"\\, the first,${suffix}`
  const manager = `cn=${reads ? 'reader' : 'manager'}-${number},${suffix}`
  const passwords = [`first-canary-${number}`, `second-canary-${number}`] as const
  const managerPassword = `manage-canary-${number}`
  await server.asRoot(async (client) => {
    const person = { objectClass: ['person'], sn: 'test' }
    await client.add(dn, { ...person, cn: `app "${number}", the first`, userPassword: passwords.slice(0, count) })
    await client.add(manager, { ...person, cn: manager.slice(3).split(',')[0]!, userPassword: managerPassword })
  })
  const credential = (password: string) => ({ dn, password: secret<string>(password) })
  return {
    inputs: {
      url: `ldap://${server.host}:${server.port}`,
      login: { dn: manager, password: secret<string>(managerPassword) },
      dn,
    },
    dn,
    passwords,
    state: (previous = false) => ({
      current: credential(passwords[0]),
      ...(previous && { previous: credential(passwords[1]) }),
    }),
  }
}
