import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { sample, strideOf } from '../../sample.ts'
import { Playground, type Ran } from './esc.ts'

/** A secret that somebody typed in the wrong place, or whose quotes are missing. */
const CANARY = 'Kq7xV2pZ9canary4T'

const DRESSINGS: Readonly<Record<string, string>> = {
  plain: CANARY,
  'a short flag': `-${CANARY}`,
  'a long flag': `--${CANARY}`,
  'a flag with a value': `--secretive=${CANARY}`,
  'a known flag with a value': `--output=${CANARY}`,
  'a private key': `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`,
  'an alias': `*${CANARY}`,
  'a tag': `!!int ${CANARY}`,
  'an unfinished mapping': `{a: ${CANARY}`,
  'an unfinished text': `"${CANARY}`,
  'an unfinished reference': `\${${CANARY}`,
  'a call': `{fn::secret: [${CANARY}]}`,
  'an assignment': `a.b=${CANARY}`,
  'an assignment of a reference': `a.b=*${CANARY}`,
  'a webhook': `http://hooks.example.com/services/T00/${CANARY}`,
  'a URL with a password': `postgres://user:${CANARY}@db.example.com/x`,
  'a file': `@${CANARY}`,
  'an environment': `app/${CANARY}/x/y`,
  'a path': `a[${CANARY}]`,
  'two lines': `a\n${CANARY}`,
}

/** Commands that never end, such as servers, or start programs of the machine. */
const LEFT_OUT = ['lsp', 'mcp', 'scheduler:start', 'server:start', 'ui']

const DEFINITION = 'values:\n  token: {fn::secret: hunter2-hunter2}\n  a: {b: 1}\n  list: [1, 2]\n'

