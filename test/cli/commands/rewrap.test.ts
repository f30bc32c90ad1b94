import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc env rewrap', () => {
  const esc = new Playground()
  let bob: string
  let list: readonly string[]

  before(async () => {
    const ada = await generateIdentity()
    bob = await generateIdentity()
    list = [await identityToRecipient(ada), await identityToRecipient(bob)]
    esc.env.ESC_AGE_IDENTITY = ada
    await esc.ok('init')
    writeFileSync(join(esc.store, 'age-recipients.txt'), `${list[0]}\n`)
    for (const [name, url] of [
      ['app/listed', 'age://'],
      ['app/named', `age://${list[0]}`],
      ['app/own', 'default'],
    ] as const) {
      const words = ['env', 'init', name, '--secrets-provider', url, '--file', '-']
      const made = await esc.run(words, { input: 'values: {token: {fn::secret: not-a-real-token}}\n' })
      expect(made.code, made.err).to.equal(0)
    }
  })
  after(() => esc.remove())

  const opens = async (name: string) =>
    (await esc.run(['env', 'open', name], { env: { ESC_AGE_IDENTITY: bob } })).code === 0

  it('lets in who was added to the list, and changes no revision', async () => {
    writeFileSync(join(esc.store, 'age-recipients.txt'), `${list.join('\n')}\n`)
    expect(await opens('app/listed')).to.equal(false)
    const revisions = esc.digest(join(esc.store, 'app', 'listed', 'revisions'))
    await esc.ok('env', 'rewrap', 'app/listed')
    expect(await opens('app/listed')).to.equal(true)
    expect(esc.digest(join(esc.store, 'app', 'listed', 'revisions'))).to.equal(revisions)
    expect(JSON.parse(await esc.ok('env', 'open', 'app/listed')).token).to.equal('not-a-real-token')
  })

  it('takes a longer URL, which the settings are sealed with', async () => {
    await esc.ok('env', 'rewrap', 'app/named', `age://${list.join(',')}`)
    expect(await opens('app/named')).to.equal(true)
    const { findings } = JSON.parse(await esc.ok('check', '--output', 'json'))
    expect(findings).to.deep.equal([])
    await esc.ok('env', 'set', 'app/named', 'more', '1')
  })

  it('does all at once, and refuses another kind of provider and an environment it cannot open', async () => {
    const all = JSON.parse(await esc.ok('env', 'rewrap', '--all', '--output', 'json'))
    expect(all.map(({ name }: { name: string }) => name)).to.deep.equal(['app/listed', 'app/named', 'app/own'])
    const before = esc.digest()
    const other = await esc.run(['env', 'rewrap', 'app/own', 'passphrase'])
    expect(other.code).to.equal(2)
    expect(other.err).to.include('esc env change-secrets-provider app/own passphrase')
    const stranger = await esc.run(['env', 'rewrap', 'app/listed'], {
      env: { ESC_AGE_IDENTITY: await generateIdentity() },
    })
    expect(stranger.code).to.equal(1)
    expect(esc.digest()).to.equal(before)
  })
})
