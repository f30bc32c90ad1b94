import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, type RunOptions } from './esc.ts'

/** A keystore begins so; what follows is every byte, some of them as lines. */
const KEYSTORE = Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 1, ...Array.from({ length: 256 }, (_, i) => i), 0x0a, 0x0a])
/** Without NUL, as variables have to be. */
const TEXT = Buffer.from(
  [...'-a%s\\n$(id)`"\'', 0xff, 0xc3, 0xa9, 0xf0, 0x9f, 0x94, 0x91, ' ', '\n', '\n'].map((each) =>
    typeof each === 'string' ? each.charCodeAt(0) : each,
  ),
)

describe('bytes that are not UTF-8', function () {
  this.timeout(60_000)
  let playground: Playground
  before(async () => {
    playground = await new Playground().withEnvironment(
      'app/base',
      `values:
  keystore: {fn::fromBase64: {fn::secret: ${KEYSTORE.toString('base64')}}}
  text: {fn::fromBase64: ${TEXT.toString('base64')}}
`,
    )
    await playground.withEnvironment(
      'app/dev',
      `imports: [app/base]
values:
  same: \${keystore}
  of: \${environments.app.base.text}
  around: <\${text}>
  joined: {fn::join: ["", ["\${text}", "\${text}"]]}
  list: {fn::concat: [["\${text}"], [x]]}
  back: {fn::toBase64: "\${keystore}"}
  plain: x
  files: {STORE: "\${keystore}"}
  environmentVariables: {RAW: "\${text}", PLAIN: a}
`,
    )
    await playground.withEnvironment(
      'app/files',
      'imports: [app/base]\nvalues: {files: {STORE: "${keystore}"}, environmentVariables: {A: b}}\n',
    )
    await playground.withEnvironment('app/argument', 'values: {n: "a\\0b"}\n')
    await playground.withEnvironment('app/nul', 'values: {environmentVariables: {N: "a\\0b"}, n: "a\\0b"}\n')
  })
  after(() => playground.remove())

  /** What a command prints, byte for byte. */
  const printed = async (words: readonly string[], options: RunOptions = {}) => {
    const chunks: Uint8Array[] = []
    const out = (bytes: string | Uint8Array) => void chunks.push(Buffer.from(bytes as string))
    const ran = await playground.run(words, { ...options, io: { out } })
    return { ...ran, bytes: Buffer.concat(chunks) }
  }

  it('survive in open --format string, also from imports, interpolation, builtins and what was opened before', async () => {
    const paths: Readonly<Record<string, Buffer>> = {
      keystore: KEYSTORE,
      same: KEYSTORE,
      text: TEXT,
      of: TEXT,
      around: Buffer.concat([Buffer.from('<'), TEXT, Buffer.from('>')]),
      joined: Buffer.concat([TEXT, TEXT]),
      'list[0]': TEXT,
      'files.STORE': KEYSTORE,
    }
    for (let time = 0; time < 2; time++) {
      for (const [path, bytes] of Object.entries(paths)) {
        const { bytes: out, code, err } = await printed(['open', 'app/dev', path, '--format', 'string'])
        expect(code, err).to.equal(0)
        expect(out.toString('hex'), path).to.equal(bytes.toString('hex'))
      }
    }
    expect(JSON.parse(await playground.ok('open', 'app/dev', 'back'))).to.equal(KEYSTORE.toString('base64'))
    expect(await playground.ok('open', 'app/dev', 'plain', '--format', 'string')).to.equal('x\n')
    const listed = await playground.ok('open', 'app/dev', 'list', '--format', 'string')
    expect(listed)
      .to.include('\\xff')
      .and.to.match(/,"x"\n$/)
    const got = await printed(['env', 'get', 'app/base', 'text', '--value', 'string'])
    expect(got.bytes.toString('hex')).to.equal(TEXT.toString('hex'))
  })

  it('survive in files and variables of run, and are hidden in its output when they are secret', async () => {
    const script = `const store = require('fs').readFileSync(process.env.STORE)
      console.log([...store].join())
      console.log(process.env.PLAIN, Object.keys(process.env).filter((name) => name.startsWith('ESC_RAW')).length)
      process.stdout.write(store)
      console.log(store.toString('base64'))
      process.exit(7)`
    const file = join(playground.folder, 'print.cjs')
    writeFileSync(file, script)
    const raw = await printed(['run', 'app/dev', '--', 'sh', '-c', 'printf %s "$RAW"'])
    expect(raw.bytes.toString('hex')).to.equal(TEXT.toString('hex'))
    const ran = await printed(['run', 'app/dev', '--', process.execPath, file])
    expect(ran.code, ran.err).to.equal(7)
    const lines = ran.bytes.toString('latin1').split('\n')
    expect(lines[0]).to.equal([...KEYSTORE].join())
    expect(lines[1]).to.equal('a 0')
    expect(lines.slice(2).join('\n')).to.equal('[secret]\n\n[secret]\n')
  })

  it('survive in the lines of --format posix', async () => {
    const { bytes } = await printed(['open', 'app/dev', '--format', 'posix'])
    const lines = join(playground.folder, 'lines.sh')
    writeFileSync(lines, bytes)
    const { execFileSync } = await import('node:child_process')
    for (const shell of ['sh', 'bash']) {
      const value = execFileSync(shell, ['-c', 'eval "$(cat "$1")"; printf %s "$RAW"', 'sh', lines])
      expect(value.toString('hex'), shell).to.equal(TEXT.toString('hex'))
    }
  })

  it('are refused by formats that cannot hold them, with the path and the remedy', async () => {
    const before = readdirSync(playground.env.TMPDIR as string)
    for (const format of ['json', 'yaml', 'detailed', 'dotenv', 'shell']) {
      const ran = await playground.run(['open', 'app/dev', '--format', format])
      expect(ran.code, format).to.equal(1)
      expect(ran.out).to.equal('')
      expect(ran.err).to.match(new RegExp(`holds bytes that are not UTF-8, which ${format} cannot hold`))
      expect(ran.err).to.match(/^Error: (?:environmentVariables\.RAW|around|files\.STORE) .*\nhint: .*fn::toBase64/)
    }
    expect(readdirSync(playground.env.TMPDIR as string)).to.deep.equal(before)
    const argument = await playground.run(['run', 'app/dev', '--', 'echo', '${text}'])
    expect(argument.err).to.include('text holds bytes that are not UTF-8, which no argument of a command can hold')
    const other = await playground.run(['open', 'app/dev', 'plain'])
    expect(other).to.include({ code: 0, out: '"x"\n' })
  })

  it('within files are no matter for formats that print paths', async () => {
    for (const format of ['dotenv', 'shell', 'posix']) {
      const text = await playground.ok('open', 'app/files', '--format', format)
      const path = /STORE=["']([^"']+)/.exec(text)?.[1] as string
      const { readFileSync, rmSync } = await import('node:fs')
      expect(readFileSync(path).toString('hex')).to.equal(KEYSTORE.toString('hex'))
      rmSync(path)
    }
  })

  it('a NUL is refused in variables, and kept where it can be', async () => {
    for (const format of ['dotenv', 'shell', 'posix']) {
      const ran = await playground.run(['open', 'app/nul', '--format', format])
      expect(ran.code, format).to.equal(1)
      expect(ran.err).to.include('environmentVariables.N holds a NUL byte, which no variable can have')
    }
    const run = await playground.run(['run', 'app/nul', '--', 'true'])
    expect(run.err).to.match(/N holds a NUL byte/)
    const argument = await playground.run(['run', 'app/argument', '--', 'echo', '${n}'])
    expect(argument.err).to.match(/argument 1 holds a NUL byte/)
    expect(JSON.parse(await playground.ok('open', 'app/nul', 'n'))).to.equal('a\0b')
    expect(await playground.ok('open', 'app/nul', 'n', '--format', 'string')).to.equal('a\0b\n')
  })

  it('are shown to people as what they are not, without an error', async () => {
    const shown = await playground.ok('env', 'get', 'app/base', 'text')
    expect(shown).to.include('\\ufffd')
    expect((await playground.run(['env', 'get', 'app/base', '--value', 'json'])).code).to.equal(1)
    expect((await playground.run(['env', 'get', 'app/base', 'keystore', '--value', 'json'])).out).to.equal(
      '"[secret]"\n',
    )
  })

  it('are refused as inputs of providers and rotators', async () => {
    await playground.withEnvironment(
      'app/login',
      `values:
  t: {fn::fromBase64: /w==}
  aws: {fn::open::aws-login: {static: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: "\${t}"}}}
`,
    )
    const ran = await playground.run(['open', 'app/login'])
    expect(ran.code).to.equal(1)
    expect(ran.err).to.include('static.secretAccessKey holds bytes that are not UTF-8, which cannot be handed over')
  })
})
