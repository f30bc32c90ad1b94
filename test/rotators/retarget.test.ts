import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import type { PlainObject } from '../../src/plain.ts'
import { loadRotator } from '../../src/rotators/index.ts'
import { Secret, secret } from '../../src/secret.ts'

const password = secret('canary')
const pair = (host: string, port: number) => ({
  database: { host, port, database: 'app', managingUser: { username: 'manager', password } },
  rotateUsers: { username1: 'app_a', username2: 'app_b' },
})

/**
 * Each rotator's record as it was staged, the inputs after the move, and the record that must come
 * of them.
 */
const moves: Readonly<Record<string, { record: PlainObject; inputs: PlainObject; moved: PlainObject }>> = {
  postgres: {
    record: { host: 'old', port: 5432, username: 'app_b', password },
    inputs: pair('new', 5433),
    moved: { host: 'new', port: 5433, username: 'app_b', password },
  },
  mysql: {
    record: { host: 'old', port: 3306, username: 'app_b', accountHost: '%', password },
    inputs: pair('new', 3306),
    moved: { host: 'new', port: 3306, username: 'app_b', accountHost: '%', password },
  },
  'mysql-dual': {
    record: { host: 'old', port: 3306, username: 'app', accountHost: '%', password, currentWorked: true },
    inputs: { database: pair('new', 3306).database, rotateUser: { username: 'app' } },
    moved: { host: 'new', port: 3306, username: 'app', accountHost: '%', password, currentWorked: true },
  },
  'redis-acl': {
    record: { host: 'old', port: 6379, username: 'app', password },
    inputs: { host: 'new', port: 6380, user: 'app', login: { username: 'manager', password } },
    moved: { host: 'new', port: 6380, username: 'app', password },
  },
  'ldap-password': {
    record: { url: 'ldaps://old', dn: 'uid=app,dc=example', password },
    inputs: { url: 'ldaps://new', dn: 'uid=app,dc=example', login: { dn: 'cn=admin', password } },
    moved: { url: 'ldaps://new', dn: 'uid=app,dc=example', password },
  },
  external: {
    record: { phase: 'asking', url: 'https://old.example.org/', requestId: 'r', body: password },
    inputs: { url: 'https://new.example.org/' },
    moved: { phase: 'asking', url: 'https://new.example.org/', requestId: 'r', body: password },
  },
  'aws-iam': {
    record: {
      phase: 'created',
      userArn: 'arn:aws:iam::123456789012:user/old',
      key: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: password },
    },
    inputs: { userArn: 'arn:aws:iam::123456789012:user/new', login: {} },
    moved: {
      phase: 'created',
      userArn: 'arn:aws:iam::123456789012:user/new',
      key: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: password },
    },
  },
}

/** What must never be moved: the record is of another account than the inputs name. */
const refusals: readonly (readonly [string, PlainObject, PlainObject])[] = [
  ['postgres', moves.postgres!.record, { ...pair('new', 5432), rotateUsers: { username1: 'x', username2: 'y' } }],
  ['mysql-dual', moves['mysql-dual']!.record, { ...moves['mysql-dual']!.inputs, rotateUser: { username: 'other' } }],
  ['redis-acl', moves['redis-acl']!.record, { ...moves['redis-acl']!.inputs, user: 'other' }],
  ['ldap-password', moves['ldap-password']!.record, { ...moves['ldap-password']!.inputs, dn: 'uid=other,dc=example' }],
  ['aws-iam', moves['aws-iam']!.record, { userArn: 'arn:aws:iam::210987654321:user/new', login: {} }],
  [
    'aws-iam',
    { phase: 'creating', userArn: 'arn:aws:iam::123456789012:user/old', seen: [], listedAt: '', stagedAt: '' },
    moves['aws-iam']!.inputs,
  ],
]

describe('moving a record to another address', () => {
  for (const [name, { record, inputs, moved }] of Object.entries(moves)) {
    it(`${name}: takes the address of the inputs and keeps the credential`, async () => {
      const { retarget } = await loadRotator(name)
      expect(shown(retarget!(record, inputs))).to.deep.equal(shown(moved))
    })
  }

  for (const [name, record, inputs] of refusals) {
    const phase = 'phase' in record ? `, ${record.phase}` : ''
    it(`${name}${phase}: refuses a record of another account`, async () => {
      const { retarget } = await loadRotator(name)
      expect(() => retarget!(record, inputs))
        .to.throw(EscError)
        .with.property('code', 'conflict')
    })
  }
})

function shown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, member) => (member instanceof Secret ? member.reveal() : member)))
}
