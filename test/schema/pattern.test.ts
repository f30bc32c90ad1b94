import { expect } from 'chai'
import fc from 'fast-check'
import { Budget, BudgetExceeded } from '../../src/budget.ts'
import { Pattern, PatternError } from '../../src/schema/index.ts'

describe('Pattern', () => {
  const matches: [string, string, boolean][] = [
    ['^foo[0-9]+$', 'foo12', true],
    ['^foo[0-9]+$', 'foo', false],
    ['b', 'abc', true],
    ['', '', true],
    ['a|^$', 'x', false],
    ['(?i)STRASSE', 'strasse', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['^(ab){2,3}$', 'ababab', true],
    ['^(ab){2,3}$', 'abababab', false],
    ['^a{,2}$', 'a{,2}', true],
    ['\\bword\\b', 'a word here', true],
    ['\\bword\\b', 'swords', false],
    ['^\\d+\\.\\d*$', '12.', true],
    ['^\\pL+$', 'größe', true],
    ['^\\p{Greek}+$', 'αβγ', true],
    ['^\\P{Greek}+$', 'abc', true],
    ['^[[:alpha:]_]+$', 'ab_c', true],
    ['^[^a-c]+$', 'xyz', true],
    ['^[^a-c]+$', 'xbz', false],
    ['^.$', '\n', false],
    ['(?s)^.$', '\n', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', false],
    ['^\\Qa.b\\E$', 'a.b', true],
    ['^\\x41\\x{1F600}\\101$', 'A\u{1f600}A', true],
    ['^(?P<year>\\d{4})-(?<month>\\d\\d)$', '2024-05', true],
    ['^[]a]+$', ']a', true],
    ['^[a-]+$', 'a-', true],
    ['^.$', '\u{1f600}', true],
    ['^(|a)+$', 'aaa', true],
    ['\\Aab\\z', 'ab', true],
    ['^\\Qa.\\E*$', 'a..', true],
    ['(?i)^\u212a$', 'k', true],
  ]
  for (const [source, text, expected] of matches)
    it(`${source} ${expected ? 'is found' : 'is not found'} in ${JSON.stringify(text)}`, () => {
      expect(new Pattern(source).test(text)).to.equal(expected)
    })

  const mistakes: [string, string][] = [
    ['(', 'missing closing ): `(`'],
    [')', 'unexpected ): `)`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['*a', 'missing argument to repetition operator: `*`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['[a', 'missing closing ]: `[a`'],
    ['(?=x)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<=x)', 'invalid or unsupported Perl syntax: `(?<=`'],
    ['\\1', 'invalid escape sequence: `\\1`'],
    ['a\\', 'trailing backslash at end of expression: ``'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['a{2,1}', 'invalid repeat count: `{2,1}`'],
    ['\\p{Nope}', 'invalid character class range: `\\p{Nope}`'],
    ['(?P<n', 'invalid named capture: `(?P<n`'],
    ['(?<!x)', 'invalid or unsupported Perl syntax: `(?<!`'],
    ['(?P<n>a)(?P<n>b)', 'duplicate capture group name: `n`'],
    ['(?i', 'missing closing ): `(?i`'],
    ['a`**', 'invalid nested repetition operator: `**`'],
  ]
  for (const [source, problem] of mistakes)
    it(`refuses ${source}`, () => {
      expect(() => new Pattern(source)).to.throw(PatternError, `error parsing regexp: ${problem}`)
    })

  it('takes linear time where a backtracking engine hangs', () => {
    const start = performance.now()
    expect(new Pattern('^(a+)+$').test(`${'a'.repeat(5000)}b`)).to.equal(false)
    expect(performance.now() - start).to.be.lessThan(1000)
  })

  it('refuses patterns that would grow without bounds', () => {
    expect(() => new Pattern('((((a{100}){100}){100}){100})')).to.throw(PatternError, 'invalid repeat count: `{100}`')
    const large = '(?:ab){1000}'.repeat(1000)
    expect(() => new Pattern(large)).to.throw(PatternError, `expression too large: \`${large}\``)
    const deep = '('.repeat(2000) + ')'.repeat(2000)
    expect(() => new Pattern(deep)).to.throw(PatternError, `expression nests too deeply: \`${deep}\``)
  })

  it('counts against the budget what compiling and searching may take at most', () => {
    const budget = new Budget({ steps: 1_000_000, bytes: 100_000_000 })
    const pattern = budget.within(() => new Pattern('(x?){50}b'))
    expect(budget.steps).to.be.within(1000, 20_000)
    budget.within(() => pattern.test('x'.repeat(100)))
    expect(budget.steps).to.be.within(5000, 40_000)
    expect(() => budget.within(() => pattern.test('x'.repeat(100_000)))).to.throw(BudgetExceeded)
    expect(() => budget.within(() => new Pattern('(?:abcd){1000}'.repeat(100)))).to.throw(BudgetExceeded)
  })

  it('agrees with JavaScript where the syntaxes agree', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(?:ab)', '^', '$', '\\d', '\\w', '\\b', '1')
    const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '*?'))
    const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) =>
      // JavaScript repeats no assertions.
      pieces.map(([atom, count]) => (/^(\^|\$|\\b)$/.test(atom) ? atom : atom + count)).join(''),
    )
    const text = fc.array(fc.constantFrom('a', 'b', '1', ' ', '\n'), { maxLength: 8 }).map((c) => c.join(''))
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        // A dot is any character but a line feed, as in RE2.
        expect(new Pattern(pattern).test(text)).to.equal(new RegExp(pattern).test(text))
      }),
      { numRuns: 5000 },
    )
  })
})
