import { expect } from 'chai'
import { Store } from '../../../src/store/index.ts'
import { Playground } from './esc.ts'

describe('esc env graph', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment(
      'credentials/production',
      'values: {login: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: {fn::secret: hunter2-not-real}}}\n',
    )
    await playground.withEnvironment('base', 'values: {region: us-west-2}\n')
    await playground.ok('env', 'set', 'base', 'region', 'eu-west-1')
    await playground.ok('env', 'version', 'tag', 'base@stable', '1')
    await playground.withEnvironment(
      'rotators/ci',
      `values:
  user:
    fn::rotate::aws-iam:
      inputs:
        region: us-west-2
        userArn: arn:aws:iam::123456789012:user/ci
        login: \${environments.credentials.production.login}
  "a.b": {c: {fn::rotate: {provider: password, inputs: {length: 20}}}}
`,
    )
    const text = `imports: [rotators/ci, default/base@stable, {base: {merge: false}}]
values:
  aws: {fn::open::aws-login: {static: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: {fn::secret: hunter2-not-real}}}}
  region: \${environments.default.base.region}
`
    await playground.withEnvironment('app/dev', text)
  })
  afterEach(() => playground.remove())

  it('shows imports with their versions, references, rotators and providers', async () => {
    expect(await playground.ok('env', 'graph', 'app/dev')).to.equal(`app/dev (revision 2)
├─ opens aws (aws-login)
├─ imports rotators/ci (revision 2)
│  ├─ rotates user (aws-iam)
│  ├─ rotates ["a.b"].c (password)
│  └─ refers to credentials/production (revision 2), for user
├─ imports default/base (revision 1), @stable
├─ imports default/base (revision 3), not merged
└─ refers to default/base (revision 3)
`)
  })

  it('of the whole store begins at what nothing leads to', async () => {
    const { roots } = JSON.parse(await playground.ok('env', 'graph', '--output', 'json'))
    expect(roots).to.deep.equal(['app/dev'])
    const several = JSON.parse(await playground.ok('env', 'graph', 'rotators/*,base', '-f', 'json'))
    expect(several.roots).to.deep.equal(['rotators/ci', 'default/base'])
    expect(await playground.ok('env', 'graph', '*')).to.equal(await playground.ok('env', 'graph'))
  })

  it('holds no secret and no ciphertext, in any format, and needs no key', async () => {
    for (const format of ['text', 'json', 'mermaid', 'dot', 'svg']) {
      const { code, out } = await playground.run(['env', 'graph', '--format', format], {
        env: { ESC_CONFIG_HOME: '/nowhere' },
      })
      expect(code, format).to.equal(0)
      expect(out, format)
        .to.include('credentials/production')
        .and.not.match(/hunter2|ZXNj|AKIA|us-west-2|arn:/)
    }
  })

  it('marks cycles, what is missing and definitions with errors', async () => {
    await playground.withEnvironment('loop/a', 'values: {}\n')
    await playground.withEnvironment('loop/b', 'imports: [loop/a]\nvalues: {}\n')
    // A merge in git, which nobody checks, can bring what no command saves.
    const { store, env } = playground
    const keys = { env, configFolder: env.ESC_CONFIG_HOME!, notify: () => {} }
    const environment = Store.open(store, { keys }).environment('loop/a')
    await environment.append({
      base: 2,
      definition: 'imports: [loop/b, gone/away, loop/b@7, x]\nvalues: {x: {fn::nonsense: 1}}\n',
      change: 'edit',
      author: { name: 'Ada' },
      created: new Date(0),
    })
    const out = await playground.ok('env', 'graph', 'loop/a')
    expect(out).to.equal(`loop/a (revision 3): the definition has errors
├─ imports loop/b (revision 2)
│  └─ imports loop/a (revision 3): the definition has errors (cycle)
├─ imports gone/away: not found
├─ imports loop/b@7: not found
└─ imports default/x: not found
`)
    const { cycles } = JSON.parse(await playground.ok('env', 'graph', '--output', 'json'))
    expect(cycles).to.deep.equal([['loop/a', 'loop/b']])
    expect(await playground.ok('env', 'graph')).to.match(/^loop\/a/m)
  })

  it('refuses an environment that is not there, and a format it does not know', async () => {
    const missing = await playground.run(['env', 'graph', 'app/dve'])
    expect(missing.code).to.equal(1)
    expect(missing.err).to.include("did you mean 'app/dev'?")
    expect((await playground.run(['env', 'graph', '--format', 'png'])).code).to.equal(2)
  })
})
