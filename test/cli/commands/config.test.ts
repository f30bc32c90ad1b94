import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Config, openStore } from '../../../src/sdk/index.ts'
import { provider } from '../../conformance/cli/doubles.ts'
import { Playground, type RunOptions } from './esc.ts'

const SECRET = 'not-a-real-secret'

describe('esc config', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('base/common', 'values: {pulumiConfig: {"aws:region": eu-west-1, base: "true"}}\n')
    await playground.withEnvironment('app/dev', 'imports: [base/common]\nvalues:\n  # mine\n  own: kept\n')
    await playground.ok('select', 'app/dev')
  })
  afterEach(() => playground.remove())

  const config = (words: readonly string[], options: RunOptions = {}) => playground.run(['config', ...words], options)
  const ok = (...words: string[]) => playground.ok('config', ...words)
  const definition = (name = 'app/dev') => readFileSync(join(playground.store, name, 'environment.yaml'), 'utf8')
  const opened = async (name = 'app/dev') => JSON.parse(await playground.ok('open', name)).pulumiConfig
  const fails = async (words: readonly string[], options: RunOptions = {}) => {
    const before = playground.digest()
    const ran = await config(words, options)
    expect(ran.code, `${words.join(' ')}: ${ran.out}${ran.err}`).to.be.oneOf([1, 2])
    expect(playground.digest(), 'something was written').to.equal(before)
    return ran.err
  }

  describe('cp', () => {
    it('copies one key, with its secret under the key of the destination, and keeps the other keys', async () => {
      await playground.withEnvironment('app/prod', 'values: {pulumiConfig: {"aws:region": us, own: kept}}\n')
      await ok('set', 'aws:region', 'eu-central-1')
      await ok('set', 'app:token', SECRET, '--secret')
      await ok('cp', 'aws:region', '--dest', 'app/prod')
      await ok('copy', 'app:token', '-d', 'app/prod')
      expect(await opened('app/prod')).to.deep.equal({
        'aws:region': 'eu-central-1',
        'app:token': SECRET,
        own: 'kept',
      })
      const [here] = /ciphertext: \S+/.exec(definition()) ?? []
      expect(definition('app/prod')).to.include('ciphertext').and.not.include(here).and.not.include(SECRET)
    })

    it('copies all keys when none is named', async () => {
      await playground.withEnvironment('app/prod', 'values: {pulumiConfig: {"a:b": old, own: kept}}\n')
      await ok('set', 'a:b', 'new')
      await ok('set', 'a:c', SECRET, '--secret')
      await ok('cp', '--dest', 'app/prod')
      expect(await opened('app/prod')).to.deep.include({ 'a:b': 'new', 'a:c': SECRET, own: 'kept' })
    })

    it('copies a value within a structure with --path', async () => {
      await playground.withEnvironment('app/prod', 'values: {}\n')
      await ok('set', '--path', 'app:o.token', SECRET, '--secret')
      await ok('set', '--path', 'app:o.port', '80')
      await ok('cp', '--path', 'app:o.token', '--dest', 'app/prod')
      expect(await opened('app/prod')).to.deep.equal({ 'app:o': { token: SECRET } })
    })

    it('refuses the same environment, a key that is not there, and one that is a value too', async () => {
      await playground.withEnvironment('app/prod', 'values: {}\n')
      expect(await fails(['cp', 'own', '--dest', 'app/dev'])).to.include('are the same')
      expect(await fails(['cp', 'aws:regoin', '--dest', 'app/prod'])).to.include('there is no \'["aws:regoin"]\'')
      await ok('set', 'own', 'x')
      const err = await fails(['cp', 'own', '--dest', 'app/prod'])
      expect(err).to.include("'own' is a key of the configuration, and there is such a value too")
      await ok('cp', 'pulumiConfig.own', '--dest', 'app/prod')
      expect(await opened('app/prod')).to.deep.equal({ own: 'x' })
      await ok('cp', '["own"]', '--dest', 'app/prod')
      expect(JSON.parse(await playground.ok('open', 'app/prod'))).to.deep.equal({
        own: 'kept',
        pulumiConfig: { own: 'x' },
      })
    })
  })

  describe('set', () => {
    it('sets a key, and nothing else of the definition changes', async () => {
      await ok('set', 'aws:region', 'us-west-2')
      expect(definition()).to.equal(
        'imports: [base/common]\nvalues:\n  # mine\n  own: kept\n  pulumiConfig:\n    aws:region: us-west-2\n',
      )
    })

    it('reads the value from standard input, without one line break at its end unless --raw', async () => {
      for (const [key, input, expected, ...more] of [
        ['a:one', 'v\n', 'v'],
        ['a:dos', 'v\r\n', 'v'],
        ['a:two', 'v\n\n', 'v\n'],
        ['a:none', 'v', 'v'],
        ['a:raw', 'v\n', 'v\n', '--raw'],
      ] as const) {
        const ran = await config(['set', key, ...more], { input })
        expect(ran.code, ran.err).to.equal(0)
        expect((await opened())[key], key).to.equal(expected)
      }
      const secret = await config(['set', 'a:secret', '--secret'], { input: `${SECRET}\n` })
      expect(secret.code, secret.err).to.equal(0)
      expect((await opened())['a:secret']).to.equal(SECRET)
      expect(await fails(['set', 'a:empty'], { input: '' })).to.include('standard input, which is empty')
      await ok('set', 'a:empty', '')
      expect((await opened())['a:empty']).to.equal('')
    })

    it('asks nobody at a terminal that would show the value', async () => {
      const io = { stdinIsTerminal: true, stderrIsTerminal: true }
      expect(await fails(['set', 'a:b'], { io, env: { TERM: 'dumb' } })).to.include('without showing it')
    })

    it('keeps every text as it is: numbers, booleans, dashes and what looks like a reference', async () => {
      const texts = ['true', '42', '-5', '1.10', 'null', '[a]', `a\${b}c$$d`, '\u{1f600}', ' x ']
      for (const [index, text] of texts.entries()) await ok('set', `t:${index}`, text)
      const values = await opened()
      expect(texts.map((_, index) => values[`t:${index}`])).to.deep.equal(texts)
      for (const [index, text] of texts.entries()) expect(await ok('get', `t:${index}`)).to.equal(`${text}\n`)
    })

    it('stores a value as its --type, and refuses what is none', async () => {
      await ok('set', 'a:i', '42', '--type', 'int')
      await ok('set', 'a:b', 'false', '--type', 'bool')
      await ok('set', 'a:f', '0.5', '--type', 'float')
      await ok('set', 'a:s', '7', '--type', 'string')
      expect(await opened()).to.deep.include({ 'a:i': 42, 'a:b': false, 'a:f': 0.5, 'a:s': '7' })
      for (const [type, text] of [
        ['int', '4.2'],
        ['int', '042'],
        ['bool', 'yes'],
        ['float', 'nan'],
        ['float', '0x10'],
      ] as const) {
        const err = await fails(['set', 'a:x', text, '--type', type])
        expect(err).to.include(`the value is not of type ${type}`)
      }
    })

    it('takes only one of --secret, --plaintext and --type', async () => {
      for (const pair of [
        ['--secret', '--plaintext'],
        ['--secret', '--type=int'],
        ['--plaintext', '--type=int'],
      ]) {
        expect(await fails(['set', 'a:b', '1', ...pair])).to.include('only one of --secret, --plaintext and --type')
      }
    })

    it('refuses what looks like a secret, by its name or its look, without showing it', async () => {
      for (const [key, value] of [
        ['app:password', 'Zk9$kq2Lm8!xP0vQ'],
        ['app:anything', `ghp_${'a1B2'.repeat(9)}`],
      ] as const) {
        const err = await fails(['set', key, value])
        expect(err).to.include('value looks like a secret').and.include('--secret').and.include('--plaintext')
        expect(err).to.not.include(value)
        await ok('set', key, value, '--plaintext')
        await ok('set', key, value, '--secret')
        expect(definition()).to.not.include(value)
      }
    })

    it('refuses keys that cannot be, and an environment in the place of a key', async () => {
      for (const key of ['', ':', 'a:', ':b', 'a:b:c', 'fn::secret'])
        expect(await fails(['set', key, 'x']), key).to.match(/configuration key "/)
      expect(await fails(['set', '--path', 'a.fn::secret', 'x'])).to.include('would be the call of a function')
      expect(await fails(['set', '--path', '[0]', 'x'])).to.include('begins with an index')
      expect(await fails(['set', 'base/common', 'x'])).to.include('name the environment with --env base/common')
    })

    it('needs an environment that is selected or named', async () => {
      await playground.ok('select', '--none')
      expect(await fails(['set', 'a:b', 'c'])).to.include('choose one with "esc select"')
      await ok('set', 'a:b', 'c', '--env', 'app/dev')
      expect((await opened())['a:b']).to.equal('c')
      expect(await fails(['set', 'a:b', 'c', '--env', 'app/dev@1'])).to.include('does not accept versions')
    })
  })

  describe('set --path', () => {
    it('reads a.b, a[0] and a["b.c"]', async () => {
      await ok('set', '--path', 'p:a.b', 'x')
      await ok('set', '--path', 'p:l[0]', 'y')
      await ok('set', '--path', 'p:q["b.c"]', 'z')
      await ok('set', '--path', '["p:whole"]', 'w')
      expect(await opened()).to.deep.include({
        'p:a': { b: 'x' },
        'p:l': ['y'],
        'p:q': { 'b.c': 'z' },
        'p:whole': 'w',
      })
    })

    it('without the flag, takes dots and brackets as part of the key', async () => {
      await ok('set', 'p:a.b[0]', 'x')
      expect(await opened()).to.deep.include({ 'p:a.b[0]': 'x' })
      expect(await ok('get', 'p:a.b[0]')).to.equal('x\n')
    })

    it('lets a list grow by one element, and no more', async () => {
      await ok('set', '--path', 'p:l[0]', 'a')
      await ok('set', '--path', 'p:l[1]', 'b')
      expect(await fails(['set', '--path', 'p:l[3]', 'd'])).to.include('array index out of range')
      expect(await fails(['set', '--path', 'p:l[-1]', 'd'])).to.include('out of range')
      expect((await opened())['p:l']).to.deep.equal(['a', 'b'])
    })

    it('makes booleans and integers of what is nested, and leaves a value at the top a text', async () => {
      await ok('set', '--path', 'p:top', 'true')
      for (const [index, text] of ['true', 'false', '8080', '-3', '0', '0123', '1.5', 'yes'].entries())
        await ok('set', '--path', `p:l[${index}]`, text)
      expect(await opened()).to.deep.include({
        'p:top': 'true',
        'p:l': [true, false, 8080, -3, 0, '0123', '1.5', 'yes'],
      })
    })

    it('encrypts the leaf alone', async () => {
      await ok('set', '--path', 'app:endpoints[0].url', 'https://example.com')
      await ok('set', '--path', 'app:endpoints[0].token', SECRET, '--secret')
      expect(definition()).to.include('url: https://example.com').and.include('fn::secret').and.not.include(SECRET)
      expect(await ok()).to.include('[{"token":"[secret]","url":"https://example.com"}]')
    })

    it('refuses a mapping whose only key is secure', async () => {
      expect(await fails(['set', '--path', 'a:o.secure', 'x'])).to.include("only key is 'secure'")
      expect(await fails(['set-all', '--json', '{"a:o":{"objectValue":[{"secure":"x"}]}}'])).to.include('secure')
      await ok('set', '--path', 'a:o.other', 'x')
      await ok('set', '--path', 'a:o.secure', 'x')
      expect((await opened())['a:o']).to.deep.equal({ other: 'x', secure: 'x' })
    })
  })

  describe('get', () => {
    it('prints one value in the clear, a secret too, also one that is imported', async () => {
      await ok('set', 'app:token', SECRET, '--secret')
      expect(await ok('get', 'app:token')).to.equal(`${SECRET}\n`)
      expect(await ok('get', 'aws:region')).to.equal('eu-west-1\n')
    })

    it('reads a path with --path, and says as JSON what it is', async () => {
      await ok('set', '--path', 'app:l[0].token', SECRET, '--secret')
      await ok('set', '--path', 'app:l[0].port', '80')
      expect(await ok('get', '--path', 'app:l[0].token')).to.equal(`${SECRET}\n`)
      expect(JSON.parse(await ok('get', '--path', 'app:l[0].token', '--json'))).to.deep.equal({
        value: SECRET,
        secret: true,
      })
      expect(JSON.parse(await ok('get', 'app:l', '--output', 'json'))).to.deep.equal({
        value: `[{"port":80,"token":"${SECRET}"}]`,
        objectValue: [{ port: 80, token: SECRET }],
        secret: true,
      })
    })

    it('calls providers unless --open=false', async () => {
      const io = { provider }
      const edited = await playground.run(['env', 'edit', 'app/dev', '--file', '-'], {
        io,
        input: `values:\n  v: {fn::open::test: {echo: given}}\n  pulumiConfig: {"a:v": "\${v.echo}"}\n`,
      })
      expect(edited.code, edited.err).to.equal(0)
      const ran = await config(['get', 'a:v'], { io })
      expect(ran.out, ran.err).to.equal('given\n')
      expect(await fails(['get', 'a:v', '--open=false'], { io })).to.include('is known once a provider is called')
      expect((await config([], { io })).out).to.include('[unknown]')
      expect((await config(['--open'], { io })).out).to.include('given')
      expect((await config(['--show-secrets'], { io })).out).to.include('given')
    })

    it('says what is meant when there is no such key', async () => {
      expect(await fails(['get', 'aws:regoin'])).to.equal(
        "Error: there is no 'aws:regoin' in the configuration of app/dev\nhint: did you mean 'aws:region'?\n",
      )
    })
  })

  describe('the table', () => {
    it('shows [secret] without --show-secrets, and in JSON leaves the value out', async () => {
      await ok('set', 'app:token', SECRET, '--secret')
      await ok('set', '--path', 'app:o.token', SECRET, '--secret')
      await ok('set', 'app:n', '3', '--type', 'int')
      expect(await ok()).to.equal(
        'KEY         VALUE\napp:n       3\napp:o       {"token":"[secret]"}\napp:token   [secret]\n' +
          'aws:region  eu-west-1\nbase        true\n',
      )
      const json = await ok('--json')
      expect(json).to.not.include(SECRET)
      expect(JSON.parse(json)).to.deep.equal({
        'app:n': { value: '3', objectValue: 3, secret: false },
        'app:o': { secret: true },
        'app:token': { secret: true },
        'aws:region': { value: 'eu-west-1', secret: false },
        base: { value: 'true', secret: false },
      })
      expect(await ok('--show-secrets')).to.include(`app:token   ${SECRET}`)
      expect(JSON.parse(await ok('--show-secrets', '--json'))['app:token']).to.deep.equal({
        value: SECRET,
        secret: true,
      })
    })

    it('hides all of a configuration that is one secret', async () => {
      await playground.run(['env', 'edit', 'app/dev', '--file', '-'], {
        input: `values: {pulumiConfig: {fn::fromJSON: {fn::secret: '{"a:b":"${SECRET}"}'}}}\n`,
      })
      for (const words of [[], ['--open'], ['--json'], ['--open', '--json']]) {
        const ran = await config(words)
        expect(ran.out + ran.err).to.not.include(SECRET)
      }
      expect(await ok('--open')).to.equal('KEY  VALUE\na:b  [secret]\n')
      expect(await ok('get', 'a:b')).to.equal(`${SECRET}\n`)
    })

    it('fails where an import is gone, and is no table with a part of the values', async () => {
      await playground.ok('env', 'rm', 'base/common', '--yes')
      const ran = await config([])
      expect(ran.code).to.equal(1)
      expect(ran.out).to.equal('')
      expect(ran.err).to.include("environment 'base/common' does not exist")
    })
  })

  it('refuses words that are not a command of it, and too many', async () => {
    for (const [words, wanted] of [
      [['sett', 'a:b', 'c'], 'unknown command "sett"'],
      [['app/dev'], 'unknown command "app/dev"'],
      [['env', 'list'], 'unknown command'],
      [['env', 'ls', 'app/dev'], 'unknown command "app/dev"'],
      [['set', 'a:b', SECRET, 'd', '--secret'], 'accepts between 1 and 2 arg(s), received 3'],
      [['set', `a:b=${SECRET}`, '--secret'], 'expected a key and a value as two words'],
      [['get'], 'accepts 1 arg(s), received 0'],
      [['rm', 'a', 'b'], 'accepts 1 arg(s), received 2'],
      [[`a:b=${SECRET}`], 'unknown command "a:b=…"'],
      [['set-all', 'a:b', SECRET], 'expected key=value'],
    ] as const) {
      const err = await fails(words)
      expect(err).to.include(wanted).and.not.include(SECRET)
      expect(await fails([...words, '--env', 'app/dev'])).to.include(wanted)
    }
  })

  it('tells of errors as JSON too with --json', async () => {
    const ran = await config(['get', 'nope', '--json'])
    expect(ran.code).to.equal(1)
    expect(JSON.parse(ran.out).error).to.include({ code: 'not_found' })
    const usage = await config(['set', 'a:b', 'x', '--type', 'int', '--json'])
    expect(JSON.parse(usage.out).error).to.include({ code: 'usage', message: 'the value is not of type int' })
  })

  it('sets what programs read with Config of the library', async () => {
    await ok('set', 'app:region', 'eu')
    await ok('set', 'app:size', '3')
    await ok('set', 'app:token', SECRET, '--secret')
    await ok('set', '--path', 'app:o.token', SECRET, '--secret')
    const store = await openStore(playground.store, { env: playground.env })
    const read = new Config('app', await store.open('app/dev'))
    expect(read.require('region')).to.equal('eu')
    expect(read.requireNumber('size')).to.equal(3)
    expect(await read.requireSecret('token').reveal()).to.equal(SECRET)
    expect(await read.requireSecretObject('o').reveal()).to.deep.equal({ token: SECRET })
    expect(() => read.require('token')).to.throw('is a secret')
  })

  describe('set-all', () => {
    it('sets values and secrets in one revision', async () => {
      const revisions = async () => (await playground.ok('env', 'version', 'history', 'app/dev')).match(/^revision/gm)
      const before = (await revisions())?.length ?? 0
      await ok('set-all', '--plaintext', 'aws:region=us', '--secret', `app:token=${SECRET}=`, '--plaintext', 'a:b=c=d')
      expect(await opened()).to.deep.include({ 'aws:region': 'us', 'app:token': `${SECRET}=`, 'a:b': 'c=d' })
      expect((await revisions())?.length).to.equal(before + 1)
      await ok('set-all', 'aws:region=eu', 'a:e=')
      expect(await opened()).to.deep.include({ 'aws:region': 'eu', 'a:e': '' })
      const token = `ghp_${'a1B2'.repeat(9)}`
      const err = await fails(['set-all', 'a:b=d', `a:c=${token}`])
      expect(err).to.include('a:c: value looks like a secret').and.not.include(token)
      await ok('set-all', '--path', '--plaintext', 'p:o.size=3', '--secret', `p:o.token=${SECRET}`)
      expect((await opened())['p:o']).to.deep.equal({ size: 3, token: SECRET })
    })

    it('sets nothing when one of them is wrong', async () => {
      const words = ['set-all', '--plaintext', 'a:b=c', '--secret', SECRET]
      const err = await fails(words)
      expect(err).to.include('expected key=value').and.not.include(SECRET)
      expect(await fails(['set-all', '--plaintext', 'a:b=c', '--plaintext', 'a:=c'])).to.include('"a:"')
      expect(await fails(['set-all'])).to.include('expected at least one value')
    })

    it('takes with --json what config --json has printed, types and secrets alike', async () => {
      await ok('set', 'app:token', SECRET, '--secret')
      await ok('set', '--path', 'app:o[0].n', '3')
      await ok('set', '--path', 'app:o[0].s', SECRET, '--secret')
      await ok('set', 'app:f', '1.10', '--type', 'float')
      await ok('set', 'app:d', `\${x}$$`)
      await playground.withEnvironment('app/copy', 'values: {}\n')
      const input = await ok('--show-secrets', '--json')
      const ran = await config(['set-all', '--env', 'app/copy', '--json', '-'], { input })
      expect(ran.code, ran.err).to.equal(0)
      expect(await opened('app/copy')).to.deep.equal(await opened())
      expect(definition('app/copy')).to.not.include(SECRET)
      const masked = await config(['set-all', '--env', 'app/copy', '--json', '-'], { input: await ok('--json') })
      expect(masked.err).to.include('is a secret that was not shown')
      for (const text of ['{', '[]', '{"a":1}', '{"a":{}}', '{"a":{"value":1}}', '{"a":{"value":"b","secret":"no"}}'])
        expect(await fails(['set-all', '--json', text]), text).to.match(/Error: /)
    })
  })

  describe('rm and rm-all', () => {
    it('remove keys of the environment itself, and say where a key is not', async () => {
      await ok('set', 'aws:region', 'us')
      await ok('set', '--path', 'p:l[0]', 'a')
      await ok('set', '--path', 'p:l[1]', 'b')
      await ok('set', '--path', 'p:l[2]', 'c')
      await ok('rm', 'aws:region')
      expect(await ok('get', 'aws:region')).to.equal('eu-west-1\n')
      await ok('rm-all', '--path', 'p:l[0]', 'p:l[1]')
      expect((await opened())['p:l']).to.deep.equal(['c'])
      const gone = await config(['rm', 'base'])
      expect(gone.err).to.equal('warning: app/dev itself sets no base; what it imports was not changed\n')
      expect(gone.code).to.equal(0)
      const all = JSON.parse(await ok('rm-all', 'p:l', 'nope', '--json'))
      expect(all).to.deep.include({ changed: true, missing: ['nope'] })
    })
  })

  describe('env', () => {
    it('adds, lists and removes imports', async () => {
      await playground.withEnvironment('base/more', 'values: {pulumiConfig: {"aws:region": more}}\n')
      expect(await ok('env', 'ls')).to.equal('base/common\n')
      await ok('env', 'add', 'base/more@1', 'base/common')
      expect(JSON.parse(await ok('env', 'ls', '--json'))).to.deep.equal(['base/common', 'base/more@1'])
      expect(definition()).to.include('imports: [base/common, base/more@1]\n')
      expect(await fails(['env', 'rm', 'base/mor'])).to.include('does not import')
      await ok('env', 'rm', 'base/common')
      expect(await ok('env', 'ls')).to.equal('base/more@1\n')
    })

    it('makes the list where there is none, and refuses what is not there or leads back', async () => {
      await ok('env', 'add', '--env', 'base/common', 'app/dev').then(
        () => expect.fail('a circle was saved'),
        (error: Error) => expect(error.message).to.match(/cycl|circ/i),
      )
      await playground.withEnvironment('app/new', 'values: {a: 1}\n')
      await ok('env', 'add', '--env', 'app/new', 'base/common')
      expect((await opened('app/new'))['aws:region']).to.equal('eu-west-1')
      expect(await fails(['env', 'add', 'base/comon'])).to.include("did you mean 'base/common'?")
    })
  })
})
