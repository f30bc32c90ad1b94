import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { deliverDue, Outbox, type PostWebhook, postWebhook } from '../../src/webhooks/index.ts'
import { selfSigned } from '../servers/certificate.ts'
import { answers, type Behaviour, Receiver } from './receiver.ts'
import { HookedStore } from './store.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'webhooks.md'), 'utf8')

/** Short, so that a receiver that is late is late soon. */
const timeoutMs = 400
const post: PostWebhook = (request) => postWebhook({ ...request, timeoutMs })

interface Case {
  /** As the table in docs/webhooks.md has it. */
  readonly receiver: string
  readonly behaviour: Behaviour
  /** What each attempt came to, in order; the reason, or `delivered`. */
  readonly outcomes: readonly string[]
  readonly state: 'delivered' | 'failed' | 'pending'
}

const cases: readonly Case[] = [
  { receiver: 'answers 200', behaviour: answers(200), outcomes: ['delivered'], state: 'delivered' },
  { receiver: 'answers 204', behaviour: answers(204, {}, ''), outcomes: ['delivered'], state: 'delivered' },
  {
    receiver: 'is slow, and answers within 10 s',
    behaviour: (answer) => void setTimeout(() => answer.writeHead(200).end(), timeoutMs / 4),
    outcomes: ['delivered'],
    state: 'delivered',
  },
  {
    receiver: 'answers later than that, or never',
    behaviour: () => {},
    outcomes: ['no whole answer within 0.4 s', 'no whole answer within 0.4 s'],
    state: 'pending',
  },
  {
    receiver: 'begins to answer and never ends',
    behaviour: (answer) => void answer.writeHead(200).write('a'),
    outcomes: ['no whole answer within 0.4 s', 'no whole answer within 0.4 s'],
    state: 'pending',
  },
  {
    receiver: 'resets the connection',
    behaviour: (_answer, _request, socket) => void socket.resetAndDestroy(),
    outcomes: ['the connection was reset', 'the connection was reset'],
    state: 'pending',
  },
  {
    receiver: 'answers 500, then 200',
    behaviour: (answer, request) => answers(request === 1 ? 500 : 200)(answer, request, answer.socket!),
    outcomes: ['answered 500', 'delivered'],
    state: 'delivered',
  },
  {
    receiver: 'answers 429 with `Retry-After: 30`',
    behaviour: answers(429, { 'Retry-After': '30' }),
    outcomes: ['answered 429'],
    state: 'pending',
  },
  {
    receiver: 'answers 400, 401, 404, 410 …',
    behaviour: answers(404),
    outcomes: ['answered 404'],
    state: 'failed',
  },
  {
    receiver: 'answers 200 with a huge body',
    behaviour: (answer) => {
      answer.writeHead(200)
      const more = () => {
        while (!answer.destroyed && answer.write(Buffer.alloc(65_536, 'x')));
        answer.once('drain', more)
      }
      more()
    },
    outcomes: ['delivered'],
    state: 'delivered',
  },
]

