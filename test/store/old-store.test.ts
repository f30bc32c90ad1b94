import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Playground } from '../cli/commands/esc.ts'

const fixture = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'old-store')

/**
 * `fixtures/old-store` was made by a version whose settings did not yet vouch for the newest
 * revision without a seal (`sealedAfter`): app/service has three revisions and a tag; app/scheduled
 * has a key, and an empty revision 1; app/plain has no key.
 */
describe('a store made before the settings vouched for revisions without a seal', () => {
  let esc: Playground
  beforeEach(() => {
    esc = new Playground()
    cpSync(join(fixture, 'environments'), esc.store, { recursive: true })
    esc.env.ESC_KEY = readFileSync(join(fixture, 'key.txt'), 'utf8').trim()
  })
  afterEach(() => esc.remove())

  const settings = (name: string) => readFileSync(join(esc.store, name, 'settings.yaml'), 'utf8')
  const revisions = (name: string) => join(esc.store, name, 'revisions')
  const open = async (name: string) => JSON.parse(await esc.ok('env', 'open', name))

  /** Leaves revision 1 alone, with another definition. */
  function forge(name: string, definition: string): string {
    for (const file of readdirSync(revisions(name))) if (file !== '1.yaml') rmSync(join(revisions(name), file))
    const file = join(revisions(name), '1.yaml')
    const [record] = readFileSync(file, 'utf8').split('---\n')
    writeFileSync(file, `${record}---\n${definition}`)
    return file
  }

  it('opens, at every version, and checks without a finding', async () => {
    expect(await open('app/service')).to.deep.equal({ token: 'not-a-real-token', region: 'eu' })
    expect(await open('app/service@stable')).to.deep.equal({ token: 'not-a-real-token' })
    expect(await esc.ok('env', 'version', 'history', 'app/service')).to.contain('revision 1')
    for (const name of ['app/service@1', 'app/scheduled', 'app/scheduled@first', 'app/plain']) {
      expect(await esc.ok('env', 'open', name), name).to.equal('')
    }
    const { findings } = JSON.parse(await esc.ok('check', '--output', 'json'))
    expect(findings).to.deep.equal([])
    expect(await esc.ok('env', 'schedule', 'list', 'app/scheduled')).to.contain('sched-1')
  })

  it('keeps its version until it is pruned, and opens at every version then', async () => {
    const version = () => /^version: .*$/m.exec(readFileSync(join(esc.store, 'esc.yaml'), 'utf8'))?.[0]
    await esc.ok('env', 'set', 'app/service', 'region', 'us')
    expect(version()).to.equal('version: 1')
    await esc.ok('env', 'prune', 'app/service', '--keep', '2')
    expect(version()).to.equal('version: 2')
    expect(readdirSync(revisions('app/service')).some((name) => name.startsWith('1-2-'))).to.equal(true)
    expect(await open('app/service@stable')).to.deep.equal({ token: 'not-a-real-token' })
    expect(await esc.ok('env', 'open', 'app/service@1')).to.equal('')
    expect(await open('app/service')).to.deep.equal({ token: 'not-a-real-token', region: 'us' })
    const { findings } = JSON.parse(await esc.ok('check', '--output', 'json'))
    expect(findings).to.deep.equal([])
  })

  it('is written to as ever, and gets the missing field with the next sealed change', async () => {
    await esc.ok('env', 'set', 'app/service', 'region', 'us')
    expect(settings('app/service')).to.not.contain('sealedAfter')
    await esc.ok('env', 'version', 'tag', 'app/service@next')
    expect(settings('app/service')).to.match(/^sealedAfter: sha256:/m)
    await esc.ok('env', 'version', 'tag', 'app/scheduled@second', '@1')
    expect(settings('app/scheduled')).to.match(/^sealedAfter: sha256:/m)
    await esc.ok('env', 'set', 'app/scheduled', 'a', '1')
    await esc.ok('env', 'set', 'app/plain', 'a', '1')
    expect(settings('app/plain')).to.match(/^sealedAfter: sha256:/m)
    const { findings } = JSON.parse(await esc.ok('check', '--output', 'json'))
    expect(findings).to.deep.equal([])
    expect(await open('app/service')).to.deep.equal({ token: 'not-a-real-token', region: 'us' })
    await esc.ok('env', 'change-secrets-provider', 'app/service', 'default')
    expect(settings('app/service')).to.not.contain('sealedAfter')
    expect(await open('app/service@stable')).to.deep.equal({ token: 'not-a-real-token' })
  })

  it('is refused when somebody without the key left only a revision 1 of their own, by every command', async () => {
    const ciphertext = /ciphertext: (\S+)/.exec(readFileSync(join(revisions('app/service'), '2.yaml'), 'utf8'))![1]
    const file = forge(
      'app/service',
      `values:\n  url: https://evil.example/\${a}\n  a: {fn::secret: {ciphertext: ${ciphertext}}}\n`,
    )
    rmSync(join(esc.store, 'app/service/environment.yaml'))
    const commands = [
      ['env', 'open', 'app/service'],
      ['env', 'open', 'app/service@1'],
      ['env', 'open', 'app/service@latest'],
      ['env', 'run', 'app/service', '--', 'true'],
      ['env', 'get', 'app/service', '--show-secrets'],
      ['env', 'get', 'app/service'],
      ['env', 'set', 'app/service', 'b', '1'],
      ['env', 'diff', 'app/service@1', 'app/service'],
      ['env', 'version', 'history', 'app/service'],
      ['env', 'version', 'rollback', 'app/service@1'],
      ['env', 'version', 'tag', 'app/service@mine'],
      ['env', 'clone', 'app/service', 'app/copy'],
      ['env', 'init', 'app/copy', '--copy-config-from', 'app/service'],
      ['config', 'cp', '--env', 'app/service', '--dest', 'app/plain'],
      ['env', 'rewrap', 'app/service'],
      ['env', 'change-secrets-provider', 'app/service', 'default'],
      ['env', 'rotate', 'app/service'],
      ['env', 'save', 'app/service'],
      ['env', 'trust', 'app/service'],
      ['check'],
    ]
    for (const words of commands) {
      rmSync(esc.machine, { recursive: true, force: true })
      const { code, out, err } = await esc.run(words)
      expect(code, words.join(' ')).to.not.equal(0)
      expect(out + err, words.join(' ')).to.contain(file)
      expect(out + err).to.not.contain('not-a-real-token')
    }
    expect(readdirSync(join(esc.store, 'app')).sort()).to.deep.equal(['plain', 'scheduled', 'service'])
  })

  it('is refused as an import, and nothing that it decides is done', async () => {
    for (const [name, text] of [
      ['app/base', 'values: {host: good.example}\n'],
      ['app/user', 'imports: [app/base]\nvalues: {url: "https://${host}/"}\n'],
    ] as const) {
      const made = await esc.run(['env', 'init', name, '--file', '-'], { input: text })
      expect(made.code, made.err).to.equal(0)
    }
    const file = forge('app/base', 'values: {host: evil.example}\n')
    rmSync(esc.machine, { recursive: true, force: true })
    const opened = await esc.run(['env', 'open', 'app/user'])
    expect(opened.code).to.equal(1)
    expect(opened.out + opened.err).to.contain(file)
    const got = await esc.run(['env', 'get', 'app/user'], { env: { ESC_KEY: undefined } })
    expect(opened.out + got.out).to.not.contain('evil.example')
  })
})
