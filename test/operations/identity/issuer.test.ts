import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import {
  initIssuer,
  issueToken,
  rotateSigningKey,
  signingKeys,
  type TrustSetup,
  trustSetup,
} from '../../../src/operations/index.ts'
import { perform } from '../perform.ts'
import { IssuerStore, issuer } from './issuer-store.ts'

const failure = async (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it was done'),
    (error) => error,
  )

describe('the issuer of a store', () => {
  let store: IssuerStore
  beforeEach(async () => {
    store = await new IssuerStore().init()
  })
  afterEach(() => store.remove())

  const token = async (order: Partial<Parameters<typeof issueToken.run>[1]> = {}) => {
    const workspace = store.workspace()
    const whole = { audience: 'aws', subjectAttributes: [], version: undefined, ...order }
    return (await perform(workspace, issueToken, workspace.reference('app/dev'), whole)).token
  }
  const rotate = (step: 'prepare' | 'rotate' | 'drop') =>
    perform(store.workspace(), rotateSigningKey, undefined, { step })
  const kidOf = (text: string) => decodeProtectedHeader(text).kid as string

  it('is verified by an independent library from the files that are published', async () => {
    await store.withIssuer()
    const { files } = await store.publish()
    expect(files).to.include('.well-known/openid-configuration')
    const claims = await store.verify(await token(), { audience: 'aws:acme' })
    expect(claims).to.include({
      iss: issuer,
      sub: 'pulumi:environments:org:acme:env:app/dev',
      org: 'acme',
      env: 'app/dev',
      current_env: 'app/dev',
      root_env: 'app/dev',
      trigger_user: 'ada@example.com',
    })
    expect(claims.exp).to.equal((claims.iat ?? 0) + 3600)
    const wrong = await failure(store.verify(await token({ audience: 'gcp' }), { audience: 'aws:acme' }))
    expect(wrong.code).to.equal('ERR_JWT_CLAIM_VALIDATION_FAILED')
    expect(readFileSync(join(store.site, '.well-known/jwks.json'), 'utf8')).not.to.include('"d"')
  })

  it('signs tokens of version 2 under a name of its own, with ids', async () => {
    await store.withIssuer()
    await store.publish()
    const v2 = await token({ audience: 'https://vault.example.org', version: 'v2' })
    const of = { audience: 'https://vault.example.org', issuer: `${issuer}/v2` }
    const claims = await store.verify(v2, of)
    const { id } = store.workspace().store.environment('app/dev')
    expect(claims).to.deep.include({
      iss: `${issuer}/v2`,
      sub: `pulumi:org:acme:env:${id}`,
      'https://pulumi.com/root_env': 'app/dev',
      'https://pulumi.com/root_env_id': id,
      'https://pulumi.com/actor': 'ada@example.com',
    })
    expect((await failure(store.verify(v2, { audience: of.audience }))).code).to.equal(
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    )
  })

  it('makes a subject of the attributes that are listed', async () => {
    await store.withIssuer()
    await store.publish()
    const subjectAttributes = ['currentEnvironment.name', 'pulumi.token.type', 'pulumi.organization.login']
    const claims = await store.verify(await token({ subjectAttributes }), { audience: 'aws:acme' })
    expect(claims.sub).to.equal(
      'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:app/dev:pulumi.token.type:personal',
    )
    expect((await failure(token({ subjectAttributes: ['pulumi.token.team'] }))).code).to.equal('invalid_input')
  })

  it('makes no key for a store that has none', async () => {
    const error = await failure(token())
    expect(error.code).to.equal('provider_failed')
    expect(error.remedies[0]).to.deep.equal({ do: 'create-issuer' })
    expect(existsSync(join(store.folder, 'config', 'oidc.key'))).to.equal(false)
    expect((await failure(store.publish())).code).to.equal('invalid_input')
  })

  it('is an address without a slash at the end, and nothing else', async () => {
    const init = (text: string) => perform(store.workspace(), initIssuer, undefined, { issuer: text })
    for (const text of ['http://esc.example.org', 'esc.example.org', 'https://a:b@esc.example.org', 'https://a/?b', ''])
      expect((await failure(init(text))).code, text).to.equal('invalid_input')
    expect((await init('https://esc.example.org/')).issuer).to.equal('https://esc.example.org')
    expect(await init('https://esc.example.org/')).to.include({ isNewKey: false })
  })

  it('keeps the key of rotate-key until its tokens have run out', async () => {
    await store.withIssuer()
    const old = await token()
    const { current, retired } = await rotate('rotate')
    expect(current).not.to.equal(kidOf(old))
    expect(retired.map(({ thumbprint }) => thumbprint)).to.deep.equal([kidOf(old)])
    const fresh = await token()
    expect(kidOf(fresh)).to.equal(current)
    await store.publish()
    store.later(3590)
    for (const each of [old, fresh]) await store.verify(each, { audience: 'aws:acme' })
    store.later(700)
    const { keys, removed } = await store.publish()
    expect(keys).to.deep.equal([current])
    expect(removed).to.deep.equal([kidOf(old)])
    const { mode } = statSync(join(store.folder, 'config', 'oidc.key'))
    expect(mode & 0o777).to.equal(0o600)
  })

  it('publishes a prepared key before it signs', async () => {
    await store.withIssuer()
    const before = await token()
    const { next } = await rotate('prepare')
    expect((await rotate('prepare')).next, 'prepared once').to.equal(next)
    const { keys } = await store.publish()
    expect(keys).to.deep.equal([kidOf(before), next])
    expect(kidOf(await token())).to.equal(kidOf(before))
    expect((await rotate('rotate')).current).to.equal(next)
    // What was published while it was prepared is enough.
    await store.verify(await token(), { audience: 'aws:acme' })
  })

  it('drops a key that others may have', async () => {
    await store.withIssuer()
    const old = await token()
    const { retired } = await rotate('drop')
    expect(retired).to.deep.equal([])
    await store.publish()
    expect((await failure(store.verify(old, { audience: 'aws:acme' }))).code).to.equal('ERR_JWKS_NO_MATCHING_KEY')
  })

  it('passes the store that a key belongs to on to the next key', async () => {
    await store.withIssuer()
    await token()
    await rotate('rotate')
    const other = await new IssuerStore().init()
    try {
      other.env = { ...store.env }
      await other.withIssuer()
      const workspace = other.workspace()
      const order = { audience: 'aws', subjectAttributes: [], version: undefined }
      const error = await failure(perform(workspace, issueToken, workspace.reference('app/dev'), order))
      expect(error.code).to.equal('untrusted')
    } finally {
      other.remove()
    }
    await token()
  })

  it('publishes keys of others beside its own', async () => {
    await store.withIssuer()
    const { publicKey } = await generateKeyPair('RS256')
    const { n = '', e = '' } = await exportJWK(publicKey)
    const bob = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'bob', n, e }
    expect((await store.publish([{ keys: [bob] }])).keys).to.include('bob')
    expect((await store.publish()).removed).to.deep.equal(['bob'])
  })

  it('cannot rotate a key that is in a variable', async () => {
    await store.withIssuer()
    store.env.ESC_OIDC_KEY = readFileSync(join(store.folder, 'config', 'oidc.key'), 'utf8')
    expect((await failure(rotate('rotate'))).message).to.include('ESC_OIDC_KEY')
    expect(signingKeys(store.host).keys).to.have.length(1)
  })
})

