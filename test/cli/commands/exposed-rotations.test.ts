import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import type { Host } from '../../../src/cli/framework/host.ts'
import { Playground } from './esc.ts'

const definition = `values:
  token: {fn::secret: kept}
  admin: {fn::rotate::password: {inputs: {length: 20}}}
  other: {fn::rotate::password: {inputs: {length: 20}}}
`
const interrupted: Partial<Host> = {
  onInterrupt: (listener) => {
    listener('SIGINT')
    return () => {}
  },
}

describe('credentials that are rotated because a key was changed', function () {
  this.timeout(60_000)
  let esc: Playground
  let bob: string
  beforeEach(async () => {
    esc = new Playground()
    const identities = [await generateIdentity(), await generateIdentity()]
    const [ada, second] = await Promise.all(identities.map(identityToRecipient))
    bob = second as string
    esc.env.ESC_AGE_IDENTITY = identities[0]
    await esc.ok('init')
    writeFileSync(join(esc.store, 'age-recipients.txt'), `# ada\n${ada}\n# bob\n${bob}\n`)
    for (const name of ['app/one', 'app/two']) {
      const made = await esc.run(['env', 'init', name, '--secrets-provider', 'age://', '--file', '-'], {
        input: definition,
      })
      expect(made.code, made.err).to.equal(0)
    }
    // Twice, so that a third time would end a credential that may still be in use.
    for (const paths of [[], ['admin']]) await esc.ok('env', 'rotate', 'app/one', ...paths)
  })
  afterEach(() => esc.remove())

  const at = (minutes: number, words: readonly string[], io: Partial<Host> = {}) =>
    esc.run(words, { io: { now: () => new Date(Date.parse('2026-03-04T05:06:07Z') + minutes * 60_000), ...io } })
  const key = (name: string) =>
    /wrappedDataKey: (.*)/.exec(readFileSync(join(esc.store, name, 'settings.yaml'), 'utf8'))?.[1]
  const open = async (name: string) => {
    const { admin, other } = JSON.parse(await esc.ok('env', 'open', name))
    return { admin: admin?.current, other: other?.current }
  }

  const commands: Readonly<Record<string, readonly string[]>> = {
    'access remove': ['access', 'remove', 'bob', '--rotate', '--yes'],
    'change-secrets-provider --all': ['env', 'change-secrets-provider', '--all', 'default', '--rotate'],
    'change-secrets-provider of one': ['env', 'change-secrets-provider', 'app/one', 'age://', '--rotate'],
  }
  for (const [title, words] of Object.entries(commands)) {
    it(`are reported as not rotated where that was refused, and the same command finishes it: ${title}`, async () => {
      const [before, keyBefore] = [await open('app/one'), key('app/one')]
      const first = await at(1, words)
      expect(first.code).to.equal(3)
      expect(first.out)
        .to.include('app/one: admin (password: NOT rotated)')
        .and.include('app/one: other (password: rotated; ')
        .and.include(
          '\nNot rotated, so the credentials that they may know are still in use:\n  app/one: admin: admin was rotated 60 s ago',
        )
        .and.include(
          'hint: wait until 2026-03-04T05:16:07Z, or end the credential before at once: "esc env rotate app/one admin --force"',
        )
        .and.match(/"esc [^"]+ --rotate" rotates what is left\.\n$/)
      const after = await open('app/one')
      expect(after.admin).to.equal(before.admin)
      expect(after.other).to.not.equal(before.other)
      const keyAfter = key('app/one')
      expect(keyAfter).to.not.equal(keyBefore)

      const again = JSON.parse((await at(2, [...words, '--output', 'json'])).out)
      expect(again.rotations).to.have.length(1)
      expect(again.rotations[0]).to.deep.include({ name: 'app/one', exitCode: 1, rotated: [] })
      expect(again.rotations[0].failed).to.have.length(1)
      expect(again.rotations[0].failed[0]).to.include({ path: 'admin' })
      expect(await open('app/one')).to.deep.equal(after)

      const said = /"(esc [^"]+ --rotate)" rotates/.exec(first.out)?.[1]?.split(' ').slice(1) as string[]
      const last = await at(11, [...said, ...(said[0] === 'access' ? ['--yes'] : [])])
      expect(last.code, last.out + last.err).to.equal(0)
      expect(last.out).to.not.include('ot rotated')
      const done = await open('app/one')
      expect(done.admin).to.not.equal(before.admin)
      expect(done.other).to.equal(after.other)
      expect(key('app/one')).to.equal(keyAfter)
      expect(readdirSync(join(esc.state, 'owed'))).to.deep.equal([])
    })
  }

  it('are rotated under the new passphrase, where one is given apart, and finished by the same command', async () => {
    const one = ['env', 'change-secrets-provider', 'app/one', 'passphrase']
    const env = { ESC_PASSPHRASE: 'first', ESC_NEW_PASSPHRASE: 'second' }
    const run = (words: readonly string[], minutes: number) =>
      esc.run(words, { env, io: { now: () => new Date(Date.parse('2026-03-04T05:06:07Z') + minutes * 60_000) } })
    expect((await esc.run(one, { env: { ESC_PASSPHRASE: 'first' } })).code).to.equal(0)
    const first = await run([...one, '--rotate'], 1)
    expect([first.code, first.out], first.err).to.deep.equal([3, first.out])
    expect(first.out).to.include('app/one: has a new data key').and.include('other (password: rotated;')
    const second = await run([...one, '--rotate'], 11)
    expect(second.code, second.out + second.err).to.equal(0)
    expect(second.out).to.include('was under passphrase already').and.include('admin (password: rotated;')
  })

  it('are no more to be rotated once somebody did it by hand', async () => {
    await at(1, commands['access remove'] as string[])
    await esc.ok('env', 'rotate', 'app/one', 'admin', '--force')
    const again = await at(2, commands['access remove'] as string[])
    expect(again.err).to.include("nothing names 'bob'")
  })

  it('wait for the next run after Ctrl-C, in every environment', async () => {
    const words = commands['access remove'] as string[]
    const first = await at(20, words, interrupted)
    expect(first.code).to.equal(130)
    expect(first.out)
      .to.match(/app\/one: has a new data key/)
      .and.include('app/one: admin (password: NOT rotated)')
      .and.include('app/two: other: interrupted before it began')
    expect(readdirSync(join(esc.state, 'leaving'))).to.have.length(1)
    const second = await at(21, words)
    expect(second.code, second.out + second.err).to.equal(0)
    expect(second.out).to.not.include('ot rotated')
    expect(readdirSync(join(esc.state, 'leaving'))).to.deep.equal([])
  })

  it('are rotated by --rotate also when it is given the second time only', async () => {
    await at(20, ['access', 'remove', 'bob', '--yes'])
    const { admin } = await open('app/one')
    const planned = await at(20, ['access', 'remove', 'bob', '--rotate'], { readLine: async () => 'bob' })
    expect(planned.out + planned.err).to.include('removed before, credentials not rotated since: app/one, app/two')
    expect(planned.code, planned.err).to.equal(0)
    expect((await open('app/one')).admin).to.not.equal(admin)
  })
})
