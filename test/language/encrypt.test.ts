import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../src/errors.ts'
import {
  decryptDefinition,
  encryptDefinition,
  listPlaintextSecrets,
  reencryptDefinition,
} from '../../src/language/encrypt.ts'
import { encodeEnvelope } from '../../src/language/envelope.ts'
import { decode, getAt } from '../../src/yaml/index.ts'

const rot128 = (bytes: Uint8Array) => bytes.map((byte) => (byte + 128) % 256)
const seal = (plaintext: string) => rot128(new TextEncoder().encode(plaintext))
const open = (ciphertext: Uint8Array) => new TextDecoder().decode(rot128(ciphertext))
const sealed = (plaintext: string) => encodeEnvelope(seal(plaintext))

const encrypt = (text: string) => encryptDefinition('p/env', text, seal)
const decrypt = (text: string) => decryptDefinition('p/env', text, open)

const plaintext = `# top

imports: []   # line
values:
  # before
  a:   # on a
    fn::secret:   "s3cret"  # rotated in May

  flow: { fn::secret: flowing } # f
  list:
  - fn::secret: |   # header
      multi
      line
  - fn::secret:
      # why
      on its own line # eol
  - {"fn::secret":"json"}
  nested: {fn::fromJSON: {fn::secret: '{"a": 1}'}}
  ref: \${a}
outside:
  fn::secret: outside`

describe('encryptDefinition()', () => {
  it('puts ciphertext in the place of every plaintext secret and keeps every other byte', () => {
    expect(encrypt(plaintext)).to.equal(`# top

imports: []   # line
values:
  # before
  a:   # on a
    fn::secret:  # rotated in May
      ciphertext: ${sealed('s3cret')}

  flow: { fn::secret: {ciphertext: ${sealed('flowing')}} } # f
  list:
  - fn::secret:   # header
      ciphertext: ${sealed('multi\nline\n')}
  - fn::secret:
      # why
      ciphertext: ${sealed('on its own line')} # eol
  - {"fn::secret":{ciphertext: ${sealed('json')}}}
  nested: {fn::fromJSON: {fn::secret: {ciphertext: ${sealed('{"a": 1}')}}}}
  ref: \${a}
outside:
  fn::secret:
    ciphertext: ${sealed('outside')}`)
  })

  it('leaves ciphertext alone and calls back with paths in document order', () => {
    const paths: string[] = []
    const encrypted = encryptDefinition('p/env', plaintext, (text, path) => {
      paths.push(path)
      return seal(text)
    })
    expect(paths).to.deep.equal([
      'values.a',
      'values.flow',
      'values.list[0]',
      'values.list[1]',
      'values.list[2]',
      'values.nested["fn::fromJSON"]',
      'outside',
    ])
    expect(encrypt(encrypted)).to.equal(encrypted)
    expect(encrypt('')).to.equal('')
    expect(encrypt('# nothing\n')).to.equal('# nothing\n')
  })

  it('encrypts both secrets of a duplicate key', () => {
    const encrypted = encrypt('values:\n  a: {fn::secret: first}\n  a: {fn::secret: second}\n')
    expect(encrypted).to.include(sealed('first')).and.include(sealed('second'))
  })

  it('encrypts the text that evaluation would have yielded', () => {
    const seen: string[] = []
    encryptDefinition('p/env', 'values:\n  a: {fn::secret: "a$$b $${c} $d $$$$"}\n', (text) => {
      seen.push(text)
      return seal(text)
    })
    expect(seen).to.deep.equal(['a$b ${c} $d $$'])
  })

  it('refuses what evaluation refuses rather than leave it in clear, and says where it is', () => {
    const refused: [call: string, reason: string][] = [
      ['fn::secret: hunter2${x}', 'secret values must be string literals'],
      ['fn::secret: "hunter2${x"', 'secret values must be string literals'],
      ['fn::secret: 1234567', 'secret values must be string literals'],
      ['fn::secret: true', 'secret values must be string literals'],
      ['fn::secret:', 'secret values must be string literals'],
      ['fn::secret: [hunter2]', 'secret values must be string literals'],
      ['fn::secret: {value: hunter2}', 'secret values must be string literals'],
      ['fn::secret: {ciphertext: x, value: hunter2}', 'secret values must be string literals'],
      ['{fn::secret: hunter2, other: 1}', '"fn::secret" must be the only key'],
      ['fn::Secret: hunter2', "'fn::' is a reserved prefix"],
      ['fn::secret: *hunter2', 'unknown anchor'],
      ['fn::secret: !!int hunter2', 'cannot decode'],
    ]
    for (const [call, reason] of refused) {
      const text = `values:\n  good: {fn::secret: fine}\n  bad:\n    ${call}\n`
      let calls = 0
      const attempt = () => encryptDefinition('p/env', text, (plain) => seal(`${++calls}${plain}`))
      expect(attempt, call).to.throw(EscError, reason).with.property('code', 'invalid_definition')
      expect(attempt, call).to.throw(/^p\/env(:4:\d+)?: /)
      expect(attempt, call).to.not.throw(/hunter2|1234567/)
      expect(listPlaintextSecrets('p/env', text).length).to.equal(/anchor|decode/.test(reason) ? 0 : 2)
    }
  })

  it('passes on what the encrypter throws', () => {
    const fail = () => {
      throw new Error('no key')
    }
    expect(() => encryptDefinition('p/env', plaintext, fail)).to.throw('no key')
    expect(() => decryptDefinition('p/env', encrypt(plaintext), fail)).to.throw('no key')
  })
})

