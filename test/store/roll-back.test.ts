import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Store } from '../../src/store/index.ts'
import { Repository } from './git-repository.ts'
import { by, errorOf } from './worlds.ts'

const name = 'app/dev'

describe('a history that was rolled back in git', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = new Repository()
    await repository.init().additions.create(name, by)
    repository.commit('first')
    repository.git('tag', 'first')
    await append(3)
    repository.commit('more')
    repository.git('tag', 'third')
    await append(5)
    repository.commit('most')
    expect(newest()).to.equal(5)
  })
  afterEach(() => repository.remove())

  const folder = () => join(repository.folder, 'environments')
  const environment = (store = folder()) => Store.open(store, repository.world).environment(name)
  const newest = (store?: string) => environment(store).current().number

  async function append(until: number): Promise<void> {
    for (let base = newest(); base < until; base++) {
      await environment().append({ base, definition: `a: ${base}\n`, change: 'edit', ...by })
    }
  }

  /** A commit on top of what is checked out, whose newest revision is an older one. */
  function rollBackTo(number: number, at = name): void {
    const revisions = join(folder(), at, 'revisions')
    for (const file of readdirSync(revisions)) if (Number.parseInt(file, 10) > number) rmSync(join(revisions, file))
    repository.commit('rolled back')
  }

  async function expectAlarm(at = name): Promise<void> {
    const error = await errorOf(() => Store.open(folder(), repository.world).environment(at).current())
    expect(error).to.include({ code: 'tampered' })
    expect(error.message).to.contain('was rolled back').and.contain('had revision 5')
    expect(error.hint).to.contain(repository.world.state)
  }

  it('is noticed under another name of a branch', async () => {
    repository.git('checkout', '--quiet', '-b', 'other')
    rollBackTo(3)
    await expectAlarm()
    // Each time, and not only the first.
    await expectAlarm()
  })

  it('is noticed where no branch is checked out, as in CI', async () => {
    repository.git('checkout', '--quiet', '--detach')
    rollBackTo(2)
    await expectAlarm()
  })

  it('is noticed where the newer revision too was seen while no branch was checked out', async () => {
    rmSync(repository.world.state, { recursive: true })
    repository.git('checkout', '--quiet', '--detach')
    expect(newest()).to.equal(5)
    repository.git('branch', '--delete', '--force', 'main')
    rollBackTo(2)
    await expectAlarm()
  })

  it('is noticed on a branch that was seen at that revision before the newer one was merged', async () => {
    repository.git('checkout', '--quiet', '-b', 'other', 'third')
    expect(newest()).to.equal(3)
    repository.git('merge', '--quiet', 'main')
    rollBackTo(3)
    await expectAlarm()
  })

  it('is noticed when the environment was renamed with it', async () => {
    repository.git('checkout', '--quiet', '-b', 'other')
    mkdirSync(join(folder(), 'moved'))
    renameSync(join(folder(), 'app/dev'), join(folder(), 'moved/dev'))
    rollBackTo(3, 'moved/dev')
    await expectAlarm('moved/dev')
  })

  it('is not confused with an older branch, tag or commit, which people look at on purpose', async () => {
    for (const words of [
      ['checkout', '--quiet', 'third'],
      ['checkout', '--quiet', '--detach', 'main~2'],
      ['checkout', '--quiet', '-b', 'from-third', 'third'],
      ['checkout', '--quiet', '-b', 'from-first', 'first'],
      ['checkout', '--quiet', 'from-third'],
    ]) {
      repository.git(...words)
      const there = readdirSync(join(folder(), name, 'revisions')).length
      expect(newest(), words.join(' ')).to.equal(there)
      expect(newest(), words.join(' ')).to.equal(there)
      expect((await Store.open(folder(), repository.world).upkeep.check()).findings).to.deep.equal([])
    }
    // What is begun there goes on, and is merged.
    await append(4)
    repository.commit('a fourth of its own')
    repository.git('checkout', '--quiet', 'main')
    expect(newest()).to.equal(5)
  })

  it('is not confused with bisecting, nor with a work tree of an older commit', async () => {
    repository.git('bisect', 'start', 'HEAD', 'first')
    expect(newest()).to.equal(3)
    repository.git('bisect', 'reset')
    const tree = join(repository.folder, '.git', 'tree')
    repository.git('worktree', 'add', '--quiet', '--detach', tree, 'first')
    expect(newest(join(tree, 'environments'))).to.equal(1)
    expect(newest()).to.equal(5)
  })

  it('is not confused with revisions that were never committed', async () => {
    await append(7)
    repository.git('stash', '--quiet', '--include-untracked')
    repository.git('checkout', '--quiet', '-b', 'other')
    expect(newest()).to.equal(5)
  })
})
