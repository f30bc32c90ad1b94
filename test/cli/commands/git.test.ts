import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

/** A playground that is a git work tree. */
class Repository extends Playground {
  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  tryGit(...args: string[]): boolean {
    try {
      this.git(...args)
      return true
    } catch {
      return false
    }
  }

  async start(definition: string): Promise<void> {
    this.git('init', '--quiet', '--initial-branch', 'main')
    writeFileSync(join(this.folder, '.gitignore'), 'config/\ntmp/\n')
    await this.withEnvironment('app/dev', definition)
    this.commitAll('base')
  }

  commitAll(message: string): void {
    this.git('add', '--all')
    this.git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '--message', message)
  }
}

const DEFINITION = `values:
  # where
  region: eu-west-1
  token: {fn::secret: hunter2-hunter2}

  # how much
  size: 1
`

describe('a store in git', () => {
  let repository: Repository
  const definition = () => readFileSync(join(repository.store, 'app', 'dev', 'environment.yaml'), 'utf8')

  beforeEach(async () => {
    repository = new Repository()
    await repository.start(DEFINITION)
    repository.git('config', 'user.name', 'Grace Hopper')
    repository.git('config', 'user.email', 'grace@example.com')
  })
  afterEach(() => repository.remove())

  it('commits also where somebody looks on, and a line says that it takes its time', async () => {
    const { code, err } = await repository.run(['env', 'set', 'app/dev', 'size', '2', '--commit'], {
      io: { stderrIsTerminal: true },
    })
    expect(code, err).to.equal(0)
    expect(repository.git('log', '--format=%s').split('\n')[0]).to.not.equal('base')
    expect(repository.git('status', '--porcelain')).to.equal('')
  })

  /**
   * Both branches change `app/dev`, and main merges the other. Returns whether git managed alone.
   */
  async function merge(ours: readonly string[], theirs: readonly string[]): Promise<boolean> {
    repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.ok(...theirs)
    repository.commitAll('theirs')
    repository.git('checkout', '--quiet', 'main')
    await repository.ok(...ours)
    repository.commitAll('ours')
    return repository.tryGit('merge', '--quiet', '--no-edit', 'feature')
  }

  describe('after two branches have edited different keys', () => {
    it('is led by the messages to one good revision with both edits', async () => {
      const ciphertext = /ciphertext: ([^\s}]+)/.exec(definition())?.[1] as string
      const edit = (path: string, value: string) => ['env', 'set', 'app/dev', path, value]
      expect(await merge(edit('region', 'us-east-1'), edit('size', '2'))).to.equal(false)

      // Whatever one tries says what is wrong; check says what to do.
      const opened = await repository.run(['open', 'app/dev'])
      expect(opened.code).to.equal(1)
      expect(opened.err + (await repository.run(['env', 'set', 'app/dev', 'a', '1'])).err).to.match(/merge|conflict/)
      const found = await repository.run(['check'])
      expect(found.code).to.equal(1)
      expect(found.out).to.match(/^error: environment 'app\/dev' is in the middle of a git merge/)
      const remedy = /remedy: put the revisions .* with "esc ([^"]+)"/.exec(found.out)?.[1] as string
      expect(remedy).to.equal('env renumber app/dev')

      const renumbered = await repository.run(remedy.split(' '))
      expect(renumbered.err).to.equal('')
      expect(renumbered.out).to.equal(`Environment 'app/dev' has one history again; its newest revision is 5.
  their revisions: 3 is now 4
  both changes of the definition were put together
Finish with "git commit".
`)
      repository.git('commit', '--quiet', '--no-edit')

      expect(await repository.ok('check')).to.match(/^Checked 1 environment, 5 revisions: nothing is wrong\.\n/)
      expect(repository.git('status', '--porcelain')).to.equal('')
      expect(JSON.parse(await repository.ok('open', 'app/dev'))).to.deep.equal({
        region: 'us-east-1',
        size: 2,
        token: 'hunter2-hunter2',
      })
      expect(definition()).to.equal(
        DEFINITION.replace('eu-west-1', 'us-east-1')
          .replace('size: 1', 'size: 2')
          .replace('fn::secret: hunter2-hunter2', `fn::secret: {ciphertext: ${ciphertext}}`),
      )
      expect(await repository.ok('env', 'set', 'app/dev', 'size', '3')).to.equal('')
    })

    it('puts all environments in conflict in order at once, and finds none afterwards', async () => {
      await merge(['env', 'set', 'app/dev', 'region', 'x'], ['env', 'set', 'app/dev', 'size', '2'])
      expect(await repository.ok('env', 'renumber')).to.match(/^Environment 'app\/dev' has one history again/)
      expect(await repository.ok('env', 'renumber')).to.equal('No environment is in conflict.\n')
    })
  })

  describe('after two branches have edited one key', () => {
    it('asks for environment.yaml, and encrypts what was written there', async () => {
      await merge(['env', 'set', 'app/dev', 'size', '2'], ['env', 'set', 'app/dev', 'size', '3'])
      const stuck = await repository.run(['env', 'renumber', 'app/dev'])
      expect(stuck.code).to.equal(1)
      expect(stuck.err).to.match(
        /^Error: both sides changed values\.size in environment 'app\/dev'\nhint: resolve .*environment\.yaml.*again\n/,
      )
      const resolved = 'values:\n  size: 4\n  token: {fn::secret: typed-by-hand}\n'
      writeFileSync(join(repository.store, 'app', 'dev', 'environment.yaml'), 'values: {size: "${nothing}"}\n')
      expect((await repository.run(['env', 'renumber', 'app/dev'])).err).to.match(/unknown property "nothing"/)
      writeFileSync(join(repository.store, 'app', 'dev', 'environment.yaml'), resolved)
      await repository.ok('env', 'renumber', 'app/dev')
      repository.git('commit', '--quiet', '--no-edit')
      expect(JSON.parse(await repository.ok('open', 'app/dev'))).to.deep.equal({ size: 4, token: 'typed-by-hand' })
      expect(repository.tryGit('grep', '-q', '-e', 'typed-by-hand', 'HEAD')).to.equal(false)
      expect(repository.tryGit('grep', '-q', '-e', 'ciphertext', 'HEAD')).to.equal(true)
    })
  })

  it('keeps a hand edit with a secret in clear out of the history, with a hook', async () => {
    const file = join(repository.store, 'app', 'dev', 'environment.yaml')
    appendFileSync(file, '  key: {fn::secret: in-the-clear}\n')
    const found = await repository.run(['check', '--without-keys'])
    expect(found.code).to.equal(1)
    expect(found.out).to.match(/remedy: save the edit with "esc env save app\/dev"/)
    await repository.ok('env', 'save', 'app/dev')
    expect((await repository.run(['check', '--without-keys'])).code).to.equal(0)
    expect(definition()).to.not.include('in-the-clear')
  })

  it('takes one side of a merge whole where nobody has the key', async () => {
    await repository.ok('env', 'set', 'app/dev', 'size', '5')
    repository.commitAll('one more')
    await merge(['env', 'set', 'app/dev', 'size', '2'], ['env', 'set', 'app/dev', 'size', '3'])
    repository.git('restore', '--source=MERGE_HEAD', '--staged', '--worktree', '--', 'environments/app/dev')
    repository.git('commit', '--quiet', '--no-edit')
    // This machine has seen the other side on this branch, and says so.
    expect((await repository.run(['open', 'app/dev'])).err).to.match(/is not the one this machine has seen before/)
    rmSync(repository.state, { recursive: true })
    expect(await repository.ok('open', 'app/dev', 'size')).to.equal('3\n')
    expect((await repository.run(['check'])).code).to.equal(0)
  })

  describe('with --commit', () => {
    const log = () => repository.git('log', '-1', '--format=%an <%ae>%n%B').trim()
    const files = () => repository.git('show', '--format=', '--name-only', 'HEAD').trim().split('\n')

    it('commits what the command has changed, and nothing else', async () => {
      writeFileSync(join(repository.folder, 'README'), 'staged by the user\n')
      repository.git('add', 'README')
      await repository.ok('env', 'set', 'app/dev', 'password', 'hunter3-hunter3', '--secret', '--commit')
      expect(log()).to.equal('Ada Lovelace <ada@example.com>\nesc env set app/dev\n\napp/dev: revision 3')
      expect(files()).to.deep.equal(['environments/app/dev/environment.yaml', 'environments/app/dev/revisions/3.yaml'])
      expect(repository.git('status', '--porcelain').trim()).to.equal('A  README')
    })

    it('commits by itself where esc.yaml says so, unless told otherwise', async () => {
      appendFileSync(join(repository.store, 'esc.yaml'), 'git: {commit: true}\n')
      repository.commitAll('automatic')
      await repository.ok('env', 'init', 'app/new', '--copy-config-from', 'app/dev')
      expect(log()).to.match(/^Ada .*\nesc env init app\/new\n\napp\/new: revision 2$/)
      await repository.ok('env', 'rm', 'app/new', '--yes')
      expect(log()).to.match(/esc env rm app\/new\n\napp\/new: removed$/)
      await repository.ok('env', 'change-secrets-provider', '--all', 'default')
      expect(log()).to.match(/esc env change-secrets-provider app\/dev\n\napp\/dev: revision 2$/)
      expect(repository.git('status', '--porcelain')).to.equal('')
      await repository.ok('env', 'set', 'app/dev', 'size', '9', '--commit=false')
      expect(log()).to.match(/change-secrets-provider/)
      expect(repository.git('status', '--porcelain')).to.not.equal('')
    })

    it('commits what a rotation saved, also when some of it failed', async () => {
      const database = '{host: 127.0.0.1, port: 1, database: d, managingUser: {username: u, password: p}}'
      const inputs = `{database: ${database}, rotateUsers: {username1: a, username2: b}}`
      await repository.withEnvironment(
        'app/rotated',
        `values:\n  good: {fn::rotate::password: {inputs: {length: 20}}}\n  bad: {fn::rotate::postgres: {inputs: ${inputs}}}\n`,
      )
      const ran = await repository.run(['env', 'rotate', 'app/rotated', '--commit'])
      expect(ran.code, ran.err).to.equal(3)
      expect(log()).to.match(/esc env rotate app\/rotated\n\napp\/rotated: revision 3$/)
      expect(files()).to.include('environments/app/rotated/events/rotations.jsonl')
      expect(repository.git('status', '--porcelain', '--', 'environments/app/rotated/revisions/3.yaml')).to.equal('')
    })

    it('fails when git does, once the change is safe', async () => {
      writeFileSync(
        join(repository.folder, '.git', 'hooks', 'pre-commit'),
        '#!/bin/sh\necho "not today" >&2\nexit 1\n',
        {
          mode: 0o755,
        },
      )
      const ran = await repository.run(['env', 'set', 'app/dev', 'size', '7', '--commit'])
      expect(ran.code).to.equal(1)
      expect(ran.err).to.equal(
        'Error: the change was saved, but not committed to git: not today\n' +
          `hint: ${/hint: (.*)\n/.exec(ran.err)?.[1]}\n`,
      )
      expect(await repository.ok('open', 'app/dev', 'size')).to.equal('7\n')
    })
  })
})
