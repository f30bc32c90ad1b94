import { expect } from 'chai'
import { Replicas } from './replicas.ts'
import type { RunningServer } from './running-server.ts'

const definition = 'values:\n  password: {fn::secret: correct-horse}\n'

describe('two servers on one database', function () {
  this.timeout(60_000)
  let replicas: Replicas
  let one: RunningServer
  let other: RunningServer

  before(async function () {
    const made = await Replicas.make('app/dev', definition)
    if (made === undefined) return this.skip()
    replicas = made
    const words = ['--no-scheduler', '--log', 'off']
    ;[one, other] = await Promise.all([replicas.start('one', words), replicas.start('other', words)])
    return undefined
  })
  after(() => replicas?.end())

  const path = '/api/esc/environments/acme/app/dev'
  const tokenCommand = (...words: string[]) => replicas.program.ok('server', 'token', ...words)

  it('take a token from the moment it is made, and refuse it from the moment it is revoked', async () => {
    const token = (await tokenCommand('create', '--user', 'ada@example.com')).trim()
    for (const server of [one, other]) expect((await server.call('GET', path, { token })).status).to.equal(200)
    await tokenCommand('revoke', 'ada@example.com')
    for (const server of [one, other]) expect((await server.call('GET', path, { token })).status).to.equal(401)
  })

  it('take both tokens while one is replaced by the other, and the old one no longer', async () => {
    const old = (await tokenCommand('create', '--user', 'billing')).trim()
    const next = (await tokenCommand('rotate', 'billing', '--overlap', '1000w')).trim()
    for (const token of [old, next]) expect((await other.call('GET', path, { token })).status).to.equal(200)
    const last = (await tokenCommand('rotate', 'billing', '--overlap', '0s')).trim()
    expect((await one.call('GET', path, { token: next })).status).to.equal(401)
    expect((await one.call('GET', path, { token: last })).status).to.equal(200)
    const { tokens } = JSON.parse(await tokenCommand('list', '--output', 'json'))
    const replaced = tokens.filter((each: { replacedBy?: string }) => each.replacedBy !== undefined)
    expect(replaced.map((each: { name: string }) => each.name)).to.deep.equal(['billing'])
  })

  it('read what the other has opened', async () => {
    const { id } = (await one.call('POST', `${path}/open`)).json
    const read = await other.call('GET', `${path}/open/${id}`, { token: one.token })
    expect(read.status).to.equal(200)
    expect(read.json.properties.password.value).to.equal('correct-horse')
  })

  it('write one audit log, in which every line of both is chained', async () => {
    await Promise.all(
      [one, other, one, other].map((server) => server.call('POST', `${path}/open`, { token: one.token })),
    )
    const opened = JSON.parse(await replicas.program.ok('audit', 'log', '--event', 'open', '--output', 'json'))
    const processes = new Set(opened.map((line: { process: number }) => line.process))
    expect([...processes]).to.have.length(2)
    const verified = JSON.parse(await replicas.program.ok('audit', 'verify', '--output', 'json'))
    expect(verified.findings).to.deep.equal([])
    expect(verified.heads).to.have.length(1)
    expect(verified.lines).to.be.above(5)
  })

  it('are not joined by one that has a key file of its own', async () => {
    const env = { ESC_CONFIG_HOME: `${replicas.program.folder}/another` }
    const refusal = await replicas.start('third', [], env).catch((error: Error) => error.message)
    expect(refusal).to.match(/environment 'app\/dev' is locked with the key file \S+, which this server does not have/)
    expect(refusal).to.include('hint: give all servers of the database the same key in ESC_KEY')
  })

  it('note the use of a token at most once a minute, whichever was asked', async () => {
    const token = (await tokenCommand('create', '--user', 'seen')).trim()
    const lastUsed = async () => {
      const { tokens } = JSON.parse(await tokenCommand('list', '--output', 'json'))
      return tokens.find((each: { name: string }) => each.name === 'seen').lastUsed
    }
    const begun = Date.now()
    expect(await lastUsed()).to.equal(null)
    for (const server of [one, other, one, other]) await server.call('GET', path, { token })
    let noted = await lastUsed()
    while (noted === null) noted = await lastUsed()
    expect(new Date(noted).getTime()).to.be.within(begun, Date.now())
    for (const server of [one, other, one, other]) await server.call('GET', path, { token })
    expect(await lastUsed()).to.equal(noted)
  })

  it('replace a definition without a condition one after the other, whoever comes in between', async () => {
    const place = '/api/esc/environments/acme/app/contended'
    await one.call('POST', '/api/esc/environments/acme', { body: { project: 'app', name: 'contended' } })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        (at % 2 ? one : other).call('PATCH', place, { token: one.token, body: `values: {at: ${at}}\n` }),
      ),
    )
    expect(answers.map(({ status, text }) => (status === 200 ? 200 : text))).to.deep.equal(Array(8).fill(200))
    const revisions = answers.map(({ headers }) => Number(headers['pulumi-esc-revision']))
    expect(revisions.sort((a, b) => a - b)).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 9])
    const stale = await one.call('PATCH', place, { body: 'values: {}\n', headers: { etag: '"8"' } })
    expect(stale.status).to.equal(409)
  })
})
