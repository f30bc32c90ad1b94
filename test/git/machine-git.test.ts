import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { complaint, type GitOptions, machineGit } from '../../src/git/index.ts'
import { embedBareRepository, HostileRepository } from './hostile-repository.ts'

interface Attack {
  readonly title: string
  /** What plain git runs the attacker's program on. */
  readonly command: readonly string[]
  readonly input?: string
  prepare(repository: HostileRepository): void
  /** Runs before each of the two commands. */
  again?(repository: HostileRepository): void
}

const set =
  (...settings: readonly (readonly [string, string])[]) =>
  (repository: HostileRepository) => {
    for (const [key, value] of settings) repository.git('config', key, value.replaceAll('RUN', repository.script))
  }

const touchStore = (repository: HostileRepository) => repository.write('environments/a.yaml', `a: ${Math.random()}\n`)
const add = ['add', '--all', '--', '.']
const commit = ['commit', '--quiet', '--message', 'x', '--', 'a.yaml']

const attacks: readonly Attack[] = [
  { title: 'core.fsmonitor', command: ['status'], prepare: set(['core.fsmonitor', 'RUN']) },
  {
    title: 'a clean filter',
    command: add,
    prepare: (repository) => {
      set(['filter.evil.clean', 'RUN'])(repository)
      repository.write('.gitattributes', '* filter=evil\n')
    },
    again: touchStore,
  },
  {
    title: 'a filter process',
    command: add,
    prepare: (repository) => {
      set(['filter.evil.process', 'RUN'])(repository)
      repository.write('.gitattributes', '* filter=evil\n')
    },
    again: touchStore,
  },
  {
    title: 'a filter that is a shell, whose script is the content',
    command: add,
    prepare: (repository) => {
      set(['filter.evil.clean', 'sh'])(repository)
      repository.write('.gitattributes', '*.yaml filter=evil\n')
    },
    again: (repository) =>
      repository.write('environments/a.yaml', `echo ran > '${repository.marker}' # ${Math.random()}\n`),
  },
  {
    title: 'a smudge filter',
    command: ['checkout', '--force', 'HEAD', '--', 'a.yaml'],
    prepare: (repository) => {
      set(['filter.evil.smudge', 'RUN'])(repository)
      repository.write('.gitattributes', '* filter=evil\n')
    },
    again: touchStore,
  },
  {
    title: 'hooks in the work tree',
    command: commit,
    prepare: (repository) => {
      repository.program('hooks/pre-commit')
      set(['core.hooksPath', 'hooks'])(repository)
    },
    again: touchStore,
  },
  {
    title: 'hooks that nobody asked for',
    command: ['status'],
    prepare: (repository) => repository.program('.git/hooks/post-index-change'),
    again: (repository) => repository.write('environments/a.yaml', 'a: 1\n'),
  },
  { title: 'core.sshCommand', command: ['fetch', 'ssh://localhost/x'], prepare: set(['core.sshCommand', 'RUN']) },
  {
    title: 'remote.*.uploadpack',
    command: ['fetch', 'there'],
    prepare: (repository) => {
      repository.git('init', '--quiet', '--bare', join(repository.root, 'there.git'))
      set(['remote.there.url', join(repository.root, 'there.git')], ['remote.there.uploadpack', 'RUN'])(repository)
    },
  },
  {
    title: 'remote.*.receivepack',
    command: ['push', 'there', 'HEAD:refs/heads/main'],
    prepare: (repository) => {
      repository.git('init', '--quiet', '--bare', join(repository.root, 'there.git'))
      set(['remote.there.url', join(repository.root, 'there.git')], ['remote.there.receivepack', 'RUN'])(repository)
    },
  },
  {
    title: 'a remote of protocol ext, which the repository allows itself',
    command: ['fetch', 'there'],
    prepare: set(['remote.there.url', 'ext::RUN'], ['protocol.ext.allow', 'always']),
  },
  {
    title: 'a remote inside the work tree',
    command: ['push', 'there', 'HEAD:refs/heads/new'],
    prepare: (repository) => {
      repository.git('init', '--quiet', '--bare', join(repository.store, 'there.git'))
      repository.program('environments/there.git/hooks/pre-receive')
      set(['remote.there.url', './environments/there.git'])(repository)
    },
    again: (repository) => repository.plainGit(['push', 'there', ':refs/heads/new']) && repository.ran(),
  },
  { title: 'core.gitProxy', command: ['fetch', 'git://localhost/x'], prepare: set(['core.gitProxy', 'RUN']) },
  {
    title: 'gpg.program',
    command: commit,
    prepare: set(['gpg.program', 'RUN'], ['commit.gpgSign', 'true']),
    again: touchStore,
  },
  {
    title: 'gpg.openpgp.program',
    command: commit,
    prepare: set(['gpg.openpgp.program', 'RUN'], ['commit.gpgSign', 'true']),
    again: touchStore,
  },
  {
    title: 'gpg.ssh.defaultKeyCommand',
    command: commit,
    prepare: set(['gpg.format', 'ssh'], ['gpg.ssh.defaultKeyCommand', 'RUN'], ['commit.gpgSign', 'true']),
    again: touchStore,
  },
  {
    title: 'gpg.ssh.program',
    command: commit,
    prepare: set(
      ['gpg.format', 'ssh'],
      ['gpg.ssh.program', 'RUN'],
      ['user.signingKey', '/dev/null'],
      ['commit.gpgSign', 'true'],
    ),
    again: touchStore,
  },
  {
    title: 'credential.helper',
    command: ['credential', 'fill'],
    input: 'protocol=https\nhost=example.com\n\n',
    prepare: set(['credential.helper', '!RUN'], ['core.askPass', '/bin/true']),
  },
  {
    title: 'credential.<url>.helper',
    command: ['credential', 'fill'],
    input: 'protocol=https\nhost=example.com\n\n',
    prepare: set(['credential.https://example.com.helper', '!RUN'], ['core.askPass', '/bin/true']),
  },
  {
    title: 'core.askPass',
    command: ['credential', 'fill'],
    input: 'protocol=https\nhost=example.com\n\n',
    prepare: set(['core.askPass', 'RUN']),
  },
  {
    title: 'a merge driver',
    command: ['merge', '--no-edit', 'theirs'],
    prepare: (repository) => {
      set(['merge.evil.driver', 'RUN'])(repository)
      repository.write('.gitattributes', '* merge=evil\n')
      repository.git('checkout', '--quiet', '-b', 'theirs')
      repository.write('environments/a.yaml', 'a: 2\n')
      repository.git('commit', '--quiet', '--all', '--message', 'theirs')
      repository.git('checkout', '--quiet', 'main')
      repository.write('environments/a.yaml', 'a: 3\n')
      repository.git('commit', '--quiet', '--all', '--message', 'ours')
    },
    again: (repository) => repository.plainGit(['merge', '--abort']),
  },
  {
    title: 'the driver of a merge that git has built in',
    command: ['merge', '--no-edit', 'theirs'],
    prepare: (repository) => {
      set(['merge.union.driver', 'RUN'])(repository)
      repository.write('.gitattributes', '* merge=union\n')
      repository.git('checkout', '--quiet', '-b', 'theirs')
      repository.write('environments/a.yaml', 'a: 2\n')
      repository.git('commit', '--quiet', '--all', '--message', 'theirs')
      repository.git('checkout', '--quiet', 'main')
      repository.write('environments/a.yaml', 'a: 3\n')
      repository.git('commit', '--quiet', '--all', '--message', 'ours')
    },
    again: (repository) => repository.plainGit(['merge', '--abort']),
  },
  {
    title: 'an external diff',
    command: ['log', '-1', '--patch', '--ext-diff'],
    prepare: set(['diff.external', 'RUN']),
  },
  {
    title: 'a text conversion',
    command: ['log', '-1', '--patch'],
    prepare: (repository) => {
      set(['diff.evil.textconv', 'RUN'])(repository)
      repository.write('.gitattributes', '* diff=evil\n')
    },
  },
  {
    title: 'core.editor',
    command: ['commit', '--allow-empty'],
    prepare: set(['core.editor', 'RUN']),
  },
  {
    title: 'a file that the configuration includes',
    command: ['status'],
    prepare: (repository) => {
      repository.write('shared.conf', `[core]\n\tfsmonitor = ${repository.script}\n`)
      set(['include.path', '../shared.conf'])(repository)
    },
  },
  {
    title: 'a file that is included on a branch that the command itself makes',
    command: ['worktree', 'add', '--quiet', '-b', 'draft', '../../tree', 'HEAD'],
    prepare: (repository) => {
      repository.write('shared.conf', `[filter "evil"]\n\tsmudge = ${repository.script}\n`)
      repository.write('.gitattributes', '* filter=evil\n')
      repository.git('add', '--all')
      repository.git('commit', '--quiet', '--message', 'attributes')
      set(['includeIf.onbranch:draft.path', '../shared.conf'])(repository)
    },
    again: (repository) => {
      repository.plainGit(['worktree', 'remove', '--force', '../../tree'])
      repository.plainGit(['branch', '--delete', '--force', 'draft'])
    },
  },
  {
    title: 'the configuration of one work tree',
    command: ['status'],
    prepare: (repository) => {
      set(['extensions.worktreeConfig', 'true'])(repository)
      repository.git('config', '--worktree', 'core.fsmonitor', repository.script)
    },
  },
]

