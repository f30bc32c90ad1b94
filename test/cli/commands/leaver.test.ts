import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const rules = `access:
  teams:
    ops: [ada@example.com, Bob@example.com]
    night: bob@example.com
  rules:
    # keep this comment
    - {environments: "*", principals: ada@example.com, level: admin}
    - environments: app/*
      principals:
        - bob@example.com
        - "team:ops"
      level: write
    - {environments: app/dev, principals: [bob@example.com], level: open}
    - {environments: app/secret, principals: bob@example.com, level: none}
`

describe('esc access remove', function () {
  this.timeout(60_000)
  const esc = new Playground()
  const list = join(esc.store, 'age-recipients.txt')
  const configuration = join(esc.store, 'esc.yaml')
  const environments = ['app/listed', 'app/named', 'app/shared']
  let identities: { readonly ada: string; readonly bob: string; readonly carol: string }
  let recipients: typeof identities
  let asBob: Readonly<Record<string, string>>

  before(async () => {
    identities = { ada: await generateIdentity(), bob: await generateIdentity(), carol: await generateIdentity() }
    recipients = {
      ada: await identityToRecipient(identities.ada),
      bob: await identityToRecipient(identities.bob),
      carol: await identityToRecipient(identities.carol),
    }
    esc.env.ESC_AGE_IDENTITY = identities.ada
    esc.env.ESC_PRINCIPAL = 'ada@example.com'
    asBob = { ESC_AGE_IDENTITY: identities.bob, ESC_PRINCIPAL: 'ada@example.com' }
    await esc.ok('init')
    writeFileSync(list, `# ada@example.com\n${recipients.ada}\n# BOB@example.com\n${recipients.bob}\n`)
    const urls = ['age://', `age://${recipients.ada},${recipients.bob}`, 'default']
    for (const [index, name] of environments.entries()) {
      const definition = `values:\n  token: {fn::secret: ${name}-token}\n  password:\n    fn::rotate::password: {inputs: {length: 20}}\n`
      const made = await esc.run(['env', 'init', name, '--secrets-provider', urls[index] as string, '--file', '-'], {
        input: definition,
      })
      expect(made.code, made.err).to.equal(0)
      await esc.ok('env', 'rotate', name)
    }
    appendFileSync(configuration, rules)
    for (const name of ['app/listed', 'app/named'])
      expect((await esc.run(['env', 'open', name], { env: asBob })).code).to.equal(0)
  })
  after(() => esc.remove())

  it('says what it is about to do, and does nothing without an answer', async () => {
    const before = esc.digest()
    const { code, out } = await esc.run(['access', 'remove', 'bob@example.com', '--recipient', recipients.bob], {
      input: 'no\n',
    })
    expect(code).to.equal(1)
    expect(out)
      .to.include(recipients.bob)
      .and.include('new data keys, every revision re-encrypted: app/listed, app/named')
    expect(out).to.include('app/shared: default')
    expect(esc.digest()).to.equal(before)
  })

  it('refuses to leave a store without an admin, and a name that nothing knows', async () => {
    const before = esc.digest()
    const ada = await esc.run(['access', 'remove', 'ada@example.com', '--yes'])
    expect(ada.code).to.equal(1)
    expect(ada.err).to.include('the store would have no admin')
    const nobody = await esc.run(['access', 'remove', 'nobody', '--yes'])
    expect(nobody.code).to.equal(1)
    expect(nobody.err).to.include("nothing names 'nobody'")
    expect(esc.digest()).to.equal(before)
  })

  it('finishes, when it is run again, what failed the first time', async () => {
    appendFileSync(join(esc.store, 'app', 'listed', 'environment.yaml'), '# by hand\n')
    const words = ['access', 'remove', 'bob@example.com', '--recipient', recipients.bob, '--yes']
    const first = await esc.run(words)
    expect(first.code).to.equal(1)
    expect(first.out).to.include('app/listed: not changed').and.include('app/named: has a new data key')
    expect(readFileSync(list, 'utf8')).to.equal(`# ada@example.com\n${recipients.ada}\n`)
    await esc.ok('env', 'discard', 'app/listed')
    const second = await esc.run(['access', 'remove', 'bob@example.com', '--yes', '--rotate'])
    expect(second.code, second.err + second.out).to.equal(0)
    expect(second.out).to.include('app/listed: has a new data key').and.include('app/listed: token')
    expect(second.out).to.match(/app\/listed: password \(password: rotated/)
    expect(readdirSync(join(esc.state, 'leaving'))).to.deep.equal([])
  })

  it('leaves them nothing they can open, of no revision, and everything to those who stay', async () => {
    for (const name of ['app/listed', 'app/named']) {
      const revisions = readdirSync(join(esc.store, name, 'revisions')).length
      for (let number = 2; number <= revisions; number++) {
        const { code, out } = await esc.run(['env', 'open', `${name}@${number}`], { env: asBob })
        expect(code).to.equal(1)
        expect(out).to.equal('')
      }
      expect(JSON.parse(await esc.ok('env', 'open', name)).token).to.equal(`${name}-token`)
    }
  })

  it('says all of it as JSON', async () => {
    const words = ['access', 'remove', 'carol', '--recipient', recipients.carol, '--yes', '--output', 'json']
    appendFileSync(list, `${recipients.carol}\n`)
    const report = JSON.parse(await esc.ok(...words))
    expect(report).to.deep.include({ principal: 'carol', recipients: [recipients.carol], lists: [list], rules: false })
    expect(report.rekey).to.deep.equal(['app/listed'])
    expect(report.environments[0]).to.include({ name: 'app/listed', status: 'changed' })
    expect(report.known[0].exposed).to.deep.equal({
      rotators: [{ path: 'password', rotator: 'password' }],
      secrets: ['token'],
      webhooks: [],
    })
  })

  it('takes them out of teams and rules, and touches nothing else in esc.yaml', () => {
    const text = readFileSync(configuration, 'utf8')
    expect(text.slice(text.indexOf('access:'))).to.equal(`access:
  teams:
    ops: [ada@example.com]
    night: []
  rules:
    # keep this comment
    - {environments: "*", principals: ada@example.com, level: admin}
    - environments: app/*
      principals:
        - "team:ops"
      level: write
    - {environments: app/secret, principals: bob@example.com, level: none}
`)
  })

  it('is in the audit log, with the keys that were changed', async () => {
    const lines = JSON.parse(await esc.ok('audit', 'log', '--output', 'json'))
    const changed = lines.filter(
      ({ event, result }: { event: string; result: string }) =>
        event === 'environment-key-changed' && result === 'done',
    )
    expect(changed.map(({ environment }: { environment: string }) => environment)).to.deep.equal([
      'app/named',
      'app/listed',
      'app/listed',
    ])
    expect(
      lines.some(
        ({ event, details }: { event: string; details?: { principal?: string } }) =>
          event === 'access-updated' && details?.principal === 'bob@example.com',
      ),
    ).to.equal(true)
    expect(existsSync(join(esc.store, '.audit'))).to.equal(false)
  })

  it('lists the webhooks whose secret or URL they know, with what renews them, as text and as JSON', async () => {
    const hook = (name: string, url: string, ...more: string[]) =>
      esc.ok('env', 'webhook', 'new', 'app/listed', name, '--url', url, ...more)
    await hook('signed', 'https://example.com/hook', '--secret', 'signing-secret')
    await hook('both', 'https://example.com/hook?token=in-the-url', '--secret', 'signing-secret')
    await hook('chat', 'https://hooks.slack.com/services/T0/B0/x', '--format', 'slack')
    await hook('plain', 'https://example.com/hook')
    const remove = async (...more: string[]) => {
      appendFileSync(list, `${recipients.carol}\n`)
      return esc.ok('access', 'remove', 'carol', '--recipient', recipients.carol, '--yes', ...more)
    }
    const text = await remove()
    expect(text).to.match(/hook-1 \(signed, .*: its secret: "esc env webhook edit app\/listed hook-1 --secret -"\n/)
    expect(text).to.match(/hook-2 \(both, .*: its secret and its URL: ".* hook-2 --url <new URL> --secret -"\n/)
    expect(text).to.match(/hook-3 \(chat, .*: its URL: "esc env webhook edit app\/listed hook-3 --url <new URL>"\n/)
    expect(text).to.not.include('hook-4').and.not.include('signing-secret').and.not.include('in-the-url')
    const { webhooks } = JSON.parse(await remove('--output', 'json')).known[0].exposed
    expect(webhooks.map((each: { name: string }) => each.name)).to.deep.equal(['hook-1', 'hook-2', 'hook-3'])
    expect(webhooks[0]).to.deep.equal({
      name: 'hook-1',
      displayName: 'signed',
      url: 'https://example.com/hook',
      secret: true,
      secretUrl: false,
    })
  })
})
