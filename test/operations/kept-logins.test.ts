import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  acceptTrust,
  type Caller,
  createEnvironment,
  findValue,
  openEnvironment,
  reviewTrust,
} from '../../src/operations/index.ts'
import { openWorkspaceAt } from '../../src/operations/session/open-workspace.ts'
import { IssuerStore } from './identity/issuer-store.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

const login = `values:
  own: {fn::secret: own-secret}
  aws:
    fn::open::aws-login:
      oidc: {roleArn: "arn:aws:iam::123456789012:role/x", sessionName: esc, duration: 1h}
`

describe('logins, with cache: on', () => {
  let store: IssuerStore
  let sts: Server
  let asked: number
  beforeEach(async () => {
    store = await new IssuerStore().init()
    asked = 0
    sts = createServer((request, response) => {
      asked++
      request.resume()
      const expiration = new Date(store.now.getTime() + 3600_000).toISOString()
      const keys = `<AccessKeyId>ASIA${asked}</AccessKeyId><SecretAccessKey>secret-${asked}</SecretAccessKey>`
      response.end(
        `<Credentials>${keys}<SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>`,
      )
    })
    await new Promise<void>((done) => sts.listen(0, '127.0.0.1', done))
    store.env.AWS_ENDPOINT_URL_STS = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`
    await store.withIssuer()
    await define('app/login', login)
    const workspace = store.workspace()
    const { powers } = await perform(workspace, reviewTrust, undefined)
    await perform(workspace, acceptTrust, undefined, { powers })
  })
  afterEach(() => {
    sts.closeAllConnections()
    sts.close()
    store.remove()
  })

  const define = (name: string, definition: string) => {
    const workspace = store.workspace()
    return perform(workspace, createEnvironment, workspace.reference(name), { definition })
  }
  const cache = (value: string) => appendFileSync(join(store.folder, 'environments', 'esc.yaml'), `cache: ${value}\n`)
  async function open(
    name = 'app/login',
    env: Record<string, string> = {},
    lifetimeSeconds?: number,
    caller: Caller = {},
  ) {
    const host = { ...store.host, env: { ...store.env, ...env }, build: 'one' }
    const parts = { ...sessionParts(host, { lifetimeSeconds }), caller }
    const workspace = openWorkspaceAt(store.folder, parts, 'named')
    const { properties, diagnostics } = await perform(workspace, openEnvironment, workspace.reference(name))
    expect(diagnostics).to.deep.equal([])
    return JSON.stringify(findValue(properties ?? {}, ['aws', 'accessKeyId']) ?? null)
  }

  it('are made once while they count, and anew some minutes before they end', async () => {
    cache('on')
    expect(await open()).to.include('ASIA1')
    store.later(3200)
    expect(await open()).to.include('ASIA1')
    expect(asked).to.equal(1)
    store.later(200)
    expect(await open()).to.include('ASIA2')
    expect(asked).to.equal(2)
  })

  it('are encrypted where they are kept', async () => {
    cache('on')
    await open()
    const state = join(store.folder, 'config', 'state')
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    expect(files.some(({ parentPath }) => parentPath.endsWith('opened'))).to.equal(true)
    for (const text of texts) expect(text).not.to.match(/ASIA1|secret-1|own-secret/)
  })

  it('are made anew for other variables, and where this machine allows something else', async () => {
    cache('on')
    await open()
    expect(await open('app/login', { AWS_REGION: 'eu-west-1' })).to.include('ASIA2')
    expect(await open('app/login', { TERM: 'dumb', AWS_REGION: 'eu-west-1' })).to.include('ASIA2')
    const workspace = store.workspace()
    const { powers } = await perform(workspace, reviewTrust, undefined)
    await perform(workspace, acceptTrust, undefined, { powers: powers.filter(({ kind }) => kind !== 'identity') })
    expect(await open('app/login', { AWS_REGION: 'eu-west-1' })).to.include('ASIA3')
  })

  it('are made anew for another caller, whom their identity tokens name', async () => {
    cache('on')
    const as = (name: string, author?: Caller['author']) =>
      open('app/login', {}, undefined, { principal: { name, from: 'token' }, author })
    expect(await as('ada')).to.include('ASIA1')
    expect(await as('bob')).to.include('ASIA2')
    expect(await as('bob')).to.include('ASIA2')
    expect(await as('bob', { name: 'Bob', email: 'bob@example.com' })).to.include('ASIA3')
  })

  it('are made anew for another lifetime', async () => {
    cache('on')
    await open()
    expect(await open('app/login', {}, 1800)).to.include('ASIA2')
    expect(await open('app/login', {}, 1800)).to.include('ASIA2')
    expect(await open()).to.include('ASIA3')
  })

  it('are made each time without it, or beside what must be read each time', async () => {
    for (let round = 1; round <= 2; round++) expect(await open()).to.include(`ASIA${round}`)
    cache('on')
    const file = '  banner: {fn::open::file: {get: {a: {path: esc.yaml}}}}\n'
    await define('app/both', `${login}${file}`)
    for (let round = 3; round <= 4; round++) expect(await open('app/both')).to.include(`ASIA${round}`)
  })
})
