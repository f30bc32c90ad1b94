import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc env trust', () => {
  const esc = new Playground()
  const theirs = join(esc.folder, 'theirs')
  const open = ['env', 'open', 'app/dev', '--store', theirs]

  before(async () => {
    await esc.withEnvironment('app/dev', 'values: {token: {fn::secret: not-a-real-token}}\n')
    cpSync(esc.store, theirs, { recursive: true })
    await esc.ok(...open)
    await esc.ok('env', 'change-secrets-provider', 'app/dev', 'default')
    // As with git pull: this machine's own files stay.
    rmSync(join(theirs, 'app'), { recursive: true })
    cpSync(join(esc.store, 'app'), join(theirs, 'app'), { recursive: true })
    // A change that nobody with the key before has signed.
    const settings = join(theirs, 'app', 'dev', 'settings.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^keyChanges: .*\n/m, ''))
  })
  after(() => esc.remove())

  it('is what a machine asks for that sees another key than it knows', async () => {
    const { code, err } = await esc.run(open)
    expect(code).to.equal(1)
    expect(err).to.include('has another data key than this machine has seen').and.include('esc env trust app/dev')
  })

  it('shows whose key it is, and accepts nothing without an answer', async () => {
    const asked = await esc.run(['env', 'trust', 'app/dev', '--store', theirs], { input: 'no\n' })
    expect(asked.code).to.equal(1)
    expect(asked.out)
      .to.match(/Revision: +2 is the newest/)
      .and.not.include('Ada')
    expect(asked.out).to.include('Seals:     right, with the new key').and.include('whoever has the key file')
    expect(asked.out).to.include('The secrets provider and the recipients it names are the same as before.')
    expect((await esc.run(open)).code).to.equal(1)
  })

  it('does not accept a key that the seals are not of', async () => {
    const settings = join(theirs, 'app', 'dev', 'settings.yaml')
    const good = readFileSync(settings, 'utf8')
    writeFileSync(settings, good.replace(/settingsSeal: .*/, 'settingsSeal: hmac-sha256:AAAA'))
    const { code, err } = await esc.run(['env', 'trust', 'app/dev', '--store', theirs, '--yes'])
    writeFileSync(settings, good)
    expect(code).to.equal(1)
    expect(err).to.match(/seal/)
    expect((await esc.run(open)).code).to.equal(1)
  })

  it('accepts the key when it is told so, once', async () => {
    const accepted = await esc.run(['env', 'trust', 'app/dev', '--store', theirs], { input: 'app/dev\n' })
    expect(accepted.code, accepted.err).to.equal(0)
    expect(JSON.parse(await esc.ok(...open)).token).to.equal('not-a-real-token')
    const again = JSON.parse(await esc.ok('env', 'trust', 'app/dev', '--store', theirs, '--output', 'json'))
    expect(again.accepted).to.equal(false)
  })
})
