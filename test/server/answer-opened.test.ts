import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect } from 'chai'
import { revokeToken } from '../../src/operations/index.ts'
import { answerOpened } from '../../src/server/answer-opened.ts'
import { requestListener } from '../../src/server/http-server.ts'
import { ServedApp } from './served-app.ts'

const environment = '/api/esc/environments/acme/app/dev'

describe('reading what was opened, without the routes', () => {
  let app: ServedApp
  let server: Server
  let token: string
  let path: string
  /** The requests that the routes got. */
  let left = 0
  let behindProxy = false

  before(async () => {
    app = await ServedApp.make()
    await app.environment('app/dev', 'values: {secret: {fn::secret: ünot-a-real-secret}}\n')
    await app.environment('app/other', 'values: {}\n')
    token = await app.token()
    const { json } = await app.call('POST', `${environment}/open`, { token })
    path = `${environment}/open/${json.id}`
    const routes = requestListener(app.api.fetch)
    server = createServer(async (request, response) => {
      if (await answerOpened(app.parts, { behindProxy }, { request, response })) return
      left++
      void routes(request, response)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    app.remove()
  })

  /** Sends one request as it is, and returns the answer as it comes. */
  const send = (target: string, lines: readonly string[], method = 'GET') =>
    new Promise<{ status: number; head: string[]; body: string }>((resolve, reject) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      let text = ''
      socket.setEncoding('utf8')
      socket.on('data', (bytes) => {
        text += bytes
      })
      socket.on('error', reject)
      socket.on('close', () => {
        const [head = '', body = ''] = text.split('\r\n\r\n')
        resolve({ status: Number(head.split(' ')[1]), head: head.toLowerCase().split('\r\n'), body })
      })
      socket.write([`${method} ${target} HTTP/1.1`, ...lines, 'connection: close', '', ''].join('\r\n'))
    })
  const usual = (shown = token) => ['host: 127.0.0.1', `authorization: token ${shown}`]
  const tellsNothing = (head: readonly string[]) =>
    head.map((line) => line.replace(/^(x-request-id|date): .*/, '$1')).sort()

  it('answers, is counted and is logged as by the routes', async () => {
    const before = left
    const fast = await send(path, usual())
    expect(left).to.equal(before)
    const slow = await send(`${path}?x=1`, usual())
    expect(left).to.equal(before + 1)
    expect(fast.body).to.equal(slow.body).and.to.include('ünot-a-real-secret')
    expect(tellsNothing(fast.head)).to.deep.equal(tellsNothing(slow.head))
    const [one, two] = app.logged.slice(-2)
    expect(one).to.equal(two).and.to.equal('/api/esc/environments/:org/:project/:env/open/:id 200')
    const counted = app.parts.metrics.text({ openSessions: 0, ready: true })
    expect(counted).to.include('route="/api/esc/environments/:org/:project/:env/open/:id",status="200"} 2\n')
    expect(counted).to.include('esc_http_requests_in_flight 0\n')
  })

  it('takes the id of a request from a proxy, and from nobody else', async () => {
    const given = [...usual(), 'x-request-id: from-the-proxy']
    expect((await send(path, given)).head.join()).not.to.include('from-the-proxy')
    behindProxy = true
    expect((await send(path, given)).head).to.include('x-request-id: from-the-proxy')
    expect((await send(path, [...usual(), 'x-request-id: a b'])).head.join()).not.to.include('a b')
    behindProxy = false
  })

  it('leaves to the routes whatever is not plain', async () => {
    const cases: readonly (readonly [number, string, readonly string[], string?])[] = [
      [200, path, [...usual(), 'content-length: 0']],
      [200, `${path}?property=secret`, usual()],
      [200, path, usual(), 'HEAD'],
      [401, path, ['host: 127.0.0.1']],
      [401, path, [...usual(), `authorization: token ${token}`]],
      [401, path, [...usual('esc_nope'), `authorization: token ${token}`]],
      [400, path, [`host: 127.0.0.1/x`, `authorization: token ${token}`]],
      [404, path.replace('acme', 'other'), usual()],
      [404, path.replace('/dev/', '/other/'), usual()],
      [404, path.replace('/app/dev/', '/../dev/'), usual()],
      [404, path.replace(/.$/, (last) => (last === '0' ? '1' : '0')), usual()],
      [405, path, usual(), 'DELETE'],
    ]
    for (const [status, target, lines, method] of cases) {
      const before = left
      const answer = await send(target, lines, method)
      expect(answer.status, `${method ?? 'GET'} ${target} ${lines}`).to.equal(status)
      expect(left, target).to.equal(before + 1)
      if (status !== 200) expect(answer.body).not.to.include('secret')
    }
  })

  it('refuses somebody else, a token that has ended, and one that was revoked', async () => {
    const soon = new Date(Date.now() + 60_000)
    const refused = async (shown: string, status: number) => {
      const { status: got, body } = await send(path, usual(shown))
      expect(got).to.equal(status)
      expect(body).not.to.include('not-a-real-secret')
    }
    await refused(await app.token({ user: 'grace@example.com' }), 404)
    const short = await app.token({ expiresInSeconds: 30 })
    const known = await app.token({ name: 'to be revoked' })
    for (const shown of [short, known]) expect((await send(path, usual(shown))).status).to.equal(200)
    app.now = () => soon
    await refused(short, 401)
    app.now = () => new Date()
    await app.keeper().perform(revokeToken, undefined, 'to be revoked')
    await refused(known, 401)
    await refused(await app.token({ organization: 'globex' }), 403)
  })

  it('refuses a session whose time is over', async () => {
    const later = new Date(Date.now() + 2 * 3_600_000)
    app.now = () => later
    expect((await send(path, usual())).status).to.equal(404)
    app.now = () => new Date()
  })
})
