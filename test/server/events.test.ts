import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { EventStream } from './event-stream.ts'
import { RunningServer } from './running-server.ts'

describe('events of a server', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer
  const streams: EventStream[] = []

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('app/dev', 'values: {count: 0}\n')
    await program.withEnvironment('app/hidden', 'values: {count: 0}\n')
    const rotator = 'values:\n  pin:\n    fn::rotate::password: {inputs: {length: 20}}\n'
    await program.withEnvironment('app/rotated', rotator)
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    for (const stream of streams) stream.close()
    await server?.stop()
    program?.remove()
  })

  function listen(path: string, token = server.token, headers: Readonly<Record<string, string>> = {}): EventStream {
    const stream = new EventStream(server.url + path, { authorization: `token ${token}`, ...headers })
    streams.push(stream)
    return stream
  }
  const revisions = ({ events }: EventStream) => events.map(({ event, id, data }) => [event, id, data.revision])
  const one = '/api/v1/environments/acme/app/dev/events'
  const change = async (name: string, count: number) => {
    const { status } = await server.call('PATCH', `/api/esc/environments/acme/${name}`, {
      body: `values: {count: ${count}}\n`,
    })
    expect(status).to.equal(200)
  }

  it('tell of each new revision, whoever has made it, and go on where they were cut off', async () => {
    const stream = listen(one)
    await stream.until(() => stream.events.length === 1)
    const [now] = stream.events
    const first = now?.data.revision
    await change('app/dev', 1)
    await stream.until(() => stream.events.length === 2)
    await program.ok('env', 'set', 'app/dev', 'count', '2')
    await stream.until(() => stream.events.length === 3)
    const expected = [first, first + 1, first + 2].map((revision) => ['environment', String(revision), revision])
    expect(revisions(stream)).to.deep.equal(expected)
    stream.close()
    await change('app/dev', 3)
    const again = listen(one, undefined, { 'last-event-id': String(first + 2) })
    await again.until(() => again.events.length === 1)
    expect(revisions(again)).to.deep.equal([['environment', String(first + 3), first + 3]])
    again.close()
  })

  it('of the whole store tell a caller of what he may read, and end with his token', async () => {
    const name = 'reader'
    const words = ['--user', 'reader@example.com', '--name', name, '--environment', 'app/dev', '--level', 'read']
    const token = (await program.ok('server', 'token', 'create', ...words)).trim()
    const stream = listen('/api/v1/events', token)
    await stream.until(() => stream.events.length === 1)
    await change('app/hidden', 1)
    await change('app/dev', 10)
    await stream.until(() => stream.events.length === 2)
    expect(stream.events.map(({ event, data }) => [event, data.environment])).to.deep.equal([
      ['ready', undefined],
      ['environment', 'app/dev'],
    ])
    const resumed = listen('/api/v1/events', token, { 'last-event-id': String(stream.events[0]?.id) })
    await resumed.until(() => resumed.events.length === 2)
    expect(resumed.events[1]?.data.environment).to.equal('app/dev')
    const lost = listen('/api/v1/events', token, { 'last-event-id': 'of-another-run-7' })
    await lost.until(() => lost.events.length === 1)
    expect(lost.events[0]?.event).to.equal('reset')
    const hidden = listen('/api/v1/environments/acme/app/hidden/events', token)
    await hidden.until(() => hidden.isOver)
    expect(hidden.status).to.equal(403)

    await program.ok('server', 'token', 'revoke', name)
    await change('app/dev', 11)
    await stream.until(() => stream.isOver)
    expect(stream.events).to.have.length(2)
  })

  it('are the steps of a rotation, and its report', async () => {
    const path = `${server.url}/api/esc/environments/acme/app/rotated/rotate`
    const headers = { authorization: `token ${server.token}`, accept: 'text/event-stream' }
    const stream = new EventStream(path, headers, { method: 'POST', body: '{}' })
    await stream.until(() => stream.isOver)
    expect(stream.status).to.equal(200)
    const steps = stream.events.slice(0, -1)
    expect(steps.length).to.be.greaterThan(1)
    for (const { event, data } of steps) expect([event, data.path]).to.deep.equal(['step', 'pin'])
    expect(stream.events.at(-1)?.event).to.equal('report')
    expect(stream.events.at(-1)?.data.secretRotationEvent.status).to.equal('succeeded')
    const { current } = await program.open('app/rotated', 'pin')
    expect(JSON.stringify(stream.events)).not.to.include(typeof current === 'string' ? current : current.password)

    // What is refused before the first step has an ordinary answer.
    const body = { paths: ['unknown'] }
    const refused = await server.call('POST', '/api/esc/environments/acme/app/rotated/rotate', { body, headers })
    expect([refused.status, refused.json.code]).to.deep.equal([404, 404])
  })

  it('do not keep a server from ending', async () => {
    const stream = listen(one)
    await stream.until(() => stream.events.length === 1)
    expect(await server.stop()).to.equal(0)
    expect(stream.isOver).to.equal(true)
  })
})
