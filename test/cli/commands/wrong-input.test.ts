import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const DEFINITION = `# the application
values:
  region: eu-west-1   # where it runs
  password:
    fn::secret: hunter2-hunter2
  admin:
    fn::rotate::password:
      inputs: {length: 20}
`

interface Case {
  readonly words: readonly string[]
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly code: number
  /** What the line that begins with `Error: ` says. */
  readonly message: string | RegExp
  readonly hint?: string | RegExp
}

const CASES: Readonly<Record<string, Case>> = {
  'an unknown command': {
    words: ['opne', 'app/dev'],
    code: 2,
    message: 'unknown command "opne" for "esc"',
    hint: 'did you mean "esc open"?',
  },
  'an unknown sub-command': {
    words: ['env', 'opne', 'app/dev'],
    code: 2,
    message: 'unknown command "opne" for "esc env"',
    hint: 'did you mean "esc env open"?',
  },
  'an unknown flag': {
    words: ['open', 'app/dev', '--fromat', 'json'],
    code: 2,
    message: 'unknown flag: --fromat',
    hint: /--format/,
  },
  'a flag without its value': {
    words: ['open', 'app/dev', '--format'],
    code: 2,
    message: 'flag needs an argument: --format',
  },
  'too many arguments': {
    words: ['open', 'app/dev', 'a', 'b'],
    code: 2,
    message: 'accepts at most 2 arg(s), received 3',
  },
  'an empty definition from a pipe': {
    words: ['env', 'edit', 'app/dev', '-f', '-'],
    input: ' \n',
    code: 1,
    message: 'the definition read from standard input is empty',
    hint: 'nothing was saved; to empty the environment, write "values: {}"',
  },
  'no environment': { words: ['open'], code: 2, message: 'no environment name specified' },
  'an unknown environment': {
    words: ['open', 'app/dve'],
    code: 1,
    message: "environment 'app/dve' does not exist",
    hint: "did you mean 'app/dev'?",
  },
  'an unknown environment to rotate': {
    words: ['env', 'rotate', 'app/dve'],
    code: 1,
    message: "environment 'app/dve' does not exist",
    hint: "did you mean 'app/dev'?",
  },
  'a name that is none': {
    words: ['env', 'init', 'app/a b'],
    code: 1,
    message: /'app\/a b' is not an environment name/,
  },
  'more than three parts': { words: ['open', 'a/b/c/d'], code: 2, message: "'a/b/c/d' has more than three parts" },
  'a foreign organization': {
    words: ['open', 'acme/app/dev'],
    code: 1,
    message: /names the organization 'acme'/,
    hint: /app\/dev/,
  },
  'an unknown revision': { words: ['open', 'app/dev@99'], code: 1, message: /revision 99/ },
  'an unknown tag': { words: ['open', 'app/dev@stable'], code: 1, message: /tagged 'stable'/ },
  'a version where none may be': {
    words: ['env', 'set', 'app/dev@1', 'a', 'b'],
    code: 2,
    message: 'the set command does not accept versions',
  },
  'a version to rotate': {
    words: ['env', 'rotate', 'app/dev@1'],
    code: 2,
    message: 'the rotate command does not accept environments at specific versions',
  },
  'an environment that exists': {
    words: ['env', 'init', 'app/dev'],
    code: 1,
    message: 'creating environment: already exists',
  },
  'an unknown format': { words: ['open', 'app/dev', '-f', 'toml'], code: 2, message: 'unknown output format "toml"' },
  'an unknown output': {
    words: ['env', 'ls', '--output', 'xml'],
    code: 2,
    message: 'invalid --output "xml": must be "text" or "json"',
  },
  'a path with dotenv': {
    words: ['open', 'app/dev', 'region', '-f', 'dotenv'],
    code: 2,
    message: "output format 'dotenv' may not be used with a property path",
  },
  'a malformed path': {
    words: ['open', 'app/dev', 'a['],
    code: 2,
    message: 'invalid property path a[: missing closing bracket in array index',
  },
  'a malformed path to set': {
    words: ['env', 'set', 'app/dev', '.a', '1'],
    code: 2,
    message: /^invalid path: expected property path/,
  },
  'a path that names no rotator': {
    words: ['env', 'rotate', 'app/dev', 'admni'],
    code: 1,
    message: /'admni'/,
    hint: "did you mean 'admin'?",
  },
  'a malformed path to rotate': {
    words: ['env', 'rotate', 'app/dev', 'a['],
    code: 1,
    message: /'a\[' is an invalid property path/,
  },
  'a value that looks like a secret': {
    words: ['env', 'set', 'app/dev', 'token', 'YMHdog6VkUqbVS5dAErxWeMy83r4HeBe'],
    code: 2,
    message: /^value looks like a secret; rerun with --secret/,
  },
  'a value that is not YAML': {
    words: ['env', 'set', 'app/dev', 'a', '[b'],
    code: 2,
    message: /^invalid value: yaml: line 1/,
  },
  'a path that does not fit': {
    words: ['env', 'set', 'app/dev', 'region.x', '1'],
    code: 1,
    message: /region\.x: expected an array or an object/,
  },
  'a file that is not there': {
    words: ['env', 'edit', 'app/dev', '-f', 'nope.yaml'],
    code: 1,
    message: 'reading environment definition: open nope.yaml: no such file or directory',
  },
  'no command to run': { words: ['run', 'app/dev'], code: 2, message: 'no command specified' },
  'no environment to run in': { words: ['run', '--', 'true'], code: 2, message: 'no environment specified' },
  'a command that does not exist': {
    words: ['run', 'app/dev', '--', 'no-such-program'],
    code: 127,
    message: 'resolving command: command not found',
    hint: /"no-such-program" is in no folder of PATH/,
  },
  'a command that cannot be executed': {
    words: ['run', 'app/dev', '--', './environments/esc.yaml'],
    code: 126,
    message: /^resolving command: \S+esc.yaml is not executable/,
    hint: /chmod \+x/,
  },
  'a store that is none': {
    words: ['--store', 'tmp', 'env', 'ls'],
    code: 1,
    message: /is not an esc store/,
    hint: /esc init/,
  },
  'the key of nobody': {
    words: ['open', 'app/dev'],
    env: { ESC_CONFIG_HOME: '/nonexistent' },
    code: 1,
    message: /no key file/,
    hint: /ESC_KEY/,
  },
  'two modes of rotating': {
    words: ['env', 'rotate', 'app/dev', '--failed', '--plan'],
    code: 2,
    message: '--failed and --plan exclude each other',
  },
  'a declined confirmation': {
    words: ['env', 'rm', 'app/dev'],
    input: 'no\n',
    code: 1,
    message: 'confirmation declined',
  },
  'an author that is none': {
    words: ['env', 'set', 'app/dev', 'a', '1'],
    env: { ESC_AUTHOR: 'nobody' },
    code: 2,
    message: /ESC_AUTHOR/,
  },
}

