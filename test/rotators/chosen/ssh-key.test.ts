import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { keyIn, withKey, withoutKeys } from '../../../src/rotators/chosen/ssh-key/authorized-keys.ts'
import { type SshKeyInputs, type SshKeyState, sshKey } from '../../../src/rotators/chosen/ssh-key/index.ts'
import { newSshKey, publicKeyOf } from '../../../src/rotators/chosen/ssh-key/key-pair.ts'
import { secret } from '../../../src/secret.ts'
import { findBinary, skipWithout } from '../../servers/binary.ts'
import { missingSshd, sshdPackages } from '../../servers/sshd.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createSshAccount, type SshAccount } from './ssh-account.ts'

describe('ssh-key', function () {
  this.timeout(60_000)
  let account: SshAccount
  before(function () {
    skipWithout(this, missingSshd(), sshdPackages)
  })
  beforeEach(async () => {
    account = await createSshAccount()
  })
  afterEach(() => account?.stop())

  const rotate = (state: SshKeyState | undefined, inputs: SshKeyInputs = account.inputs, context = testContext()) =>
    rotateOnce({ rotator: sshKey, inputs, state, context })
  const plan = (inputs: SshKeyInputs, state?: SshKeyState) => sshKey.plan({ inputs, state }, testContext())
  const logsIn = ({ privateKey }: SshKeyState['current']) => account.server.login(privateKey.reveal())

  it('adds a key with which the ssh client logs in, keeps the former one, and leaves all other bytes as they are', async () => {
    const before = account.state(true)
    const { current, previous } = await rotate(before)
    expect(logsIn(current)).to.equal(true)
    expect(logsIn(previous!)).to.equal(true)
    expect(previous).to.deep.equal(before.current)
    account.requireForeignLines()
    expect(statSync(account.server.file).mode & 0o777, 'the mode stays').to.equal(0o640)
    expect(readdirSync(dirname(account.server.file)), 'nothing is left beside it').to.deep.equal(['authorized_keys'])
  })

  it('removes the superseded key once the new one is saved, and no other', async () => {
    const before = account.state(true)
    const state = await rotate(before)
    await sshKey.retire!(before, { inputs: account.inputs, state }, testContext())
    expect(logsIn(before.previous!)).to.include('Permission denied')
    expect(logsIn(before.current)).to.equal(true)
    expect(logsIn(state.current)).to.equal(true)
    account.requireForeignLines()
  })

  it('sends nothing to a server that shows another host key', async () => {
    const hostKey = account.server.newKey().publicKey
    const error = await failure(plan({ ...account.inputs, hostKey }))
    expect(error.message).to.include('another host key')
    expect(account.server.log()).to.not.include('Accepted').and.to.not.include('Failed')
  })

  it('knows one of several host keys, with a host before it or a comment behind', async () => {
    const { host, port, hostKey } = account.inputs
    const several = `# of the server\n[${host}]:${port} ${account.server.newKey('rsa').publicKey}\n${hostKey} root@server\n`
    expect((await plan({ ...account.inputs, hostKey: several })).steps).to.have.length(2)
  })

  it('logs in as the account with its own current key, and refuses to remove the key it logs in with', async () => {
    const state = account.state(true)
    const login = (key: SshKeyState['current']) => ({ user: account.server.user, privateKey: key.privateKey })
    const self = { ...account.inputs, login: login(state.current) }
    expect(logsIn((await rotate(state, self)).current)).to.equal(true)
    const error = await failure(plan({ ...account.inputs, login: login(state.previous!) }, state))
    expect(error.message).to.include('previous key')
  })

  it('gives the new key the options, and does not drop those of the current one unasked', async () => {
    const options = 'restrict,command="echo \\"hi there\\""'
    const first = await rotate(undefined, { ...account.inputs, options })
    const line = readFileSync(account.server.file, 'utf8').trimEnd().split('\n').at(-1)!
    expect(keyIn(line)).to.include({ options, comment: 'esc' })
    const error = await failure(plan(account.inputs, first))
    expect(error.message).to.include('the current key has the options')
    const context = testContext()
    await rotate(first, { ...account.inputs, options: '' }, context)
    expect(context.warnings.join()).to.include('the new one gets ""')
  })

  it('does not take a refusal for a wrong key where the options let in certain addresses only', async () => {
    const context = testContext()
    await rotate(undefined, { ...account.inputs, options: 'from="192.0.2.1"' }, context)
    expect(context.warnings.join()).to.include('could not be tried')
  })

  it('undoes a rotation whose key the server does not let in', async () => {
    const before = readFileSync(account.server.file, 'latin1')
    const error = await failure(rotate(account.state(), { ...account.inputs, options: 'no-such-option' }))
    expect(error.message).to.include('was refused at log-in')
    expect(readFileSync(account.server.file, 'latin1').trimEnd()).to.equal(before.trimEnd())
  })

  it('changes the file that a link leads to, and leaves the link', async () => {
    const { file } = account.server
    const real = join(dirname(file), 'real')
    renameSync(file, real)
    symlinkSync(real, file)
    const { current } = await rotate(account.state())
    expect(logsIn(current)).to.equal(true)
    expect(readFileSync(real, 'latin1')).to.include(current.publicKey)
    expect(readdirSync(dirname(file))).to.have.members(['authorized_keys', 'real'])
  })

  it('waits for another rotation of the file, and clears away what a killed one left', async () => {
    const beside = (end: string) => join(dirname(account.server.file), `.authorized_keys.esc-${end}`)
    writeFileSync(beside('lock'), '0123456789abcdef')
    writeFileSync(beside('0123456789abcdef'), 'half of it')
    const context = testContext()
    const { current } = await rotate(account.state(), account.inputs, context)
    expect(logsIn(current)).to.equal(true)
    expect(context.slept()).to.equal(30_000)
    expect(readdirSync(dirname(account.server.file))).to.deep.equal(['authorized_keys'])
  })

  it('puts two rotations of one file one after the other, so that none loses the key of the other', async () => {
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
    const waiting = () => rotate(undefined, account.inputs, { ...testContext(), sleep })
    const all = await Promise.all(Array.from({ length: 4 }, waiting))
    for (const { current } of all) expect(logsIn(current)).to.equal(true)
    account.requireForeignLines()
  })

  it('says so when the file or its folder may not be written, and when there is none', async () => {
    const error = await failure(plan({ ...account.inputs, file: `${account.server.file}.missing` }))
    expect(error.code).to.equal('invalid_input')
    expect(error.message).to.include('.missing')
    const folder = await failure(plan({ ...account.inputs, file: dirname(account.server.file) }))
    expect(folder.code).to.be.oneOf(['invalid_input', 'provider_failed'])
  })

  it('shows no key in what it says', async () => {
    const stranger = account.server.newKey()
    const login = { user: account.server.user, privateKey: secret(stranger.privateKey) }
    const error = await failure(plan({ ...account.inputs, login }))
    expect(error.message).to.include('PERMISSION_DENIED')
    const [, body = ''] = stranger.privateKey.split('\n')
    expectNoSecret(error, body)
  })

  it('checks every key, and names those that are not managed here', async () => {
    const state = account.state(true)
    const checks = await sshKey.check!({ inputs: account.inputs, state }, testContext())
    expect(checks.map(({ credential, works }) => [credential, works])).to.deep.equal([
      ['current', true],
      ['previous', true],
      ['foreign', undefined],
    ])
    expect(checks[2]!.what).to.include('ecdsa-sha2-nistp256')
  })

  it('makes keys that ssh-keygen reads, with the public half that it says', () => {
    for (let i = 0; i < 20; i++) {
      const made = newSshKey(testContext().random)
      const path = join(dirname(account.server.file), `made-${i}`)
      writeFileSync(path, made.reveal(), { mode: 0o600 })
      const said = execFileSync(findBinary('ssh-keygen')!, ['-y', '-f', path], { encoding: 'utf8' })
      expect(said.trim()).to.equal(publicKeyOf(made))
    }
  })
})

