import { expect } from 'chai'
import { decide, decideForStore, holders, includes, levels, readAccessRules } from '../../src/access/index.ts'

const text = `version: 1
access:
  teams:
    ops: [ada@example.com, Grace]
  rules:
    - {environments: "*", principals: team:ops, level: admin}
    - environments: [app/*, ci]
      principals: ["*"]
      level: read
    - {environments: app/prod, principals: [bob], level: write}
    - {environments: "*/prod", principals: grace, level: none}
`
const read = (source: string) => readAccessRules(source, 'esc.yaml')
const rules = read(text)!

describe('access rules', () => {
  it('are absent where esc.yaml has none, and then allow everything', () => {
    expect(read('version: 1\n')).to.equal(undefined)
    expect(decide(undefined, 'anyone', 'app/prod')).to.deep.equal({ level: 'admin', because: { kind: 'no-rules' } })
  })

  it('are found however their key is written', () => {
    expect(read('version: 1\n"acc\\u0065ss": {default: read}\n')?.everybody).to.equal('read')
    expect(read('{version: 1, access: {default: open}}\n')?.everybody).to.equal('open')
  })

  const decisions = [
    ['ada@example.com', 'app/prod', 'admin'],
    ['ADA@example.com', 'app/prod', 'admin'],
    ['grace', 'app/dev', 'admin'],
    ['grace', 'app/prod', 'none'],
    ['grace', 'APP/PROD', 'none'],
    ['bob', 'app/prod', 'write'],
    ['bob', 'app/dev', 'read'],
    ['bob', 'default/ci', 'read'],
    ['bob', 'other/dev', 'none'],
    ['team:ops', 'other/dev', 'none'],
    ['*', 'other/dev', 'none'],
  ] as const
  for (const [principal, environment, level] of decisions) {
    it(`give ${principal} ${level} on ${environment}`, () => {
      expect(decide(rules, principal, environment).level).to.equal(level)
    })
  }

  it('say which of them decided', () => {
    const { because } = decide(rules, 'bob', 'app/prod')
    expect(because).to.deep.include({ kind: 'rule', as: 'bob' })
    expect(because.kind === 'rule' && because.rule.place).to.equal('esc.yaml:10')
  })

  it('give the store as a whole only to those with a rule for everything', () => {
    expect(decideForStore(rules, 'ada@example.com').level).to.equal('admin')
    expect(decideForStore(rules, 'bob').level).to.equal('none')
  })

  it('name who has a level', () => {
    expect(holders(rules, 'app/prod', 'admin')).to.deep.equal(['team:ops'])
    expect(holders(rules, 'app/prod', 'write')).to.deep.equal(['team:ops', 'bob'])
    expect(holders(rules, 'app/prod', 'read')).to.deep.equal(['team:ops', '*', 'bob'])
  })

  it('have levels of which each includes those before it', () => {
    for (const [at, held] of levels.entries()) {
      for (const [below, needed] of levels.entries()) {
        expect(includes(held, needed), `${held} ${needed}`).to.equal(below <= at)
      }
    }
  })

  const mistakes = [
    ['access: 5', 'esc.yaml:2: access is not a mapping'],
    ['access: {rule: []}', "esc.yaml:2: access has the unknown field 'rule'"],
    ['access: {default: wrte}', "esc.yaml:2: 'wrte' is not a level"],
    ['access: {default: }', 'esc.yaml:2: access.default is not a level'],
    ['access: {rules: {}}', 'esc.yaml:2: access.rules is not a list'],
    ['access:\n  rules:\n    - {environments: "*", level: read}', 'esc.yaml:4: access.rules[0] has no principals'],
    [
      'access: {rules: [{environments: "*", principals: team:oops, level: read}]}',
      "esc.yaml:2: there is no team 'oops'",
    ],
    ['access: {rules: [{environments: a b, principals: x, level: read}]}', "'a b' is not a pattern of environments"],
    ['access: {rules: [{environments: [], principals: x, level: read}]}', 'access.rules[0].environments is empty'],
    ['access: {rules: [{environments: "*", principals: [{}], level: read}]}', 'is not a name'],
    ['access: {rules: [{environments: "*", principals: x, level: read, level: none}]}', 'says level twice'],
    ['access: {teams: {a: [team:b]}}', "'team:b' cannot be in a team"],
    ['access: {}\naccess: {}', 'esc.yaml:3: access is there twice'],
  ] as const
  for (const [source, message] of mistakes) {
    it(`refuse ${JSON.stringify(source)}`, () => {
      expect(() => read(`version: 1\n${source}\n`))
        .to.throw(message)
        .with.property('code', 'invalid_input')
    })
  }

  it('suggest what was meant', () => {
    const suggestion = (source: string) => {
      try {
        read(`version: 1\n${source}\n`)
      } catch (error) {
        return (error as { hint?: string }).hint
      }
      return undefined
    }
    expect(suggestion('access: {default: wrte}')).to.equal("did you mean 'write'?")
    expect(suggestion('access: {ruls: []}')).to.equal("did you mean 'rules'?")
    expect(
      suggestion('access: {teams: {ops: x}, rules: [{environments: a, principals: team:opps, level: read}]}'),
    ).to.equal("did you mean 'team:ops'?")
  })
})
