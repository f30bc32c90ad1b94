import { expect } from 'chai'
import { argumentSchema, builtinNames, builtinOfKey } from '../../src/language/builtins.ts'
import { operandsOf, parseEnvironment } from '../../src/language/index.ts'

describe('the table of builtins', () => {
  it('a key calls a builtin by its whole name, and one with a provider by a longer key as well', () => {
    for (const name of builtinNames) expect(builtinOfKey(`fn::${name}`)).to.equal(name)
    expect(builtinOfKey('fn::open::')).to.equal('open')
    expect(builtinOfKey('fn::rotate::a::b')).to.equal('rotate')
    for (const key of ['join', 'fn::', 'fn::Join', 'fn::join::x', 'fn::openx', 'fn::constructor', 'fn::__proto__'])
      expect(builtinOfKey(key), key).to.equal(undefined)
  })

  it('every call has the operands of its shape, whether or not its argument has the right form', () => {
    const two: readonly string[] = ['join', 'rotate', 'split', 'validate']
    for (const name of builtinNames)
      for (const argument of ['x', '[]', '[a, b]', '[a, b, c]', '{}', '{inputs: {}, schema: true, state: {}}']) {
        const text = `values:\n  call: {fn::${name}: ${argument}}\n`
        const call = parseEnvironment('e', text).environment?.values?.[0]?.value
        if (call?.kind !== 'call') throw new Error(`${name} is no call`)
        expect(operandsOf(call), text).to.have.length(two.includes(name) ? 2 : 1)
      }
  })

  it('the schema of an argument lists its operands as they are written', () => {
    const text = { type: 'string' }
    expect(argumentSchema('split')).to.deep.equal({ type: 'array', prefixItems: [text, text], items: false })
    expect(argumentSchema('validate')).to.have.property('required').that.deep.equals(['schema', 'value'])
    expect(argumentSchema('open')).to.equal(true)
  })
})
