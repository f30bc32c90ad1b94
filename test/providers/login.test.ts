import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { ownToken } from '../../src/operations/identity/own-token.ts'
import {
  acceptTrust,
  initStore,
  reviewTrust,
  Session,
  type SessionHost,
  signingKeys,
} from '../../src/operations/index.ts'
import { openWorkspaceAt } from '../../src/operations/session/open-workspace.ts'
import { awsLoginProvider } from '../../src/providers/aws-login.ts'
import { azureLogin } from '../../src/providers/azure-login.ts'
import { gcpLoginProvider } from '../../src/providers/gcp-login.ts'
import type { ProviderContext } from '../../src/providers/index.ts'
import type { Remedy } from '../../src/remedy.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { checkToken, TokenServices } from '../fakes/token-services.ts'
import { sessionParts } from '../operations/session-parts.ts'

const issuer = 'https://esc.example.org'
const now = () => new Date('2026-03-04T05:06:07Z')

async function failure(promise: Promise<unknown>): Promise<EscError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).to.be.instanceOf(EscError)
  return error as EscError
}

describe('login providers with the identity token of the store', () => {
  let folder: string
  let host: SessionHost
  let context: ProviderContext
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-login-'))
    const env = { ESC_CONFIG_HOME: join(folder, 'config'), ESC_AUTHOR: 'Ada <ada@example.com>' }
    host = { cwd: folder, env, now, notify: () => {} }
    initStore({ folder: undefined, organization: 'acme', secretsProvider: undefined }, sessionParts(host))
    appendFileSync(join(folder, 'environments', 'esc.yaml'), `oidc: {issuer: ${issuer}}\n`)
    // Makes the key, so that it is nobody's yet.
    signingKeys(host)
    const session = new Session(openWorkspaceAt(folder, sessionParts(host), 'named'))
    const { powers } = (await session.perform(reviewTrust, undefined)).result
    await session.perform(acceptTrust, undefined, { powers })
    context = contextAt('app/dev', 'logins/cloud')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const contextAt = (rootEnvironment: string, currentEnvironment: string): ProviderContext => ({
    now,
    env: {},
    signal: new AbortController().signal,
    identityToken: (request) =>
      ownToken(openWorkspaceAt(folder, sessionParts(host), 'named'), request, { rootEnvironment, currentEnvironment }),
  })
  const trusted = (audience: string, subject = 'pulumi:environments:org:acme:env:app/dev') => ({
    issuer,
    keys: signingKeys(host).keys,
    audience,
    subject,
    now,
  })
  const role = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'esc' }
  const pool = { workloadPoolId: 'esc', providerId: 'store', serviceAccount: 'app@shop.iam.gserviceaccount.com' }

  it('aws-login takes on a role that trusts the issuer, audience and subject', async () => {
    const services = new TokenServices(trusted('aws:acme'))
    const login = awsLoginProvider(services)
    const opened = (await login.open(
      { oidc: { ...role, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } },
      context,
    )) as {
      accessKeyId: string
      sessionToken: Secret<string>
    }
    expect(opened.accessKeyId).to.equal('ASIAFAKE')
    expect(opened.sessionToken.reveal()).to.equal('session&esc')
    expect(JSON.stringify(opened)).not.to.include('session&')
    const [{ url, body }] = services.requests as [{ url: string; body: string }]
    expect(url).to.equal('https://sts.us-east-1.amazonaws.com/')
    const form = new URLSearchParams(body)
    expect(form.get('DurationSeconds')).to.equal('7200')
    expect(form.get('PolicyArns.member.1.arn')).to.equal('arn:aws:iam::aws:policy/ReadOnlyAccess')
  })

  it('aws-login says what must be changed when AWS refuses, and repeats no token', async () => {
    const stranger = new TokenServices(trusted('aws:acme', 'pulumi:environments:org:acme:env:app/prod'))
    const error = await failure(awsLoginProvider(stranger).open({ oidc: role }, context))
    expect(error.message).to.match(
      /^aws-login: AssumeRoleWithWebIdentity of .* failed: InvalidIdentityToken: refused \[secret\]/,
    )
    expect(error.message).not.to.include('eyJ')
    const short = new TokenServices(trusted('aws:acme'))
    short.longest = 3600
    expect((await failure(awsLoginProvider(short).open({ oidc: role }, context))).hint).to.include('`duration`')
    for (const duration of ['', '1s', '13h']) {
      expect((await failure(awsLoginProvider(short).open({ oidc: { ...role, duration } }, context))).code).to.equal(
        'invalid_input',
      )
    }
  })

  it('gcp-login exchanges the token, and acts as the service account', async () => {
    const services = new TokenServices(trusted('gcp:acme'))
    const opened = (await gcpLoginProvider(services).open(
      { project: 42, oidc: { ...pool, tokenLifetime: '30m' } },
      context,
    )) as {
      accessToken: Secret<string>
    }
    expect(opened).to.include({ project: 42, tokenType: 'Bearer', expiry: '2026-03-04T06:06:07Z' })
    expect(opened.accessToken.reveal()).to.equal(`of ${pool.serviceAccount} for 1800s`)
    const wrong = await failure(
      gcpLoginProvider(services).open({ project: 42, oidc: { ...pool, region: 'mars' } }, context),
    )
    expect(wrong.message).to.include('Invalid value for "audience"')
    const refused = await failure(gcpLoginProvider(new TokenServices()).open({ project: 42, oidc: pool }, context))
    expect(refused.message).to.include('invalid_grant').and.not.include('eyJ')
  })

  it('gcp-login hands an access token on, or acts as a service account with it', async () => {
    const services = new TokenServices()
    const login = gcpLoginProvider(services)
    const given = { accessToken: secret('given-token') }
    expect(await login.open({ project: 7, accessToken: given }, context)).to.deep.equal({
      project: 7,
      accessToken: given.accessToken,
      tokenType: 'Bearer',
    })
    expect(services.requests).to.deep.equal([])
    const acting = { ...given, serviceAccount: 'a@b.iam.gserviceaccount.com' }
    const error = await failure(login.open({ project: 7, accessToken: acting }, context))
    expect(error.message).to.include('UNAUTHENTICATED: bad token [secret]')
    services.googleTokens.add('given-token')
    const opened = (await login.open({ project: 7, accessToken: acting }, context)) as { accessToken: Secret<string> }
    expect(opened.accessToken.reveal()).to.equal('of a@b.iam.gserviceaccount.com for 3600s')
  })

  it('azure-login hands on a client secret, or the token itself', async () => {
    const identity = { clientId: 'c', tenantId: 't', subscriptionId: 's' }
    const clientSecret = secret('x')
    expect(await azureLogin.open({ ...identity, clientSecret }, context)).to.deep.equal({ ...identity, clientSecret })
    const opened = (await azureLogin.open({ ...identity, oidc: true }, context)) as { oidc: { token: Secret<string> } }
    expect(checkToken(opened.oidc.token.reveal(), trusted('azure:acme'))).to.be.an('object')
    expect(JSON.stringify(opened)).not.to.include('eyJ')
    for (const inputs of [identity, { ...identity, clientSecret, oidc: true }]) {
      expect((await failure(azureLogin.open(inputs, context))).message).to.include('exactly one of')
    }
  })

  it('have a subject made of the attributes that are listed', async () => {
    const subjectAttributes = ['currentEnvironment.name', 'pulumi.user.login', 'pulumi.organization.login']
    const subject =
      'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:logins/cloud:pulumi.user.login:ada@example.com'
    const services = new TokenServices(trusted('aws:acme', subject))
    await awsLoginProvider(services).open({ oidc: { ...role, subjectAttributes } }, context)
    const unknown = { oidc: { ...role, subjectAttributes: ['pulumi.token.name'] } }
    expect((await failure(awsLoginProvider(services).open(unknown, context))).code).to.equal('invalid_input')
    const short = new TokenServices(trusted('aws:acme', 'pulumi:environments:org:acme:env:dev'))
    await awsLoginProvider(short).open({ oidc: role }, contextAt('default/dev', 'default/dev'))
  })

  it('try again when the vendor is busy, and give up some time', async () => {
    const services = new TokenServices(trusted('aws:acme'))
    services.faults.push(503)
    await awsLoginProvider(services).open({ oidc: role }, context)
    expect(services.requests).to.have.length(2)
    services.faults.push(404)
    const error = await failure(awsLoginProvider(services).open({ oidc: role }, context))
    expect(error.message).to.include('HTTP 404, but not by the vendor')
    const none = awsLoginProvider({
      fetch: async () => {
        throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
      },
    })
    const aborted = { ...context, signal: AbortSignal.abort() }
    expect((await failure(none.open({ oidc: role }, aborted))).message).to.include('ECONNREFUSED')
  })

  it('need an issuer that vendors can reach', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'esc-login-'))
    try {
      const own = sessionParts({ ...host, cwd: bare })
      initStore({ folder: undefined, organization: 'acme', secretsProvider: undefined }, own)
      const place = { rootEnvironment: 'a/b', currentEnvironment: 'a/b' }
      const workspace = openWorkspaceAt(bare, own, 'named')
      const error = await failure(ownToken(workspace, { provider: 'aws-login', audience: 'aws' }, place))
      expect(error.message).to.include('this store has none')
      expect(error.remedies.map(({ do: what }: Remedy) => what)).to.deep.equal(['create-issuer', 'publish-issuer'])
    } finally {
      rmSync(bare, { recursive: true, force: true })
    }
  })
})
