import { expect } from 'chai'
import { Session } from '../../src/operations/index.ts'
import { type AnyOperation, eventOf, levelOf, lower, operations } from './every-operation.ts'
import { refusingNobody, uses } from './needed-levels.ts'
import { SampleStore } from './sample-store.ts'
import { type Sample, samples } from './samples.ts'

/** Who has exactly this level, by the names in the sample store. */
const exactly = { read: 'read', open: 'open', write: 'write', admin: 'ada' } as const

/** What a session lets a program do that knows no command line. */
describe('access rules and operations', function () {
  this.timeout(60_000)
  let template: SampleStore
  let store: SampleStore

  before(async () => {
    template = await SampleStore.make()
  })
  beforeEach(() => {
    store = template.copy()
  })
  afterEach(() => store.remove())
  after(() => template.remove())

  /** The outcome is the code of the error, or `done`. */
  async function performed(operation: AnyOperation, sample: Sample, principal: string) {
    const workspace = store.workspace(principal)
    const subject = operation.about === 'store' ? undefined : workspace.reference(sample.subject ?? 'app/dev')
    const lines = store.auditLines().length
    const { outcome, result } = await new Session(workspace)
      .perform(operation, subject, sample.input?.(workspace, store))
      .then(
        ({ result }) => ({ outcome: 'done', result }),
        (error) => ({ outcome: String(error.code ?? error), result: undefined }),
      )
    return { outcome, result, audited: store.auditLines().slice(lines) }
  }

  const usesOf = (operation: AnyOperation) => uses.filter(({ name }) => name === operation.name)

  it('are tried with every operation there is', () => {
    const tried = [...new Set([...uses.map(({ name }) => name), ...refusingNobody])]
    expect(tried.sort()).to.deep.equal(operations.map(({ name }) => name).sort())
    expect(uses.filter(({ name }) => refusingNobody.includes(name))).to.deep.equal([])
  })

  for (const operation of operations.filter(({ name }) => refusingNobody.includes(name)))
    it(`refuse ${operation.name} to nobody`, async () => {
      expect(operation.level).to.equal(undefined)
      const sample = samples[operation.name] ?? {}
      await sample.before?.(store)
      const digest = store.digest()
      const { outcome, audited } = await performed(operation, sample, 'nobody@example.com')
      expect(outcome).to.not.equal('forbidden')
      expect(store.digest(), 'something was written').to.equal(digest)
      // What the store itself refuses to show is passed over, and an identity that is none: no rule
      // is asked for either.
      const passed = ['environment-read', ...(operation.name === 'verify-identity' ? ['token-exchanged'] : [])]
      const denied = audited.filter(({ event, result }) => result === 'denied' && !passed.includes(event))
      expect(denied).to.deep.equal([])
    })

  for (const operation of operations)
    for (const [index, { level, sample, asks, refusal }] of usesOf(operation).entries()) {
      it(`let only those perform ${operation.name} who have ${level} (${index + 1})`, async () => {
        const input = sample.input?.(store.workspace('ada@example.com'), store)
        expect(levelOf(operation, input)).to.equal(asks ? undefined : level)
        await sample.before?.(store)
        const [digest, head] = [store.digest(), store.git('rev-parse', 'HEAD')]

        const below = `${lower[level]}@example.com`
        const refused = await performed(operation, sample, below)
        if (refusal === undefined) expect(refused.outcome).to.equal('forbidden')
        else expect(refused.result).to.include(refusal)
        expect(store.digest(), 'something was written').to.equal(digest)
        expect(store.git('rev-parse', 'HEAD'), 'something was committed').to.equal(head)
        expect(refused.audited.map(({ event, result, user }) => ({ event, result, user }))).to.deep.equal([
          { event: eventOf(operation, input), result: 'denied', user: below },
        ])

        const allowed = await performed(operation, sample, `${exactly[level]}@example.com`)
        expect(allowed.outcome).to.equal(sample.elsewhere === undefined ? 'done' : sample.fails?.code)
        if (refusal !== undefined) expect(allowed.result).to.not.include(refusal)
        expect(allowed.audited.filter(({ result }) => result === 'denied')).to.deep.equal([])
      })
    }
})
