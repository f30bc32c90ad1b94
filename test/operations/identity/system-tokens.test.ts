import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { SignJWT } from 'jose'
import { issueToken } from '../../../src/operations/index.ts'
import { perform } from '../perform.ts'
import { IssuerStore, issuer } from './issuer-store.ts'

interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

describe('where the identity token comes from', () => {
  let store: IssuerStore
  let server: Server
  let asked: Asked[]
  let answer: { status: number; body: string }
  const at = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  before(async () => {
    store = await new IssuerStore().init()
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { method = '', url = '', headers } = request
      asked.push({ method, url: new URL(url, at()), headers, body })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })
  after(() => {
    server.close()
    store.remove()
  })
  const usual = () => ({ ESC_CONFIG_HOME: join(store.folder, 'config'), ESC_AUTHOR: 'Ada <ada@example.com>' })
  beforeEach(() => {
    store.env = usual()
    asked = []
    answer = { status: 200, body: '{}' }
  })

  const jwt = (iss: string, expires = '1h') =>
    new SignJWT({ iss })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt(Math.floor(store.now.getTime() / 1000))
      .setExpirationTime(new Date(store.now.getTime() + (expires === '1h' ? 3600_000 : -1000)))
      .sign(new Uint8Array(32))
  const issued = (audience = 'aws') => {
    const workspace = store.workspace()
    const order = { audience, subjectAttributes: [], version: undefined }
    return perform(workspace, issueToken, workspace.reference('app/dev'), order)
  }
  const failure = async (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('it was done'),
      (error) => error,
    )

  it('GitHub Actions is asked for one with our audience', async () => {
    const token = await jwt('https://token.actions.githubusercontent.com')
    answer.body = JSON.stringify({ value: token })
    Object.assign(store.env, {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${at()}/token?api=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-token',
    })
    expect(await issued()).to.include({ token, from: 'GitHub Actions' })
    const [{ method, url, headers }] = asked as [Asked]
    expect(method).to.equal('GET')
    expect(url.search).to.equal('?api=1&audience=aws%3Aacme')
    expect(headers.authorization).to.equal('Bearer runner-token')
    store.env.ESC_OIDC_AUDIENCE = 'sts.amazonaws.com'
    await issued()
    expect(asked[1]?.url.searchParams.get('audience')).to.equal('sts.amazonaws.com')
  })

  it('Buildkite is asked for one of the job', async () => {
    const token = await jwt('https://agent.buildkite.com')
    answer.body = JSON.stringify({ token })
    Object.assign(store.env, {
      BUILDKITE_JOB_ID: '0184990a',
      BUILDKITE_AGENT_ACCESS_TOKEN: 'agent-token',
      BUILDKITE_AGENT_ENDPOINT: `${at()}/v3/`,
    })
    expect(await issued('gcp')).to.include({ token, from: 'Buildkite' })
    const [{ method, url, headers, body }] = asked as [Asked]
    expect([method, url.pathname, headers.authorization, JSON.parse(body)]).to.deep.equal([
      'POST',
      '/v3/jobs/0184990a/oidc/tokens',
      'Token agent-token',
      { audience: 'gcp:acme' },
    ])
  })

  it('GitLab CI and CircleCI hand it over in a variable', async () => {
    const token = await jwt('https://gitlab.com')
    Object.assign(store.env, { GITLAB_CI: 'true', GITLAB_OIDC_TOKEN: token })
    expect(await issued()).to.include({ token, from: 'the variable GITLAB_OIDC_TOKEN' })
    store.env = { ...usual(), CIRCLECI: 'true', CIRCLE_OIDC_TOKEN: 'old', CIRCLE_OIDC_TOKEN_V2: token }
    expect((await issued()).from).to.equal('the variable CIRCLE_OIDC_TOKEN_V2')
  })

  it('AWS and Azure keep it in a file, for their own logins alone', async () => {
    const token = await jwt('https://oidc.eks.example')
    const file = join(store.folder, 'projected')
    writeFileSync(file, `${token}\n`)
    store.env = { ...usual(), AWS_WEB_IDENTITY_TOKEN_FILE: file }
    expect((await issued('aws')).token).to.equal(token)
    expect((await failure(issued('gcp'))).code).to.equal('provider_failed')
    store.env = { ...usual(), AZURE_FEDERATED_TOKEN_FILE: file }
    expect((await issued('azure')).from).to.equal(`the file ${file} (AZURE_FEDERATED_TOKEN_FILE)`)
    store.env = { ...usual(), IDENTITY_ENDPOINT: `${at()}/msi`, IDENTITY_HEADER: 'header-secret' }
    answer.body = JSON.stringify({ access_token: token })
    expect((await issued('azure')).token).to.equal(token)
    expect(asked[0]?.headers['x-identity-header']).to.equal('header-secret')
  })

  it("Google Cloud's metadata server is asked where there is one", async () => {
    const token = await jwt('https://accounts.google.com')
    answer.body = token
    store.env.GCE_METADATA_HOST = at().slice('http://'.length)
    expect((await issued('gcp')).token).to.equal(token)
    expect(asked[0]?.url.searchParams.get('audience')).to.equal('gcp:acme')
    expect(asked[0]?.headers['metadata-flavor']).to.equal('Google')
  })

  it('what the user names goes before the system, and the system before the store', async () => {
    const [named, system] = [await jwt('https://named'), await jwt('https://gitlab.com')]
    const file = join(store.folder, 'named')
    mkdirSync(store.folder, { recursive: true })
    writeFileSync(file, named)
    await store.withIssuer()
    expect((await issued()).claims.iss).to.equal(issuer)
    Object.assign(store.env, { GITLAB_CI: 'true', GITLAB_OIDC_TOKEN: system })
    expect((await issued()).claims.iss).to.equal('https://gitlab.com')
    store.env.ESC_OIDC_TOKEN_FILE = file
    expect((await issued()).claims.iss).to.equal('https://named')
    store.env.ESC_OIDC_TOKEN_AWS = await jwt('https://for-aws')
    expect((await issued()).claims.iss).to.equal('https://for-aws')
    expect((await issued('gcp')).claims.iss).to.equal('https://named')
    store.env.ESC_OIDC_SOURCE = 'issuer'
    expect((await issued()).claims.iss).to.equal(issuer)
    store.env.ESC_OIDC_SOURCE = 'gitlab-ci'
    expect((await issued()).claims.iss).to.equal('https://gitlab.com')
    store.env.ESC_OIDC_SOURCE = 'circleci'
    expect((await failure(issued())).message).to.include('no identity token of the source circleci')
    store.env.ESC_OIDC_SOURCE = 'elsewhere'
    expect((await failure(issued())).code).to.equal('invalid_input')
  })

  it('is refused when it is not a token, has expired or is not given, without a word of it', async () => {
    store.env.ESC_OIDC_TOKEN = 'not-a-token-but-secret'
    const bad = await failure(issued())
    expect(`${bad.message} ${bad.hint}`).to.include('ESC_OIDC_TOKEN').and.not.include('secret')
    store.env.ESC_OIDC_TOKEN = await jwt('https://named', 'past')
    expect((await failure(issued())).message).to.include('has expired')
    store.env = { ...usual(), ESC_OIDC_TOKEN_FILE: join(store.folder, 'missing') }
    expect((await failure(issued())).message).to.include('is not there')
    store.env = {
      ...usual(),
      ACTIONS_ID_TOKEN_REQUEST_URL: `${at()}/token`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-token',
    }
    answer = { status: 403, body: 'no runner-token here' }
    const denied = await failure(issued())
    expect(denied.message).to.include('GitHub Actions gave no identity token: HTTP 403').and.not.include('runner-token')
  })

  it('belongs to the first store that uses it', async () => {
    const token = await jwt('https://gitlab.com')
    const other = await new IssuerStore().init()
    try {
      other.env = { ...store.env, ESC_CONFIG_HOME: join(other.folder, 'config'), ESC_OIDC_TOKEN: token }
      store.env = { ...other.env }
      const workspace = other.workspace()
      const order = { audience: 'aws', subjectAttributes: [], version: undefined }
      await perform(workspace, issueToken, workspace.reference('app/dev'), order)
      expect((await failure(issued())).code).to.equal('untrusted')
    } finally {
      other.remove()
    }
  })
})
