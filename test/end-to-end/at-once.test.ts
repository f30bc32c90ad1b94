import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from './program.ts'

describe('several changes of one environment at once', function () {
  this.timeout(120_000)
  let program: Program
  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    program = new Program()
    await program.withEnvironment('app/dev', '# comments stay\nvalues:\n  list: [a, b, c]\n')
  })
  afterEach(() => program.remove())

  it('are all made, one after the other', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `key${index}`)
    const ended = await Promise.all([
      ...names.map((name) => program.esc(['env', 'set', 'app/dev', name, 'not-a-real-secret', '--secret'])),
      program.esc(['env', 'set-all', 'app/dev', 'both.a=1', 'both.b=2']),
      program.esc(['env', 'rm', 'app/dev', 'list']),
    ])
    expect(ended.filter(({ code }) => code !== 0).map(({ err }) => err)).to.deep.equal([])
    const values = await program.open('app/dev')
    expect(Object.keys(values)).to.deep.equal(['both', ...names].sort())
    // Two of them made the environment.
    expect(readdirSync(join(program.store, 'app', 'dev', 'revisions'))).to.have.length(2 + ended.length)
    expect((await program.esc(['check'])).code).to.equal(0)
  })

  it('that go through one list are not made on what has moved: the slower one is told', async () => {
    const ended = await Promise.all(
      ['x', 'y', 'z', 'u'].map((value) => program.esc(['env', 'set', 'app/dev', 'list[1]', value])),
    )
    const revisions = readdirSync(join(program.store, 'app', 'dev', 'revisions')).length - 2
    expect(ended.filter(({ code }) => code === 0)).to.have.length(revisions)
    for (const { code, err } of ended) {
      if (code !== 0) expect(err).to.include('has changed: this change was made from revision')
    }
    expect((await program.open('app/dev')).list).to.include.members(['a', 'c'])
  })
})
