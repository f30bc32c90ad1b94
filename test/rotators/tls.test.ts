import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import type { TlsOptions } from '../../src/http/index.ts'
import { type Tls, tlsOptions, usableTls } from '../../src/rotators/tls/index.ts'
import { secret } from '../../src/secret.ts'
import { sample } from '../sample.ts'
import { Authority } from '../servers/authority.ts'
import type { Certificate } from '../servers/certificate.ts'
import { expectNoSecret, failure } from './failure.ts'
import { testContext } from './test-context.ts'
import { type SecureServer, secureServers } from './tls-servers.ts'

const passphrase = 'canary-of-the-passphrase'

describe('the input tls', function () {
  this.timeout(60_000)

  let authority: Authority
  let client: Certificate
  let stranger: Authority

  before(function () {
    const made = [Authority.create(), Authority.create()]
    if (made.some((each) => each === undefined)) return this.skip()
    ;[authority, stranger] = made as [Authority, Authority]
    client = authority.issue({ name: 'esc' })
  })

  const mutual = (): Tls => ({ ca: authority.certificate, cert: client.certificate, key: secret(client.key) })

  describe('is checked before anything is sent', () => {
    const refused = async (tls: Tls, readCaFile?: (path: string) => Promise<string>) => {
      const context = { ...testContext(), ...(readCaFile && { readCaFile }) }
      const error = await failure(usableTls(tls, { rotator: 'postgres', place: 'database.tls' }, context))
      expect(error.code).to.equal('invalid_input')
      expect(error.hint, error.message).to.be.a('string')
      expectNoSecret(error, client.key, passphrase)
      for (const line of client.key.split('\n'))
        if (line.length > 20 && !line.startsWith('-')) expectNoSecret(error, line)
      return error.message
    }
    const paths = ['/etc/ssl/ca.pem', './ca', '../ca', '~/ca', 'C:\\ca', 'authority.crt', 'certs/ca', 'file:///etc/ca']

    it('a path where PEM is expected is called one, in every place', async () => {
      for (const path of paths) {
        expect(await refused({ ca: path }), path).to.equal(
          'postgres: `database.tls.ca` holds the path of a file, not certificates',
        )
        expect(await refused({ ...mutual(), cert: path }), path).to.include(
          '`database.tls.cert` holds the path of a file',
        )
        expect(await refused({ ...mutual(), key: secret(path) }), path).to.include(
          '`database.tls.key` holds the path of a file',
        )
      }
    })

    it('PEM where a path is expected is called that', async () => {
      const read = async () => authority.certificate
      expect(await refused({ caFile: authority.certificate }, read)).to.include('holds certificates, not the path')
      expect(await refused({ caFile: ' ' }, read)).to.include('is not the path of a file')
      expect(await refused({ caFile: 'ca.pem', ca: authority.certificate }, read)).to.include('beside `ca`')
      expect(await refused({ caFile: 'ca.pem' }), 'nobody to read it').to.include('cannot be read here')
    })

    it('the content of a file is checked as if it stood there', async () => {
      expect(await refused({ caFile: 'key.pem' }, async () => client.key)).to.include('holds a private key')
      expect(await refused({ caFile: 'x' }, async () => 'root:x:0:0')).to.equal(
        'postgres: `database.tls.caFile` holds no certificate in PEM',
      )
      expect(
        await usableTls({ caFile: 'x' }, at, { ...testContext(), readCaFile: async () => authority.certificate }),
      ).to.deep.equal({
        ca: authority.certificate,
      })
    })

    it('a certificate that is none, was put in the wrong place, or has lost its line breaks', async () => {
      expect(await refused({ ca: 'secret text' })).to.include('holds no certificate in PEM')
      expect(await refused({ ca: client.key })).to.include('`database.tls.ca` holds a private key')
      expect(await refused({ ...mutual(), cert: `${client.certificate}${client.key}` })).to.include(
        'holds a private key',
      )
      expect(await refused({ ...mutual(), key: secret(client.certificate) })).to.include('holds a certificate')
      const flat = authority.certificate.replaceAll('\n', ' ')
      expect(await refused({ ca: flat })).to.include('holds a certificate that cannot be read')
      const broken = authority.certificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
      expect(await refused({ ca: authority.certificate + broken })).to.include(
        '2 certificates, of which 2 is one that cannot',
      )
      expect(await refused({ ...mutual(), key: secret(client.key.replace(/\n.{30}/, '\n')) })).to.include(
        'holds a private key that cannot be read',
      )
      expect(await refused({ ...mutual(), key: secret('no key') })).to.include('holds no private key in PEM')
      const openssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'
      expect(await refused({ ...mutual(), key: secret(openssh) })).to.include('format of OpenSSH')
    })

    it('a key that is not of the certificate, or a chain in the wrong order', async () => {
      const other = authority.issue({ name: 'other' })
      expect(await refused({ ...mutual(), key: secret(other.key) })).to.include(
        '`database.tls.key` does not belong to `cert`',
      )
      const cert = `${authority.certificate}${client.certificate}`
      expect(await refused({ ...mutual(), cert })).to.include('begins with another certificate')
    })

    it('a certificate that has run out, and authorities of which none is in force', async () => {
      const late = authority.issue({ name: 'late', days: -1 })
      const day = new Date(new X509Certificate(late.certificate).validTo).toISOString().slice(0, 10)
      expect(await refused({ cert: late.certificate, key: secret(late.key) })).to.equal(
        `postgres: \`database.tls.cert\` has expired on ${day}`,
      )
      expect(await refused({ ca: late.certificate })).to.include('`database.tls.ca` has expired')
      const bundle = late.certificate + authority.certificate
      expect(await usableTls({ ca: bundle }, at, testContext()), 'one of a bundle does no harm').to.deep.equal({
        ca: bundle,
      })
      const early = { ...testContext(), now: () => new Date('2001-01-01') }
      const error = await failure(usableTls(mutual(), at, early))
      expect(error.message).to.include('is not valid before')
    })

    it('an encrypted key without its passphrase, with a wrong one, and with the right one', async () => {
      for (const form of ['pkcs8', 'traditional'] as const) {
        const key = secret(authority.encrypted(client.key, passphrase, form))
        expect(await refused({ ...mutual(), key }), form).to.include('is encrypted, and there is no `passphrase`')
        expect(await refused({ ...mutual(), key, passphrase: secret('wrong') }), form).to.include(
          'cannot be decrypted with `passphrase`',
        )
        expect(await usableTls({ ...mutual(), key, passphrase: secret(passphrase) }, at, testContext())).to.include({
          key,
        })
      }
    })

    it('halves of a pair, and what has no use', async () => {
      const { cert, key } = { cert: client.certificate, key: secret(client.key) }
      expect(await refused({ cert })).to.include('`database.tls.cert` has no `key`')
      expect(await refused({ key })).to.include('`database.tls.key` has no `cert`')
      expect(await refused({ passphrase: secret(passphrase) })).to.include('has no `key`')
      expect(await refused({ mode: 'disable', cert, key })).to.include('has no use')
      expect(await refused({ mode: 'disable', serverName: 'db' })).to.include('has no use')
      expect(await refused({ mode: 'disable', caFile: 'ca.pem' }, async () => '')).to.include('has no use')
      for (const serverName of ['', 'https://db', 'db:5432', 'a b', '-x']) {
        expect(await refused({ serverName }), serverName).to.include('`database.tls.serverName`')
      }
    })
  })

  const at = { rotator: 'postgres', place: 'database.tls' }

  it('verifies with an authority unless told not to, also in mode require', () => {
    const of = (tls: Tls, host = 'db.example.org') => tlsOptions({ host, tls }) as TlsOptions
    expect(of({ mode: 'require', ca: 'pem' }).rejectUnauthorized).to.equal(true)
    expect(of({ mode: 'verify-ca' }).rejectUnauthorized).to.equal(true)
    expect(of({ mode: 'verify-ca' }).checkServerIdentity?.('any', {} as never)).to.equal(undefined)
    expect(of({ serverName: 'other' })).to.include({ servername: 'other', rejectUnauthorized: true })
    expect(of({ serverName: '10.0.0.1' }).servername, 'SNI is for names').to.equal(undefined)
    for (const tls of [{ serverName: 'db' }, { mode: 'verify-ca' }, { cert: 'pem' }] as const) {
      expect(of(tls, 'localhost'), 'asks for TLS, also on this machine').to.include({ rejectUnauthorized: true })
    }
  })

  for (const { title, missing, start } of sample(secureServers, 2)) {
    describe(`of ${title}`, () => {
      let server: SecureServer

      before(async function () {
        if (missing().length > 0) return this.skip()
        const names = 'DNS:db.example.org,IP:10.9.8.7'
        const own = authority.issue({ name: 'server', names })
        server = await start({ ...own, clientAuthority: authority.certificate, client })
      })
      after(() => server?.stop())

      const serverName = 'db.example.org'

      it('rotates with a client certificate, for a server that goes by another name', async () => {
        const rotated = await server.rotate({ ...mutual(), serverName })
        expect(await rotated.works(), 'the new password').to.equal(true)
      })

      it('takes the address in the certificate for a name, too', async () => {
        await server.plan({ ...mutual(), serverName: '10.9.8.7' })
      })

      it('verify-ca asks no name, and verify-full does', async () => {
        await server.plan({ ...mutual(), mode: 'verify-ca' })
        await server.plan({ ...mutual(), mode: 'require' })
        for (const tls of [{}, { serverName: 'other.example.org' }, { serverName: '10.9.8.8' }]) {
          const error = await failure(server.plan({ ...mutual(), ...tls, mode: 'verify-full' }))
          expect(error.message, JSON.stringify(tls)).to.include('BAD_CERTIFICATE')
          expect(error.hint).to.include('tls.serverName')
          expectNoSecret(error, client.key)
        }
      })

      it('another authority is refused in every mode that names one', async () => {
        for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
          const error = await failure(server.plan({ ...mutual(), mode, ca: stranger.certificate, serverName }))
          expect(error.message, mode).to.include('BAD_CERTIFICATE')
          expect(error.hint, mode).to.include('tls.ca')
        }
        await server.plan({ ...mutual(), mode: 'require', ca: undefined as never })
      })

      it('reads authorities from a file, through the context alone', async () => {
        const { ca, ...others } = mutual()
        const asked: string[] = []
        const readCaFile = async (path: string) => {
          asked.push(path)
          return ca!
        }
        await server.plan({ ...others, serverName, caFile: 'certs/ca.pem' }, readCaFile)
        expect(asked).to.deep.equal(['certs/ca.pem'])
      })

      it('decrypts its key', async () => {
        const key = secret(authority.encrypted(client.key, passphrase))
        await server.plan({ ...mutual(), serverName, key, passphrase: secret(passphrase) })
      })

      it('no client certificate, or one of another authority, is a fault that says so', async () => {
        const foreign = stranger.issue({ name: 'esc' })
        const own = { ca: authority.certificate, serverName }
        for (const tls of [own, { ...own, cert: foreign.certificate, key: secret(foreign.key) }]) {
          const error = await failure(server.plan(tls))
          expect(`${error.message} ${error.hint}`).to.match(/client certificate|tls\.cert/)
          expectNoSecret(error, foreign.key)
        }
      })
    })
  }
})
