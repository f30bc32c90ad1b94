import { expect } from 'chai'
import { deliverWebhooks, Session } from '../../src/operations/index.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { hasDue } from '../../src/webhooks/index.ts'
import { sample } from '../sample.ts'
import { type AnyOperation, eventOf, levelOf, lower, operations } from './every-operation.ts'
import { SampleStore } from './sample-store.ts'
import { type Sample, samples } from './samples.ts'

/** Events of which the log holds no line. */
const unrecorded = ['environment-read', 'environment-update-planned', 'audit-log-read']
/** Events of which the log holds that they were allowed, and not how they went. */
const reading = ['environment-open', 'environment-decrypted']

/**
 * What a program that knows no command line gets from a session: the commit, the lines of the audit
 * log and the deliveries of webhooks.
 */
describe('an operation that a program performs', function () {
  this.timeout(120_000)
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

  interface Seen {
    readonly outcome: 'done' | string
    readonly commits: number
    /** Files of the store that are changed and not committed, other than the audit log. */
    readonly uncommitted: readonly string[]
    readonly audited: readonly string[]
    readonly told: readonly string[]
  }

  async function performed(operation: AnyOperation, given: Sample, principal: string): Promise<Seen> {
    const workspace = store.workspace(principal)
    const session = new Session(workspace)
    const subject = operation.about === 'store' ? undefined : workspace.reference(given.subject ?? 'app/dev')
    await given.before?.(store)
    const [head, lines] = [store.git('rev-list', '--count', 'HEAD'), store.auditLines().length]
    const edited = store.uncommitted()
    const outcome = await session.perform(operation, subject, given.input?.(workspace, store)).then(
      () => 'done',
      (error) => error.code ?? String(error),
    )
    return {
      outcome,
      commits: Number(store.git('rev-list', '--count', 'HEAD')) - Number(head),
      uncommitted: store.uncommitted().filter((file) => !edited.includes(file)),
      audited: store
        .auditLines()
        .slice(lines)
        .map(({ event, result }) => `${event} ${result}`),
      told: await told(workspace),
    }
  }

  /** What waits to be sent to the webhook. */
  async function told(workspace: Workspace): Promise<readonly string[]> {
    const isDue = hasDue(workspace.store.state.folder, store.now.getTime())
    const before = store.sent.length
    await new Session(workspace).perform(deliverWebhooks, undefined, {})
    const sent = store.sent.slice(before).sort()
    if (sent.length > 0) expect(isDue, 'due').to.equal(true)
    return sent
  }

  it('has an example below, each', () => {
    const names = operations.map(({ name }) => name)
    expect(names.filter((name) => samples[name] === undefined)).to.deep.equal([])
    expect(Object.keys(samples).filter((name) => !names.includes(name))).to.deep.equal([])
    expect(new Set(names)).to.have.lengthOf(names.length)
  })

  const changing = operations.filter(({ changes }) => changes)
  // That each is refused is what access.test.ts shows, of all of them in each run.
  const refused = sample(operations, 12)
  const looking = operations.filter(({ changes }) => !changes)
  for (const operation of [...changing, ...sample(looking, 8)]) {
    const given = samples[operation.name]
    if (given === undefined) continue

    if (given.elsewhere === undefined) {
      it(`${operation.name}: is audited, committed and told of`, async () => {
        const seen = await performed(operation, given, 'ada@example.com')
        expect(seen.outcome).to.equal('done')
        expect(seen.commits, 'commits').to.equal(operation.changes && !given.commitsNothing ? 1 : 0)
        expect(seen.uncommitted).to.deep.equal([])
        expect(seen.told, 'deliveries').to.deep.equal(given.tells ?? [])
        if (operation.level === undefined) return
        const event = eventOf(operation, given.input?.(store.workspace('ada@example.com'), store))
        if (unrecorded.includes(event)) return
        expect(seen.audited).to.include(`${event} allowed`)
        if (!reading.includes(event)) expect(seen.audited).to.include(`${event} done`)
      })
    }

    if (operation.level !== undefined && refused.includes(operation)) {
      it(`${operation.name}: is refused to who has a level less, which is recorded`, async () => {
        const input = given.input?.(store.workspace('ada@example.com'), store)
        const seen = await performed(operation, given, `${lower[levelOf(operation, input) ?? 'read']}@example.com`)
        expect(seen).to.include({ outcome: 'forbidden', commits: 0 })
        expect(seen.told).to.deep.equal([])
        expect(seen.uncommitted).to.deep.equal([])
        const event = eventOf(operation, given.input?.(store.workspace('ada@example.com'), store))
        expect(seen.audited).to.deep.equal([`${event} denied`])
      })
    }

    if (given.fails !== undefined) {
      const failing = { ...given, ...given.fails }
      it(`${operation.name}: leaves nothing when it fails, which is recorded`, async () => {
        const seen = await performed(operation, failing, 'ada@example.com')
        expect(seen).to.include({ outcome: given.fails?.code, commits: 0 })
        expect(seen.told).to.deep.equal([])
        expect(seen.uncommitted).to.deep.equal([])
        const event = eventOf(operation, failing.input?.(store.workspace('ada@example.com'), store))
        if (operation.level === undefined || unrecorded.includes(event)) return
        expect(seen.audited).to.include.members([`${event} allowed`, `${event} failed`])
        expect(seen.audited.filter((line) => line.endsWith('done'))).to.deep.equal([])
      })
    }
  }
})
