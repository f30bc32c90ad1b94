import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { cpuMsSince, expectWithin } from '../../cpu-time.ts'
import { runs, sample } from '../../sample.ts'
import { Playground } from './esc.ts'

const PEM = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string

/** Texts that YAML, the language or a reader of lines would take for something else. */
const TEXTS = {
  'a private key': PEM,
  'a private key with Windows line ends': PEM.replaceAll('\n', '\r\n'),
  'a comment sign': 'abc #def',
  'a tag': '!abc',
  'an anchor': '&abc',
  'an alias': '*abc',
  'block scalars': '|\n  a\n',
  'a folded scalar': '>-',
  'a directive': '%YAML 1.1',
  'a reserved sign': '@abc `def`',
  quotes: `"a" 'b' \\n`,
  blanks: '  a\t ',
  'a mapping': '{"type": "service_account", "key": "a\\nb"}',
  'a list': '[]',
  'a document end': '---\na\n...\nb',
  'a number': '0123456789.10',
  'a power': '1e3',
  null: 'null',
  tilde: '~',
  boolean: 'yes',
  dash: '-',
  'a long dash': '- a: b',
  'a dollar': 'pa$$w${ord}$',
  'a reference': '${a.b}',
  'an open reference': '${',
  'three dollars': '$$${x',
  'line breaks at the end': 'a\n\n\n',
  'a carriage return': 'a\rb\r',
  'a byte order mark': '\ufeffa\ufeff',
  NUL: 'a\0b',
  'control characters': '\x01\x1b[31m\x7f\x85\u2028\u2029',
  emoji: '🔑é\u0301',
  noncharacters: '\ufffe\uffff\u{1ffff}',
  nothing: '',
}

