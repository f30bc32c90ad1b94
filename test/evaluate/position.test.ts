import { expect } from 'chai'
import { containsPosition, describeAt, expressionAt } from '../../src/evaluate/index.ts'
import { TestWorld } from './world.ts'

const text = `values:
  list: [one, {k: two}]
  ref: \${list}
  login:
    fn::open::login:
      region: eu
      role: {name: admin}
  long: {fn::open: {provider: login, inputs: {region: us}}}
`

/** The position of the first character of `piece`. */
function positionOf(piece: string) {
  const byte = text.indexOf(piece)
  const before = text.slice(0, byte).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1, byte }
}

describe('position analysis', () => {
  const world = new TestWorld().addProvider('login', async (inputs) => ({ value: inputs, trace: noTrace }), {
    inputs: {
      type: 'object',
      properties: {
        region: { type: 'string', description: 'Where to log in.' },
        role: { type: 'object', properties: { name: { type: 'string', description: 'Whom to be.' } } },
      },
    },
  })
  const checked = async () => (await world.evaluate(text, { mode: 'check' })).environment!

  it('finds the smallest expression and the way to it', async () => {
    const found = expressionAt(await checked(), positionOf('two'))
    expect(found!.expression.literal).to.equal('two')
    expect(found!.path.map(({ key }) => key)).to.deep.equal([1, 'k'])
    const inner = expressionAt(await checked(), positionOf('admin'))
    expect(inner!.path.map(({ key }) => key)).to.deep.equal(['fn::open::login', 'role', 'name'])
    expect(expressionAt(await checked(), { line: 40, column: 1, byte: 4000 })).to.equal(undefined)
  })

  it('stops at the call in the long form, whose argument has no range', async () => {
    const found = expressionAt(await checked(), positionOf('us}'))
    expect(found!.expression.builtin!.name).to.equal('fn::open')
  })

  it('describes builtins, references and inputs', async () => {
    const environment = await checked()
    expect(describeAt(environment, positionOf('fn::open::login'))).to.contain('Opens dynamic credentials')
    expect(describeAt(environment, positionOf('${list}'))).to.equal('array')
    expect(describeAt(environment, positionOf('eu'))).to.equal('Where to log in.')
    expect(describeAt(environment, positionOf('role'))).to.equal(undefined)
    expect(describeAt(environment, positionOf('name: admin'))).to.equal('Whom to be.')
    expect(describeAt(environment, positionOf('one'))).to.equal(undefined)
  })

  it('takes the byte first, then lines and columns', () => {
    const at = (line: number, column: number, byte: number) => ({ line, column, byte })
    const oneLine = { begin: at(2, 3, 10), end: at(2, 6, 13) }
    expect(containsPosition(oneLine, at(9, 9, 12))).to.equal(true)
    expect(containsPosition(oneLine, at(2, 5, 99))).to.equal(true)
    expect(containsPosition(oneLine, at(2, 6, 99))).to.equal(false)
    expect(containsPosition({ begin: at(2, 3, 10), end: at(4, 1, 30) }, at(3, 99, 99))).to.equal(true)
  })
})

const zero = { line: 0, column: 0, byte: 0 }
const noTrace = { def: { begin: zero, end: zero } }
