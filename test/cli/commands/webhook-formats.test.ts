import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Received, Receiver } from '../../webhooks/receiver.ts'
import { Playground, type Ran } from './esc.ts'

const token = 'token-canary-51c2'
// biome-ignore lint/suspicious/noExplicitAny: what a receiver gets is any JSON.
type Payload = Record<string, any>

/** One path can be rotated; nothing listens for the other. */
const definition = `values:
  deploy:
    fn::rotate::password: {inputs: {length: 20}}
  cache:
    fn::rotate::redis-acl:
      inputs: {host: 127.0.0.1, port: 1, user: app, login: {username: m, password: {fn::secret: not-a-real-one}}}
`

describe('webhooks that start things elsewhere', function () {
  this.timeout(20_000)
  let esc: Playground
  let receiver: Receiver
  let base: string

  beforeEach(async () => {
    esc = await new Playground().withEnvironment('app/dev', 'values: {a: 1}\n')
    receiver = await new Receiver().start()
    base = `http://${receiver.host}`
    appendFileSync(
      join(esc.store, 'esc.yaml'),
      `webhooks: {allow: [${JSON.stringify(new URL(base).host)}]}\nrotationRetries: 0\n`,
    )
    await esc.ok('trust', '--yes')
  })
  afterEach(async () => {
    await receiver.stop()
    esc.remove()
  })

  const make = (words: readonly string[], input = '', environment = 'app/dev'): Promise<Ran> =>
    esc.run(['env', 'webhook', 'new', environment, 'x', ...words], { input })
  async function told(): Promise<readonly Received[]> {
    await esc.ok('env', 'webhook', 'deliver')
    return receiver.received.splice(0)
  }
  const settings = () => readFileSync(join(esc.store, 'app', 'dev', 'settings.yaml'), 'utf8')

  it('github: starts a repository_dispatch', async () => {
    const made = await make(
      ['--url', `${base}/repos/acme/app/dispatches`, '--format', 'github', '--header', 'Authorization: Bearer -'],
      `${token}\n`,
    )
    expect(made.code, made.err).to.equal(0)
    await esc.ok('env', 'set', 'app/dev', 'a', '2')
    const [sent, ...others] = await told()
    expect(others).to.deep.equal([])
    expect(sent).to.include({ method: 'POST', path: '/repos/acme/app/dispatches' })
    expect(sent?.headers).to.include({
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'content-type': 'application/json',
    })
    const { event_type: type, client_payload: payload, ...rest } = sent!.payload as Payload
    expect(rest).to.deep.equal({})
    expect(type).to.equal('esc_environment_revision_created')
    expect(payload.payload).to.include({ projectName: 'app', environmentName: 'dev', revision: 3, action: 'created' })
  })

  it('gitlab: starts a pipeline', async () => {
    const path = `/api/v4/projects/7/trigger/pipeline?token=${token}&ref=main`
    const made = await make(['--url', base + path, '--format', 'gitlab'])
    expect(made.code, made.err).to.equal(0)
    await esc.ok('env', 'set', 'app/dev', 'a', '2')
    const [sent] = await told()
    expect(sent).to.include({ method: 'POST', path })
    expect(sent?.headers).to.include({ 'content-type': 'application/json' })
    const { variables } = sent!.payload as { variables: Record<string, string> }
    expect(variables).to.include({
      ESC_EVENT: 'environment_revision_created',
      ESC_ENVIRONMENT: 'app/dev',
      ESC_REVISION: '3',
    })
    expect(JSON.parse(variables.ESC_PAYLOAD as string)).to.include({ action: 'created' })
    expect(settings()).to.not.include(token)
  })

  it('pulumi_deployments: starts a deployment of a stack', async () => {
    const path = '/api/stacks/acme/web/prod/deployments'
    const words = ['--format', 'pulumi_deployments', '--header', 'Authorization: token -']
    const made = await make(['--url', base + path, ...words], `${token}\n`)
    expect(made.code, made.err).to.equal(0)
    await esc.ok('env', 'set', 'app/dev', 'a', '2')
    const [sent] = await told()
    expect(sent).to.include({ method: 'POST', path })
    expect(sent?.headers).to.include({ authorization: `token ${token}`, 'content-type': 'application/json' })
    expect(sent?.payload).to.deep.equal({ operation: 'update', inheritSettings: true })
    await make(['--url', 'acme/web/prod', ...words], `${token}\n`)
    expect(await esc.ok('env', 'webhook', 'get', 'app/dev', 'hook-2')).to.include(
      'URL: https://api.pulumi.com/api/stacks/acme/web/prod/deployments\n',
    )
  })

  it('refuses a format without what it needs, and says how to give it', async () => {
    for (const [words, expected] of [
      [['--url', `${base}/x`, '--format', 'github'], 'github webhooks require a token'],
      [['--url', `${base}/x?ref=main`, '--format', 'gitlab'], 'gitlab webhooks require a --url'],
      [['--url', 'a/b/c', '--format', 'pulumi_deployments'], 'require an access token'],
      [['--url', 'b/c', '--format', 'pulumi_deployments'], 'require a --url that names a stack'],
    ] as const) {
      const { code, err } = await make(words)
      expect(code).to.equal(2)
      expect(err).to.include(expected).and.include('hint: ')
    }
  })

  it('sends headers, shows their names alone, and keeps them encrypted', async () => {
    const made = await make(['--url', `${base}/hook`, '--header', `X-Token: ${token}`, '--header', 'X-Team: core'])
    expect(made.code, made.err).to.equal(0)
    expect(settings()).to.include('X-Token').and.not.include(token)
    const shown = await esc.ok('env', 'webhook', 'get', 'app/dev', 'hook-1', '--output', 'json')
    expect(JSON.parse(shown).headers).to.deep.equal(['X-Token', 'X-Team'])
    expect(shown).to.not.include(token)
    await esc.ok('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    expect(receiver.received.splice(0)[0]?.headers).to.include({ 'x-token': token, 'x-team': 'core' })
    await esc.ok('env', 'webhook', 'edit', 'app/dev', 'hook-1', '--remove-header', 'x-team', '--header', 'x-token: new')
    await esc.ok('env', 'webhook', 'edit', 'app/dev', 'hook-1', '--display-name', 'y')
    await esc.ok('env', 'webhook', 'ping', 'app/dev', 'hook-1')
    const { headers } = receiver.received[0] as Received
    expect(headers['x-token']).to.equal('new')
    expect(headers).to.not.have.property('x-team')
  })

  it('lists headers among what somebody who leaves knows', async () => {
    await make(['--url', `${base}/hook`, '--header', `X-Token: ${token}`])
    const { exposedOf } = await import('../../../src/operations/access/exposed-secrets.ts')
    const { Store } = await import('../../../src/store/index.ts')
    const keys = { env: esc.env, configFolder: esc.env.ESC_CONFIG_HOME as string, notify: () => {} }
    const [exposed] = exposedOf(Store.open(esc.store, { keys }).environment('app/dev'), 'app/dev').webhooks
    expect(exposed).to.deep.include({ secret: false, secretUrl: false, headers: ['X-Token'] })
  })

  it('never shows the value of a header that is refused, and refuses those that would change the request', async () => {
    for (const header of [
      `X-Token ${token}`,
      `X-A: ${token}\r\nX-B: 1`,
      `Host: ${token}`,
      `content-length: ${token}`,
    ]) {
      const { code, err, out } = await make(['--url', `${base}/hook`, '--header', header])
      expect(code, header).to.equal(2)
      expect(out + err).to.not.include(token)
    }
  })

  it('fills in a template with members of the event', async () => {
    const template = {
      text: '${projectName}/${environmentName}: ${action} $${kept} ${nothing}',
      revision: '${revision}',
      user: ['${user.name}', '${nothing}'],
      on: true,
    }
    writeFileSync(join(esc.folder, 'body.json'), JSON.stringify(template))
    await make(['--url', `${base}/hook`, '--template', 'body.json'])
    await esc.ok('env', 'set', 'app/dev', 'a', '2')
    const [sent] = await told()
    expect(sent?.payload).to.deep.equal({
      text: 'app/dev: created ${kept} ',
      revision: 3,
      user: ['Ada Lovelace', null],
      on: true,
    })
    await esc.ok('env', 'webhook', 'edit', 'app/dev', 'hook-1', '--remove-template')
    await esc.ok('env', 'set', 'app/dev', 'a', '3')
    expect((await told())[0]?.payload).to.include({ action: 'created' })
    writeFileSync(join(esc.folder, 'body.json'), `{"a": ${token}`)
    const wrong = await make(['--url', `${base}/hook`, '--template', 'body.json'])
    expect(wrong.code).to.equal(2)
    expect(wrong.err).to.include('is not JSON').and.not.include(token)
  })

  it('tells of a rotation that succeeded in part what succeeded, too', async () => {
    await esc.withEnvironment('app/both', definition)
    const events = ['--event', 'environment_rotation_succeeded', '--event', 'environment_rotation_failed']
    await make(['--url', `${base}/hook`, ...events], '', 'app/both')
    const { code } = await esc.run(['env', 'rotate', 'app/both'])
    expect(code).to.equal(3)
    const sent = (await told()).map(({ payload }) => payload as Payload)
    const told_ = Object.fromEntries(sent.map((each) => [each.action, each.rotation]))
    const paths = (action: string) =>
      told_[action].rotations.map((each: Payload) => `${each.environmentPath} ${each.status}`).sort()
    expect(paths('rotation_succeeded')).to.deep.equal(['deploy succeeded'])
    expect(told_.rotation_succeeded).to.include({ status: 'succeeded', postRotationRevision: 3 })
    expect(paths('rotation_failed')).to.deep.equal(['cache failed', 'deploy succeeded'])
    expect(await told()).to.deep.equal([])
  })
})
