import { expect } from 'chai'
import fc from 'fast-check'
import { escapeReferences, formatAccess, scanInterpolation } from '../../src/language/index.ts'

/** Parts as text: `literal` or `literal + [key start–end, …]`, then the mistakes. */
function scan(text: string) {
  const errors: string[] = []
  const parts = scanInterpolation(text, ({ summary, start, end }) => errors.push(`${summary} ${start}-${end}`))
  return {
    parts: parts.map(({ text, access }) => [
      text,
      ...(access?.accessors.map(({ kind, key, start, end }) => `${kind} ${JSON.stringify(key)} ${start}-${end}`) ?? []),
    ]),
    errors,
  }
}

describe('scanInterpolation()', () => {
  const vectors: [string, (string[] | [string])[]][] = [
    ['${foo', [['', 'name "foo" 2-5']]],
    ['${foo ', [['', 'name "foo" 2-5'], [' ']]],
    [
      '${foo} ${["baz} bar',
      [
        ['', 'name "foo" 2-5'],
        [' ', 'subscript "baz} bar" 9-19'],
      ],
    ],
    ['missing ${property[} subscript', [['missing ', 'name "property" 10-18', 'subscript "" 18-19'], [' subscript']]],
    ['${[bar].baz}', [['', 'subscript "bar" 2-7', 'name "baz" 7-11']]],
    ['${foo.', [['', 'name "foo" 2-5', 'name "" 5-6']]],
    ['${foo[', [['', 'name "foo" 2-5', 'subscript "" 5-6']]],
  ]
  for (const [text, parts] of vectors)
    it(`reads what there is of ${text}, and reports mistakes`, () => {
      const scanned = scan(text)
      expect(scanned.parts).to.deep.equal(parts)
      expect(scanned.errors).not.to.deep.equal([])
    })

  it('takes $$ for a dollar sign', () => {
    expect(scan('Hello $${world}!')).to.deep.equal({ parts: [['Hello ${world}!']], errors: [] })
    expect(scan('$$${a}')).to.deep.equal({ parts: [['$', 'name "a" 4-5']], errors: [] })
    expect(scan('a $b $')).to.deep.equal({ parts: [['a $b $']], errors: [] })
  })

  it('makes an empty name of ${} without a mistake', () => {
    expect(scan('${}')).to.deep.equal({ parts: [['', 'name "" 2-3']], errors: [] })
  })

  it('reads names, subscripts and what follows a bracket without a dot', () => {
    expect(scan('${a[1]b["c.\\"d"]["\\x"][+2]}').parts).to.deep.equal([
      [
        '',
        'name "a" 2-3',
        'subscript 1 3-6',
        'name "b" 6-7',
        'subscript "c.\\"d" 7-16',
        'subscript "\\\\x" 16-22',
        'subscript 2 22-26',
      ],
    ])
  })

  it('names what is wrong with a subscript', () => {
    expect(scan('${[0]}').errors).to.deep.equal([
      'the first accessor must be a property name or key subscript, not a numeric subscript 2-4',
    ])
    expect(scan('${a[x]}').errors).to.deep.equal(['numeric subscript must be a positive base-10 integer 4-5'])
    expect(scan('${a[""]}').errors).to.deep.equal(['key subscript must not be empty 4-6'])
    expect(scan('${a["b').errors[0]).to.equal("key subscript is missing closing quote '\"' 4-6")
    expect(scan('${a[1}').errors).to.deep.equal(["subscript is missing closing bracket ']' 3-5"])
  })

  it('accepts names with any letters (D4)', () => {
    expect(scan('${à.ö}')).to.deep.equal({ parts: [['', 'name "à" 2-3', 'name "ö" 3-5']], errors: [] })
  })

  it('reads back what was escaped', () => {
    const text = fc.array(fc.constantFrom('$', '{', '}', 'a', '.', '\n', 'é'), { maxLength: 12 }).map((c) => c.join(''))
    fc.assert(
      fc.property(text, (text) => {
        const { parts, errors } = scan(escapeReferences(text))
        expect(errors).to.deep.equal([])
        expect(parts).to.deep.equal(text === '' ? [] : [[text]])
      }),
      { numRuns: 2000 },
    )
  })

  it('never throws and never loses text outside references', () => {
    const text = fc
      .array(fc.constantFrom('$', '{', '}', '[', ']', '"', '.', ' ', 'a', '0', '\\', '-'), { maxLength: 20 })
      .map((c) => c.join(''))
    fc.assert(
      fc.property(text, (text) => {
        const parts = scanInterpolation(text, () => {})
        for (const { access } of parts)
          for (const { start, end } of access?.accessors ?? [])
            expect(start >= 2 && start <= end && end <= text.length).to.equal(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('formatAccess()', () => {
  it('writes an access as people do', () => {
    const parts = scanInterpolation('${a.b["c\\"d"][42]}', () => {})
    expect(formatAccess(parts[0]!.access!)).to.equal('a.b["c\\"d"][42]')
  })
})
