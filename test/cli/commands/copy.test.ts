import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const SOURCE = `# the application
imports: [base/common]
values:
  region: eu-west-1   # Ireland
  token:
    fn::secret: hunter2-hunter2
  database:
    # who
    user: app
    password: {fn::secret: "pa$$word\\nof two lines"}
  admin:
    fn::rotate::password:
      inputs: {length: 20}
`

describe('copying configuration', () => {
  let playground: Playground
  const definition = (name: string) => readFileSync(join(playground.store, name, 'environment.yaml'), 'utf8')
  const open = async (name: string, path?: string) =>
    JSON.parse(await playground.ok('open', name, ...(path ? [path] : [])))

  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('base/common', 'values: {shared: 1}\n')
    await playground.withEnvironment('app/dev', SOURCE)
    await playground.ok('env', 'rotate', 'app/dev')
  })
  afterEach(() => playground.remove())

  describe('env init --copy-config-from', () => {
    it('makes an environment with every byte but the ciphertexts, and no credential of a rotator', async () => {
      const ran = await playground.run(['env', 'init', 'app/prod', '--copy-config-from', 'app/dev'])
      expect(ran.out).to.equal('Environment created: local/app/prod\n')
      expect(ran.err).to.equal(
        'warning: admin was copied without its credential; "esc env rotate app/prod" makes one\n',
      )
      const ciphertexts = /ciphertext: [^\s}]+/g
      const rotated = /\n +state:[\s\S]*/
      const [dev, prod] = [definition('app/dev').replace(rotated, '\n'), definition('app/prod')]
      expect(prod.replace(ciphertexts, '…')).to.equal(dev.replace(ciphertexts, '…'))
      for (const ciphertext of dev.match(ciphertexts) ?? []) expect(prod).to.not.include(ciphertext)
      expect(await open('app/prod', 'token')).to.equal('hunter2-hunter2')
      expect(await open('app/prod', 'database')).to.deep.equal(await open('app/dev', 'database'))
      expect((await playground.run(['check'])).out).to.match(
        /^Checked 3 environments, 7 revisions: nothing is wrong\.\n/,
      )
    })

    it('makes nothing when the source is not there or cannot be decrypted', async () => {
      const missing = await playground.run(['env', 'init', 'app/prod', '--copy-config-from', 'app/dve'])
      expect(missing.err).to.equal("Error: environment 'app/dve' does not exist\nhint: did you mean 'app/dev'?\n")
      const locked = await playground.run(['env', 'init', 'app/prod', '--copy-config-from', 'app/dev'], {
        env: { ESC_CONFIG_HOME: join(playground.folder, 'nowhere') },
      })
      expect(locked.code).to.equal(1)
      expect(existsSync(join(playground.store, 'app', 'prod'))).to.equal(false)
      const both = ['env', 'init', 'app/prod', '--copy-config-from', 'app/dev', '--file', '-']
      expect((await playground.run(both)).code).to.equal(2)
    })

    it('encrypts for another secrets provider', async () => {
      const words = ['env', 'init', 'app/prod', '--copy-config-from=app/dev', '--secrets-provider=passphrase']
      expect((await playground.run(words, { env: { ESC_PASSPHRASE: 'of prod' } })).code).to.equal(0)
      // Without the key of the source.
      const env = { ESC_PASSPHRASE: 'of prod', ESC_CONFIG_HOME: join(playground.folder, 'nowhere') }
      const ran = await playground.run(['env', 'get', 'app/prod', 'token', '--show-secrets', '--value=string'], { env })
      expect(ran.out).to.equal('hunter2-hunter2\n')
    })
  })

  describe('config cp', () => {
    const DEST = `# of production
values:
  # stays where it is
  region: us-east-1
  own: kept # with this
  token: {fn::secret: another}
`
    beforeEach(() => playground.withEnvironment('app/prod', DEST))

    it('copies everything over what is there, and keeps the rest with its comments', async () => {
      const ran = await playground.run(['config', 'cp', 'app/dev', '--dest', 'app/prod'])
      expect(ran.out).to.equal("Copied 4 values and 1 import to 'app/prod'.\nNew revision '3' was created.\n")
      expect(ran.err).to.match(/^warning: admin was copied without its credential/)
      const text = definition('app/prod')
      expect(text).to.include('# of production').and.include('  # stays where it is\n  region: eu-west-1\n')
      expect(text).to.include('  own: kept # with this\n').and.not.include('hunter2')
      expect(await open('app/prod')).to.deep.equal({
        ...(await open('app/dev')),
        admin: await open('app/prod', 'admin'),
        own: 'kept',
      })
      expect(await playground.ok('config', 'copy', '--env', 'app/dev', '-d', 'app/prod')).to.equal(
        "'app/prod' has it all already.\n",
      )
    })

    it('copies one value, into the middle of others', async () => {
      const before = definition('app/prod')
      await playground.ok('config', 'cp', 'app/dev', 'database.password', '--dest', 'app/prod')
      expect(definition('app/prod').startsWith(before)).to.equal(true)
      expect(await open('app/prod', 'database')).to.deep.equal({ password: 'pa$word\nof two lines' })
    })

    it('copies from an older revision', async () => {
      await playground.ok('env', 'set', 'app/dev', 'region', 'nowhere')
      await playground.ok('config', 'cp', 'app/dev@2', 'region', '-d', 'app/prod')
      expect(await open('app/prod', 'region')).to.equal('eu-west-1')
    })

    it('merges key by key, at any depth, and keeps what only the destination has', async () => {
      await playground.run(['env', 'edit', 'app/prod', '--file', '-'], {
        input: `values:
  database:
    host: prod.example.com   # only here
    user: somebody
    pool: {min: 1, max: 9}   # sizes
  region: us-east-1
  limits: [1, 2]
`,
      })
      await playground.run(['env', 'edit', 'app/dev', '--file', '-'], {
        input: `values:
  database:
    user: app
    pool: {max: 4}
    extra: {fn::toJSON: {a: 1}}
  region: {main: eu-west-1}
  limits: [3]
`,
      })
      await playground.ok('config', 'cp', 'app/dev', '--dest', 'app/prod')
      expect(definition('app/prod')).to.equal(`values:
  database:
    host: prod.example.com   # only here
    user: app
    pool: {min: 1, max: 4}   # sizes
    extra:
      fn::toJSON: {a: 1}
  region:
    main: eu-west-1
  limits: [3]
`)
    })

    describe('with rotated credentials in the destination', () => {
      const ROTATED = `values:
  admin:
    fn::rotate::password:
      inputs: {length: 30}
  nested:
    deep: {fn::rotate::password: {inputs: {length: 24}}}
    other: stays
  list:
    - fn::rotate::password: {inputs: {length: 24}}
  word: {fn::rotate::passphrase: {inputs: {length: 7}}}
`
      const states = (name: string) => definition(name).match(/ciphertext: [^\s}]+/g) ?? []
      beforeEach(async () => {
        await playground.run(['env', 'edit', 'app/prod', '--file', '-'], { input: ROTATED })
        await playground.ok('env', 'rotate', 'app/prod')
      })

      it('keeps them where the source has the same rotator, rotated or not', async () => {
        const before = await open('app/prod')
        const held = states('app/prod')
        for (const source of ['app/dev', 'app/dev@2']) {
          const ran = await playground.run(['config', 'cp', source, '--dest', 'app/prod'])
          expect(ran.code, ran.err).to.equal(0)
          if (source === 'app/dev')
            expect(ran.err).to.equal(
              "note: admin keeps the rotated credentials of 'app/prod'; check that they fit its new inputs\n",
            )
          expect(await open('app/prod', 'admin')).to.deep.equal(before.admin)
          expect(states('app/prod')).to.include.members(held)
        }
        expect(definition('app/prod')).to.include('inputs: {length: 20}')
        expect((await open('app/prod')).nested).to.deep.equal(before.nested)
        expect((await playground.run(['check'])).out).to.include('nothing is wrong')
      })

      it('keeps them where the source has another rotator, a value, a list or nothing, and says so', async () => {
        await playground.run(['env', 'edit', 'app/dev', '--file', '-'], {
          input: `values:
  admin: plain
  nested: {deep: {fn::rotate::passphrase: {inputs: {length: 8}}}, other: [new]}
  list: [{fn::rotate::password: {inputs: {length: 40}}}, {also: this}]
  word: [1]
`,
        })
        const before = await open('app/prod')
        const held = states('app/prod')
        const ran = await playground.run(['config', 'cp', 'app/dev', '--dest', 'app/prod', '--output', 'json'])
        expect(ran.code, ran.err).to.equal(0)
        const said = JSON.parse(ran.out)
        expect(said.notCopied).to.deep.equal(['admin', 'nested.deep', 'word'])
        expect(said.keptCredentials).to.deep.equal(['list[0]'])
        expect(said.replaced).to.include('nested.other')
        expect(said.added).to.deep.equal(['list[1]'])
        for (const path of said.notCopied) expect(ran.err).to.include(`warning: ${path} was not copied: 'app/prod' has`)
        const after = await open('app/prod')
        expect(after).to.deep.include({ admin: before.admin, word: before.word })
        expect(after.nested).to.deep.equal({ deep: before.nested.deep, other: ['new'] })
        expect(after.list).to.deep.equal([before.list[0], { also: 'this' }])
        expect(states('app/prod')).to.deep.equal(held)
      })

      it('keeps them whatever part of a rotator is named', async () => {
        const held = states('app/prod')
        const before = await open('app/prod')
        for (const key of ['admin', 'admin["fn::rotate::password"]', 'admin["fn::rotate::password"].inputs'])
          await playground.ok('config', 'cp', 'app/dev', key, '--dest', 'app/prod')
        expect(await open('app/prod')).to.deep.equal(before)
        expect(states('app/prod')).to.deep.equal(held)
        const state = ['config', 'cp', 'app/dev', 'admin["fn::rotate::password"].state', '--dest', 'app/prod']
        expect((await playground.run(state)).code).to.equal(1)
      })

      it('shows with --plan what would be added, replaced and kept, and writes nothing', async () => {
        const before = playground.digest()
        const ran = await playground.run(['config', 'cp', 'app/dev', '--dest', 'app/prod', '--plan'])
        expect(ran.out).to.equal(
          "Would change 'app/prod':\n  import   base/common\n  add      region\n  add      token\n  add      database\n" +
            '  replace  admin["fn::rotate::password"].inputs.length\n',
        )
        expect(ran.err).to.match(/^note: admin would keep the rotated credentials of 'app\/prod'; check/)
        const json = await playground.ok('config', 'cp', 'app/dev', '-d', 'app/prod', '--plan', '--output', 'json')
        expect(JSON.parse(json)).to.deep.include({ planned: true, changed: false, keptCredentials: ['admin'] })
        expect(ran.out + ran.err + json).not.to.include('hunter2')
        expect(playground.digest()).to.equal(before)
      })
    })

    it('takes the selected environment for the source when only a key is named', async () => {
      await playground.ok('select', 'app/dev')
      expect(await playground.ok('config', 'cp', 'database.user', '--dest', 'app/prod')).to.include('Copied 1 value to')
      expect(await open('app/prod', 'database.user')).to.equal('app')
      expect(await playground.ok('config', 'cp', '--dest', 'app/prod', '--plan')).to.include(
        'add      database.password',
      )
    })

    it('refuses the same environment, a missing key and a missing destination', async () => {
      const errors = async (...words: string[]) => (await playground.run(['config', 'cp', ...words])).err
      expect(await errors('app/dev', '-d', 'app/dev')).to.match(
        /^Error: current environment and destination environment are the same\n/,
      )
      expect(await errors('app/dev', 'regoin', '-d', 'app/prod')).to.equal(
        "Error: there is no 'regoin' in environment 'app/dev'\nhint: did you mean 'region'?\n",
      )
      expect(await errors('app/dev', '-d', 'app/new')).to.match(/^Error: environment 'app\/new' does not exist\n/)
      expect(await errors('app/dev')).to.match(/^Error: required flag\(s\) "dest" not set\n/)
    })
  })
})
