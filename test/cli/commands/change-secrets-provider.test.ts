import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, type RunOptions } from './esc.ts'

describe('env change-secrets-provider', () => {
  let playground: Playground
  const settings = (name: string) => readFileSync(join(playground.store, name, 'settings.yaml'), 'utf8')
  const change = (words: readonly string[], env: RunOptions['env'] = {}, io: RunOptions['io'] = {}) =>
    playground.run(['env', 'change-secrets-provider', ...words], { env, io })
  const nowhere = () => join(playground.folder, 'nowhere')

  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment(
      'app/dev',
      'values:\n  token: {fn::secret: first}\n  admin:\n    fn::rotate::password: {inputs: {length: 20}}\n',
    )
    await playground.ok('env', 'rotate', 'app/dev')
    await playground.ok('env', 'set', 'app/dev', 'token', 'second', '--secret')
  })
  afterEach(() => playground.remove())

  it('needs the former key for nothing any more, in no revision', async () => {
    const before = await playground.ok('open', 'app/dev')
    const ran = await change(['app/dev', 'passphrase'], { ESC_PASSPHRASE: 'new words' })
    expect(ran.err).to.equal('')
    expect(ran.code).to.equal(0)
    expect(ran.out).to.equal(`app/dev: from default to passphrase (4 revisions re-encrypted)

Who had the former key may know these secrets, and those of earlier revisions that are still in use. Change them where they come from:
  app/dev: token
  app/dev: admin (password: can be rotated)
Rotate what can be rotated, twice so that no former credential is left: "esc env rotate app/dev"
`)
    const env = { ESC_PASSPHRASE: 'new words', ESC_CONFIG_HOME: nowhere() }
    expect((await playground.run(['open', 'app/dev'], { env })).out).to.equal(before)
    const old = await playground.run(['open', 'app/dev@2', 'token'], { env })
    expect(old.out).to.equal('"first"\n')
    expect((await playground.run(['check'], { env })).out).to.match(/nothing is wrong/)
    expect((await playground.run(['open', 'app/dev'])).code).to.equal(1)
  })

  it('goes from one passphrase to another, which must be given apart', async () => {
    await change(['app/dev', 'passphrase'], { ESC_PASSPHRASE: 'one' })
    const present = { ESC_PASSPHRASE: 'one' }
    const asked = await change(['app/dev', 'passphrase'], present)
    expect(asked.code).to.equal(2)
    expect(asked.err).to.match(
      /^Error: it is under a passphrase already: a new passphrase must be given apart.*\nhint: set ESC_NEW/,
    )
    const ran = await change(['app/dev', 'passphrase'], { ...present, ESC_NEW_PASSPHRASE: 'two' })
    expect(ran.out).to.match(/^app\/dev: has a new data key under passphrase \(4 revisions re-encrypted\)\n/)
    const open = (passphrase: string) => playground.run(['open', 'app/dev'], { env: { ESC_PASSPHRASE: passphrase } })
    expect((await open('one')).err).to.match(/wrong passphrase for environment 'app\/dev'/)
    expect((await open('two')).code).to.equal(0)
  })

  it('locks for the age recipients of a file, and out who is taken off it', async () => {
    const { generateIdentity, identityToRecipient } = await import('age-encryption')
    const [mine, theirs] = [await generateIdentity(), await generateIdentity()]
    const file = join(playground.store, 'age-recipients.txt')
    const recipients = [await identityToRecipient(mine), await identityToRecipient(theirs)]
    writeFileSync(file, `${recipients.join('\n')}\n`)
    const open = (identity: string) =>
      playground.run(['open', 'app/dev', 'token'], { env: { ESC_AGE_IDENTITY: identity } })
    expect((await change(['app/dev', 'age'], { ESC_AGE_IDENTITY: mine })).code).to.equal(0)
    expect([(await open(mine)).out, (await open(theirs)).out]).to.deep.equal(['"second"\n', '"second"\n'])
    writeFileSync(file, `${recipients[0]}\n`)
    const ran = await change(['app/dev', 'age'], { ESC_AGE_IDENTITY: mine })
    expect(ran.out).to.match(/^app\/dev: has a new data key under age/)
    expect((await open(mine)).out).to.equal('"second"\n')
    const out = await open(theirs)
    expect(out.code).to.equal(1)
    expect(out.err).to.match(/none of your .*recipient|not.*recipient/)
  })

  it('refuses a URL that cannot be used, before anything is done', async () => {
    const before = playground.digest()
    expect((await change(['app/dev', 'awskms://'])).code).to.equal(1)
    expect((await change(['app/dev', 'tresor'])).err).to.match(/^Error: unknown secrets provider type 'tresor' \(supp/)
    expect((await change(['--all', 'app/dev', 'default'])).code).to.equal(2)
    expect((await change(['default'])).code).to.equal(2)
    expect((await change(['app/dev@2', 'default'])).err).to.match(/does not accept versions/)
    expect(playground.digest()).to.equal(before)
  })

  it('rotates with --rotate what a rotator can', async () => {
    const ran = await change(['app/dev', 'default', '--rotate'])
    expect(ran.err).to.equal("Environment 'app/dev' rotated.\nNew revision '5' was created.\n")
    expect(ran.out).to.include(
      '  app/dev: admin (password: rotated; its former credential ends with the next rotation)\n',
    )
    expect(ran.out).to.not.include('Rotate what can be rotated')
    // The guard against two rotations in a row counts here too: the keys are changed, and the exit
    // code says the rest.
    const again = await change(['app/dev', 'default', '--rotate'])
    expect(again.code).to.equal(1)
    expect(again.out).to.match(/^app\/dev: has a new data key/)
  })

  describe('--all', () => {
    beforeEach(async () => {
      await playground.withEnvironment('app/prod', 'values: {a: {fn::secret: x}}\n')
      await playground.ok('env', 'init', 'empty')
    })

    it('changes every environment, and the default of those to come', async () => {
      const ran = await change(['--all', 'passphrase'], { ESC_PASSPHRASE: 'new' })
      expect(ran.out).to.match(
        /^app\/dev: from default .*\napp\/prod: from default .*\ndefault\/empty: from default to passphrase \(0 revisions re-encrypted\)\nNew environments will be under passphrase.\n/,
      )
      expect(readFileSync(join(playground.store, 'esc.yaml'), 'utf8')).to.match(/secretsProvider: passphrase/)
      const env = { ESC_PASSPHRASE: 'new', ESC_CONFIG_HOME: nowhere() }
      for (const name of ['app/dev', 'app/prod', 'empty']) {
        expect((await playground.run(['open', name], { env })).code).to.equal(0)
      }
    })

    it('goes on where it was interrupted', async () => {
      await change(['app/dev', 'passphrase'], { ESC_PASSPHRASE: 'new' })
      const before = settings('app/dev')
      const ran = await change(['--all', 'passphrase'], { ESC_PASSPHRASE: 'old', ESC_NEW_PASSPHRASE: 'new' })
      expect(ran.code).to.equal(0)
      expect(ran.out).to.match(/^app\/dev: was under passphrase already\napp\/prod: from default to passphrase/)
      expect(settings('app/dev')).to.equal(before)
    })

    it('finishes a run that was killed at the very end', async () => {
      for (const name of ['app/dev', 'app/prod', 'empty']) await change([name, 'passphrase'], { ESC_PASSPHRASE: 'new' })
      const ran = await change(['--all', 'passphrase'], { ESC_PASSPHRASE: 'new' })
      expect(ran.code).to.equal(0)
      expect(ran.out).to.match(
        /^(?:[a-z/]+: was under passphrase already\n){3}New environments will be under passphrase/,
      )
    })

    it('leaves those that fail as they were, changes the others, and says so', async () => {
      await change(['app/dev', 'passphrase'], { ESC_PASSPHRASE: 'of somebody else' })
      const ran = await change(['--all', 'default'])
      expect(ran.code).to.equal(1)
      expect(ran.out).to.match(/^app\/dev: not changed: environment 'app\/dev' needs a passphrase.*\n {2}hint: /)
      expect(ran.out).to.not.include('New environments')
      expect(settings('app/dev')).to.match(/secretsProvider: passphrase/)
    })

    it('gives all of them new keys when they are there already', async () => {
      const before = settings('app/prod')
      const ran = await change(['--all', 'default', '--output', 'json'])
      expect(JSON.parse(ran.out).environments.map(({ status }: { status: string }) => status)).to.deep.equal([
        'changed',
        'changed',
        'changed',
      ])
      expect(settings('app/prod')).to.not.equal(before)
    })
  })
})
