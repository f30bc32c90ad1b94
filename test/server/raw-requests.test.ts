import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect } from 'chai'
import { httpServer, requestListener } from '../../src/server/http-server.ts'
import { ServedApp } from './served-app.ts'

describe('requests as they come over the wire', () => {
  let app: ServedApp
  let server: Server
  let token: string
  before(async () => {
    app = await ServedApp.make()
    await app.environment('app/dev', 'values: {secret: {fn::secret: not-a-real-secret}}\n')
    token = await app.token()
    const limits = {
      headersTimeout: 400,
      requestTimeout: 800,
      connectionsCheckingInterval: 50,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
    }
    server = httpServer(requestListener(app.api.fetch), undefined, limits)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    app.remove()
  })

  /** Sends bytes, then more of them at intervals, until the server ends the connection. */
  const send = (bytes: string, { drip, everyMs = 100 }: { drip?: string; everyMs?: number } = {}) =>
    new Promise<{ text: string; afterMs: number }>((resolve) => {
      const began = performance.now()
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      let text = ''
      socket.write(bytes)
      const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), everyMs)
      socket.on('data', (part) => {
        text += part
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(dripping)
        resolve({ text, afterMs: performance.now() - began })
      })
    })
  const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
  const errorIn = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
  const headers = (...more: readonly string[]) =>
    ['host: 127.0.0.1', `authorization: token ${token}`, ...more].map((line) => `${line}\r\n`).join('')

  it('end when headers come too slowly', async () => {
    const { text, afterMs } = await send('GET /api/user HTTP/1.1\r\nhost: x\r\n', { drip: 'x-slow: 1\r\n' })
    expect(statuses(text)).to.deep.equal([408])
    expect(errorIn(text)).to.deep.include({ code: 408 }).and.have.all.keys('code', 'message')
    expect(afterMs).to.be.lessThan(3_000)
  })

  it('end when nothing comes at all', async () => {
    expect((await send('')).afterMs).to.be.lessThan(3_000)
  })

  it('end when a body comes too slowly', async () => {
    const head = `PATCH /api/esc/environments/acme/app/dev HTTP/1.1\r\n${headers('content-length: 100000')}\r\n`
    const { text, afterMs } = await send(`${head}values:`, { drip: ' ' })
    expect(statuses(text)).to.deep.equal([408])
    expect(afterMs).to.be.lessThan(4_000)
    const { text: definition } = await app.call('GET', '/api/esc/environments/acme/app/dev', { token })
    expect(definition, 'half of it was saved').to.include('secret')
  })

  it('are refused when they are too large', async () => {
    const large = await send(`GET /api/user HTTP/1.1\r\n${headers(`x-large: ${'x'.repeat(20_000)}`)}\r\n`)
    expect(statuses(large.text)).to.deep.equal([431])
    expect(errorIn(large.text)).to.deep.include({ code: 431 })
    const long = await send(`GET /api/${'x'.repeat(20_000)} HTTP/1.1\r\n${headers()}\r\n`)
    expect(statuses(long.text)).to.deep.equal([431])
    const path = '/api/esc/environments/acme/app/dev'
    const body = await send(`PATCH ${path} HTTP/1.1\r\n${headers('content-length: 9000000')}\r\n`)
    expect(statuses(body.text)).to.deep.equal([413])
    // Without a length it is known only when it is there.
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`
    const chunked = headers('transfer-encoding: chunked')
    const { text } = await send(`PATCH ${path} HTTP/1.1\r\n${chunked}\r\n${chunk.repeat(9)}0\r\n\r\n`)
    expect(statuses(text)).to.deep.equal([413])
  })

  it('are the last of their connection when they are answered before the body has come', async () => {
    const early = {
      'too large': `PATCH /api/esc/environments/acme/app/dev HTTP/1.1\r\n${headers('content-length: 90000000')}`,
      compressed: `POST /api/esc/environments HTTP/1.1\r\n${headers('content-length: 900', 'content-encoding: gzip')}`,
      'a body that nobody reads': `GET /api/user HTTP/1.1\r\n${headers('content-length: 900')}`,
      'chunks that nobody reads': `GET /healthz HTTP/1.1\r\n${headers('transfer-encoding: chunked')}`,
    }
    for (const [why, head] of Object.entries(early)) {
      const { text, afterMs } = await send(`${head}\r\n`, { drip: 'x', everyMs: 20 })
      expect(statuses(text), `${why}: ${text}`).to.have.length(1)
      expect(text.toLowerCase(), why).to.include('\r\nconnection: close\r\n')
      expect(afterMs, why).to.be.lessThan(3_000)
    }
  })

  it('get their answer while the body is still being sent, and none of what comes behind it', async () => {
    const size = 9 << 20
    const requests = app.logged.length
    const head = `PATCH /api/esc/environments/acme/app/dev HTTP/1.1\r\n${headers(`content-length: ${size}`)}\r\n`
    const hidden = `DELETE /api/esc/environments/acme/app/dev HTTP/1.1\r\n${headers()}\r\n`
    const { text } = await send(`${head}${'x'.repeat(size)}${hidden}`)
    expect(statuses(text)).to.deep.equal([413])
    expect(errorIn(text)).to.deep.include({ code: 413 })
    expect(app.logged.slice(requests).map((line) => line.split(' ').at(-1))).to.deep.equal(['413'])
  })

  it('leave the connection open for the next where the body was read', async () => {
    const change = `PATCH /api/esc/environments/acme/app/dev HTTP/1.1\r\n${headers('content-length: 10')}\r\nvalues: {}`
    const { text } = await send(`${change}GET /api/user HTTP/1.1\r\n${headers('connection: close')}\r\n`)
    expect(statuses(text)).to.deep.equal([200, 200])
  })

  it('are refused where a proxy could read them in another way', async () => {
    const hidden = 'GET /api/user HTTP/1.1\r\nhost: x\r\n\r\n'
    const body = `0\r\n\r\n${hidden}`
    for (const [why, lines] of Object.entries({
      'a length and chunks': ['content-length: 5', 'transfer-encoding: chunked'],
      'chunks and a length': ['transfer-encoding: chunked', 'content-length: 5'],
      'two lengths': ['content-length: 5', 'content-length: 6'],
      'two lengths in one': ['content-length: 5, 6'],
      'a length with a sign': ['content-length: +5'],
      'a length in hexadecimal': ['content-length: 0x5'],
      'chunks that are not the last coding': ['transfer-encoding: chunked, identity'],
      'chunks by another name': ['transfer-encoding: xchunked'],
      'a header over two lines': ['x-folded: a', ' transfer-encoding: chunked'],
      'a space before the colon': ['transfer-encoding : chunked'],
      'a zero byte': ['x-zero: a\0b'],
      'a bare line feed': ['x-a: b\ncontent-length: 5'],
    })) {
      const { text } = await send(`POST /api/oauth/token HTTP/1.1\r\n${headers(...lines)}\r\n${body}`)
      expect(statuses(text), why).to.deep.equal([400])
      expect(errorIn(text), why).to.have.all.keys('code', 'message')
    }
    const { text } = await send(`GET /api/user HTTP/1.1\r\nauthorization: token ${token}\r\nconnection: close\r\n\r\n`)
    expect(statuses(text), 'no host').to.deep.equal([400])
  })

  it('reach nothing by tricks with paths', async () => {
    const E = '/api/esc/environments/acme'
    const tricks = [
      `${E}/../../../../etc/passwd`,
      `${E}/..%2f..%2f..%2fetc/passwd`,
      `${E}/%2e%2e/%2e%2e`,
      `${E}/app%2fdev/..`,
      `${E}/app/dev%2f..%2fdev`,
      `${E}/app/..%5cdev`,
      `${E}/app/dev%00`,
      `${E}/app/dev%00.yaml`,
      `${E}/app/%c0%ae%c0%ae%c0%af`,
      `${E}/app/%252e%252e`,
      `${E}/app/%zz`,
      `${E}/app/%`,
      `${E}/app/%EF%BC%8E%EF%BC%8E`,
      `${E}/%EF%BD%81pp/dev`,
      `${E}/app/d%C3%A9v`,
      `${E}/APP/dev`,
      `${E}//dev`,
      `${E}/app//dev`,
      `${E}/app/dev//versions/1`,
      `/${E}/app/dev`,
      `${E}/app/${'x'.repeat(10_000)}`,
      `${E}/${'../'.repeat(1_000)}etc/passwd`,
      `${E}/app/dev/versions/..%2f..%2fsettings`,
      `${E}/app/dev/versions/-1`,
      `${E}/app/dev/versions/999999999999999999999`,
      `${E}/app/dev/open/../../settings.yaml`,
      `${E}/app/dev/tags/__proto__`,
      `${E}/app/dev/tags/constructor`,
      `${E}/app/dev/versions/tags/__proto__`,
      `${E}/app/dev/hooks/..%2f..%2fsettings`,
      `${E}/app/dev/schedules/..%2f..%2fsettings`,
      `${E}/.git/config`,
      `${E}/app/esc.yaml`,
      '/api/v1/operations/..%2fuser',
      '/API/user',
      '/api//user',
      '//api/user',
      '/api/./nothing',
      '/api/user/',
      '/api/user%00',
      '/etc/passwd',
      '/..%2f..%2fetc/passwd',
      '*',
    ]
    for (const path of tricks) {
      const { text } = await send(`GET ${path} HTTP/1.1\r\n${headers('connection: close')}\r\n`)
      const [status = 0] = statuses(text)
      expect(status, `${path}: ${text.slice(0, 300)}`).to.be.within(400, 499)
      expect(errorIn(text), path).to.have.all.keys('code', 'message')
      expect(text, path).not.to.include(app.folder)
      expect(text, path).not.to.include('root:')
    }
    expect(app.failures, 'a path is a fault of the server').to.deep.equal([])
  })

  it('need a token however the path is written', async () => {
    const doors = ['/api/user', '/api/esc/environments', '/api/esc/environments/acme/app/dev', '/api/v1/operations']
    const ways = [
      (path: string) => path,
      (path: string) => path.replace('/api/', '/api/./'),
      (path: string) => path.replace('/api/', '/x/../api/'),
      (path: string) => path.replace('/api/', '/%61pi/'),
      (path: string) => path.replace('/api/', '/api%2f'),
      (path: string) => path.replace('/api/', '//api//'),
      (path: string) => path.replace('/api/', '/API/'),
      (path: string) => `${path}/`,
      (path: string) => `${path};x`,
      (path: string) => `http://127.0.0.1${path}`,
      (path: string) => `/api/openapi.json/..${path.slice(4)}`,
      (path: string) => `/healthz/..${path}`,
    ]
    for (const door of doors)
      for (const way of ways) {
        const { text } = await send(`GET ${way(door)} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`)
        expect(statuses(text)[0], way(door)).to.be.oneOf([400, 401, 404])
      }
  })
})
