import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, type RunOptions } from '../cli/commands/esc.ts'
import { selfSigned } from '../servers/certificate.ts'

const typing = (input: string): RunOptions => ({ input, io: { stdinIsTerminal: true, stderrIsTerminal: true } })

describe('a file of certificates that a rotator names', function () {
  this.timeout(20_000)

  let certificate: string
  let esc: Playground

  before(function () {
    const made = selfSigned()
    if (made === undefined) return this.skip()
    ;({ certificate } = made)
  })
  beforeEach(async () => {
    esc = new Playground()
    await esc.ok('init')
    appendFileSync(join(esc.store, 'esc.yaml'), 'rotationRetries: 0\n')
  })
  afterEach(() => esc?.remove())

  const configure = (text: string) => appendFileSync(join(esc.store, 'esc.yaml'), text)

  let made = 0

  /** Nobody listens at port 1, so the file was read and taken where the connection is refused. */
  async function rotate(caFile: string, options?: RunOptions) {
    const inputs = { host: '127.0.0.1', port: 1, login: { password: 'x' }, user: 'app', tls: { caFile } }
    const name = `app/dev${++made}`
    await esc.withEnvironment(name, JSON.stringify({ values: { cache: { 'fn::rotate::redis-acl': { inputs } } } }))
    const { code, out, err } = await esc.run(['env', 'rotate', name], {
      ...options,
      // The certificate is in force from now on.
      io: { now: () => new Date(), ...options?.io },
    })
    expect(code, out + err).to.equal(1)
    return out + err
  }
  const taken = 'ECONNREFUSED'

  it('is read from the folder of the store without a question', async () => {
    mkdirSync(join(esc.store, 'certs'))
    writeFileSync(join(esc.store, 'certs', 'ca.pem'), certificate)
    expect(await rotate('certs/ca.pem')).to.include(taken)
    expect(await esc.ok('env', 'ls'))
      .to.include('app/dev')
      .and.not.include('certs')
    expect((await esc.run(['check'])).code, 'the store is as sound as before').to.equal(0)
  })

  it('is not read through a link, from outside the store, or when it is none', async () => {
    writeFileSync(join(esc.folder, 'outside.pem'), certificate)
    symlinkSync(join(esc.folder, 'outside.pem'), join(esc.store, 'link.pem'))
    expect(await rotate('link.pem'))
      .to.include('link.pem')
      .and.not.include(taken)
    expect(await rotate('../outside.pem')).to.include('outside the store')
    expect(await rotate('a/../../outside.pem')).to.include('outside the store')
    expect(await rotate('missing.pem')).to.include('does not exist')
    mkdirSync(join(esc.store, 'folder'))
    expect(await rotate('folder')).to.include('is a folder')
    execFileSync('mkfifo', [join(esc.store, 'pipe.pem')])
    expect(await rotate('pipe.pem'))
      .to.include('pipe.pem')
      .and.not.include(taken)
  })

  it('elsewhere on the machine is read only where esc.yaml asks and the machine allows it', async () => {
    const file = join(esc.folder, 'corp.pem')
    writeFileSync(file, certificate)
    const unasked = await rotate(file)
    expect(unasked).to.include('the store may not have rotators read certificates').and.include('`allow: {caFiles}`')
    configure(`allow: {caFiles: [${JSON.stringify(file)}]}\n`)
    const refused = await rotate(file)
    expect(refused).to.include('this machine has not allowed the store to have rotators read certificates')
    expect(refused).to.include('ESC_TRUST=sha256:')
    const asked = await rotate(file, typing('y\n'))
    expect(asked).to.include(`  have rotators read certificates of authorities from ${file}\n`).and.include(taken)
    expect(await rotate(file), 'remembered').to.include(taken)
    expect(await rotate('/etc/passwd'), 'no other file').to.include('the store may not')
  })

  it('may be a device or a pipe no more than a folder, and is never quoted', async () => {
    const secretFile = join(esc.folder, 'private')
    writeFileSync(secretFile, 'canary of a private file')
    const pipe = join(esc.folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    configure(`allow: {caFiles: [/dev/zero, ${JSON.stringify(pipe)}, ${JSON.stringify(secretFile)}]}\n`)
    const shown = await rotate(secretFile, typing('y\n'))
    expect(shown).to.include('holds no certificate in PEM').and.not.include('canary')
    expect(await rotate('/dev/zero')).to.include('is a link, pipe, socket or device')
    expect(await rotate(pipe)).to.include('is a link, pipe, socket or device')
  })
})
