import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

interface Line {
  readonly event: string
  readonly result: string
  readonly environment: string
  readonly user: string
  readonly command: string
  readonly details?: Record<string, unknown>
}

describe('esc audit', () => {
  let esc: Playground
  const configuration = () => join(esc.store, 'esc.yaml')
  const configure = (text: string) =>
    writeFileSync(configuration(), `${readFileSync(configuration(), 'utf8')}${text}\n`)
  const log = async (...words: string[]): Promise<Line[]> =>
    JSON.parse(await esc.ok('audit', 'log', ...words, '--output', 'json'))
  const told = (lines: readonly Line[]) =>
    lines.map(({ command, environment, event, result }) => [command, event, environment, result].join(' '))

  beforeEach(async () => {
    esc = new Playground()
    await esc.withEnvironment('app/base', 'values: {token: {fn::secret: not-a-real-token}}\n')
    await esc.withEnvironment('app/dev', 'imports: [app/base]\nvalues: {copy: "${token}"}\n')
  })
  afterEach(() => esc.remove())

  it('log says what was done and with what, in order', async () => {
    await esc.ok('env', 'open', 'app/dev')
    await esc.ok('env', 'get', 'app/base', '--show-secrets')
    await esc.ok('env', 'get', 'app/base')
    await esc.ok('env', 'set', 'app/dev', 'password', 'hunter2', '--secret')
    await esc.run(['env', 'open', 'app/dev@9'])
    expect(told(await log()).slice(-7)).to.deep.equal([
      'env open environment-open app/dev allowed',
      'env open environment-imported app/base allowed',
      'env get environment-decrypted app/base allowed',
      'env set environment-updated app/dev allowed',
      'env set environment-updated app/dev done',
      'env open environment-open app/dev allowed',
      'env open environment-open app/dev failed',
    ])
    const [{ details } = {} as Line] = await log('--result', 'done', '--count', '1')
    expect(details).to.deep.equal({ revision: 3, change: 'set' })
  })

  it('log chooses by environment, event, user and time', async () => {
    await esc.run(['env', 'open', 'app/base'], { env: { ESC_PRINCIPAL: 'bob' } })
    expect(told(await log('--user', 'BOB'))).to.deep.equal(['env open environment-open app/base allowed'])
    expect(await log('app/dev', '--event', 'open')).to.deep.equal([])
    expect(told(await log('app/*', '--event', 'open'))).to.have.length(1)
    expect(await log('--since', '2026-03-05')).to.deep.equal([])
    expect(await log('--until', '1h')).to.deep.equal([])
    expect((await log('--since', '1h')).length).to.equal((await log()).length)
    expect((await esc.run(['audit', 'log', '--since', 'tomorrow'])).code).to.equal(2)
  })

  it('writes neither secrets nor arguments of commands', async () => {
    await esc.ok('env', 'set', 'app/dev', 'password', 'hunter2', '--secret')
    await esc.ok('env', 'set', 'app/dev', 'plain', 'in-the-clear')
    await esc.ok('run', 'app/dev', '--', 'true', 'an-argument')
    const folder = join(esc.state, 'audit')
    const text = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('')
    for (const word of ['hunter2', 'not-a-real-token', 'in-the-clear', 'an-argument', 'password'])
      expect(text).to.not.include(word)
  })

  it('warns when the log cannot be written, and where it is required does nothing without it', async () => {
    const folder = join(esc.state, 'audit')
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    const warned = await esc.run(['env', 'open', 'app/base'])
    expect(warned.code).to.equal(0)
    expect(warned.err).to.include('warning: the audit log could not be written')
    configure('audit: {required: true}')
    const refused = await esc.run(['env', 'open', 'app/base'])
    expect(refused.code).to.equal(1)
    expect(refused.out).to.equal('')
    expect((await esc.run(['env', 'set', 'app/base', 'a', '1'])).code).to.equal(1)
    expect(existsSync(join(esc.store, 'app', 'base', 'revisions', '3.yaml'))).to.equal(false)
  })

  it('keeps nothing where esc.yaml says so, and in the folder that is committed where it says that', async () => {
    rmSync(join(esc.state, 'audit'), { recursive: true })
    configure('audit: {keep: off}')
    await esc.ok('env', 'open', 'app/base')
    expect(existsSync(join(esc.state, 'audit'))).to.equal(false)
    expect((await esc.run(['audit', 'log'])).err).to.include('no audit log is kept')
    writeFileSync(configuration(), readFileSync(configuration(), 'utf8').replace('keep: off', 'keep: repository'))
    await esc.ok('env', 'open', 'app/base')
    expect(readdirSync(join(esc.store, '.audit'))).to.have.length(1)
    expect(await esc.ok('env', 'ls')).to.equal('app/base\napp/dev\n')
    expect(await esc.ok('audit', 'verify')).to.include('nothing is wrong')
  })

  it('verify fails with what was changed, for people and for CI', async () => {
    const folder = join(esc.state, 'audit')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, readdirSync(folder)[0] as string)
    writeFileSync(file, readFileSync(file, 'utf8').replace('ada@example.com', 'eve@example.com'))
    const { code, out } = await esc.run(['audit', 'verify'])
    expect(code).to.equal(1)
    expect(out).to.match(/^changed: .*\.jsonl:1: line 1 of the log is not what it was when line 2 was written\n/)
    const json = await esc.run(['audit', 'verify', '--output', 'json'])
    expect(json.code).to.equal(1)
    expect(JSON.parse(json.out).findings[0]).to.include({ kind: 'changed', severity: 'error' })
  })
})
