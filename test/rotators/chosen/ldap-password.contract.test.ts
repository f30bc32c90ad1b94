import { expect } from 'chai'
import {
  type LdapInputs,
  type LdapPending,
  type LdapState,
  ldapPassword,
} from '../../../src/rotators/chosen/ldap-password/index.ts'
import type { Plan } from '../../../src/rotators/rotator.ts'
import { strideOf } from '../../sample.ts'
import { skipWithout } from '../../servers/binary.ts'
import { GatedProxy } from '../../servers/gated-proxy.ts'
import { missingOpenLdap, openLdapPackages, sharedOpenLdap } from '../../servers/openldap.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { createLdapEntry, type LdapEntry } from './ldap-entry.ts'

function subject(
  reads: boolean,
  prepare: (entry: LdapEntry) => LdapState | undefined,
): Subject<LdapInputs, LdapState, LdapPending, Plan> {
  return async (enter) => {
    const server = await sharedOpenLdap()
    const entry = await createLdapEntry(server, { reads })
    const proxy = await new GatedProxy(server, enter).start()
    const logsIn = ({ dn, password }: { dn: string; password: { reveal(): string } }) =>
      server.login(dn, password.reveal())
    return {
      rotator: ldapPassword,
      inputs: { ...entry.inputs, url: `ldap://127.0.0.1:${proxy.port}` },
      state: prepare(entry),
      async checkCurrent({ current }) {
        expect(await logsIn(current), 'current').to.equal(true)
      },
      async checkAgreement(now) {
        const ours = [now?.current, now?.previous].filter((each) => each !== undefined)
        for (const each of ours) expect(await logsIn(each), 'of the state').to.equal(true)
        // Foreign, or superseded and not retired: both stay.
        for (const password of entry.passwords) expect(await server.login(entry.dn, password)).to.equal(true)
        const made = ours.filter((each) => !entry.passwords.includes(each.password.reveal())).length
        // The second rotation of a sweep leaves the first's password, which is not retired here,
        // beside its own.
        const count = (await server.values(entry.dn)).length
        expect(count, 'passwords at the server').to.be.within(2 + made, 2 + Math.max(made, made && 2))
      },
      close: () => proxy.stop(),
    }
  }
}

describe('ldap-password, killed anywhere', function () {
  this.timeout(600_000)
  before(function () {
    skipWithout(this, missingOpenLdap(), openLdapPackages)
  })

  itKeepsTheState(
    'first rotation',
    subject(true, () => undefined),
  )
  itKeepsTheState(
    'third rotation',
    subject(false, (entry) => entry.state(true)),
    { retire: false },
  )

  it('loses nothing in the first rotation', async () => {
    const outcomes = await sweep(
      subject(true, () => undefined),
      { twice: true, stride: strideOf(3) },
    )
    expect(outcomes).to.include('after stage 1: rotated').and.include('before stage 1: undone')
  })

  it('loses nothing in the third rotation, by a login that may not read', async () => {
    await sweep(
      subject(false, (entry) => entry.state(true)),
      { twice: true, stride: strideOf(3) },
    )
  })
})