describe('git in a repository of somebody else', function () {
  this.timeout(60_000)
  let repository: HostileRepository
  beforeEach(() => {
    repository = new HostileRepository()
  })
  afterEach(() => repository.remove())

  const git = (args: readonly string[], options: Partial<GitOptions> = {}) =>
    machineGit(args, { cwd: repository.store, ...options })

  describe('runs no program that is asked for by', () => {
    for (const { title, command, input, prepare, again } of attacks) {
      it(title, async () => {
        prepare(repository)
        repository.ran()
        again?.(repository)
        await git(command, { input })
        expect(repository.ran(), 'through esc').to.equal(false)
        again?.(repository)
        repository.ran()
        const said = repository.plainGit(command, input)
        expect(repository.ran(), `plain git: the attack works no more (${said})`).to.equal(true)
      })
    }
  })

  it('takes no folder for a repository but one with a .git', async () => {
    const bare = `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = "."\n\tfsmonitor = ${repository.script}\n`
    embedBareRepository(repository.store, bare)
    repository.git('add', '--all')
    repository.git('commit', '--quiet', '--message', 'a bare repository as content')
    const top = await git(['rev-parse', '--show-toplevel'])
    expect(top.stdout.toString().trim()).to.equal(repository.folder)
    await git(['status'])
    expect(repository.ran()).to.equal(false)
    repository.plainGit(['status'])
    expect(repository.ran(), 'plain git: the attack works no more').to.equal(true)
    // Also where nothing above is one.
    embedBareRepository(join(repository.root, 'alone'), bare)
    const alone = await git(['status'], { cwd: join(repository.root, 'alone') })
    expect(complaint(alone)).to.contain('not a git repository')
    expect(repository.ran()).to.equal(false)
  })

  it('names what it did not follow, and how to have it followed', async () => {
    repository.git('config', 'core.sshCommand', repository.script)
    const fetched = await git(['fetch', 'ssh://esc.invalid/x'])
    expect(complaint(fetched)).to.contain('esc does not follow core.sshcommand of this repository')
    expect(complaint(fetched)).to.contain(`git config --global --add esc.trustedRepository ${repository.folder}`)
    repository.git('config', '--global', '--add', 'esc.trustedRepository', repository.folder)
    await git(['fetch', 'ssh://esc.invalid/x'])
    expect(repository.ran()).to.equal(true)
  })

  it('does not believe a repository that calls itself trusted', async () => {
    repository.git('config', 'esc.trustedRepository', '*')
    repository.git('config', 'core.fsmonitor', repository.script)
    await git(['status'])
    expect(repository.ran()).to.equal(false)
  })

  it('refuses settings that it cannot take back, and says which', async () => {
    repository.git('config', 'core.gitProxy', repository.script)
    const { status, stderr } = await git(['status'])
    expect(status).to.equal(128)
    expect(stderr).to.contain('sets core.gitproxy').and.contain('.git/config').and.contain('remove it')
  })

  it('notices a configuration that changes while it works', async () => {
    await git(['status'])
    repository.git('config', 'core.fsmonitor', repository.script)
    repository.write('more.conf', '')
    repository.git('config', 'include.path', '../more.conf')
    await git(['status'])
    repository.write('more.conf', `[filter "evil"]\n\tclean = ${repository.script}\n`)
    repository.write('.gitattributes', '* filter=evil\n')
    await git(['add', '--all'])
    expect(repository.ran()).to.equal(false)
  })

  it('refuses a repository of another user, unless the user has made it safe', async function () {
    if (process.getuid?.() !== 0) return this.skip()
    chownSync(repository.folder, 12_345, 12_345)
    const refused = await git(['status'])
    expect(complaint(refused)).to.contain(`${repository.folder} belongs to another user`)
    expect(complaint(refused)).to.contain(`git config --global --add safe.directory ${repository.folder}`)
    repository.git('config', '--global', '--add', 'safe.directory', repository.folder)
    expect((await git(['status'])).status).to.equal(0)
  })

  describe('still follows what is the user’s own:', () => {
    const own = () => {
      const file = join(repository.home, 'mine')
      writeFileSync(file, `#!/bin/sh\necho ran >> '${repository.marker}'\n`, { mode: 0o755 })
      return file
    }

    it('hooks in the git folder, where the user asks for the commit', async () => {
      repository.program('.git/hooks/pre-commit')
      touchStore(repository)
      const silent = await git(commit)
      expect(repository.ran()).to.equal(false)
      expect(silent.notFollowed?.settings).to.deep.equal(['hooks'])
      touchStore(repository)
      const asked = await git(commit, { hooks: true })
      expect(asked.status).to.equal(0)
      expect(asked.notFollowed).to.equal(undefined)
      expect(repository.ran()).to.equal(true)
    })

    it('the hooks path of the global configuration, also where the repository has another', async () => {
      repository.program('hooks/pre-commit', join(repository.root, 'theirs'))
      mkdirSync(join(repository.home, 'hooks'))
      writeFileSync(join(repository.home, 'hooks', 'pre-commit'), readFileSync(own()), { mode: 0o755 })
      repository.git('config', '--global', 'core.hooksPath', join(repository.home, 'hooks'))
      for (const _ of ['alone', 'overridden']) {
        touchStore(repository)
        expect((await git(commit)).status).to.equal(0)
        expect(repository.ran()).to.equal(true)
        repository.git('config', 'core.hooksPath', 'hooks')
      }
      expect(existsSync(join(repository.root, 'theirs'))).to.equal(false)
    })

    it('but no hooks path that leads into the repository', async () => {
      repository.program('hooks/pre-commit')
      repository.git('config', '--global', 'core.hooksPath', 'hooks')
      touchStore(repository)
      await git(commit, { hooks: true })
      expect(repository.ran()).to.equal(false)
    })

    it('signing, with the program of the global configuration', async () => {
      writeFileSync(
        join(repository.home, 'gpg'),
        `#!/bin/sh\ncat >/dev/null\necho ran >> '${repository.marker}'\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n`,
        { mode: 0o755 },
      )
      repository.git('config', '--global', 'gpg.program', join(repository.home, 'gpg'))
      repository.git('config', '--global', 'commit.gpgSign', 'true')
      for (const program of [undefined, repository.script]) {
        if (program) repository.git('config', 'gpg.openpgp.program', program)
        touchStore(repository)
        const made = await git(commit)
        expect(made.status, made.stderr).to.equal(0)
        expect(repository.git('cat-file', 'commit', 'HEAD')).to.contain('gpgsig signature')
        expect(repository.ran()).to.equal(true)
      }
    })

    it('filters, ssh and helpers for credentials, also where the repository has others', async () => {
      const mine = own()
      repository.git('config', '--global', 'filter.mine.clean', mine)
      repository.git('config', '--global', 'core.sshCommand', mine)
      repository.git('config', '--global', 'credential.helper', `!${mine}`)
      for (const [key, value] of [
        ['filter.mine.clean', repository.script],
        ['core.sshCommand', repository.script],
        ['credential.helper', `!${repository.script}`],
        ['core.askPass', '/bin/false'],
      ])
        repository.git('config', key as string, value as string)
      repository.program('tools/run-me', join(repository.root, 'theirs'))
      repository.write('.gitattributes', '*.yaml filter=mine\n')
      touchStore(repository)
      for (const [words, input] of [
        [add],
        [['fetch', 'ssh://localhost/x']],
        [['credential', 'fill'], 'protocol=https\nhost=h\n\n'],
      ] as const) {
        await git(words, { input })
        expect(repository.ran(), words.join(' ')).to.equal(true)
      }
      expect(existsSync(join(repository.root, 'theirs'))).to.equal(false)
    })
  })

  describe('finds', () => {
    const topOf = async (cwd: string) => (await git(['rev-parse', '--show-toplevel'], { cwd })).stdout.toString().trim()

    it('linked work trees, also those of a bare repository, and submodules', async () => {
      const tree = join(repository.root, 'tree')
      repository.git('worktree', 'add', '--quiet', '-b', 'side', tree)
      expect(await topOf(join(tree, 'environments'))).to.equal(tree)
      const bare = join(repository.root, 'bare.git')
      repository.git('clone', '--quiet', '--bare', repository.folder, bare)
      repository.git('-C', bare, 'worktree', 'add', '--quiet', join(repository.root, 'of-bare'), 'main')
      expect(await topOf(join(repository.root, 'of-bare', 'environments'))).to.equal(join(repository.root, 'of-bare'))
      expect((await git(['status'], { cwd: join(repository.root, 'of-bare') })).status).to.equal(0)
      repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', bare, 'inner')
      const inner = join(repository.folder, 'inner')
      expect(await topOf(join(inner, 'environments'))).to.equal(inner)
      writeFileSync(join(inner, 'environments', 'a.yaml'), 'a: 9\n')
      const made = await git(commit, { cwd: join(inner, 'environments') })
      expect(made.status, made.stderr).to.equal(0)
      expect(complaint(await git(['status'], { cwd: bare }))).to.contain('not a git repository')
    })

    it('the repository behind a link to the store', async () => {
      const link = join(repository.root, 'link')
      symlinkSync(repository.store, link)
      expect(await topOf(link)).to.equal(repository.folder)
      writeFileSync(join(link, 'a.yaml'), 'a: 5\n')
      const made = await git(['commit', '--quiet', '--message', 'x', '--', 'a.yaml'], { cwd: link })
      expect(made.status, made.stderr).to.equal(0)
    })

    it('the store’s own repository when a hook of another one has set GIT_DIR', async () => {
      const other = join(repository.root, 'other')
      repository.git('init', '--quiet', other)
      process.env.GIT_DIR = join(other, '.git')
      process.env.GIT_INDEX_FILE = join(other, '.git', 'index')
      expect(await topOf(repository.store)).to.equal(repository.folder)
      touchStore(repository)
      const made = await git(commit)
      expect(made.status, made.stderr).to.equal(0)
      expect(existsSync(join(other, '.git', 'index'))).to.equal(false)
    })

    it('the index that git has given to the hook that esc runs in', async () => {
      repository.git('read-tree', `--index-output=${join(repository.folder, '.git', 'next-index')}`, 'HEAD')
      process.env.GIT_INDEX_FILE = '.git/next-index'
      repository.write('environments/new.yaml', 'b: 1\n')
      await git(add)
      expect((await git(['ls-files'])).stdout.toString()).to.contain('new.yaml')
      delete process.env.GIT_INDEX_FILE
      expect(repository.git('ls-files')).not.to.contain('new.yaml')
    })

    it('a repository that the user keeps elsewhere and names with GIT_DIR and GIT_WORK_TREE', async () => {
      renameSync(join(repository.folder, '.git'), join(repository.root, 'kept.git'))
      expect(complaint(await git(['status']))).to.contain('not a git repository')
      Object.assign(process.env, { GIT_DIR: join(repository.root, 'kept.git'), GIT_WORK_TREE: repository.folder })
      expect(await topOf(repository.store)).to.equal(repository.folder)
    })

    it('no git by way of the current folder', async () => {
      repository.program('bin/git')
      const { PATH } = process.env
      for (const entry of ['bin', '../bin', '.', '']) {
        process.env.PATH = `${entry}:${PATH}`
        expect((await git(['status'])).status).to.equal(0)
      }
      expect(repository.ran()).to.equal(false)
      process.env.PATH = repository.home
      const missing = await git(['status'])
      expect(missing.status).to.equal(undefined)
      expect(complaint(missing)).to.equal('git is not installed, or not on the PATH')
    })
  })
})
