import { expect } from 'chai'
import { providerNames } from '../../../src/providers/index.ts'
import { Playground } from './esc.ts'

const ROLE = 'arn:aws:iam::123456789012:role/deploy'

describe('a mistake in a call of a definition', () => {
  const esc = new Playground()
  before(async () => {
    await esc.ok('init')
    await esc.ok('env', 'init', 'app/dev')
  })
  after(() => esc.remove())

  /**
   * What is said when a definition with one call is refused: lines that name a mistake, and hints.
   */
  async function said(call: string): Promise<string[]> {
    const { code, err } = await esc.run(['env', 'edit', 'app/dev', '--file', '-'], {
      input: `values:\n  a:\n    ${call}\n`,
    })
    expect(code, `${call}: ${err}`).to.not.equal(0)
    return err.split('\n').flatMap((line) => /^(?:Error: (?!updating)|hint: (?!mend))(.*)/.exec(line)?.[1] ?? [])
  }

  it('names providers, rotators and functions that there are, the nearest first, and that plugins add more', async () => {
    const known = [...providerNames].sort().join(', ')
    const providers = `there are ${known}; plugins can add more (\`plugins\` in esc.yaml)`
    for (const call of ['fn::open::aws-logn: {}', 'fn::open: {provider: aws-logn, inputs: {}}']) {
      expect(await said(call), call).to.include(`did you mean "aws-login"? ${providers}`)
    }
    expect(await said('fn::open::nothing-like-it: {}')).to.include(providers)
    const [, rotator] = await said('fn::rotate::posgres: {inputs: {}}')
    expect(rotator).to.match(/^did you mean "postgres"\? there are aws-iam, .*twilio-api-key; plugins can add more/)
    for (const [call, meant] of [
      ['fn::toJSN: x', 'fn::toJSON'],
      ['fn::TOJSON: x', 'fn::toJSON'],
      ['fn::tobase64: x', 'fn::toBase64'],
      ['fn::opne::aws-login: {}', 'fn::open::aws-login'],
      ['fn::rotat::password: {inputs: {}}', 'fn::rotate::password'],
    ] as const) {
      const [, hint] = await said(call)
      expect(hint, call).to.match(
        new RegExp(`^did you mean ${meant}\\? there are fn::concat, .*plugins can add providers`),
      )
    }
    const [, none] = await said('fn::zzzzzzzz: x')
    expect(none).to.match(/^there are fn::concat/)
  })

  it('names an unknown property wherever it stands: below names of the user, and in lists', async () => {
    const file = 'fn::open::file: {get: {key: {path: a.txt, encodingx: base64}}}'
    expect(await said(file)).to.deep.equal(['unknown property "encodingx"; did you mean "encoding"?'])
  })

  it('names the property of aws-login and gcp-login that is wrong, of the form that was meant', async () => {
    const wrong: Record<string, readonly string[]> = {
      'fn::open::aws-login: {static: {accessKeyId: x, secretAccesKey: y}}': [
        'static: missing required properties: secretAccessKey',
        'unknown property "secretAccesKey"; did you mean "secretAccessKey"?',
      ],
      'fn::open::aws-login: {oidc: {roleArn: 5, sessionName: deploy}}': ['oidc.roleArn: expected string, got number'],
      [`fn::open::aws-login: {oidc: {roleArn: "${ROLE}", sessionName: deploy, policyArns: [7]}}`]: [
        'oidc.policyArns[0]: expected string, got number',
      ],
      'fn::open::aws-login: {statc: {accessKeyId: x, secretAccessKey: y}}': [
        'missing required properties: one of oidc, static',
        'unknown property "statc"; did you mean "static"?',
      ],
      'fn::open::aws-login: {}': ['missing required properties: one of oidc, static'],
      [`fn::open::aws-login: {oidc: {roleArn: "${ROLE}", sessionName: deploy}, static: {accessKeyId: x}}`]: [
        'only one of the properties oidc, static may be given',
      ],
      'fn::open::aws-login: 5': ['expected object, got number'],
      'fn::open::gcp-login: {project: shop, accessToken: {accessToken: y}}': ['project: expected number, got string'],
      'fn::open::gcp-login: {accessToken: {accessToken: y, serviceAcount: z}}': [
        'missing required properties: project',
        'unknown property "serviceAcount"; did you mean "serviceAccount"?',
      ],
      'fn::open::gcp-login: {project: 5, oidc: {workloadPoolId: a/b, providerId: p, serviceAccount: a@b}}': [
        'oidc.workloadPoolId: string must match the pattern "^[A-Za-z0-9-]+$"',
      ],
    }
    for (const [call, mistakes] of Object.entries(wrong)) {
      expect((await said(call)).sort(), call).to.deep.equal([...mistakes].sort())
    }
  })

  it('is told of the form that was meant also where the inputs come from elsewhere', async () => {
    const input = `values:\n  login: {oidc: {roleArn: 5, sessionName: deploy}}\n  a:\n    fn::open::aws-login: \${login}\n`
    const { err } = await esc.run(['env', 'edit', 'app/dev', '--file', '-'], { input })
    expect(err).to.include('expected string, got number').and.not.include('subschema').and.not.include('static')
  })

  it('is followed by the hint of a login provider, wherever it is met', async () => {
    const input = `values:\n  a:\n    fn::open::aws-login: {oidc: {roleArn: "${ROLE}", sessionName: deploy}}\n  b:\n    fn::rotate::external: {inputs: {url: "https://example.com", request: "\${a}"}}\n`
    const saved = await esc.run(['env', 'edit', 'app/dev', '--file', '-'], { input })
    expect(saved.code, saved.err).to.equal(0)
    const hint = 'set one up with "esc oidc init --issuer https://…"'
    for (const words of [
      ['open', 'app/dev'],
      ['open', 'app/dev', 'a'],
      ['run', 'app/dev', '--', 'true'],
      ['env', 'rotate', 'app/dev'],
    ]) {
      const { code, err } = await esc.run(words)
      expect(code, words.join(' ')).to.not.equal(0)
      expect(err, words.join(' ')).to.include(hint)
    }
    const { out } = await esc.run(['env', 'rotate', 'app/dev', '--output', 'json'])
    expect(JSON.parse(out).paths[0].hint).to.include(hint)
  })
})
