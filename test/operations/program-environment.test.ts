import { expect } from 'chai'
import fc from 'fast-check'
import type { ExportedMap } from '../../src/evaluate/index.ts'
import { fromPlain } from '../../src/evaluate/index.ts'
import { interpolateArgument } from '../../src/operations/opening/program-environment.ts'

const properties = fromPlain({ a: { b: 'x', list: ['p', 'q'] }, n: null, $: 'dollar' }).value as ExportedMap
const fill = (argument: string) => interpolateArgument(properties, argument, new Set())

describe('an argument of a program', () => {
  it('that refers to nothing stays as it is, character by character', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[$z{}.\\ ":-]{0,12}$/), (argument) => {
        // It may be the name of a value that is not there, which stays as it is.
        fc.pre(!/\$\{[^}]*\$\$\{/.test(argument))
        const { text, unknown } = interpolateArgument({}, argument, new Set())
        expect(text).to.equal(argument.replaceAll('$${', '${'))
        expect(unknown).to.deep.equal([])
      }),
      { numRuns: 5000 },
    )
  })

  it('has each reference to a value replaced, whatever stands beside it', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[z.\\ ":{}-]{0,6}$/),
        fc.stringMatching(/^[z.\\ ":{}$-]{0,6}$/),
        (before, after) => {
          // It would name the value `$`.
          fc.pre(!after.startsWith('{') && !after.includes('${$}'))
          const tail = interpolateArgument({}, after, new Set()).text
          expect(fill(`${before}\${a.b}${after}`).text).to.equal(`${before}x${tail}`)
        },
      ),
      { numRuns: 2000 },
    )
  })

  for (const [argument, text] of [
    ['${DIR}/build', '${DIR}/build'],
    ['$$', '$$'],
    ['$$ $HOME $1', '$$ $HOME $1'],
    ['$${a.b}', '${a.b}'],
    ['$$${a.b}', '$${a.b}'],
    ['${X:-default} ${a.b}', '${X:-default} x'],
    ['${X:-two words} ${a.b}', '${X:-two words} x'],
    ['${a.b', '${a.b'],
    ['${a.list[1]}${a["b"]}', 'qx'],
    ['${a.list[7]}', '${a.list[7]}'],
    ['[${n}]', '[]'],
    ['${context.currentEnvironment.name}', '${context.currentEnvironment.name}'],
  ] as const)
    it(`${argument} becomes ${text}`, () => {
      expect(fill(argument).text).to.equal(text)
    })

  it('says what there is instead of what it names', () => {
    expect(
      fill('${a.c} ${nothing} ${a.b.c} ${a.list[9]}').missing.map(({ reference, instead }) => [reference, instead]),
    ).to.deep.equal([
      ['${a.c}', 'did you mean a.b?'],
      ['${nothing}', 'the environment has ["$"], a, n'],
      ['${a.b.c}', 'a.b is neither an object nor a list'],
      ['${a.list[9]}', 'a.list is a list of 2, counted from 0'],
    ])
  })
})