describe('the set-up of trust', () => {
  let store: IssuerStore
  before(async () => {
    store = await (await new IssuerStore().init()).withIssuer()
  })
  after(() => store.remove())

  const setup = (vendor: 'aws' | 'azure' | 'gcp' | 'vault', environment?: string, project?: string) =>
    perform(store.workspace(), trustSetup, undefined, { vendor, environment, project, policy: 'p', name: 'esc-store' })
  const words = ({ steps }: TrustSetup) => steps.map(({ command }) => command.flat().join(' '))

  it('names issuer, audience and subject as tokens have them', async () => {
    const all = await setup('aws')
    expect(all).to.include({ issuer, audience: 'aws:acme', subject: 'pulumi:environments:org:acme:env:*' })
    expect(JSON.stringify(all.steps)).to.include('StringLike')
    const one = await setup('aws', 'default/dev')
    expect(one.subject).to.equal('pulumi:environments:org:acme:env:dev')
    expect(JSON.stringify(one.steps)).not.to.include('StringLike')
  })

  it('asks for what a vendor needs', async () => {
    expect((await failure(setup('azure'))).hint).to.include('as project/name')
    expect((await failure(setup('gcp'))).hint).to.include('"project"')
    expect(words(await setup('azure', 'app/dev')).join('\n')).to.include('"audiences":["azure:acme"]')
    expect(words(await setup('gcp', undefined, 'shop')).join('\n')).to.include('--allowed-audiences gcp:acme')
    const vault = await setup('vault')
    expect(vault.steps.at(-1)?.input).to.include('"bound_audiences":["acme"]').and.include('"bound_claims_type":"glob"')
  })
})
