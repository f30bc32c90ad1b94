import { expect } from 'chai'
import {
  type Evaluation,
  type EvaluationHost,
  evaluateEnvironment,
  mapToJson,
  secretTexts,
} from '../../src/evaluate/index.ts'
import { formatJson } from '../../src/json.ts'
import { openableProvider } from '../../src/operations/session/openable-provider.ts'
import type { Plain, PlainObject } from '../../src/plain.ts'
import {
  type IdentityTokenRequest,
  type MachineAccess,
  type Provider,
  providerNames,
} from '../../src/providers/index.ts'
import { compileSchema } from '../../src/schema/index.ts'
import { Secret } from '../../src/secret.ts'
import { skipWithout } from '../servers/binary.ts'
import { type Certificate, selfSigned } from '../servers/certificate.ts'
import { identityTokenFor, type ProviderUnderTest, type VendorUnderTest } from './provider-under-test.ts'
import { providersUnderTest } from './registry.ts'
import { type Answering, VendorServer } from './vendor-server.ts'

const html = '<html>please log in</html>'
const now = () => new Date('2026-03-04T05:06:07Z')

/** Opens one provider in a definition, beside a value that has nothing to do with it. */
class Trial {
  readonly sleeps: number[] = []
  readonly lasts: string[] = []
  readonly #subject: ProviderUnderTest
  readonly #server: VendorServer
  signal: AbortSignal = new AbortController().signal
  privateHosts: readonly string[] = ['127.0.0.1']

  constructor(subject: ProviderUnderTest, server: VendorServer) {
    this.#subject = subject
    this.#server = server
  }

  async open(inputs: PlainObject): Promise<Evaluation> {
    const provider = this.#subject.make(this.#server.network)
    const text = `values:\n  other: fine\n  it:\n    fn::open::${provider.name}: ${JSON.stringify(written(inputs))}\n`
    const evaluation = await evaluateEnvironment(
      { name: 'root', text, mode: 'open', unlock: () => Promise.reject(new Error('nothing is encrypted')) },
      this.#host(provider),
    )
    if (this.#server.mistake !== undefined) throw this.#server.mistake
    for (const shown of secretsIn(inputs)) expect(JSON.stringify(evaluation.diagnostics)).not.to.include(shown)
    expect(JSON.stringify(evaluation.diagnostics)).not.to.match(/eyJ|signature-of-it/)
    return evaluation
  }

  /** The one diagnostic there must be, where the call stands. */
  async fails(inputs: PlainObject) {
    const { diagnostics, environment } = await this.open(inputs)
    expect(diagnostics.map(({ summary }) => summary)).to.have.length(1)
    const [diagnostic] = diagnostics
    expect(diagnostic).to.include({ severity: 'error' })
    expect(diagnostic?.path).to.match(/^values\.it/)
    expect(diagnostic?.range).to.deep.include({ environment: 'root' })
    expect(diagnostic?.range?.begin.line).to.equal(4)
    expect(environment?.properties?.it).to.include({ unknown: true })
    expect(environment?.properties?.other).to.include({ value: 'fine' })
    return diagnostic!
  }

  #host(provider: Provider): EvaluationHost {
    const once = new Map()
    const context = () => ({
      now,
      signal: this.signal,
      identityToken: async ({ audience, service, claims }: IdentityTokenRequest) =>
        identityTokenFor(service ?? audience, claims),
      network: async () => ({ privateHosts: this.privateHosts }),
      env: this.#subject.env ?? {},
      machine: async () => (this.#subject.machine ?? {}) as MachineAccess,
      lasts: (until: Date | 'always') => void this.lasts.push(until === 'always' ? until : until.toISOString()),
      sleep: async (ms: number) => void this.sleeps.push(ms),
    })
    return {
      load: async (name) => Promise.reject(new Error(`no environment ${name}`)),
      provider: async () => openableProvider(provider, { context, once }),
      rotator: async (name) => Promise.reject(new Error(`no rotator ${name}`)),
    }
  }
}

describe('every provider', () => {
  const servers: VendorServer[] = []
  let certificate: Certificate
  before(function () {
    const made = selfSigned()
    if (made === undefined) return skipWithout(this, ['openssl'], 'openssl')
    certificate = made
  })
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop()
  })

