import { expect } from 'chai'
import {
  type SshKeyInputs,
  type SshKeyPending,
  type SshKeyState,
  sshKey,
} from '../../../src/rotators/chosen/ssh-key/index.ts'
import type { Plan } from '../../../src/rotators/rotator.ts'
import { slow, strideOf } from '../../sample.ts'
import { skipWithout } from '../../servers/binary.ts'
import { GatedProxy } from '../../servers/gated-proxy.ts'
import { missingSshd, sshdPackages } from '../../servers/sshd.ts'
import { type Subject, sweep } from '../contract.ts'
import { createSshAccount, type SshAccount } from './ssh-account.ts'

function subject(
  prepare: (account: SshAccount) => SshKeyState | undefined,
): Subject<SshKeyInputs, SshKeyState, SshKeyPending, Plan> {
  return async (enter) => {
    const account = await createSshAccount()
    const foreign = account.held()
    const proxy = await new GatedProxy(account.server, enter).start()
    const everOurs = new Set<string>()
    return {
      rotator: sshKey,
      inputs: { ...account.inputs, port: proxy.port },
      state: prepare(account),
      async checkCurrent({ current }) {
        expect(account.server.login(current.privateKey.reveal()), 'current').to.equal(true)
      },
      async checkAgreement(now) {
        account.requireForeignLines()
        const ours = [now?.current, now?.previous].flatMap((each) => each?.publicKey ?? [])
        for (const each of ours) everOurs.add(each)
        expect(account.held(), 'of the state').to.include.members(ours)
        // Superseded ones stay until they are retired.
        expect([...foreign, ...everOurs], 'unknown key').to.include.members(account.held())
      },
      async close() {
        await proxy.stop()
        await account.stop()
      },
    }
  }
}

describe('ssh-key, killed anywhere', function () {
  this.timeout(600_000)
  before(function () {
    skipWithout(this, missingSshd(), sshdPackages)
  })
  const options = { twice: slow, stride: strideOf(90, 40) }

  it('loses nothing in the first rotation', async () => {
    await sweep(
      subject(() => undefined),
      options,
    )
  })

  it('loses nothing in the third rotation', async () => {
    await sweep(
      subject((account) => account.state(true)),
      options,
    )
  })
})
