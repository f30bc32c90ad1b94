import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { formatJson } from '../../src/json.ts'
import { EscApi, type RemoteRefusal } from '../../src/remote/index.ts'
import { FakeEscServer } from '../fakes/esc-server.ts'
import { selfSigned } from '../servers/certificate.ts'

const secret = 'values:\n  password:\n    fn::secret: hunter2\n'

/** What was thrown, which must be an error for the user. */
async function refusal(work: Promise<unknown>): Promise<EscError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(EscError)
  return error as EscError
}

describe('EscApi', () => {
  let server: FakeEscServer
  let api: EscApi
  const apiWith = (token: string | undefined, env: Record<string, string> = {}, url = server.url) =>
    new EscApi({ url, token, userAgent: 'gitesc/test', env })

  beforeEach(async () => {
    server = await new FakeEscServer().start()
    api = apiWith(server.token)
  })
  afterEach(() => server.stop())

  it('says who it is and what it speaks, and carries the token in the header alone', async () => {
    expect((await api.user()).organizations[0]?.githubLogin).to.equal('acme')
    expect(await api.defaultOrganization()).to.equal('acme')
    for (const { headers, path } of server.requests) {
      expect(headers).to.include({
        authorization: `token ${server.token}`,
        accept: 'application/vnd.pulumi+8',
        'user-agent': 'gitesc/test',
      })
      expect(path).to.not.include(server.token)
    }
  })

  it('lists every page of environments', async () => {
    for (const name of ['app/a', 'app/b', 'web/c', 'web/d', 'web/e']) server.add(name).edit('')
    const names = (await api.environments('acme')).map(({ project, name }) => `${project}/${name}`)
    expect(names).to.deep.equal(['app/a', 'app/b', 'web/c', 'web/d', 'web/e'])
    expect(await api.environments()).to.have.length(5)
    expect(server.requests).to.have.length(6)
    expect((await refusal(api.environments('other'))).code).to.equal('not_found')
  })

  it('creates, changes, reads, decrypts, clones and removes an environment', async () => {
    await api.createEnvironment('acme', 'app', 'dev')
    expect((await refusal(api.createEnvironment('acme', 'app', 'dev'))).code).to.equal('conflict')
    const dev = api.environment('acme', 'app', 'dev')
    const { etag } = await dev.read()
    expect(await dev.update(secret, { etag })).to.equal(2)
    expect((await refusal(dev.update('values: {}\n', { etag }))).code).to.equal('conflict')
    const sealed = await dev.read()
    expect(sealed.revision).to.equal(2)
    expect(sealed.text).to.include('ciphertext').and.not.include('hunter2')
    expect(await dev.decrypt('2')).to.include({ text: secret, revision: 2 })
    expect((await dev.decrypt(1)).text).to.equal('')
    expect(await dev.id()).to.equal(server.environments.get('app/dev')?.id)
    await dev.clone({ project: 'web', name: 'copy' })
    expect((await api.environment('acme', 'web', 'copy').decrypt()).text).to.equal(secret)
    await dev.protectFromDeletion(true)
    expect(await dev.isDeletionProtected()).to.equal(true)
    expect((await refusal(dev.remove())).code).to.equal('conflict')
    await dev.protectFromDeletion(false)
    await dev.remove()
    expect((await refusal(dev.read())).code).to.equal('not_found')
  })

  it('pages through revisions and tags, and ends where each listing ends in its own way', async () => {
    const environment = server.add('app/dev')
    for (let each = 0; each < 5; each++) environment.edit(`values: {n: ${each}}\n`)
    const dev = api.environment('acme', 'app', 'dev')
    expect((await dev.revisions.all()).map(({ number }) => number)).to.deep.equal([5, 4, 3, 2, 1])
    for (const name of ['stable', 'beta', 'zeta']) await dev.revisions.createTag(name, 2)
    await dev.revisions.moveTag('beta', 4)
    await dev.revisions.removeTag('zeta')
    expect((await dev.revisions.tags()).map(({ name, revision }) => [name, revision])).to.deep.equal([
      ['beta', 4],
      ['stable', 2],
    ])
    expect((await dev.revisions.tag('latest')).revision).to.equal(5)
    await dev.revisions.retract(3, { reason: 'wrong' })
    expect((await dev.revisions.all())[2]?.retracted).to.include({ replacement: 2, reason: 'wrong' })
    expect((await refusal(dev.decrypt(3))).code).to.equal('not_found')
    for (const name of ['a', 'b', 'c']) await dev.tags.create(name, 'x')
    await dev.tags.change('a', 'x', { name: 'aa', value: 'y' })
    expect((await refusal(dev.tags.change('b', 'z', { value: 'y' }))).code).to.equal('conflict')
    await dev.tags.remove('c')
    expect((await dev.tags.all()).map(({ name, value }) => [name, value])).to.have.deep.members([
      ['aa', 'y'],
      ['b', 'x'],
    ])
    expect(await dev.tags.get('aa')).to.include({ value: 'y', editorName: 'Bob' })
  })

  it('opens, and keeps the digits of numbers', async () => {
    server.add('app/dev').edit(secret)
    const dev = api.environment('acme', 'app', 'dev')
    const id = await dev.open(undefined, '2h0m0s')
    expect(formatJson(await dev.values(id))).to.include('12345678901234567890')
    expect(formatJson(await dev.property(id, 'size'))).to.include('12345678901234567890')
    expect((await refusal(dev.values('other'))).code).to.equal('not_found')
    expect(server.requests[0]?.path).to.equal('/api/esc/environments/acme/app/dev/open?duration=2h0m0s')
    expect(await dev.open(1)).to.be.a('string')
  })

  it('checks a definition, and returns what is wrong as data', async () => {
    expect(formatJson(await api.check('acme', 'values: {}\n'))).to.include('properties')
    const error = await refusal(api.check('acme', 'values:\n  a: ${bad_ref}\n'))
    expect(error.message).to.include('<yaml>:2:6: unknown property "bad_ref"')
    expect((error as RemoteRefusal).diagnostics[0]?.range?.begin.line).to.equal(2)
  })

  it('rotates, and handles schedules, webhooks and referrers', async () => {
    server.add('app/dev').edit(secret)
    const dev = api.environment('acme', 'app', 'dev')
    expect((await dev.rotate(['db'])).rotations[0]).to.include({ environmentPath: 'db', errorMessage: 'no' })
    const { id } = await dev.schedules.create({ scheduleCron: '0 4 * * *' })
    expect((await dev.schedules.change(id, { scheduleCron: '0 5 * * *' })).scheduleCron).to.equal('0 5 * * *')
    expect((await dev.schedules.get(id)).nextExecution?.toISOString()).to.equal('2025-03-01T00:00:00.000Z')
    expect(await dev.schedules.runs(id)).to.have.length(1)
    await dev.schedules.remove(id)
    expect(await dev.schedules.all()).to.deep.equal([])
    const { name } = await dev.webhooks.create({
      active: true,
      displayName: 'ops',
      payloadUrl: 'https://hooks.example/x',
    })
    await dev.webhooks.change(name, { active: false, displayName: 'ops', payloadUrl: 'https://hooks.example/x' })
    expect((await dev.webhooks.get(name)).active).to.equal(false)
    await dev.webhooks.ping(name)
    expect(await dev.webhooks.deliveries(name)).to.have.length(1)
    await dev.webhooks.remove(name)
    expect(await dev.webhooks.all()).to.deep.equal([])
    expect((await dev.referrers()).map(({ version }) => version)).to.deep.equal(['1', '2'])
  })

  it('sends no name out of its place', async () => {
    server.add('app/dev').edit(secret)
    expect((await refusal(api.environment('acme', 'app', 'dev').revisions.tag('../../../x?y#z'))).code).to.equal(
      'not_found',
    )
    expect(server.requests.at(-1)?.path).to.equal(
      '/api/esc/environments/acme/app/dev/versions/tags/..%2F..%2F..%2Fx%3Fy%23z',
    )
    expect(() => api.environment('acme', '..', 'dev')).to.throw(EscError, /cannot be a name/)
  })

  it('asks again where that does no harm, and only there', async () => {
    server.add('app/dev').edit(secret)
    const path = '/api/esc/environments/acme/app/dev'
    server.failures.set(path, { status: 503, body: { code: 503, message: 'busy' } })
    expect((await api.environment('acme', 'app', 'dev').read()).revision).to.equal(1)
    server.failures.set(path, { status: 503, body: { code: 503, message: 'busy' } })
    const error = await refusal(api.environment('acme', 'app', 'dev').update('values: {}\n'))
    expect(error.transient).to.equal(true)
    expect(error.message).to.include("cannot change 'acme/app/dev'").and.include('status 503: busy')
  })

  it('shows the token in no error, whatever the server says', async () => {
    server.add('app/dev').edit(secret)
    const errors: EscError[] = []
    server.trouble = 'echo'
    errors.push(await refusal(api.user()), await refusal(api.environment('acme', 'app', 'dev').update(secret)))
    server.trouble = 'html'
    errors.push(await refusal(api.environment('acme', 'app', 'dev').read()), await refusal(api.user()))
    server.trouble = 'other json'
    errors.push(await refusal(api.user()))
    server.trouble = 'drop'
    errors.push(await refusal(api.environment('acme', 'app', 'dev').update(secret)))
    server.trouble = undefined
    const wrong = await refusal(apiWith('some-other-token-12345').user())
    expect(wrong.code).to.equal('forbidden')
    expect(wrong.remedies).to.deep.equal([{ do: 'log-in', url: server.url }])
    for (const error of [...errors, wrong]) {
      const shown = [
        inspect(error, { depth: 9, showHidden: true }),
        error.message,
        error.hint,
        JSON.stringify(error),
      ].join()
      expect(shown).to.not.include(server.token).and.not.include('some-other-token').and.not.include('hunter2')
    }
  }).timeout(30_000)

  it('trusts the authorities of SSL_CERT_FILE, and says what to do without them', async function () {
    const made = selfSigned()
    if (made === undefined) return this.skip()
    const folder = mkdtempSync(join(tmpdir(), 'esc-remote-'))
    const secure = await new FakeEscServer().start({ key: made.key, cert: made.certificate })
    try {
      const file = join(folder, 'ca.pem')
      writeFileSync(file, made.certificate)
      const url = secure.url
      expect((await apiWith(secure.token, { SSL_CERT_FILE: file }, url).user()).githubLogin).to.equal('ada')
      const error = await refusal(apiWith(secure.token, {}, url).user())
      expect(error.hint).to.include('SSL_CERT_FILE')
      expect(secure.requests).to.have.length(1)
      const gone = await refusal(apiWith(secure.token, { SSL_CERT_FILE: join(folder, 'none') }, url).user())
      expect(gone.message).to.include('SSL_CERT_FILE')
    } finally {
      await secure.stop()
      rmSync(folder, { recursive: true })
    }
  })
})
