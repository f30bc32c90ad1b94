import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Store } from '../../src/store/index.ts'
import { machineProcesses } from '../../src/store/locks/processes.ts'
import { Playground } from '../cli/commands/esc.ts'

const fixture = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'earlier-state')
const rotated = '0e1e415a-408b-43ba-bbae-030183f6a62a'

/**
 * `fixtures/earlier-state` was made by a version that kept the state of the machine in `.esc/` of
 * the store (here `dot-esc`): a rotation of app/dev was killed before its commit, app/other is
 * selected and has a webhook.
 */
describe('a store whose .esc was made by an earlier version', () => {
  let esc: Playground
  beforeEach(() => {
    esc = new Playground()
    cpSync(join(fixture, 'environments'), esc.store, { recursive: true })
    cpSync(join(fixture, 'dot-esc'), earlier(), { recursive: true })
    esc.env.ESC_KEY = readFileSync(join(fixture, 'key.txt'), 'utf8').trim()
    esc.env.ESC_NO_BACKGROUND = '1'
  })
  afterEach(() => esc.remove())

  const earlier = (...names: string[]) => join(esc.store, '.esc', ...names)
  const journal = () => join(esc.machine, 'journal', rotated)
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: esc.folder, encoding: 'utf8' })
  const findings = async () => JSON.parse((await esc.run(['check', '--output', 'json'])).out).findings
  const open = async (name: string) => JSON.parse(await esc.ok('env', 'open', name))
  const world = () => ({
    keys: { env: esc.env, configFolder: esc.env.ESC_CONFIG_HOME!, notify: () => {} },
  })

  /** The credential that the killed rotation has staged. */
  async function staged(): Promise<string> {
    const bytes = readFileSync(join(fixture, 'dot-esc/journal', rotated, '0fc3b79d36069a0f939e244f3f05c6c1.entry'))
    const key = await Store.open(esc.store, world()).environment('app/dev').unlock()
    const id = '0fc3b79d36069a0f939e244f3f05c6c1'
    return Buffer.from(key.decryptRecord(id, bytes.subarray('esc-journal-v1\n'.length))).toString()
  }

  it('has its unfinished rotation finished, with the credential that was staged', async () => {
    expect(await esc.ok('env', 'rotate', 'app/dev', '--resume')).to.contain("New revision '4'")
    const { password } = await open('app/dev')
    expect(await staged()).to.contain(JSON.stringify(password.current))
    expect(readdirSync(journal())).to.deep.equal([])
    expect(await findings()).to.deep.equal([])
  })

  it('is moved by the first command, which says so, and has lost nothing', async () => {
    const { err } = await esc.run(['env', 'ls'])
    expect(err).to.contain(`Moved what this machine keeps about the store from ${earlier()} to ${esc.state}`)
    expect(existsSync(earlier())).to.equal(false)
    expect((await esc.run(['env', 'ls'])).err).to.equal('')
    expect(await esc.ok('status')).to.contain('Selected:     app/other')
    expect(await esc.ok('audit', 'verify')).to.contain('nothing is wrong')
    expect(readdirSync(join(esc.state, 'webhooks/events'))).to.deep.equal(
      readdirSync(join(fixture, 'dot-esc/webhooks/events')),
    )
    const log = readdirSync(join(fixture, 'dot-esc/audit'))[0]!
    const before = readFileSync(join(fixture, 'dot-esc/audit', log), 'utf8')
    expect(readFileSync(join(esc.state, 'audit', log), 'utf8').startsWith(before)).to.equal(true)
  })

  it('is found to be older than what was seen with the earlier version', async () => {
    rmSync(join(esc.store, 'app/other/revisions/3.yaml'))
    const { code, err } = await esc.run(['env', 'open', 'app/other'])
    expect(code).to.equal(1)
    expect(err).to.contain('cut short')
  })

  it('knows no key for good by what the folder says, and is told of one that the folder does not know', async () => {
    const file = earlier('seen', 'a1634349-01e7-404e-ae13-ab5b999b9527.json')
    const memory = JSON.parse(readFileSync(file, 'utf8'))
    const [own] = memory.keys
    writeFileSync(file, JSON.stringify({ ...memory, keys: [own, 'sha256:attacker'] }))
    await open('app/other')
    const kept = JSON.parse(readFileSync(join(esc.state, 'seen', 'a1634349-01e7-404e-ae13-ab5b999b9527.json'), 'utf8'))
    expect(kept.keys).to.deep.equal([own])
    expect(JSON.stringify(kept)).to.not.contain('attacker')
    // Somebody else's memory.
    mkdirSync(earlier('seen'), { recursive: true })
    rmSync(esc.machine, { recursive: true })
    writeFileSync(file, JSON.stringify({ ...memory, sightings: {}, keys: ['sha256:attacker'] }))
    const { err } = await esc.run(['env', 'open', 'app/other'])
    expect(err).to.contain('another data key than this machine has seen')
  })

  it('adds nothing to what this machine already knows', async () => {
    await open('app/other')
    const file = join(esc.state, 'seen', 'a1634349-01e7-404e-ae13-ab5b999b9527.json')
    const before = readFileSync(file, 'utf8')
    mkdirSync(earlier('seen'), { recursive: true })
    writeFileSync(
      earlier('seen', 'a1634349-01e7-404e-ae13-ab5b999b9527.json'),
      JSON.stringify({ version: 1, sightings: {}, keys: ['sha256:attacker'] }),
    )
    await open('app/other')
    expect(readFileSync(file, 'utf8')).to.equal(before)
    expect(existsSync(earlier())).to.equal(false)
  })

  it('has nothing in it that could choose a path moved', async () => {
    mkdirSync(earlier('webhooks', 'pending'))
    const delivery = { id: 'dlv-1', environment: { id: '../../../evil', name: 'app/other' }, webhook: 'hook-1' }
    writeFileSync(earlier('webhooks', 'pending', 'dlv-1.json'), JSON.stringify(delivery))
    writeFileSync(
      earlier('seen', 'audit+beside.json'),
      JSON.stringify({ version: 1, log: '../../../evil', file: '', size: 0, sequence: 0, digest: '' }),
    )
    await open('app/other')
    expect(existsSync(join(esc.state, 'webhooks/pending'))).to.equal(false)
    const found = (await findings()).find(({ kind }: { kind: string }) => kind === 'earlier_state')
    expect(found).to.include({ severity: 'warning', file: 'environments/.esc' })
    expect(readdirSync(esc.folder, { recursive: true }).filter((name) => String(name).includes('evil'))).to.deep.equal(
      [],
    )
  })

  it('is left to an earlier version that is still at work with it', async () => {
    mkdirSync(earlier('locks'))
    const holder = { ...machineProcesses.self(), token: 'a'.repeat(24), purpose: 'rotate', since: '2026' }
    const lock = earlier('locks', 'environment+app+dev.lock')
    writeFileSync(lock, JSON.stringify(holder))
    expect((await open('app/other')).region).to.equal('eu')
    const { code, err } = await esc.run(['env', 'rotate', 'app/dev'])
    expect(code).to.equal(1)
    expect(err).to.contain('in use by an earlier version of esc').and.contain(lock)
    expect(existsSync(earlier('journal', rotated))).to.equal(true)
    const left = (await findings()).find(({ kind }: { kind: string }) => kind === 'earlier_state')
    expect(left.problem).to.contain(lock)
    writeFileSync(lock, JSON.stringify({ ...holder, started: '1', pid: 1 }))
    await esc.ok('env', 'rotate', 'app/dev', '--resume')
    expect(existsSync(earlier())).to.equal(false)
  })

  it('is not used once git tracks it, whatever it says, and check says what to do', async () => {
    git('init', '--quiet')
    git('add', '--force', 'environments')
    git('commit', '--quiet', '-m', 'all of it')
    expect((await open('app/other')).region).to.equal('eu')
    expect(await esc.ok('status'))
      .to.contain('Selected:     none')
      .and.not.contain('Unfinished')
    const rotation = await esc.run(['env', 'rotate', 'app/dev'])
    expect(rotation.err).to.contain('is tracked by git').and.contain('1 journal entry')
    expect(readdirSync(journal())).to.deep.equal([])
    const found = (await findings()).filter(({ kind }: { kind: string }) => kind === 'committed_state')
    expect(found).to.have.length(1)
    expect(found[0]).to.include({ severity: 'error' })
    expect(found[0].remedy).to.contain('git rm -r --cached')
    expect(readdirSync(esc.state)).to.include('esc-from-git').and.not.include('selected')
    // What is left in the folder has come from git, and only the data key can vouch for any of it.
    git('rm', '--quiet', '-r', '--cached', 'environments/.esc')
    git('commit', '--quiet', '-m', 'without it')
    expect(await esc.ok('status')).to.contain('Selected:     none')
    const theirs = readdirSync(join(fixture, 'dot-esc/webhooks/events'))
    expect(readdirSync(join(esc.state, 'webhooks/events'))).to.not.include.members(theirs.slice(0, 1))
    rmSync(earlier(), { recursive: true })
    expect((await findings()).filter(({ severity }: { severity: string }) => severity === 'error')).to.deep.equal([])
  })

  it('is not followed as a link, nor taken for a folder as a file, and check names both', async () => {
    const elsewhere = join(esc.folder, 'elsewhere')
    renameSync(earlier(), elsewhere)
    symlinkSync(elsewhere, earlier())
    for (const make of [() => {}, () => [rmSync(earlier()), writeFileSync(earlier(), 'x')]]) {
      make()
      expect((await open('app/other')).region).to.equal('eu')
      expect(await esc.ok('status')).to.contain('Selected:     none')
      const found = (await findings()).filter(({ severity }: { severity: string }) => severity === 'error')
      expect(found.map(({ kind, file }: { kind: string; file: string }) => [kind, file])).to.deep.equal([
        ['committed_state', 'environments/.esc'],
      ])
    }
    expect(readdirSync(join(elsewhere, 'journal', rotated))).to.have.length(1)
  })

  it('is found in git under a name that differs in case alone', async () => {
    rmSync(earlier(), { recursive: true })
    mkdirSync(join(esc.store, '.ESC'))
    writeFileSync(join(esc.store, '.ESC', 'selected'), 'app/dev\n')
    git('init', '--quiet')
    git('add', '--force', 'environments')
    git('commit', '--quiet', '-m', 'all of it')
    const found = (await findings()).filter(({ kind }: { kind: string }) => kind === 'committed_state')
    expect(found).to.have.length(1)
    expect(found[0].problem).to.contain('.ESC')
    expect(await esc.ok('status')).to.contain('Selected:     none')
  })

  it('keeps an entry that is not of this key where it can be seen, and rotates all the same with a key that opens', async () => {
    await open('app/other')
    const entry = join(journal(), readdirSync(journal())[0]!)
    const bytes = readFileSync(entry)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(entry, bytes)
    const { code, err } = await esc.run(['env', 'rotate', 'app/dev'])
    expect(code).to.equal(1)
    expect(err).to.contain(entry)
    // Of a store that nobody knows, it stands in nobody's way.
    const other = join(journal(), `0fc3b79d36069a0f939e244f3f05c6c1.${'0'.repeat(32)}.entry`)
    renameSync(entry, other)
    const ran = await esc.run(['env', 'rotate', 'app/dev', '--force'])
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.err).to.contain(`${other} is a journal entry`)
    expect(readdirSync(journal())).to.deep.equal([other.slice(journal().length + 1)])
    expect((await findings()).map(({ kind }: { kind: string }) => kind)).to.deep.equal(['foreign_journal'])
  })
})
