import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../src/errors.ts'
import { documentPath, elementPath, formatPropertyPath, joinPath, parsePropertyPath } from '../../src/yaml/index.ts'

describe('parsePropertyPath()', () => {
  it('reads names, quoted names and indices', () => {
    expect(parsePropertyPath('')).to.deep.equal([])
    expect(parsePropertyPath('a.b-c["d.e"][0].f')).to.deep.equal(['a', 'b-c', 'd.e', 0, 'f'])
    expect(parsePropertyPath('["x"]')).to.deep.equal(['x'])
    expect(parsePropertyPath('a.["b"]')).to.deep.equal(['a', 'b'])
    expect(parsePropertyPath('a..b')).to.deep.equal(['a', 'b'])
    expect(parsePropertyPath('[*]')).to.deep.equal(['*'])
    expect(parsePropertyPath('["a\\"b\\c"]')).to.deep.equal(['a"b\\c'])
    expect(parsePropertyPath('[+1][-1]')).to.deep.equal([1, -1])
  })

  it('says what is wrong with a path', () => {
    const messages: Record<string, string> = {
      '.a': 'expected property path to start with a name or index',
      'a.': 'expected property path to end with a name or index',
      '["a': 'missing closing quote in property name',
      '["a"': 'missing closing bracket in property access',
      '["a"b]': 'missing closing bracket in property access',
      '[1': 'missing closing bracket in array index',
      '[a]': 'invalid array index: strconv.ParseInt: parsing "a": invalid syntax',
      '[]': 'invalid array index: strconv.ParseInt: parsing "": invalid syntax',
      '[9223372036854775808]':
        'invalid array index: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    }
    for (const [path, message] of Object.entries(messages)) {
      expect(() => parsePropertyPath(path), path)
        .to.throw(EscError, message)
        .with.property('code', 'invalid_input')
    }
  })

  it('undoes formatPropertyPath()', () => {
    const element = fc.oneof(fc.string(), fc.constantFrom('a', 'b_1', '0x', '__proto__', ''), fc.nat(99))
    fc.assert(
      fc.property(fc.array(element), (path) => {
        // A backslash before the end of a name cannot be written: `\"` is a quote.
        fc.pre(path.every((e) => typeof e === 'number' || !/\\(?:"|$)/.test(e)))
        expect(parsePropertyPath(formatPropertyPath(path))).to.deep.equal(path)
      }),
    )
  })
})

describe('document paths', () => {
  it('join names as ranges and diagnostics show them', () => {
    expect(joinPath('', 'foo')).to.equal('foo')
    expect(joinPath('foo', '')).to.equal('foo')
    expect(joinPath('foo', 'bar')).to.equal('foo.bar')
    expect(joinPath('foo', 'bar.baz')).to.equal('foo["bar.baz"]')
    expect(joinPath('foo', 'bar"baz')).to.equal('foo["bar\\"baz"]')
    expect(joinPath('foo', 'a\\b')).to.equal('foo["a\\b"]')
    expect(joinPath('foo', 'bar1')).to.equal('foo.bar1')
    expect(joinPath('foo', '0bar')).to.equal('foo["0bar"]')
    expect(elementPath('a', 3)).to.equal('a[3]')
    expect(documentPath(['values', 'fn::join', 1, 0])).to.equal('values["fn::join"][1][0]')
  })

  it('differ from property paths in how they write digits', () => {
    expect(formatPropertyPath(['a', '1', 'b c'])).to.equal('a.1["b c"]')
    expect(documentPath(['a', '1', 'b c'])).to.equal('a["1"]["b c"]')
    expect(formatPropertyPath(['a b', 0])).to.equal('["a b"][0]')
  })
})
