import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { expect } from 'chai'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import { configFolder, DataKey, type KeyContext, openSecretsProvider, rewrapDataKey } from '../../src/keys/index.ts'
import { errorOf } from '../store/worlds.ts'

const owner = { id: '5f1cd0a3-aaaa', name: 'rotators/ci' }
const dataKey = DataKey.generate(owner).revealBytes()

let folder: string
let notices: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esc-crypto-'))
  notices = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function context(env: Record<string, string> = {}, more: Partial<KeyContext> = {}): KeyContext {
  return {
    env,
    configFolder: join(folder, 'config'),
    notify: (notice) => void notices.push(noticeText(notice)),
    ...more,
  }
}

const keyFile = () => join(folder, 'config', 'default.key')
const keyLine = () => readFileSync(keyFile(), 'utf8').match(/^esc-key-v1:.*$/m)![0]

async function wrap(kind: string, keys: KeyContext, of = owner): Promise<string> {
  return (await openSecretsProvider(kind, keys, of)).wrapKey(dataKey)
}

async function unwrap(kind: string, keys: KeyContext, wrapped: string, of = owner): Promise<Uint8Array> {
  return (await openSecretsProvider(kind, keys, of)).unwrapKey(wrapped)
}

describe('the key file of the secrets provider default', () => {
  it('is made on first use, for its owner only, and announced once', async () => {
    await wrap('default', context())
    await wrap('default', context())
    expect(statSync(keyFile()).mode & 0o777).to.equal(0o600)
    expect(statSync(join(folder, 'config')).mode & 0o777).to.equal(0o700)
    expect(notices).to.have.length(1)
    expect(notices[0])
      .to.contain(keyFile())
      .and.to.match(/copy of this file/)
      .and.to.contain('ESC_KEY')
    expect(notices[0]).to.not.contain(keyLine().split(':')[2])
  })

  it('is one file, whoever comes first', async () => {
    const wrapped = await Promise.all(Array.from({ length: 20 }, () => wrap('default', context())))
    expect(new Set(wrapped.map((text) => text.split(':')[2])).size).to.equal(1)
    expect(notices).to.have.length(1)
  })

  it('wraps nothing more once it is gone or another, whatever was unwrapped with it before', async () => {
    const keys = context()
    const first = await wrap('default', keys)
    await unwrap('default', keys, first)
    rmSync(keyFile())
    const second = await wrap('default', keys)
    expect(second.split(':')[2]).to.equal(keyLine().split(':')[1]).and.not.equal(first.split(':')[2])
    expect(await unwrap('default', context(), second)).to.deep.equal(dataKey)
    expect(await unwrap('default', keys, second)).to.deep.equal(dataKey)
  })

  it('is never made for reading', async () => {
    const wrapped = await wrap('default', context())
    const elsewhere = context({}, { configFolder: join(folder, 'empty') })
    const error = await errorOf(() => unwrap('default', elsewhere, wrapped))
    expect(error.message).to.match(
      /is encrypted with key [0-9a-f]{16}, and there is no key file at .*empty.default\.key/,
    )
    expect(error.hint).to.contain('ESC_KEY')
    expect(() => statSync(join(folder, 'empty'))).to.throw('ENOENT')
  })

  it('yields to ESC_KEY', async () => {
    const wrapped = await wrap('default', context())
    const line = keyLine()
    rmSync(keyFile())
    const unwrapped = await unwrap('default', context({ ESC_KEY: `${line}\n` }), wrapped)
    expect(Buffer.from(unwrapped).equals(dataKey)).to.equal(true)
    await wrap('default', context())
    const other = await errorOf(() => unwrap('default', context({ ESC_KEY: keyLine() }), wrapped))
    expect(other.message).to.match(/encrypted with key [0-9a-f]{16}, but ESC_KEY holds key [0-9a-f]{16}/)
  })

  it('is refused when others may read it', async () => {
    await wrap('default', context())
    for (const mode of [0o640, 0o604, 0o666]) {
      chmodSync(keyFile(), mode)
      const error = await errorOf(() => wrap('default', context()))
      expect(error.code).to.equal('key_unavailable')
      expect(error.hint).to.contain(`chmod 600 ${keyFile()}`)
    }
  })

  it('is refused when it is damaged, and never replaced', async () => {
    await wrap('default', context())
    const line = keyLine()
    const flipped = line.endsWith('A')
      ? `${line.slice(0, -8)}B${line.slice(-7)}`
      : `${line.slice(0, -8)}A${line.slice(-7)}`
    for (const text of ['', '# only a comment\n', 'hello', line.slice(0, -3), flipped === line ? 'x' : flipped]) {
      writeFileSync(keyFile(), text)
      const error = await errorOf(() => wrap('default', context()))
      expect(error.code, text).to.equal('key_unavailable')
      expect(error.message).to.contain(keyFile()).and.to.not.contain(line.split(':')[2])
      expect(readFileSync(keyFile(), 'utf8')).to.equal(text)
    }
  })

  it('says what to do where it cannot be made', async () => {
    writeFileSync(join(folder, 'config'), 'a file')
    const error = await errorOf(() => wrap('default', context()))
    expect(error.code).to.equal('key_unavailable')
    expect(error.hint).to.contain('ESC_CONFIG_HOME')
  })
})

