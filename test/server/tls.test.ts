import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { type Certificate, selfSigned } from '../servers/certificate.ts'
import { RunningServer } from './running-server.ts'

describe('TLS of a server', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer
  let files: { readonly certificate: string; readonly key: string }
  const [first, second] = [selfSigned(), selfSigned()]

  before(async function () {
    if (!Program.isBuilt() || first === undefined) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    files = { certificate: join(program.folder, 'cert.pem'), key: join(program.folder, 'key.pem') }
    write(first)
    server = await RunningServer.start(program, ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'])
    return undefined
  })
  after(async () => {
    await server?.stop('SIGKILL')
    program?.remove()
  })

  function write({ certificate, key }: Certificate): void {
    writeFileSync(files.certificate, certificate)
    writeFileSync(files.key, key)
  }

  interface Shaken {
    /** The certificate of the server, PEM. */
    readonly certificate: string
    readonly answer: string
  }

  /** Asks whether the server lives, and trusts one certificate alone. */
  function ask(ca: string, maxVersion: SecureVersion = 'TLSv1.3'): Promise<Shaken> {
    const { hostname: host, port } = new URL(server.url)
    return new Promise((resolve, reject) => {
      const minVersion = maxVersion < 'TLSv1.2' ? maxVersion : 'TLSv1.2'
      const options = { host, port: Number(port), ca, maxVersion, minVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const
      const socket = connect(options, () => socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'))
      socket.once('data', (bytes) => {
        resolve({ certificate: socket.getPeerX509Certificate()?.toString() ?? '', answer: String(bytes) })
        socket.destroy()
      })
      socket.on('error', ({ code }: NodeJS.ErrnoException) => reject(code))
    })
  }

  const pem = (text: string) => text.trim()

  it('is spoken, from version 1.2 on', async () => {
    expect(server.url).to.match(/^https:\/\/127\.0\.0\.1:/)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect((await ask(first!.certificate, version)).answer).to.match(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await ask(first!.certificate, 'TLSv1.1').catch((code) => code)).to.match(/PROTOCOL|VERSION/)
  })

  it('takes a renewed certificate, for new connections, when its files change', async () => {
    expect(pem((await ask(first!.certificate)).certificate)).to.equal(pem(first!.certificate))
    write(second!)
    await server.says(/took the new certificate/)
    expect(pem((await ask(second!.certificate)).certificate)).to.equal(pem(second!.certificate))
  })

  it('reads them at once on SIGHUP, and keeps a certificate that works', async () => {
    writeFileSync(files.key, first!.key)
    server.signal('SIGHUP')
    await server.says(/the old certificate stays, because the new one cannot be used: .*key values mismatch/)
    expect((await ask(second!.certificate)).answer).to.match(/^HTTP\/1\.1 200 OK\r\n/)
    write(first!)
    server.signal('SIGHUP')
    await server.says(/cannot be used[\s\S]*took the new certificate/)
    expect((await ask(first!.certificate)).answer).to.match(/^HTTP\/1\.1 200 OK\r\n/)
    expect(server.said).not.to.include(readFileSync(files.key, 'utf8').split('\n')[1])
  })
})
