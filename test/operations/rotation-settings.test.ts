import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { rotationRetries } from '../../src/operations/rotating/rotation-settings.ts'
import { defaultRetryPolicy, noRetries, retryPolicy } from '../../src/rotation/index.ts'
import { Store } from '../../src/store/index.ts'

describe('rotationRetries', () => {
  let folder: string
  let name: string
  const world = () => ({ keys: { env: { ESC_CONFIG_HOME: folder }, configFolder: folder, notify: () => {} } })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-settings-'))
    const store = Store.init(join(folder, 'store'), {}, world())
    name = 'shop/prod'
    await store.additions.create(name, { author: { name: 'Ada', email: 'ada@example.com' }, created: new Date() })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const file = (which: 'store' | 'environment') =>
    join(folder, 'store', which === 'store' ? 'esc.yaml' : `${name}/settings.yaml`)
  function policy() {
    const store = Store.open(join(folder, 'store'), world())
    return rotationRetries(store, store.environment(name))
  }
  /** The policy with this line at the end of a file that is then put back. */
  function withLine(which: 'store' | 'environment', value: string) {
    const before = readFileSync(file(which))
    appendFileSync(file(which), `rotationRetries: ${value}\n`)
    try {
      return policy()
    } finally {
      writeFileSync(file(which), before)
    }
  }

  it('are three within 30 s where nothing is said', () => {
    expect(policy()).to.deep.equal(defaultRetryPolicy)
    expect(defaultRetryPolicy).to.deep.equal({ waitsMs: [1_000, 2_000], budgetMs: 30_000 })
  })

  it('are set in esc.yaml, and for one environment in its settings', () => {
    for (const which of ['store', 'environment'] as const) {
      expect(withLine(which, '{tries: 5, within: 2m}')).to.deep.equal(retryPolicy({ tries: 5, budgetMs: 120_000 }))
      expect(withLine(which, '{tries: 1}')).to.deep.equal({ waitsMs: [], budgetMs: 30_000 })
      expect(withLine(which, '{within: 5s}')).to.deep.equal({ waitsMs: [1_000, 2_000], budgetMs: 5_000 })
      expect(withLine(which, '0')).to.deep.equal(noRetries)
    }
    appendFileSync(file('store'), 'rotationRetries: 0\n')
    expect(withLine('environment', '{tries: 2}').waitsMs).to.deep.equal([1_000])
  })

  it('must be written so that they can be understood', () => {
    for (const value of [
      'often',
      '5',
      '{tries: 0}',
      '{tries: 21}',
      '{tries: 1.5}',
      '{within: soon}',
      '{try: 5}',
      '[1]',
    ]) {
      for (const which of ['store', 'environment'] as const) {
        let error: unknown
        try {
          withLine(which, value)
        } catch (thrown) {
          error = thrown
        }
        expect(error, value).to.be.instanceOf(EscError)
        const { code, message, hint } = error as EscError
        expect(code).to.equal('invalid_input')
        expect(message).to.include(`rotationRetries in ${file(which)} is '`)
        expect(hint).to.include('{tries: 5, within: 2m}')
      }
    }
  })
})