describe('a key file with several keys', () => {
  /** Wrapped under the key of somebody else, and the line of that key. */
  async function another(
    name: string,
  ): Promise<{ readonly wrapped: string; readonly line: string; readonly id: string }> {
    const keys = context({}, { configFolder: join(folder, name) })
    const wrapped = await wrap('default', keys)
    const line = readFileSync(join(folder, name, 'default.key'), 'utf8').match(/^esc-key-v1:.*$/m)![0]
    return { wrapped, line, id: line.split(':')[1]! }
  }
  const opens = async (keys: KeyContext, wrapped: string) =>
    expect(Buffer.from(await unwrap('default', keys, wrapped)).equals(dataKey)).to.equal(true)

  it('opens what each of them has locked, and locks with the first', async () => {
    const mine = await wrap('default', context())
    const team = await another('team')
    const other = await another('other')
    writeFileSync(keyFile(), `${readFileSync(keyFile(), 'utf8')}\n# the team\n${team.line}  # shared\r\n${other.line}`)
    const keys = context()
    for (const wrapped of [mine, team.wrapped, other.wrapped, mine, team.wrapped]) await opens(keys, wrapped)
    expect((await wrap('default', context())).split(':')[2]).to.equal(mine.split(':')[2])
    for (const env of [{ ESC_KEY: `${other.line}\n${team.line}` }, { ESC_KEY: other.line }, { ESC_KEY: 'damaged' }]) {
      await opens(context(env), team.wrapped)
      await opens(context(env), mine)
    }
  })

  it('hides none of them behind one that is damaged', async () => {
    const mine = await wrap('default', context())
    const team = await another('team')
    const text = readFileSync(keyFile(), 'utf8')
    writeFileSync(keyFile(), `${team.line.slice(0, -3)}\nrubbish\n${text}`)
    await opens(context(), mine)
    const error = await errorOf(() => unwrap('default', context(), team.wrapped))
    expect(error.message).to.contain(
      `is encrypted with key ${team.id}, but ${keyFile()} holds key ${mine.split(':')[2]}`,
    )
    expect(error.hint).to.contain(
      `add the line of the key with that id to ${keyFile()}, and keep the lines that are there`,
    )
  })

  it('wraps a data key again under the one that it was under', async () => {
    await wrap('default', context())
    const team = await another('team')
    writeFileSync(keyFile(), `${readFileSync(keyFile(), 'utf8')}${team.line}\n`)
    const change = { wrapped: team.wrapped, from: 'default', to: 'default' }
    expect((await rewrapDataKey(change, context(), owner)).split(':')[2]).to.equal(team.id)
  })
})

