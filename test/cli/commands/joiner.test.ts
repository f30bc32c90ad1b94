import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const rules = `access:
  teams: {dev: [Bob@example.com]}
  rules:
    - {environments: "*", principals: ada@example.com, level: admin}
    - {environments: app/*, principals: team:dev, level: open}
`

describe('esc access add', function () {
  this.timeout(60_000)
  let esc: Playground
  let list: string
  let identities: Record<'ada' | 'bob' | 'carol', string>
  let recipients: Record<'ada' | 'bob' | 'carol', string>

  beforeEach(async () => {
    esc = new Playground()
    list = join(esc.store, 'age-recipients.txt')
    const [ada, bob, carol] = [await generateIdentity(), await generateIdentity(), await generateIdentity()]
    identities = { ada, bob, carol }
    recipients = {
      ada: await identityToRecipient(ada),
      bob: await identityToRecipient(bob),
      carol: await identityToRecipient(carol),
    }
    esc.env.ESC_AGE_IDENTITY = ada
    esc.env.ESC_PRINCIPAL = 'ada@example.com'
    await esc.ok('init')
    writeFileSync(list, `# ada@example.com\n${recipients.ada}`)
    await make('app/listed', 'age://')
    await make('app/named', `age://${recipients.ada}`)
    await make('app/shared', 'default')
  })
  afterEach(() => esc.remove())

  async function make(name: string, url: string): Promise<void> {
    const words = ['env', 'init', name, '--secrets-provider', url, '--file', '-']
    const made = await esc.run(words, { input: `values: {token: {fn::secret: ${name}}}\n` })
    expect(made.code, made.err).to.equal(0)
  }
  const asBob = () => ({ env: { ESC_AGE_IDENTITY: identities.bob, ESC_STATE_HOME: join(esc.folder, 'bob') } })
  const opens = async (name: string) => (await esc.run(['env', 'open', name], asBob())).code === 0
  const add = (...more: string[]) => esc.run(['access', 'add', 'bob@example.com', recipients.bob, ...more])
  const revisions = () => ['app/listed', 'app/named'].map((name) => esc.digest(join(esc.store, name, 'revisions')))
  const addRules = (text = rules) =>
    writeFileSync(join(esc.store, 'esc.yaml'), readFileSync(join(esc.store, 'esc.yaml'), 'utf8') + text)

  it('lists the recipient with their name, locks every key for it, and changes no revision', async () => {
    expect(await opens('app/listed')).to.equal(false)
    const before = revisions()
    const { code, out, err } = await add('--yes')
    expect(code, err).to.equal(0)
    expect(out)
      .to.include("app/listed: 'bob@example.com' can open it\napp/named: 'bob@example.com' can open it\n")
      .and.include('  app/shared: default\n')
      .and.include('Once this is pushed, they run "git pull".')
    expect(readFileSync(list, 'utf8')).to.equal(
      `# ada@example.com\n${recipients.ada}\n# bob@example.com\n${recipients.bob}\n`,
    )
    expect(revisions()).to.deep.equal(before)
    expect([await opens('app/listed'), await opens('app/named')]).to.deep.equal([true, true])
    const again = JSON.parse((await add('--yes', '--output', 'json')).out)
    expect(again.environments).to.deep.equal([
      { name: 'app/listed', status: 'already' },
      { name: 'app/named', status: 'already' },
    ])
    await esc.ok('access', 'remove', 'BOB@example.com', '--recipient', recipients.bob, '--yes')
    expect([await opens('app/listed'), await opens('app/named')]).to.deep.equal([false, false])
    expect(readFileSync(list, 'utf8')).to.equal(`# ada@example.com\n${recipients.ada}\n`)
  })

  it('says what it is about to do, and does nothing without an answer', async () => {
    writeFileSync(list, `${readFileSync(list, 'utf8')}\n# eve\n${recipients.carol}\n`)
    const before = esc.digest()
    const { code, out } = await add()
    expect(code).to.equal(1)
    expect(out)
      .to.include("'bob@example.com' will be let in:")
      .and.include(`named in: ${list}`)
      .and.include('data keys encrypted for them too: app/listed, app/named')
      .and.include(`app/listed also lets in, as its list was edited before: ${recipients.carol}`)
    expect(esc.digest()).to.equal(before)
    const yes = await esc.run(['access', 'add', 'bob@example.com', recipients.bob], { input: 'bob@example.com\n' })
    expect(yes.code, yes.err).to.equal(0)
  })

  it('follows the rules, and lets nobody in where they do not', async () => {
    addRules()
    await make('ops/secret', `age://${recipients.ada}`)
    expect((await add('--yes')).out).to.not.include('ops/secret')
    expect([await opens('app/listed'), await opens('app/named'), await opens('ops/secret')]).to.deep.equal([
      true,
      true,
      false,
    ])
    const nobody = await esc.run(['access', 'add', 'carol', recipients.carol, '--yes'])
    expect(nobody.code).to.equal(1)
    expect(nobody.err).to.include("the rules give 'carol' no environment to open").and.include('esc.yaml')
  })

  it('refuses a list that is also for what they may not open, until that has one of its own', async () => {
    addRules()
    await make('ops/secret', 'age://')
    const before = esc.digest()
    const { code, err } = await add('--yes')
    expect(code).to.equal(1)
    expect(err)
      .to.include("is also the list of ops/secret, which 'bob@example.com' may not open")
      .and.include('a list of its own')
    expect(esc.digest()).to.equal(before)
    writeFileSync(join(esc.store, 'ops', 'secret', 'age-recipients.txt'), readFileSync(list))
    expect((await add('--yes')).code).to.equal(0)
    await esc.ok('env', 'rewrap', '--all')
    expect([await opens('app/listed'), await opens('ops/secret')]).to.deep.equal([true, false])
  })

  it('goes on after an environment that fails, reports it, and finishes when it is run again', async () => {
    const settings = join(esc.store, 'app', 'listed', 'settings.yaml')
    const text = readFileSync(settings, 'utf8')
    writeFileSync(settings, text.replace(/^(settingsSeal: .*).$/m, '$1x'))
    const first = await add('--yes')
    expect(first.code).to.equal(1)
    expect(first.out)
      .to.include('app/listed: not done: ')
      .and.include("app/named: 'bob@example.com' can open it")
      .and.include(`Run "esc access add bob@example.com ${recipients.bob}" again to finish.`)
    writeFileSync(settings, text)
    const second = await add('--yes')
    expect(second.code, second.out).to.equal(0)
    expect(second.out).to.include("app/listed: 'bob@example.com' can open it\napp/named: was done already\n")
    expect(await opens('app/listed')).to.equal(true)
  })

  it('refuses what is not a recipient, and one of somebody else, without repeating a secret', async () => {
    const before = esc.digest()
    const refused = async (principal: string, recipient: string) => {
      const { code, out, err } = await esc.run(['access', 'add', principal, recipient, '--yes'])
      expect(code, err).to.equal(1)
      expect(esc.digest()).to.equal(before)
      return out + err
    }
    expect(await refused('bob', identities.bob))
      .to.include('a secret key')
      .and.not.include(identities.bob.slice(16))
    expect(await refused('bob', 'ssh-ed25519 AAAA')).to.include('ssh keys')
    expect(await refused('bob', recipients.bob.slice(0, -1))).to.include('cut short')
    expect(await refused('bob', recipients.ada)).to.include("is listed as 'ada@example.com'")
    expect(await refused('a\nb', recipients.bob)).to.include('one line')
  })

  it('makes the list of a store that has none yet, and names who stands in it without a comment', async () => {
    rmSync(join(esc.store, 'app'), { recursive: true })
    rmSync(list)
    await esc
      .ok('init', '--secrets-provider', 'age://', join(esc.folder, 'other', 'environments'))
      .catch(() => undefined)
    const other = join(esc.folder, 'other', 'environments')
    if (!existsSync(join(other, 'esc.yaml'))) throw new Error('no store was made')
    const here = (...words: string[]) => esc.ok(...words, '--store', other)
    await here('access', 'add', 'ada@example.com', recipients.ada, '--yes')
    await here('access', 'add', 'bob@example.com', recipients.bob, '--yes')
    await here('env', 'init', 'app/dev')
    await here('env', 'set', 'app/dev', 'a', 'b', '--secret')
    const file = join(other, 'age-recipients.txt')
    const text = `# ada@example.com\n${recipients.ada}\n# bob@example.com\n${recipients.bob}\n`
    expect(readFileSync(file, 'utf8')).to.equal(text)
    const opened = await esc.run(['env', 'open', 'app/dev', '--store', other], asBob())
    expect(opened.code, opened.err).to.equal(0)
    writeFileSync(file, text.replace('# bob@example.com\n', ''))
    await here('access', 'add', 'bob@example.com', recipients.bob, '--yes')
    expect(readFileSync(file, 'utf8')).to.equal(text)
  })

  it('is in the audit log', async () => {
    await add('--yes')
    const lines = JSON.parse(await esc.ok('audit', 'log', '--output', 'json'))
    const found = lines.find(
      ({ event, result }: { event: string; result: string }) => event === 'access-updated' && result === 'done',
    )
    expect(found.details).to.deep.include({ principal: 'bob@example.com', recipient: recipients.bob })
  })
})

