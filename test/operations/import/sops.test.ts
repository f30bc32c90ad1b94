import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Json } from '../../../src/json.ts'
import { formatJson, JsonNumber } from '../../../src/json.ts'
import type { ForeignValue } from '../../../src/operations/definitions/import/foreign-value.ts'
import { readSops } from '../../../src/operations/definitions/import/sops.ts'
import { errorOf } from '../../store/worlds.ts'

const folder = new URL('./sops/', import.meta.url).pathname
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const env = { HOME: '/nowhere', SOPS_AGE_KEY: read('key.txt') }
const options = { cwd: '/', notify: () => {}, now: () => new Date() }
const open = (text: string, own: Record<string, string> = env) =>
  readSops(text, { ...options, env: own }, { environment: 'app/dev' })

/** The values as JSON text, each secret in `<>`. */
function shown(value: ForeignValue): Json {
  if (value.kind === 'list') return value.items.map(shown)
  if (value.kind === 'object') {
    return Object.fromEntries(value.entries.map(({ key, value: member }) => [key, shown(member)]))
  }
  const text = formatJson(value.value)
  return value.secret ? `<${text}>` : value.value
}
const show = async (name: string) => shown({ kind: 'object', ...(await open(read(name))) })

describe('a SOPS file', () => {
  it('is decrypted with the types and the order it had', async () => {
    expect(await show('all.yaml')).to.deep.equal({
      database: {
        user: '<"app">',
        password: '<"pa$$word with ${braces} and \\"quotes\\"">',
        port: '<5432>',
        ratio: '<0.1>',
        tiny: '<0.0000001>',
        on: '<true>',
        off: '<false>',
        nothing: null,
        empty: '',
      },
      hosts: ['<"a.example.com">', { name: '<"b">', weight: '<3>' }],
      certificate: '<"-----BEGIN CERTIFICATE-----\\nabc\\n-----END CERTIFICATE-----\\n">',
      version_unencrypted: new JsonNumber('7'),
      label_unencrypted: {
        text: 'in the clear',
        flag: true,
        float: new JsonNumber('1.5'),
        big: new JsonNumber('1e+21'),
        list: [new JsonNumber('1'), 'two'],
      },
      unicode: '<"grüße 🚀">',
    })
    const json = await open(read('all.json'))
    expect(json.entries.map(({ key }) => key)).to.deep.equal([
      'b',
      '10',
      '2',
      'a',
      'n_unencrypted',
      'f_unencrypted',
      'e_unencrypted',
    ])
  })

  it('keeps numbers in the clear as they are written: as texts, where a number would be printed otherwise', async () => {
    const { n_unencrypted, f_unencrypted, e_unencrypted } = (await show('all.json')) as Record<string, Json>
    expect([n_unencrypted, f_unencrypted, e_unencrypted]).to.deep.equal([
      new JsonNumber('12345678901'),
      '0.000001',
      '1e300',
    ])
  })

  it('says what was encrypted by rules for keys, and by a MAC over that alone', async () => {
    for (const name of ['regex.yaml', 'only.yaml', 'unregex.yaml']) {
      const { database, hosts } = (await show(name)) as Record<string, Record<string, Json>>
      expect(database?.password, name).to.equal('<"pa$$word with ${braces} and \\"quotes\\"">')
      expect(database?.user, name).to.equal(name === 'unregex.yaml' ? '<"app">' : 'app')
      expect((hosts as unknown as Json[])[0], name).to.equal('a.example.com')
    }
  })

  it('is refused when a value was changed, moved, added, removed or put in the clear', async () => {
    const text = read('all.yaml')
    const line = (key: string) => new RegExp(`^ *${key}: .*\n`, 'm').exec(text)?.[0] as string
    const value = (key: string) => line(key).replace(/^[^:]*: /, '')
    const flipped = (cipher: string) => cipher.replace(/data:(.)/, (_, first) => `data:${first === 'A' ? 'B' : 'A'}`)
    const changes: Record<string, readonly [string, RegExp]> = {
      flipped: [text.replace(value('port'), flipped(value('port'))), /^database\.port of the SOPS file was changed/],
      swapped: [
        text.replace(value('user'), '@').replace(value('password'), value('user')).replace('@', value('password')),
        /^database\.user of the SOPS file was changed, or moved/,
      ],
      removed: [text.replace(line('port'), ''), /^the MAC of the SOPS file does not match/],
      emptied: [text.replace(value('port'), '""\n'), /^the MAC of the SOPS file does not match/],
      unencrypted: [text.replace('in the clear', 'in the fog'), /^the MAC of the SOPS file does not match/],
      plaintext: [
        text.replace(value('user'), 'root\n'),
        /^database\.user of the SOPS file is not encrypted, and should be/,
      ],
      'no MAC': [text.replace(line('mac'), ''), /^the SOPS file has no MAC/],
      'another time': [text.replace(/lastmodified: "2/, 'lastmodified: "3'), /^the MAC of the SOPS file was changed/],
    }
    for (const [what, [changed, message]] of Object.entries(changes)) {
      expect(changed, what).to.not.equal(text)
      const error = await errorOf(() => open(changed))
      expect(error, what).to.include({ code: 'tampered' })
      expect(error.message, what).to.match(message)
    }
    // Where the MAC is over what is encrypted only, the rest is free.
    const only = read('only.yaml')
    await open(only.replace('user: app', 'user: root'))
    expect((await errorOf(() => open(only.replace(/password: ENC.*/, 'password: mine')))).message).to.match(
      /should be$/,
    )
    expect((await errorOf(() => open(only.replace(/ +password: ENC.*\n/, '')))).message).to.match(/does not match/)
  })

  it('is refused without an identity of its recipients, and when it is none', async () => {
    const other = 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ'
    expect((await errorOf(() => open(read('all.yaml'), { HOME: '/nowhere' }))).message).to.match(/you have no age iden/)
    const wrong = await errorOf(() => open(read('all.yaml'), { HOME: '/nowhere', SOPS_AGE_KEY: other }))
    expect(wrong).to.include({ code: 'key_unavailable' })
    expect(wrong.message).to.not.include('QQQ')
    const identity = read('key.txt')
    const beside = { HOME: '/nowhere', SOPS_AGE_KEY: `${identity.trim()}A`, SOPS_AGE_KEY_FILE: '/nowhere' }
    await open(read('all.yaml'), { ...beside, SOPS_AGE_KEY: `${beside.SOPS_AGE_KEY}\n${identity}` })
    const printed = `${process.execPath} -e 'console.log(process.argv[1])' "${identity.split('\n').find((line) => line.startsWith('AGE-'))}"`
    await open(read('all.yaml'), { ...beside, SOPS_AGE_KEY_CMD: printed })
    expect((await errorOf(() => open('a: 1\n'))).message).to.match(/has no metadata under the key 'sops'/)
    expect((await errorOf(() => open('a: [\n'))).message).to.match(/^the SOPS file:/)
    expect((await errorOf(() => open('a: 1\nsops: {pgp: [{}]}\n'))).message).to.match(/not encrypted for age/)
  })
})