describe('wrong input', () => {
  const playground = new Playground()
  before(() => playground.withEnvironment('app/dev', DEFINITION))
  after(() => playground.remove())

  for (const [title, { words, input, env, code, message, hint }] of Object.entries(CASES)) {
    it(`${title}: one line that says what, one that says what to do, and the store as it was`, async () => {
      const digest = playground.digest()
      const ran = await playground.run(words, {
        ...(input === undefined ? {} : { input }),
        ...(env === undefined ? {} : { env }),
      })
      const [first, second, ...more] = ran.err.trimEnd().split('\n')
      const shown = /^Error: (.*)$/.exec(first ?? '')?.[1]
      expect(shown, ran.err).to.be.a('string')
      if (typeof message === 'string') expect(shown).to.equal(message)
      else expect(shown).to.match(message)
      expect(ran.code).to.equal(code)
      if (second !== undefined) expect(second).to.match(/^hint: \S/)
      expect(more).to.deep.equal([])
      if (hint !== undefined) {
        const given = second?.slice('hint: '.length)
        if (typeof hint === 'string') expect(given).to.equal(hint)
        else expect(given).to.match(hint)
      }
      expect(playground.digest()).to.equal(digest)
    })
  }

  it('a definition with errors: each at file, line and column; nothing is saved', async () => {
    const digest = playground.digest()
    writeFileSync(join(playground.folder, 'bad.yaml'), 'values:\n  a: ${nope}\n  b: {fn::toBase64: [1]}\n')
    const ran = await playground.run(['env', 'edit', 'app/dev', '--file', 'bad.yaml'])
    expect(ran.err).to.include('Error: unknown property "nope"\n\n  on app/dev line 2:\n   2:   a: ${nope}\n')
    expect(ran.err).to.include('on app/dev line 3:')
    expect(ran.code).to.equal(1)
    expect(playground.digest()).to.equal(digest)
  })

  it('malformed YAML is refused', async () => {
    const digest = playground.digest()
    const ran = await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input: 'values:\n  a: [1\n' })
    expect(ran.err).to.match(/^Error: yaml: line \d+: .*\n\n {2}on app\/dev:\d+:\d+\n/)
    expect(ran.code).to.equal(1)
    expect(playground.digest()).to.equal(digest)
  })

  it('a wrong passphrase is said to be wrong', async () => {
    const locked = new Playground()
    try {
      locked.env.ESC_PASSPHRASE = 'correct horse battery staple'
      await locked.ok('init', '--secrets-provider', 'passphrase')
      await locked.withEnvironment('app/dev', DEFINITION)
      const digest = locked.digest()
      for (const words of [
        ['open', 'app/dev'],
        ['env', 'set', 'app/dev', 'a', '1'],
        ['env', 'rotate', 'app/dev'],
      ]) {
        const ran = await locked.run(words, { env: { ESC_PASSPHRASE: 'wrong' } })
        expect(ran.err).to.match(/^Error: .*wrong passphrase for environment 'app\/dev'\nhint: .*ESC_PASSPHRASE/)
        expect(ran.code).to.equal(1)
      }
      expect(locked.digest()).to.equal(digest)
    } finally {
      locked.remove()
    }
  })

  it('errors are JSON on --output json', async () => {
    const ran = await playground.run(['env', 'rotate', 'app/dve', '--output', 'json'])
    expect(JSON.parse(ran.out)).to.deep.equal({
      error: { code: 'not_found', message: "environment 'app/dve' does not exist", hint: "did you mean 'app/dev'?" },
    })
    expect(ran.code).to.equal(1)
  })

  it('shows no stack trace unless ESC_DEBUG asks for it', async () => {
    expect((await playground.run(['open', 'app/dve'])).err).to.not.match(/^ +at /m)
    expect((await playground.run(['open', 'app/dve'], { env: { ESC_DEBUG: '1' } })).err).to.match(/^ +at /m)
  })

  it('keeps no plaintext of a secret in any file of the store', () => {
    expect(readFileSync(join(playground.store, 'app', 'dev', 'environment.yaml'), 'utf8')).to.include('# where it runs')
    expect(playground.digest()).to.be.a('string')
  })
})
