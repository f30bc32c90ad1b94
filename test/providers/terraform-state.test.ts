import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import type { PlainObject } from '../../src/plain.ts'
import type { MachineAccess, ProviderContext } from '../../src/providers/index.ts'
import { terraformStateProvider } from '../../src/providers/terraform-state.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { parseSignature, signatureMatches } from '../fakes/sigv4.ts'
import { skipWithout } from '../servers/binary.ts'
import { missingMoto, motoPackages, startMoto } from '../servers/moto.ts'
import { type Answering, VendorServer } from './vendor-server.ts'

const state = {
  version: 4,
  serial: 7,
  outputs: { url: { value: 'https://shop', type: 'string' }, key: { value: { a: 1 }, sensitive: true } },
}
const login = { accessKeyId: 'ASIAREADER', secretAccessKey: secret('secret-key-of-reader') }

describe('terraform-state', () => {
  let server: VendorServer
  beforeEach(async () => {
    server = await new VendorServer().start()
  })
  afterEach(() => server.stop())

  const context = (more: Partial<ProviderContext> = {}): ProviderContext => ({
    now: () => new Date('2026-03-04T05:06:07Z'),
    signal: new AbortController().signal,
    env: {},
    sleep: async () => {},
    network: async () => ({ privateHosts: ['127.0.0.1'] }),
    ...more,
  })
  const open = (backend: PlainObject, answering: Answering, more?: Partial<ProviderContext>) => {
    server.answering = answering
    return terraformStateProvider(server.network).open({ backend }, context(more)) as Promise<{
      readonly outputs: { readonly url: string; readonly key: Secret }
    }>
  }
  const failure = (work: Promise<unknown>): Promise<EscError> =>
    work.then(
      () => expect.fail('it opened'),
      (error) => error,
    )
  const expectOutputs = ({ outputs }: Awaited<ReturnType<typeof open>>) => {
    expect(outputs.url).to.equal('https://shop')
    expect(outputs.key.reveal()).to.deep.equal({ a: 1 })
  }

  it('reads an object of S3, signed, in the bucket of the region', async () => {
    const s3 = { bucket: 'states', key: 'shop/network.tfstate', region: 'eu-west-1', login }
    const answering: Answering = (request) => {
      const parts = parseSignature(request)
      expect([parts?.service, parts?.region]).to.deep.equal(['s3', 'eu-west-1'])
      expect(signatureMatches(request, parts!, 'secret-key-of-reader')).to.equal(true)
      expect(`${request.host}${request.path}`).to.equal('s3.eu-west-1.amazonaws.com/states/shop/network.tfstate')
      return { status: 200, body: state }
    }
    expectOutputs(await open({ s3 }, answering))
    const gone = `<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>`
    const error = await failure(open({ s3 }, () => ({ status: 404, body: gone })))
    expect(error.message).to.include('reading s3://states/shop/network.tfstate failed: NoSuchKey')
    expect(error.hint).to.include('key of the object')
  })

  it('reads an object of Google Cloud Storage, of the workspace that is named', async () => {
    const gcs = { bucket: 'states', prefix: 'shop/', workspace: 'prod', login: { accessToken: secret('google-token') } }
    const answering: Answering = ({ host, path, query, headers }) => {
      expect([host, path, query.get('alt'), headers.authorization]).to.deep.equal([
        'storage.googleapis.com',
        '/storage/v1/b/states/o/shop/prod.tfstate',
        'media',
        'Bearer google-token',
      ])
      return { status: 200, body: state }
    }
    expectOutputs(await open({ gcs }, answering))
    const error = await failure(open({ gcs }, () => ({ status: 404, body: 'No such object: states/shop' })))
    expect(error.message).to.include('NOT_FOUND')
  })

  it('reads a blob of Azure with a token of the login', async () => {
    const azure = { clientId: 'c', tenantId: 't', clientSecret: secret('client-secret') }
    const azurerm = { storageAccountName: 'states', containerName: 'tf', key: 'shop.tfstate', login: azure }
    const answering: Answering = ({ host, path, headers, body }) => {
      if (host === 'login.microsoftonline.com') {
        expect(new URLSearchParams(body).get('scope')).to.equal('https://storage.azure.com/.default')
        return { status: 200, body: { access_token: 'azure-token' } }
      }
      expect([host, path, headers.authorization]).to.deep.equal([
        'states.blob.core.windows.net',
        '/tf/shop.tfstate',
        'Bearer azure-token',
      ])
      return { status: 200, body: state }
    }
    expectOutputs(await open({ azurerm }, answering))
    for (const more of [{ login: undefined }, { sasToken: secret('sv=1') }]) {
      const error = await failure(open({ azurerm: { ...azurerm, ...more } }, answering))
      expect(error.message).to.include('needs exactly one of `login`, `accessKey` and `sasToken`')
    }
  })

  it('reads from a server of the HTTP backend, and from a file', async () => {
    const http = { address: `${server.url}/state`, username: 'shop', password: secret('http-password') }
    const answering: Answering = ({ headers }) =>
      headers.authorization === `Basic ${Buffer.from('shop:http-password').toString('base64')}`
        ? { status: 200, body: state }
        : { status: 401, body: { message: 'who are you, http-password?' } }
    expectOutputs(await open({ http }, answering))
    const wrong = await failure(open({ http: { ...http, username: 'x' } }, answering))
    expect(wrong.message).to.include('HTTP 401').and.not.include('http-password')
    const plain = await failure(open({ http: { address: 'http://example.org/state' } }, answering))
    expect(plain.code).to.equal('invalid_input')
    const machine = { file: async () => Buffer.from(JSON.stringify(state)) } as Partial<MachineAccess>
    const given = { machine: async () => machine as MachineAccess }
    expectOutputs(await open({ local: { path: 'terraform.tfstate' } }, () => undefined, given))
  })

  it('refuses what OpenTofu has encrypted, older formats and what is no state, each with the reason', async () => {
    const http = { address: `${server.url}/state` }
    const says = async (body: object | string) => (await failure(open({ http }, () => ({ status: 200, body })))).message
    expect(await says({ serial: 1, meta: {}, encrypted_data: 'aGk=', encryption_version: 'v0' })).to.include(
      'is encrypted by OpenTofu',
    )
    expect(await says({ version: 3, modules: [] })).to.include('has version 3 of the format')
    expect(await says('<html>')).to.include('is not a state of Terraform')
    expect(await open({ http }, () => ({ status: 200, body: { version: 4 } }))).to.deep.equal({ outputs: {} })
  })

  it('reads from moto as from S3', async function () {
    this.timeout(60_000)
    skipWithout(this, missingMoto(), motoPackages)
    const moto = await startMoto()
    try {
      const put = (path: string, body?: string) => fetch(`${moto.url}/${path}`, { method: 'PUT', body: body ?? null })
      await put('states')
      await put('states/a%20b/c.tfstate', JSON.stringify(state))
      const backend = { s3: { bucket: 'states', key: 'a b/c.tfstate', region: 'us-east-1', login } }
      const env = { AWS_ENDPOINT_URL_S3: moto.url }
      const opened = await terraformStateProvider().open({ backend }, context({ env }))
      expectOutputs(opened as Awaited<ReturnType<typeof open>>)
    } finally {
      await moto.stop()
    }
  })
})
