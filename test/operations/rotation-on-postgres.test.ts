import { join } from 'node:path'
import { expect } from 'chai'
import { openEnvironment, rotateEnvironment } from '../../src/operations/index.ts'
import { openWorkspaceIn } from '../../src/operations/session/open-workspace.ts'
import { openDatabase } from '../../src/store/index.ts'
import { pointsOf, slow, strideOf } from '../sample.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { DatabaseSample } from './database-sample.ts'
import { perform } from './perform.ts'

describe('a rotation on a store in PostgreSQL', function () {
  this.timeout(slow ? 600_000 : 120_000)
  let server: PostgresServer
  let template: DatabaseSample
  before(async () => {
    server = await startPostgres()
    template = await DatabaseSample.make(server)
  })
  after(async () => {
    await template.remove()
    await server.stop()
  })

  /** The store as a process of another machine finds it, which dies before statement `killAt`. */
  async function machine(sample: DatabaseSample, name: string, killAt = Number.POSITIVE_INFINITY) {
    let statements = 0
    let armed = false
    const onStatement = (_: string, client: object) => {
      if (!armed || ++statements < killAt) return
      ;(client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      throw new Error('killed')
    }
    const leases = { seconds: 1, renewEveryMs: 1_000_000 }
    const records = await openDatabase(sample.url, { onStatement, leases })
    const parts = sample.parts('ada@example.com')
    const env = { ...parts.host.env, ESC_STATE_HOME: join(sample.folder, name) }
    const workspace = openWorkspaceIn(records, { ...parts, host: { ...parts.host, env } })
    return {
      workspace,
      arm: () => {
        armed = true
      },
      isKilled: () => statements >= killAt,
      close: () => records.close().catch(() => {}),
    }
  }

  it('that was killed at any statement is finished or undone by another machine', async () => {
    for (const n of pointsOf(strideOf(5))) {
      const sample = await template.copy()
      sample.now = new Date('2026-06-04T05:06:07Z')
      const [dying, other] = [await machine(sample, 'one', n), await machine(sample, 'two')]
      const dev = dying.workspace.reference('app/dev')
      const rotate = (mode: 'rotate' | 'resume') => ({ paths: [], mode, onProgress() {} }) as const
      const before = other.workspace.store.environment('app/dev').current().number
      dying.arm()
      const outcome = await perform(dying.workspace, rotateEnvironment, dev, rotate('rotate')).then(
        ({ status }) => status,
        () => 'killed',
      )
      const { store } = other.workspace
      await store.refresh()
      // Its lease ends by itself.
      ;(await store.environment('app/dev').lock('wait', { waitMs: 10_000 })).release()
      await perform(other.workspace, rotateEnvironment, dev, rotate('resume')).catch((error) => {
        // Nothing was begun.
        expect(error.code, `${n}: ${error.stack}`).to.equal('not_found')
      })
      await store.refresh()
      const environment = store.environment('app/dev')
      expect(environment.journal().ids(), `${n}`).to.deep.equal([])
      const revisions = environment.current().number
      if (outcome === 'succeeded') expect(revisions, `${n}`).to.equal(before + 1)
      else expect(revisions, `${n}`).to.be.oneOf([before, before + 1])
      await environment.verify(environment.current())
      const opened = await perform(other.workspace, openEnvironment, dev)
      expect(JSON.stringify(opened)).to.include('not-a-real-token')
      const { findings } = await store.upkeep.check()
      expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([])
      const isOver = !dying.isKilled()
      await Promise.all([dying.close(), other.close()])
      await sample.remove()
      if (isOver) break
    }
  })
})