describe('a file of authorized keys', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey'
  const others = ['# ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey', `command="${key}" ssh-rsa AAAAB3Nz`, '', `x${key}`]

  it('gets a key at its end, once, and loses that line alone', () => {
    for (const text of ['', 'a\n', 'a', others.join('\n'), `${others.join('\r\n')}\r\n`]) {
      const added = withKey(text, { publicKey: key, options: '' })
      expect(added.startsWith(text)).to.equal(true)
      expect(withKey(added, { publicKey: key, options: 'restrict' })).to.equal(added)
      expect(withoutKeys(added, [key]).replace(/\n$/, '')).to.equal(text.replace(/\n$/, ''))
    }
  })

  it('is read as sshd reads it', () => {
    expect(keyIn(`restrict,command="a \\"b\\" ssh-rsa AAAA" ${key} Zo of x`)).to.deep.equal({
      options: 'restrict,command="a \\"b\\" ssh-rsa AAAA"',
      type: 'ssh-ed25519',
      base64: 'AAAAC3NzaC1lZDI1NTE5AAAAIKey',
      comment: 'Zo of x',
    })
    for (const line of others.slice(0, 1).concat('', '   ', 'nonsense', 'ssh-ed25519')) {
      expect(keyIn(line), line).to.equal(undefined)
    }
  })
})