describe('esc access join', () => {
  let esc: Playground
  beforeEach(async () => {
    esc = new Playground()
    esc.env.ESC_PRINCIPAL = 'bob@example.com'
    await esc.ok('init')
  })
  afterEach(() => esc.remove())

  it('makes an identity where there is none, keeps it, and prints the command for a colleague', async () => {
    const file = join(esc.folder, 'config', 'age-identity.txt')
    const first = await esc.ok('access', 'join')
    const command = /^ {2}esc access add bob@example\.com (age1[a-z0-9]{58})$/m.exec(first)
    expect(command, first).to.not.equal(null)
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    const text = readFileSync(file, 'utf8')
    const identity = text.match(/^AGE-SECRET-KEY-1.*$/m)![0]
    expect(await identityToRecipient(identity)).to.equal(command![1])
    expect(first).to.include(file).and.not.include(identity)
    expect(JSON.parse(await esc.ok('access', 'join', '--output', 'json'))).to.deep.equal({
      principal: 'bob@example.com',
      recipient: command![1],
      place: file,
      created: false,
    })
    expect(readFileSync(file, 'utf8')).to.equal(text)
  })

  it('uses the identity that there is, and replaces none that cannot be used', async () => {
    const identity = await generateIdentity()
    const given = await esc.run(['access', 'join', '--output', 'json'], { env: { SOPS_AGE_KEY: identity } })
    expect(JSON.parse(given.out)).to.include({ recipient: await identityToRecipient(identity), place: 'SOPS_AGE_KEY' })
    const file = join(esc.folder, 'config', 'age-identity.txt')
    writeFileSync(file, 'AGE-SECRET-KEY-1DAMAGED\n', { mode: 0o600 })
    const damaged = await esc.run(['access', 'join'])
    expect(damaged.code).to.equal(1)
    expect(damaged.err).to.include(`cannot use the age identity of ${file}: it is damaged`)
    expect(readFileSync(file, 'utf8')).to.equal('AGE-SECRET-KEY-1DAMAGED\n')
  })
})
