import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Program } from '../end-to-end/program.ts'
import { newerNode } from '../servers/newer-node.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { EventStream } from './event-stream.ts'
import { RunningServer } from './running-server.ts'

const issuer = 'https://ci.example.org'

describe('a server with its store in PostgreSQL', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer
  let tokenOfFolder: string
  let sign: (claims: Record<string, string>) => Promise<string>

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    const node = await newerNode()
    if (node === undefined) return this.skip()
    program = new Program()
    program.node = node
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('app/dev', 'values: {a: 1, secret: {fn::secret: not-a-real-secret}}\n')
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const keys = { keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'one' }] }
    const settings = {
      issuers: [{ url: issuer, subjects: ['repo:acme/*'], user: 'ci', environments: ['app/*'], keys }],
    }
    appendFileSync(join(program.store, 'esc.yaml'), `server: ${JSON.stringify(settings)}\n`)
    sign = (claims) =>
      new SignJWT({ aud: 'urn:pulumi:org:acme', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(issuer)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    program.env.ESC_TRUST = JSON.parse(await program.ok('trust', 'show', '--output', 'json')).digest
    tokenOfFolder = (await program.ok('server', 'token', 'create', '--user', 'ada', '--admin')).trim()
    const { host, port, admin } = await sharedPostgres()
    program.env.ESC_DATABASE_URL = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=served`
    await program.ok('server', 'import')
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  const environment = '/api/esc/environments/acme/app/dev'

  it('lets nobody in with a token of the folder that was imported, as the help of both ways says', async () => {
    expect((await server.call('GET', environment, { token: tokenOfFolder })).status).to.equal(401)
    expect((await server.call('GET', environment)).status).to.equal(200)
    const help = async (command: string) => (await program.ok('server', command, '--help')).replace(/\s+/g, ' ')
    expect(await help('import')).to.include('create new tokens for the database, and keep the old log')
    expect(await help('export')).to.include('Tokens, webhook deliveries and the audit log stay in the database')
  })

  it('lives and is ready', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await server.call('GET', path, { token: '' })
      expect([status, text], path).to.deep.equal([200, 'ok\n'])
    }
  })

  it('performs operations, and every replica tells of the new revision', async () => {
    const other = await RunningServer.start(program)
    const streams = [server, other].map(
      ({ url, token }) =>
        new EventStream(`${url}/api/v1/environments/acme/app/dev/events`, { authorization: `token ${token}` }),
    )
    try {
      for (const stream of streams) await stream.until(() => stream.events.length > 0)
      const first = streams[0]?.events[0]?.data
      const { json } = await server.call('POST', '/api/v1/operations/set-values', {
        body: { subject: { name: 'app/dev' }, input: [{ path: 'a', value: 2 }] },
      })
      expect(json.result).to.include({ kind: 'saved', revision: first.revision + 1 })
      for (const stream of streams)
        await stream.until(() => stream.events.some(({ data }) => data.revision === first.revision + 1))
    } finally {
      for (const stream of streams) stream.close()
      await other.stop()
    }
  })

  it('exchanges identity tokens, for what the issuer in esc.yaml may do', async () => {
    const exchange = async (sub: string) =>
      server.call('POST', '/api/oauth/token', {
        token: '',
        body: {
          audience: 'urn:pulumi:org:acme',
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          requested_token_type: 'urn:pulumi:token-type:access_token:organization',
          subject_token: await sign({ sub }),
        },
      })
    const { status, json } = await exchange('repo:acme/web')
    expect([status, json.message]).to.deep.equal([200, undefined])
    const token = json.access_token
    const opened = await server.call('POST', `${environment}/open`, { token })
    const read = await server.call('GET', `${environment}/open/${opened.json.id}?property=secret`, { token })
    expect(read.json).to.include({ value: 'not-a-real-secret', secret: true })
    expect((await server.call('PATCH', environment, { token, body: 'values: {}' })).status, 'open only').to.equal(403)
    expect((await exchange('repo:evil/web')).status).to.equal(400)
  })
})
