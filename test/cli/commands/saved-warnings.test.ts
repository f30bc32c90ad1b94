import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const SECRET = 'Xk29vB8qLm4Tz7Rw1Yp3'
const DEFINITION = `values:
  db: {password: ${SECRET}}
  url: postgres://app:hunter2x@db/x
  aws: AKIAIOSFODNN7EXAMPLE
  stripe: sk_live_${SECRET}
  id: 012345678901
  environmentVariable: {A: b}
  list: [x]
  environmentVariables:
    LIST: \${list}
    x;id: y
  files: [a]
`
const EXPECTED = [
  /db\.password looks like a secret.*\n *hint: encrypt it with "esc env set app\/dev db\.password --secret" or as fn::secret/,
  /url looks like a secret/,
  /aws looks like a secret/,
  /stripe looks like a secret/,
  /id is a number, and is printed as 1\.2345678901e\+10\n *hint: write "012345678901" in quotes/,
  /environmentVariable is an ordinary value; did you mean environmentVariables\?/,
  /environmentVariables\.LIST is a list, and is left out/,
  /environmentVariables\["x;id"\] cannot be the name of a variable in a shell/,
  /files is a list, and is left out/,
]

describe('saving a definition with secrets in the clear, changed numbers and useless variables', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values: {a: 1}\n')
  })
  afterEach(() => playground.remove())

  const file = (name: string, text: string) => {
    const path = join(playground.folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    return path
  }
  const warnsOfAll = (err: string, expected = EXPECTED) => {
    for (const each of expected) expect(err).to.match(each)
    expect(err).to.not.match(/Xk29vB8|hunter2x|AKIAIOSF/)
  }

  it('warns with path and remedy, never with a value: env edit', async () => {
    const ran = await playground.run(['env', 'edit', 'app/dev', '--file', file('d.yaml', DEFINITION)])
    expect(ran.code).to.equal(0)
    warnsOfAll(ran.err)
  })

  it('the same: env save', async () => {
    file('environments/app/dev/environment.yaml', DEFINITION)
    const ran = await playground.run(['env', 'save', 'app/dev'])
    expect(ran.code).to.equal(0)
    warnsOfAll(ran.err)
  })

  it('the same: env apply, of an environment that is there and of a new one', async () => {
    file('wanted/app/dev.yaml', DEFINITION)
    const planned = await playground.run(['env', 'apply', '-f', 'wanted', '--plan'])
    warnsOfAll(planned.err + planned.out, EXPECTED.slice(0, 5))
    const ran = await playground.run(['env', 'apply', '-f', 'wanted'])
    expect(ran.code, ran.err).to.equal(0)
    warnsOfAll(ran.err + ran.out)
    file('wanted/app/new.yaml', DEFINITION)
    const made = await playground.run(['env', 'apply', '-f', 'wanted'])
    expect(made.err + made.out).to.match(/app\/new db\.password --secret/)
  })

  it('the same: env init --file and config cp', async () => {
    const made = await playground.run(['env', 'init', 'app/other', '--file', file('d.yaml', DEFINITION)])
    warnsOfAll(made.err, [/app\/other db\.password --secret/, ...EXPECTED.slice(1)])
    await playground.ok('env', 'init', 'app/copy')
    const copied = await playground.run(['config', 'cp', 'app/other', 'db', '--dest', 'app/copy'])
    expect(copied.err).to.match(/db\.password looks like a secret.*\n *hint: .*app\/copy/)
  })

  it('shows no source line with what it calls a secret, beside another mistake', async () => {
    const secrets = [
      'staple-horse-zz',
      'hunter2x',
      'AKIAIOSFODNN7EXAMPLE',
      'T00/B00/abc',
      'abcdefghijklmnopqrst',
      'hunter2y',
    ]
    const [word, pw, aws, slack, bearer, go] = secrets
    const text = `values: {password: {value: ${word}}, n: 1.10, u: 'Server=x;Password=${pw};', k: ${aws}, h: "https://hooks.slack.com/services/${slack}", b: 'Bearer ${bearer}', m: 'app:${go}@tcp(db)/x', environmentVariables: {A: [a]}, bad: "\${nope}"}\n`
    for (const definition of [text, text.replace(', bad: "${nope}"', '')]) {
      const ran = await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input: definition })
      expect(ran.err).to.match(/n: 1\.10|unknown property/)
      for (const secret of secrets) expect(ran.err).to.not.include(secret)
    }
  })

  it('looks at variables that come by reference, and names the place of the reference', async () => {
    await playground.run(['env', 'init', 'app/base', '--file', '-'], {
      input: 'values: {vars: {"a b": x, L: [1], OK: y}}\n',
    })
    const input = 'imports: [app/base]\nvalues:\n  environmentVariables: ${vars}\n'
    const ran = await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input })
    expect(ran.err).to.match(/environmentVariables\.L is a list[\s\S]*on app\/dev line 3:/)
    expect(ran.err).to.match(/environmentVariables\["a b"\] cannot be the name/)
    const calls =
      'values: {environmentVariables: {A: {fn::toJSON: {a: 1}}, B: {fn::secret: x}, C: {fn::fromBase64: eA==}}}\n'
    expect((await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input: calls })).err).to.equal('')
  })

  it('says it once, not again with every later change', async () => {
    await playground.run(['env', 'edit', 'app/dev', '--file', file('d.yaml', DEFINITION)])
    const ran = await playground.run(['env', 'set', 'app/dev', 'b', 'x'])
    expect(ran.err).to.not.match(/secret|number/)
  })

  it('env set and set-all refuse a secret within a value; --plaintext says that it is meant, without a warning', async () => {
    for (const words of [
      ['set', 'app/dev', 'db', `{password: ${SECRET}}`],
      ['set', 'app/dev', 'hosts[0]', '[a, "postgres://u:pw@h/d"]'],
      ['set-all', 'app/dev', `db={password: ${SECRET}}`],
    ]) {
      const ran = await playground.run(['env', ...words])
      expect(ran.code, words.join(' ')).to.equal(2)
      expect(ran.err).to.include('looks like a secret').and.to.not.include(SECRET)
    }
    const meant = await playground.run(['env', 'set', 'app/dev', 'db', `{password: ${SECRET}}`, '--plaintext'])
    expect(meant).to.include({ code: 0, err: '' })
    const several = await playground.run(['env', 'set-all', 'app/dev', '--plaintext', `token=${SECRET}`, 'n=1.10'])
    expect(several.code, several.err).to.equal(0)
    expect(several.err)
      .to.match(/n is a number, and is printed as 1\.1/)
      .and.not.match(/secret/)
  })

  it('imports keep what was written: numbers that would change become texts, with a warning', async () => {
    const stack =
      'config:\n  a:zip: 012345\n  a:version: 1.10\n  a:port: 8080\n  a:big: 12345678901234567890\n  a:list: [1e3, 1.5]\n  a:hex: 0x1F\n'
    file('Pulumi.dev.yaml', stack)
    const ran = await playground.run(['env', 'import', 'pulumi', 'app/dev', 'Pulumi.dev.yaml'])
    expect(ran.code, ran.err).to.equal(0)
    expect(JSON.parse(await playground.ok('open', 'app/dev', 'pulumiConfig'))).to.deep.equal({
      'a:zip': '012345',
      'a:version': '1.10',
      'a:port': 8080,
      'a:big': '12345678901234567890',
      'a:list': ['1e3', 1.5],
      'a:hex': '0x1F',
    })
    for (const path of ['["a:zip"]', '["a:version"]', '["a:big"]', '["a:list"][0]', '["a:hex"]'])
      expect(ran.err).to.include(`warning: pulumiConfig${path} is written as a number that would be printed otherwise`)
    expect(ran.err).to.not.include('a:port"] is')
    file('.env', 'ID=012345678901\nV=1.10\nMY.NAME=x\n')
    const env = await playground.run(['env', 'import', 'dotenv', 'app/dev', '.env'])
    expect(env.err).to.include('environmentVariables["MY.NAME"] cannot be the name of a variable in a shell')
    expect(JSON.parse(await playground.ok('open', 'app/dev', 'environmentVariables'))).to.deep.equal({
      ID: '012345678901',
      V: '1.10',
      'MY.NAME': 'x',
    })
  })

  it('check reports variables that programs do not get, and notes what may be meant', async () => {
    await playground.run(['env', 'edit', 'app/dev', '--file', file('d.yaml', DEFINITION)])
    const ran = await playground.run(['check', 'app/dev', '--output', 'json'])
    expect(ran.code).to.equal(1)
    const found = JSON.parse(ran.out).findings as { severity: string; kind: string; problem: string }[]
    const variables = found.filter(({ kind }) => kind === 'variables')
    expect(variables.map(({ severity, problem }) => `${severity}: ${problem}`)).to.deep.equal([
      "note: environmentVariable is an ordinary value, in environment 'app/dev'",
      "warning: environmentVariables.LIST is a list, and is left out, in environment 'app/dev'",
      'note: environmentVariables["x;id"] cannot be the name of a variable in a shell, in environment \'app/dev\'',
      "warning: files is a list, and is left out, in environment 'app/dev'",
    ])
  })

  it('formats for shells never print a name that a shell would run', async () => {
    await playground.run(['env', 'edit', 'app/dev', '--file', '-'], {
      input: 'values: {environmentVariables: {"x;id": y}}\n',
    })
    for (const format of ['shell', 'dotenv', 'posix']) {
      for (const words of [
        ['open', 'app/dev', '--format', format],
        ['open', 'app/dev', '--format', format, '--allow-variable', 'x;id'],
        ['env', 'get', 'app/dev', '--value', format],
      ]) {
        const ran = await playground.run(words)
        expect(ran.out, words.join(' ')).to.not.include('x;id')
        expect(ran.code, words.join(' ')).to.not.equal(0)
      }
    }
  })
})
