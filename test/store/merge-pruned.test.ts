import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RenumberEnvironment } from '../../src/store/index.ts'
import { Repository } from './git-repository.ts'
import { by, enc, reencrypt } from './worlds.ts'

const name = 'app/dev'
const options: RenumberEnvironment = { ...by, reencrypt }

describe('two clones of which one or both pack revisions', () => {
  let repository: Repository
  beforeEach(() => {
    repository = new Repository()
  })
  afterEach(() => repository.remove())

  const inFolder = () =>
    readdirSync(join(repository.folder, 'environments', name, 'revisions'))
      .map((each) => each.replace(/-[0-9a-f]{16}\.archive$/, '.archive'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  const definitions = () => [...repository.store.environment(name).history()].map(({ definition }) => definition)
  const prune = (keep: number) => repository.store.upkeep.prune(name, { keep })

  /** Appends some revisions that change one line of a long definition. */
  async function append(count: number, line = 'a'): Promise<void> {
    for (let n = 0; n < count; n++) {
      const environment = repository.store.environment(name)
      const { number: base, definition } = environment.current()
      const key = await environment.dataKey()
      const secret = `${line}: ${enc(key, `${line}${base + 1}`)}`
      const text = definition.includes(`${line}: `) ? definition.replace(new RegExp(`^${line}: .*$`, 'm'), secret) : ''
      await environment.append({ base, definition: text || long(secret), change: 'edit', ...by })
    }
  }

  function long(secret: string): string {
    const lines = Array.from({ length: 40 }, (_, index) => `# line ${index} of a comment that stays the same\n`)
    return `${secret}\n${lines.join('')}b: 1\n`
  }

  async function mergeBranches(ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<boolean> {
    await repository.init().additions.create(name, by)
    await append(9)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await theirs()
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await ours()
    repository.commit('ours')
    return repository.tryGit('merge', '--quiet', '--no-edit', 'feature')
  }

  async function expectSound(count: number, allowed: readonly string[] = []): Promise<void> {
    const { store } = repository
    expect((await store.upkeep.check()).findings.filter(({ kind }) => !allowed.includes(kind))).to.deep.equal([])
    const environment = store.environment(name)
    expect(environment.current().number).to.equal(count)
    for (const revision of environment.history()) await environment.verify(revision)
  }

  it('merge without a conflict when one packs and the other appends', async () => {
    expect(
      await mergeBranches(
        () => prune(3),
        () => append(2),
      ),
    ).to.equal(true)
    expect(inFolder()).to.deep.equal(['1-7.archive', '8.yaml', '9.yaml', '10.yaml', '11.yaml', '12.yaml'])
    await expectSound(12)
  })

  it('merge without a conflict when both pack the same', async () => {
    expect(
      await mergeBranches(
        () => prune(3),
        () => prune(3),
      ),
    ).to.equal(true)
    expect(inFolder()).to.deep.equal(['1-7.archive', '8.yaml', '9.yaml', '10.yaml'])
    await expectSound(10)
  })

  it('merge without a conflict when both pack, and one more than the other', async () => {
    const clean = await mergeBranches(
      () => prune(3),
      () => prune(5),
    )
    expect(clean).to.equal(true)
    expect(inFolder()).to.deep.equal(['1-5.archive', '1-7.archive', '8.yaml', '9.yaml', '10.yaml'])
    const before = definitions()
    const { store } = repository
    const { findings } = await store.upkeep.check()
    expect(findings.map(({ kind, severity }) => [kind, severity])).to.deep.equal([['packed_twice', 'note']])
    await store.upkeep.fix(findings)
    expect(inFolder()).to.deep.equal(['1-7.archive', '8.yaml', '9.yaml', '10.yaml'])
    expect(definitions()).to.deep.equal(before)
    await expectSound(10)
  })

  it('are put in order when one packs and appends, and the other packs', async () => {
    const clean = await mergeBranches(
      async () => {
        await append(2)
        await prune(2)
      },
      () => prune(3),
    )
    // Git may take a file that was packed for one that was renamed.
    if (!clean) await repository.store.upkeep.renumber(name, options)
    await expectSound(12, ['packed_twice'])
    await prune(2)
    await expectSound(12)
    expect(inFolder()).to.deep.equal(['1-10.archive', '11.yaml', '12.yaml'])
  })

  it('are put in order when both have packed and appended, as without archives', async () => {
    const clean = await mergeBranches(
      async () => {
        await append(3)
        await prune(2)
      },
      async () => {
        await prune(4)
        await append(1, 'b')
      },
    )
    expect(clean).to.equal(false)
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result.renumbered).to.deep.equal([{ from: 11, to: 14 }])
    expect(inFolder()).to.deep.equal(['1-11.archive', '12.yaml', '13.yaml', '14.yaml', '15.yaml'])
    await expectSound(15)
    const newest = repository.store.environment(name).current()
    const key = await repository.store.environment(name).unlock(newest)
    const plain = newest.definition.replace(/enc\((.*)\)/g, (_, text) => key.decrypt(Buffer.from(text, 'base64')))
    expect(plain).to.include('a: a13').and.include('b: b11')
    expect(repository.git('diff', '--name-only', '--diff-filter=U')).to.equal('')
    repository.git('commit', '--quiet', '--message', 'settled')
    expect(repository.git('status', '--porcelain')).to.equal('')
  })

  it('are put in order when what they have made differently is packed on both sides', async () => {
    await mergeBranches(
      async () => {
        await append(4)
        await prune(2)
      },
      async () => {
        await append(6, 'b')
        await prune(2)
      },
    )
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result.renumbered.at(-1)).to.deep.equal({ from: 16, to: 20 })
    await expectSound(21)
    repository.git('commit', '--quiet', '--message', 'settled')
    await expectSound(21)
  })

  it('opens everything after a rebase too', async () => {
    await repository.init().additions.create(name, by)
    await append(9)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await append(2)
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await prune(3)
    repository.commit('ours')
    expect(repository.tryGit('rebase', '--quiet', 'main', 'feature')).to.equal(true)
    await expectSound(12)
  })
})