describe('the passphrase of the secrets provider passphrase', () => {
  it('is taken from ESC_PASSPHRASE, then from a file without its last newline, then from a person', async () => {
    const file = join(folder, 'passphrase')
    writeFileSync(file, 'correct horse\n')
    const wrapped = await wrap(
      'passphrase',
      context({ ESC_PASSPHRASE: 'correct horse', ESC_PASSPHRASE_FILE: '/nowhere' }),
    )
    await unwrap('passphrase', context({ ESC_PASSPHRASE_FILE: file }), wrapped)
    const asked: unknown[] = []
    const prompt: KeyContext['prompt'] = async (...question) => {
      asked.push(question)
      return 'correct horse'
    }
    await unwrap('passphrase', context({}, { prompt }), wrapped)
    expect(asked).to.deep.equal([["Passphrase for environment 'rotators/ci': ", { confirm: false }]])
  })

  it('is asked for once for all environments, twice when it is new', async () => {
    const asked: boolean[] = []
    const prompt: KeyContext['prompt'] = async (_question, options) => {
      asked.push(options?.confirm === true)
      return 'correct horse'
    }
    const keys = context({}, { prompt })
    const first = await wrap('passphrase', keys)
    const other = { id: 'other', name: 'a/b' }
    const second = await wrap('passphrase', keys, other)
    await unwrap('passphrase', keys, first)
    await unwrap('passphrase', keys, second, other)
    expect(asked).to.deep.equal([true])
  })

  it('is asked for again where the one already given does not fit', async () => {
    const first = await wrap('passphrase', context({ ESC_PASSPHRASE: 'one' }))
    const second = await wrap('passphrase', context({ ESC_PASSPHRASE: 'two' }))
    const answers = ['one', 'two']
    const keys = context({}, { prompt: async () => answers.shift()! })
    await unwrap('passphrase', keys, first)
    await unwrap('passphrase', keys, second)
    expect(answers).to.deep.equal([])
  })

  it('is computed once a process: opening again costs nothing', async () => {
    const keys = context({ ESC_PASSPHRASE: 'correct horse' })
    const wrapped = await wrap('passphrase', keys)
    const started = performance.now()
    for (let turn = 0; turn < 20; turn++) await unwrap('passphrase', keys, wrapped)
    expect(performance.now() - started).to.be.lessThan(1000)
  })

  it('is missed by name where nobody can be asked', async () => {
    const error = await errorOf(() => wrap('passphrase', context()))
    expect(error.code).to.equal('key_unavailable')
    expect(error.message).to.contain('ESC_PASSPHRASE').and.to.contain('ESC_PASSPHRASE_FILE')
    const missing = await errorOf(() => wrap('passphrase', context({ ESC_PASSPHRASE_FILE: '/nowhere' })))
    expect(missing.message).to.contain('ESC_PASSPHRASE_FILE').and.to.contain('/nowhere')
  })

  it('must not be empty, nor blank, as a file of a few line ends is', async () => {
    for (const ESC_PASSPHRASE of ['', ' ', '\n'])
      expect((await errorOf(() => wrap('passphrase', context({ ESC_PASSPHRASE })))).code).to.equal('invalid_input')
  })

  it('is not computed at a cost that a hostile settings file asks for', async () => {
    const keys = context({ ESC_PASSPHRASE: 'x' })
    const wrapped = await wrap('passphrase', keys)
    for (const cost of ['30:8:1', '1:8:1', '17:8:1000', '17:1000:1']) {
      const error = await errorOf(() => unwrap('passphrase', keys, wrapped.replace('17:8:1', cost)))
      expect(error.code).to.equal('store_damaged')
    }
  })

  it('wraps with scrypt at 128 MiB, in a form that later versions can read', async () => {
    expect(await wrap('passphrase', context({ ESC_PASSPHRASE: 'x' }))).to.match(
      /^v1:passphrase:scrypt:17:8:1:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{80}$/,
    )
    // Made by the first version; it must open for ever.
    const bytes = await unwrap('passphrase', context({ ESC_PASSPHRASE: 'correct horse' }), FIRST, {
      id: 'vector',
      name: 'v',
    })
    expect(Buffer.from(bytes).toString('hex')).to.equal('00'.repeat(16) + 'ff'.repeat(16))
  })
})

const FIRST =
  'v1:passphrase:scrypt:17:8:1:FfA/owaAqeuDAWMC/HGd7A==:R1eq04H8jtv/oyuJ9Vngzu/h+EUoaA58e+9cTTLPE7eUWxtGYUYKWLGx/uw87A9cU/hBB59Z2NdvA7YV'

describe('the configuration folder', () => {
  it('follows ESC_CONFIG_HOME, then XDG_CONFIG_HOME, then the platform', () => {
    const all = { ESC_CONFIG_HOME: '/esc', XDG_CONFIG_HOME: '/xdg', APPDATA: '/appdata' }
    expect(configFolder(all, 'linux', '/home/ada')).to.equal('/esc')
    expect(configFolder({ ...all, ESC_CONFIG_HOME: '' }, 'linux', '/home/ada')).to.equal('/xdg/esc')
    expect(configFolder({}, 'linux', '/home/ada')).to.equal('/home/ada/.config/esc')
    expect(configFolder({}, 'darwin', '/Users/ada')).to.equal('/Users/ada/Library/Application Support/esc')
    expect(configFolder({ APPDATA: '/appdata' }, 'win32', '/c')).to.equal('/appdata/esc')
  })

  it('is absolute even when HOME is empty: a key below the current folder might be committed', () => {
    const { HOME } = process.env
    process.env.HOME = ''
    try {
      expect(isAbsolute(configFolder({ HOME: '' }, 'linux'))).to.equal(true)
    } finally {
      process.env.HOME = HOME
    }
  })
})
