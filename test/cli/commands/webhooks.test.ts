import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { PostWebhook, WebhookRequest } from '../../../src/webhooks/index.ts'
import { Receiver } from '../../webhooks/receiver.ts'
import { Playground } from './esc.ts'

const canary = 'hush-canary-8d1f'
const definition = `values:
  token: {fn::secret: ${canary}-token}
  user:
    fn::rotate::password: {inputs: {length: 20}}
`
const failing = `values:
  server:
    fn::rotate::external:
      inputs: {url: "https://adapter.invalid/", request: {key: {fn::secret: ${canary}-request}}}
`

describe('esc env webhook', function () {
  this.timeout(20_000)
  let esc: Playground
  let sent: WebhookRequest[]
  let status: number
  const post: PostWebhook = async (request) => {
    sent.push(request)
    return { kind: 'answered', status, body: 'thanks' }
  }

  beforeEach(async () => {
    esc = new Playground()
    sent = []
    status = 200
    await esc.withEnvironment('app/dev', definition)
  })
  afterEach(() => esc.remove())

  const run = (...words: readonly string[]) => esc.run(words, { io: { postWebhook: post } })
  const hook = (environment: string, ...flags: readonly string[]) =>
    run('env', 'webhook', 'new', environment, 'test', '--url', 'https://example.com/hook', ...flags)
  /** Sends what is due; the payloads of it, by kind and action. */
  async function told() {
    const { code, err } = await run('env', 'webhook', 'deliver')
    expect(code, err).to.equal(0)
    return sent.splice(0).map(({ headers, body }) => {
      const payload = JSON.parse(body)
      return { event: `${headers['Pulumi-Webhook-Kind']} ${payload.action ?? ''}`.trim(), payload }
    })
  }
  const events = async () => (await told()).map(({ event }) => event).sort()

  it('tells of revisions, rotations, tags, retractions and schedules', async () => {
    await hook('app/dev')
    await esc.ok('env', 'set', 'app/dev', 'a', '1')
    expect(await events()).to.deep.equal(['environment_revision created'])
    await esc.ok('env', 'rotate', 'app/dev')
    expect(await events()).to.deep.equal(['environment_revision created', 'environment_rotation rotation_succeeded'])
    await esc.ok('env', 'tag', 'app/dev', 'owner', 'me')
    await esc.ok('env', 'tag', 'app/dev', 'owner', 'you')
    await esc.ok('env', 'tag', 'rm', 'app/dev', 'owner')
    expect(await events()).to.deep.equal(['created', 'deleted', 'updated'].map((each) => `environment_tag ${each}`))
    await esc.ok('env', 'version', 'tag', 'app/dev@stable', '2')
    await esc.ok('env', 'version', 'tag', 'app/dev@stable', '3')
    await esc.ok('env', 'version', 'retract', 'app/dev@2')
    await esc.ok('env', 'version', 'tag', 'rm', 'app/dev@stable')
    expect(await events()).to.deep.equal([
      'environment_revision retracted',
      ...['created', 'deleted', 'updated'].map((each) => `environment_revision_tag ${each}`),
    ])
    await esc.ok('env', 'schedule', 'new', 'app/dev', '--cron', '0 0 * * *')
    await esc.ok('env', 'schedule', 'pause', 'app/dev', 'sched-1')
    await esc.ok('env', 'schedule', 'remove', 'app/dev', 'sched-1', '--yes')
    expect(await events()).to.deep.equal(
      ['created', 'deleted', 'updated'].map((each) => `environment_schedule ${each}`),
    )
    expect(await events()).to.deep.equal([])
  })

  it('tells of a rotation that failed, though it has left no trace, and of what was refused nothing', async () => {
    await esc.withEnvironment('app/failing', failing)
    await hook('app/failing')
    const { code } = await run('env', 'rotate', 'app/failing')
    expect(code).to.not.equal(0)
    const [{ event, payload }, ...others] = (await told()) as [Awaited<ReturnType<typeof told>>[number]]
    expect(others).to.deep.equal([])
    expect(event).to.equal('environment_rotation rotation_failed')
    expect(payload.rotation.status).to.equal('failed')
    expect(payload.rotation.rotations[0]).to.deep.include({ environmentPath: 'server', status: 'failed' })
    await run('env', 'rotate', 'app/failing', 'nothing-there')
    await run('env', 'version', 'tag', 'app/failing@stable', '99')
    expect(await events()).to.deep.equal([])
  })

  it('tells of a rotation that was not even begun, for the environment was tampered with', async () => {
    await hook('app/dev')
    const file = join(esc.store, 'app', 'dev', 'revisions', '2.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('length: 20', 'length: 9'))
    const { code, err } = await run('env', 'rotate', 'app/dev')
    expect(code).to.equal(1)
    const [{ event, payload }, ...others] = (await told()) as [Awaited<ReturnType<typeof told>>[number]]
    expect(others).to.deep.equal([])
    expect(event).to.equal('environment_rotation rotation_failed')
    expect(err).to.contain(payload.rotation.errorMessage)
  })

  it('tells those that import what has changed, also through others, and follow the newest', async () => {
    await esc.withEnvironment('app/near', 'imports: [app/dev]\n')
    await esc.withEnvironment('app/far', 'imports: [app/near]\n')
    await esc.withEnvironment('app/pinned', 'imports: [app/dev@1]\n')
    for (const name of ['app/near', 'app/far', 'app/pinned'])
      await hook(name, '--event', 'imported_environment_changed')
    await esc.ok('env', 'set', 'app/dev', 'a', '1')
    const payloads = (await told()).map(({ event, payload }) => ({ event, ...payload }))
    expect(payloads.map(({ environmentName }) => environmentName).sort()).to.deep.equal(['far', 'near'])
    for (const payload of payloads) {
      expect(payload.event).to.equal('imported_environment_changed')
      const reference = { projectName: 'app', environmentName: 'dev', revision: 3 }
      expect(payload.importedEnvironmentReference).to.deep.equal(reference)
      expect(payload.affectedRevisions).to.deep.equal([2])
    }
  })

  it('sends only what was asked for: events, short names, groups; nothing while inactive', async () => {
    await hook('app/dev', '--event', 'environment_rotation_failed')
    await hook('app/dev', '--event', 'created')
    await hook('app/dev', '--group', 'environments')
    await hook('app/dev', '--group', 'change_requests')
    await hook('app/dev', '--active=false')
    await esc.ok('env', 'set', 'app/dev', 'a', '1')
    expect((await told()).length).to.equal(2)
  })

  it('keeps every secret out of what is sent, stored and shown', async () => {
    await esc.withEnvironment('app/failing', failing)
    for (const name of ['app/dev', 'app/failing']) {
      await hook(name, '--secret', `${canary}-hmac`)
      await run('env', 'webhook', 'new', name, 'q', '--url', `https://example.com/hook?token=${canary}-url`)
      const url = `https://hooks.slack.com/services/${canary}-slack`
      await run('env', 'webhook', 'new', name, 's', '--url', url, '--format', 'slack')
      await run(
        'env',
        'webhook',
        'new',
        name,
        't',
        '--url',
        `https://teams.example/${canary}-t`,
        '--format',
        'ms_teams',
      )
    }
    const canaries = new RegExp(`${canary}|${Buffer.from(canary).toString('base64').slice(0, 16)}`)
    await esc.ok('env', 'set', 'app/dev', 'other', '--secret', `${canary}-other`)
    await run('env', 'rotate', 'app/dev')
    const password = JSON.parse(await esc.ok('env', 'open', 'app/dev', 'user')).current
    await run('env', 'rotate', 'app/failing')
    // A receiver that sends back all it got.
    const echo: PostWebhook = async (request) => {
      sent.push(request)
      return {
        kind: 'answered',
        status: 500,
        body: `${request.url} ${request.url.search} ${request.url.searchParams.get('token')} ${request.url.pathname}`,
      }
    }
    await esc.run(['env', 'webhook', 'deliver'], { io: { postWebhook: echo } })
    expect(sent.length).to.be.greaterThan(10)
    for (const { body, headers } of sent) {
      expect(body + JSON.stringify(headers)).to.not.match(canaries)
      expect(body).to.not.contain(password)
    }
    const shown = await Promise.all([
      run('env', 'webhook', 'list', 'app/dev'),
      ...[1, 2, 3, 4].flatMap((number) => [
        run('env', 'webhook', 'get', 'app/dev', `hook-${number}`, '--output', 'json'),
        run('env', 'webhook', 'delivery', 'list', 'app/dev', `hook-${number}`, '--output', 'json'),
      ]),
    ])
    for (const { out, err } of shown) expect(out + err).to.not.match(canaries)
    const files = readdirSync(esc.store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name), 'utf8'), `${parentPath}/${name}`).to.not.match(canaries)
  })

  it('signs with the secret, as another implementation verifies', async function () {
    const secret = 'a secret with ümlauts'
    await hook('app/dev', '--secret', secret)
    await esc.ok('env', 'set', 'app/dev', 'a', '"ä"')
    await run('env', 'webhook', 'deliver')
    const { body, headers } = sent[0]!
    const verifiers: readonly (readonly [string, readonly string[]])[] = [
      ['openssl', ['dgst', '-sha256', '-hmac', secret, '-r']],
      [
        'python3',
        [
          '-c',
          'import hmac, sys; print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), "sha256").hexdigest())',
          secret,
        ],
      ],
    ]
    const verified = verifiers.flatMap(([program, words]) => {
      const { status, stdout } = spawnSync(program, words, { input: body, env: { ...process.env, PYTHONUTF8: '1' } })
      if (status !== 0) return []
      expect(String(stdout).slice(0, 64), program).to.equal(headers['Pulumi-Webhook-Signature'])
      return [program]
    })
    console.log(
      `      signature verified by: ${verified.join(', ') || 'nobody, for there is neither openssl nor python3'}`,
    )
    if (verified.length === 0) this.skip()
  })

  it('keeps the secret when the URL or the secrets provider changes, until it is removed', async () => {
    await hook('app/dev', '--secret', 's3cr3t')
    await run('env', 'webhook', 'edit', 'app/dev', 'hook-1', '--url', 'https://example.com/other')
    await esc.ok('env', 'change-secrets-provider', 'app/dev', 'default')
    await run('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(sent[0]!.url.pathname).to.equal('/other')
    expect(sent[0]!.headers['Pulumi-Webhook-Signature']).to.match(/^[0-9a-f]{64}$/)
    await run('env', 'webhook', 'edit', 'app/dev', 'hook-1', '--remove-secret')
    await run('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(sent[1]!.headers).to.not.have.property('Pulumi-Webhook-Signature')
    expect(await esc.ok('env', 'webhook', 'get', 'app/dev', 'hook-1')).to.contain('Has secret: false')
  })

  it('sends nothing that is signed to a URL that somebody without the key has put in its place', async () => {
    await hook('app/dev', '--secret', 's3cr3t')
    const file = join(esc.store, 'app', 'dev', 'settings.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('https://example.com/hook', 'https://attacker.example/'))
    const { code, err } = await run('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(code).to.equal(1)
    expect(err).to.contain("the URL of webhook 'hook-1' is not the one that its secret was set for")
    expect(sent).to.deep.equal([])
  })

  it('fails a ping that is not answered with success, and sends again what is asked for', async () => {
    await hook('app/dev')
    status = 503
    const ping = await run('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(ping.code).to.equal(1)
    expect(ping.out).to.match(/^ID: dlv-[0-9a-f]{24}\nKind: ping\nResponse code: 503\nDuration \(ms\): \d+\n$/)
    expect(ping.err).to.contain('Error: the delivery failed: answered 503\n')
    status = 200
    const id = /dlv-\w+/.exec(ping.out)![0]
    const again = await run('env', 'webhook', 'delivery', 'redeliver', 'app/dev', 'hook-1', id)
    expect(again.code, again.err).to.equal(0)
    expect(sent.map(({ headers }) => headers['Pulumi-Webhook-ID'])).to.deep.equal([id, id])
    expect(sent[1]!.body).to.equal(sent[0]!.body)
    const { deliveries } = JSON.parse(
      (await run('env', 'webhook', 'delivery', 'list', 'app/dev', 'hook-1', '--output', 'json')).out,
    )
    expect(deliveries).to.have.length(1)
    expect(deliveries[0]).to.deep.include({ id, responseCode: 200, state: 'delivered', attempts: 2 })
    expect((await run('env', 'webhook', 'delivery', 'redeliver', 'app/dev', 'hook-1', 'dlv-0')).code).to.equal(1)
  })

  it('drops what waits for a webhook that is removed, and gives its successor nothing of it', async () => {
    await hook('app/dev')
    await esc.ok('env', 'set', 'app/dev', 'a', '1')
    status = 500
    await run('env', 'webhook', 'deliver')
    await esc.ok('env', 'webhook', 'rm', 'app/dev', 'hook-1')
    status = 200
    sent.length = 0
    expect(await esc.ok('env', 'webhook', 'list', 'app/dev')).to.equal('')
    await hook('app/dev')
    expect(await events()).to.deep.equal([])
    expect(await esc.ok('env', 'webhook', 'delivery', 'list', 'app/dev', 'hook-1')).to.equal('')
  })

  const refusals: readonly (readonly [words: string, message: string])[] = [
    ['new app/dev x', '--url is required'],
    ['new app/dev  --url https://example.com/', 'webhook display name cannot be empty'],
    ['new app/dev x --url=', '--url cannot be empty'],
    ['new app/dev x --url ftp://a/', '--url "ftp://a/" must use http or https'],
    ['new app/dev x --url https:///a', '--url "https:///a" is missing a host'],
    [
      'new app/dev x --url https://example.com/ --format xml',
      'invalid --format "xml": must be one of raw, slack, ms_teams, github, gitlab, pulumi_deployments',
    ],
    [
      'new app/dev x --url https://example.com/ --format slack',
      'slack webhooks require a --url starting with https://hooks.slack.com/',
    ],
    [
      'new app/dev x --url p/s --format pulumi_deployments',
      'pulumi_deployments webhooks require a --url that names a stack',
    ],
    ['new app/dev x --url https://example.com/ --event rotated', 'invalid --event "rotated"'],
    ['new app/dev x --url https://example.com/ --event environment_created', 'invalid --event "environment_created"'],
    ['new app/dev x --url https://example.com/ --group all', 'invalid --group "all"'],
    ['get app/dev ', 'webhook name cannot be empty'],
    ['get app/dev hook-9', "environment 'app/dev' has no webhook 'hook-9'"],
    ['list app/dev --count -1', '--count must be non-negative'],
    [
      'edit app/dev hook-1 --event created --add-event deleted',
      '--event cannot be combined with --add-event or --remove-event',
    ],
    [
      'edit app/dev hook-1 --group environments --remove-group x',
      '--group cannot be combined with --add-group or --remove-group',
    ],
    ['edit app/dev hook-1 --secret a --remove-secret', '--secret cannot be combined with --remove-secret'],
    ['edit app/dev hook-1 --url http://example.com/', '--url "http://example.com/" is not encrypted'],
  ]
  for (const [words, message] of refusals) {
    it(`refuses: ${words}`, async () => {
      if (words.startsWith('edit')) await hook('app/dev')
      const { code, err } = await run('env', 'webhook', ...words.split(' '))
      expect(err.split('\n')[0]).to.equal(`Error: ${message}`)
      expect(code).to.be.greaterThan(0)
    })
  }

  it('changes lists: what is there without some, and with others', async () => {
    await hook('app/dev', '--event', 'created', '--event', 'deleted')
    const edit = ['--remove-event', 'created', '--add-event', 'updated', '--add-event', 'deleted']
    await run('env', 'webhook', 'edit', 'app/dev', 'hook-1', ...edit, '--display-name', 'other')
    const { out } = await run('env', 'webhook', 'get', 'app/dev', 'hook-1', '--output', 'json')
    expect(JSON.parse(out)).to.deep.include({ displayName: 'other', events: ['deleted', 'updated'] })
  })

  it('reads a secret from standard input', async () => {
    const words = ['env', 'webhook', 'new', 'app/dev', 'x', '--url', 'https://example.com/', '--secret', '-']
    const { out } = await esc.run(words, { input: 's3cr3t\n' })
    expect(out).to.contain('Created webhook "hook-1"')
    await run('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(sent[0]!.headers).to.have.property('Pulumi-Webhook-Signature')
  })

  it('reaches a private receiver that esc.yaml names, over the network', async () => {
    const receiver = await new Receiver().start()
    const words = ['env', 'webhook', 'new', 'app/dev', 'x', '--url', receiver.url]
    expect((await esc.run(words)).code).to.equal(2)
    appendFileSync(join(esc.store, 'esc.yaml'), `webhooks: {allow: ["${receiver.host}"]}\n`)
    await esc.ok('trust', '--yes')
    await esc.ok(...words)
    await esc.ok('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(receiver.received[0]!.headers['user-agent']).to.equal('esc-webhooks')
    await receiver.stop()
  })

  it('tells an environment that imports what somebody has changed who may not even read it', async () => {
    await esc.withEnvironment('app/secretive', 'imports: [app/dev]\n')
    await hook('app/secretive')
    const rules = [
      '{environments: "*", principals: ada@example.com, level: admin}',
      '{environments: app/dev, principals: bob@example.com, level: write}',
    ]
    appendFileSync(join(esc.store, 'esc.yaml'), `access: {rules: [${rules.join(', ')}]}\n`)
    const env = { ESC_AUTHOR: 'Bob <bob@example.com>', ESC_PRINCIPAL: 'bob@example.com' }
    const io = { postWebhook: post }
    expect((await esc.run(['env', 'webhook', 'list', 'app/secretive'], { env, io })).code).to.equal(4)
    expect((await esc.run(['env', 'set', 'app/dev', 'a', '1'], { env, io })).code).to.equal(0)
    expect((await esc.run(['env', 'webhook', 'deliver'], { env, io })).code).to.equal(0)
    expect(JSON.parse(sent[0]!.body).importedEnvironmentReference.environmentName).to.equal('dev')
    expect(JSON.parse(sent[0]!.body).user.name).to.equal('Bob')
  })

  it('is told by the scheduler, before a tick ends', async () => {
    await esc.ok('env', 'schedule', 'new', 'app/dev', '--cron', '0 0 * * *')
    await hook('app/dev', '--event', 'environment_rotation_succeeded')
    const now = () => new Date('2026-03-05T00:00:30Z')
    const { code, out, err } = await esc.run(['scheduler', 'tick'], { io: { postWebhook: post, now } })
    expect(code, out + err).to.equal(0)
    expect(sent.map(({ headers }) => headers['Pulumi-Webhook-Kind'])).to.deep.equal(['environment_rotation'])
  })

  it('goes on past an environment that is damaged', async () => {
    await esc.withEnvironment('app/broken', 'values: {}\n')
    await hook('app/broken')
    await hook('app/dev')
    await esc.ok('env', 'set', 'app/broken', 'a', '1')
    await esc.ok('env', 'set', 'app/dev', 'a', '1')
    const file = join(esc.store, 'app', 'broken', 'settings.yaml')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, '<<<<<<< HEAD\n')
    const names = async () => (await told()).map(({ payload }) => payload.environmentName)
    expect(await names()).to.deep.equal(['dev'])
    writeFileSync(file, before)
    expect(await names()).to.deep.equal(['broken'])
  })
})
