import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type AuditEntry,
  appendSharedAudit,
  readSharedAudit,
  rememberVerified,
  verifySharedAudit,
} from '../../src/audit/index.ts'
import { openDatabase, type StoreRecords } from '../../src/store/index.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'

describe('the audit log that servers of a database share', function () {
  this.timeout(60_000)
  let postgres: PostgresServer
  let schema: string
  let state: string
  let opened: StoreRecords[]
  let schemas = 0

  before(async () => {
    postgres = await sharedPostgres()
  })
  beforeEach(() => {
    schema = `audit_${process.pid}_${++schemas}`
    state = mkdtempSync(join(tmpdir(), 'esc-audit-'))
    opened = []
  })
  afterEach(async () => {
    await Promise.all(opened.map((records) => records.close()))
    rmSync(state, { recursive: true })
  })

  /** The log as one server of the store has it. */
  async function server(options: Parameters<typeof openDatabase>[1] = {}) {
    const { host, port, admin, database } = postgres
    const url = `postgres://${admin.username}:${admin.password}@${host}:${port}/${database}?schema=${schema}`
    const records = await openDatabase(url, { create: true, ...options })
    opened.push(records)
    if (records.shared === undefined) throw new Error('a database shares its log')
    return records.shared.audit
  }
  const place = () => ({ store: '/nowhere', state, keep: 'beside' }) as const
  const entry = (user: string, process = 1): AuditEntry => ({
    time: '2026-03-04T05:06:07Z',
    event: 'environment-open',
    result: 'allowed',
    environment: 'app/dev',
    user,
    userFrom: 'token',
    host: 'one',
    process,
  })
  const writers = ['ada', 'grace', 'edith', 'mary']

  it('is one chain, whichever of several servers has written a line', async () => {
    const [one, other] = [await server(), await server()]
    await Promise.all(
      writers.map(async (user, writer) => {
        for (let line = 1; line <= 25; line++)
          await appendSharedAudit(writer % 2 === 0 ? one : other, [entry(user, line), entry(user, -line)])
      }),
    )
    const { findings, heads, lines } = await verifySharedAudit(one, place(), [])
    expect({ findings, lines }).to.deep.equal({ findings: [], lines: 200 })
    expect(heads).to.have.length(1)
    const read = await readSharedAudit(other)
    for (const user of writers) {
      const of = read.filter((line) => line.user === user).map((line) => line.process)
      expect(of).to.deep.equal(Array.from({ length: 25 }, (_, line) => [line + 1, -line - 1]).flat())
    }
  })

  it('gets each line once, whatever connection is lost at whatever statement', async () => {
    let statements = 0
    let armed = false
    const one = await server({
      onStatement: (_, client) => {
        // The statement arrives, and its answer does not.
        const { stream } = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection
        if (armed && ++statements % 7 === 0) {
          stream.removeAllListeners('data')
          stream.once('data', () => stream.destroy())
        }
      },
    })
    const other = await server()
    armed = true
    for (let line = 1; line <= 25; line++) {
      await Promise.all([
        appendSharedAudit(one, [entry('ada', line)]),
        appendSharedAudit(other, [entry('grace', line)]),
      ])
      if (line % 2 === 0) await appendSharedAudit(one, [entry('alone', line)])
    }
    expect(statements / 7).to.be.above(5)
    expect((await verifySharedAudit(other, place(), [])).findings).to.deep.equal([])
    const read = await readSharedAudit(other)
    const of = (user: string) => read.filter((line) => line.user === user).map((line) => line.process)
    expect(of('ada')).to.deep.equal(Array.from({ length: 25 }, (_, line) => line + 1))
    expect(of('grace')).to.deep.equal(of('ada'))
    expect(of('alone')).to.deep.equal(Array.from({ length: 12 }, (_, line) => 2 * line + 2))
  })

  it('tells of lines that were changed, removed or cut off', async () => {
    const log = await server()
    for (const user of writers) await appendSharedAudit(log, [entry(user)])
    const kinds = async () => (await verifySharedAudit(log, place(), [])).findings.map(({ kind }) => kind)
    const { heads } = await verifySharedAudit(log, place(), [])
    const changed = `update ${schema}.audit_line set text = replace(text, 'grace', 'edith') where sequence = 2`
    await postgres.sql(changed)
    expect(await kinds()).to.deep.equal(['changed'])
    await postgres.sql(`update ${schema}.audit_line set text = replace(text, 'edith', 'grace') where sequence = 2`)
    expect(await kinds()).to.deep.equal([])
    await postgres.sql(`create table ${schema}.kept as select * from ${schema}.audit_line where sequence >= 3`)
    await postgres.sql(`delete from ${schema}.audit_line where sequence = 3`)
    expect(await kinds()).to.deep.equal(['removed'])
    await postgres.sql(`delete from ${schema}.audit_line where sequence = 4`)
    expect(await kinds()).to.deep.equal(['truncated'])
    // Somebody who can write to the database moves the end as well: this machine remembers.
    await postgres.sql(
      `update ${schema}.audit_end set sequence = 2,
         digest = encode(sha256(convert_to((select text from ${schema}.audit_line where sequence = 2), 'UTF8')), 'hex')`,
    )
    expect(await kinds()).to.deep.equal([])
    expect((await verifySharedAudit(log, place(), heads)).findings.map(({ kind }) => kind)).to.deep.equal(['truncated'])
    rememberVerified(place(), heads)
    expect(await kinds()).to.deep.equal(['truncated'])
  })
})
