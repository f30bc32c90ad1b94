import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { providerNames } from '../../src/providers/index.ts'
import { Playground } from '../cli/commands/esc.ts'

const { fetch, setTimeout } = globalThis

/** The longest pause between two tries. Limits of time are longer. */
const longestPauseMs = 10_000

/** Inputs of logins: every text among them is secret and holds `canary`. */
const inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'aws-login': {
    oidc: { roleArn: 'arn:aws:iam::123456789012:role/canary-role', sessionName: 'canary-session' },
  },
  'azure-login': {
    tenantId: 'canary-tenant',
    subscriptionId: 'canary-subscription',
    clientId: 'canary-client',
    oidc: true,
  },
  'gcp-login': {
    oidc: {
      workloadPoolId: 'canary-pool',
      providerId: 'canary-provider',
      serviceAccount: 'canary-account@canary-project.iam.gserviceaccount.com',
    },
    project: 123456789012,
  },
}

function secretly(value: unknown): unknown {
  if (typeof value === 'string') return { 'fn::secret': value }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, secretly(member)]))
}

/** A vendor that repeats all that it was told, in one way or another. */
const vendors: Readonly<Record<string, typeof fetch>> = {
  'cannot be reached': async (url, init) => {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error(`no ${url}`), { code: 'ENOTFOUND', body: init?.body }),
    })
  },
  'refuses and repeats the request': async (url, init) => {
    const text = `${url} ${init?.body}`
    return Response.json({ error: text, error_description: text, message: decodeURIComponent(text) }, { status: 400 })
  },
  'fails and repeats the request': async (url, init) => new Response(`${url} ${init?.body}`, { status: 500 }),
}

describe('secret inputs of providers', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    // What a vendor repeats is the same after a pause, so pauses take no time here.
    const hasty = (run: () => void, ms = 0) => setTimeout(run, ms < longestPauseMs ? 0 : ms)
    globalThis.setTimeout = hasty as typeof setTimeout
    playground = new Playground()
    await playground.ok('init')
  })

  async function withIssuer(): Promise<void> {
    appendFileSync(join(playground.store, 'esc.yaml'), 'oidc: {issuer: https://esc.example.org}\n')
    await playground.ok('trust', '--yes')
  }
  afterEach(() => {
    globalThis.fetch = fetch
    globalThis.setTimeout = setTimeout
    playground.remove()
  })

  // What vendors of all others repeat is tried by the contract of providers
  // (test/providers/contract.test.ts).
  it('are those of providers that there are', () => {
    expect(providerNames).to.include.members(Object.keys(inputs))
  })

  const expectHidden = async () => {
    for (const words of [
      ['open', 'app/dev'],
      ['open', 'app/dev', '--format', 'json'],
      ['run', 'app/dev', 'true'],
    ]) {
      const { code, out, err } = await playground.run(words)
      expect(code, words.join(' ')).to.not.equal(0)
      expect(`${out}${err}`.toLowerCase(), words.join(' ')).to.not.include('canary')
    }
  }
  const withProvider = (provider: string) => {
    const call = { [`fn::open::${provider}`]: secretly(inputs[provider]) }
    return playground.withEnvironment('app/dev', JSON.stringify({ values: { login: call } }))
  }

  for (const provider of Object.keys(inputs)) {
    it(`show nowhere when ${provider} gets no identity token`, async () => {
      await withProvider(provider)
      await expectHidden()
    })
  }

  // The others ask nobody, or by a library of their vendor.
  for (const [what, vendor] of Object.entries(vendors)) {
    it(`show nowhere when the vendor of gcp-login ${what}`, async () => {
      await withIssuer()
      await withProvider('gcp-login')
      globalThis.fetch = vendor
      await expectHidden()
    })
  }

  it('show nowhere in errors of a plugin, whose causes and properties tell them', async () => {
    const folder = join(playground.store, 'node_modules', 'esc-plugin-telling')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'package.json'),
      '{"name": "esc-plugin-telling", "type": "module", "exports": "./index.js"}',
    )
    writeFileSync(
      join(folder, 'index.js'),
      `const schema = {type: 'object', properties: {host: {type: 'string'}}, required: ['host']}
export default {
  contract: 1,
  providers: [{
    name: 'telling', description: 'tells', inputs: schema, outputs: {type: 'object'},
    open: async ({host}) => { throw new Error('no ' + host, {cause: Object.assign(new Error(host), {host})}) },
  }],
}
`,
    )
    appendFileSync(join(playground.store, 'esc.yaml'), 'plugins: [esc-plugin-telling]\n')
    await playground.ok('trust', '--yes')
    const call = { 'fn::open::telling': { host: { 'fn::secret': 'canary.intern' } } }
    await playground.withEnvironment('app/dev', JSON.stringify({ values: { login: call } }))
    const { code, out, err } = await playground.run(['open', 'app/dev'])
    expect(code).to.equal(1)
    expect(`${out}${err}`).to.include('no [secret]').and.not.include('canary')
  })
})