describe('no error shows what may be a secret', function () {
  this.timeout(600_000)
  let playground: Playground
  let saved: string
  before(async () => {
    playground = await new Playground().withEnvironment('app/dev', DEFINITION)
    await playground.ok('env', 'webhook', 'new', 'app/dev', 'one', '--url', 'https://example.com/hook')
    await playground.ok('env', 'schedule', 'new', 'app/dev', '--cron', '0 3 * * *').catch(() => undefined)
    writeFileSync(join(playground.folder, 'file'), 'A=1\n')
    saved = `${playground.folder}-saved`
    cpSync(playground.folder, saved, { recursive: true })
  })
  after(() => {
    playground.remove()
    rmSync(saved, { recursive: true })
  })

  const shows = ({ code, out, err }: Ran): boolean => (code === 0 ? err : out + err).includes(CANARY)

  /**
   * Every command line with the canary in one place, and what is right or left out in the others.
   */
  async function commandLines(): Promise<string[][]> {
    const lines: string[][] = []
    for (const id of COMMANDS.filter((each) => !LEFT_OUT.includes(each))) {
      const command = await loadCommand(id)
      const path = id.split(':')
      const fitting = Object.keys(command.args).map((name) => FITTING[name] ?? 'one')
      for (const dressed of Object.values(DRESSINGS)) {
        for (let index = 0; index <= fitting.length; index++) {
          const before = [...path, ...fitting.slice(0, index)]
          lines.push([...before, dressed], [...before, '--', dressed])
          if (index < fitting.length)
            lines.push([...path, ...fitting.map((word, at) => (at === index ? dressed : word))])
        }
        for (const [name, flag] of Object.entries({ ...command.baseFlags, ...command.flags })) {
          lines.push([...path, ...fitting, `--${name}=${dressed}`])
          if (flag.char !== undefined) lines.push([...path, ...fitting, `-${flag.char}${dressed}`])
          if (flag.type === 'option') lines.push([...path, ...fitting, `--${name}`, dressed])
        }
        lines.push([...path.slice(0, -1), dressed, ...fitting])
      }
    }
    return lines
  }

  const FITTING: Readonly<Record<string, string>> = {
    environment: 'app/dev',
    path: 'a.b',
    value: '1',
    assignments: 'a.b=1',
    webhook: 'hook-1',
    name: 'one',
    file: 'file',
    command: 'true',
  }

  it('in whatever argument of whatever command it stands', async () => {
    const all = await commandLines()
    const stride = strideOf(90)
    const leaks: string[] = []
    for (let index = 0; index < all.length; index += stride()) {
      const words = all[index] as string[]
      const ran = await playground.run(words, { env: { EDITOR: 'true', PAGER: 'cat' } })
      if (shows(ran))
        leaks.push(
          `esc ${words.map((word) => JSON.stringify(word)).join(' ')}\n    ${(ran.err || ran.out).slice(0, 300)}`,
        )
      if (ran.code === 0) {
        rmSync(playground.folder, { recursive: true })
        cpSync(saved, playground.folder, { recursive: true })
      }
    }
    expect(leaks, `${leaks.length} of ${all.length}\n${leaks.slice(0, 40).join('\n')}`).to.have.length(0)
  })

  /** A definition for each place and mistake; `C` stands for the canary. */
  const DEFINITIONS: Readonly<Record<string, string>> = {
    'a key that is no builtin': 'values: {a: {fn::Secret: C}}\n',
    'a misspelt key': 'values:\n  a:\n    fn::secrets: C\n',
    'a second key': 'values: {a: {fn::secret: C, b: 1}}\n',
    'a list': 'values: {a: {fn::secret: [C, x]}}\n',
    'a mapping': 'values:\n  a:\n    fn::secret:\n      C: x\n',
    'an alias': 'values: {a: {fn::secret: *C}}\n',
    'an alias that is not a secret': 'values: {password: *C}\n',
    'an anchor': 'values: {a: {fn::secret: &C }}\n',
    'an anchor twice': 'values: {a: &C 1, b: *C}\n',
    'a tag': 'values: {a: {fn::secret: !C x}}\n',
    'a number that is none': 'values: {a: {fn::secret: !!int C}}\n',
    'a number that is none, in the clear': 'values: {password: !!int C}\n',
    'a quote that does not close': 'values:\n  a: {fn::secret: "C}\n  b: 1\n',
    'a colon': 'values:\n  a:\n    fn::secret: C: x: y\n',
    'a percent sign': 'values:\n  a:\n    fn::secret: %C\n',
    'an at sign': 'values:\n  a:\n    fn::secret: @C\n',
    'a bad escape': 'values:\n  a:\n    fn::secret: "C\\q"\n',
    'a reference': 'values: {a: {fn::secret: "x${C}"}}\n',
    'an open reference': 'values: {a: {fn::secret: "C${"}}\n',
    'a property of a reference': 'values: {b: 1, a: "${b.C}"}\n',
    'an open reference in the clear': 'values: {password: "C${"}\n',
    'a wrong indentation': 'values:\n  a:\n    fn::secret: C\n   b: 1\n',
    'a tab': 'values:\n  a:\n    fn::secret:\n\tC\n',
    'a second document': 'values: {}\n---\nC: {fn::secret: C}\n',
    'text behind the end': 'values: {}\n... C\n',
    'a control character': 'values: {a: {fn::secret: "C\x01"}}\n',
    'a comment': 'values:\n  a: {fn::secret: [x]} # C\n  # C\n',
    'a description': 'description: [C]\nvalues: {}\n',
    'an import': 'imports: [C]\nvalues: {}\n',
    'an import of a mapping': 'imports: [{C: C}]\nvalues: {}\n',
    'a field': 'C: 1\nvalues: []\n',
    'values that are none': 'values: C\n',
    'a provider': 'values: {a: {fn::open::C: {}}}\n',
    'an input of a provider':
      'values: {a: {fn::open::aws-login: {static: {accessKeyId: C, secretAccessKey: C, C: C}}}}\n',
    'an input of a rotator': 'values: {a: {fn::rotate::password: {inputs: {length: C}}}}\n',
    'a state of a rotator': 'values: {a: {fn::rotate::password: {inputs: {}, state: C}}}\n',
    'an argument of a builtin':
      'values: {a: {fn::fromJSON: "{C"}, b: {fn::fromBase64: "=C="}, c: {fn::toJSON: {fn::C: 1}}}\n',
    'a duplicate key': 'values: {C: 1, C: {fn::secret: 1}}\n',
    'a key at the top': 'values: {fn::C: 1}\n',
    'a ciphertext that is none': 'values: {a: {fn::secret: {ciphertext: C}}}\n',
    'a block': 'values:\n  a:\n    fn::secret: |\n      C\n      ${x}\n    b: 1\n',
    'a schema': 'values: {a: {fn::validate: {schema: {const: 1}, value: C}}}\n',
  }

  for (const [title, text] of sample(Object.entries(DEFINITIONS), 12)) {
    it(`in ${title} of a definition`, async () => {
      const definition = text.replaceAll('C', CANARY)
      const restore = () => {
        rmSync(playground.folder, { recursive: true })
        cpSync(saved, playground.folder, { recursive: true })
      }
      restore()
      const file = join(playground.folder, 'definition.yaml')
      mkdirSync(join(playground.folder, 'definitions', 'app'), { recursive: true })
      writeFileSync(file, definition)
      writeFileSync(join(playground.folder, 'definitions', 'app', 'dev.yaml'), definition)
      const commands = [
        ['env', 'edit', 'app/dev', '--file', file],
        ['env', 'init', 'app/new', '--file', file],
        ['env', 'apply', '-f', join(playground.folder, 'definitions')],
        ['env', 'apply', '-f', join(playground.folder, 'definitions'), '--output', 'json'],
        ['env', 'import', 'sops', 'app/dev', file],
        ['env', 'set', 'app/dev', 'x.y', '--file', file],
        ['env', 'set', 'app/dev', 'x.y', definition],
      ]
      for (const words of commands) {
        const ran = await playground.run(words)
        expect(shows(ran), `esc ${words.join(' ')}\n${ran.err}\n${ran.out}`).to.equal(false)
      }
      restore()
      writeFileSync(join(playground.store, 'app', 'dev', 'environment.yaml'), definition)
      for (const words of [['env', 'save', 'app/dev'], ['open', 'app/dev'], ['check'], ['status'], ['env', 'status']]) {
        const ran = await playground.run(words)
        expect(shows(ran), `esc ${words.join(' ')}\n${ran.err}\n${ran.out}`).to.equal(false)
      }
    })
  }

  it('in a value that no program can be given', async () => {
    rmSync(playground.folder, { recursive: true })
    cpSync(saved, playground.folder, { recursive: true })
    const input = `${CANARY}\0x`
    await playground.run(['env', 'set', 'app/dev', 'environmentVariables.A', '--secret'], { input })
    const variable = await playground.run(['run', 'app/dev', '--', 'true'])
    expect(variable.err).to.include('the value of the variable A holds a NUL byte').and.to.not.include(CANARY)
    await playground.ok('env', 'rm', 'app/dev', 'environmentVariables')
    await playground.run(['env', 'set', 'app/dev', 'b', '--secret'], { input })
    const argument = await playground.run(['run', 'app/dev', '--', 'true', '${b}'])
    expect(argument.err).to.include('argument 1 holds a NUL byte').and.to.not.include(CANARY)
  })

  it('and names what is not a secret: misspelt flags, environments, paths and options', async () => {
    for (const [words, says] of [
      [['open', 'app/dev', '--fromat', 'json'], '--fromat'],
      [['open', 'app/dve'], "'app/dve'"],
      [['opne'], '"opne"'],
      [['env', 'get', 'app/dev', '--value', 'xml'], 'xml'],
      [['env', 'set', 'app/dev', 'a.b.c', '1'], 'a.b'],
      [['env', 'set', 'app/dev', 'a.b', '--secrte'], '--secrte'],
    ] as const) {
      const ran = await playground.run(words)
      expect(ran.code, words.join(' ')).to.not.equal(0)
      expect(ran.err).to.include(says)
    }
  })

  it('and takes a value that begins with a dash where a value is expected', async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`
    for (const value of [pem, '-Wx9', '--', '-1.5', '--=a', '-']) {
      const words = value === '--' ? ['--', value] : [value]
      await playground.ok('env', 'set', 'app/dev', 'dash', '--secret', ...words)
      expect(JSON.parse(await playground.ok('open', 'app/dev')).dash).to.equal(value)
    }
    await playground.ok('env', 'provider', 'azure-login', 'static', 'app/dev', 't', 's', 'c', '-Kq7~x')
    expect(JSON.parse(await playground.ok('open', 'app/dev')).azure.login.clientSecret).to.equal('-Kq7~x')
  })
})
