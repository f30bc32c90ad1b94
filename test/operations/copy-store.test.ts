import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  createEnvironment,
  databaseSession,
  exportStoreToFolder,
  importStoreIntoDatabase,
  openDatabaseStore,
  openEnvironment,
  pruneEnvironment,
  removeEnvironment,
  rotateEnvironment,
  Session,
} from '../../src/operations/index.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { perform } from './perform.ts'
import { SampleStore } from './sample-store.ts'

describe('a store that is copied', function () {
  this.timeout(60_000)
  let server: PostgresServer
  let sample: SampleStore
  let url: string
  before(async () => {
    server = await startPostgres()
  })
  beforeEach(async () => {
    sample = await SampleStore.make()
    const { host, port, admin } = server
    const schema = `s${randomBytes(6).toString('hex')}`
    url = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=${schema}`
  })
  afterEach(() => sample.remove())
  after(() => server.stop())

  /** Contents of all files of a store, but for those of the machine. */
  const bytesOf = (folder: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => !path.startsWith('.audit') && statSync(join(folder, path)).isFile())
        .sort()
        .map((path) => [path, readFileSync(join(folder, path)).toString('base64')]),
    )
  const importIt = () => perform(sample.workspace('ada@example.com'), importStoreIntoDatabase, undefined, { url })
  const environments = () => join(sample.folder, 'environments')

  it('goes to a database and back byte for byte, with removed environments and archives', async () => {
    const workspace = sample.workspace('ada@example.com')
    const base = workspace.reference('app/base')
    const environment = workspace.store.environment('app/base')
    for (let number = environment.current().number; number < 60; number++) {
      const stamp = { author: { name: 'Ada' }, created: sample.now }
      await environment.append({ base: number, definition: `values: {size: ${number}}\n`, change: 'edit', ...stamp })
    }
    const { packed } = await perform(workspace, pruneEnvironment, base, { keep: 30 })
    expect(packed?.first).to.equal(1)
    await perform(workspace, createEnvironment, workspace.reference('app/old'), { definition: '' })
    await perform(workspace, removeEnvironment, workspace.reference('app/old'), { async confirm() {} })
    const before = bytesOf(environments())
    const copied = await importIt()
    expect(copied.environments).to.equal(2)
    expect(Object.keys(before).some((path) => path.startsWith('.removed/'))).to.equal(true)
    const records = await openDatabaseStore(url)
    const session = databaseSession(records, sample.parts('ada@example.com'))
    await session.perform(exportStoreToFolder, undefined, { folder: 'again' })
    await records.close()
    expect(bytesOf(join(sample.folder, 'again'))).to.deep.equal(before)
    expect(bytesOf(environments())).to.deep.equal(before)
  })

  it('opens and rotates in the database with the keys that it had, and goes back with what was added', async () => {
    await importIt()
    const records = await openDatabaseStore(url)
    const session = databaseSession(records, sample.parts('ada@example.com'))
    const dev = session.reference('app/dev')
    const { result } = await session.perform(openEnvironment, dev, {} as never)
    expect(JSON.stringify(result)).to.include('not-a-real-token')
    await session.perform(rotateEnvironment, dev, { paths: [], mode: 'rotate', onProgress() {} })
    await session.perform(exportStoreToFolder, undefined, { folder: 'again' })
    await records.close()
    const parts = sample.parts('ada@example.com')
    const { openWorkspaceAt } = await import('../../src/operations/session/open-workspace.ts')
    const back = new Session(openWorkspaceAt(join(sample.folder, 'again'), parts, 'named'))
    expect(back.workspace.store.environment('app/dev').current().change).to.equal('rotate')
    expect(
      (await back.workspace.store.upkeep.check()).findings.filter(({ severity }) => severity === 'error'),
    ).to.deep.equal([])
    const opened = await back.perform(openEnvironment, dev, {} as never)
    expect(JSON.stringify(opened.result)).to.include('not-a-real-token')
  })

  it('is not written over another, and not copied with an edit or an unfinished rotation', async () => {
    const code = () =>
      importIt().then(
        () => 'done',
        (error) => error.code,
      )
    const file = 'environments/app/base/environment.yaml'
    const text = readFileSync(join(sample.folder, file), 'utf8')
    sample.write(file, 'values: {size: 9}\n')
    expect(await code()).to.equal('unsaved_edit')
    sample.write(file, text)
    const dev = sample.workspace('ada@example.com').store.environment('app/dev')
    const lock = await dev.lock('rotate')
    expect(await code()).to.equal('locked')
    await dev.journal().put('one', Buffer.from('1'))
    lock.release()
    expect(await code()).to.equal('conflict')
    await dev.journal().remove('one')
    expect(await code()).to.equal('done')
    expect(await code()).to.equal('already_exists')
    const workspace = sample.workspace('ada@example.com')
    const folder = { folder: 'environments' }
    const error = await perform(workspace, exportStoreToFolder, undefined, folder).catch((thrown) => thrown)
    expect(error.code).to.equal('already_exists')
  })
})
