import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../../src/errors.ts'
import {
  generatePassword,
  type PasswordInputs,
  password,
  passwordRecipe,
} from '../../../src/rotators/generated/password.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'

const random = (byteCount: number) => randomBytes(byteCount)
const generate = (inputs: PasswordInputs) => generatePassword(passwordRecipe(inputs), random)

describe('password', () => {
  it('makes 16 characters of every kind unless told otherwise', () => {
    for (let count = 0; count < 200; count++) expect(generate({})).to.match(/^[A-Za-z0-9!@#$%&*()\-_=+[\]{}<>:?]{16}$/)
  })

  it('keeps length, kinds and minimums, whatever they are', () => {
    const minimum = fc.integer({ min: 0, max: 30 })
    const inputs = fc.record({
      length: fc.integer({ min: 8, max: 100 }),
      lower: fc.boolean(),
      upper: fc.boolean(),
      numeric: fc.boolean(),
      special: fc.boolean(),
      minLower: minimum,
      minUpper: minimum,
      minNumeric: minimum,
      minSpecial: minimum,
    })
    const kinds = [
      ['lower', 'minLower', /[a-z]/g],
      ['upper', 'minUpper', /[A-Z]/g],
      ['numeric', 'minNumeric', /[0-9]/g],
      ['special', 'minSpecial', /[^A-Za-z0-9]/g],
    ] as const
    fc.assert(
      fc.property(inputs, (each) => {
        const possible =
          kinds.some(([on]) => each[on]) &&
          kinds.every(([on, least]) => each[on] || each[least] === 0) &&
          kinds.reduce((sum, [, least]) => sum + each[least], 0) <= each.length
        if (!possible) return void expect(() => generate(each)).to.throw(EscError)
        const made = generate(each)
        expect(made).to.have.length(each.length)
        for (const [on, least, pattern] of kinds) {
          const found = made.match(pattern)?.length ?? 0
          expect(found).to.be.at.least(each[least])
          if (!each[on]) expect(found).to.equal(0)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('draws every character equally often', () => {
    // A byte modulo 62 would make a to h a quarter likelier. 99.9 % of fair runs stay under 103 for
    // 61 degrees of freedom.
    const counts = new Map<string, number>()
    const drawn = 62_000
    for (let made = 0; made < drawn / 100; made++) {
      for (const character of generate({ length: 100, special: false })) {
        counts.set(character, (counts.get(character) ?? 0) + 1)
      }
    }
    const expected = drawn / 62
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(counts.size).to.equal(62)
    expect(chiSquared).to.be.below(140)
  })

  it('puts no kind in a fixed place', () => {
    const places = new Set<number>()
    for (let count = 0; count < 400; count++) {
      places.add(
        generate({ length: 8, upper: false, special: false, numeric: true, minNumeric: 1, minLower: 7 }).search(
          /[0-9]/,
        ),
      )
    }
    expect(places.size).to.equal(8)
  })

  it('uses the special characters it is given, each once', () => {
    const inputs = { lower: false, upper: false, numeric: false, overrideSpecial: '!!!!é😀', length: 100 }
    const made = [...generate(inputs)]
    expect(made).to.have.length(100)
    expect([...new Set(made)].sort()).to.deep.equal(['!', 'é', '😀'].sort())
    expect(passwordRecipe(inputs).classes[0]?.characters).to.deep.equal(['!', 'é', '😀'])
  })

  describe('refuses', () => {
    const cases: readonly [string, PasswordInputs, string][] = [
      ['minimums above the length', { length: 8, minLower: 5, minUpper: 4 }, 'add up to 9'],
      ['a minimum of a kind that is off', { upper: false, minUpper: 1 }, '`minUpper` is 1 while `upper` is off'],
      ['everything off', { lower: false, upper: false, numeric: false, special: false }, 'all off'],
      ['no special characters', { overrideSpecial: '' }, '`overrideSpecial` is empty'],
      ['half a character', { length: 8.5 }, '8.5'],
      ['too few', { length: 7 }, '7'],
      ['too many', { length: 101 }, '101'],
      ['a negative minimum', { minLower: -1 }, '-1'],
    ]
    for (const [title, inputs, text] of cases) {
      it(title, async () => {
        let error: unknown
        try {
          await password.plan({ inputs, state: undefined }, testContext())
        } catch (thrown) {
          error = thrown
        }
        expect(error).to.be.instanceOf(EscError).with.property('code', 'invalid_input')
        expect((error as Error).message).to.include(text)
      })
    }

    it('nothing but an empty overrideSpecial that is not used', () => {
      expect(generate({ special: false, overrideSpecial: '' })).to.have.length(16)
    })
  })

  it('keeps the former password as previous', async () => {
    const run = { rotator: password, inputs: {} }
    const first = await rotateOnce({ ...run, state: undefined, context: testContext() })
    expect(first).to.not.have.property('previous')
    const second = await rotateOnce({ ...run, state: first, context: testContext() })
    const third = await rotateOnce({ ...run, state: second, context: testContext() })
    expect(third.previous?.reveal()).to.equal(second.current.reveal())
    expect(new Set([first, second, third].map(({ current }) => current.reveal())).size).to.equal(3)
    expect(password.open(third)).to.equal(third)
  })

  it('commits a staged password once, however often it is reconciled', async () => {
    let pending: Parameters<typeof password.reconcile>[0] | undefined
    const request = { inputs: {}, state: undefined }
    const plan = await password.plan(request, testContext())
    const stage = async (record: NonNullable<typeof pending>) => {
      pending = record
    }
    await password.rotate(plan, request, stage, testContext())
    const reconciled = await password.reconcile(pending!, request, testContext())
    const { state } = reconciled as Extract<typeof reconciled, { kind: 'rotated' }>
    expect(await password.reconcile(pending!, { inputs: {}, state }, testContext())).to.deep.equal({
      kind: 'rotated',
      state,
    })
  })
})
