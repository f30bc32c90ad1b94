import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const COMMANDS = {
  'aws-login static': ['AKIAIOSFODNN7EXAMPLE', 'not-a-real-secret'],
  'aws-login oidc': ['arn:aws:iam::123456789012:role/deploy', 'ci', '--duration', '1h'],
  'azure-login static': ['tenant', 'subscription', 'client', 'not-a-real-secret'],
  'azure-login oidc': ['tenant', 'subscription', 'client'],
  'gcp-login static': ['123456789012', 'not-a-real-token', '--token-lifetime', '30m'],
  'gcp-login oidc': [
    '123456789012',
    ...['--workload-pool-id', 'esc', '--provider-id', 'store', '--service-account', 'app@shop.iam.gserviceaccount.com'],
  ],
} as const

describe('esc env provider', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values: {}\n')
  })
  afterEach(() => playground.remove())

  for (const [command, words] of Object.entries(COMMANDS)) {
    it(`${command} writes a call that the provider takes`, async () => {
      const out = await playground.ok('env', 'provider', ...command.split(' '), 'app/dev', ...words)
      expect(out).to.equal('Provider updated.\n')
      expect(await playground.ok('env', 'get', 'app/dev')).not.to.include('not-a-real')
    })
  }

  it('static opens to what was given, secret where it must be', async () => {
    await playground.ok('env', 'provider', 'azure-login', 'static', 'app/dev', ...COMMANDS['azure-login static'])
    await playground.ok('env', 'provider', 'gcp-login', 'static', 'app/dev', ...COMMANDS['gcp-login static'])
    expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.equal({
      azure: {
        login: {
          clientId: 'client',
          tenantId: 'tenant',
          subscriptionId: 'subscription',
          clientSecret: 'not-a-real-secret',
        },
      },
      gcp: { login: { project: 123456789012, accessToken: 'not-a-real-token', tokenType: 'Bearer' } },
    })
    const detailed = await playground.ok('open', 'app/dev', '--format', 'detailed')
    expect(detailed.match(/"secret": true/g)).to.have.length(2)
  })

  it('oidc opens with the token of the store, once it has an issuer', async () => {
    await playground.ok('env', 'provider', 'azure-login', 'oidc', 'app/dev', ...COMMANDS['azure-login oidc'])
    const without = await playground.run(['open', 'app/dev'])
    expect(without.code).to.equal(1)
    expect(without.err).to.include('needs an issuer of identity tokens')
    appendFileSync(join(playground.store, 'esc.yaml'), 'oidc: {issuer: https://esc.example.org}\n')
    await playground.ok('trust', '--yes')
    const { azure } = JSON.parse(await playground.ok('open', 'app/dev'))
    const claims = JSON.parse(Buffer.from(azure.login.oidc.token.split('.')[1], 'base64url').toString())
    expect(claims).to.include({
      iss: 'https://esc.example.org',
      aud: 'azure:local',
      sub: 'pulumi:environments:org:local:env:app/dev',
      current_env: 'app/dev',
      trigger_user: 'ada@example.com',
    })
  })
})
