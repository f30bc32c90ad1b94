import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { encrypt, PrivateKey } from 'eciesjs'
import { findBinary, skipWithout } from '../../servers/binary.ts'
import { Playground } from './esc.ts'

/** Written by dotenvx 2.38.2, with what its `get` prints of them. */
const recorded = join(import.meta.dirname, 'dotenvx')
const FILE = readFileSync(join(recorded, 'recorded.env'), 'utf8')
const KEYS = readFileSync(join(recorded, 'recorded.keys'), 'utf8')
const NAME = 'DOTENV_PRIVATE_KEY_PRODUCTION'
const KEY = new RegExp(`${NAME}=(\\w+)`).exec(KEYS)?.[1] as string
const VALUES = {
  TOKEN: 'canary one',
  LINES: 'canary\nlines',
  SINGLE: '$HOME canary',
  DOLLAR: 'canary $x',
  HASH: '#canary 🔑',
  EMPTY: '',
  SHOUT: 'canary',
  LOG_LEVEL: 'info',
  PLAIN_TOKEN: 'canary-plain',
}
const OTHER = 'ab'.repeat(32)

describe('env import dotenv of a file that dotenvx has encrypted', function () {
  this.timeout(60_000)
  let playground: Playground
  let before: string
  const definition = () => readFileSync(join(playground.store, 'app/dev', 'environment.yaml'), 'utf8')
  const put = (name: string, text: string) => writeFileSync(join(playground.folder, name), text)
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values:\n  own: kept # here\n')
    before = definition()
    put('.env.production', FILE)
  })
  afterEach(() => playground.remove())

  const bring = (words: readonly string[] = [], env: Record<string, string> = {}, file = '.env.production') =>
    playground.run(['env', 'import', 'dotenv', 'app/dev', file, ...words], { env, input: FILE })
  const brought = async (...given: Parameters<typeof bring>) => {
    const ran = await bring(...given)
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.out + ran.err + definition()).to.not.match(/canary|8aeaf2a2/)
    expect(definition()).to.include('own: kept # here')
    return JSON.parse(await playground.ok('open', 'app/dev')).environmentVariables
  }
  const refused = async (...given: Parameters<typeof bring>) => {
    const ran = await bring(...given)
    expect(ran.code, ran.out).to.not.equal(0)
    expect(ran.out + ran.err).to.not.match(/canary|8aeaf2a2|abababab/)
    expect(definition()).to.equal(before)
    return ran.err
  }

  it('takes the key from .env.keys beside it, and makes secrets of all that was encrypted', async () => {
    mkdirSync(join(playground.folder, 'far'))
    put('far/.env.production', FILE)
    put('far/.env.keys', KEYS)
    expect(await brought([], {}, 'far/.env.production')).to.deep.equal(VALUES)
    expect(definition().match(/fn::secret/g)).to.have.length(8)
    expect(definition()).to.include('LOG_LEVEL: info').and.not.include('PUBLIC_KEY')
  })

  it('takes the key from its variable, also when the file comes on standard input', async () => {
    expect(await brought([], { [NAME]: KEY })).to.deep.equal(VALUES)
    expect(await brought([], { [NAME]: `${OTHER},${KEY.toUpperCase()}` }, '-')).to.deep.equal(VALUES)
  })

  it('takes the key from the file of --keys, and then from no other place', async () => {
    put('team.keys', KEYS)
    expect(await brought(['--keys', 'team.keys'])).to.deep.equal(VALUES)
    before = definition()
    put('team.keys', `${NAME}=${OTHER}\n`)
    put('.env.keys', KEYS)
    expect(await refused(['--keys', 'team.keys'], { [NAME]: KEY })).to.include(
      `${NAME} of team.keys does not fit DOTENV_PUBLIC_KEY_PRODUCTION (line 5) of .env.production`,
    )
    put('team.keys', 'X=1\n')
    expect(await refused(['--keys', 'team.keys'])).to.include('team.keys holds no DOTENV_PRIVATE_KEY')
    expect(await refused(['--keys', 'none.keys'])).to.include('could not read none.keys')
    expect(await refused(['--keys', '-'], {}, '-')).to.include('cannot both be read from standard input')
  })

  it('prefers no key by its name: the one that fits counts', async () => {
    put('.env.keys', `DOTENV_PRIVATE_KEY=${OTHER}\n${KEYS}DOTENV_PRIVATE_KEY_CI=locked\n`)
    expect(await brought([], { [NAME]: OTHER })).to.deep.equal(VALUES)
  })

  it('without a key names the values, the key and what to do', async () => {
    const error = await refused()
    expect(error).to.include('dotenvx has encrypted values of .env.production: TOKEN (line 8), LINES (line 9)')
    expect(error).to.include(`their key ${NAME} was not found`)
    expect(error).to.include('.env.keys').and.include('--keys').and.include('dotenvx decrypt -f')
    for (const [file, name] of [
      ['.env', 'DOTENV_PRIVATE_KEY'],
      ['.env.ci.local', 'DOTENV_PRIVATE_KEY_CI_LOCAL'],
    ] as const) {
      put(file, FILE.replace(/^DOTENV_PUBLIC.*\n/m, ''))
      expect(await refused([], {}, file)).to.include(`their key ${name} was not found`)
    }
  })

  it('refuses keys that do not fit, and what is no key, by name', async () => {
    put('.env.keys', `${NAME}=${OTHER}\n`)
    expect(await refused()).to.include(`${NAME} of .env.keys does not fit DOTENV_PUBLIC_KEY_PRODUCTION (line 5)`)
    for (const text of ['locked', `${KEY}00`, '00'.repeat(32), 'ff'.repeat(32)]) {
      put('.env.keys', `${NAME}=${text}\n`)
      expect(await refused(), text).to.include(`${NAME} of .env.keys is not a private key of dotenvx`)
    }
    put('.env.keys', `${NAME} ${KEY}\n`)
    expect(await refused()).to.include('line 1 of .env.keys is not KEY=value')
  })

  it('imports nothing when one value was changed, cut short, or encrypted for another key', async () => {
    put('.env.keys', KEYS)
    const { publicKey } = new PrivateKey(Buffer.from(OTHER, 'hex'))
    const forOther = Buffer.from(encrypt(publicKey.toHex(), Buffer.from('canary'))).toString('base64')
    for (const text of ['BP7hlKZPyipf5m+kC', 'BP7h!', forOther]) {
      put('.env.production', `${FILE}\nBAD="encrypted:${text}"\n`)
      const error = await refused()
      expect(error).to.match(new RegExp(`${NAME} of .env.keys cannot decrypt BAD \\(line 18\\) of .env.production`))
    }
    put('.env.production', FILE.replace('uOP2nASjs', 'uOP2nASjt').replace('oP2nASjs', 'oP2nASjt'))
    expect(await refused()).to.include('cannot decrypt SHOUT (line 14) of .env.production')
    put('.env.production', `${FILE}\nX y\n`)
    expect(await refused()).to.include('line 18 of .env.production is not KEY=value')
  })

  it('needs no public key in the file, and warns of a $ that dotenvx would replace', async () => {
    const { publicKey } = new PrivateKey(Buffer.from(KEY, 'hex'))
    const text = Buffer.from(encrypt(publicKey.toHex(), Buffer.from('canary $HOME'))).toString('base64')
    put('.env.production', `A=encrypted:${text}\nB='encrypted:${text}'\n`)
    put('.env.keys', KEYS)
    const ran = await bring()
    expect(ran.err).to.match(/^warning: \.env\.production: A \(line 1\): a \$ that many programs replace/)
    expect(JSON.parse(await playground.ok('open', 'app/dev')).environmentVariables).to.deep.equal({
      A: 'canary $HOME',
      B: 'canary $HOME',
    })
  })

  it('shows with --dry-run what would be imported, and no value', async () => {
    put('.env.keys', KEYS)
    const ran = await bring(['--dry-run'])
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.out).to.include('environmentVariables.TOKEN (encrypted)').and.not.include('canary')
    expect(definition()).to.equal(before)
  })

  it('takes over what the real dotenvx encrypts, as it reads it itself', async function () {
    const dotenvx = findBinary('dotenvx')
    skipWithout(this, dotenvx === undefined ? ['dotenvx'] : [], 'npm, then: npm install @dotenvx/dotenvx')
    const run = (...words: string[]) =>
      execFileSync(dotenvx as string, words, {
        cwd: playground.folder,
        env: { PATH: process.env.PATH, HOME: playground.folder },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    rmSync(join(playground.folder, '.env.production'))
    put(
      '.env.staging',
      `A="x\\ny canary"\nB='x\\ny $HOME'\nC="esc \\$HOME"\nD=x\\ny\nE="q\\"uote"\nF="back\\\\slash"\nG=\`tick "it's" \\n\`
H="  spaced  "\nI="#hash"\nexport J="é 🔑"\nK=5$ $$\nL=\nM="-----BEGIN-----\nabc=\n-----END-----"\nN='{"a": "b"}'\nO=a\\$b\n`,
    )
    run('encrypt', '-f', '.env.staging', '--quiet')
    const { DOTENV_PUBLIC_KEY_STAGING: key, ...values } = JSON.parse(run('get', '-f', '.env.staging'))
    expect(key).to.match(/^0[23]/)
    expect(await brought([], {}, '.env.staging')).to.deep.equal(values)
    expect(definition().match(/fn::secret/g)).to.have.length(15)
  })
})
