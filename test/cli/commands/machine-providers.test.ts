import { createCipheriv } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { KubernetesApi } from '../../fakes/kubernetes.ts'
import { VendorServer } from '../../providers/vendor-server.ts'
import { Playground, packageRoot } from './esc.ts'

const sops = join(packageRoot, 'test', 'operations', 'import', 'sops')

describe('what a definition reads from the machine', function () {
  this.timeout(20_000)
  let esc: Playground
  beforeEach(() => {
    esc = new Playground()
  })
  afterEach(() => esc.remove())

  const define = (value: unknown) => esc.withEnvironment('app/dev', JSON.stringify({ values: { it: value } }))
  const open = async (env: Record<string, string> = {}) => {
    const { code, out, err } = await esc.run(['env', 'open', 'app/dev'], { env })
    return { code, err, it: code === 0 ? JSON.parse(out).it : undefined }
  }
  const powers = async () => JSON.parse(await esc.ok('trust', 'show', '--output', 'json')).powers

  it('is allowed once on this machine, and asked again when it is another', async () => {
    await define({ 'fn::open::env': { get: { token: { name: 'SHOP_TOKEN' } } } })
    const env = { SHOP_TOKEN: 'hunter2-token' }
    const refused = await open(env)
    expect(refused.code).to.equal(1)
    expect(refused.err).to.include('has not allowed the store to read your variable SHOP_TOKEN')
    expect(refused.err).not.to.include('hunter2')
    expect(await powers()).to.deep.equal([{ kind: 'readVariable', value: 'SHOP_TOKEN' }])
    await esc.ok('trust', '--yes')
    expect((await open(env)).it).to.deep.equal({ token: 'hunter2-token' })
    expect((await open()).err).to.include('the variable SHOP_TOKEN is not set')
    await esc.ok('env', 'set', 'app/dev', 'it["fn::open::env"].get.token.name', 'OTHER_TOKEN')
    expect((await open({ OTHER_TOKEN: 'x' })).err).to.include('read your variable OTHER_TOKEN')
  })

  it('is never a key of esc, nor anything that is put together', async () => {
    await define({ 'fn::open::env': { get: { key: { name: 'ESC_PASSPHRASE' } } } })
    await esc.ok('trust', '--yes')
    expect((await open()).err).to.include('for esc alone')
    await esc.ok('env', 'set', 'app/dev', 'name', 'SHOP_TOKEN')
    await esc.ok('env', 'set', 'app/dev', 'it["fn::open::env"].get.key.name', '${name}')
    await esc.ok('trust', '--yes')
    const { err } = await open({ SHOP_TOKEN: 'x' })
    expect(err).to.include('since no definition says so').and.include('without ${…}')
  })

  it('files of the store need no question; others, and links out of it, do', async () => {
    await define({ 'fn::open': { provider: 'file', inputs: { get: { a: { path: 'banner.txt' } } } } })
    writeFileSync(join(esc.store, 'banner.txt'), 'welcome\n')
    expect((await open()).it).to.deep.equal({ a: 'welcome\n' })
    const outside = join(esc.folder, 'outside.txt')
    writeFileSync(outside, 'of the user')
    symlinkSync(outside, join(esc.store, 'link.txt'))
    for (const path of ['link.txt', outside, '../outside.txt', 'missing']) {
      await esc.ok('env', 'edit', 'app/dev', '--file', await written({ 'fn::open::file': { get: { a: { path } } } }))
      const { code, err } = await open()
      expect(code, path).to.equal(1)
      expect(err, path).to.match(path === 'missing' ? /does not exist/ : /link|has not allowed/)
      expect(err).not.to.include('of the user')
    }
    await esc.ok(
      'env',
      'edit',
      'app/dev',
      '--file',
      await written({ 'fn::open::file': { get: { a: { path: outside } } } }),
    )
    await esc.ok('trust', '--yes')
    expect((await open()).it).to.deep.equal({ a: 'of the user' })
  })

  it('a command runs without a shell and without keys, and its failure shows nothing of what it says', async () => {
    const program = join(esc.folder, 'tool')
    writeFileSync(
      program,
      '#!/bin/sh\nread line\necho "$1 $line ${ESC_PASSPHRASE-no key}"\necho oops-secret >&2\nexit $2\n',
    )
    chmodSync(program, 0o755)
    await define({ 'fn::open::command': { command: [program, 'a; b', '0'], input: 'from esc' } })
    expect((await open()).err)
      .to.include('run [')
      .and.include('as you, and read what it prints')
    await esc.ok('trust', '--yes')
    expect((await open({ ESC_PASSPHRASE: 'secret' })).it).to.equal('a; b from esc no key')
    for (const [words, says] of [
      [[program, 'x', '3'], 'failed with exit code 3'],
      [['not-installed-anywhere'], 'is not installed'],
      [['./tool'], 'is not a program of this machine'],
    ] as const) {
      await esc.ok('env', 'edit', 'app/dev', '--file', await written({ 'fn::open::command': { command: words } }))
      await esc.ok('trust', '--yes')
      const { err } = await open()
      expect(err).to.include(says).and.not.include('oops-secret')
    }
  })

  it('a SOPS file opens with the age identity of the user', async () => {
    await define({ 'fn::open::sops': { path: 'secrets.yaml' } })
    cpSync(join(sops, 'all.yaml'), join(esc.store, 'secrets.yaml'))
    const env = { SOPS_AGE_KEY_FILE: join(sops, 'key.txt') }
    expect((await open(env)).err).to.include('decrypt the SOPS file secrets.yaml with your keys')
    await esc.ok('trust', '--yes')
    const { it, err } = await open(env)
    expect(it, err).to.be.an('object')
    expect(Object.keys(it)).not.to.include('sops')
    expect((await open({ SOPS_AGE_KEY_FILE: '/nonexistent/key' })).code).to.equal(1)
  })

  it('secrets of a cluster are read with the kubeconfig of the user', async () => {
    const api = new KubernetesApi().keep('shop', 'db', { password: 'swordfish' })
    const server = await new VendorServer().start()
    try {
      server.answering = (request) => api.answer(request)
      mkdirSync(join(esc.folder, '.kube'))
      const config = {
        'current-context': 'dev',
        contexts: [{ name: 'dev', context: { cluster: 'here', user: 'reader', namespace: 'shop' } }],
        clusters: [{ name: 'here', cluster: { server: server.url } }],
        users: [{ name: 'reader', user: { token: api.token } }],
      }
      writeFileSync(join(esc.folder, '.kube', 'config'), JSON.stringify(config))
      const get = { password: { name: 'db', key: 'password' } }
      await define({ 'fn::open::kubernetes-secrets': { login: { from: '~/.kube/config' }, get } })
      const env = { HOME: esc.folder }
      expect((await open(env)).err).to.include('with your login in ~/.kube/config, and run the programs that it names')
      expect(server.requests).to.deep.equal([])
      expect(await powers()).to.deep.equal([{ kind: 'cluster', value: '~/.kube/config' }])
      await esc.ok('trust', '--yes')
      expect((await open(env)).it).to.deep.equal({ password: 'swordfish' })
    } finally {
      await server.stop()
    }
  })

  it('outputs of a Pulumi stack are decrypted with the passphrase of the user', async () => {
    // A known vector: the key that PBKDF2 makes of the passphrase and this salt.
    const salt = 'v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=='
    const key = Buffer.from('7e700703e28b164e816cb939612c938b8dcf8f8a5237d02824cea3fb656b3a8b', 'hex')
    const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
    const bytes = Buffer.concat([cipher.update('"swordfish"'), cipher.final(), cipher.getAuthTag()])
    const ciphertext = `v1:${Buffer.alloc(12).toString('base64')}:${bytes.toString('base64')}`
    const mark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' }
    const stacks = join(esc.folder, 'pulumi', '.pulumi', 'stacks', 'network')
    mkdirSync(stacks, { recursive: true })
    const latest = {
      secrets_providers: { type: 'passphrase', state: { salt } },
      resources: [
        {
          type: 'pulumi:pulumi:Stack',
          outputs: { password: { ...mark, ciphertext } },
          urn: 'urn:pulumi:prod::network::x',
        },
      ],
    }
    writeFileSync(join(stacks, 'prod.json'), JSON.stringify({ version: 3, checkpoint: { latest } }))
    await define({ 'fn::open::pulumi-stacks': { stacks: { net: { stack: 'network/prod' } } } })
    const env = { PULUMI_BACKEND_URL: `file://${join(esc.folder, 'pulumi')}`, PULUMI_CONFIG_PASSPHRASE: 'password' }
    expect((await open(env)).err).to.include('read the outputs of the Pulumi stack network/prod with your login')
    await esc.ok('trust', '--yes')
    expect((await open(env)).it).to.deep.equal({ net: { password: 'swordfish' } })
    const wrong = await open({ ...env, PULUMI_CONFIG_PASSPHRASE: 'wrong' })
    expect(wrong.err).to.include('the passphrase is not that of the stack')
  })

  async function written(value: unknown): Promise<string> {
    mkdirSync(esc.folder, { recursive: true })
    const file = join(esc.folder, 'definition.yaml')
    writeFileSync(file, JSON.stringify({ values: { it: value } }))
    return file
  }
})