  async function trial(subject: ProviderUnderTest, answering: Answering, how?: 'untrusted') {
    const secure = how !== undefined || subject.vendor?.secure === true
    const tls = secure ? { key: certificate.key, cert: certificate.certificate } : undefined
    const trusted = secure && how === undefined ? certificate.certificate : undefined
    const server = await new VendorServer(tls, trusted).start()
    servers.push(server)
    server.answering = answering
    return { server, trial: new Trial(subject, server) }
  }

  it('stands in the registry of this suite', () => {
    expect(Object.keys(providersUnderTest)).to.have.members(providerNames)
  })

  for (const [name, subject] of Object.entries(providersUnderTest)) {
    describe(name, () => {
      const { vendor, inputs } = subject

      it('has schemas that can be used, and says what it is', () => {
        const provider = subject.make({})
        expect(provider).to.include({ name })
        expect(provider.description).to.match(/^[A-Z].*\.$/)
        compileSchema(provider.inputs, { declared: true })
        compileSchema(provider.outputs, { declared: true })
      })

      it('opens, with every secret marked as one, and says how long that counts', async () => {
        const { server, trial: one } = await trial(subject, vendor?.answer ?? (() => undefined))
        const { diagnostics, environment } = await one.open(inputs(server.url))
        expect(diagnostics).to.deep.equal([])
        const opens = typeof subject.opens === 'function' ? subject.opens(server.url) : subject.opens
        const properties = environment?.properties ?? {}
        const { it } = JSON.parse(formatJson(mapToJson(properties, { redact: false })))
        expect(it).to.deep.equal(revealed(opens))
        const secrets = [...secretTexts(properties)]
        for (const text of secretsIn(opens)) expect(secrets).to.include(text)
        expect(one.lasts).to.deep.equal(subject.lasts === undefined ? [] : [subject.lasts])
      })

      for (const [bad, says] of subject.refused) {
        it(`refuses inputs before anybody is called: ${says.source}`, async () => {
          const { server, trial: one } = await trial(subject, () => undefined)
          const { diagnostics } = await one.open(bad)
          expect(diagnostics.map(({ summary, path }) => `${path}: ${summary}`).join('\n')).to.match(says)
          expect(server.requests).to.deep.equal([])
        })
      }

      if (vendor !== undefined) faults(vendor)
    })

    function faults(vendor: VendorUnderTest): void {
      const { inputs } = subject
      const { entries = 1 } = vendor

      it('names the vendor’s code and the remedy when it is denied, and repeats no secret', async () => {
        const { denied } = vendor
        const { server, trial: one } = await trial(subject, ({ body, headers }) =>
          vendor.fault({ ...denied, text: `${denied.text}: ${body} ${JSON.stringify(headers)}` }),
        )
        const { summary, hint } = await one.fails(inputs(server.url))
        expect(summary).to.include(`${name}: `).and.include(denied.code)
        expect(hint).to.match(denied.hint)
        expect(server.requests).to.have.length(entries)
      })

      it('says when the login has expired', async () => {
        const { expired } = vendor
        const { server, trial: one } = await trial(subject, () => vendor.fault(expired))
        const { summary, hint } = await one.fails(inputs(server.url))
        expect(summary).to.include(expired.code)
        if (expired.hint !== undefined) expect(hint).to.match(expired.hint)
      })

      it('waits as long as a vendor with too much to do says, and goes on', async () => {
        const busy = { ...vendor.fault({ status: 429, code: 'Busy', text: 'slow down' }) }
        let asked = 0
        const { server, trial: one } = await trial(subject, (request) =>
          asked++ === 0 ? { ...busy, headers: { ...busy.headers, 'retry-after': '7' } } : vendor.answer(request),
        )
        expect((await one.open(inputs(server.url))).diagnostics).to.deep.equal([])
        expect(one.sleeps).to.deep.equal([7000])
      })

      it('gives up when a vendor stays busy', async () => {
        const busy = vendor.fault({ status: 429, code: 'Busy', text: 'slow down' })
        const { server, trial: one } = await trial(subject, () => busy)
        expect((await one.fails(inputs(server.url))).summary).to.match(/Busy|429/)
        expect(server.requests).to.have.length(3 * entries)
      })

      it('stops waiting when the time is up', async () => {
        const { server, trial: one } = await trial(subject, () => undefined)
        one.signal = AbortSignal.timeout(40)
        expect((await one.fails(inputs(server.url))).summary).to.include('timeout')
      })

      it('stops when it is interrupted, and asks no second time', async () => {
        const stop = new AbortController()
        const { server, trial: one } = await trial(subject, () => {
          stop.abort()
          return undefined
        })
        one.signal = stop.signal
        expect((await one.fails(inputs(server.url))).summary).to.include('interrupted')
        expect(server.requests.length).to.be.within(1, entries)
        expect(one.sleeps).to.deep.equal([])
      })

      for (const [what, body] of [
        ['a page', html],
        ['JSON of another kind', { hello: ['world'] }],
        ['null', 'null'],
        ['half an answer', '{"data": {'],
      ] as const) {
        const isJson = body !== html && what !== 'half an answer'
        if (vendor.anyJson === true && isJson) continue
        it(`says that ${what} is not the vendor’s answer`, async () => {
          const { server, trial: one } = await trial(subject, () => ({ status: 200, body }))
          const { summary, hint } = await one.fails(inputs(server.url))
          expect(summary).to.include('answered in a form')
          expect(hint).to.include('proxy')
        })
      }

      it('tells a portal from the vendor', async () => {
        const { server, trial: one } = await trial(subject, () => ({ status: 403, body: html }))
        expect((await one.fails(inputs(server.url))).summary).to.match(/HTTP 403/)
      })

      it('follows no redirect', async () => {
        const { server, trial: one } = await trial(subject, () => ({
          status: 302,
          headers: { location: '/elsewhere' },
          body: '',
        }))
        expect((await one.fails(inputs(server.url))).summary).to.include('HTTP 302')
        expect(server.requests).to.have.length(entries)
      })

      it('reads no more of an answer than it needs', async () => {
        const { server, trial: one } = await trial(subject, () => ({
          status: 200,
          body: 'x'.repeat((vendor.longestBytes ?? 1 << 20) + 1),
        }))
        expect((await one.fails(inputs(server.url))).summary).to.include('too large')
        expect(server.requests).to.have.length(entries)
      })

      it('trusts no certificate that this machine does not trust', async () => {
        const { server, trial: one } = await trial(subject, vendor.answer, 'untrusted')
        const { summary, hint } = await one.fails(inputs(server.url))
        expect(summary).to.include('DEPTH_ZERO_SELF_SIGNED_CERT')
        expect(hint).to.include('NODE_EXTRA_CA_CERTS')
        expect(server.requests).to.deep.equal([])
        expect(one.sleeps).to.deep.equal([])
      })

      if (vendor.missing !== undefined) {
        const { inputs: lacking, says } = vendor.missing
        it('names an entry that is missing, and the vendor’s code', async () => {
          const { server, trial: one } = await trial(subject, vendor.answer)
          expect((await one.fails(lacking(server.url))).summary).to.match(says)
        })
      }

      if (vendor.named === true) {
        it('calls no private host that nobody has allowed', async () => {
          const { server, trial: one } = await trial(subject, vendor.answer)
          one.privateHosts = []
          const { summary, hint } = await one.fails(inputs(server.url))
          expect(summary).to.include('127.0.0.1 is not a public one')
          expect(hint).to.include('network.privateHosts')
          expect(server.requests).to.deep.equal([])
        })
      }
    }
  }
})

/** Inputs as a definition has them before it is saved. */
function written(value: Plain | undefined): unknown {
  if (value instanceof Secret) return { 'fn::secret': written(value.reveal()) }
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, written(each)]))
}

function revealed(value: Plain | undefined): unknown {
  if (value instanceof Secret) return revealed(value.reveal())
  if (Array.isArray(value)) return value.map(revealed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revealed(each)]))
}

function secretsIn(value: Plain | undefined, isSecret = false): string[] {
  if (value instanceof Secret) return secretsIn(value.reveal(), true)
  if (typeof value === 'string') return isSecret ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((each) => secretsIn(each as Plain, isSecret))
}
