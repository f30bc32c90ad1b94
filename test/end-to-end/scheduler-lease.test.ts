import { type ChildProcess, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type Ended, ended, Program } from './program.ts'

const clock = fileURLToPath(new URL('clock-ahead.cjs', import.meta.url))
const leaseRef = 'refs/esc/scheduler-lease'
const dayMs = 86_400_000

describe('schedules on two machines with one git remote', function () {
  this.timeout(120_000)
  let folder: string
  let remote: string
  let program: Program
  let days: number

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    days = 1
    folder = mkdtempSync(join(tmpdir(), 'esc-lease-'))
    remote = join(folder, 'remote.git')
    program = new Program()
    git(folder, 'init', '--quiet', '--bare', '--initial-branch', 'main', remote)
    git(folder, 'clone', '--quiet', remote, 'a')
    await esc('a', 'init')
    append('a', 'scheduler: {lease: {remote: origin}}\n')
    for (const name of ['rotators/one', 'rotators/two']) {
      writeFileSync(
        join(folder, 'definition.yaml'),
        'values: {admin: {fn::rotate::password: {inputs: {length: 20}}}}\n',
      )
      await esc('a', 'env', 'init', name, '--file', join(folder, 'definition.yaml'))
      await esc('a', 'env', 'schedule', 'new', name, '--cron', '0 3 * * *')
    }
    commit('a', 'a store')
    git(join(folder, 'a'), 'push', '--quiet', 'origin', 'HEAD:main')
    git(folder, 'clone', '--quiet', remote, 'b')
  })
  afterEach(() => {
    program?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const append = (clone: string, text: string) => {
    const file = join(folder, clone, 'environments', 'esc.yaml')
    writeFileSync(file, readFileSync(file, 'utf8') + text)
  }
  const commit = (clone: string, message: string) => {
    git(join(folder, clone), 'add', '--all')
    git(join(folder, clone), 'commit', '--quiet', '-m', message)
  }
  const start = (clone: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess =>
    program.start([...words, '--store', join(folder, clone, 'environments')], env)
  const esc = async (clone: string, ...words: string[]): Promise<Ended> => {
    const target =
      words[0] === 'init'
        ? ['init', join(folder, clone, 'environments')]
        : [...words, '--store', join(folder, clone, 'environments')]
    const ran = await program.esc(target)
    expect(ran.code, `${words.join(' ')}: ${ran.out}${ran.err}`).to.equal(0)
    return ran
  }
  /** A tick in the clone's own time, `days` from now. */
  const tick = async (clone: string, env: Readonly<Record<string, string>> = {}) => {
    const later = { NODE_OPTIONS: `--require ${clock}`, ESC_TEST_CLOCK_AHEAD_MS: String(days * dayMs), ...env }
    const ran = await ended(start(clone, ['scheduler', 'tick', '--output', 'json'], later))
    return { code: ran.code, err: ran.err, signal: ran.signal, ...(ran.out ? JSON.parse(ran.out) : {}) }
  }
  /** Runs that the remote has, by environment: how many revisions each instant has. */
  const rotated = (name: string): Record<string, number> => {
    const counts: Record<string, number> = {}
    const files = git(remote, 'ls-tree', '--name-only', 'main', `environments/${name}/revisions/`).trim().split('\n')
    for (const file of files) {
      const due = /^due: "(.*)"$/m.exec(git(remote, 'show', `main:${file}`))?.[1]
      if (due !== undefined) counts[due] = (counts[due] ?? 0) + 1
    }
    return counts
  }
  const leases = () => git(remote, 'for-each-ref', leaseRef).trim()

  it('rotates each environment once when both look at the same time, and what was rotated is at the remote', async () => {
    for (let round = 1; round <= 3; round++) {
      days = round
      const both = await Promise.all([tick('a'), tick('b')])
      for (const each of both) expect(each.code, JSON.stringify(each)).to.equal(0)
      const runs = both.flatMap((each) => each.runs)
      expect(
        runs.map(({ environment }: { environment: string }) => environment).sort(),
        JSON.stringify(both),
      ).to.deep.equal(['rotators/one', 'rotators/two'])
      for (const name of ['rotators/one', 'rotators/two']) {
        expect(Object.values(rotated(name))).to.deep.equal(Array.from({ length: round }, () => 1))
      }
      expect(leases()).to.equal('')
    }
    const after = [await tick('a'), await tick('b')]
    for (const each of after) expect(each).to.deep.include({ code: 0, runs: [], problems: [] })
    expect(git(join(folder, 'a'), 'rev-parse', 'HEAD')).to.equal(git(join(folder, 'b'), 'rev-parse', 'HEAD'))
    const values = await Promise.all(['a', 'b'].map((clone) => esc(clone, 'open', 'rotators/one')))
    expect(values[0]?.out).to.equal(values[1]?.out)
  })

  it('leaves it to the holder of a lease, and takes over one that has run out', async () => {
    const holder = (expires: string) => {
      const tree = git(remote, 'hash-object', '-t', 'tree', '-w', '/dev/null').trim()
      const text = JSON.stringify({
        token: 'x',
        process: { pid: 7, host: 'elsewhere' },
        since: '2026-01-01T00:00:00Z',
        expires,
      })
      git(remote, 'update-ref', leaseRef, git(remote, 'commit-tree', tree, '-m', `lease\n\n${text}`).trim())
    }
    holder(new Date(Date.now() + 2 * dayMs).toISOString())
    const waiting = await tick('a')
    expect(waiting).to.deep.include({ code: 0, runs: [] })
    expect(waiting.heldBy).to.include('process 7 on elsewhere')
    holder(new Date(Date.now() + dayMs - 1000).toISOString())
    expect((await tick('a')).runs).to.have.length(2)
    expect(leases()).to.equal('')
  })

  it('takes over from a process of this machine that was killed, and pushes what that had rotated', async () => {
    const killed = await tick('a', {
      NODE_OPTIONS: `--require ${clock} --require ${fileURLToPath(new URL('kill-at-revision.cjs', import.meta.url))}`,
    })
    expect(killed.signal).to.equal('SIGKILL')
    expect(leases()).to.not.equal('')
    expect(Object.keys({ ...rotated('rotators/one'), ...rotated('rotators/two') })).to.deep.equal([])
    const next = await tick('a')
    expect(next.code, JSON.stringify(next)).to.equal(0)
    expect(next.runs.map(({ result }: { result: string }) => result))
      .to.include('recovered')
      .and.include('succeeded')
    for (const name of ['rotators/one', 'rotators/two']) expect(Object.values(rotated(name))).to.deep.equal([1])
    expect((await tick('b')).runs).to.deep.equal([])
    expect(git(join(folder, 'a'), 'status', '--porcelain', 'environments')).to.equal('')
  })

  it('merges what others have pushed meanwhile, and goes on', async () => {
    await esc('b', 'env', 'tag', 'rotators/two', 'owner', 'platform')
    commit('b', 'a tag')
    git(join(folder, 'b'), 'push', '--quiet', 'origin', 'HEAD:main')
    expect((await tick('a')).runs).to.have.length(2)
    expect(await esc('a', 'env', 'tag', 'ls', 'rotators/two'))
      .to.have.property('out')
      .that.includes('platform')
    expect((await tick('b')).runs).to.deep.equal([])
  })

  it('rotates nothing when both have changed an environment, and says what to do', async () => {
    for (const clone of ['a', 'b']) {
      await esc(clone, 'env', 'set', 'rotators/one', 'x', clone)
      commit(clone, clone)
    }
    git(join(folder, 'b'), 'push', '--quiet', 'origin', 'HEAD:main')
    const ran = await tick('a')
    expect(ran.code).to.equal(1)
    expect(ran.error.message).to.include('cannot be merged')
    expect(ran.error.hint).to.include('git pull').and.include('esc env renumber')
    expect(git(join(folder, 'a'), 'status', '--porcelain', 'environments')).to.equal('')
    expect(leases()).to.equal('')
  })

  it('refuses when the remote cannot be reached, unless told to go on', async () => {
    renameSync(remote, `${remote}.away`)
    const refused = await tick('a')
    expect(refused.code).to.equal(1)
    expect(refused.error.message)
      .to.include("cannot fetch 'main' from the git remote 'origin'")
      .and.include('nothing was rotated')
    append('a', '')
    const file = join(folder, 'a', 'environments', 'esc.yaml')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('remote: origin', 'remote: origin, whenUnreachable: proceed'),
    )
    const alone = await tick('a')
    expect(alone.runs).to.have.length(2)
    expect(alone.problems.join()).to.include('going on without the lease').and.include('not pushed')
    renameSync(`${remote}.away`, remote)
    git(join(folder, 'a'), 'checkout', '--quiet', 'environments/esc.yaml')
    expect(await tick('a')).to.deep.include({ code: 0, runs: [] })
    expect(Object.values(rotated('rotators/one'))).to.deep.equal([1])
  })
})