describe('a secret is kept as it was given', function () {
  this.timeout(60_000)
  let playground: Playground
  let files = 0
  before(async () => {
    playground = await new Playground().withEnvironment('app/dev', '# what\nvalues:\n  a: 1 # one\n')
  })
  after(() => playground.remove())

  const file = (bytes: string | Uint8Array) => {
    const path = join(playground.folder, `value-${files++}`)
    writeFileSync(path, bytes)
    return path
  }
  const opened = async () => JSON.parse(await playground.ok('open', 'app/dev', '--format', 'json'))
  const set = async (words: readonly string[], input?: string) => {
    const ran = await playground.run(['env', 'set', 'app/dev', ...words], input === undefined ? {} : { input })
    expect(ran.code, ran.err).to.equal(0)
    return ran
  }

  for (const [title, text] of sample(Object.entries(TEXTS), 10)) {
    it(`by argument, file, standard input, set-all and --string: ${title}`, async () => {
      await set(['argument', '--secret', '--', text])
      await set(['flag', '--secret', `--value=${text}`])
      await set(['file', '--secret', '--file', file(text)])
      await set(['string', '--string', '--plaintext', '--', text])
      await playground.ok('env', 'set-all', 'app/dev', '--secret', `all=${text}`, '--secret', `more["x=y"]=${text}`)
      if (text !== '') {
        await set(['input', '--secret'], text)
        await set(['dash', '--secret', '--file', '-'], text)
      }
      const all = await opened()
      for (const name of ['argument', 'flag', 'file', 'string', 'all', ...(text === '' ? [] : ['input', 'dash'])]) {
        expect(all[name], name).to.equal(text)
      }
      expect(all.more['x=y']).to.equal(text)
      expect(all.a).to.equal(1)
      // The editor shows it as it must be written, and saving that changes nothing.
      const shown = await playground.ok('env', 'get', 'app/dev', '--definition', '--show-secrets')
      await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input: shown })
      expect((await opened()).argument).to.equal(text)
    })
  }

  it('whatever text it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom(...'$${}#:\'"\\\n\r\t -?[]&*!|>%@`a0é🔑\u2028\0') }),
        async (text) => {
          await set(['random', '--secret', `--value=${text}`])
          expect((await opened()).random).to.equal(text)
        },
      ),
      runs(25, 500),
    )
  })

  it('of a megabyte', async () => {
    const text = `${'x$${y} \n'.repeat(150_000)}end`
    const begun = process.cpuUsage()
    await set(['large', '--secret', '--file', file(text)])
    const ms = cpuMsSince(begun)
    expect((await opened()).large).to.equal(text)
    expectWithin(10_000, ms)
    await playground.ok('env', 'rm', 'app/dev', 'large')
  })

  it('says that a line break at the end of standard input is kept', async () => {
    expect((await set(['line', '--secret'], 'abc\n')).err).to.match(
      /^note: the secret ends with a line break, which is kept/,
    )
    expect((await opened()).line).to.equal('abc\n')
    expect((await set(['line', '--secret'], PEM)).err).to.equal('')
  })

  it('as an object with --json and --yaml, all of it secret', async () => {
    const json =
      '{"type": "service_account", "private_key": "-----BEGIN\\n$${x}", "n": 1.10, "big": 12345678901234567890}'
    await set(['json', '--secret', '--json', '--file', file(json)])
    await set(['yaml', '--secret', '--yaml', 'a: [1, "${b}"]\nc: ~'])
    await set(['text', '--secret', '--yaml', '"a b"'])
    const text = await playground.ok('open', 'app/dev', '--format', 'json')
    expect(text).to.include('"n": 1.10').and.to.include('12345678901234567890')
    const all = JSON.parse(text)
    expect(all.json.private_key).to.equal('-----BEGIN\n$${x}')
    expect(all.yaml).to.deep.equal({ a: [1, '${b}'], c: null })
    expect(all.text).to.equal('a b')
    const shown = await playground.ok('env', 'get', 'app/dev', '--value', 'json')
    expect(JSON.parse(shown)).to.include({ json: '[secret]', yaml: '[secret]', text: '[secret]' })
    await set(['data', '--json', '{"a": "${b}", "c": [true]}'])
    expect((await opened()).data).to.deep.equal({ a: '${b}', c: [true] })
  })

  it('refuses what it cannot keep, without showing it', async () => {
    const binary = Buffer.concat([Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0xff]), Buffer.from('hunter2')])
    const refused = [
      { words: ['x', '--secret', '--file', file(binary)], says: /valid UTF-8[\s\S]*fn::fromBase64/ },
      { words: ['x', '--secret', '--json', '{hunter2}'], says: /it is not JSON/ },
      { words: ['x', '--secret', '--yaml', 'a: *hunter2'], says: /invalid value/ },
      { words: ['x', '--secret', '--yaml', 'a: 1\n---\nb: hunter2'], says: /more than one YAML document/ },
      { words: ['x', '--secret', 'hunter2\ud800'], says: /half a surrogate pair/ },
      { words: ['x', '--secret', '--json', '--yaml', 'hunter2'], says: /only one of/ },
      { words: ['x', '--secret'], says: /standard input, which is empty/ },
      { words: ['x', '--secret', '--file', '-'], says: /standard input, which is empty/ },
      { words: ['x', '--secret', '--file', file('hunter2'), 'hunter2'], says: /expected a path/ },
    ]
    const before = playground.digest()
    for (const { words, says } of refused) {
      const ran = await playground.run(['env', 'set', 'app/dev', ...words])
      expect(ran.code, words.join(' ')).to.be.oneOf([1, 2])
      expect(ran.err).to.match(says)
      expect(ran.err).to.not.include('hunter2')
    }
    expect(playground.digest()).to.equal(before)
  })

  it('refuses in the clear what has the form of a secret, whatever its name', async () => {
    for (const text of [`sk_live_${'a1B2'.repeat(6)}`, 'postgres://u:pw@db/x', 'AKIAIOSFODNN7EXAMPLE', PEM]) {
      for (const words of [
        ['set', 'app/dev', 'setting', text],
        ['set', 'app/dev', 'l[0]', text],
        ['set-all', 'app/dev', `setting=${text}`],
      ]) {
        const ran = await playground.run(['env', ...words])
        expect(ran.code).to.equal(2)
        expect(ran.err).to.include('value looks like a secret').and.to.not.include(text)
      }
      await set(['setting', '--plaintext', '--string', text])
    }
    await set(['setting', 'postgres://db.example.com/x'])
    await set(['setting', 'postgres://app:${a}@db.example.com/x'])
  })

  it('keeps bytes through the remedy that it names', async () => {
    const bytes = Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 1, 2, ...Array(100).fill(0x80)])
    const wrapped = `${bytes.toString('base64').replace(/(.{76})/g, '$1\n')}\n`
    await set(['keystore["fn::fromBase64"]', '--secret'], wrapped)
    const printed: Uint8Array[] = []
    const io = { out: (part: string | Uint8Array) => printed.push(Buffer.from(part as string)) }
    expect((await playground.run(['open', 'app/dev', 'keystore', '--format', 'string'], { io })).code).to.equal(0)
    expect(Buffer.concat(printed).equals(bytes)).to.equal(true)
    // No JSON can hold them.
    expect((await playground.run(['open', 'app/dev', '--format', 'json'])).code).to.equal(1)
    await playground.ok('env', 'rm', 'app/dev', 'keystore')
  })

  it('of a login provider: by argument, file or standard input', async () => {
    const text = "pa$$w${ord} #'\n"
    for (const [words, input] of [
      [['AKIA', '--', text], undefined],
      [['AKIA'], text],
      [['AKIA', '--file', '-'], text],
      [['AKIA', '--file', file(text)], undefined],
    ] as const) {
      const ran = await playground.run(
        ['env', 'provider', 'aws-login', 'static', 'app/dev', ...words],
        input === undefined ? {} : { input },
      )
      expect(ran.code, ran.err).to.equal(0)
      expect((await opened()).aws.login.secretAccessKey).to.equal(text)
      await playground.ok('env', 'rm', 'app/dev', 'aws')
    }
    const empty = await playground.run(['env', 'provider', 'azure-login', 'static', 'app/dev', 't', 's', 'c'])
    expect(empty.err).to.include('standard input, which is empty')
    const few = await playground.run(['env', 'provider', 'azure-login', 'static', 'app/dev', 't', 's'])
    expect(few.code).to.equal(2)
  })
})
