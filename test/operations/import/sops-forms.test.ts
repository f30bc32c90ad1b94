import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { armor, Encrypter, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import type { EscError } from '../../../src/errors.ts'
import type { ForeignFile, ForeignValue } from '../../../src/operations/definitions/import/foreign-value.ts'
import { readSops } from '../../../src/operations/definitions/import/sops.ts'

const identity = /AGE-SECRET-KEY-\S+/.exec(readFileSync(new URL('./sops/key.txt', import.meta.url), 'utf8'))![0]
const options = { cwd: '/', notify: () => {}, now: () => new Date(), env: { HOME: '/nowhere', SOPS_AGE_KEY: identity } }
const open = (text: string, source = 'app.env') => readSops(text, options, { environment: 'app/dev', source })

const key = randomBytes(32)

function sealed(text: string, associated: string): string {
  const iv = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(associated))
  const data = Buffer.concat([cipher.update(text), cipher.final()]).toString('base64')
  return `ENC[AES256_GCM,data:${data},iv:${iv.toString('base64')},tag:${cipher.getAuthTag().toString('base64')},type:str]`
}

/** The metadata as SOPS flattens it for files that know texts alone. */
async function metadata(plain: readonly string[]): Promise<Record<string, string>> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  const lastmodified = '2026-03-04T05:06:07Z'
  const hash = createHash('sha512')
  for (const text of plain) hash.update(text)
  return {
    age__list_0__map_recipient: await identityToRecipient(identity),
    age__list_0__map_enc: armor
      .encode(await encrypter.encrypt(key))
      .trimEnd()
      .replaceAll('\n', '\\n')
      .concat('\\n'),
    lastmodified,
    mac: sealed(hash.digest('hex').toUpperCase(), lastmodified),
    unencrypted_suffix: '_unencrypted',
    version: '3.10.2',
  }
}

const escaped = (text: string) => text.replaceAll('\n', '\\n')

async function dotenv(values: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(values).map(([name, text]) =>
    name.endsWith('_unencrypted') || text === '' ? `${name}=${escaped(text)}` : `${name}=${sealed(text, `${name}:`)}`,
  )
  const flat = Object.entries(await metadata(Object.values(values))).map(([name, text]) => `sops_${name}=${text}`)
  return `#ENC[AES256_GCM,data:x]\n${[...lines, ...flat].join('\n')}\n`
}

async function ini(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<string> {
  const plain = Object.values(sections).flatMap((values) => Object.values(values))
  const text = Object.entries(sections).map(
    ([section, values]) =>
      `${section === 'DEFAULT' ? '' : `[${section}]\n`}${Object.entries(values)
        .map(([name, value]) => `${name.padEnd(10)} = ${sealed(value, `${section}:${name}:`)}`)
        .join('\n')}`,
  )
  const flat = Object.entries(await metadata(plain)).map(([name, value]) => `${name} = ${value}`)
  return `; a comment\n${text.join('\n\n')}\n\n[sops]\n${flat.join('\n')}\n`
}

function shown(value: ForeignValue): unknown {
  if (value.kind === 'object') return Object.fromEntries(value.entries.map((each) => [each.key, shown(each.value)]))
  return value.kind === 'scalar' ? [value.value, value.secret] : []
}
const values = ({ entries }: ForeignFile) => shown({ kind: 'object', entries })
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('was accepted'),
    (error: EscError) => error,
  )

describe('a SOPS file that knows texts alone', () => {
  it('in dotenv form is decrypted, and then read as a .env file', async () => {
    const file = await open(
      await dotenv({
        '10': 'first',
        PASSWORD: 'hunter2',
        QUOTED: '"with # and \\"quotes\\""',
        PEM: '-----BEGIN-----\nabc\n-----END-----\n',
        DOLLAR: 'a $HOME',
        LOG_unencrypted: 'debug',
        EMPTY: '',
      }),
    )
    expect(values(file)).to.deep.equal({
      '10': ['first', true],
      PASSWORD: ['hunter2', true],
      QUOTED: ['with # and "quotes"', true],
      PEM: ['-----BEGIN-----\nabc\n-----END-----\n', true],
      DOLLAR: ['a $HOME', true],
      LOG_unencrypted: ['debug', false],
      EMPTY: ['', false],
    })
    expect(file.place).to.equal('environmentVariables')
    expect(file.warnings).to.deep.equal([
      'app.env:6: DOLLAR: a $ that many programs replace by a variable or a command is taken as it stands; put the value in single quotes if that is meant',
    ])
  })

  it('in INI form is decrypted, a section to a key', async () => {
    const text = await ini({
      DEFAULT: { region: 'eu' },
      database: { user: 'app', password: 'p#;=x' },
      web: { b: '1', 1: '2' },
    })
    const file = await open(text, 'app.ini')
    expect(values(file)).to.deep.equal({
      region: ['eu', true],
      database: { user: ['app', true], password: ['p#;=x', true] },
      web: { b: ['1', true], 1: ['2', true] },
    })
    expect(file.entries.map((each) => [each.key, each.at])).to.deep.equal([
      ['region', 'app.ini:2'],
      ['database', 'app.ini:4'],
      ['web', 'app.ini:8'],
    ])
  })

  it('is refused where a value was moved, left out, put in, or stands in the clear', async () => {
    const text = await dotenv({ A: 'one', B: 'two' })
    const [first, second] = text.match(/ENC\[[^\]]*type:str\]/g) as [string, string]
    for (const changed of [
      text.replace(first, second),
      text.replace(/^B=.*\n/m, ''),
      text.replace(first, 'one'),
      text.replace(/^(sops_mac=).*/m, `$1${first}`),
      text.replace(/^A=.*\n/m, (line) => `${line}C=\n${line.replace('A=', 'D=')}`),
    ]) {
      expect((await refusal(open(changed))).code, changed.slice(0, 60)).to.equal('tampered')
    }
  })

  it('is refused with the file and the line where it has something that is none of its form', async () => {
    const env = await dotenv({ A: 'one' })
    expect((await refusal(open(env.replace(/^A=.*/m, 'A')))).message).to.equal('line 2 of app.env is not KEY=value')
    const twice = await refusal(open(env.replace(/^(A=.*\n)/m, '$1$1')))
    expect(twice.message).to.equal('line 3 of app.env has the key of line 2 again')
    const settings = await ini({ a: { b: 'one' } })
    const broken = await refusal(open(settings.replace('[a]', '[a]\nnothing'), 'app.ini'))
    expect(broken.message).to.equal('line 3 of app.ini is not a key = value')
  })

  it('of several YAML documents says what can be done, as they cannot be taken apart', async () => {
    const error = await refusal(open('a: 1\nsops: {}\n---\nb: 2\nsops: {}\n', 'secrets.yaml'))
    expect(error.message).to.match(/^secrets\.yaml:3: the file goes on behind its first YAML document/)
    expect(error.hint).to.contain('sops -d')
  })
})
