import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc oidc', function () {
  this.timeout(20_000)
  let esc: Playground
  before(async () => {
    esc = new Playground()
    await esc.withEnvironment('app/dev', 'values: {a: 1}\n')
    await esc.ok('oidc', 'init', '--issuer', 'https://esc.example.org')
  })
  after(() => esc.remove())

  it('init names the issuer in esc.yaml and says what is next', async () => {
    expect(readFileSync(join(esc.store, 'esc.yaml'), 'utf8')).to.include('issuer: https://esc.example.org')
    expect(await esc.ok('oidc', 'init')).to.match(/^Signing key: \S+ \(it was there already\)\nIssuer: /)
    expect((await esc.run(['oidc', 'init', '--issuer', 'http://x'])).code).to.equal(1)
  })

  it('publish writes files for any web host, and refuses a private key', async () => {
    await esc.ok('oidc', 'publish', 'site')
    const discovery = JSON.parse(readFileSync(join(esc.folder, 'site/.well-known/openid-configuration'), 'utf8'))
    expect(discovery).to.include({
      issuer: 'https://esc.example.org',
      jwks_uri: 'https://esc.example.org/.well-known/jwks.json',
    })
    const file = join(esc.folder, 'private.json')
    writeFileSync(file, JSON.stringify({ keys: [{ kty: 'RSA', kid: 'a', n: 'b', e: 'c', d: 'not-to-be-shown' }] }))
    const { code, err } = await esc.run(['oidc', 'publish', 'site', '--also', file])
    expect(code).to.equal(2)
    expect(err).to.include('not a set of public RSA keys').and.not.include('not-to-be-shown')
  })

  it('token --show shows the claims and no token', async () => {
    const shown = await esc.ok('oidc', 'token', 'app/dev', '--show', '--audience', 'gcp')
    expect(shown).to.include('"aud": "gcp:local"').and.include('From the issuer of this store').and.not.include('eyJ')
    const json = JSON.parse(await esc.ok('oidc', 'token', 'app/dev', '--show', '--output', 'json'))
    expect(json).to.not.have.property('token')
    expect(json.claims.sub).to.equal('pulumi:environments:org:local:env:app/dev')
    const token = await esc.ok('oidc', 'token', 'app/dev')
    expect(token).to.match(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const v2 = JSON.parse(await esc.ok('oidc', 'token', 'app/dev', '--v2', '--audience', 'x', '--output', 'json'))
    expect(v2.claims).to.include({ aud: 'x', iss: 'https://esc.example.org/v2' })
    expect((await esc.run(['oidc', 'token', 'app/gone', '--show'])).code).to.equal(1)
  })

  it('fn::open::oidc gives the token, and is checked', async () => {
    const definition = (inputs: string) => `values: {token: {"fn::open::oidc": ${inputs}}}\n`
    await esc.withEnvironment('app/token', definition('{audience: me, identityToken: {version: v2}, duration: 10m}'))
    const token = JSON.parse(await esc.ok('env', 'open', 'app/token')).token
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    expect(claims.exp - claims.iat).to.equal(600)
    for (const [inputs, said] of [
      ['{audience: me, identityToken: {version: v1}}', 'v2'],
      ['{audience: me, identityToken: {version: v2}, subjectAttributes: []}', 'subjectAttributes'],
      ['{identityToken: {version: v2}}', 'audience'],
    ] as const) {
      const refused = await esc.run(['env', 'init', `app/${said}`, '--file', '-'], { input: definition(inputs) })
      expect(refused.code, inputs).to.equal(1)
      expect(refused.err).to.include(said)
    }
    await esc.withEnvironment('app/long', definition('{audience: me, identityToken: {version: v2}, duration: 2h}'))
    expect((await esc.run(['env', 'open', 'app/long'])).err).to.include('duration must be between 1m0s and 1h0m0s')
  })

  it('subjectAttributes are compared with those there are when a definition is checked', async () => {
    const input = `values: {a: {"fn::open::aws-login": {oidc: {roleArn: "arn:aws:iam::123456789012:role/x", sessionName: esc, subjectAttributes: [pulumi.token.name]}}}}\n`
    const refused = await esc.run(['env', 'init', 'app/attributes', '--file', '-'], { input })
    expect(refused.code).to.equal(1)
    expect(refused.err).to.include('pulumi.token.name')
  })
})

