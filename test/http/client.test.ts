import { createServer } from 'node:net'
import { expect } from 'chai'
import { direct, isPassingOutcome, NoAnswer, send, viaFetch } from '../../src/http/index.ts'
import { Authority } from '../servers/authority.ts'
import { LocalServer } from './local-server.ts'

type Call = Parameters<typeof send>[0]

async function refusal(answer: Promise<unknown>): Promise<NoAnswer> {
  const error = await answer.then(
    (value) => new Error(`expected no answer, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!(error instanceof NoAnswer)) throw error
  return error
}

for (const [name, transport] of Object.entries({ 'a fetch': viaFetch(), 'a direct connection': direct() })) {
  describe(`send() by ${name}`, () => {
    let server: LocalServer
    let slept: number[]
    beforeEach(async () => {
      server = await new LocalServer().start()
      slept = []
    })
    afterEach(() => server.stop())

    const call = (more: Partial<Call> = {}): Call => ({ method: 'GET', url: server.url, timeoutMs: 5000, ...more })
    const retrying = (more: Partial<NonNullable<Call['retry']>> = {}): NonNullable<Call['retry']> => ({
      pausesMs: [500, 2000],
      longestPauseMs: 10_000,
      isPassing: isPassingOutcome,
      sleep: async (ms) => void slept.push(ms),
      ...more,
    })

    it('sends objects as JSON, parameters as a form and texts as they are', async () => {
      const bodies = [{ a: 'ü' }, new URLSearchParams({ a: 'b c' }), '{"a": 1}']
      for (const body of bodies) await send(call({ method: 'POST', body, headers: { 'x-own': '1' } }), transport)
      expect(server.asked.map(({ method, body, headers }) => [method, body, headers['x-own']])).to.deep.equal([
        ['POST', '{"a":"ü"}', '1'],
        ['POST', 'a=b+c', '1'],
        ['POST', '{"a": 1}', '1'],
      ])
      const types = server.asked.map(({ headers }) => headers['content-type'])
      expect(types[0]).to.equal('application/json')
      expect(types[1]).to.equal('application/x-www-form-urlencoded')
    })

    it('returns the answer whatever its status, with the JSON in it', async () => {
      server.reply = (answer, _, count) => {
        answer.writeHead(count === 1 ? 418 : 200, { 'X-Told': 'yes' }).end(count === 1 ? '{"a":[1]}' : '<html>')
      }
      const first = await send(call(), transport)
      expect([first.status, first.json, first.headers.get('x-told')]).to.deep.equal([418, { a: [1] }, 'yes'])
      const second = await send(call(), transport)
      expect([second.status, second.json, second.text]).to.deep.equal([200, undefined, '<html>'])
    })

    for (const [title, reply] of Object.entries<LocalServer['reply']>({
      'does not answer': () => {},
      'does not end its answer': (answer) => void answer.write('{'),
    })) {
      it(`gives up a server that ${title}, and ends the connection`, async () => {
        server.reply = reply
        const error = await refusal(send(call({ timeoutMs: 100 }), transport))
        expect(error).to.include({ code: 'timeout', sent: true })
        expect(await server.unfinished()).to.equal(0)
      })
    }

    it('reads no more of an endless body than is allowed, and ends the connection', async () => {
      let written = 0
      server.reply = (answer) => {
        const chunk = Buffer.alloc(16_384, 'x')
        const more = () => {
          written += chunk.length
          if (!answer.destroyed) answer.write(chunk, more)
        }
        more()
      }
      const error = await refusal(send(call({ longestBytes: 100_000 }), transport))
      expect(error.code).to.equal('too large')
      expect(await server.unfinished()).to.equal(0)
      expect(written).to.be.lessThan(50_000_000)
      const cut = await send(call({ longestBytes: 100_000, whenLonger: 'cut' }), transport)
      expect([cut.text.length, cut.isCut, cut.status]).to.deep.equal([100_000, true, 200])
      expect(await server.unfinished()).to.equal(0)
    })

    it('takes a body of exactly the allowed length for whole, and caps every call', async () => {
      server.reply = (answer, _, count) => void answer.end('x'.repeat(count === 1 ? 10 : (1 << 20) + 1))
      const whole = await send(call({ longestBytes: 10 }), transport)
      expect([whole.text.length, whole.isCut]).to.deep.equal([10, false])
      expect((await refusal(send(call(), transport))).code).to.equal('too large')
    })

    it('follows no redirect', async () => {
      const other = await new LocalServer().start()
      try {
        server.reply = (answer) => void answer.writeHead(307, { location: other.url }).end()
        const { status } = await send(call({ method: 'POST', body: { token: 't' } }), transport)
        expect([status, server.asked.length, other.asked.length]).to.deep.equal([307, 1, 0])
      } finally {
        await other.stop()
      }
    })

    it('tries once unless told otherwise', async () => {
      server.reply = (answer) => void answer.writeHead(503, { 'retry-after': '1' }).end()
      expect((await send(call(), transport)).status).to.equal(503)
      expect(server.asked.length).to.equal(1)
    })

    it('tries as often as there are pauses, and once more', async () => {
      server.reply = (answer) => void answer.writeHead(503).end()
      expect((await send(call({ retry: retrying() }), transport)).status).to.equal(503)
      expect([server.asked.length, slept]).to.deep.equal([3, [500, 2000]])
    })

    it('ends with the first answer that is no passing fault', async () => {
      server.reply = (answer, request, count) => {
        if (count === 1) answer.socket?.destroy()
        else answer.writeHead(count === 2 ? 429 : 404).end(request.body)
      }
      const { status, text } = await send(call({ method: 'POST', body: 'same', retry: retrying() }), transport)
      expect([status, text, server.asked.length, slept]).to.deep.equal([404, 'same', 3, [500, 2000]])
    })

    it('waits as long as Retry-After asks, in seconds or until a date, within a bound', async () => {
      const date = new Date('2031-05-06T07:08:09Z')
      const after = new Date(date.getTime() + 4000).toUTCString()
      const values = ['3', after, '3600', 'soon', '-1', '']
      server.reply = (answer, _, count) => {
        answer.writeHead(503, { 'retry-after': values[count - 1] ?? '', date: date.toUTCString() }).end()
      }
      await send(call({ retry: retrying({ pausesMs: [500, 500, 500, 500, 500, 500] }) }), transport)
      expect(slept).to.deep.equal([3000, 4000, 10_000, 500, 500, 500])
    })

    it('stops in the midst of a pause when it is told to', async () => {
      server.reply = (answer) => void answer.writeHead(503).end('busy')
      const stop = new AbortController()
      const started = performance.now()
      setTimeout(() => stop.abort(), 50)
      const retry = { pausesMs: [60_000], longestPauseMs: 60_000, isPassing: isPassingOutcome }
      const { text } = await send(call({ signal: stop.signal, retry }), transport)
      expect([text, server.asked.length]).to.deep.equal(['busy', 1])
      expect(performance.now() - started).to.be.lessThan(5000)
    })

    it('stops in the midst of an exchange when it is told to, and does not try again', async () => {
      server.reply = (answer) => void answer.write('half')
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('the reason')), 50)
      const error = await refusal(send(call({ signal: stop.signal, retry: retrying() }), transport))
      expect([error.code, server.asked.length, slept]).to.deep.equal(['interrupted', 1, []])
      expect((await refusal(send(call({ signal: stop.signal }), transport))).code).to.equal('interrupted')
      expect(server.asked.length).to.equal(1)
    })

    it('takes a signal of a time limit for one', async () => {
      server.reply = () => {}
      const error = await refusal(send(call({ signal: AbortSignal.timeout(50) }), transport))
      expect(error.code).to.equal('timeout')
    })

    it('tells faults by the code of the system, without the request', async () => {
      const gone = await new LocalServer().start()
      const { url } = gone
      await gone.stop()
      const refused = await refusal(send(call({ url: `${url}?key=s3cret` }), transport))
      expect(refused.code).to.equal('ECONNREFUSED')
      server.reply = (answer) => void answer.socket?.destroy()
      const broken = await refusal(send(call({ headers: { authorization: 's3cret' } }), transport))
      expect(broken.code).to.be.oneOf(['ECONNRESET', 'UND_ERR_SOCKET'])
      for (const error of [refused, broken]) {
        expect(error.cause).to.equal(undefined)
        expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).to.not.include('s3cret')
      }
    })

    it('takes an answer that breaks off for none', async () => {
      server.reply = (answer) => {
        answer.writeHead(200, { 'content-length': '100' })
        answer.write('{"a":', () => answer.socket?.destroy())
      }
      expect((await refusal(send(call(), transport))).code).to.be.oneOf(['ECONNRESET', 'UND_ERR_SOCKET'])
    })

    it('keeps what the caller throws while it waits', async () => {
      server.reply = (answer) => void answer.writeHead(503).end()
      const stopped = new Error('interrupted by the user')
      const sleep = async () => {
        throw stopped
      }
      const thrown = await send(call({ retry: retrying({ sleep }) }), transport).catch((error: unknown) => error)
      expect(thrown).to.equal(stopped)
    })
  })
}

describe('direct()', function () {
  this.timeout(20_000)

  it('knows whether anything was sent', async () => {
    const server = await new LocalServer().start()
    const { url } = server
    server.reply = (answer) => void answer.socket?.destroy()
    expect((await refusal(send({ method: 'GET', url, timeoutMs: 5000 }, direct()))).sent).to.equal(true)
    await server.stop()
    expect((await refusal(send({ method: 'GET', url, timeoutMs: 5000 }, direct()))).sent).to.equal(false)
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = silent.address() as { port: number }
      const call = { method: 'GET', url: `https://127.0.0.1:${port}/`, timeoutMs: 100 } as const
      expect(await refusal(send(call, direct()))).to.include({ code: 'timeout', sent: false })
    } finally {
      silent.close()
    }
  })

  it('connects to the address that it is given, whatever the name, and says the name', async () => {
    const server = await new LocalServer().start()
    try {
      const call = { method: 'GET', url: `http://rebinding.invalid:${server.port}/`, timeoutMs: 5000 } as const
      const addresses = [{ address: '127.0.0.1', family: 4 }]
      expect((await send(call, direct({ addresses }))).text).to.equal('ok')
      expect(server.asked[0]?.headers.host).to.equal(`rebinding.invalid:${server.port}`)
      expect((await refusal(send(call, direct({ addresses: [] })))).code).to.equal('ENOTFOUND')
    } finally {
      await server.stop()
    }
  })

  it('trusts the authorities that it is given, and shows a client certificate', async function () {
    const authority = Authority.create()
    if (authority === undefined) return this.skip()
    const { key, certificate: cert } = authority.issue({ name: 'vendor', names: 'IP:127.0.0.1' })
    const client = authority.issue({ name: 'esc' })
    const ca = authority.certificate
    const server = await new LocalServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }).start()
    try {
      const call = { method: 'POST', url: server.url, body: 's3cret', timeoutMs: 5000 } as const
      const tls = { ca, cert: client.certificate, key: client.key }
      expect((await send(call, direct({ tls }))).text).to.equal('ok')
      const other = Authority.create()?.certificate ?? ''
      expect((await send(call, direct({ tls: { ...tls, ca: `${other}\n${ca}` } }))).text).to.equal('ok')
      const { ca: _, ...distrusting } = tls
      const untrusted = await refusal(send(call, direct({ tls: distrusting })))
      expect(untrusted.code).to.match(/UNABLE_TO_VERIFY|SELF_SIGNED/)
      expect(untrusted.sent).to.equal(false)
      expect((await refusal(send(call, viaFetch()))).code).to.match(/UNABLE_TO_VERIFY|SELF_SIGNED/)
      const bare = await refusal(send(call, direct({ tls: { ca } })))
      expect(bare.code).to.match(/ALERT|ECONNRESET|EPIPE/)
      expect(server.asked.map(({ body }) => body)).to.deep.equal(['s3cret', 's3cret'])
    } finally {
      await server.stop()
    }
  })

  it('names what OpenSSL says of a key that it cannot read, without the key', async () => {
    const tls = { cert: 'no certificate', key: 's3cret-key' }
    const call = { method: 'GET', url: 'https://127.0.0.1:9/', timeoutMs: 5000 } as const
    const error = await refusal(send(call, direct({ tls })))
    expect(error.sent).to.equal(false)
    expect(error.code).to.match(/OSSL|PEM|bad TLS settings/)
    expect(`${error.message} ${error.stack}`).to.not.include('s3cret')
  })
})
