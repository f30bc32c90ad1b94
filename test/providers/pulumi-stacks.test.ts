import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import type { MachineAccess, ProviderContext } from '../../src/providers/index.ts'
import { pulumiStacksProvider } from '../../src/providers/pulumi-stacks.ts'
import type { Secret } from '../../src/secret.ts'
import { skipWithout } from '../servers/binary.ts'
import { missingMoto, motoPackages, startMoto } from '../servers/moto.ts'
import { type Answering, VendorServer } from './vendor-server.ts'

const mark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' }
const checkpoint = (
  project = 'network',
  outputs: object = { url: 'https://shop', key: { ...mark, ciphertext: 'v1:x' } },
) => ({
  version: 3,
  checkpoint: {
    latest: {
      secrets_providers: { type: 'passphrase', state: { salt: 'v1:salt' } },
      resources: [{ type: 'pulumi:pulumi:Stack', urn: `urn:pulumi:prod::${project}::pulumi:pulumi:Stack::x`, outputs }],
    },
  },
})

describe('pulumi-stacks', () => {
  let folder: string
  let server: VendorServer
  let allowed: string[]
  let managers: unknown[]
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-pulumi-'))
    server = await new VendorServer().start()
    allowed = []
    managers = []
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.stop()
  })

  const machine = {
    allowStack: async (stack: string) => void allowed.push(stack),
    storageToken: async ({ kind }: { kind: string }) => {
      expect(allowed).to.have.length.greaterThan(0)
      return `${kind}-token`
    },
    async pulumiSecrets(_stack: string, manager: unknown) {
      managers.push(manager)
      return { decrypt: (text: string) => JSON.stringify({ of: text }) }
    },
  } as unknown as MachineAccess
  const open = (env: Record<string, string>, answering: Answering = () => undefined, network = server.network) => {
    server.answering = answering
    const context: ProviderContext = {
      now: () => new Date('2026-03-04T05:06:07Z'),
      signal: new AbortController().signal,
      env,
      sleep: async () => {},
      machine: async () => machine,
    }
    const inputs = { stacks: { net: { stack: 'network/prod' } } }
    return pulumiStacksProvider(network).open(inputs, context) as Promise<{
      readonly net: { readonly url: string; readonly key: Secret }
    }>
  }
  const failure = (work: Promise<unknown>): Promise<EscError> =>
    work.then(
      () => expect.fail('it opened'),
      (error) => error,
    )
  const put = (name: string, content: string | Uint8Array) => {
    const file = join(folder, '.pulumi', 'stacks', name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, content)
  }

  it('reads files, of new and old backends, packed or not, and decrypts what is secret', async () => {
    const env = { PULUMI_BACKEND_URL: `file://${folder}` }
    expect((await failure(open(env))).message).to.include('there is no stack network/prod at file://')
    put('prod.json', JSON.stringify(checkpoint('another')))
    expect((await failure(open(env))).message).to.include('there is no stack')
    put('prod.json', JSON.stringify(checkpoint()))
    const { net } = await open(env)
    expect(net.url).to.equal('https://shop')
    expect(net.key.reveal()).to.deep.equal({ of: 'v1:x' })
    expect(managers).to.deep.equal([{ type: 'passphrase', state: { salt: 'v1:salt' } }])
    put('network/prod.json.gz', gzipSync(JSON.stringify(checkpoint('network', { url: 'new' }))))
    expect((await open(env)).net).to.deep.equal({ url: 'new' })
    expect(allowed).to.include('network/prod')
    put('network/prod.json', '{"half')
    expect((await failure(open(env))).message).to.include('it is not JSON')
  })

  it('knows the backend of pulumi login, and asks who the user is', async () => {
    writeFileSync(
      join(folder, 'credentials.json'),
      JSON.stringify({ current: 'https://api.pulumi.com', accessTokens: { 'https://api.pulumi.com': 'pul-own' } }),
    )
    const answering: Answering = ({ path, headers }) => {
      expect(headers.authorization).to.equal('token pul-own')
      if (path === '/api/user') return { status: 200, body: { githubLogin: 'ada' } }
      expect(path).to.equal('/api/stacks/ada/network/prod/export')
      return { status: 200, body: { deployment: checkpoint('network', { url: 'hosted' }).checkpoint.latest } }
    }
    expect((await open({ PULUMI_HOME: folder }, answering)).net).to.deep.equal({ url: 'hosted' })
    expect((await failure(open({}))).hint).to.include('pulumi login')
    expect((await failure(open({ PULUMI_BACKEND_URL: 'ftp://x' }))).code).to.equal('invalid_input')
  })

  it('reads from Azure with a request that the key of the account has signed', async () => {
    const key = Buffer.from('key of the account')
    const answering: Answering = ({ method, host, path, headers }) => {
      const [date, version] = [headers['x-ms-date'], headers['x-ms-version']]
      expect(date).to.equal('Wed, 04 Mar 2026 05:06:07 GMT')
      const signed = [method, ...Array(11).fill(''), `x-ms-date:${date}`, `x-ms-version:${version}`, `/acme${path}`]
      const signature = createHmac('sha256', key).update(signed.join('\n')).digest('base64')
      expect([host, headers.authorization]).to.deep.equal([
        'acme.blob.core.chinacloudapi.cn',
        `SharedKey acme:${signature}`,
      ])
      return { status: 200, body: checkpoint('network', { url: 'azure' }) }
    }
    const env = {
      PULUMI_BACKEND_URL: 'azblob://state?storage_account=acme&domain=blob.core.chinacloudapi.cn',
      AZURE_STORAGE_KEY: key.toString('base64'),
    }
    expect((await open(env, answering)).net).to.deep.equal({ url: 'azure' })
  })

  it('reads from Azure with a shared access signature, and from Azure and Google with a token of the user', async () => {
    const azure = {
      PULUMI_BACKEND_URL: 'azblob://state/shop',
      AZURE_STORAGE_ACCOUNT: 'acme',
      AZURE_STORAGE_SAS_TOKEN: 'sv=1&sig=s',
    }
    const answering: Answering = ({ host, path, query }) => {
      expect([host, query.get('sig')]).to.deep.equal(['acme.blob.core.windows.net', 's'])
      const there = path === '/state/shop/.pulumi/stacks/network/prod.json'
      return there ? { status: 200, body: checkpoint('network', { url: 'azure' }) } : { status: 404, body: '' }
    }
    expect((await open(azure, answering)).net).to.deep.equal({ url: 'azure' })
    const own = { ...azure, AZURE_STORAGE_SAS_TOKEN: '' }
    const withToken: Answering = ({ headers }) => {
      expect(headers.authorization).to.equal('Bearer azure-token')
      return { status: 200, body: checkpoint('network', { url: 'azure' }) }
    }
    expect((await open(own, withToken)).net).to.deep.equal({ url: 'azure' })
    const google = { PULUMI_BACKEND_URL: 'gs://state' }
    const old: Answering = ({ path, headers }) => {
      expect(headers.authorization).to.equal('Bearer google-token')
      if (path.endsWith('/o/.pulumi/stacks/prod.json'))
        return { status: 200, body: checkpoint('network', { url: 'google' }) }
      return { status: 404, body: 'No such object: state/x' }
    }
    expect((await open(google, old)).net).to.deep.equal({ url: 'google' })
  })

  it('reads from moto as from S3', async function () {
    this.timeout(60_000)
    skipWithout(this, missingMoto(), motoPackages)
    const moto = await startMoto()
    try {
      const write = (path: string, body?: string) => fetch(`${moto.url}/${path}`, { method: 'PUT', body: body ?? null })
      await write('state')
      await write('state/p/.pulumi/stacks/network/prod.json', JSON.stringify(checkpoint('network', { url: 's3' })))
      const env = {
        PULUMI_BACKEND_URL: `s3://state/p?region=us-east-1&endpoint=${encodeURIComponent(moto.url)}`,
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
      }
      expect((await open(env, undefined, {} as typeof server.network)).net).to.deep.equal({ url: 's3' })
      const gone = await failure(
        open(
          { ...env, PULUMI_BACKEND_URL: `${env.PULUMI_BACKEND_URL.replace('/p?', '/q?')}` },
          undefined,
          {} as typeof server.network,
        ),
      )
      expect(gone.message).to.include('there is no stack network/prod at s3://state/q')
    } finally {
      await moto.stop()
    }
  })
})