describe('esc setup', function () {
  this.timeout(20_000)
  let esc: Playground
  before(async () => {
    esc = new Playground()
    await esc.withEnvironment('app/dev', 'values: {a: 1}\n')
    await esc.ok('oidc', 'init', '--issuer', 'https://esc.example.org')
  })
  after(() => esc.remove())

  /** A command-line tool that notes how it was called, and answers as `script` says. */
  function tool(name: string, script: string): { readonly env: Record<string, string>; calls(): string[] } {
    const folder = join(esc.folder, `bin-${name}`)
    mkdirSync(folder, { recursive: true })
    const [file, log] = [join(folder, name), join(folder, 'log')]
    writeFileSync(log, '')
    writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\n${script}\n`)
    chmodSync(file, 0o755)
    return {
      env: { PATH: `${folder}:${process.env.PATH}` },
      calls: () => readFileSync(log, 'utf8').trim().split('\n'),
    }
  }

  it('prints commands that a shell takes', async () => {
    const shown = await esc.ok('setup', 'aws', 'app/dev', '--policy', 'arn:aws:iam::aws:policy/ReadOnlyAccess')
    expect(shown).to.include('ACCOUNT=$(aws sts get-caller-identity --query Account --output text)')
    expect(shown).to.include(`:oidc-provider/esc.example.org"},`).and.include('"$ACCOUNT"')
    expect(shown).to.include('pulumi:environments:org:local:env:app/dev')
    const { commands } = JSON.parse(await esc.ok('setup', 'gcp', '--project', 'shop', '--output', 'json'))
    expect(commands).to.have.length(5)
  })

  it('--run runs them, hands on what they print and leaves alone what is there', async () => {
    const aws = tool(
      'aws',
      `case "$*" in
*get-caller-identity*) echo 123456789012;;
*create-open-id-connect-provider*) echo "EntityAlreadyExists: it is there" >&2; exit 254;;
*get-role*) echo arn:aws:iam::123456789012:role/esc-store;;
esac`,
    )
    const { code, out, err } = await esc.run(['setup', 'aws', '--run'], { env: aws.env })
    expect(code, err).to.equal(0)
    expect(out).to.include('ROLE_ARN=arn:aws:iam::123456789012:role/esc-store')
    const calls = aws.calls()
    expect(calls).to.have.length(4)
    const trust = JSON.parse(calls[2]?.split('--assume-role-policy-document ')[1] ?? '')
    expect(trust.Statement[0].Principal.Federated).to.equal('arn:aws:iam::123456789012:oidc-provider/esc.example.org')
    expect(trust.Statement[0].Condition.StringLike).to.deep.equal({
      'esc.example.org:sub': 'pulumi:environments:org:local:env:*',
    })
  })

  it('--run stops at the first that fails, and says which', async () => {
    const vault = tool('vault', 'case "$*" in *config*) echo "permission denied" >&2; exit 2;; esac')
    const { code, err } = await esc.run(['setup', 'vault', '--run'], { env: vault.env })
    expect(code).to.equal(1)
    expect(err).to.include('vault failed (exit code 2): permission denied')
    expect(vault.calls()).to.have.length(2)
    const missing = await esc.run(['setup', 'gcp', '--project', 'shop', '--run'], { env: { PATH: '/nonexistent' } })
    expect(missing.err).to.include('gcloud is not installed')
    expect((await esc.run(['setup', 'oracle'])).err).to.include('unknown vendor')
  })
})
