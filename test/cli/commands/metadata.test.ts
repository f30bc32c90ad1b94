import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('what is known about environments', () => {
  let playground: Playground

  const definition = (name: string) => readFileSync(join(playground.store, name, 'environment.yaml'), 'utf8')
  const fails = async (...words: string[]) => {
    const ran = await playground.run(words)
    expect(ran.code, words.join(' ')).to.not.equal(0)
    return ran.err
  }
  const json = async (...words: string[]) => JSON.parse(await playground.ok(...words, '--output', 'json'))

  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', '# mine\nvalues:\n  a: 1 # one\n')
  })
  afterEach(() => playground.remove())

  it('tags are set, shown, renamed and removed', async () => {
    const block =
      'Name: owner\nValue: platform\nLast updated at 2026-03-04 05:06:07 +0000 UTC by Ada Lovelace <ada@example.com>\n'
    expect(await playground.ok('env', 'tag', 'app/dev', 'owner', 'platform', '--utc')).to.equal(block)
    expect(await playground.ok('env', 'tag', 'get', 'app/dev', 'owner', '--utc')).to.equal(block)
    expect(await playground.ok('env', 'tag', 'ls', 'app/dev', '--utc')).to.equal(block)
    expect(await json('env', 'tag', 'ls', 'app/dev')).to.deep.equal({
      tags: [
        {
          name: 'owner',
          value: 'platform',
          modified: '2026-03-04T05:06:07.000Z',
          editorLogin: 'ada@example.com',
          editorName: 'Ada Lovelace',
        },
      ],
    })
    expect(await playground.ok('env', 'tag', 'mv', 'app/dev', 'owner', 'team')).to.match(
      /^Name: team\nValue: platform\n/,
    )
    expect(await playground.ok('env', 'tag', 'rm', 'app/dev', 'team')).to.equal(
      'Successfully deleted environment tag: team\n',
    )
    expect(await playground.ok('env', 'tag', 'ls', 'app/dev')).to.equal('')
    expect(await fails('env', 'tag', 'get', 'app/dev', 'team')).to.include("there is no environment tag 'team'")
    expect(await fails('env', 'tag', 'app/dev', '', 'x')).to.include('environment tag name cannot be empty')
    expect(await fails('env', 'tag', 'app/dev', 'x', '')).to.include('environment tag value cannot be empty')
    expect(await fails('env', 'tag', 'app/dev@2', 'x', 'y')).to.include('the tag command does not accept versions')
    expect(await fails('env', 'tag', 'app/dev', 'x')).to.include('accepts 3 arg(s), received 2')
  })

  it('settings are shown and set; a protected environment is not removed', async () => {
    expect(await playground.ok('env', 'settings', 'get', 'app/dev')).to.equal('deletion-protected false\n')
    expect(await playground.ok('env', 'settings', 'set', 'app/dev', 'deletion-protected', 'true')).to.equal('true\n')
    expect(await playground.ok('env', 'settings', 'get', 'app/dev', 'deletion-protected')).to.equal('true\n')
    expect(await json('env', 'settings', 'get', 'app/dev')).to.deep.equal({ 'deletion-protected': true })
    expect(await fails('env', 'rm', 'app/dev', '--yes')).to.include('deletion protection is enabled')
    expect(definition('app/dev')).to.include('# mine')
    expect(await fails('env', 'settings', 'get', 'app/dev', 'nope')).to.include('unknown setting name: nope')
    expect(await fails('env', 'settings', 'set', 'app/dev', 'deletion-protected', 'True')).to.include(
      'invalid value for deletion-protected: True (expected true or false)',
    )
    expect(await fails('env', 'settings', 'set', 'app/dev', 'x')).to.include('expected a setting name and value')
  })

  it('referrers are found by import and by inline reference, with the version they name', async () => {
    await playground.withEnvironment('app/a', 'imports: [app/dev]\nvalues: {}\n')
    await playground.withEnvironment('app/b', 'imports: [app/dev@2]\nvalues: {x: "${environments.app.dev.a}"}\n')
    await playground.ok('env', 'version', 'tag', 'app/dev@stable')
    await playground.withEnvironment('app/c', 'imports: [app/dev@stable]\nvalues: {}\n')
    await playground.ok('env', 'rm-all', 'app/c', 'nothing')
    const shown = await playground.ok('env', 'referrer', 'list', 'app/dev')
    const rows = shown
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/))
    expect(rows).to.deep.equal([
      ['latest', 'environment', 'app/a@2'],
      ['latest', 'environment', 'app/b@2'],
      ['2', 'environment', 'app/b@2'],
      ['stable', 'environment', 'app/c@2'],
    ])
    expect(await json('env', 'referrer', 'ls', 'app/dev', '--count', '1')).to.deep.equal({
      referrers: { latest: [{ environment: { project: 'app', name: 'a', revision: 2 } }] },
    })
    expect(await playground.ok('env', 'referrer', 'list', 'app/a')).to.equal('')
    expect(await fails('env', 'referrer', 'list', 'app/dev', '--all', '--count', '3')).to.include(
      '--all and --count are mutually exclusive',
    )
    expect(await fails('env', 'referrer', 'list', 'app/dev', '--count', 'x')).to.include('invalid argument "x"')
  })

  it('login providers are written where they belong, their secrets encrypted, the rest untouched', async () => {
    const words = [
      'env',
      'provider',
      'aws-login',
      'static',
      'app/dev',
      'AKIA',
      's3cr3t-s3cr3t',
      '--session-token',
      't0ken',
    ]
    expect(await playground.ok(...words)).to.equal('Provider updated.\n')
    const text = definition('app/dev')
    expect(text).to.match(/^# mine\nvalues:\n {2}a: 1 # one\n {2}aws:\n {4}login:\n {6}fn::open::aws-login:\n/)
    expect(text).to.not.include('s3cr3t').and.not.include('t0ken')
    const login = JSON.parse(await playground.ok('open', 'app/dev', 'aws.login'))
    expect(login).to.deep.equal({ accessKeyId: 'AKIA', secretAccessKey: 's3cr3t-s3cr3t', sessionToken: 't0ken' })
    const role = 'arn:aws:iam::123456789012:role/deploy'
    await playground.ok('env', 'provider', 'aws-login', 'oidc', 'app/dev', role, 'ci')
    expect(definition('app/dev')).to.not.include('static')
    expect(await fails('env', 'provider', 'aws-login', 'static', 'app/dev', 'x')).to.include(
      'expected a secret on standard input, which is empty',
    )
    expect(await fails('env', 'provider', 'aws-login', 'static', 'app/new', 'x', 'y')).to.include(
      'environment local/app/new does not exist; pass --create to create it, or run `esc env init local/app/new` first',
    )
    expect(await playground.ok('env', 'provider', 'aws-login', 'static', 'app/new', 'x', 'y', '--create')).to.equal(
      'Environment created: local/app/new\nProvider updated.\n',
    )
    expect(await fails('env', 'provider', 'aws-login', 'static', 'app/dev', 'x', 'y', '--path', 'a[b')).to.include(
      'invalid --path: ',
    )
    expect(await fails('env', 'provider', 'aws-login', 'static', 'app/dev', 'x', 'y', '--path', 'a.b')).to.include(
      'setting provider at a.b: a.b: expected an array or an object',
    )
    expect(await fails('env', 'provider', 'gcp-login', 'oidc', 'app/dev', '12')).to.include(
      'required flag(s) "provider-id", "service-account", "workload-pool-id" not set',
    )
    expect(await fails('env', 'provider', 'gcp-login', 'static', 'app/dev', 'x', 'y')).to.include(
      'invalid project number "x": must be a positive integer',
    )
    expect(await fails('env', '--env', 'app/dev', 'provider', 'aws-login', 'static', 'x', 'y', 'z')).to.include(
      'received 4',
    )
  })

  it('several values are set and removed as one revision, or none', async () => {
    const set = ['env', 'set-all', 'app/dev', 'b.c=2', 'list[0]=x', 'list[1]=y', '--secret', 'b.token=s3cr3t=s3cr3t']
    expect(await json(...set)).to.deep.equal({ revision: 3, changed: true })
    expect(definition('app/dev')).to.include('# one').and.not.include('s3cr3t')
    expect(await playground.ok('open', 'app/dev', 'b.token', '-f', 'string')).to.equal('s3cr3t=s3cr3t\n')
    const before = playground.digest()
    expect(await fails('env', 'set-all', 'app/dev', 'd=1', 'a.b=2')).to.include('a.b: expected an array or an object')
    const shy = await fails('env', 'set-all', 'app/dev', 'd=1', 'password=Xk29vB8qLm4Tz7Rw1Yp3')
    expect(shy).to.include('password: value looks like a secret').and.not.include('Xk29vB8')
    expect(await fails('env', 'set-all', 'app/dev', 'no-equals-s3cr3t')).to.not.include('s3cr3t')
    expect(playground.digest()).to.equal(before)
    const removed = await json('env', 'rm-all', 'app/dev', 'list[0]', 'list[1]', 'b.c', 'nope')
    expect(removed).to.deep.equal({ revision: 4, changed: true, missing: ['nope'] })
    expect(JSON.parse(await playground.ok('env', 'get', 'app/dev', 'list', '--value', 'json'))).to.deep.equal([])
  })

  it('a folder of definitions is applied: all checked, the missing made, credentials kept', async () => {
    const write = (name: string, text: string) => {
      const file = join(playground.folder, 'definitions', `${name}.yaml`)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, text)
    }
    const rotating = 'values:\n  admin:\n    fn::rotate::password: {inputs: {length: 24}}\n'
    await playground.withEnvironment('app/rotating', rotating)
    await playground.ok('env', 'rotate', 'app/rotating')
    const present = await playground.ok('open', 'app/rotating')
    write('app/a', 'imports: [app/z]\nvalues: {x: "${z}", s: {fn::secret: hush-hush-hush}}\n')
    write('app/z', 'values: {z: 1}\n')
    write('app/dev', 'values: {a: "${nope}"}\n')
    write('app/rotating', rotating.replace('admin', 'note: new\n  admin'))
    const before = playground.digest()
    const refused = await playground.run(['env', 'apply', '-f', 'definitions'])
    expect(refused.code).to.equal(1)
    expect(refused.err).to.include('unknown property "nope"\n\n  on app/dev line 1:')
    expect(refused.out).to.equal(
      'would create app/a\nhas errors app/dev\nwould update app/rotating\nwould create app/z\n',
    )
    expect(playground.digest()).to.equal(before)

    write('app/dev', '# mine\nvalues:\n  a: 1 # one\n')
    expect(await playground.ok('env', 'apply', '-f', 'definitions', '--plan')).to.include('unchanged app/dev')
    expect(existsSync(join(playground.store, 'app', 'a'))).to.equal(false)
    expect(await playground.ok('env', 'apply', '-f', 'definitions')).to.equal(
      'created app/a, revision 2\nunchanged app/dev\nupdated app/rotating, revision 4\ncreated app/z, revision 2\n',
    )
    expect(definition('app/a')).to.not.include('hush-hush')
    const { note, ...rest } = JSON.parse(await playground.ok('open', 'app/rotating'))
    expect(note).to.equal('new')
    expect(rest).to.deep.equal(JSON.parse(present))
    const again = await json('env', 'apply', '-f', 'definitions')
    expect(again.environments.map(({ status }: { status: string }) => status)).to.deep.equal(Array(4).fill('unchanged'))
  })

  it('several environments are read at once', async () => {
    await playground.withEnvironment('app/prod', 'values:\n  a: 2\n')
    await playground.withEnvironment('other/x', 'values:\n  a: 3\n')
    expect(JSON.parse(await playground.ok('open', 'app/*', 'a'))).to.deep.equal({ 'app/dev': 1, 'app/prod': 2 })
    expect(JSON.parse(await playground.ok('open', '*', 'a'))).to.deep.equal({
      'app/dev': 1,
      'app/prod': 2,
      'other/x': 3,
    })
    expect(await playground.ok('env', 'get', 'app/prod,other/x@2', 'a', '--value', 'string')).to.equal(
      '# app/prod\n2\n\n# other/x@2\n3\n',
    )
    expect(await fails('open', 'nope/*')).to.include("no environment matches 'nope/*'")
  })
})
