import { expect } from 'chai'
import { deliverWebhooks, Session } from '../../src/operations/index.ts'
import { sample } from '../sample.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { DatabaseSample } from './database-sample.ts'
import { type AnyOperation, eventOf, levelOf, lower, operations } from './every-operation.ts'
import type { SampleStore } from './sample-store.ts'
import { type Sample, samples } from './samples.ts'

/** Operations that are about files that people edit, or about git. */
const ofFolders = ['restore-working-definition', 'save-working-definition']
const unrecorded = ['environment-read', 'environment-update-planned', 'audit-log-read']
const reading = ['environment-open', 'environment-decrypted']

describe('an operation on a store in PostgreSQL', function () {
  this.timeout(120_000)
  let server: PostgresServer
  let template: DatabaseSample
  let store: DatabaseSample

  before(async () => {
    server = await startPostgres()
    template = await DatabaseSample.make(server)
  })
  beforeEach(async () => {
    store = await template.copy()
  })
  afterEach(() => store.remove())
  after(async () => {
    await template.remove()
    await server.stop()
  })

  async function performed(operation: AnyOperation, given: Sample, principal: string) {
    const same = store as unknown as SampleStore
    const workspace = store.workspace(principal)
    const session = new Session(workspace)
    const subject = operation.about === 'store' ? undefined : workspace.reference(given.subject ?? 'app/dev')
    await given.before?.(same)
    const lines = (await store.auditLines()).length
    const outcome = await session.perform(operation, subject, given.input?.(workspace, same)).then(
      ({ commit }) => (commit === undefined ? 'done' : 'committed'),
      (error) => (error.code ? `${error.code}` : String(error.stack)),
    )
    const before = store.sent.length
    await new Session(workspace).perform(deliverWebhooks, undefined, {})
    return {
      outcome,
      audited: (await store.auditLines()).slice(lines).map(({ event, result }) => `${event} ${result}`),
      told: store.sent.slice(before).sort(),
    }
  }

  const inputOf = (given: Sample) => given.input?.(store.workspace('ada@example.com'), store as unknown as SampleStore)

  // All that change something are tried on a folder in each run (unit-of-work.test.ts).
  for (const operation of sample(operations, 30)) {
    const given = samples[operation.name]
    if (given === undefined || ofFolders.includes(operation.name)) continue

    if (given.elsewhere === undefined) {
      it(`${operation.name}: is done, audited and told of`, async () => {
        const seen = await performed(operation, given, 'ada@example.com')
        expect(seen.outcome).to.equal('done')
        expect(seen.told, 'deliveries').to.deep.equal(given.tells ?? [])
        if (operation.level === undefined) return
        const event = eventOf(operation, inputOf(given))
        if (unrecorded.includes(event)) return
        expect(seen.audited).to.include(`${event} allowed`)
        if (!reading.includes(event)) expect(seen.audited).to.include(`${event} done`)
      })
    }
  }

  const refused = operations.filter(({ level }) => level !== undefined)
  for (const operation of sample(refused, 6)) {
    const given = samples[operation.name]
    if (given === undefined || ofFolders.includes(operation.name)) continue
    it(`${operation.name}: is refused to who has a level less`, async () => {
      const principal = `${lower[levelOf(operation, inputOf(given)) ?? 'read']}@example.com`
      expect(await performed(operation, given, principal)).to.deep.include({ outcome: 'forbidden', told: [] })
    })
  }
})
