import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FakeKms } from '../fakes/aws-kms.ts'
import { slow } from '../sample.ts'
import { ended, Program } from './program.ts'

describe('keys, through the program', function () {
  this.timeout(120_000)
  let program: Program

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(() => {
    program = new Program()
  })
  afterEach(() => program.remove())

  it('open 1,000 secrets with exactly one call to a key management service', async () => {
    const kms = await new FakeKms().start()
    try {
      const key = kms.addKey('eu-west-1')
      const login = kms.addLogin(['kms:Encrypt', 'kms:Decrypt'])
      const env = {
        AWS_ACCESS_KEY_ID: login.accessKeyId,
        AWS_SECRET_ACCESS_KEY: login.secretAccessKey,
        AWS_ENDPOINT_URL_KMS: kms.url,
        AWS_REGION: 'eu-west-1',
      }
      const secrets = Array.from({ length: 1000 }, (_, n) => `  s${n}: {fn::secret: "secret number ${n}"}\n`)
      await program.ok('init')
      const init = ['env', 'init', 'app/many', '--secrets-provider', `awskms://${key.id}`, '--file', '-']
      const made = await program.run(init, { env, input: `values:\n${secrets.join('')}` })
      expect(made.code, made.err).to.equal(0)
      const before = kms.requests.length
      const values = await program.open('app/many', undefined, env)
      expect(values).to.deep.equal(
        Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`s${n}`, `secret number ${n}`])),
      )
      const calls = kms.requests.slice(before).map(({ headers }) => headers['x-amz-target'])
      expect(calls).to.deep.equal(['TrentService.Decrypt'])
      // Without the service, nothing opens, and what can be done without a key is done.
      expect((await program.esc(['open', 'app/many'])).code).to.equal(1)
      expect((await program.esc(['env', 'ls'])).out).to.equal('app/many\n')
    } finally {
      await kms.stop()
    }
  })

  it('are changed for all environments by a run that is killed again and again', async () => {
    const names = Array.from({ length: 6 }, (_, n) => `app/env${n}`)
    for (const [index, name] of names.entries()) {
      await program.withEnvironment(name, `values: {a: {fn::secret: "of ${name}"}, n: ${index}}\n`)
      // One of them says what the first of all said already.
      for (let n = 0; n < 20; n++) await program.ok('env', 'set', name, 'n', String(n))
    }
    const env = { ESC_PASSPHRASE: 'a new one' }
    const change = ['env', 'change-secrets-provider', '--all', 'passphrase']
    const open = async (name: string, env: Readonly<Record<string, string>>) => {
      const { code, out, err } = await program.run(['env', 'open', name, 'a'], { env })
      expect(code, `${name}: ${err}`).to.equal(0)
      return JSON.parse(out)
    }
    const isDefault = () => /secretsProvider: passphrase/.test(readFileSync(join(program.store, 'esc.yaml'), 'utf8'))
    let kills = 0
    let last = await ended(program.start(['version']))
    const growth = slow ? 1.25 : 1.5
    for (let delayMs = 60 + 40 * Math.random(); kills < 40; delayMs *= growth) {
      const child = program.start(change, env)
      const timer = setTimeout(() => child.kill('SIGKILL'), delayMs)
      last = await ended(child)
      clearTimeout(timer)
      if (last.signal === null) break
      kills++
      // Killed when all was done.
      if (isDefault()) break
      // Each is whole, under the one or the other.
      for (const name of names) expect(await open(name, env), name).to.equal(`of ${name}`)
    }
    if (last.signal === null) expect(last.code, last.err).to.equal(0)
    expect(kills).to.be.greaterThan(2)
    const nowhere = { ...env, ESC_CONFIG_HOME: join(program.folder, 'nowhere') }
    for (const name of names) expect(await open(`${name}@5`, nowhere), name).to.equal(`of ${name}`)
    const checked = await program.esc(['check'], nowhere)
    expect(checked.code, checked.out).to.equal(0)
    expect(checked.out).to.match(/131 revisions/)
    expect(isDefault()).to.equal(true)
  })
})
