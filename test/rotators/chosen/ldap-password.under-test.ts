import type { Plain } from '../../../src/plain.ts'
import { secret } from '../../../src/secret.ts'
import { hashedProblems, type User } from '../../crash-matrix/problems.ts'
import { missingOpenLdap, sharedOpenLdap } from '../../servers/openldap.ts'
import { rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createLdapEntry } from './ldap-entry.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'OpenLDAP',
  missing: missingOpenLdap,
  async start() {
    const server = await sharedOpenLdap()
    const entry = await createLdapEntry(server)
    return {
      inputs: entry.inputs as Plain,
      problems: hashedProblems({
        foreign: entry.passwords,
        logsIn: async (password) => (await server.login(entry.dn, password)) === true,
        count: async () => (await server.values(entry.dn)).length,
      }),
      logIn: ({ password }: User) => server.login(entry.dn, password),
    }
  },
  badInputs: rotations({
    missing: missingOpenLdap,
    async start() {
      const server = await sharedOpenLdap()
      const entry = await createLdapEntry(server)
      return { ...entry, server, held: () => server.values(entry.dn) }
    },
    bad: {
      'no login': without('login'),
      'a URL of something else': {
        set: { url: 'https://ldap.example.org' },
        says: ['`url` is not the address of a directory'],
        remedy: /ldaps:\/\//,
      },
      'a URL with a password': {
        set: { url: 'ldap://a:canary-in-url@ldap.example.org' },
        says: ['`url`'],
        remedy: /ldaps:\/\//,
      },
      'TLS asked for and forbidden': {
        set: { url: 'ldaps://127.0.0.1', tls: { mode: 'disable' } },
        says: ['`tls.mode`'],
        remedy: /ldap:\/\//,
      },
      'a name that is no DN': shown('dn', 'app', /dc=example/),
      'a DN with a NUL': { set: { dn: 'cn=a\0,dc=example' }, says: ['`dn` "cn=a\\u0000'], remedy: /dc=example/ },
      'a DN the directory cannot read': {
        set: { dn: 'cn=a,,dc=org' },
        says: ['cn=a,,dc=org', '34'],
        remedy: /write the DN/,
      },
      'a login that is no DN': shown('login.dn', 'admin', /dc=example/),
      'an empty password': {
        set: { 'login.password': secret('') },
        says: ['`login.password` is empty'],
        remedy: /write/,
      },
      'a wrong password': { set: { 'login.password': secret('canary-wrong') }, says: ['49'], remedy: /`login`/ },
      'an entry nobody knows': {
        set: { dn: 'cn=nobody,dc=example,dc=org' },
        says: ['cn=nobody,dc=example,dc=org', '32'],
        remedy: /check `dn`/,
      },
      'hashing by somebody else': { set: { hashing: 'vendor' }, says: ['expected one of', 'client'] },
      'a state of somebody else': {
        state: { current: { dn: 'cn=other,dc=example,dc=org', password: secret('canary-of-a-stranger') } },
        says: ['`state.current` is of "cn=other,dc=example,dc=org"'],
        remedy: /remove `state`/,
      },
      'a login by the password that goes': ({ dn, passwords, state }) => ({
        set: { login: { dn, password: secret(passwords[1]) } },
        state: state(true),
        says: ['`login`', 'previous password'],
        remedy: /another entry/,
      }),
    },
  }),
}