describe('a webhook whose receiver', function () {
  this.timeout(20_000)
  let hooked: HookedStore

  beforeEach(async () => {
    hooked = new HookedStore()
    await hooked.environment('app/dev')
  })
  afterEach(() => hooked.remove())

  /** What became of one event, after the first attempt and, five seconds later, a second one. */
  async function outcome(url: string, send: PostWebhook = post) {
    const webhook = await hooked.hook('app/dev', { url })
    await hooked.save('app/dev', 'values: {a: 1}\n')
    await deliverDue(hooked.world(send), { patienceMs: 5000 })
    const { id } = hooked.store.environment('app/dev')
    const [delivery, ...others] = new Outbox(hooked.store.state.folder).of(id, webhook)
    expect(others).to.deep.equal([])
    return delivery!
  }

  for (const { receiver, behaviour, outcomes, state } of cases) {
    it(receiver, async () => {
      const server = await new Receiver(behaviour).start()
      try {
        hooked.allow(server.host)
        const delivery = await outcome(server.url)
        expect(delivery.attempts.map(({ error = 'delivered' }) => error)).to.deep.equal(outcomes)
        expect(delivery.state).to.equal(state)
        expect(new Set(server.received.map(({ id }) => id))).to.deep.equal(new Set([delivery.id]))
        expect(server.received.length).to.equal(outcomes.length)
        expect(JSON.stringify(delivery).length).to.be.lessThan(5000)
      } finally {
        await server.stop()
      }
    })
  }

  it('refuses connections', async () => {
    const server = await new Receiver().start()
    const { host, url } = server
    await server.stop()
    hooked.allow(host)
    const { attempts, state } = await outcome(url)
    expect(attempts.map(({ error }) => error)).to.deep.equal(Array(2).fill('the connection was refused'))
    expect(state).to.equal('pending')
  })

  it('redirects to a private address', async () => {
    const inside = await new Receiver().start()
    const server = await new Receiver(answers(302, { Location: inside.url })).start()
    try {
      hooked.allow(server.host)
      const { attempts, state } = await outcome(server.url)
      expect(attempts.map(({ error }) => error)).to.deep.equal(['answered 302: redirects are not followed'])
      expect(state).to.equal('failed')
      expect(inside.connections).to.equal(0)
    } finally {
      await Promise.all([server.stop(), inside.stop()])
    }
  })

  it('has a name that leads to a private address', async () => {
    const inside = await new Receiver().start()
    try {
      const network = { resolve: async () => [{ address: '127.0.0.1', family: 4 }] }
      const { attempts, state } = await outcome(`https://inside.example:${inside.host.split(':')[1]}/hook`, (request) =>
        postWebhook(request, network),
      )
      expect(attempts.map(({ error }) => error)).to.deep.equal(['inside.example is at the private address 127.0.0.1'])
      expect(state).to.equal('failed')
      expect(inside.connections).to.equal(0)
    } finally {
      await inside.stop()
    }
  })

  it('has a certificate that is not valid', async function () {
    const certificate = selfSigned()
    if (certificate === undefined) {
      console.log('      skipped: there is no openssl to make a certificate')
      return this.skip()
    }
    const server = await new Receiver(answers(200), certificate).start()
    try {
      hooked.allow(server.host)
      const { attempts, state } = await outcome(server.url)
      expect(attempts[0]!.error).to.match(
        /^the certificate of 127\.0\.0\.1 is not valid \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
      )
      expect(state).to.equal('pending')
      expect(server.received).to.deep.equal([])
      const trusted = await postWebhook(
        { url: new URL(server.url), headers: {}, body: '{}', allowed: [server.host], timeoutMs: 5000 },
        { resolve: async () => [{ address: '127.0.0.1', family: 4 }], ca: certificate.certificate },
      )
      expect(trusted).to.deep.include({ kind: 'answered', status: 200 })
    } finally {
      await server.stop()
    }
  })

  it('speaks something else than HTTP', async () => {
    const server = createServer((socket) => void socket.end('220 mail.example.com ESMTP\r\n').on('error', () => {}))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const host = `127.0.0.1:${(server.address() as import('node:net').AddressInfo).port}`
    hooked.allow(host)
    const { attempts, state } = await outcome(`http://${host}/hook`)
    expect(attempts[0]!.error).to.equal('the connection failed (HPE_INVALID_CONSTANT)')
    expect(state).to.equal('pending')
    server.close()
  })

  it('is among those that docs/webhooks.md has in its table, with the same outcome', () => {
    const named = { delivered: 'delivered', failed: 'failed at once', pending: 'tried again' }
    const rows = [...page.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].map(([, receiver, end]) => `${receiver}: ${end}`)
    for (const { receiver, outcomes, state } of cases) {
      const end = outcomes.length > 1 && state === 'delivered' ? 'tried again, then delivered' : named[state]
      expect(
        rows.some((row) => row.startsWith(`${receiver}: ${end}`)),
        `${receiver}: ${end}`,
      ).to.equal(true)
    }
  })

  it('is slow keeps no other one waiting', async () => {
    const [slow, quick] = await Promise.all([new Receiver(() => {}).start(), new Receiver().start()])
    try {
      hooked.allow(slow.host, quick.host)
      for (let index = 0; index < 5; index++) await hooked.hook('app/dev', { url: slow.url })
      await hooked.hook('app/dev', { url: quick.url })
      await hooked.save('app/dev', 'values: {a: 1}\n')
      const sent = deliverDue(hooked.world(post))
      const first = await Promise.race([sent, arrival(quick)])
      expect(first).to.equal('arrived')
      expect(await sent).to.deep.include({ delivered: 1, waiting: 5 })
    } finally {
      await Promise.all([slow.stop(), quick.stop()])
    }
  })

  async function arrival(server: Receiver): Promise<'arrived'> {
    while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    return 'arrived'
  }
})
