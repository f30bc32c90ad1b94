import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const OLD = 'canary-old&value<1>'
const NEW = 'canary-new&value<2>'
const PEM = `-----BEGIN PRIVATE KEY-----\nMIICanaryLine0fBase64Text1234567890abcdEFGH\n-----END PRIVATE KEY-----\n`

describe('esc scan', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment(
      'app/dev',
      `values:
  token: {fn::secret: ${JSON.stringify(OLD)}}
  key: {fn::secret: ${JSON.stringify(PEM)}}
  short: {fn::secret: abc}
  plain: not-a-secret-at-all
`,
    )
    await playground.ok('env', 'set', 'app/dev', 'token', NEW, '--secret')
    mkdirSync(join(playground.folder, 'src'))
  })
  afterEach(() => playground.remove())

  const write = (name: string, content: string | Buffer) => writeFileSync(join(playground.folder, name), content)
  const scan = async (...words: string[]) => {
    const ran = await playground.run(['scan', ...words])
    expect(ran.out + ran.err).to.not.match(/canary|MIIC/)
    return ran
  }
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
      cwd: playground.folder,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: process.env.PATH, HOME: playground.folder },
    })

  it('finds values of now and of before, also encoded, with file, line and path, and exits with 1', async () => {
    write('src/now.txt', `one\ntwo ${NEW}\n`)
    write('src/before.txt', `${OLD}\n`)
    write('src/base64.txt', `\n\n${Buffer.from(`user:${NEW}`).toString('base64')}\n`)
    write('src/url.txt', `https://x/?t=${encodeURIComponent(NEW)}\n`)
    write('src/json.txt', JSON.stringify({ key: PEM }))
    write('src/line.txt', 'x\n  MIICanaryLine0fBase64Text1234567890abcdEFGH\n')
    const { code, out } = await scan('src')
    expect(code).to.equal(1)
    expect(out.split('\n').sort()).to.include.members([
      'src/now.txt:2: token of app/dev',
      'src/before.txt:1: token of app/dev, an earlier value (revision 2)',
      'src/base64.txt:3: token of app/dev',
      'src/url.txt:1: token of app/dev',
      'src/json.txt:1: key of app/dev',
      'src/line.txt:2: key of app/dev',
    ])
    expect(out).to.include('Found secrets in 6 places')
  })

  it('names every place where the secret is, and those where it was when it is nowhere else', async () => {
    await playground.ok('env', 'set', 'app/dev', 'again', NEW, '--secret')
    await playground.withEnvironment('app/prod', `values: {was: {fn::secret: ${JSON.stringify(OLD)}}}\n`)
    write('src/leak.txt', `${NEW}\n${OLD}\n`)
    expect((await scan('src')).out.split('\n').slice(0, 3)).to.deep.equal([
      'src/leak.txt:1: token of app/dev',
      'src/leak.txt:1: again of app/dev',
      'src/leak.txt:2: was of app/prod',
    ])
  })

  it('finds nothing in what only looks like it: short values, plain ones, markers of keys, binary files', async () => {
    write('src/a.txt', 'abc not-a-secret-at-all\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n')
    write('src/b.bin', Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(NEW)]))
    write('src/c.txt', `fine ${NEW} # esc-scan: allow\n`)
    const { code, out } = await scan('src')
    expect([code, out]).to.deep.equal([0, 'No secret of 1 environment found (2 looked at).\n'])
  })

  it('finds what stands across pieces of a large file, at its line', async () => {
    const filler = `${'x'.repeat(99)}\n`.repeat(10_485)
    write('src/large.txt', `${filler}${'y'.repeat(70)}${NEW}\n${filler}${NEW}`)
    const { out } = await scan('src')
    expect(out).to.include('src/large.txt:10486: token').and.include('src/large.txt:20972: token')
    expect(out).to.include('in 2 places')
  })

  it('leaves out what is allowed, and looks for shorter ones when told to', async () => {
    write('src/a.txt', `${NEW}\n`)
    expect((await scan('src', '--allow', 'app/dev:token')).code).to.equal(0)
    expect((await scan('src', '--allow', 'app/dev:other')).code).to.equal(1)
    await playground.ok('env', 'set', 'app/dev', 'pin', 'Zq7x4', '--secret')
    write('src/a.txt', 'Zq7x4\n')
    expect((await scan('src')).code).to.equal(0)
    expect((await scan('src', '--min-length', '5')).out).to.include('src/a.txt:1: pin of app/dev')
    expect((await scan('src', '--min-length', '2')).err).to.include('--min-length 2 is too low')
  })

  it('looks at staged lines and at those of commits, and at no others', async () => {
    git('init', '-q')
    write('.gitignore', 'ignored\n')
    write('ignored', NEW)
    write('odd é "name.txt', `${'a\n'.repeat(5)}`)
    git('add', '-A')
    git('commit', '-qm', 'first')
    expect((await scan()).code).to.equal(0)
    write('odd é "name.txt', `${'a\n'.repeat(5)}b\n++ ${NEW}\n`)
    expect((await scan('--staged')).code).to.equal(0)
    git('add', '-A')
    const staged = await scan('--staged')
    expect([staged.code, staged.out.split('\n')[0]]).to.deep.equal([1, 'odd é "name.txt:7: token of app/dev'])
    git('commit', '-qm', 'second')
    write('odd é "name.txt', 'gone\n')
    git('commit', '-qam', 'third')
    expect((await scan()).code).to.equal(0)
    const commit = git('rev-parse', 'HEAD~1').trim()
    const commits = await scan('--commits', 'HEAD~2..HEAD')
    expect([commits.code, commits.out.split('\n')[0]]).to.deep.equal([
      1,
      `odd é "name.txt:7 in commit ${commit.slice(0, 12)}: token of app/dev`,
    ])
    expect((await scan('--commits', 'HEAD~1..HEAD')).code).to.equal(0)
    expect((await scan('--commits', 'nothing..HEAD')).err).to.include('git cannot tell what has changed')
  })

  it('warns of environments that cannot be opened, and fails when there is no other', async () => {
    const other = { ESC_PASSPHRASE: 'a long passphrase' }
    const made = await playground.run(['env', 'init', 'app/other', '--secrets-provider', 'passphrase'], { env: other })
    expect(made.code, made.err).to.equal(0)
    await playground.run(['env', 'set', 'app/other', 'x', 'canary-other-value', '--secret'], { env: other })
    write('src/a.txt', 'nothing\n')
    const { code, err } = await scan('src')
    expect(code).to.equal(0)
    expect(err).to.include('secrets of app/other were not looked for')
    await playground.ok('env', 'rm', 'app/dev', '--yes')
    const none = await scan('src')
    expect([none.code, none.err.includes('no environment can be opened')]).to.deep.equal([1, true])
  })

  it('prints JSON', async () => {
    write('src/a.txt', `${OLD}\n`)
    const { out } = await scan('src', '--output', 'json')
    expect(JSON.parse(out).findings).to.deep.equal([
      {
        file: 'src/a.txt',
        line: 1,
        secret: { environment: 'app/dev', path: 'token', revision: 2, current: false },
      },
    ])
  })

  it('installs a hook that stops a commit, and replaces none', async () => {
    git('init', '-q')
    const { out, err } = await scan('--install-hook')
    expect(out, err).to.include('pre-commit')
    const hook = join(playground.folder, '.git', 'hooks', 'pre-commit')
    expect(statSync(hook).mode & 0o111).to.equal(0o111)
    // A program that answers as the scan does.
    mkdirSync(join(playground.folder, 'bin'))
    write('bin/esc', '#!/bin/sh\n[ "$*" = "scan --staged" ] && exit 1\n')
    execFileSync('chmod', ['+x', join(playground.folder, 'bin', 'esc')])
    git('add', '-A')
    const env = { PATH: `${join(playground.folder, 'bin')}:${process.env.PATH}`, HOME: playground.folder }
    const words = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-qm', 'x']
    expect(spawnSync('git', words, { cwd: playground.folder, env }).status).to.equal(1)
    expect((await scan('--install-hook')).code).to.equal(0)
    writeFileSync(hook, '#!/bin/sh\n')
    expect((await scan('--install-hook')).err).to.include('is there already')
    expect(readFileSync(hook, 'utf8')).to.equal('#!/bin/sh\n')
  })
})