describe('decryptDefinition()', () => {
  it('undoes encryptDefinition() but for quotes that are not needed', () => {
    const expected = plaintext
      .replace('"s3cret"', 's3cret')
      .replace('fn::secret:   s3cret', 'fn::secret: s3cret')
      .replace('"json"', 'json')
      .replace('fn::secret: |   # header', 'fn::secret: |   # header')
    const inside = decrypt(encrypt(plaintext))
    expect(inside).to.equal(
      expected.replace('fn::secret: outside', `fn::secret:\n    ciphertext: ${sealed('outside')}`),
    )
  })

  it('leaves calls outside values alone, damaged or not', () => {
    const text = 'other:\n  fn::secret:\n    ciphertext: "?"\n'
    expect(decrypt(text)).to.equal(text)
  })

  it('keeps comments around the ciphertext, whoever wrote them', () => {
    const text = `values:\n  a:\n    fn::secret: # one\n      # two\n      ciphertext: ${sealed('plain')} # three\n`
    expect(decrypt(text)).to.equal('values:\n  a:\n    fn::secret: # one\n      # two\n      plain # three\n')
    expect(encrypt(decrypt(text))).to.equal(text)
    const short = `values:\n  a:\n    fn::secret:\n      ciphertext: ${sealed('plain')} # c\n`
    expect(decrypt(short)).to.equal('values:\n  a:\n    fn::secret: plain # c\n')
  })

  it('names the place and the cause of a damaged envelope', () => {
    const text = 'values:\n  a:\n    fn::secret:\n      ciphertext: ZXNjeAAAAAHo9e705fKyKo30VA==\n'
    expect(() => decrypt(text)).to.throw(EscError, 'p/env:3:5: invalid ciphertext: invalid checksum (at values.a)')
  })

  it('escapes dollar signs so that evaluation yields the same text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', '\n', ' ', '"'), minLength: 4 }),
          fc.string({ unit: 'binary', minLength: 4 }).map((text) => text.toWellFormed()),
        ),
        fc.constantFrom(
          'values:\n  k:\n    fn::secret: ',
          'values: {k: {fn::secret: ',
          'values:\r\n  k:\r\n  - fn::secret: ',
        ),
        (secret, head) => {
          const tail = head.includes('{k') ? '}}' : ''
          const text = `${head}{ciphertext: ${sealed(secret)}}${tail} # c\n`
          const decrypted = decrypt(text)
          expect(decrypted).to.include('# c')
          const seen: string[] = []
          encryptDefinition('p/env', decrypted, (again) => {
            seen.push(again)
            return seal(again)
          })
          expect(seen).to.deep.equal([secret])
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('listPlaintextSecrets()', () => {
  it('lists what is not encrypted', () => {
    expect(listPlaintextSecrets('p/env', plaintext)).to.include.members(['values.a', 'outside'])
    expect(listPlaintextSecrets('p/env', encrypt(plaintext))).to.deep.equal([])
    expect(listPlaintextSecrets('p/env', '[')).to.deep.equal([])
  })
})

describe('reencryptDefinition()', () => {
  it('puts one ciphertext in the place of another, and changes no other byte', () => {
    const encrypted = encrypt(plaintext)
    const moved = reencryptDefinition('p/env', encrypted, (ciphertext) => Buffer.from(`to ${open(ciphertext)}`))
    const ciphertexts = /[A-Za-z0-9+/]{16,}={0,2}/g
    const below = encrypted.indexOf('\nvalues:')
    expect(moved.slice(below).match(ciphertexts)).to.not.deep.equal(encrypted.slice(below).match(ciphertexts))
    expect(moved.replace(ciphertexts, '…')).to.equal(encrypted.replace(ciphertexts, '…'))
    const back = reencryptDefinition('p/env', moved, (bytes) => seal(Buffer.from(bytes).toString().slice('to '.length)))
    expect(back).to.equal(encrypted)
  })
})

describe('a large definition', () => {
  it('is encrypted in one pass', () => {
    const text = `values:\n${Array.from({ length: 2000 }, (_, i) => `  key${i}: {fn::secret: secret ${i}}\n`).join('')}`
    const start = performance.now()
    const encrypted = encrypt(text)
    expect(performance.now() - start).to.be.lessThan(1500)
    const last = getAt(decode('p/env', encrypted).node, ['values', 'key1999', 'fn::secret', 'ciphertext'])
    expect(last).to.include({ value: sealed('secret 1999') })
  })
})
