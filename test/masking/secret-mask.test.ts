import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { plainSecretTexts, SecretMask } from '../../src/masking/index.ts'
import { secret } from '../../src/secret.ts'

const shown = (secrets: string[], text: string) => new SecretMask(secrets).text(text)

describe('a mask of secrets', () => {
  it('hides a secret inside words, in another case, and encoded', () => {
    const host = 'db-7.Intern.example'
    for (const text of [
      host,
      host.toLowerCase(),
      host.toUpperCase(),
      encodeURIComponent(`${host}/x`).replace('%2Fx', ''),
    ]) {
      expect(shown([host], `cannot reach ${text}:5432`)).to.equal('cannot reach [secret]:5432')
    }
    expect(shown([host], `x ${Buffer.from(`user:${host}:x`).toString('base64')}`)).to.not.include(
      Buffer.from(`user:${host}`).toString('base64').slice(8, 24),
    )
    expect(shown(['a"b\\c'], `sent ${JSON.stringify({ key: 'a"b\\c' })}`)).to.equal('sent {"key":"[secret]"}')
  })

  it('hides a secret of up to three characters where it stands alone, and leaves words readable', () => {
    expect(shown(['db', '22', 'é'], 'postgres: user "db" on db:22 in the dbms, try 122 or é')).to.equal(
      'postgres: user "[secret]" on [secret]:[secret] in the dbms, try 122 or [secret]',
    )
    expect(shown(['', ' ', '\n'], 'a b\nc')).to.equal('a b\nc')
  })

  it('hides the parts of URLs, ARNs, distinguished names and addresses', () => {
    const cases: readonly (readonly [string, string, string])[] = [
      [
        'https://app:s3cret@Vault.intern:8200/v1/team',
        'vault.intern:8200 and /v1/team as app',
        '[secret] and [secret] as [secret]',
      ],
      [
        'arn:aws:iam::123456789012:user/ops/deploy',
        'user deploy of account 123456789012',
        'user [secret] of account [secret]',
      ],
      ['cn=payroll,ou=services,dc=example', 'entry payroll of services', 'entry [secret] of [secret]'],
      ['payroll@shop.example', 'payroll at shop.example', '[secret] at [secret]'],
      ['db.intern:6432', 'db.intern refused at 6432', '[secret] refused at [secret]'],
      ['bücher.example', 'no such host xn--bcher-kva.example', 'no such host [secret]'],
    ]
    for (const [given, text, expected] of cases) expect(shown([given], text), given).to.equal(expected)
  })

  it('copies an error without what is secret in it: message, hint, stack, properties and causes', () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND canary-host'), { hostname: 'canary-host' })
    const inner = new AggregateError([cause], 'tried canary-host', { cause })
    const error = new EscError('provider_failed', 'no canary-host', {
      hint: 'ask canary-host',
      cause: inner,
      transient: true,
    })
    const masked = new SecretMask(['canary-host']).error(error) as EscError
    expect(masked).to.be.instanceOf(EscError)
    expect(masked).to.deep.include({
      code: 'provider_failed',
      message: 'no [secret]',
      hint: 'ask [secret]',
      transient: true,
    })
    for (let each: unknown = masked; each instanceof Error; each = each.cause) {
      const told = Object.getOwnPropertyNames(each).map((name) =>
        String((each as unknown as Record<string, unknown>)[name]),
      )
      expect([each.message, each.stack, ...told].join()).to.not.include('canary-host')
    }
    const plain = new EscError('io', 'no space')
    expect(new SecretMask(['canary-host']).error(plain)).to.equal(plain)
    expect(new SecretMask(['canary-host']).error('canary-host failed')).to.equal('[secret] failed')
  })

  it('finds an error that tells a secret only in a cause or a property', () => {
    const told = new Error('failed', { cause: new Error('at canary-host') })
    const copy = new SecretMask(['canary-host']).error(told) as Error
    expect((copy.cause as Error).message).to.equal('at [secret]')
    const property = Object.assign(new Error('failed'), { address: 'canary-host' })
    expect(new SecretMask(['canary-host']).error(property)).to.not.have.property('address')
  })

  it('takes all secrets of some data, whatever their depth', () => {
    const data = { a: secret('one'), b: [secret({ c: 'two', d: [3] })], e: 'open' } as never
    expect(plainSecretTexts(data)).to.deep.equal(['one', 'two', '3'])
  })
})
