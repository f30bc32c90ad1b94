import { expect } from 'chai'
import { listReferences, listRotators, parseEnvironment, unmatchedRotatePaths } from '../../src/language/index.ts'
import { parsePropertyPath } from '../../src/yaml/index.ts'

const summaries = (text: string) => parseEnvironment('env', text).diagnostics.map(({ summary }) => summary)

describe('parseEnvironment()', () => {
  it('finds fields whatever their case, and lets the last win', () => {
    const { environment, diagnostics } = parseEnvironment('env', 'Values: {a: 1}\nvalues: {b: 2}\n')
    expect(diagnostics).to.deep.equal([])
    expect([...environment!.root.properties.keys()]).to.deep.equal(['b'])
  })

  it('warns of unknown fields, naming the nearest one first', () => {
    const [diagnostic] = parseEnvironment('env', 'value: {}\n').diagnostics
    expect(diagnostic).to.deep.include({ severity: 'warning', path: 'value' })
    expect(diagnostic!.summary).to.equal(
      "Field 'value' does not exist on Object 'environment'. Existing fields are: 'values', 'imports', 'description'",
    )
  })

  it('reads an empty text as an empty environment, and nothing else as one', () => {
    expect(summaries('')).to.deep.equal([])
    expect(summaries('# only a comment\n')).to.deep.equal(['environment must be an object'])
    expect(summaries('[1]')).to.deep.equal(['environment must be an object'])
  })

  it('has no environment when the text is not YAML', () => {
    const { environment, diagnostics } = parseEnvironment('env', 'values: [')
    expect(environment).to.equal(undefined)
    expect(diagnostics).to.have.length(1)
  })

  it('takes a malformed merge for false (D20)', () => {
    const { environment, diagnostics } = parseEnvironment(
      'env',
      'imports: [{a: {merge: 1}}, {b: {}}, {c: {merge: false}}]',
    )
    expect(diagnostics.map(({ summary }) => summary)).to.deep.equal(['merge must be a boolean value'])
    expect(environment!.imports!.map(({ name, merge }) => [name?.value, merge])).to.deep.equal([
      ['a', false],
      ['b', true],
      ['c', false],
    ])
  })

  it('reports misplaced builtins', () => {
    expect(summaries('values: {"fn::x": 1, a: {"fn::toJSON": 1, b: 2}, c: {"FN::y": 1}}')).to.deep.equal([
      'builtin function call "fn::x" not allowed at the top level',
      'illegal call to builtin function: "fn::toJSON" must be the only key within its containing object',
      "'fn::' is a reserved prefix",
    ])
  })
})

describe('listRotators()', () => {
  const text = `values:
  a: {fn::rotate::swap: {inputs: {}, state: null}}
  list: [{x-y: {fn::rotate: {provider: echo, inputs: {}}}}]
  1st: {fn::toJSON: {fn::rotate::swap: {inputs: {}}}}
  bad: {fn::rotate: {inputs: {}}}
`
  const environment = parseEnvironment('env', text).environment!

  it('finds every call, wherever it stands', () => {
    expect(listRotators(environment)).to.deep.equal([
      { path: 'values.a', provider: 'swap', statePath: 'values.a["fn::rotate::swap"].state' },
      {
        path: 'values.list[0]["x-y"]',
        provider: 'echo',
        statePath: 'values.list[0]["x-y"]["fn::rotate"].state',
      },
      {
        path: 'values["1st"]["fn::toJSON"]',
        provider: 'swap',
        statePath: 'values["1st"]["fn::toJSON"]["fn::rotate::swap"].state',
      },
      { path: 'values.bad', provider: undefined, statePath: 'values.bad["fn::rotate"].state' },
    ])
  })

  it('tells which filters name no rotator, also for keys that need quotes or begin with a digit (D3)', () => {
    const paths = ['a', 'list[0]["x-y"]', '1st["fn::toJSON"]', 'list', 'nope'].map(parsePropertyPath)
    expect(unmatchedRotatePaths(environment, paths)).to.deep.equal([['list'], ['nope']])
  })
})

describe('listReferences()', () => {
  it('names imports, then inline references', () => {
    const { environment } = parseEnvironment(
      'env',
      'imports: [a, {b@2: {merge: false}}, 3]\nvalues: {x: "${environments.p.e.v} ${environments[\\"q\\"].f}", y: ["${environments.p}"]}',
    )
    expect(listReferences(environment!).map(({ name, kind, path }) => [name, kind, path])).to.deep.equal([
      ['a', 'import', 'imports[0]'],
      ['b@2', 'import', 'imports[1]["b@2"]'],
      ['p/e', 'inline', 'values.x'],
      ['q/f', 'inline', 'values.x'],
    ])
  })
})
